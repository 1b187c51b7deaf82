//! How calls behave, whatever the model says.

use std::pin::pin;
use std::time::{Duration, Instant};

use catena_core::{
    AiMessage, CancelToken, Capability, Chunk, ErrorKind, LanguageModel, Message, Result, RunConfig,
    RunnableExt, StrOutputParser,
};
use catena_llm_local::{ChatLocal, LocalBuilder, LocalModel};
use futures_executor::block_on;
use futures_util::{StreamExt, TryStreamExt, future, poll};
use serde_json::json;

use crate::tiny::{Tiny, TinyFile};

/// A model that does not stop by itself before 300 tokens, and its file.
fn open(change: impl FnOnce(LocalBuilder) -> LocalBuilder) -> (ChatLocal, TinyFile) {
    let file = Tiny::unending().write();
    let builder = LocalModel::builder(file.path()).with_seed(1).with_max_tokens(24);
    (change(builder).build_chat().unwrap(), file)
}

async fn chunks(chat: &ChatLocal, prompt: &str) -> Result<Vec<AiMessage>> {
    chat.stream(prompt).try_collect().await
}

#[test]
fn a_stream_says_what_a_call_says() {
    let (chat, _file) = open(|builder| builder);
    block_on(async {
        let whole = chat.invoke("Hello").await.unwrap();
        let pieces = chunks(&chat, "Hello").await.unwrap();
        assert!(pieces.len() > 10, "{}", pieces.len());
        let text: String = pieces.iter().map(|piece| piece.text().into_owned()).collect();
        assert_eq!(text, whole.text());
        let usage = whole.usage.unwrap();
        assert_eq!((usage.output_tokens, usage.total_tokens), (24, usage.input_tokens + 24));
        assert_eq!(whole.metadata.finish_reason.as_deref(), Some("length"));
        assert!(whole.metadata.model.as_deref().unwrap().starts_with("catena-tiny"));
        let merged = pieces.into_iter().reduce(|mut merged, piece| {
            merged.merge(piece);
            merged
        });
        let merged = merged.unwrap();
        // What was remembered from the call before is all that differs.
        assert_eq!(merged.usage.unwrap().input_token_details.cache_read, Some(usage.input_tokens - 1));
        assert_eq!(
            (merged.metadata, merged.usage.unwrap().total_tokens),
            (whole.metadata, usage.total_tokens)
        );
    });
}

#[test]
fn answers_do_not_depend_on_who_else_asks_or_on_what_is_remembered() {
    let (chat, _file) = open(|builder| builder.with_max_active(3).with_kept_prompts(2));
    let long = "many words ".repeat(12);
    let prompts = ["Hello", "Hello there", "socks", &long, "Hello", "a"];
    let alone: Vec<String> = prompts
        .iter()
        .map(|prompt| {
            let (fresh, _file) = open(|builder| builder.with_kept_prompts(0));
            block_on(fresh.invoke(*prompt)).unwrap().text().into_owned()
        })
        .collect();
    for _ in 0..3 {
        let together = block_on(future::join_all(prompts.iter().map(|prompt| chat.invoke(*prompt))));
        let together: Vec<String> =
            together.into_iter().map(|answer| answer.unwrap().text().into_owned()).collect();
        assert_eq!(together, alone);
    }
    let batch = block_on(chat.batch(prompts));
    assert_eq!(
        batch.into_iter().map(|answer| answer.unwrap().text().into_owned()).collect::<Vec<_>>(),
        alone
    );
}

#[test]
fn a_conversation_that_goes_on_is_not_read_again() {
    let (chat, _file) = open(|builder| builder);
    block_on(async {
        let question = vec![Message::human("Hello")];
        let answer = chat.invoke(question.clone()).await.unwrap();
        let first = answer.usage.unwrap();
        assert_eq!(first.input_token_details.cache_read, None);
        let more = [question, vec![Message::Ai(answer), Message::human("More")]].concat();
        let second = chat.invoke(more).await.unwrap().usage.unwrap();
        let remembered = second.input_token_details.cache_read.unwrap();
        // The last token of the answer was chosen, but never computed.
        assert_eq!(remembered, first.total_tokens - 1);
    });
}

