//! One tool: what it takes, what it says, and what it says when it fails.

use catena_core::fakes::FakeMessagesListChatModel;
use catena_core::{
    AiMessage, ChatModelExt, Context, Data, Error, ErrorKind, OnToolError, PromptTemplate, Result, Runnable,
    RunnableExt, Tool, ToolCall, ToolFunction, ToolMessage, ToolStatus, lambda, tool, vars,
};
use futures_executor::{block_on, block_on_stream};
use serde_json::{Value, json};

use super::tools::{results, wish, wishes};

/// What the model reads, and what `OnToolError` made of.
#[track_caller]
fn check_outcome(tool: Tool, expected: (&str, ToolStatus)) {
    let tool = tool.with_error_handling(OnToolError::with(|error| format!("failed: {}", error.message())));
    let message = block_on(tool.invoke(wish("t", "1"))).unwrap();
    assert_eq!((message.content.text().as_ref(), message.status), expected);
}

fn named<F: ToolFunction<Form> + 'static, Form: 'static>(function: F) -> Tool {
    tool("t", "Tries.", json!({}), function)
}

/// An error as an application has it, which its log can write as JSON.
#[derive(Debug, serde::Serialize)]
struct NoStation(&'static str);

impl std::fmt::Display for NoStation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "no station in {}", self.0)
    }
}

impl std::error::Error for NoStation {}

#[derive(serde::Serialize)]
struct Weather {
    degrees: f64,
}

