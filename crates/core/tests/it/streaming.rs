//! Chunks flow through every step as they come, and add up to what `invoke` gives.

use std::sync::Arc;
use std::time::Duration;

use catena_core::fakes::{FakeChatModel, FakeLlm};
use catena_core::{
    CancelToken, Chunk, ChunkStream, Context, Error, ErrorKind, PromptTemplate, Result, RunCollector,
    RunConfig, RunStatus, Runnable, RunnableExt, StrOutputParser, async_trait, gather, impl_pipe, lambda,
};
use futures_executor::block_on;
use futures_util::{FutureExt, StreamExt, stream};

async fn texts(mut chunks: ChunkStream<'_, String>) -> Vec<String> {
    let mut texts = Vec::new();
    while let Some(chunk) = chunks.next().await {
        texts.push(chunk.unwrap());
    }
    texts
}

/// The law of every runnable.
async fn assert_law<R>(runnable: R, input: R::Input)
where
    R: Runnable,
    R::Output: PartialEq + std::fmt::Debug,
{
    let folded = gather(runnable.stream(input.clone())).await.unwrap();
    assert_eq!(folded, Some(runnable.invoke(input).await.unwrap()));
}

#[test]
fn a_chain_streams_the_models_chunks() {
    let prompt = PromptTemplate::new("A name for {product}?").unwrap();
    let chain = prompt | FakeChatModel::streaming(["Bright", "Smile"]) | StrOutputParser;
    assert_eq!(block_on(texts(chain.stream("toothpaste"))), ["Bright", "Smile"]);
    block_on(assert_law(chain, "toothpaste".into()));
}

#[test]
fn a_stream_may_own_its_chain() {
    fn is_static(chunks: ChunkStream<'static, String>) -> ChunkStream<'static, String> {
        chunks
    }
    let chain = (FakeChatModel::streaming(["Bright", "Smile"]) | StrOutputParser).boxed();
    let chunks = is_static(chain.clone().into_stream("toothpaste"));
    let config = RunConfig::new().with_timeout(Duration::from_secs(60));
    let limited = is_static(chain.into_stream_with("toothpaste", &config));
    assert_eq!(block_on(texts(chunks)), ["Bright", "Smile"]);
    assert_eq!(block_on(texts(limited)), ["Bright", "Smile"]);

    let failing = lambda(|_: String| Err::<String, _>(Error::new(ErrorKind::Server, "down")));
    let borrowed: Vec<_> = block_on(failing.stream("x").collect());
    let owned: Vec<_> = block_on(failing.into_stream("x").collect());
    let shown = |chunks: Vec<Result<String>>| format!("{chunks:?}");
    assert_eq!((owned.len(), shown(owned)), (1, shown(borrowed)));
}

#[test]
fn dropping_an_owning_stream_cancels_its_run() {
    let token = CancelToken::new();
    let held = Arc::new(lambda(async |_: String| std::future::pending::<Result<String>>().await));
    let records = RunCollector::new();
    let config = RunConfig::new().with_observer(records.clone()).with_cancel(token.clone());
    let mut chunks = held.clone().into_stream_with("x", &config);
    assert!(chunks.next().now_or_never().is_none());
    assert_eq!((Arc::strong_count(&held), records.roots().len()), (2, 1));
    drop(chunks);
    assert_eq!(Arc::strong_count(&held), 1, "the stream's clone is dropped with it");
    assert_eq!(records.roots()[0].status, RunStatus::Cancelled);

    let mut chunks = held.into_stream_with("x", &config);
    assert!(chunks.next().now_or_never().is_none());
    token.cancel();
    assert_eq!(block_on(chunks.next()).unwrap().unwrap_err().kind(), ErrorKind::Cancelled);
}

#[test]
fn a_function_gathers_first() {
    let chain = FakeLlm::streaming(["a", "b"]) | lambda(|s: String| s.to_uppercase());
    assert_eq!(block_on(texts(chain.stream("x"))), ["AB"]);
}

#[test]
fn the_first_chunk_arrives_while_the_rest_is_held_back() {
    struct Held;
    #[async_trait]
    impl Runnable for Held {
        type Input = String;
        type Output = String;
        async fn call(&self, input: String, _cx: &Context) -> Result<String> {
            Ok(input)
        }
        fn transform<'a>(&'a self, _: ChunkStream<'a, String>, _: Context) -> ChunkStream<'a, String> {
            stream::iter([Ok("first".to_string())]).chain(stream::pending()).boxed()
        }
    }
    impl_pipe!(Held);

    let chain = Held | StrOutputParser | (StrOutputParser | StrOutputParser);
    let mut chunks = chain.stream("");
    assert_eq!(chunks.next().now_or_never().unwrap().unwrap().unwrap(), "first");
    assert!(chunks.next().now_or_never().is_none());
}

#[test]
fn the_answer_of_one_model_is_one_message_for_the_next() {
    let second = FakeChatModel::new(["ok"]);
    let chain = FakeChatModel::streaming(["to", "ken"]) | second.clone();
    block_on(assert_law(chain, "x".into()));
    let prompts = second.prompts();
    assert_eq!(prompts[0], prompts[1], "streamed and invoked alike");
    assert_eq!(prompts[0].clone().into_messages().len(), 1);
}

#[test]
fn a_tuple_streams_every_branch() {
    let branches = (
        FakeLlm::streaming(["a", "b", "c"]),
        FakeLlm::streaming(["x"]) | lambda(|s: String| s.len()),
        FakeLlm::streaming(["1", "2"]),
    );
    let chunks: Vec<_> = block_on(branches.stream("in").map(|chunk| chunk.unwrap()).collect());
    assert!(chunks.len() > 1, "{chunks:?}");
    let mut whole = chunks[0].clone();
    chunks[1..].iter().for_each(|chunk| whole.merge(chunk.clone()));
    assert_eq!(whole, ("abc".to_string(), 1, "12".to_string()));
    block_on(assert_law(branches, "in".into()));
}

#[test]
fn a_tuple_shares_a_streamed_input() {
    let chain = FakeLlm::streaming(["a", "b"]) | (StrOutputParser, lambda(|s: String| s.len()));
    let chunks: Vec<_> = block_on(chain.stream("in").map(|chunk| chunk.unwrap()).collect());
    let mut whole = chunks[0].clone();
    chunks[1..].iter().for_each(|chunk| whole.merge(chunk.clone()));
    assert_eq!(whole, ("ab".to_string(), 2));
}

#[test]
fn wrappers_stream_what_they_wrap() {
    let boxed = (FakeLlm::streaming(["a", "b"]) | StrOutputParser).boxed();
    assert_eq!(block_on(texts(boxed.stream("x"))), ["a", "b"]);
    let shared = std::sync::Arc::new(boxed);
    assert_eq!(block_on(texts(shared.stream("x"))), ["a", "b"]);
}

#[test]
fn an_empty_input_gives_an_empty_output() {
    let chain = FakeLlm::new(["a"]) | StrOutputParser;
    let nothing = chain.transform(stream::empty().boxed(), Context::default());
    assert_eq!(block_on(gather(nothing)).unwrap(), None);
}
