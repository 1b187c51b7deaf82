//! What runs may spend.

use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use catena_core::fakes::{FakeChatModel, FakeLlm, FakeTimer};
use catena_core::{
    Admission, Context, Demand, Error, ErrorKind, RunConfig, RunnableExt, Usage, gather, lambda,
};
use catena_limits::{AdaptiveConcurrency, Budget, Cost, Price, PriceTable};
use catena_llm_openai::{ChatOpenAi, OpenAi};
use catena_testkit::{Reply, Server};
use futures_executor::block_on;
use futures_util::{FutureExt, StreamExt, stream};
use serde_json::json;

fn model() -> FakeChatModel {
    FakeChatModel::new(["one two"]).with_usage(Usage::new(60, 40))
}

fn config(budget: &Budget) -> RunConfig {
    RunConfig::new().with_admission(budget.clone())
}

#[test]
fn a_whole_chain_and_a_batch_keep_to_it() {
    let budget = Budget::new().with_max_calls(5);
    let chain =
        (model(), model()).pipe(lambda(|(a, b): (catena_core::AiMessage, catena_core::AiMessage)| {
            format!("{}{}", a.text(), b.text())
        }));
    let results = block_on(chain.batch_with(["a", "b", "c"], &config(&budget)));
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 2);
    let error = results.into_iter().find_map(Result::err).unwrap();
    assert_eq!(error.kind(), ErrorKind::BudgetExceeded);
    assert!(!error.is_retryable());
    assert!(error.to_string().contains("5 of 5 calls"), "{error}");
    assert_eq!(budget.spent().calls, 5);
}

#[test]
fn calls_and_streams_of_chat_and_text_models_count() {
    let budget = Budget::new();
    let config = config(&budget);
    block_on(model().invoke_with("Hi", &config)).unwrap();
    assert_eq!(budget.spent().usage, Usage::new(60, 40));
    block_on(model().stream_with("Hi", &config).collect::<Vec<_>>());
    assert_eq!(budget.spent().usage, Usage::new(120, 80));
    block_on(FakeLlm::new(["x"]).with_usage(Usage::new(5, 5)).invoke_with("Hi", &config)).unwrap();
    assert_eq!(budget.spent().usage, Usage::new(125, 85));
    block_on(FakeLlm::new(["x"]).invoke_with("eight by", &config)).unwrap();
    assert_eq!(budget.spent().usage, Usage::new(127, 86), "one that does not say counts by what it wrote");
    assert_eq!(budget.spent().calls, 4);
}

#[test]
fn what_does_not_fit_is_refused_before_it_is_sent() {
    let budget = Budget::new().with_max_tokens(150);
    let (model, config) = (model(), config(&budget));
    block_on(model.invoke_with("Hi", &config)).unwrap();
    let long = "x".repeat(400);
    let error = block_on(model.invoke_with(long.as_str(), &config)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BudgetExceeded);
    assert_eq!(model.prompts().len(), 1);
    block_on(model.clone().bind("max_tokens", 100).invoke_with("Hi", &config)).unwrap_err();
    block_on(model.invoke_with("Hi", &config)).unwrap();
    block_on(model.invoke_with("Hi", &config)).unwrap_err();
}

/// A thousand calls at once under a budget for a few.
#[test]
fn a_batch_of_calls_that_say_nothing_keeps_to_it() {
    let prices = PriceTable::new().with("m", Price::new(1e6, 1e6));
    for budget in
        [Budget::new().with_max_tokens(1_000), Budget::new().with_prices(prices).with_max_cost(1_000.0)]
    {
        let slow = Slow(FakeChatModel::new(["one two"]).with_usage(Usage::new(1, 40)));
        let results = block_on(slow.batch_with(vec!["Hi"; 1_000], &config(&budget)));
        let served = results.iter().filter(|result| result.is_ok()).count();
        assert_eq!(served, 24, "of 41 tokens each");
        let kinds = results.iter().filter_map(|result| Some(result.as_ref().err()?.kind()));
        assert!(kinds.into_iter().all(|kind| kind == ErrorKind::BudgetExceeded));
    }
}

