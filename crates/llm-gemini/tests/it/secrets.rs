//! The key is shown nowhere.

use catena_core::{Error, RunnableExt};
use catena_testkit::{Reply, Server};
use serde_json::json;

use crate::support::{KEY, builder, chat, drain, error, errors_of_all_calls, events, shown};

#[test]
fn not_in_the_debug_output_of_builders_and_models() {
    let server = Server::replay([Reply::never()]);
    for text in [
        format!("{:#?}", builder(&server)),
        format!("{:?}", chat(&server)),
        format!("{:?}", chat(&server).client()),
    ] {
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
    let echo = format!("Incorrect API key: {KEY}");
    let details = json!([{"@type": "x.ErrorInfo", "reason": KEY}, {"@type": "x.BadRequest", "fieldViolations": [{"field": KEY}]}]);
    let object = json!({"error": {"message": echo, "status": KEY, "code": 400, "details": details}});
    for reply in [
        Reply::json(401, object.clone()),
        Reply::json(200, object.clone()),
        Reply::json(200, json!({"candidates": KEY})),
        Reply::json(200, json!({"promptFeedback": {"blockReason": KEY, "blockReasonMessage": KEY}})),
        Reply::json(200, json!({"x": KEY})),
        Reply::text(401, echo.clone()),
        Reply::html(200, format!("<!doctype html>{echo}")),
        Reply::text(200, format!("{{\"a\": {echo}")),
        Reply::text(307, "").with_header("location", format!("https://h.test/{KEY}")),
    ] {
        errors_of_all_calls(&reply).iter().for_each(check);
    }
    let server = Server::replay([Reply::sse([events(&["a"])[0].clone(), error(500, KEY, KEY).to_string()])]);
    check(&drain(chat(&server).stream("Hi")).1.expect("an error"));
}

#[test]
fn not_even_half_of_it_where_a_text_is_cut() {
    for before in [45, 50, 55, 185, 195, 290, 985, 995, 2035, 2045] {
        let text = format!("{}{KEY}", "x".repeat(before));
        for reply in [
            Reply::json(500, error(500, &text, &text)),
            Reply::json(200, error(500, &text, &text)),
            Reply::text(500, text.clone()),
            Reply::text(200, text.clone()),
            Reply::json(200, json!({"promptFeedback": {"blockReason": text, "blockReasonMessage": text}})),
        ] {
            for error in errors_of_all_calls(&reply) {
                assert!(!shown(&error).contains(&KEY[..8]), "{error:?}");
            }
        }
    }
}

#[test]
fn not_in_the_address_of_a_request() {
    let server = Server::replay([Reply::json(500, json!({}))]);
    drain(chat(&server).stream("Hi"));
    assert!(!server.requests()[0].target().contains(KEY));
}

#[test]
fn not_those_to_servers_of_tools() {
    let server = Server::replay([Reply::never()]);
    let transport = json!({"url": "https://h.test", "headers": {"authorization": "mcp-s3cret"}});
    let tool = json!({"mcpServers": [{"name": "files", "streamableHttpTransport": transport}]});
    let builder = builder(&server).with_extra("tools", json!([tool]));
    let shown = format!("{builder:?}");
    for text in [shown, format!("{:?}", builder.build().expect("a model"))] {
        assert!(text.contains("files") && !text.contains("mcp-s3cret"), "{text}");
    }
}
