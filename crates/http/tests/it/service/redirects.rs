//! Redirects are followed where the key may go: to the server that it is for.

use catena_core::{Context, ErrorKind};
use catena_http::service::{Call, Credentials};
use catena_testkit::{Reply, Server};
use pollster::block_on;

use super::support::builder;

fn moved(status: u16, location: &str) -> Reply {
    Reply::text(status, "").with_header("location", location)
}

/// How many requests reach the server, and what comes of it.
#[track_caller]
fn check(reply: Reply, call: Call, requests: usize, expected: Result<&str, &str>) {
    let server = Server::replay([reply, Reply::text(200, "found")]);
    let service = builder(&server).with_credentials(Credentials::bearer("the-key")).build().unwrap();
    match (block_on(service.send(call, &Context::default())), expected) {
        (Ok(answer), Ok(body)) => assert_eq!(answer.body, body),
        (Err(error), Err(part)) => {
            assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::HttpStatus, false));
            assert!(error.to_string().contains(part), "{error}");
        }
        (outcome, _) => panic!("{outcome:?}"),
    }
    assert_eq!(server.requests().len(), requests);
}

#[test]
fn within_the_same_server_a_call_is_repeated_as_it_is() {
    let server = Server::replay([moved(307, "/v2/ask?b=2"), Reply::text(200, "found")]);
    let service = builder(&server).with_credentials(Credentials::bearer("the-key")).build().unwrap();
    let answer = block_on(service.send(Call::post("ask").with_json("{}"), &Context::default()));
    assert_eq!(answer.unwrap().body, "found");
    let second = &server.requests()[1];
    assert_eq!((second.method(), second.target(), second.text().as_str()), ("POST", "/v2/ask?b=2", "{}"));
    assert_eq!(second.header("authorization"), Some("Bearer the-key"));
    check(moved(308, "/x"), Call::post("ask"), 2, Ok("found"));
    check(moved(302, "/x"), Call::get("ask"), 2, Ok("found"));
}

#[test]
fn anything_else_is_an_error_that_says_where_to() {
    check(moved(302, "/x"), Call::post("ask"), 1, Err("to /x"));
    check(moved(303, "/x"), Call::get("ask"), 1, Err("to /x"));
    check(moved(307, "https://other.test/x?secret=1"), Call::get("ask"), 1, Err("to https://other.test/x"));
    check(moved(307, "//other.test/x"), Call::get("ask"), 1, Err("to //other.test/x"));
    check(moved(307, "http://127.0.0.1:9/x"), Call::get("ask"), 1, Err("to http://127.0.0.1:9/x"));
    check(moved(307, ""), Call::get("ask"), 1, Err("307"));
    check(Reply::text(301, "Moved"), Call::get("ask"), 1, Err("301"));
}

#[test]
fn a_circle_ends() {
    let server = Server::replay([moved(307, "/x")]);
    let service = builder(&server).build().unwrap();
    let error = block_on(service.send(Call::get("x"), &Context::default())).unwrap_err();
    assert!(error.to_string().contains("307"), "{error}");
    assert_eq!(server.requests().len(), 6);
}
