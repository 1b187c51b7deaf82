//! Keys leave this machine over TLS, or where that is allowed.

use catena_core::{Context, ErrorKind};
use catena_http::service::{Call, Credentials, Service, ServiceBuilder};
use catena_http::{HttpClient, Proxy, ProxyUrl};
use futures_util::StreamExt;
use pollster::block_on;

use super::support::{Plain, Texts, http};

const KEY: &str = "sk-test-4f9a1c77d2e8";

/// Each way to give every call a key.
fn with_key(url: &str, client: &HttpClient) -> [ServiceBuilder; 4] {
    let service = || Service::builder(url, Plain).with_http_client(client.clone());
    [
        service().with_credentials(Credentials::bearer(KEY)),
        service().with_header("Authorization", format!("Bearer {KEY}")),
        service().with_header("x-team-api-key", KEY),
        service().with_header("apikey", KEY),
    ]
}

/// Whether a key may travel there: as what is set, and with a call. What is refused names who would read it.
#[track_caller]
fn check(url: &str, proxy: impl Into<Proxy>, reader: Option<&str>) {
    let client = HttpClient::builder().with_proxy(proxy).build().unwrap();
    for builder in with_key(url, &client) {
        let refused = builder.build().err().map(|error| (error.kind(), error.to_string()));
        assert_eq!(refused.as_ref().map(|refused| refused.0), reader.map(|_| ErrorKind::Config), "{url}");
        if let (Some((_, text)), Some(reader)) = (refused, reader) {
            assert!(text.contains(&format!("to {reader} unencrypted")) && !text.contains(KEY), "{text}");
        }
    }
    for builder in with_key(url, &client) {
        builder.allow_insecure_http().build().unwrap();
    }
}

#[test]
fn a_key_goes_to_this_machine_or_over_tls() {
    check("https://h.test", Proxy::None, None);
    check("http://localhost:8080", Proxy::None, None);
    check("http://LOCALHOST:8080", Proxy::None, None);
    check("http://h.test", Proxy::None, Some("h.test"));
}

#[test]
fn a_key_is_not_handed_to_a_proxy_elsewhere() {
    let corp = || ProxyUrl::new("http://corp.test:3128");
    check("http://localhost:8080", corp(), Some("the proxy corp.test:3128"));
    check(
        "http://127.0.0.1:8080",
        ProxyUrl::new("http://user:hunter2@[2001:db8::1]"),
        Some("the proxy [2001:db8::1]:80"),
    );
    check("http://localhost:8080", corp().with_no_proxy("localhost"), None);
    check("http://localhost:8080", Proxy::url("http://127.0.0.1:3128"), None);
    check("http://localhost:8080", Proxy::url("http://[::1]:3128"), None);
    // A tunnel shows nothing, and a proxy that is here keeps nothing from others on the way.
    check("https://h.test", corp(), None);
    check("http://h.test", Proxy::url("http://127.0.0.1:3128"), Some("h.test"));
}

#[test]
fn a_key_given_with_a_call_goes_nowhere_else() {
    let service = Service::builder("http://h.test", Plain).with_http_client(http()).build().unwrap();
    let call = || Call::post("ask").with_header("authorization", KEY).unwrap();
    block_on(async {
        let cx = Context::default;
        for error in [
            service.send(call(), &cx()).await.unwrap_err(),
            service.download(call(), &cx()).await.unwrap_err(),
            service.stream(Ok(call()), cx(), Texts::default).next().await.unwrap().unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Config, "{error}");
            assert!(error.to_string().contains("to h.test unencrypted"), "{error}");
        }
    });
}

#[test]
fn what_is_allowed_is_sent() {
    let server = catena_testkit::Server::replay([catena_testkit::Reply::text(200, "")]);
    // The test server stands in for both: it is handed the request whole.
    let client = HttpClient::builder().with_proxy(Proxy::url(server.url())).build().unwrap();
    let service = Service::builder("http://h.test", Plain).with_http_client(client).allow_insecure_http();
    let service = service.build().unwrap();
    let call = Call::post("ask").with_header("authorization", KEY).unwrap();
    block_on(service.send(call, &Context::default())).unwrap();
    assert_eq!(server.requests()[0].header("authorization"), Some(KEY));
}
