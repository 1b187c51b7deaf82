//! An error names its cause and its place, called or streamed.

use catena_core::fakes::{FakeChatModel, FakeLlm};
use catena_core::{Error, ErrorKind, PromptTemplate, RunnableExt, StrOutputParser, gather, lambda, vars};
use futures_executor::block_on;
use futures_util::StreamExt;

fn overloaded() -> Error {
    Error::new(ErrorKind::Server, "overloaded")
}

fn fail(_: String) -> Result<String, Error> {
    Err(Error::other("no"))
}

/// Checks the text of the error that a chain gives, both ways.
macro_rules! check {
    ($chain:expr, $input:expr, $text:expr) => {{
        let chain = $chain;
        let called = block_on(chain.invoke($input)).unwrap_err();
        let streamed = block_on(gather(chain.stream($input))).unwrap_err();
        assert_eq!((called.to_string(), streamed.to_string()), ($text.to_string(), $text.to_string()));
    }};
}

#[test]
fn the_path_counts_the_steps_of_a_flat_sequence() {
    let id = || lambda(|s: String| s).with_name("id");
    check!(lambda(fail) | id() | id(), "x", "seq[0] > fail: no");
    check!(id() | lambda(fail) | id(), "x", "seq[1] > fail: no");
    check!(id() | id() | lambda(fail), "x", "seq[2] > fail: no");
    check!(id() | (id() | lambda(fail)), "x", "seq[2] > fail: no");
    check!(id() | (lambda(fail) | id()).boxed() | id(), "x", "seq[1] > fail: no");
}

#[test]
fn the_path_names_the_branch() {
    let id = || lambda(|s: String| s).with_name("id");
    check!(id() | (id(), id() | lambda(fail)), "x", "seq[1] > parallel.1 > seq[1] > fail: no");
    check!(lambda(fail) | (id(), id() | id()), "x", "seq[0] > fail: no");
    check!(id() | (lambda(fail) | (id(), id()), id()), "x", "seq[1] > parallel.0 > seq[0] > fail: no");
}

#[test]
fn a_model_that_fails_names_itself() {
    let prompt = PromptTemplate::new("{a}").unwrap();
    let model = FakeChatModel::failing(Vec::<String>::new(), overloaded());
    check!(prompt | model | StrOutputParser, "x", "seq[1] > FakeChatModel: overloaded");
}

#[test]
fn a_stream_gives_what_came_before_the_error() {
    let chain = FakeLlm::failing(["a", "b"], overloaded()) | StrOutputParser;
    let items: Vec<Result<String, String>> =
        block_on(chain.stream("x").map(|item| item.map_err(|error| error.to_string())).collect());
    assert_eq!(items, [Ok("a".into()), Ok("b".into()), Err("seq[0] > FakeLlm: overloaded".into())]);
}

#[test]
fn a_lone_step_names_itself() {
    let error = block_on(FakeLlm::failing(["a"], overloaded()).invoke("x")).unwrap_err();
    assert_eq!(error.to_string(), "FakeLlm: overloaded");
    let error = block_on(PromptTemplate::new("{a}{b}").unwrap().invoke(vars! { a: 1 })).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MissingKey);
    assert!(error.to_string().starts_with("PromptTemplate: missing variable `b`"), "{error}");
}
