//! What is tried again, after which wait, and how often.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use catena_core::{
    CancelToken, Context, ErrorKind, RetryBudget, RetryPolicy, RunConfig, RunEventKind, RunnableExt,
    observe_with,
};
use catena_http::service::{ApiKey, Call, Credentials, Service};
use catena_testkit::{Refusing, Reply, Server};
use futures_util::FutureExt;
use pollster::block_on;

use super::support::{Ask, Hasty, Plain, builder, hasty, http};

fn post() -> Call {
    Call::post("ask").with_json("{}")
}

/// The answers in turn, then the outcome and the waits in milliseconds.
#[track_caller]
fn check(
    replies: Vec<Reply>,
    retries: usize,
    expected: Result<&str, (ErrorKind, usize)>,
    waits: &[(u64, u64)],
) {
    check_call(post(), replies, retries, expected, waits);
}

#[track_caller]
fn check_call(
    call: Call,
    replies: Vec<Reply>,
    retries: usize,
    expected: Result<&str, (ErrorKind, usize)>,
    waits: &[(u64, u64)],
) {
    let server = Server::replay(replies);
    let (builder, timer) = hasty(&server);
    let service = builder.with_max_retries(retries).build().unwrap();
    let outcome = block_on(service.send(call, &Context::default()));
    match (&outcome, expected) {
        (Ok(answer), Ok(expected)) => assert_eq!(answer.body, expected),
        (Err(error), Err(expected)) => assert_eq!((error.kind(), error.attempts()), expected, "{error}"),
        (outcome, expected) => panic!("{outcome:?} instead of {expected:?}"),
    }
    let waited = timer.sleeps();
    let fits = |(wait, &(least, most)): (&Duration, &(u64, u64))| {
        (least..=most).contains(&(wait.as_millis() as u64))
    };
    assert!(
        waited.len() == waits.len() && waited.iter().zip(waits).all(fits),
        "{waited:?} instead of {waits:?}"
    );
    assert_eq!(server.requests().len(), waits.len() + 1);
}

fn ok() -> Reply {
    Reply::text(200, "fine")
}

fn failed(status: u16, header: &str, value: &str) -> Reply {
    Reply::text(status, "").with_header(header, value)
}

const FIRST: (u64, u64) = (375, 500);
const SECOND: (u64, u64) = (750, 1000);

#[test]
fn statuses_that_may_change_are_retried() {
    for status in [408, 409, 429, 500, 501, 503, 529, 599] {
        check(vec![Reply::text(status, ""), ok()], 2, Ok("fine"), &[FIRST]);
    }
    for (status, kind) in [
        (304, ErrorKind::HttpStatus),
        (400, ErrorKind::BadRequest),
        (401, ErrorKind::Authentication),
        (402, ErrorKind::HttpStatus),
        (404, ErrorKind::NotFound),
        (413, ErrorKind::HttpStatus),
        (422, ErrorKind::BadRequest),
        (425, ErrorKind::HttpStatus),
        (499, ErrorKind::HttpStatus),
    ] {
        check(vec![Reply::text(status, "")], 2, Err((kind, 1)), &[]);
    }
}

#[test]
fn the_number_of_attempts_is_bounded_and_told() {
    check(vec![Reply::text(503, "busy")], 2, Err((ErrorKind::Server, 3)), &[FIRST, SECOND]);
    check(vec![Reply::text(503, "busy")], 0, Err((ErrorKind::Server, 1)), &[]);
    let long = [FIRST, SECOND, (1500, 2000), (3000, 4000), (6000, 8000), (6000, 8000)];
    check(vec![Reply::text(503, "busy")], 6, Err((ErrorKind::Server, 7)), &long);
    let server = Server::replay([Reply::text(503, "busy")]);
    let service = hasty(&server).0.build().unwrap();
    let error = block_on(service.send(post().with_max_retries(1), &Context::default())).unwrap_err();
    assert_eq!(error.to_string(), "HTTP 503: busy (after 2 attempts)");
}

#[test]
fn the_service_says_whether() {
    let not = || failed(500, "x-should-retry", "false");
    check(vec![not()], 2, Err((ErrorKind::Server, 1)), &[]);
    check(vec![failed(400, "x-should-retry", "true"), ok()], 2, Ok("fine"), &[FIRST]);
    check(vec![failed(500, "x-should-retry", "maybe"), ok()], 2, Ok("fine"), &[FIRST]);
    let broke =
        || Reply::text(429, "broke").with_header("x-should-retry", "true").with_header("retry-after", "1");
    check(vec![broke()], 2, Err((ErrorKind::QuotaExceeded, 1)), &[]);
}

