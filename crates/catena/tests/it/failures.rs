//! What goes wrong between chain and service is a typed error that names the cause and the step, in good time.

use std::time::{Duration, Instant};

use catena::Runnable;
use catena::http::HttpClient;
use catena::openai::{ChatOpenAiBuilder, OpenAiBuilder};
use catena::prelude::*;
use catena_testkit::{Framing, Recorded, Refusing, Reply, Server, SimulatedOpenAi, shown};

use crate::chains::{KEY, chat_builder, llm_builder, pipes, prompt};
use crate::executors::multi;
use crate::service::half;
use crate::watchdog::{PATIENCE, watched};

/// The error of every way to call.
fn errors_of<R: Runnable<Input = Data>>(chain: &R) -> Vec<Error> {
    let last = |chunks: Vec<catena::Result<R::Output>>| chunks.into_iter().next_back().and_then(Result::err);
    let (runtime, blocking) = (multi(), chain.blocking());
    let errors = [
        futures_executor::block_on(chain.invoke("tea")).err(),
        runtime.block_on(chain.invoke("tea")).err(),
        last(futures_executor::block_on(chain.stream("tea").collect())),
        last(runtime.block_on(chain.stream("tea").collect())),
        last(runtime.block_on(chain.batch(["tea"; 2]))),
        runtime.block_on(chain.try_batch(["tea"; 2])).err(),
        blocking.invoke("tea").err(),
        last(blocking.stream("tea").collect()),
        last(blocking.batch(["tea"; 2])),
        blocking.batch_as_completed(["tea"; 2]).next().and_then(|(_, result)| result.err()),
    ];
    errors.into_iter().map(Option::unwrap).collect()
}

/// Checks the error of every way to call every kind of chain.
#[track_caller]
fn check_models(llm: OpenAi, chat: ChatOpenAi, kind: ErrorKind, says: &[&str]) {
    let started = Instant::now();
    let by_llm =
        [errors_of(&(prompt() | llm.clone() | StrOutputParser)), errors_of(&LlmChain::new(llm, prompt()))];
    let by_chat =
        [errors_of(&(prompt() | chat.clone() | StrOutputParser)), errors_of(&LlmChain::new(chat, prompt()))];
    for (step, errors) in
        [("seq[1] > OpenAi: ", by_llm.concat()), ("seq[1] > ChatOpenAi: ", by_chat.concat())]
    {
        for error in errors {
            let text = error.to_string();
            assert_eq!(error.kind(), kind, "{error:?}");
            assert!(text.starts_with(step), "no `{step}` in: {text}");
            for part in says {
                assert!(text.contains(part), "no `{part}` in: {text}");
            }
            assert!(!shown(&error).contains(KEY), "the key is shown: {error:?}");
        }
    }
    assert!(started.elapsed() < PATIENCE);
}

/// The same, of models at a base URL, after more settings.
fn check_settings(
    base_url: &str,
    of_llm: impl FnOnce(OpenAiBuilder) -> OpenAiBuilder,
    of_chat: impl FnOnce(ChatOpenAiBuilder) -> ChatOpenAiBuilder,
    kind: ErrorKind,
    says: &[&str],
) {
    let llm = of_llm(llm_builder(base_url)).build().unwrap();
    let chat = of_chat(chat_builder(base_url)).build().unwrap();
    check_models(llm, chat, kind, says);
}

/// The same, of a service that answers so.
fn check(
    answer: impl Fn(&Recorded) -> Reply + Send + Sync + 'static,
    kind: ErrorKind,
    says: &'static [&str],
) {
    watched(move || {
        let server = Server::start(answer);
        check_settings(&server.url(), |llm| llm, |chat| chat, kind, says);
    });
}

#[test]
fn a_wrong_key() {
    watched(|| {
        let service = SimulatedOpenAi::builder().with_key("sk-the-right-one-0123456789").start().unwrap();
        let says = ["401", "Incorrect API key", "OPENAI_API_KEY"];
        check_settings(&service.base_url(), |llm| llm, |chat| chat, ErrorKind::Authentication, &says);
    });
}

