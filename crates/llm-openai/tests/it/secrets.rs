//! The key is shown nowhere.

use catena_core::{Error, LanguageModel, RunnableExt};
use catena_testkit::{Reply, Server};
use futures_executor::block_on;
use serde_json::json;

use crate::support::{
    KEY, chat, chat_builder, completion_events, drain, errors_of_all_calls, llm, llm_builder, shown,
};

#[test]
fn not_in_the_debug_output_of_builders_and_models() {
    let server = Server::replay([Reply::never()]);
    for text in [
        format!("{:?}", llm_builder(&server)),
        format!("{:#?}", chat_builder(&server)),
        format!("{:?}", llm(&server)),
        format!("{:#?}", chat(&server)),
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
    let object = json!({"error": {"message": echo, "type": KEY, "param": KEY, "code": KEY}});
    let stream = [completion_events(&["a"])[0].clone(), object.to_string()];
    for reply in [
        Reply::json(401, object.clone()),
        Reply::json(200, object),
        Reply::json(200, json!({"choices": KEY})),
        Reply::text(401, echo.clone()),
        Reply::html(200, format!("<!doctype html>{echo}")),
        Reply::text(200, echo.clone()),
        Reply::text(200, format!("{{\"a\": {echo}")),
        Reply::json(429, json!({"detail": echo.clone()})).with_header("x-request-id", KEY),
        Reply::text(500, "").with_header("x-ratelimit-remaining-tokens", KEY),
        Reply::text(307, "").with_header("location", format!("https://h.test/{KEY}")),
    ] {
        errors_of_all_calls(&reply).iter().for_each(check);
    }
    let server = Server::replay([Reply::sse(stream)]);
    check(&drain(llm(&server).stream("Hi")).1.expect("an error"));
}

#[test]
fn not_even_half_of_it_where_a_text_is_cut() {
    for before in [185, 190, 195, 2035, 2040, 2045] {
        for status in [200, 500] {
            for error in errors_of_all_calls(&Reply::text(status, format!("{}{KEY}", "x".repeat(before)))) {
                assert!(!shown(&error).contains(&KEY[..4]), "{error:?}");
            }
        }
    }
}

#[test]
fn the_request_of_a_failing_call_is_not_shown() {
    let server = Server::replay([Reply::drop_connection()]);
    let error = block_on(llm(&server).invoke("a private question")).expect_err("an error");
    let text = shown(&error);
    assert!(!text.contains(KEY) && !text.contains("private"), "{text}");
}

#[test]
fn keys_of_tools_are_neither_shown_nor_written() {
    let server = Server::replay([Reply::never()]);
    let tool = json!({"type": "mcp", "server_label": "files", "authorization": "Bearer mcp-s3cret"});
    let builder = chat_builder(&server).with_bound_tools([tool]);
    let shown = format!("{builder:?}");
    let chat = builder.build().expect("a model");
    for text in [shown, format!("{chat:?}"), catena_core::load::dumps(&chat)] {
        assert!(!text.contains("mcp-s3cret"), "{text}");
    }
    assert!(LanguageModel::constructor(&chat).is_none());
}