/// Nothing is known of what a call writes until one has ended, or has taken too long.
#[test]
fn the_first_call_that_says_nothing_is_waited_for() {
    let timer = FakeTimer::new();
    let budget = Budget::new().with_max_tokens(1_000).with_timer(timer.clone());
    let open = FakeChatModel::new(["one two"]).with_usage(Usage::new(10, 10));
    let mut first = open.stream_with("Hi", &config(&budget));
    assert!(first.next().now_or_never().is_some());
    let config = config(&budget);
    let (mut second, mut third) =
        (Box::pin(open.invoke_with("Hi", &config)), Box::pin(open.invoke_with("Hi", &config)));
    assert!((&mut second).now_or_never().is_none() && (&mut third).now_or_never().is_none());
    // Whoever reads the first may wait for the second himself.
    timer.advance(Duration::from_secs(30));
    assert!((&mut second).now_or_never().is_some_and(|answer| answer.is_ok()));
    assert!(third.now_or_never().is_some_and(|answer| answer.is_ok()), "one has ended");
    drop(first);
    assert_eq!(budget.spent().calls, 3);
}

/// Those who state their maximum, or expect one, are not held up.
#[test]
fn calls_of_which_something_is_known_are_not_waited_for() {
    let open = || FakeChatModel::new(["one two"]).with_usage(Usage::new(1, 1));
    let stated = open().bind("max_tokens", 50).boxed();
    let tokens = || Budget::new().with_max_tokens(1_000);
    for (model, budget) in [
        (stated, tokens()),
        (open().boxed(), tokens().with_expected_output(50)),
        (open().boxed(), tokens().with_expected_output(0)),
        (open().boxed(), Budget::new().with_max_calls(9)),
    ] {
        let config = config(&budget);
        let mut first = model.stream_with("Hi", &config);
        assert!(first.next().now_or_never().is_some());
        assert!(model.invoke_with("Hi", &config).now_or_never().is_some_and(|answer| answer.is_ok()));
    }
}

#[test]
fn calls_under_way_count_with_their_estimate() {
    let budget = Budget::new().with_max_tokens(100).with_expected_output(60);
    let config = config(&budget);
    let model = model();
    let mut stream = model.stream_with("Hi", &config);
    assert!(stream.next().now_or_never().is_some());
    // It fits if the first turns out cheaper, so that it waits.
    let other = FakeChatModel::new(["x"]).with_usage(Usage::new(1, 1));
    let mut second = Box::pin(other.invoke_with("Hi", &config));
    assert!((&mut second).now_or_never().is_none());
    drop(stream);
    assert_eq!(budget.spent().usage.total_tokens, 61, "a call that was given up counts as estimated");
    let error = second.now_or_never().expect("an answer").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BudgetExceeded);
}

#[test]
fn money_is_counted_by_the_table() {
    let prices = PriceTable::new().with("m", Price::new(1e6, 2e6));
    let budget = Budget::new().with_prices(prices).with_max_cost(250.0);
    let error = block_on(model().invoke_with("Hi", &config(&budget))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("with_prices"), "{error}");
    let named = Named(model());
    block_on(named.invoke_with("Hi", &config(&budget))).unwrap();
    assert_eq!(budget.spent().cost, Cost::from_dollars(140.0));
    block_on(named.invoke_with("Hi", &config(&budget))).unwrap();
    let error = block_on(named.invoke_with("Hi", &config(&budget))).unwrap_err();
    assert!(error.to_string().contains("$280 of $250"), "{error}");
}

#[test]
fn a_bound_model_has_its_own_price_and_every_answer_counts() {
    let prices = PriceTable::new().with("m", Price::new(0.0, 1e6)).with("pro", Price::new(0.0, 100e6));
    let budget = Budget::new().with_prices(prices).with_max_cost(1_000.0);
    let named = Named(FakeChatModel::new(["x"]).with_usage(Usage::new(0, 3)));
    block_on(named.bind("model", "pro").invoke_with("Hi", &config(&budget))).unwrap();
    assert_eq!(budget.spent().cost, Cost::from_dollars(300.0));
    let named = Named(FakeChatModel::new(["x".repeat(240)]));
    let several = named.bind("n", 5).bind("max_tokens", 100);
    block_on(several.invoke_with("Hi", &config(&budget))).unwrap();
    assert_eq!(
        budget.spent().cost,
        Cost::from_dollars(600.0),
        "each of five answers counts as the one received"
    );
    let error = block_on(several.invoke_with("Hi", &config(&budget))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BudgetExceeded);
}