#[test]
fn a_result_is_a_value_or_a_failure_whatever_its_types() {
    const FINE: (&str, ToolStatus) = ("21.0", ToolStatus::Success);
    const FAILED: (&str, ToolStatus) = ("failed: no station in Oz", ToolStatus::Error);
    check_outcome(named(|_: Value| -> Result<f64, String> { Ok(21.0) }), FINE);
    check_outcome(named(|_: Value| -> Result<f64, String> { Err("no station in Oz".into()) }), FAILED);
    check_outcome(named(|_: Value| Err::<f64, _>("no station in Oz")), FAILED);
    check_outcome(named(|_: Value| Err::<f64, _>(NoStation("Oz"))), FAILED);
    check_outcome(
        named(|_: Value| Err::<f64, Box<dyn std::error::Error + Send + Sync>>(NoStation("Oz").into())),
        FAILED,
    );
    check_outcome(
        named(|_: Value| Err::<f64, _>(Error::new(ErrorKind::NotFound, "no station in Oz"))),
        FAILED,
    );
    check_outcome(named(|_: Value, _: Context| -> Result<f64, String> { Ok(21.0) }), FINE);
    check_outcome(named(|_: Value, _: Context| Err::<f64, _>(NoStation("Oz"))), FAILED);
    check_outcome(named(async |_: Value| Ok::<_, String>(21.0)), FINE);
    check_outcome(named(async |_: Value| Err::<f64, _>("no station in Oz".to_owned())), FAILED);
    check_outcome(named(async |_: Value| Err::<f64, _>(NoStation("Oz"))), FAILED);
    check_outcome(named(async |_: Value, _: Context| Err::<f64, _>(Error::other(NoStation("Oz")))), FAILED);
    check_outcome(named(async |_: Value| 21.0), FINE);
    let weather = (r#"{"degrees":21.0}"#, ToolStatus::Success);
    check_outcome(named(|_: Value| Ok::<_, NoStation>(Weather { degrees: 21.0 })), weather);
    check_outcome(named(|_: Value| catena_core::ToolOutput::json(&Weather { degrees: 21.0 })), weather);
}

#[test]
fn the_kind_of_an_error_stays() {
    let lost = named(|_: Value| Err::<(), _>(Error::new(ErrorKind::NotFound, "no")));
    assert_eq!(block_on(lost.invoke(wish("t", "1"))).unwrap_err().kind(), ErrorKind::NotFound);
    let other = named(|_: Value| Err::<(), _>(NoStation("Oz")));
    let error = block_on(other.invoke(wish("t", "1"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Other);
}

#[test]
fn any_runnable_is_a_tool() {
    let greet = PromptTemplate::new("Hello {name}").unwrap().as_tool("greet", "Greets.");
    let count = lambda(|input: Data| input.get("text").and_then(Data::as_text).map(str::len))
        .as_tool("count", "Counts.");
    let model = FakeMessagesListChatModel::new([
        wishes([
            ToolCall::new("greet", [("name", "Ada")]).with_id("1"),
            ToolCall::new("count", [("text", "four")]).with_id("2"),
            ToolCall::new("greet", [("nome", "Ada")]).with_id("3"),
        ]),
        AiMessage::new(""),
    ]);
    let transcript = block_on(model.with_tools([greet, count]).invoke("Go")).unwrap();
    let results = results(&transcript);
    assert_eq!((results[0].1.as_str(), results[1].1.as_str()), ("Hello Ada", "4"));
    assert!(results[2].1.contains("`name` (a string), which is missing"), "{results:?}");
}

#[test]
fn a_tool_of_a_runnable_is_called_as_it_is_described_or_with_the_input() {
    let shout = lambda(|text: String| text.to_uppercase()).as_tool("shout", "Shouts.");
    for input in [vars! { __arg1: "hi" }, "hi".into()] {
        assert_eq!(block_on(shout.invoke(input.clone())).unwrap(), Data::from("HI"));
        let chunks: Vec<Data> = block_on_stream(shout.stream(input.clone())).map(Result::unwrap).collect();
        assert_eq!(chunks, ["HI".into()]);
        // Texts are pieces of one; a whole record takes the place of the one before.
        let (parts, expected) = match &input {
            Data::Record(_) => (["a", "b"].map(|part| vars! { __arg1: part }), "B"),
            _ => (["a", "b"].map(Data::from), "AB"),
        };
        let chunks = Box::pin(futures_util::stream::iter(parts.map(Ok)));
        let chunks: Vec<Data> =
            block_on_stream(shout.transform(chunks, Context::default())).map(Result::unwrap).collect();
        assert_eq!(chunks, [expected.into()]);
    }
    let count = lambda(|input: Data| input.get("text").is_some()).as_tool("count", "Counts.");
    assert_eq!(block_on(count.invoke(vars! { text: "hi" })).unwrap(), Data::Bool(true));
}

#[test]
fn a_runnable_that_takes_a_text_is_a_tool_with_one_argument() {
    let shout = lambda(|text: String| text.to_uppercase()).as_tool("shout", "Shouts.");
    let one = json!({"type": "object", "properties": {"__arg1": {"title": "__arg1", "type": "string"}}, "required": ["__arg1"]});
    assert_eq!(shout.definition()["parameters"], one);
    let model = FakeMessagesListChatModel::new([
        wishes([
            ToolCall::new("shout", [("__arg1", "hi")]).with_id("1"),
            ToolCall::new("shout", [("text", "hi")]).with_id("2"),
        ]),
        AiMessage::new(""),
    ]);
    let transcript = block_on(model.with_tools([shout.clone()]).invoke("Go")).unwrap();
    let results = results(&transcript);
    assert_eq!(results[0].1, "HI");
    assert!(results[1].1.contains("`__arg1` (a string), which is missing"), "{results:?}");
    let output = block_on(Tool::from(shout).run("ho", &Context::default())).unwrap();
    assert_eq!(output.content.text(), "HO");
}

#[cfg(feature = "schemars")]
#[test]
fn arguments_are_taken_for_what_they_mean() {
    #[derive(serde::Deserialize, schemars::JsonSchema)]
    struct Typed {
        n: i64,
        #[schemars(range(max = 10))]
        most: u8,
    }
    let schema = json!({"type": "object", "properties": {
        "n": {"type": "integer"}, "most": {"type": "integer", "maximum": 10}}});
    let typed = Tool::from_function("t", "T.", |Typed { n, most }: Typed| format!("{n} {most}"));
    let checked = tool("c", "C.", schema, |args: Value| format!("{} {}", args["n"], args["most"]));
    let run = |arguments: Value| {
        [&typed, &checked].map(|tool| match block_on(tool.run(arguments.clone(), &Context::default())) {
            Ok(output) => output.content.text().into_owned(),
            Err(error) => error.message().split(": ").last().unwrap().to_owned(),
        })
    };
    for arguments in [
        json!({"n": 5, "most": 2}),
        json!({"n": 5.0, "most": 2}),
        json!({"n": "5", "most": 2.0}),
        json!({"n": " 5.0 ", "most": "2"}),
    ] {
        assert_eq!(run(arguments), ["5 2", "5 2"]);
    }
    for (arguments, expected) in [
        (json!({"n": "x", "most": "2"}), "expected `n` to be an integer, found \"x\""),
        (json!({"n": 5.5, "most": 2}), "expected `n` to be an integer, found 5.5"),
        (json!({"n": 1, "most": "11"}), "expected `most` to be at most 10, found 11"),
    ] {
        assert_eq!(run(arguments), [expected, expected]);
    }
}

#[test]
fn a_text_stands_for_the_only_argument() {
    let schema = json!({"properties": {"city": {"type": "string"}}});
    let upper = tool("upper", "Shouts.", schema, |args: Value| args["city"].as_str().map(str::to_uppercase));
    let output = block_on(upper.run("paris", &Context::default())).unwrap();
    assert_eq!(output.content.text(), "PARIS");
}

#[test]
fn messages_carry_id_name_status_and_artifact() {
    let rows = tool("rows", "Counts.", json!({}), |_: Value| {
        catena_core::ToolOutput::new("2 rows").with_artifact(json!([1, 2]))
    });
    let message: ToolMessage = block_on(rows.invoke(wish("rows", "call_7"))).unwrap();
    assert_eq!((message.tool_call_id.as_str(), message.name.as_deref()), ("call_7", Some("rows")));
    assert_eq!((message.status, message.artifact), (ToolStatus::Success, Some(json!([1, 2]))));
}
