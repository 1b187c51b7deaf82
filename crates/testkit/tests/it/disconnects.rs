//! Noticing that the client left, wherever the answer stands.

use std::net::Shutdown;
use std::time::Duration;

use catena_testkit::{Gate, Reply, Server};

use crate::client::{Client, PATIENCE};

const HOUR: Duration = Duration::from_secs(3600);

/// A client that asks, reads `parts` chunks and leaves is counted once.
fn check(reply: Reply, parts: usize) {
    let server = Server::replay([reply]);
    let mut client = Client::connect(server.address());
    client.get("/");
    assert!(server.wait_for_requests(1, PATIENCE));
    if parts > 0 {
        client.head();
        (0..parts).for_each(|_| drop(client.chunk()));
    }
    assert_eq!(server.disconnects(), 0);
    drop(client);
    assert!(server.wait_for_disconnects(1, PATIENCE));
    assert!(server.wait_for_close(PATIENCE));
    assert_eq!((server.disconnects(), server.in_flight()), (1, 0));
}

#[test]
fn leaving_is_noticed_wherever_the_answer_waits() {
    check(Reply::never(), 0);
    check(Reply::text(200, "late").with_delay(HOUR), 0);
    check(Reply::text(200, "late").with_delay(Duration::MAX), 0);
    check(Reply::text(200, "held").hold(Gate::new()), 0);
    check(Reply::sse(["1", "2"]).with_pause(HOUR), 1);
    check(Reply::sse(["1", "2"]).hold_after(0, Gate::new()), 1);
    check(Reply::sse(["1", "2"]).hold_after(1, Gate::new()), 2);
    check(Reply::sse(["1", "2"]).end_stall(), 2);
}

#[test]
fn leaving_is_noticed_while_the_answer_is_being_written() {
    // More than the sockets buffer, to a client that does not read.
    let server = Server::replay([Reply::bytes(200, vec![b'x'; 64 << 20])]);
    let mut client = Client::connect(server.address());
    client.get("/");
    client.head();
    drop(client);
    assert!(server.wait_for_disconnects(1, PATIENCE));
}

#[test]
fn a_client_that_stops_sending_has_left() {
    let server = Server::replay([Reply::never()]);
    let mut client = Client::connect(server.address());
    client.get("/");
    client.stream.get_ref().shutdown(Shutdown::Write).unwrap();
    assert!(server.wait_for_disconnects(1, PATIENCE));
}

#[test]
fn leaving_in_the_middle_of_a_request_or_after_an_answer_does_not_count() {
    let server = Server::replay([Reply::text(200, "done")]);
    let mut client = Client::connect(server.address());
    client.get("/");
    client.answer();
    drop(client);
    let mut client = Client::connect(server.address());
    client.send("POST / HTTP/1.1\r\ncontent-length: 10\r\n\r\nhalf");
    drop(client);
    let mut client = Client::connect(server.address());
    client.get("/mark");
    client.answer();
    drop(client);
    assert!(server.wait_for_requests(2, PATIENCE) && server.wait_for_close(PATIENCE));
    assert_eq!(server.disconnects(), 0);
}

#[test]
fn waiting_gives_up_in_time() {
    let server = Server::replay([Reply::never()]);
    assert!(!server.wait_for_requests(1, Duration::from_millis(10)));
    assert!(!server.wait_for_disconnects(1, Duration::from_millis(10)));
    let _client = Client::connect(server.address());
    assert!(server.wait_for_requests(0, Duration::ZERO));
}

#[test]
fn waiting_need_not_block() {
    let server = Server::replay([Reply::never()]);
    let mut client = Client::connect(server.address());
    // A runtime without a clock, as another executor might be.
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        assert!(!server.wait_for_requests_async(1, Duration::from_millis(10)).await);
        client.get("/");
        assert!(server.wait_for_requests_async(1, PATIENCE).await);
        assert!(!server.wait_for_disconnects_async(1, Duration::ZERO).await);
        drop(client);
        assert!(server.wait_for_disconnects_async(1, Duration::MAX).await);
        assert!(server.wait_for_close_async(PATIENCE).await);
    });
}