#[test]
fn a_stream_that_breaks_off_counts_with_its_estimate() {
    let budget = Budget::new().with_expected_output(50);
    let down = || Error::new(ErrorKind::Connection, "down");
    let broken = FakeChatModel::failing(["one", "two"], down());
    let chunks = block_on(broken.stream_with("four", &config(&budget)).collect::<Vec<_>>());
    assert!(chunks.len() > 1 && chunks.last().is_some_and(Result::is_err), "{chunks:?}");
    assert_eq!(budget.spent().usage.total_tokens, 51);
    let silent = FakeChatModel::failing(Vec::<String>::new(), down());
    block_on(silent.stream_with("four", &config(&budget)).collect::<Vec<_>>());
    assert_eq!(budget.spent().usage.total_tokens, 51, "nothing came");
    let cut = FakeChatModel::failing(["one"], Error::new(ErrorKind::Incomplete, "cut"));
    block_on(cut.invoke_with("four", &config(&budget))).unwrap_err();
    assert_eq!(budget.spent().usage.total_tokens, 102, "an answer was cut off");
    let late = FakeChatModel::failing(Vec::<String>::new(), Error::new(ErrorKind::Timeout, "late"));
    block_on(late.invoke_with("four", &config(&budget))).unwrap_err();
    block_on(late.stream_with("four", &config(&budget)).collect::<Vec<_>>());
    assert_eq!(budget.spent().usage.total_tokens, 204, "the service may work on it");
}

/// 23 tokens, which answer the 2 of `Name it:`.
const LONG: &str =
    "A name for a shop that sells socks to people who like colours, and who would wear no others";

/// Streams of a compatible service report no usage unless they are asked to.
#[test]
fn what_a_model_without_usage_wrote_is_charged() {
    let model = FakeChatModel::new([LONG]);
    let spent = |budget: &Budget| (budget.spent().calls, budget.spent().usage);
    for expected in [None, Some(0)] {
        let budget = Budget::new().with_max_tokens(60);
        let budget = expected.into_iter().fold(budget, Budget::with_expected_output);
        let config = config(&budget);
        let answers = block_on(
            stream::iter(0..8).then(|_| gather(model.stream_with("Name it:", &config))).collect::<Vec<_>>(),
        );
        let served = answers.iter().filter(|answer| answer.is_ok()).count();
        let tokens = budget.spent().usage.total_tokens;
        assert_eq!((served, tokens), if expected.is_none() { (2, 50) } else { (3, 75) }, "{expected:?}");
        assert!(answers[7].as_ref().is_err_and(|error| error.kind() == ErrorKind::BudgetExceeded));
    }
    let budget = Budget::new();
    block_on(model.invoke_with("Name it:", &config(&budget))).unwrap();
    assert_eq!(spent(&budget), (1, Usage::new(2, 23)));
    block_on(gather(FakeLlm::new([LONG]).stream_with("Name it:", &config(&budget)))).unwrap();
    assert_eq!(spent(&budget), (2, Usage::new(4, 46)));
    block_on(gather(model.bind("max_tokens", 500).stream_with("Name it:", &config(&budget)))).unwrap();
    assert_eq!(spent(&budget), (3, Usage::new(6, 69)), "a maximum is not what was written");
}

