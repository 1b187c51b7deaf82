//! A slow reader holds the server back: what nobody has asked for yet stays where it is.

use std::io::{ErrorKind, Write};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use bytes::Bytes;
use catena_core::Context;
use catena_http::Method;
use catena_http::service::{Call, Service};
use futures_util::{Stream, StreamExt};
use tokio::runtime::Builder;

use crate::server::{Server, builder, get};
use crate::service::support::{Plain, Texts};

/// More than all buffers on the way hold together.
const EVENTS: usize = 1 << 19;
const EVENT: &str =
    "data: a token, and what else servers put around each of them for every client to read\n\n";

/// A server that writes as fast as it can, and tells how much it got rid of when it is held back first.
fn flood() -> (Server, Receiver<usize>) {
    let (tell, held_back) = channel();
    let server = Server::new(move |connection| {
        connection.request();
        connection.write(&format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {}\r\n\r\n",
            EVENTS * EVENT.len()
        ));
        // A reader that reads leaves no write waiting for so long.
        connection.stream.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
        let (all, mut written) = (EVENT.repeat(EVENTS).into_bytes(), 0);
        while written < all.len() {
            match connection.stream.write(&all[written..(written + (64 << 10)).min(all.len())]) {
                Ok(count) => written += count,
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    let _ = tell.send(written);
                }
                Err(_) => return,
            }
        }
        let _ = tell.send(written);
    });
    (server, held_back)
}

/// Reads one item, then nothing until the server is held back, then the rest: in all so much.
async fn check<T>(
    what: &str,
    held_back: Receiver<usize>,
    items: impl Stream<Item = catena_core::Result<T>>,
    size: fn(&T) -> usize,
    expected: usize,
) {
    let mut items = std::pin::pin!(items);
    let mut seen = size(&items.next().await.unwrap().unwrap());
    let written = held_back.recv().unwrap();
    assert!(
        written < EVENTS * EVENT.len() / 2,
        "{what}: {written} bytes went to a reader that does not read"
    );
    while let Some(item) = items.next().await {
        seen += size(&item.unwrap());
    }
    assert_eq!(seen, expected, "{what}: nothing is lost");
}

/// On the I/O thread and on a runtime.
pub(crate) fn everywhere(test: impl AsyncFn()) {
    pollster::block_on(test());
    Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap().block_on(test());
}

#[test]
fn a_body_is_not_read_ahead() {
    everywhere(async || {
        let (server, held_back) = flood();
        let body = get(&builder().build().unwrap(), &server.url("/")).await.unwrap().into_body();
        check("body", held_back, body, Bytes::len, EVENTS * EVENT.len()).await;
    });
}

#[test]
fn events_are_not_read_ahead() {
    everywhere(async || {
        let (server, held_back) = flood();
        let events = get(&builder().build().unwrap(), &server.url("/")).await.unwrap().events();
        check("events", held_back, events, |_| 1, EVENTS).await;
    });
}

#[test]
fn chunks_of_a_service_are_not_read_ahead() {
    everywhere(async || {
        let (server, held_back) = flood();
        let service =
            Service::builder(server.url("/"), Plain).with_http_client(builder().build().unwrap()).build();
        let service = service.unwrap();
        let chunks = service.stream(Ok(Call::new(Method::GET, "")), Context::default(), Texts::default);
        check("chunks", held_back, chunks, |_| 1, EVENTS).await;
    });
}
