//! Parsers that ask a model again.

use std::error::Error as _;

use catena_core::fakes::{FakeChatModel, FakeLlm};
use catena_core::{
    AiMessage, Error, ErrorKind, JsonSchemaOutputParser, OutputParser, PromptTemplate, RunCollector,
    RunConfig, RunnableExt, gather,
};
use futures_executor::block_on;
use serde_json::json;

fn parser() -> JsonSchemaOutputParser {
    JsonSchemaOutputParser::new(
        json!({"title": "Person", "type": "object", "required": ["age"], "properties": {
            "age": {"type": "integer"},
        }}),
    )
    .unwrap()
}

const GOOD: &str = r#"{"age": 3}"#;
const BAD: &str = r#"{"age": "x"}"#;

#[test]
fn what_can_be_read_asks_nobody() {
    let fixer = FakeChatModel::new([GOOD]);
    let chain = FakeChatModel::new([GOOD]) | parser().fixed_by(fixer.clone());
    assert_eq!(block_on(chain.invoke("?")).unwrap()["age"], 3);
    assert_eq!(fixer.prompts().len(), 0);
}

#[test]
fn the_fixer_is_told_the_form_the_answer_and_what_is_wrong() {
    let fixer = FakeChatModel::new([GOOD]);
    let chain = FakeChatModel::new([BAD]) | parser().fixed_by(fixer.clone());
    assert_eq!(block_on(chain.invoke("?")).unwrap()["age"], 3);
    let told = fixer.prompts()[0].to_string();
    for part in [&parser().format_instructions(), BAD, r#"expected `age` to be an integer, found "x""#] {
        assert!(told.contains(part), "{told}");
    }
}

#[test]
fn a_text_model_fixes_too_and_a_stream_gives_the_repaired_answer() {
    let chain = FakeChatModel::new([BAD]) | parser().fixed_by(FakeLlm::new([BAD, GOOD])).with_max_retries(2);
    let whole = block_on(gather(chain.stream("?"))).unwrap().unwrap();
    assert_eq!(whole["age"], 3);
}

#[test]
fn the_last_error_leads_to_the_first() {
    let fixer = FakeChatModel::new([r#"{"age": null}"#]);
    let chain = FakeChatModel::new([BAD]) | parser().fixed_by(fixer.clone()).with_max_retries(3);
    let error = block_on(chain.invoke("?")).unwrap_err();
    assert_eq!((error.kind(), fixer.prompts().len()), (ErrorKind::Parse, 3));
    assert!(error.message().contains("found null"), "{error}");
    assert_eq!(error.path().to_string(), "seq[1] > retry#4 > JsonSchemaOutputParser");
    assert!(error.source().unwrap().to_string().contains(r#"found "x""#));
}

#[test]
fn only_answers_that_cannot_be_read_are_asked_about() {
    let mut refusal = AiMessage::new("");
    refusal.refusal = Some("no".into());
    let fixer = FakeChatModel::new([GOOD]);
    let error = block_on(parser().fixed_by(fixer.clone()).invoke(refusal)).unwrap_err();
    assert_eq!((error.kind(), fixer.prompts().len()), (ErrorKind::Refusal, 0));
    let broken = FakeChatModel::failing(Vec::<String>::new(), Error::new(ErrorKind::Server, "down"));
    let error = block_on(parser().fixed_by(broken).invoke(BAD)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Server);
    assert!(error.source().unwrap().to_string().contains(r#"found "x""#));
}

#[test]
fn the_model_is_asked_again_in_the_same_conversation() {
    let model = FakeChatModel::new([BAD, BAD, GOOD]);
    let prompt = PromptTemplate::new("How old is {who}?").unwrap();
    let chain = prompt | parser().retried_by(model.clone()).with_max_retries(2);
    assert_eq!(block_on(chain.invoke("Al")).unwrap()["age"], 3);
    let last = model.prompts()[2].to_string();
    assert!(last.starts_with("Human: How old is Al?\nAI: {\"age\": \"x\"}\nHuman: Your answer could not be parsed: expected `age`"), "{last}");
    assert_eq!(model.prompts().len(), 3);
}

#[test]
fn attempts_are_runs() {
    let runs = RunCollector::new();
    let config = RunConfig::new().with_observer(runs.clone());
    let chain = PromptTemplate::new("{a}").unwrap() | parser().retried_by(FakeChatModel::new([BAD, GOOD]));
    block_on(chain.invoke_with("x", &config)).unwrap();
    let (chain, mut names) = (&runs.roots()[0], Vec::new());
    chain.children.iter().flat_map(|step| &step.children).for_each(|run| names.push(run.info.name.clone()));
    assert_eq!(names.iter().filter(|name| *name == "FakeChatModel").count(), 2, "{names:?}");
    assert_eq!(names.iter().filter(|name| *name == "JsonSchemaOutputParser").count(), 2, "{names:?}");
}
