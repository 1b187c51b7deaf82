//! Answers of a form.

use catena_core::fakes::{FakeChatModel, FakeMessagesListChatModel};
use catena_core::{
    AiMessage, Capability, ChatModelExt, Chunk, ErrorKind, InvalidToolCall, PromptTemplate, Result,
    RunnableExt, StructuredMethod, ToolCall, ToolCallChunk, WithRaw, vars,
};
use futures_executor::block_on;
use futures_util::StreamExt;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Debug, PartialEq, Deserialize, Clone)]
struct Person {
    name: String,
    age: u8,
}

fn schema() -> Value {
    json!({"title": "Person", "type": "object", "required": ["name", "age"], "properties": {
        "name": {"type": "string"}, "age": {"type": "integer", "maximum": 150}}})
}

fn ada() -> Person {
    Person { name: "Ada".into(), age: 36 }
}

fn text(text: &str) -> FakeMessagesListChatModel {
    FakeMessagesListChatModel::new([AiMessage::new(text)])
}

/// Without schemas, so that a tool is called.
fn call(name: &str, args: Value) -> FakeMessagesListChatModel {
    let call = ToolCall::new(name, args.as_object().unwrap().clone());
    FakeMessagesListChatModel::new([AiMessage::new("").with_tool_calls([call])])
        .without(Capability::StructuredOutput)
}

fn ended(reason: &str, text: &str) -> AiMessage {
    let mut answer = AiMessage::new(text);
    answer.metadata.finish_reason = Some(reason.to_owned());
    answer
}

#[track_caller]
fn check(model: FakeMessagesListChatModel, expected: Result<Person, (ErrorKind, &str)>) {
    let chain = model.with_structured_output_as::<Person>(schema());
    match (block_on(chain.invoke("Ada is 36.")), expected) {
        (Ok(person), Ok(expected)) => assert_eq!(*person, expected),
        (Err(error), Err((kind, text))) => {
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.to_string().contains(text), "{error}");
        }
        (got, expected) => panic!("{got:?} instead of {expected:?}"),
    }
}