#[test]
fn the_service_says_when() {
    let after = |value: &str| vec![failed(429, "retry-after", value), ok()];
    check(after("7"), 2, Ok("fine"), &[(7000, 7000)]);
    check(after("0.25"), 2, Ok("fine"), &[(250, 250)]);
    check(after("120"), 2, Ok("fine"), &[(120_000, 120_000)]);
    check(after("Thu, 01 Jan 2026 00:00:10 GMT"), 2, Ok("fine"), &[(10_000, 10_000)]);
    for value in ["0", "-3", "soon", "inf", "nan", "Thu, 01 Jan 2025 00:00:10 GMT"] {
        check(after(value), 2, Ok("fine"), &[FIRST]);
    }
    for value in ["120.5", "1e300", "Thu, 01 Jan 2026 00:10:00 GMT"] {
        check(vec![failed(429, "retry-after", value)], 2, Err((ErrorKind::RateLimit, 1)), &[]);
    }
    let both = |ms: &str| vec![failed(503, "retry-after", "9").with_header("retry-after-ms", ms), ok()];
    check(both("1500"), 2, Ok("fine"), &[(1500, 1500)]);
    check(both("soon"), 2, Ok("fine"), &[(9000, 9000)]);
    // A wish too long overrides the wish to be asked again, and hints count as retries for the waits that follow.
    let over = failed(503, "retry-after", "121").with_header("x-should-retry", "true");
    check(vec![over], 2, Err((ErrorKind::Server, 1)), &[]);
    let mixed = vec![failed(429, "retry-after", "3"), Reply::text(500, ""), ok()];
    check(mixed, 2, Ok("fine"), &[(3000, 3000), SECOND]);
}

#[test]
fn connections_that_fail_are_retried() {
    check(vec![Reply::drop_connection(), ok()], 2, Ok("fine"), &[FIRST]);
    check(vec![Reply::text(200, "half").end_abort(), ok()], 2, Ok("fine"), &[FIRST]);
    check(vec![Reply::drop_connection()], 2, Err((ErrorKind::Connection, 3)), &[FIRST, SECOND]);
    let nobody = Refusing::new().unwrap();
    let (builder, timer) = hasty(&Server::replay([ok()]));
    drop(builder);
    let service = catena_http::service::Service::builder(nobody.url(), super::support::Plain)
        .with_http_client(http())
        .with_timer(Arc::new(super::support::Hasty(timer.clone())))
        .build()
        .unwrap();
    let error = block_on(service.send(post(), &Context::default())).unwrap_err();
    assert_eq!((error.kind(), error.attempts(), timer.sleeps().len()), (ErrorKind::Connection, 3, 2));
}

