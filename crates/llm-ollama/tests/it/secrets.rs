//! The key is shown nowhere.

use catena_core::RunnableExt;
use catena_testkit::{Reply, Server};
use serde_json::json;

use crate::support::{
    KEY, chat, chat_builder, chat_lines, drain, errors_of_all_calls, llm_builder, ndjson, shown,
};

#[test]
fn not_in_the_debug_output_of_builders_and_models() {
    let server = Server::replay([Reply::never()]);
    for text in [
        format!("{:?}", llm_builder(&server)),
        format!("{:#?}", chat_builder(&server)),
        format!("{:?}", chat(&server)),
    ] {
        assert!(!text.contains(KEY), "{text}");
        assert!(text.contains("127.0.0.1"), "the base URL is shown: {text}");
    }
}

#[test]
fn not_in_errors_that_echo_it() {
    let echo = format!("wrong key: {KEY}");
    let mut lines = chat_lines(&["a"])[..1].to_vec();
    lines.push(json!({"error": echo}));
    let server = Server::replay([ndjson(&lines)]);
    let mut errors = vec![drain(chat(&server).stream("Hi")).1.expect("an error")];
    for reply in [
        Reply::json(401, json!({"error": echo})),
        Reply::json(200, json!({"error": echo})),
        Reply::json(200, json!({"message": KEY, "response": 1})).with_header("x-request-id", KEY),
        Reply::text(200, echo.clone()),
        Reply::html(200, format!("<!doctype html>{echo}")),
        Reply::text(500, format!("{{\"error\": {echo}")),
    ] {
        errors.extend(errors_of_all_calls(&reply));
    }
    for error in errors {
        let text = shown(&error);
        assert!(!text.contains(KEY), "{text}");
    }
}

#[test]
fn not_those_to_servers_of_tools() {
    let server = Server::replay([Reply::never()]);
    let tool = json!({"type": "mcp", "server_label": "files", "authorization": "mcp-s3cret"});
    let builder = chat_builder(&server).with_extra("tools", json!([tool]));
    let shown = format!("{builder:?}");
    for text in [shown, format!("{:?}", builder.build().expect("a model"))] {
        assert!(text.contains("files") && !text.contains("mcp-s3cret"), "{text}");
    }
}