#[test]
fn a_service_that_repeats_the_key() {
    let echo = |_: &Recorded| Reply::text(400, format!("what is {KEY}?")).with_header("x-request-id", KEY);
    check(echo, ErrorKind::BadRequest, &["400", "what is [redacted]?"]);
    check(|_| Reply::html(200, format!("<!doctype html>{KEY}")), ErrorKind::InvalidResponse, &["web page"]);
}

#[test]
fn an_unreachable_host() {
    watched(|| {
        let nobody = Refusing::new().unwrap();
        let address = nobody.address().to_string();
        let says = [address.as_str(), "refused"];
        check_settings(&nobody.url(), |llm| llm, |chat| chat, ErrorKind::Connection, &says);
    });
}

#[test]
fn a_host_without_an_address() {
    watched(|| {
        // No name server is asked about a label of more than 63 characters.
        let url = format!("http://{}.invalid/v1", "x".repeat(70));
        let by_llm = |llm: OpenAiBuilder| llm.allow_insecure_http();
        let by_chat = |chat: ChatOpenAiBuilder| chat.allow_insecure_http();
        let says = ["cannot resolve", "xxx.invalid"];
        check_settings(&url, by_llm, by_chat, ErrorKind::Connection, &says);
    });
}

#[test]
fn tls_to_a_server_that_speaks_plain_http() {
    watched(|| {
        let server = Server::replay([Reply::text(200, "hello")]);
        let address = server.address().to_string();
        let says = [address.as_str(), "does not seem to speak TLS", "http://"];
        check_settings(&format!("https://{address}"), |llm| llm, |chat| chat, ErrorKind::Tls, &says);
        assert!(server.requests().is_empty());
    });
}

#[test]
fn a_web_page_instead_of_json() {
    let page = |_: &Recorded| Reply::html(200, "<!doctype html><title>Sign in to the hotel</title>");
    check(page, ErrorKind::InvalidResponse, &["web page", "Sign in to the hotel"]);
    check(|_| Reply::html(502, "<h1>Bad Gateway</h1>"), ErrorKind::Server, &["502", "Bad Gateway"]);
}

#[test]
fn what_is_not_json() {
    check(|_| Reply::text(200, "tea is fine"), ErrorKind::InvalidResponse, &["not JSON"]);
    check(|_| Reply::bytes(200, vec![0xff; 20]), ErrorKind::Decode, &["not"]);
    check(|_| Reply::text(200, ""), ErrorKind::InvalidResponse, &[]);
    let damaged = |_: &Recorded| Reply::text(200, "{\"choi").with_header("content-type", "application/json");
    check(damaged, ErrorKind::Decode, &["not JSON"]);
}

#[test]
fn json_of_another_protocol() {
    let other = |_: &Recorded| Reply::json(200, serde_json::json!({"content": [{"text": "tea"}]}));
    check(other, ErrorKind::InvalidResponse, &[]);
}

#[test]
fn a_body_that_breaks_off() {
    let says = &["127.0.0.1", "before it was complete"];
    check(|request| half(request).end_abort(), ErrorKind::Incomplete, says);
    check(|request| half(request).split_every(1).end_abort(), ErrorKind::Incomplete, says);
}

#[test]
fn a_stream_that_ends_without_its_end() {
    watched(|| {
        let server = Server::start(half);
        for chain in pipes(&server) {
            let chunks: Vec<_> = chain.blocking().stream("tea").collect();
            assert_eq!(chunks[0].as_ref().unwrap(), "Brush", "what came is given");
            let error = chunks.into_iter().next_back().unwrap().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Incomplete, "{error}");
            assert!(error.to_string().starts_with("seq[1] > "), "{error}");
        }
    });
}

#[test]
fn a_connection_that_breaks_before_the_answer() {
    check(|_| Reply::drop_connection(), ErrorKind::Connection, &["127.0.0.1", "broke before an answer"]);
}

#[test]
fn what_is_not_http() {
    let other = |_: &Recorded| {
        Reply::text(200, "").with_header("bad header", "\r\n\0").with_framing(Framing::UntilClose)
    };
    check(other, ErrorKind::InvalidResponse, &["127.0.0.1", "HTTP"]);
}

