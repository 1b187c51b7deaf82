//! What travels beside the body.

use std::time::Duration;

use catena_core::RunnableExt;
use catena_llm_anthropic::ChatAnthropic;
use catena_testkit::{Reply, Server};
use futures_executor::block_on;
use serde_json::json;

use crate::support::{KEY, builder, chat, text_message};

#[test]
fn key_version_and_path_are_the_services() {
    let server = Server::replay([Reply::json(200, text_message("Hi"))]);
    block_on(chat(&server).invoke("Hi")).expect("an answer");
    let request = &server.requests()[0];
    assert_eq!((request.method(), request.path()), ("POST", "/v1/messages"));
    let header = |name: &str| request.header(name);
    assert_eq!(header("x-api-key"), Some(KEY));
    assert_eq!(header("anthropic-version"), Some("2023-06-01"));
    assert_eq!((header("authorization"), header("anthropic-beta")), (None, None));
    assert_eq!(header("content-type"), Some("application/json"));
}

#[test]
fn a_token_travels_as_bearer() {
    let server = Server::replay([Reply::json(200, text_message("Hi"))]);
    let base_url = format!("{}/v1/", server.url());
    let chat = ChatAnthropic::builder()
        .ignore_environment()
        .with_base_url(base_url)
        .with_auth_token("t0ken")
        .build();
    block_on(chat.expect("a model").invoke("Hi")).expect("an answer");
    let request = &server.requests()[0];
    assert_eq!(request.path(), "/v1/messages");
    assert_eq!((request.header("authorization"), request.header("x-api-key")), (Some("Bearer t0ken"), None));
}

#[test]
fn betas_and_headers_of_a_call_are_sent() {
    let server = Server::replay([Reply::json(200, text_message("Hi"))]);
    let chat =
        builder(&server).with_betas(["one-2025"]).with_header("x-team", "blue").build().expect("a model");
    let bound = chat
        .bind("betas", json!(["two-2025", "one-2025"]))
        .bind("extra_headers", json!({"x-run": 7}))
        .bind("extra_query", json!({"beta": true}));
    block_on(bound.invoke("Hi")).expect("an answer");
    let request = &server.requests()[0];
    assert_eq!(request.header("anthropic-beta"), Some("one-2025,two-2025"));
    assert_eq!((request.header("x-team"), request.header("x-run")), (Some("blue"), Some("7")));
    assert_eq!(request.query(), "beta=true");
    assert_eq!(request.json().get("betas"), None);
}

#[test]
fn a_time_limit_may_be_bound() {
    let server = Server::replay([Reply::json(200, text_message("Hi")).with_delay(Duration::from_secs(60))]);
    let error = block_on(chat(&server).bind("timeout", 0.05).invoke("Hi")).expect_err("too late");
    assert_eq!(error.kind(), catena_core::ErrorKind::Timeout, "{error}");
}
