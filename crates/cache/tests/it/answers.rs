//! What is kept, for how long, and what it looks like when it comes back.

use std::sync::Arc;
use std::time::Duration;

use catena_cache::{CacheExt, Cached, MemoryStore};
use catena_core::fakes::{FakeChatModel, FakeLlm, FakeTimer};
use catena_core::{
    Admission, Admitted, AiMessage, ChunkStream, Context, Demand, Error, ErrorKind, LanguageModel, Message,
    PromptValue, RunConfig, RunnableExt, ToolCall, UsageTotals, async_trait,
};
use futures_executor::block_on;
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::support::{Broken, Clock, Events, usage};

#[test]
fn calls_and_streams_use_the_same_answers() {
    let model = FakeChatModel::new(["one two three"]);
    let cached = model.clone().with_cache(MemoryStore::new(10));
    let fresh: Vec<_> = block_on(cached.stream("Hi").try_collect()).unwrap();
    assert_eq!(fresh.len(), 3, "a new answer streams as the model does");
    assert!(block_on(cached.invoke("Hi")).unwrap().metadata.cached);
    let kept: Vec<AiMessage> = block_on(cached.stream("Hi").try_collect()).unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].text().as_ref(), kept[0].metadata.cached), ("one two three", true));
    assert_eq!(model.prompts().len(), 1);
}

#[test]
fn other_prompts_models_and_arguments_have_answers_of_their_own() {
    let store = Arc::new(MemoryStore::new(100));
    let one = FakeLlm::new(["one"]).with_cache(Arc::clone(&store));
    let two = FakeLlm::new(["two"]).with_cache(Arc::clone(&store));
    let tenant = FakeLlm::new(["one"]).with_cache(Arc::clone(&store)).with_namespace("tenant");
    block_on(async {
        assert_eq!(one.invoke("Hi").await.unwrap(), "one");
        assert_eq!(two.invoke("Hi").await.unwrap(), "two");
        tenant.invoke("Hi").await.unwrap();
        one.invoke("Ho").await.unwrap();
        one.clone().bind("stop", "x").invoke("Hi").await.unwrap();
        one.invoke("Hi").await.unwrap();
    });
    assert_eq!(store.len(), 5);
}

#[test]
fn everything_in_an_answer_comes_back() {
    let answer =
        AiMessage::new("Let me see.").with_tool_calls([ToolCall::new("look", [("at", "it")]).with_id("c1")]);
    let cached = Whole(answer.clone()).with_cache(MemoryStore::new(10));
    block_on(cached.invoke("Hi")).unwrap();
    let mut kept = block_on(cached.invoke("Hi")).unwrap();
    assert!(std::mem::take(&mut kept.metadata.cached));
    assert_eq!(kept, answer);
}

/// Says the same each time.
struct Whole(AiMessage);

#[async_trait]
impl LanguageModel for Whole {
    type Output = AiMessage;

    fn generate_stream<'a>(&'a self, _prompt: PromptValue, _cx: Context) -> ChunkStream<'a, AiMessage> {
        Box::pin(stream::iter([Ok(self.0.clone())]))
    }

    fn parameters(&self) -> Option<serde_json::Map<String, serde_json::Value>> {
        Some(serde_json::Map::new())
    }
}

#[test]
fn errors_and_broken_streams_are_not_kept() {
    let error = Error::new(ErrorKind::Server, "down");
    let model = FakeChatModel::failing(["half "], error);
    let cached = model.clone().with_cache(MemoryStore::new(10));
    for _ in 0..2 {
        assert_eq!(block_on(cached.invoke("Hi")).unwrap_err().kind(), ErrorKind::Server);
        let items: Vec<_> = block_on(cached.stream("Hi").collect());
        assert_eq!(items[0].as_ref().unwrap().text(), "half ", "what arrived is delivered");
        assert!(items[1].is_err() && items.len() == 2);
    }
    assert_eq!(model.prompts().len(), 4);
}

#[test]
fn an_answer_grows_old() {
    let clock = Clock::default();
    let config = RunConfig::new().with_timer(clock.clone());
    let model = FakeLlm::new(["one", "two"]);
    let cached = model.with_cache(MemoryStore::new(10)).with_ttl(Duration::from_secs(60));
    let ask = || block_on(cached.invoke_with("Hi", &config)).unwrap();
    assert_eq!([ask(), ask()], ["one", "one"]);
    *clock.0.lock().unwrap() = Duration::from_secs(59);
    assert_eq!(ask(), "one");
    *clock.0.lock().unwrap() = Duration::from_secs(60);
    assert_eq!([ask(), ask()], ["two", "two"]);
}

