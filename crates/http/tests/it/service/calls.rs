//! What a call sends: URL, headers, query and body; and what comes back.

use catena_core::{Context, ErrorKind};
use catena_http::service::{Call, Credentials, Multipart, Service, ServiceBuilder};
use catena_testkit::{Reply, Server};
use futures_util::StreamExt;
use pollster::block_on;

use super::support::{Plain, builder, http};

fn server() -> Server {
    Server::replay([Reply::bytes(200, "{}")
        .with_header("content-type", "application/json")
        .with_header("x-request-id", "req_1")])
}

fn send(builder: ServiceBuilder, call: Call) {
    block_on(builder.build().unwrap().send(call, &Context::default())).unwrap();
}

#[test]
fn queries_of_base_service_and_call_follow_each_other() {
    let server = server();
    let base = format!("{}/v1/?tenant=7", server.url());
    let service = Service::builder(base, Plain).with_http_client(http()).with_query("v", "1");
    send(service, Call::get("files").with_query("tags[]", "a b").with_query("tags[]", "é"));
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let request = &server.requests()[0];
    assert_eq!((request.method(), request.path()), ("GET", "/v1/files"));
    let expected = [pair("tenant", "7"), pair("v", "1"), pair("tags[]", "a b"), pair("tags[]", "é")];
    assert_eq!(request.query_pairs(), expected);
    assert_eq!((request.header("content-type"), request.body().len()), (None, 0));
    assert_eq!(request.header("accept"), Some("application/json"));
}

#[test]
fn a_later_header_wins_even_over_the_key() {
    let server = server();
    let service = || {
        let service = builder(&server).with_credentials(Credentials::bearer("the-key"));
        service.with_header("X-Team", "blue").with_header("x-team", "green").with_header("user-agent", "me/1")
    };
    send(service(), Call::post("a").with_json("{}"));
    send(service(), Call::post("a").with_json("{}").with_header("Authorization", "Other").unwrap());
    send(
        service().with_header("authorization", "Mine"),
        Call::delete("a").with_header("x-team", "red").unwrap(),
    );
    let header = |request: usize, name: &str| server.requests()[request].header(name).map(str::to_owned);
    assert_eq!(header(0, "authorization").as_deref(), Some("Bearer the-key"));
    assert_eq!(header(0, "x-team").as_deref(), Some("green"));
    assert_eq!(header(0, "user-agent").as_deref(), Some("me/1"));
    assert_eq!(header(1, "authorization").as_deref(), Some("Other"));
    assert_eq!(header(2, "authorization").as_deref(), Some("Mine"));
    assert_eq!(header(2, "x-team").as_deref(), Some("red"));
    assert_eq!(server.requests()[2].method(), "DELETE");
}

#[test]
fn the_key_may_have_a_header_of_its_own() {
    let server = server();
    send(
        builder(&server).with_credentials(Credentials::header("x-api-key", "the-key").unwrap()),
        Call::get("a"),
    );
    let request = &server.requests()[0];
    assert_eq!((request.header("x-api-key"), request.header("authorization")), (Some("the-key"), None));
}

#[test]
fn a_form_is_sent_as_one_body() {
    let server = server();
    let form =
        Multipart::new().with_field("purpose", "batch").with_file("file", "a.txt", "text/plain", "hello");
    send(builder(&server), Call::post("files").with_multipart(form));
    let request = &server.requests()[0];
    assert!(
        request.header("content-type").is_some_and(|kind| kind.starts_with("multipart/form-data; boundary="))
    );
    assert!(request.text().contains("filename=\"a.txt\"") && request.text().contains("hello"));
}

#[test]
fn an_answer_says_where_it_comes_from() {
    let server = server();
    let service = builder(&server).build().unwrap();
    let answer = block_on(service.send(Call::get("a"), &Context::default())).unwrap();
    assert_eq!((answer.origin.request_id.as_deref(), answer.origin.status), (Some("req_1"), Some(200)));
    assert_eq!(answer.origin.headers["content-type"], "application/json");
}

#[test]
fn a_file_of_any_size_comes_piece_by_piece() {
    let server = Server::replay([Reply::bytes(200, vec![7; 1 << 20])]);
    let service = builder(&server).build().unwrap();
    let size = block_on(async {
        let mut body = service.download(Call::get("a"), &Context::default()).await.unwrap().body;
        let mut size = 0;
        while let Some(bytes) = body.next().await {
            size += bytes.unwrap().len();
        }
        size
    });
    assert_eq!(size, 1 << 20);
}

#[track_caller]
fn refuse(builder: ServiceBuilder, part: &str) {
    let error = builder.build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains(part) && !error.to_string().contains("hunter2"), "{error}");
}

#[test]
fn what_does_not_fit_is_refused_when_it_is_built() {
    let at = |url: &str| Service::builder(url, Plain);
    let key = |key: &str| Credentials::bearer(key);
    refuse(at("h.test?hunter2"), "base URL");
    refuse(at("https://h.test").with_header("a b", "hunter2"), "a b");
    refuse(at("https://h.test").with_header("a", "hunter2\n"), "`a`");
    refuse(at("https://h.test").with_credentials(key(" ")), "empty");
    refuse(at("https://h.test").with_credentials(key("hunter2\n")), "line break");
    refuse(at("http://h.test").with_credentials(key("hunter2")), "unencrypted");
    at("http://h.test").with_credentials(key("hunter2")).allow_insecure_http().build().unwrap();
    at("http://h.test").build().unwrap();
}

#[test]
fn a_proxy_that_wants_credentials_is_not_the_service() {
    let server = Server::replay([Reply::html(407, "<html>who are you?")]);
    let service = builder(&server).with_max_retries(3).build().unwrap();
    let error = block_on(service.send(Call::get("models"), &Context::default())).unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Connection, false));
    assert!(error.to_string().contains("proxy asks for credentials"), "{error}");
    assert_eq!(server.requests().len(), 1);
}
