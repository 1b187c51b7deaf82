//! Settings that do not fit are errors of `build`.

use std::time::Duration;

use catena_core::{Error, ErrorKind};
use catena_llm_openai::{ChatOpenAi, HttpClient, OpenAi, OpenAiBuilder};

use crate::support::KEY;

fn builder() -> OpenAiBuilder {
    OpenAi::builder().ignore_environment()
}

#[track_caller]
fn check(builder: OpenAiBuilder, part: &str) {
    let error: Error = builder.build().expect_err(part);
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    assert!(error.to_string().contains(part), "{error}");
    assert!(!format!("{error} {error:?}").contains(KEY));
}

#[test]
fn what_does_not_fit_is_refused() {
    check(builder(), "OPENAI_API_KEY");
    check(builder(), "with_api_key");
    check(builder().with_base_url("https://eu.api.openai.com/v1"), "OPENAI_API_KEY");
    check(builder().with_api_key(""), "empty");
    check(builder().with_api_key(" \n"), "empty");
    check(builder().with_api_key(format!("{KEY}\n")), "line break");
    check(builder().with_api_key(KEY).with_organization("a\nb"), "openai-organization");
    check(builder().with_api_key(KEY).with_header("x y", "z"), "x y");
    check(builder().with_base_url("http://localhost/v1"), "without_api_key");
    check(builder().with_api_key(KEY).with_base_url("localhost:11434/v1"), "base URL");
    check(builder().with_api_key(KEY).with_base_url(""), "base URL");
    check(builder().with_api_key(KEY).with_temperature(f64::NAN), "`temperature`");
    check(builder().with_api_key(KEY).with_extra("stream", true), "`stream`");
    let client = HttpClient::builder().build().expect("a client");
    let both =
        builder().with_api_key(KEY).with_http_client(client).with_connect_timeout(Duration::from_secs(1));
    check(both, "with_connect_timeout");
}

#[test]
fn a_key_travels_only_where_nobody_can_read_it() {
    let to = |url: &str| builder().with_api_key(KEY).with_base_url(url);
    check(to("http://192.168.1.2/v1"), "unencrypted");
    check(to("http://api.openai.com/v1"), "unencrypted");
    check(to("http://localhost.evil.test/v1"), "unencrypted");
    for url in ["https://h.test/v1", "http://localhost:8080/v1", "http://127.0.0.1/v1", "http://[::1]:80/v1"]
    {
        to(url).build().expect(url);
    }
    to("http://192.168.1.2/v1").allow_insecure_http().build().expect("allowed");
    builder().with_base_url("http://192.168.1.2/v1").without_api_key().build().expect("no key, no secret");
}

#[test]
fn the_same_rules_hold_for_chat() {
    let error = ChatOpenAi::builder().ignore_environment().build().expect_err("no key");
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("OPENAI_API_KEY"), "{error}");
}