#[test]
fn a_run_may_leave_the_cache_alone_or_renew_an_answer() {
    let model = FakeLlm::new(["one", "two", "three"]);
    let cached = model.clone().with_cache(MemoryStore::new(10));
    let ask = |config: &RunConfig| block_on(cached.invoke_with("Hi", config)).unwrap();
    let usual = RunConfig::new();
    assert_eq!(ask(&usual), "one");
    assert_eq!(ask(&RunConfig::new().with_configurable("cache", false)), "two");
    assert_eq!(ask(&usual), "one");
    assert_eq!(ask(&RunConfig::new().with_configurable("cache", "refresh")), "three");
    assert_eq!(ask(&usual), "three");
    assert_eq!(model.prompts().len(), 3);
}

#[test]
fn a_store_that_fails_is_told_to_observers_only() {
    let (events, timer) = (Events::default(), FakeTimer::new());
    let config = RunConfig::new().with_observer(events.clone()).with_timer(timer.clone());
    let guarded = config.clone().with_max_concurrency(1);
    let cached = FakeLlm::new(["one"]).with_cache(Broken);
    // It is left alone for five seconds, so that its failures do not add up.
    for (config, heard) in [(&config, 1), (&guarded, 1), (&guarded, 2), (&config, 2)] {
        assert_eq!(block_on(cached.invoke_with("Hi", config)).unwrap(), "one");
        assert_eq!(*events.0.lock().unwrap(), vec!["cache_error"; heard]);
        timer.advance(Duration::from_millis(4_999));
    }
}

#[test]
fn hits_are_announced_and_cost_nothing() {
    let (events, totals) = (Events::default(), UsageTotals::new());
    let config = RunConfig::new().with_observer(events.clone()).with_observer(totals.clone());
    let cached = FakeChatModel::new(["one"]).with_usage(usage()).with_cache(MemoryStore::new(10));
    for _ in 0..3 {
        block_on(cached.invoke_with([Message::human("Hi")], &config)).unwrap();
    }
    assert_eq!(totals.total(), usage());
    assert_eq!(*events.0.lock().unwrap(), ["cache_hit", "cache_hit"]);
}

/// Lets nobody in.
#[derive(Debug)]
struct Spent;

#[async_trait]
impl Admission for Spent {
    async fn admit(&self, _demand: &Demand<'_>) -> Result<Box<dyn Admitted>, Error> {
        Err(Error::new(ErrorKind::BudgetExceeded, "all is spent"))
    }
}

#[test]
fn what_costs_nothing_needs_no_budget() {
    let (events, usual) = (Events::default(), RunConfig::new());
    let spent = RunConfig::new().with_admission(Spent).with_observer(events.clone());
    let model = FakeChatModel::new(["one"]);
    let cached = model.clone().with_cache(MemoryStore::new(10));
    block_on(cached.invoke_with("Hi", &usual)).unwrap();
    assert!(block_on(cached.invoke_with("Hi", &spent)).unwrap().metadata.cached);
    let streamed: Vec<_> = block_on(cached.stream_with("Hi", &spent).try_collect()).unwrap();
    assert!(streamed.len() == 1 && streamed[0].metadata.cached);
    assert_eq!(*events.0.lock().unwrap(), ["cache_hit", "cache_hit"]);
    let anew = spent.with_configurable("cache", "refresh");
    for (prompt, config) in [("Hi", &anew), ("Ho", &RunConfig::new().with_admission(Spent))] {
        let error = block_on(cached.invoke_with(prompt, config)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BudgetExceeded);
    }
    assert_eq!(model.prompts().len(), 1);
}

#[test]
fn a_model_that_does_not_say_what_shapes_it_needs_a_namespace() {
    struct Silent;

    #[async_trait]
    impl LanguageModel for Silent {
        type Output = String;

        fn generate_stream<'a>(&'a self, _prompt: PromptValue, _cx: Context) -> ChunkStream<'a, String> {
            Box::pin(stream::iter([Ok("Hi".to_owned())]))
        }
    }

    let cached = Silent.with_cache(MemoryStore::new(10));
    let error = block_on(cached.invoke("Hi")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("with_namespace"), "{error}");
    assert_eq!(block_on(cached.with_namespace("silent").invoke("Hi")).unwrap(), "Hi");
}

#[test]
fn a_shared_model_of_any_type_has_a_cache() {
    let model: Arc<dyn LanguageModel<Output = AiMessage>> = Arc::new(FakeChatModel::new(["one"]));
    let cached = Cached::new(model, Arc::new(MemoryStore::new(10)));
    let chain = cached | catena_core::StrOutputParser;
    assert_eq!(block_on(chain.invoke("Hi")).unwrap(), "one");
}