#[test]
fn answers_are_values_of_a_type() {
    check(text(r#"{"name": "Ada", "age": 36}"#), Ok(ada()));
    check(call("Person", json!({"name": "Ada", "age": 36})), Ok(ada()));
    check(text(r#"{"name": "Ada", "age": 200}"#), Err((ErrorKind::Parse, "at most 150")));
    check(call("Person", json!({"name": "Ada", "age": 200})), Err((ErrorKind::Parse, "at most 150")));
    check(
        call("Persona", json!({"name": "Ada", "age": 36})),
        Err((ErrorKind::Parse, "a call of the tool `Person`")),
    );
    check(text("Ada who?"), Err((ErrorKind::Parse, "seq[1] > StructuredAnswerParser")));
}

#[test]
fn numbers_of_another_form_are_read_as_what_they_say() {
    for age in [json!(36.0), json!("36")] {
        let person = json!({"name": "Ada", "age": age});
        check(text(&person.to_string()), Ok(ada()));
        check(call("Person", person), Ok(ada()));
    }
    for (age, expected) in
        [(json!(36.5), "at most 150, found 36.5"), (json!("200"), "at most 150, found \"200\"")]
    {
        let person = json!({"name": "Ada", "age": age});
        check(text(&person.to_string()), Err((ErrorKind::Parse, expected)));
        check(call("Person", person), Err((ErrorKind::Parse, expected)));
    }
    check(text(r#"{"name": 5, "age": 36}"#), Err((ErrorKind::Parse, "`name` to be a string, found 5")));
}

#[test]
fn answers_that_were_cut_off_are_none() {
    let answer = |answer| FakeMessagesListChatModel::new([answer]);
    let whole = r#"{"name": "Ada", "age": 36}"#;
    check(answer(ended("length", whole)), Err((ErrorKind::OutputTruncated, "cut off at the token limit")));
    check(answer(ended("content_filter", whole)), Err((ErrorKind::ContentFilter, "filter")));
    check(answer(ended("stop", whole)), Ok(ada()));
    let mut refused = ended("length", "");
    refused.refusal = Some("I would rather not.".into());
    check(answer(refused), Err((ErrorKind::Refusal, "I would rather not.")));
    let mut incomplete = AiMessage::new(whole);
    incomplete.metadata.extra.insert("incomplete_details".into(), json!({"reason": "max_output_tokens"}));
    check(answer(incomplete), Err((ErrorKind::OutputTruncated, "cut off at the token limit")));
    let mut broken = ended("length", "");
    broken.push_tool_call_chunk(ToolCallChunk::new(0).with_name("Person").with_args("{\"name\": \"A"));
    let broken = answer(broken).without(Capability::StructuredOutput);
    check(broken, Err((ErrorKind::OutputTruncated, "cut off at the token limit")));
}

#[test]
fn calls_that_are_not_json_are_errors_where_they_are_the_answer() {
    let model = || {
        let mut answer = AiMessage::new("");
        answer.push_invalid_tool_call(InvalidToolCall::new("Person", "{\"name\": oops"));
        FakeMessagesListChatModel::new([answer]).without(Capability::StructuredOutput)
    };
    check(model(), Err((ErrorKind::Parse, "invalid tool call `Person`")));
    let model = model().with_structured_output_schema(schema());
    let error = block_on(model.invoke("Ada is 36.")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Parse);
    assert!(error.to_string().contains("found `o` at line 1, column 10"), "{error}");
}

#[test]
fn no_call_is_null() {
    let model = || text("I do not know.").without(Capability::StructuredOutput);
    let json = block_on(model().with_structured_output_schema(schema()).invoke("Who?")).unwrap();
    assert!(json.is_null());
    let person =
        block_on(model().with_structured_output_as::<Option<Person>>(schema()).invoke("Who?")).unwrap();
    assert_eq!(*person, None);
}

#[test]
fn values_stream_as_they_become_whole() {
    let pieces = [r#"{"name""#, r#": "Ada""#, r#", "age": 3"#, "6}"].map(AiMessage::new);
    let model = || FakeMessagesListChatModel::streaming([pieces.to_vec()]);
    let chunks: Vec<_> = block_on(
        model().with_structured_output_schema(schema()).stream("Who?").map(Result::unwrap).collect(),
    );
    assert_eq!(chunks.first().map(|chunk| chunk.value().clone()), Some(json!({})));
    assert_eq!(chunks.last().map(|chunk| chunk.value().clone()), Some(json!({"name": "Ada", "age": 36})));
    assert!(chunks.len() > 2);
    let chunks: Vec<_> = block_on(
        model().with_structured_output_as::<Person>(schema()).stream("Who?").map(Result::unwrap).collect(),
    );
    assert_eq!(chunks.last().map(|person| (**person).clone()), Some(ada()));
}

#[test]
fn the_raw_answer_comes_beside_the_value_and_never_fails_for_it() {
    let pieces = [r#"{"name": "Ada""#, r#", "age": 36}"#].map(AiMessage::new);
    let chain = FakeMessagesListChatModel::streaming([pieces.to_vec(), pieces.to_vec()])
        .with_structured_output_as::<Person>(schema())
        .include_raw();
    let called = block_on(chain.invoke("Who?")).unwrap();
    let folded: WithRaw<_> = block_on(chain.stream("Who?").map(Result::unwrap).collect::<Vec<_>>())
        .into_iter()
        .reduce(|mut whole, chunk| {
            whole.merge(chunk);
            whole
        })
        .unwrap();
    assert_eq!((&called.raw, &called.parsed), (&folded.raw, &folded.parsed));
    assert_eq!(called.raw.text(), r#"{"name": "Ada", "age": 36}"#);
    assert_eq!(*called.into_parsed().unwrap(), ada());

    let cut = FakeMessagesListChatModel::new([ended("length", r#"{"name": "Ada", "age": 36}"#)]);
    let answer =
        block_on(cut.with_structured_output_as::<Person>(schema()).include_raw().invoke("Who?")).unwrap();
    assert!(answer.parsed.is_none() && !answer.raw.text().is_empty());
    assert_eq!(answer.into_parsed().unwrap_err().kind(), ErrorKind::OutputTruncated);
    // Errors of the model itself are errors.
    let none = FakeMessagesListChatModel::new([]).with_structured_output_schema(schema()).include_raw();
    assert_eq!(block_on(none.invoke("Who?")).unwrap_err().kind(), ErrorKind::Other);
}

#[test]
fn what_cannot_be_asked_is_refused_before_it_is_sent() {
    let model = FakeChatModel::new(["{}"]);
    let error = block_on(model.clone().with_structured_output_schema(schema()).invoke("Who?")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let chain = model.clone().with_structured_output_schema(schema());
    let error = block_on(chain.stream("Who?").next()).unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(model.prompts().is_empty());
    let json = model.with_structured_output_schema(Value::Null).with_method(StructuredMethod::JsonMode);
    assert_eq!(block_on(json.invoke("Who?")).unwrap(), json!({}));
}

#[test]
fn wrapped_models_are_asked_as_the_model_itself() {
    let model = text(r#"{"name": "Ada", "age": 36}"#);
    let wrapped = model.clone().bind("temperature", 0).with_retry(catena_core::RetryPolicy::new());
    let chain =
        PromptTemplate::new("{who}?").unwrap() | wrapped.with_structured_output_as::<Person>(schema());
    assert_eq!(*block_on(chain.invoke(vars! { who: "Ada" })).unwrap(), ada());
    let arguments = &model.arguments()[0];
    assert_eq!(
        (&arguments["temperature"], &arguments["response_format"]["type"]),
        (&json!(0), &json!("json_schema"))
    );
    let both = text("").with_fallbacks([text("").without(Capability::StructuredOutput)]);
    let error = block_on(both.with_structured_output_schema(schema()).invoke("Who?")).unwrap();
    assert!(error.is_null(), "asked by a tool, which both know");
}
