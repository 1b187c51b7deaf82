//! `#[tool]` as an application uses it.

use catena::fakes::FakeMessagesListChatModel;
use catena::{
    AiMessage, ChatModelExt, Context, ErrorKind, OnToolError, RunConfig, RunnableExt, Tool, ToolCall,
    ToolOutput,
};
use catena_macros::tool;
use futures_executor::block_on;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Deserialize, JsonSchema, Debug, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Unit {
    Celsius,
    Fahrenheit,
}

#[derive(Serialize)]
struct Weather {
    city: String,
    degrees: i32,
}

fn celsius() -> Unit {
    Unit::Celsius
}

/// The weather in a city.
///
/// Today's, not tomorrow's.
#[tool]
fn get_weather(
    /// The name of the city.
    city: String,
    #[serde(default = "celsius")] unit: Unit,
) -> Weather {
    let degrees = match unit {
        Unit::Celsius => 20,
        Unit::Fahrenheit => 68,
    };
    Weather { city, degrees }
}

/// Divides.
#[tool]
async fn divide(a: i64, b: i64) -> Result<i64, String> {
    a.checked_div(b).ok_or_else(|| format!("{a} cannot be divided by {b}"))
}

/// What a program may call its own.
#[derive(Deserialize, JsonSchema)]
struct Arguments {
    depth: u8,
}

/// Takes a type of any name.
#[tool]
fn dig(arguments: Arguments) -> u8 {
    arguments.depth
}

/// Fails as a step does.
#[tool(name = "find-file", return_direct)]
pub fn find(r#type: Option<String>) -> catena::Result<ToolOutput> {
    match r#type {
        Some(kind) => Ok(ToolOutput::new(kind).with_artifact(7)),
        None => Err(catena::Error::new(ErrorKind::NotFound, "no file")),
    }
}

#[tool(description = "Who asks?")]
async fn who(cx: Context, #[inject] user: String, #[inject] team: Option<String>) -> String {
    format!("{user} {team:?} {}", cx.tags().len())
}

/// Says nothing.
#[tool]
fn nothing() {}

#[track_caller]
fn check(tool: Tool, call: serde_json::Value, expected: &str) {
    let output = block_on(tool.run(call, &Context::default())).expect("an output");
    assert_eq!(output.content.text(), expected);
}

#[test]
fn the_model_is_told_what_the_function_says_of_itself() {
    let tool = get_weather();
    assert_eq!(tool.name(), "get_weather");
    assert_eq!(tool.description(), "The weather in a city.\n\nToday's, not tomorrow's.");
    let unit = json!({"type": "string", "enum": ["celsius", "fahrenheit"], "default": "celsius"});
    let city = json!({"type": "string", "description": "The name of the city."});
    let expected =
        json!({"type": "object", "properties": {"city": city, "unit": unit}, "required": ["city"]});
    let mut parameters = tool.parameters().clone();
    parameters["properties"]["unit"]["default"] = "celsius".into();
    assert_eq!(parameters, expected);
}

#[test]
fn values_results_and_outputs_are_returned() {
    check(get_weather(), json!({"city": "Paris"}), r#"{"city":"Paris","degrees":20}"#);
    check(get_weather(), json!({"city": "Paris", "unit": "fahrenheit"}), r#"{"city":"Paris","degrees":68}"#);
    check(divide(), json!({"a": 7, "b": 2}), "3");
    check(nothing(), json!({}), "null");
    check(find(), json!({"type": "txt"}), "txt");
    assert_eq!((find().name(), find().returns_directly()), ("find-file", true));
    let error = block_on(divide().run(json!({"a": 7, "b": 0}), &Context::default())).expect_err("a failure");
    assert_eq!((error.kind(), error.message()), (ErrorKind::Other, "7 cannot be divided by 0"));
    let error = block_on(find().run(json!({}), &Context::default())).expect_err("a failure");
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[test]
fn arguments_that_do_not_fit_are_explained() {
    let error = block_on(divide().invoke(ToolCall::new("divide", [("a", "x")]))).expect_err("a failure");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.message().contains("`a` to be an integer, found \"x\""), "{error}");
    assert!(error.message().contains("`b` (an integer), which is missing"), "{error}");
}

#[test]
fn what_the_application_injects_is_not_in_the_schema() {
    assert!(who().parameters().get("properties").is_none_or(|properties| properties == &json!({})));
    let call = || ToolCall::new("who", [("user", "mallory")]);
    let config = RunConfig::new().with_configurable("user", "ada").with_tag("a");
    let message = block_on(who().invoke_with(call(), &config)).expect("a message");
    assert_eq!(message.content.text(), "ada None 1");
}

#[test]
fn the_model_is_not_told_what_the_application_forgot() {
    let check = |config: &RunConfig, message: &str| {
        let call = || AiMessage::new("").with_tool_calls([ToolCall::new("who", [("a", 1)]).with_id("1")]);
        for tool in [who(), who().with_error_handling(OnToolError::Say("failed".into()))] {
            let model = FakeMessagesListChatModel::new([call(), AiMessage::new("Who knows?")]);
            let error = block_on(model.with_tools([tool]).invoke_with("Who?", config)).expect_err(message);
            assert_eq!((error.kind(), error.message()), (ErrorKind::Config, message));
        }
    };
    check(
        &RunConfig::new(),
        "missing configurable value `user` for the tool: set it with `with_configurable`",
    );
    check(
        &RunConfig::new().with_configurable("user", 5),
        "the configurable value `user` has the wrong type for the tool",
    );
}

#[test]
fn a_type_may_have_any_name() {
    let output =
        block_on(dig().run(json!({"arguments": {"depth": 3}}), &Context::default())).expect("an output");
    assert_eq!(output.content.text(), "3");
}