#[test]
fn a_service_that_keeps_silent() {
    watched(|| {
        let (server, limit) = (Server::replay([Reply::never()]), Duration::from_millis(10));
        let says = ["127.0.0.1", "10ms", "with_first_byte_timeout"];
        let by_llm = |llm: OpenAiBuilder| llm.with_first_byte_timeout(limit);
        let by_chat = |chat: ChatOpenAiBuilder| chat.with_first_byte_timeout(limit);
        check_settings(&server.url(), by_llm, by_chat, ErrorKind::Timeout, &says);
        assert!(server.wait_for_disconnects(server.requests().len(), PATIENCE), "nothing is left open");
    });
}

#[test]
fn a_service_that_falls_silent() {
    watched(|| {
        let server = Server::start(|request| half(request).end_stall());
        let limit = Duration::from_millis(10);
        let says = ["127.0.0.1", "10ms", "with_idle_timeout"];
        let by_llm = |llm: OpenAiBuilder| llm.with_idle_timeout(limit);
        let by_chat = |chat: ChatOpenAiBuilder| chat.with_idle_timeout(limit);
        check_settings(&server.url(), by_llm, by_chat, ErrorKind::Timeout, &says);
        assert!(server.wait_for_disconnects(server.requests().len(), PATIENCE), "nothing is left open");
    });
}

#[test]
fn a_service_that_sees_no_end() {
    watched(|| {
        // A dot every millisecond, for longer than any test.
        let dots = "data: ".to_owned() + &".".repeat(20_000);
        let endless = Reply::bytes(200, dots).split_every(1).with_pause(Duration::from_millis(1));
        let server = Server::replay([endless.with_header("content-type", "text/event-stream")]);
        let limit = Duration::from_millis(10);
        let by_llm = |llm: OpenAiBuilder| llm.with_total_timeout(limit);
        let by_chat = |chat: ChatOpenAiBuilder| chat.with_total_timeout(limit);
        let says = ["127.0.0.1", "10ms", "with_total_timeout"];
        check_settings(&server.url(), by_llm, by_chat, ErrorKind::Timeout, &says);
    });
}

#[test]
fn a_line_without_end() {
    watched(|| {
        let line = format!("data: {}", "x".repeat(8000));
        let endless = Reply::bytes(200, line).split_every(500).end_stall();
        let server = Server::replay([endless.with_header("content-type", "text/event-stream")]);
        let http =
            HttpClient::builder().with_max_event_bytes(4000).with_max_body_bytes(4000).build().unwrap();
        let by_llm = |llm: OpenAiBuilder| llm.with_http_client(http.clone());
        let by_chat = |chat: ChatOpenAiBuilder| chat.with_http_client(http.clone());
        check_settings(&server.url(), by_llm, by_chat, ErrorKind::TooLarge, &["larger than 4000 bytes"]);
        assert!(server.wait_for_disconnects(server.requests().len(), PATIENCE), "nothing is left open");
    });
}

#[test]
fn a_line_without_end_under_the_default_limit() {
    watched(|| {
        let endless = Reply::bytes(200, format!("data: {}", "x".repeat(9 << 20))).end_stall();
        let server = Server::replay([endless.with_header("content-type", "text/event-stream")]);
        for chain in pipes(&server) {
            let error = chain.blocking().stream("tea").next().unwrap().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
            assert!(error.to_string().starts_with("seq[1] > "), "{error}");
        }
        assert!(server.wait_for_disconnects(2, PATIENCE), "nothing is left open");
    });
}

#[test]
fn a_service_that_refuses() {
    let refusal = |status: u16| {
        let error = serde_json::json!({"error": {"message": "not today", "type": "x", "code": "closed"}});
        move |_: &Recorded| Reply::json(status, error.clone())
    };
    check(refusal(400), ErrorKind::BadRequest, &["400", "not today"]);
    check(refusal(403), ErrorKind::PermissionDenied, &["403", "not today"]);
    check(refusal(404), ErrorKind::NotFound, &["404", "not today"]);
    check(refusal(429), ErrorKind::RateLimit, &["429", "not today"]);
    check(refusal(500), ErrorKind::Server, &["500", "not today"]);
}
