//! Time limits of one call say what waited for what.

use std::sync::Arc;
use std::time::Duration;

use catena_core::fakes::FakeTimer;
use catena_core::{Admission, Admitted, Context, Demand, Error, ErrorKind, Result, async_trait};
use catena_http::service::Call;
use catena_testkit::{Reply, Server};
use futures_util::{FutureExt, StreamExt};
use pollster::block_on;

use super::support::{Texts, builder};

const SHORT: Duration = Duration::from_millis(50);

#[track_caller]
fn check(error: &Error, part: &str) {
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(error.to_string().contains(part), "{error}");
}

#[test]
fn each_limit_has_its_words() {
    let server = Server::replay([Reply::never(), Reply::text(200, "half").end_stall(), Reply::never()]);
    let service = builder(&server).with_max_retries(0).build().unwrap();
    let error = |call: Call| block_on(service.send(call, &Context::default())).unwrap_err();
    check(
        &error(Call::get("a").with_first_byte_timeout(SHORT)),
        "first byte timeout: no answer from 127.0.0.1",
    );
    check(
        &error(Call::get("a").with_idle_timeout(SHORT)),
        "idle timeout: nothing more arrived from 127.0.0.1",
    );
    check(
        &error(Call::get("a").with_total_timeout(SHORT)),
        "total timeout: no complete answer from 127.0.0.1",
    );
}

/// Lets nobody in.
#[derive(Debug)]
struct Closed;

#[async_trait]
impl Admission for Closed {
    async fn admit(&self, _: &Demand<'_>) -> Result<Box<dyn Admitted>> {
        std::future::pending().await
    }
}

#[test]
fn the_total_limit_covers_the_wait_to_be_let_in() {
    let server = Server::replay([Reply::text(200, "")]);
    let timer = FakeTimer::new();
    let service =
        builder(&server).with_timer(Arc::new(timer.clone())).with_admission(Closed).build().unwrap();
    let cx = Context::default();
    let mut call = Box::pin(service.send(Call::get("a").with_total_timeout(Duration::from_secs(60)), &cx));
    assert!((&mut call).now_or_never().is_none());
    timer.advance(Duration::from_secs(60));
    check(&block_on(call).unwrap_err(), "total timeout");
    assert!(server.requests().is_empty());
}

#[test]
fn the_total_limit_holds_for_a_stream_too() {
    let server = Server::replay([Reply::sse(["a"]).end_stall()]);
    let timer = FakeTimer::new();
    let service = builder(&server).with_timer(Arc::new(timer.clone())).build().unwrap();
    let call = Call::post("a").with_total_timeout(Duration::from_secs(60));
    let mut chunks = service.stream(Ok(call), Context::default(), Texts::default);
    block_on(async {
        assert_eq!(chunks.next().await.unwrap().unwrap(), "a");
        assert!(chunks.next().now_or_never().is_none());
        timer.advance(Duration::from_secs(60));
        check(&chunks.next().await.unwrap().unwrap_err(), "total timeout");
        assert!(chunks.next().await.is_none());
    });
}

#[test]
fn what_only_keeps_a_stream_alive_is_no_chunk() {
    let alive = ": alive\n\n".repeat(3);
    let reply =
        Reply::text(200, format!("data: a\n\n{alive}")).with_header("content-type", "text/event-stream");
    let server = Server::replay([reply.end_stall()]);
    let timer = FakeTimer::new();
    let service = builder(&server).with_timer(Arc::new(timer.clone())).build().unwrap();
    let call = Call::post("a").with_stream_chunk_timeout(Duration::from_secs(30));
    let mut chunks = service.stream(Ok(call), Context::default(), Texts::default);
    block_on(async {
        assert_eq!(chunks.next().await.unwrap().unwrap(), "a");
        assert!(chunks.next().now_or_never().is_none());
        timer.advance(Duration::from_secs(30));
        let error = chunks.next().await.unwrap().unwrap_err();
        check(&error, "stream chunk timeout: nothing new came within 30s after 1 chunks");
        assert!(chunks.next().await.is_none());
    });
}
