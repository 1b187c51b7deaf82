//! The key is shown nowhere.

use catena_core::{Error, LanguageModel, RunnableExt};
use catena_testkit::{Reply, Server};
use serde_json::json;

use crate::support::{BEFORE_TEXT, KEY, builder, chat, drain, errors_of_all_calls, shown, text_events};

#[test]
fn not_in_the_debug_output_of_builders_and_models() {
    let server = Server::replay([Reply::never()]);
    for text in [format!("{:?}", builder(&server)), format!("{:#?}", chat(&server))] {
        assert!(!text.contains(KEY), "{text}");
        assert!(text.contains("127.0.0.1"), "the base URL is shown: {text}");
    }
}

#[track_caller]
fn check(error: &Error) {
    let text = shown(error);
    assert!(!text.contains(KEY), "{text}");
    assert!(text.contains("[redacted]"), "the echo is there, without the key: {text}");
}

#[test]
fn not_in_errors_that_echo_it() {
    let echo = format!("invalid x-api-key: {KEY}");
    let object =
        json!({"type": "error", "error": {"type": KEY, "message": echo, "details": {"error_code": KEY}}});
    for reply in [
        Reply::json(401, object.clone()),
        Reply::json(200, object.clone()),
        Reply::json(200, json!({"content": KEY, "type": "error"})),
        Reply::text(401, echo.clone()),
        Reply::html(200, format!("<!doctype html>{echo}")),
        Reply::text(200, format!("{{\"a\": {echo}")),
        Reply::json(429, json!({"request_id": KEY, "error": {"message": "m"}})),
        Reply::text(500, "").with_header("anthropic-ratelimit-tokens-remaining", KEY),
        Reply::text(307, "").with_header("location", format!("https://h.test/{KEY}")),
    ] {
        errors_of_all_calls(&reply).iter().for_each(check);
    }
    let mut events = text_events(&["a"])[..=BEFORE_TEXT].to_vec();
    events.push(object.to_string());
    let server = Server::replay([Reply::sse(events)]);
    check(&drain(chat(&server).stream("Hi")).1.expect("an error"));
}

#[test]
fn keys_of_tools_are_neither_shown_nor_written() {
    let server = Server::replay([Reply::never()]);
    let remote = json!([{"type": "url", "url": "https://h.test", "name": "files", "authorization_token": "mcp-s3cret"}]);
    let tool = json!({"type": "mcp", "server_label": "files", "authorization": "mcp-s3cret"});
    for builder in [
        builder(&server).with_extra("mcp_servers", remote),
        builder(&server).with_extra("tools", json!([tool])),
    ] {
        let shown = format!("{builder:?}");
        let chat = builder.build().expect("a model");
        for text in [shown, format!("{chat:?}")] {
            assert!(text.contains("files") && !text.contains("mcp-s3cret"), "{text}");
        }
        assert!(!catena_core::load::dumps(&chat).contains("mcp-s3cret"));
        assert!(LanguageModel::constructor(&chat).is_none());
    }
}