#[test]
fn bound_arguments_shape_one_call() {
    let (chat, _file) = open(|builder| builder);
    block_on(async {
        let five = chat.clone().bind("max_tokens", 5).invoke("Hello").await.unwrap();
        assert_eq!(five.usage.unwrap().output_tokens, 5);
        let whole = chat.invoke("Hello").await.unwrap().text().into_owned();
        assert!(whole.starts_with(&*five.text()));
        let other = chat.clone().bind("seed", 2).invoke("Hello").await.unwrap();
        assert_ne!(other.text(), whole);
        // A stop text of two letters from the middle of what it says.
        let middle: String = whole.chars().skip(8).take(2).collect();
        let stopped = chat.clone().bind("stop", json!([middle])).invoke("Hello").await.unwrap();
        assert_eq!(stopped.text(), whole[..whole.find(&middle).unwrap()]);
        assert_eq!(stopped.metadata.finish_reason.as_deref(), Some("stop"));
        let tools = json!([{"type": "function", "function": {"name": "f"}}]);
        let error = chat.clone().bind("tools", tools).invoke("Hello").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        let error = chat.clone().bind("temperature", "hot").invoke("Hello").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    });
}

#[test]
fn prompts_without_room_or_words_are_refused() {
    let (chat, _file) = open(|builder| builder.with_context_length(64));
    block_on(async {
        let error = chat.invoke("x".repeat(64)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ContextOverflow);
        let error = chat.llm().invoke("").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        // What room there is, is used, and no more.
        let llm = chat.llm().bind("max_tokens", 1000);
        assert!(llm.invoke("x".repeat(60)).await.is_ok());
        let full = chat.clone().bind("max_tokens", 1000).invoke("x").await.unwrap();
        assert_eq!(full.usage.unwrap().total_tokens, 64);
        assert_eq!(full.metadata.finish_reason.as_deref(), Some("length"));
    });
    assert_eq!((chat.llm().context_length(), chat.llm().bytes_per_token()), (64, 2 * 2 * 32 * 4));
}

#[test]
fn what_is_dropped_makes_room_for_those_who_wait() {
    let (chat, _file) = open(|builder| builder.with_max_active(1).with_max_waiting(1).with_max_tokens(400));
    block_on(async {
        let mut first = chat.stream("Hello");
        first.next().await.unwrap().unwrap();
        let mut second = pin!(chat.invoke("socks"));
        assert!(poll!(&mut second).is_pending());
        let error = chat.invoke("one too many").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::RateLimit);
        assert!(error.is_retryable());
        drop(first);
        second.await.unwrap();
        // Those who never polled hold no place.
        let unpolled: Vec<_> = (0..10).map(|_| chat.stream("Hello")).collect();
        chat.invoke("Hello").await.unwrap();
        drop(unpolled);
    });
}

#[test]
fn what_is_dropped_or_cancelled_is_not_computed_to_its_end() {
    let (chat, _file) = open(|builder| builder.with_max_active(2).with_max_tokens(200));
    block_on(async {
        let whole = chat.invoke("Hello").await.unwrap();
        let made = |computed: u64| computed.saturating_sub(whole.usage.unwrap().input_tokens);
        assert_eq!(made(computed(&chat, &whole).await), 199, "the last one is chosen, but not computed");
        for way in [Way::DropStream, Way::DropCall, Way::Cancel] {
            // How far it is when it ends is up to the scheduler: several tries, and the luckiest counts.
            let mut fewest = u64::MAX;
            for _ in 0..10 {
                way.begin_and_end(&chat).await;
                fewest = fewest.min(made(computed(&chat, &whole).await));
            }
            assert!(fewest < 50, "{way:?}: {fewest} of 200 tokens are computed at least");
        }
    });
}

/// How an answer ends early.
#[derive(Debug, Clone, Copy)]
enum Way {
    DropStream,
    DropCall,
    Cancel,
}

