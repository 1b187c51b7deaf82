//! Dropping a call or a stream closes its connection.

use std::time::Duration;

use catena_core::RunnableExt;
use catena_testkit::{Reply, Server};
use futures_executor::block_on;
use futures_util::{FutureExt, StreamExt};

use crate::support::{PATIENCE, chat, events};

#[test]
fn a_dropped_call_closes_its_connection() {
    let server = Server::replay([Reply::never()]);
    let chat = chat(&server);
    let mut call = Box::pin(chat.invoke("Hi"));
    // Polled by hand until the request has arrived.
    let step = Duration::from_millis(5);
    for _ in 0..PATIENCE.as_millis() / step.as_millis() {
        assert!((&mut call).now_or_never().is_none(), "the call is not answered");
        if server.wait_for_requests(1, step) {
            break;
        }
    }
    assert_eq!((server.requests().len(), server.disconnects()), (1, 0));
    drop(call);
    assert!(server.wait_for_disconnects(1, PATIENCE), "the server sees the client leave");
}

#[test]
fn a_dropped_stream_closes_its_connection() {
    let server = Server::replay([Reply::sse(&events(&["Rain", "bow"])[..2]).end_stall()]);
    let chat = chat(&server);
    let mut stream = chat.stream("Hi");
    assert_eq!(block_on(stream.next()).expect("a chunk").expect("a piece").text(), "Rain");
    assert_eq!(server.disconnects(), 0);
    drop(stream);
    assert!(server.wait_for_disconnects(1, PATIENCE), "the server sees the client leave");
}

#[test]
fn nothing_is_sent_before_it_is_polled() {
    let server = Server::replay([Reply::never()]);
    let chat = chat(&server);
    drop((chat.stream("Hi"), chat.invoke("Hi")));
    assert_eq!(server.connections(), 0);
}