#[test]
fn what_may_be_done_is_asked_for_at_most_once() {
    let check = |reply: Reply, expected, waits: &[_]| {
        check_call(post().at_most_once(), vec![reply, ok()], 2, expected, waits);
    };
    // A gateway's words say nothing about the service behind it.
    for status in [408, 500, 502, 504, 520, 524] {
        let kind = if status == 408 { ErrorKind::HttpStatus } else { ErrorKind::Server };
        check(Reply::text(status, ""), Err((kind, 1)), &[]);
        check(failed(status, "x-should-retry", "true"), Ok("fine"), &[FIRST]);
    }
    let hung_up =
        "upstream connect error or disconnect/reset before headers. reset reason: connection termination";
    for body in [hung_up.to_owned(), format!(r#"{{"error": {{"message": "{hung_up}"}}}}"#)] {
        check(Reply::text(503, body), Err((ErrorKind::Server, 1)), &[]);
    }
    for status in [409, 429, 503, 529] {
        check(Reply::text(status, ""), Ok("fine"), &[FIRST]);
    }
    check(Reply::drop_connection(), Err((ErrorKind::Connection, 1)), &[]);
    check(Reply::text(200, "half").end_abort(), Err((ErrorKind::Incomplete, 1)), &[]);
}

#[test]
fn a_damaged_answer_is_no_refusal() {
    for once in [false, true] {
        let damaged = std::sync::atomic::AtomicBool::new(true);
        let server = crate::server::Server::new(move |connection| {
            while connection.request().is_some() {
                if damaged.swap(false, std::sync::atomic::Ordering::SeqCst) {
                    connection.start();
                    connection.write("zz\r\n");
                } else {
                    connection.answer("fine");
                }
            }
        });
        let service = Service::builder(server.url("/"), Plain).with_http_client(http());
        let service = service.with_timer(Hasty::default()).build().unwrap();
        let call = if once { post().at_most_once() } else { post() };
        let kind = block_on(service.send(call, &Context::default())).err().map(|error| error.kind());
        assert_eq!(kind, once.then_some(ErrorKind::Incomplete));
    }
}

#[test]
fn a_reset_is_no_proof_for_what_is_asked_at_most_once() {
    for once in [false, true] {
        // A connection answers once, and is reset when more comes: nobody knows who read it.
        let server = crate::server::Server::new(|connection| {
            connection.request();
            connection.answer("fine");
            let _ = connection.stream.peek(&mut [0; 1]);
        });
        let service = Service::builder(server.url("/"), Plain).with_http_client(http()).with_max_retries(0);
        let service = service.build().unwrap();
        let call = || if once { post().at_most_once() } else { post() };
        block_on(service.send(call(), &Context::default())).unwrap();
        let kind = block_on(service.send(call(), &Context::default())).err().map(|error| error.kind());
        assert_eq!(kind, once.then_some(ErrorKind::Connection));
        assert_eq!(server.connections(), if once { 1 } else { 2 });
    }
}

#[test]
fn every_attempt_sends_the_same_with_a_key_of_its_own() {
    let server = Server::replay([Reply::text(500, ""), Reply::text(500, ""), ok()]);
    let keys = Mutex::new(vec!["third-key", "second-key", "first-key"]);
    let key = ApiKey::from_fn(move || Ok(keys.lock().unwrap().pop().unwrap().into()));
    let service = hasty(&server).0.with_credentials(Credentials::bearer(key)).build().unwrap();
    let call = Call::post("ask").with_json(r#"{"a":1}"#).with_header("idempotency-key", "7").unwrap();
    block_on(service.send(call, &Context::default())).unwrap();
    let requests = server.requests();
    for (request, key) in requests.iter().zip(["first", "second", "third"]) {
        assert_eq!(request.header("authorization"), Some(format!("Bearer {key}-key").as_str()));
        assert_eq!((request.text().as_str(), request.header("idempotency-key")), (r#"{"a":1}"#, Some("7")));
    }
    assert_eq!(requests.len(), 3);
}

#[test]
fn retries_of_layers_do_not_multiply() {
    let server = Server::replay([Reply::text(503, "")]);
    let (builder, timer) = hasty(&server);
    let service = builder.build().unwrap();
    let ask = Ask(service);
    let policy = RetryPolicy::new().without_delay();
    let outcome = block_on(ask.with_retry(policy.with_max_attempts(3)).invoke("x"));
    assert_eq!((server.requests().len(), timer.sleeps().len()), (3, 2));
    assert_eq!(outcome.unwrap_err().attempts(), 3);
}

#[test]
fn a_run_bounds_all_retries_in_it() {
    let server = Server::replay([Reply::text(503, "")]);
    let service = hasty(&server).0.build().unwrap();
    let cx = Context::new(&RunConfig::new().with_retry_budget(RetryBudget::new(3)));
    for attempts in [3, 2, 1] {
        assert_eq!(block_on(service.send(post(), &cx)).unwrap_err().attempts(), attempts);
    }
}

#[test]
fn retries_are_reported() {
    let server = Server::replay([Reply::text(503, ""), ok()]);
    let service = hasty(&server).0.build().unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let record = Arc::clone(&seen);
    let config = RunConfig::new().with_observer(observe_with(move |event| {
        if let RunEventKind::Retry { attempt, error } = event.kind {
            record.lock().unwrap().push((attempt, error.kind()));
        }
    }));
    assert_eq!(block_on(Ask(service).invoke_with("x", &config)).unwrap(), "fine");
    assert_eq!(*seen.lock().unwrap(), [(2, ErrorKind::Server)]);
}

#[test]
fn no_wait_outlasts_the_run_or_the_call() {
    let server = Server::replay([failed(429, "retry-after", "60")]);
    let (service, timer) = hasty(&server);
    let service = service.build().unwrap();
    let config = RunConfig::new().with_timeout(Duration::from_secs(30)).with_timer(timer.clone());
    let error = block_on(service.send(post(), &Context::new(&config))).unwrap_err();
    assert_eq!((error.kind(), server.requests().len()), (ErrorKind::RateLimit, 1));
    assert!(timer.sleeps().is_empty());
}

#[test]
fn a_wait_can_be_given_up() {
    let server = Server::replay([failed(429, "retry-after", "60")]);
    let timer = catena_core::fakes::FakeTimer::new();
    let service = builder(&server).with_timer(Arc::new(timer.clone())).build().unwrap();
    let token = CancelToken::new();
    let config = RunConfig::new().with_cancel(token.clone());
    let ask = Ask(service);
    let mut call = Box::pin(ask.invoke_with("x", &config));
    let waiting = async {
        while timer.sleeps().is_empty() {
            assert!((&mut call).now_or_never().is_none());
            std::thread::yield_now();
        }
    };
    block_on(waiting);
    token.cancel();
    assert_eq!(block_on(call).unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(server.requests().len(), 1);
}
