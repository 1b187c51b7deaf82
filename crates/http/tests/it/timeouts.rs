//! The four time limits, by a fake timer.

use std::sync::Arc;
use std::time::Duration;

use catena_core::{Context, Error, ErrorKind};
use catena_http::HttpClient;
use catena_http::service::{Call, Service};
use futures_util::StreamExt;
use tokio::runtime::Builder;

use crate::server::{Connection, Server, builder, get};
use crate::service::support::Plain;
use crate::timer::FakeTimer;

const CONNECT: Duration = Duration::from_secs(11);
const FIRST_BYTE: Duration = Duration::from_secs(12);
const IDLE: Duration = Duration::from_secs(13);
const TOTAL: Duration = Duration::from_secs(14);

fn limited() -> (HttpClient, Arc<FakeTimer>) {
    let timer = Arc::new(FakeTimer::default());
    let client = builder()
        .with_timer(Arc::clone(&timer))
        .with_connect_timeout(CONNECT)
        .with_first_byte_timeout(FIRST_BYTE)
        .with_idle_timeout(IDLE)
        .with_total_timeout(TOTAL)
        .build()
        .unwrap();
    (client, timer)
}

fn check(error: &Error, parts: &[&str]) {
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    for part in parts.iter().chain(&["127.0.0.1:"]) {
        assert!(error.to_string().contains(part), "`{part}` is missing in: {error}");
    }
}

/// A call fails when a sleep of `limit` ends after a server has done `then_stall` and fallen silent; on the I/O thread and
/// on a runtime.
fn fails_after(limit: Duration, tls: bool, then_stall: fn(&mut Connection), parts: &[&str]) {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    for in_place in [false, true] {
        let (client, timer) = limited();
        let server = Server::new(move |connection| {
            then_stall(connection);
            timer.expire(limit);
            connection.until_closed();
        });
        let url = if tls { server.https("/").replace("localhost", "127.0.0.1") } else { server.url("/") };
        let call = async { get(&client, &url).await?.bytes().await };
        let result = if in_place { runtime.block_on(call) } else { pollster::block_on(call) };
        check(&result.unwrap_err(), parts);
    }
}

fn send_a_part(connection: &mut Connection) {
    connection.request();
    connection.start();
    connection.chunk("some");
}

#[test]
fn the_connect_limit_covers_the_tls_handshake() {
    // The connection is accepted, and the client's hello never answered.
    fails_after(CONNECT, true, |_| {}, &["connect timeout", "11s", "with_connect_timeout"]);
}

#[test]
fn the_first_byte_limit() {
    let half_a_head = |connection: &mut Connection| {
        connection.request();
        connection.write("HTTP/1.1 200 OK\r\n");
    };
    fails_after(FIRST_BYTE, false, half_a_head, &["first byte timeout", "12s", "with_first_byte_timeout"]);
}

#[test]
fn the_idle_limit() {
    fails_after(IDLE, false, send_a_part, &["idle timeout", "13s", "with_idle_timeout"]);
}

#[test]
fn the_total_limit_covers_head_and_body() {
    let parts = ["total timeout", "14s", "with_total_timeout"];
    fails_after(TOTAL, true, |_| {}, &parts);
    fails_after(TOTAL, false, |connection| drop(connection.request()), &parts);
    fails_after(TOTAL, false, send_a_part, &parts);
}

#[test]
fn the_words_of_an_error_are_not_waited_for_long() {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    for in_place in [false, true] {
        let timer = Arc::new(FakeTimer::default());
        let client = builder().with_timer(Arc::clone(&timer)).build().unwrap();
        let server = Server::new(move |connection| {
            connection.request();
            connection.write("HTTP/1.1 429 Slow Down\r\ncontent-length: 99\r\n\r\nnot so fast");
            // Neither the idle limit nor another passes.
            timer.expire(Duration::from_secs(5));
            connection.until_closed();
        });
        let service =
            Service::builder(server.url(""), Plain).with_http_client(client).with_max_retries(0).build();
        let (service, cx) = (service.unwrap(), Context::default());
        let call = service.send(Call::get("a"), &cx);
        let error = if in_place { runtime.block_on(call) } else { pollster::block_on(call) }.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::RateLimit, true), "{error}");
    }
}

#[test]
fn a_timeout_ends_a_stream_and_closes_its_connection() {
    let (closed, wait) = std::sync::mpsc::channel();
    let server = Server::new(move |connection| {
        connection.request();
        connection.start();
        connection.chunk("data: 1\n\ndata: 2");
        connection.until_closed();
        closed.send(()).unwrap();
    });
    let (client, timer) = limited();
    pollster::block_on(async {
        let mut events = get(&client, &server.url("/")).await.unwrap().events();
        assert_eq!(events.next().await.unwrap().unwrap().data, "1");
        timer.expire(IDLE);
        check(&events.next().await.unwrap().unwrap_err(), &["idle timeout"]);
        assert!(events.next().await.is_none());
    });
    wait.recv().unwrap();
}

#[test]
fn the_real_timer_works_everywhere() {
    let server = Server::new(Connection::until_closed);
    let client = builder().with_first_byte_timeout(Duration::from_millis(5)).build().unwrap();
    let url = server.url("/");
    let call = || get(&client, &url);
    check(&smol::block_on(call()).unwrap_err(), &["5ms"]);
    check(&pollster::block_on(call()).unwrap_err(), &["5ms"]);
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    check(&runtime.block_on(call()).unwrap_err(), &["5ms"]);
}