/// The usage of streams is not requested from a compatible service, and some report none at all.
#[test]
fn what_a_service_without_usage_wrote_is_charged() {
    let piece = |text: &str, end: Option<&str>| {
        json!({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": end}]}).to_string()
    };
    let pieces =
        [piece(&LONG[..40], None), piece(&LONG[40..], None), piece("", Some("stop")), "[DONE]".into()];
    let message = json!({"message": {"role": "assistant", "content": LONG}, "finish_reason": "stop"});
    let text = json!({"text": LONG, "finish_reason": "stop"});
    let whole = |choices: [&serde_json::Value; 2]| Reply::json(200, json!({"choices": choices}));
    let mut replies: Vec<_> = (0..2).map(|_| Reply::sse(pieces.clone())).collect();
    replies.extend([whole([&message; 2]), whole([&text; 2])]);
    let server = Server::replay(replies);
    let chat = ChatOpenAi::builder().with_base_url(server.url()).without_api_key().build().unwrap();
    let llm = OpenAi::builder().with_base_url(server.url()).without_api_key().build().unwrap();
    let budget = Budget::new().with_max_tokens(60);
    let config = config(&budget);
    for output in [23, 46] {
        block_on(gather(chat.stream_with("Name it:", &config))).unwrap();
        assert_eq!(budget.spent().usage.output_tokens, output);
    }
    let error = block_on(gather(chat.stream_with("Name it:", &config))).unwrap_err();
    assert_eq!((error.kind(), server.requests().len()), (ErrorKind::BudgetExceeded, 2));
    let budget = Budget::new();
    let cx = Context::new(&RunConfig::new().with_admission(budget.clone()));
    block_on(chat.generate_all_in("Name it:", &cx)).unwrap();
    assert_eq!(budget.spent().usage, Usage::new(2, 46), "both answers count");
    block_on(llm.generate_all_in(["Name it:", "Name it:"], &cx)).unwrap();
    assert_eq!(budget.spent().usage, Usage::new(6, 92));
}

#[test]
fn what_arrived_of_a_stream_is_charged() {
    let budget = Budget::new().with_expected_output(1);
    let broken = FakeChatModel::failing(LONG.split_inclusive(' '), Error::new(ErrorKind::Connection, "down"));
    let chunks = block_on(broken.stream_with("Name it:", &config(&budget)).collect::<Vec<_>>());
    assert!(chunks.len() > 10 && chunks.last().is_some_and(Result::is_err), "{chunks:?}");
    assert_eq!(budget.spent().usage, Usage::new(2, 23));
    let whole = FakeChatModel::new([LONG]);
    let mut dropped = whole.stream_with("Name it:", &config(&budget));
    let some = block_on(dropped.by_ref().take(10).collect::<Vec<_>>());
    assert!(some.iter().all(Result::is_ok));
    drop(dropped);
    assert_eq!(budget.spent().usage, Usage::new(4, 23 + 12), "the reader went away");
    let mut unread = whole.stream_with("Name it:", &config(&budget));
    assert!(unread.next().now_or_never().is_some());
    drop(unread);
    assert_eq!(budget.spent().usage, Usage::new(6, 36), "what was expected is the least");
}

#[test]
fn time_runs_from_the_first_call() {
    let timer = FakeTimer::new();
    let budget = Budget::new().with_max_time(Duration::from_secs(10)).with_timer(timer.clone());
    timer.advance(Duration::from_secs(60));
    block_on(model().invoke_with("Hi", &config(&budget))).unwrap();
    timer.advance(Duration::from_secs(10));
    let error = block_on(model().invoke_with("Hi", &config(&budget))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BudgetExceeded);
}

#[test]
fn a_call_that_failed_costs_nothing() {
    let budget = Budget::new().with_max_tokens(10);
    let model = FakeChatModel::failing(Vec::<String>::new(), Error::new(ErrorKind::Server, "down"));
    for _ in 0..10 {
        let error = block_on(model.invoke_with("x".repeat(40).as_str(), &config(&budget))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Server);
    }
    assert_eq!(budget.spent().usage.total_tokens, 0);
}

#[test]
fn a_fallback_helps_where_the_budget_ends() {
    let budget = Budget::new().with_max_calls(0);
    let chain = model()
        .pipe(catena_core::StrOutputParser)
        .with_fallbacks([lambda(|_: catena_core::PromptValue| "no money".to_owned())]);
    assert_eq!(block_on(chain.invoke_with("Hi", &config(&budget))).unwrap(), "no money");
}

/// A model with a name.
struct Named(FakeChatModel);

#[catena_core::async_trait]
impl catena_core::LanguageModel for Named {
    type Output = catena_core::AiMessage;

    fn generate_stream<'a>(
        &'a self,
        prompt: catena_core::PromptValue,
        cx: catena_core::Context,
    ) -> catena_core::ChunkStream<'a, catena_core::AiMessage> {
        self.0.generate_stream(prompt, cx)
    }

    fn model_id(&self) -> Option<&str> {
        Some("m")
    }
}

