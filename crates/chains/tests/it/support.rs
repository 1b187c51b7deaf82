//! What the tests share.

use catena_chains::LlmChain;
use catena_core::fakes::FakeLlm;
use catena_core::{Data, ErrorKind, Result, Runnable, RunnableExt, gather};
use futures_executor::block_on;

/// A chain with a fake model, and the model.
pub(crate) fn llm(template: &str, answers: &[&str]) -> (LlmChain, FakeLlm) {
    let model = FakeLlm::new(answers.iter().copied());
    (LlmChain::from_template(model.clone(), template).expect("a good template"), model)
}

/// What the model was asked.
pub(crate) fn asked(model: &FakeLlm) -> Vec<String> {
    model.prompts().iter().map(ToString::to_string).collect()
}

/// Called and streamed, the chain gives the same.
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

/// It fails like this, and says that.
#[track_caller]
pub(crate) fn fails<T>(result: Result<T>, kind: ErrorKind, says: &str) {
    let error = result.err().expect("an error");
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(says), "no `{says}` in: {error}");
}