impl Way {
    async fn begin_and_end(self, chat: &ChatLocal) {
        let brief = chat.clone().bind("max_tokens", 1);
        // Afterwards nothing but the prompt is remembered.
        brief.invoke("Hello").await.unwrap();
        if let Self::DropCall = self {
            let mut call = pin!(chat.invoke("Hello"));
            assert!(poll!(&mut call).is_pending());
            // They take turns: when this one has ended, the other has begun.
            brief.invoke("socks").await.unwrap();
            return;
        }
        let token = CancelToken::new();
        let config = RunConfig::new().with_cancel(token.clone());
        let mut stream = chat.stream_with("Hello", &config);
        stream.next().await.unwrap().unwrap();
        if let Self::Cancel = self {
            token.cancel();
            let error = stream.try_collect::<Vec<_>>().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Cancelled);
        }
    }
}

/// How many tokens of the conversation the model has in its memory: as many as it computed of it.
async fn computed(chat: &ChatLocal, answer: &AiMessage) -> u64 {
    let all = vec![Message::human("Hello"), Message::Ai(answer.clone()), Message::human("More")];
    let usage = chat.clone().bind("max_tokens", 1).invoke(all).await.unwrap().usage.unwrap();
    usage.input_token_details.cache_read.unwrap_or_default()
}

#[test]
fn a_bounded_batch_has_room_for_any_number_of_calls() {
    let (chat, _file) = open(|builder| builder.with_max_active(2).with_max_waiting(2));
    block_on(async {
        let prompts = || (0..50).map(|index| format!("Number {index}"));
        let all_at_once = chat.batch(prompts()).await;
        let refused = all_at_once.into_iter().filter_map(Result::err).map(|error| error.kind());
        let refused: Vec<_> = refused.collect();
        assert!(
            !refused.is_empty() && refused.iter().all(|kind| *kind == ErrorKind::RateLimit),
            "{refused:?}"
        );
        let bounded = RunConfig::new().with_max_concurrency(4);
        assert_eq!(chat.try_batch_with(prompts(), &bounded).await.unwrap().len(), 50);
    });
}

#[test]
fn answers_under_way_take_turns() {
    let (chat, _file) = open(|builder| builder.with_max_active(2).with_max_tokens(200));
    block_on(async {
        let mut long = chat.stream("Hello");
        long.next().await.unwrap().unwrap();
        // A short one that comes later need not wait for the end of the long one.
        let short = chat.clone().bind("max_tokens", 2).invoke("socks").await.unwrap();
        assert_eq!(short.usage.unwrap().output_tokens, 2);
        let rest = long.try_collect::<Vec<_>>().await.unwrap();
        assert_eq!(rest.last().unwrap().usage.unwrap().output_tokens, 200);
    });
}

#[test]
fn every_executor_and_blocking_code_will_do() {
    let (chat, _file) = open(|builder| builder);
    let chain = chat.clone() | StrOutputParser;
    let expected = block_on(chain.invoke("Hello")).unwrap();
    assert_eq!(smol::block_on(chain.invoke("Hello")).unwrap(), expected);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(runtime.block_on(chain.invoke("Hello")).unwrap(), expected);
    // A blocking call on the only thread of a runtime.
    assert_eq!(runtime.block_on(async { block_on(chain.invoke("Hello")) }).unwrap(), expected);
}

#[test]
fn an_executor_is_free_while_the_model_works() {
    let (chat, _file) = open(|builder| builder.with_max_tokens(100));
    block_on(async {
        let mut call = pin!(chat.invoke("Hello"));
        let start = Instant::now();
        assert!(poll!(&mut call).is_pending());
        assert!(start.elapsed() < Duration::from_secs(1));
        call.await.unwrap();
    });
}

#[test]
fn the_model_says_what_it_is() {
    let (chat, file) = open(|builder| builder.with_temperature(0.5));
    assert_eq!(chat.provider(), Some("local"));
    assert_eq!(
        chat.model_id().map(str::to_owned),
        file.path().file_stem().map(|name| name.to_string_lossy().into())
    );
    assert!(
        chat.capabilities().has(Capability::SystemMessages) && !chat.capabilities().has(Capability::Tools)
    );
    assert!(!chat.llm().capabilities().has(Capability::SystemMessages));
    let parameters = chat.parameters().unwrap();
    assert_eq!((&parameters["temperature"], &parameters["seed"]), (&json!(0.5), &json!(1)));
    assert_eq!(parameters["model"], json!(chat.model_id()));
    assert_eq!(parameters["path"], json!(file.path().to_string_lossy()));
}