#[test]
fn a_step_keeps_to_its_own_budget_and_to_its_callers() {
    for (own, callers, made) in [(1, 9, 1), (9, 1, 1), (2, 2, 2)] {
        let (own, callers) = (Budget::new().with_max_calls(own), Budget::new().with_max_calls(callers));
        let step = model().with_config(config(&own));
        let results = block_on(step.batch_with(["a", "b", "c"], &config(&callers)));
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), made);
        assert_eq!(callers.spent().usage, own.spent().usage, "what was refused is not booked");
    }
}

#[test]
fn a_budget_that_is_given_twice_counts_once() {
    let budget = Budget::new().with_max_tokens(1_000);
    let step = model().with_config(config(&budget)).boxed().with_config(config(&budget));
    block_on(step.invoke_with("Hi", &config(&budget))).unwrap();
    assert_eq!((budget.spent().calls, budget.spent().usage), (1, Usage::new(60, 40)));
}

#[test]
fn what_the_second_of_a_pair_refuses_costs_the_first_nothing() {
    let (first, second) = (Budget::new(), Budget::new().with_max_calls(0));
    let config = RunConfig::new().with_admission((first.clone(), second));
    block_on(model().invoke_with("Hi there", &config)).unwrap_err();
    assert_eq!(first.spent().usage, Usage::default());
}

/// A pair is seen through: the half that is known is not asked again, the other one is.
#[test]
fn a_half_of_a_pair_that_is_given_twice_counts_once() {
    let (budget, queue) = (Budget::new().with_max_tokens(1_000), AdaptiveConcurrency::new().with_max(1));
    let own = Budget::new();
    let pair = |other: &Budget| RunConfig::new().with_admission((queue.clone(), other.clone()));
    let nested = RunConfig::new().with_admission(Arc::new(((own.clone(), budget.clone()), queue.clone())));
    for step in [config(&budget), pair(&budget), pair(&own), nested] {
        let before = budget.spent().calls;
        let (step, caller) = (model().with_config(step), pair(&budget));
        let mut call = Box::pin(step.invoke_with("Hi", &caller));
        assert!((&mut call).now_or_never().is_some_and(|answer| answer.is_ok()), "it waits for itself");
        assert_eq!(budget.spent().calls, before + 1);
    }
    assert_eq!((budget.spent().usage, own.spent().calls), (Usage::new(240, 160), 2));
    assert_eq!(own.spent().usage, Usage::new(120, 80));
}

/// The caller goes while the second is waited for: nothing was sent.
#[test]
fn a_call_that_is_given_up_in_the_queue_costs_nothing() {
    let queue = AdaptiveConcurrency::new().with_max(1);
    let held = queue.admit(&Demand::default()).now_or_never().expect("no wait").unwrap();
    let budget = Budget::new().with_max_tokens(1_000).with_expected_output(500);
    let pair = RunConfig::new().with_admission((budget.clone(), queue.clone()));
    let step = model().with_config(RunConfig::new().with_admission(queue.clone()));
    let (model, caller) = (model(), config(&budget));
    for mut run in [model.invoke_with("Hi", &pair).boxed(), step.invoke_with("Hi", &caller).boxed()] {
        assert!((&mut run).now_or_never().is_none());
        drop(run);
        assert_eq!(budget.spent().usage, Usage::default());
    }
    let pair = (budget.clone(), queue.clone());
    let demand = Demand::of_call(None, 400, 400);
    assert!(pair.admit(&demand).now_or_never().is_none());
    assert_eq!(budget.spent().usage, Usage::default());
    assert_eq!((queue.state().in_flight, queue.state().waiting), (1, 0));
    drop(held);
    block_on(model.invoke_with("Hi", &caller)).unwrap();
}

/// A model with a name that answers later.
struct Slow(FakeChatModel);

#[catena_core::async_trait]
impl catena_core::LanguageModel for Slow {
    type Output = catena_core::AiMessage;

    fn generate_stream<'a>(
        &'a self,
        prompt: catena_core::PromptValue,
        cx: catena_core::Context,
    ) -> catena_core::ChunkStream<'a, catena_core::AiMessage> {
        let mut chunks = self.0.generate_stream(prompt, cx);
        let mut is_late = true;
        Box::pin(stream::poll_fn(move |task| {
            if std::mem::take(&mut is_late) {
                task.waker().wake_by_ref();
                return Poll::Pending;
            }
            chunks.as_mut().poll_next(task)
        }))
    }

    fn model_id(&self) -> Option<&str> {
        Some("m")
    }
}
