//! Helpers shared by the tests.

use catena_chains::LlmChain;
use catena_core::fakes::FakeLlm;
use catena_core::{
    ChunkStream, Context, Data, Document, Error, ErrorKind, LanguageModel, PromptValue, Result, Runnable,
    RunnableExt, async_trait, gather,
};
use futures_executor::block_on;
use futures_util::{StreamExt, stream};

/// A chain with a fake model, and the model.
pub(crate) fn llm(template: &str, answers: &[&str]) -> (LlmChain, FakeLlm) {
    let model = FakeLlm::new(answers.iter().copied());
    (LlmChain::from_template(model.clone(), template).expect("a good template"), model)
}

/// Returns the prompts that the model received.
pub(crate) fn asked(model: &FakeLlm) -> Vec<String> {
    model.prompts().iter().map(ToString::to_string).collect()
}

/// Checks that a call and a stream of the chain give the same output.
#[track_caller]
pub(crate) fn check<R>(chain: &R, input: impl Into<Data>, expected: Data)
where
    R: Runnable<Input = Data>,
    R::Output: Into<Data>,
{
    let input = input.into();
    let output: Data = block_on(chain.invoke(input.clone())).expect("an output").into();
    assert_eq!(output, expected);
    let streamed = block_on(gather(chain.stream(input))).expect("a stream").expect("a chunk");
    assert_eq!(streamed.into(), expected);
}

/// Checks the kind and message of an error.
#[track_caller]
pub(crate) fn fails<T>(result: Result<T>, kind: ErrorKind, says: &str) {
    let error = result.err().expect("an error");
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(says), "no `{says}` in: {error}");
}

/// Documents with these texts, numbered as pages.
pub(crate) fn documents(texts: &[&str]) -> Data {
    let pages = texts.iter().enumerate();
    let pages: Vec<Document> =
        pages.map(|(page, text)| Document::new(*text).with_metadata("page", page + 1)).collect();
    pages.into()
}

/// A model whose answer depends only on the prompt. Each word is delayed; it fails if there is no answer.
#[derive(Clone)]
pub(crate) struct Answering(pub(crate) fn(&str) -> Option<String>);

#[async_trait]
impl LanguageModel for Answering {
    type Output = String;

    fn generate_stream<'a>(&'a self, prompt: PromptValue, _cx: Context) -> ChunkStream<'a, String> {
        let Some(answer) = (self.0)(&prompt.into_text()) else {
            return stream::iter([Err(Error::new(ErrorKind::Server, "down"))]).boxed();
        };
        let words: Vec<String> = answer.split_inclusive(' ').map(str::to_owned).collect();
        let words = stream::iter(words).then(async |word| {
            a_moment().await;
            Ok(word)
        });
        words.boxed()
    }
}

/// Yields to other tasks.
async fn a_moment() {
    let mut passed = false;
    std::future::poll_fn(|task| {
        if std::mem::replace(&mut passed, true) {
            return std::task::Poll::Ready(());
        }
        task.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}
