//! Servers that cannot be reached, break off or stall.

use std::time::Duration;

use catena_core::{Error, ErrorKind, RunnableExt};
use catena_llm_openai::{ChatOpenAi, HttpClient, Proxy};
use catena_testkit::{Refusing, Reply, Server};
use futures_executor::block_on;
use serde_json::json;

use crate::support::{KEY, chat_builder, chat_completion, drain, errors_of_all_calls, shown};

fn call(base_url: &str) -> Error {
    let chat = ChatOpenAi::builder().ignore_environment().with_base_url(base_url).with_api_key(KEY);
    let chat = chat.with_max_retries(0).build();
    let chat = chat.expect("a model");
    let error = block_on(chat.invoke("Hi")).expect_err("an error");
    assert_eq!(drain(chat.stream("Hi")).1.expect("an error").kind(), error.kind());
    assert!(!shown(&error).contains(KEY));
    error
}

#[test]
fn a_host_without_a_server_is_a_connection_error() {
    let error = call(&Refusing::new().expect("a port").url());
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Connection, true));
    assert!(error.to_string().contains("127.0.0.1:"), "{error}");
}

#[test]
fn tls_to_a_plain_port_is_a_tls_error() {
    let server = Server::replay([Reply::text(200, "hi")]);
    let error = call(&server.url().replace("http://", "https://"));
    assert_eq!(error.kind(), ErrorKind::Tls, "{error}");
}

#[test]
fn a_connection_that_closes_is_a_connection_error() {
    for error in errors_of_all_calls(&Reply::drop_connection()) {
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Connection, true), "{error}");
    }
}

#[test]
fn a_truncated_body_is_incomplete() {
    for error in errors_of_all_calls(&Reply::json(200, chat_completion("cut")).end_abort()) {
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Incomplete, true), "{error}");
    }
}

#[test]
fn a_server_that_stalls_is_a_timeout() {
    let server = Server::replay([Reply::never(), Reply::json(200, json!({})).end_stall(), Reply::never()]);
    let short = Duration::from_millis(100);
    let builder = || chat_builder(&server);
    for (builder, part) in [
        (builder().with_first_byte_timeout(short), "first byte timeout"),
        (builder().with_idle_timeout(short), "idle timeout"),
        (builder().with_total_timeout(short), "total timeout"),
    ] {
        let error = block_on(builder.build().expect("a model").invoke("Hi")).expect_err("a timeout");
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Timeout, true), "{error}");
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[test]
fn models_share_a_client() {
    let server = Server::replay([Reply::json(200, chat_completion("Hi"))]);
    let client = HttpClient::builder().with_proxy(Proxy::None).build().expect("a client");
    for _ in 0..2 {
        let chat = chat_builder(&server).with_http_client(client.clone()).build().expect("a model");
        block_on(chat.invoke("Hi")).expect("an answer");
    }
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_proxy_is_used() {
    let server = Server::replay([Reply::json(200, chat_completion("Hi"))]);
    let builder = ChatOpenAi::builder().ignore_environment().with_proxy(Proxy::url(server.url()));
    let chat = builder.with_base_url("http://localhost:9/v1").without_api_key().build().expect("a model");
    block_on(chat.invoke("Hi")).expect("an answer");
    assert_eq!(server.requests()[0].target(), "http://localhost:9/v1/chat/completions");
}
