//! Keys are shown nowhere: not by `Debug`, not in errors, not in what comes with an answer.

use catena_core::Context;
use catena_http::service::{ApiKey, Call, Credentials, Service, ServiceBuilder};
use catena_http::{HttpClient, Proxy};
use catena_testkit::{Recorded, Reply, Server, shown};
use pollster::block_on;

use super::support::{Plain, builder, http};

const KEY: &str = "sk-test-4f9a1c77d2e8";

/// A service for each way to hand over the key.
fn services(server: &Server) -> Vec<ServiceBuilder> {
    let fetched = ApiKey::from_fn(|| Ok(KEY.into()));
    let awaited = ApiKey::from_async_fn(|| async { Ok(KEY.into()) });
    vec![
        builder(server).with_credentials(Credentials::bearer(KEY)),
        builder(server).with_credentials(Credentials::header("x-api-key", KEY).unwrap()),
        builder(server).with_credentials(Credentials::bearer(fetched)),
        builder(server).with_credentials(Credentials::bearer(awaited)),
        builder(server).with_header("authorization", format!("Token {KEY}")),
        builder(server).with_header("apikey", KEY),
    ]
}

#[test]
fn not_in_debug_output() {
    let server = Server::replay([Reply::never()]);
    for builder in services(&server) {
        let text = format!("{builder:?} {builder:#?}");
        let service = builder.build().unwrap();
        let text = format!("{text} {service:?} {service:#?}");
        assert!(!text.contains(KEY), "{text}");
    }
    let call = Call::get("a").with_header("x-api-key", KEY).unwrap().with_query("key", KEY).with_json(KEY);
    assert!(!format!("{call:?}").contains(KEY));
}

#[test]
fn not_in_errors_that_echo_it() {
    for reply in [
        Reply::text(401, format!("Incorrect key: {KEY}")),
        Reply::text(400, format!(r#"{{"message":"{}"}}"#, KEY.replace('s', "\\u0073"))),
        Reply::text(307, "").with_header("location", format!("https://h.test/{KEY}")),
        Reply::text(429, "").with_header("x-ratelimit-reset", KEY).with_header("x-request-id", KEY),
    ] {
        let server = Server::replay([reply]);
        for builder in services(&server) {
            let service = builder.with_max_retries(0).build().unwrap();
            let text = shown(&block_on(service.send(Call::get("a"), &Context::default())).unwrap_err());
            assert!(!text.contains(KEY), "{text}");
            assert!(text.contains("[redacted]"), "the echo is there, without the key: {text}");
        }
    }
}

#[test]
fn a_key_given_with_a_call_is_a_secret_too() {
    let server = Server::replay([Reply::text(401, format!("Incorrect key: {KEY}"))]);
    let service = builder(&server).build().unwrap();
    let call = Call::get("a").with_header("authorization", &format!("Bearer {KEY}")).unwrap();
    let text = shown(&block_on(service.send(call, &Context::default())).unwrap_err());
    assert!(text.contains("[redacted]") && !text.contains(KEY), "{text}");
}

#[test]
fn a_key_in_a_query_is_a_secret_too() {
    // The service echoes the URL, and the key as it understands it.
    let key = "sk/test+4f9a";
    let server = Server::start(move |request: &Recorded| {
        Reply::text(401, format!("{} {key}; version 2024-10-21, page 1", request.target()))
    });
    let url = format!("{}?key={}&page=1", server.url(), "sk%2Ftest%2B4f9a");
    let service = |url: &str| Service::builder(url, Plain).with_http_client(http()).with_max_retries(0);
    let call = Call::get("a").with_query("api-version", "2024-10-21");
    for (builder, call) in [
        (service(&url), call.clone()),
        (service(&server.url()).with_query("api_key", key).with_query("page", "1"), call.clone()),
        (service(&server.url()).with_query("page", "1"), call.with_query("token", key)),
    ] {
        let error = block_on(builder.build().unwrap().send(call, &Context::default())).unwrap_err();
        let text = shown(&error);
        assert!(!text.contains("4f9a") && text.contains("=[redacted]"), "{text}");
        assert!(text.contains("[redacted]; version 2024-10-21, page 1"), "{text}");
    }
}

#[test]
fn not_in_what_comes_with_an_answer() {
    let server = Server::replay([Reply::text(200, "").with_header("x-echo", format!("was {KEY}"))]);
    for builder in services(&server) {
        let service = builder.build().unwrap();
        let origin = block_on(service.send(Call::get("a"), &Context::default())).unwrap().origin;
        assert_eq!(origin.headers["x-echo"], "was [redacted]");
        assert!(!format!("{origin:?}").contains(KEY));
    }
}

#[test]
fn credentials_of_a_proxy_are_secrets_too() {
    let server = Server::start(|request: &Recorded| {
        let echo = request.header("proxy-authorization").unwrap().to_owned();
        Reply::text(401, &echo).with_header("x-echo", &echo)
    });
    let url = server.url().replace("http://", "http://user:pass%20word@");
    let client = HttpClient::builder().with_proxy(Proxy::url(url)).build().unwrap();
    // Who reads along may do so as long as the service has no secrets of its own.
    let service = Service::builder("http://h.test", Plain).with_http_client(client).build().unwrap();
    let text = shown(&block_on(service.send(Call::get("a"), &Context::default())).unwrap_err());
    assert!(text.contains("Basic [redacted]") && !text.contains("dXNlcjpwYXNzIHdvcmQ="), "{text}");
}

#[test]
fn not_in_the_error_of_what_fetches_it() {
    let server = Server::replay([Reply::never()]);
    let key = ApiKey::from_fn(|| Ok(format!("{KEY}\n").into()));
    let service = builder(&server).with_credentials(Credentials::bearer(key)).build().unwrap();
    let text = shown(&block_on(service.send(Call::get("a"), &Context::default())).unwrap_err());
    assert!(text.contains("line break") && !text.contains(KEY), "{text}");
}

#[test]
fn what_others_send_back_is_bounded() {
    let id = "r".repeat(10_000);
    let server = Server::replay([Reply::text(500, "é".repeat(1 << 20)).with_header("x-request-id", &id)]);
    let service = builder(&server).with_max_retries(0).build().unwrap();
    let error = block_on(service.send(Call::get("a"), &Context::default())).unwrap_err();
    let body = error.service().and_then(|service| service.body.clone()).unwrap();
    assert!(body.len() <= catena_http::service::MAX_ERROR_TEXT + 3, "{}", body.len());
    let id = error.service().and_then(|service| service.request_id.clone()).unwrap();
    assert!(id.len() <= 203, "{}", id.len());
}
