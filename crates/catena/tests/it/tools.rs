//! Tools and structured output over the wire, streaming and not.

use catena::prelude::*;
use catena::{AtLimit, Tool, ToolCall, ToolOptions, tool};
use catena_testkit::{Reply, Server};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::watchdog::watched;

fn chat(server: &Server) -> ChatOpenAi {
    ChatOpenAi::builder().ignore_environment().with_base_url(server.url()).without_api_key().build().unwrap()
}

fn weather() -> Tool {
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
    tool("get_weather", "The weather in a city.", schema, |args: Value| match args["city"].as_str() {
        Some("Paris") => Ok("sunny"),
        _ => Err(Error::new(ErrorKind::NotFound, "no such city")),
    })
}

fn wire_call(index: usize, id: &str, arguments: &str) -> Value {
    json!({"index": index, "id": id, "type": "function", "function": {"name": "get_weather", "arguments": arguments}})
}

fn answer(message: Value, reason: &str) -> Reply {
    Reply::json(200, json!({"choices": [{"index": 0, "message": message, "finish_reason": reason}]}))
}

fn streamed(deltas: impl IntoIterator<Item = Value>, reason: &str) -> Reply {
    let event = |delta: Value, reason: Option<&str>| {
        json!({"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}).to_string()
    };
    let deltas = deltas.into_iter().map(|delta| event(delta, None));
    Reply::sse(deltas.chain([event(json!({}), Some(reason)), "[DONE]".to_owned()]))
}

/// What the model is sent in the second round.
fn check_second_request(server: &Server) {
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    let body = requests[1].json();
    let messages = body["messages"].as_array().unwrap();
    let roles: Vec<&Value> = messages.iter().map(|message| &message["role"]).collect();
    assert_eq!(roles, ["user", "assistant", "tool", "tool"]);
    let results: Vec<(&Value, &Value)> =
        messages[2..].iter().map(|message| (&message["tool_call_id"], &message["content"])).collect();
    assert_eq!(results, [(&json!("c1"), &json!("sunny")), (&json!("c2"), &json!("no such city"))]);
    assert_eq!(messages[1]["tool_calls"][1]["id"], "c2");
    assert_eq!(body["tools"][0]["function"]["name"], "get_weather");
}

#[test]
fn a_model_calls_tools_until_it_has_its_answer() {
    watched(|| {
        let calls = json!([
            wire_call(0, "c1", r#"{"city": "Paris"}"#),
            wire_call(1, "c2", r#"{"city": "Atlantis"}"#)
        ]);
        let server = Server::replay([
            answer(json!({"content": null, "tool_calls": calls}), "tool_calls"),
            answer(json!({"content": "Paris is sunny."}), "stop"),
        ]);
        let chain = chat(&server).with_tools([weather()]).final_answer() | StrOutputParser;
        assert_eq!(chain.blocking().invoke("How is the weather?").unwrap(), "Paris is sunny.");
        check_second_request(&server);
    });
}

#[test]
fn every_round_streams() {
    watched(|| {
        let pieces = [
            json!({"tool_calls": [wire_call(0, "c1", r#"{"city": "#)]}),
            json!({"tool_calls": [{"index": 0, "function": {"arguments": r#""Paris"}"#}}]}),
            json!({"tool_calls": [wire_call(1, "c2", r#"{"city": "Atlantis"}"#)]}),
        ];
        let words = ["Paris ", "is ", "sunny."].map(|word| json!({"content": word}));
        let server = Server::replay([streamed(pieces, "tool_calls"), streamed(words, "stop")]);
        let run = chat(&server).with_tools([weather()]);
        let chunks: Vec<_> = run.blocking().stream("How is the weather?").map(Result::unwrap).collect();
        let text: Vec<String> = chunks.iter().map(|chunk| chunk.text().into_owned()).collect();
        let text: Vec<&str> = text.iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
        assert_eq!(text, ["sunny", "no such city", "Paris ", "is ", "sunny."]);
        check_second_request(&server);
    });
}

#[test]
fn at_the_limit_the_model_is_told_to_answer() {
    watched(|| {
        let calls = json!([wire_call(0, "c1", r#"{"city": "Paris"}"#)]);
        let server = Server::replay([
            answer(json!({"content": null, "tool_calls": calls}), "tool_calls"),
            answer(json!({"content": "Sunny."}), "stop"),
        ]);
        let run = chat(&server).with_tools([weather()]).with_max_rounds(1).with_at_limit(AtLimit::Answer);
        assert_eq!(run.blocking().invoke("How is the weather?").unwrap().text(), "Sunny.");
        assert_eq!(server.requests()[1].json()["tool_choice"], "none");
    });
}

#[test]
fn a_choice_is_sent_as_the_service_takes_it() {
    watched(|| {
        let calls = json!([wire_call(0, "c1", r#"{"city": "Rome"}"#)]);
        let server = Server::replay([answer(json!({"content": null, "tool_calls": calls}), "tool_calls")]);
        let options = ToolOptions::new().with_choice("get_weather").with_parallel(false).with_strict(true);
        let bound = chat(&server).bind_tools_with([weather()], &options);
        let answer = bound.blocking().invoke("Rome?").unwrap();
        assert_eq!(answer.tool_calls(), [ToolCall::new("get_weather", [("city", "Rome")]).with_id("c1")]);
        let body = server.requests()[0].json();
        assert_eq!(body["tool_choice"], json!({"type": "function", "function": {"name": "get_weather"}}));
        assert_eq!(
            (&body["parallel_tool_calls"], &body["tools"][0]["function"]["strict"]),
            (&json!(false), &json!(true))
        );
        assert_eq!(body["tools"][0]["function"]["parameters"]["additionalProperties"], false);
    });
}

#[derive(Debug, Deserialize, PartialEq)]
struct Person {
    name: String,
    #[serde(default)]
    age: u8,
}

#[test]
fn answers_are_values() {
    watched(|| {
        let schema = || {
            json!({"title": "Person", "type": "object", "properties": {
            "name": {"type": "string"}, "age": {"type": "integer"}}, "required": ["name"]})
        };
        let deltas = [r#"{"name": "Ada""#, r#", "age": 3"#, "6}"].map(|text| json!({"content": text}));
        let server = Server::replay([
            answer(json!({"content": r#"{"name": "Ada", "age": 36}"#}), "stop"),
            streamed(deltas, "stop"),
            answer(json!({"content": r#"{"name": "Ad"#}), "length"),
            answer(json!({"content": null, "refusal": "No."}), "stop"),
        ]);
        let chain = chat(&server).with_structured_output_as::<Person>(schema());
        let ada = Person { name: "Ada".into(), age: 36 };
        assert_eq!(*chain.blocking().invoke("Ada is 36.").unwrap(), ada);
        let format = server.requests()[0].json()["response_format"]["json_schema"].clone();
        assert_eq!(
            (&format["strict"], &format["schema"]["required"]),
            (&json!(true), &json!(["name", "age"]))
        );
        let chunks: Vec<_> = chain.blocking().stream("Ada is 36.").map(Result::unwrap).collect();
        assert_eq!((chunks[0].name.as_str(), &**chunks.last().unwrap()), ("Ada", &ada));
        assert_eq!(chain.blocking().invoke("?").unwrap_err().kind(), ErrorKind::OutputTruncated);
        assert_eq!(chain.blocking().invoke("?").unwrap_err().kind(), ErrorKind::Refusal);
        let old = ChatOpenAi::builder().ignore_environment().without_api_key().with_base_url(server.url());
        let old = old.with_model("gpt-4-turbo").build().unwrap().with_structured_output_schema(schema());
        let _ = old.blocking().invoke("?");
        assert_eq!(server.requests()[4].json()["tool_choice"]["function"]["name"], "Person");
    });
}
