//! Answers that go wrong.

use std::io::{ErrorKind, Read};

use catena_testkit::{Framing, Refusing, Reply, Server};

use crate::client::{Client, PATIENCE};

#[test]
fn an_aborted_chunked_answer_lacks_its_end() {
    let server = Server::replay([Reply::sse(["half"]).end_abort()]);
    let mut client = Client::connect(server.address());
    client.get("/");
    assert!(client.read_all().ends_with("c\r\ndata: half\n\n\r\n"));
    assert_eq!(server.disconnects(), 0);
}

#[test]
fn an_aborted_answer_of_known_length_is_too_short() {
    let server = Server::replay([Reply::text(200, "half").end_abort()]);
    let mut client = Client::connect(server.address());
    client.get("/");
    assert!(client.head().contains("content-length: 5\r\n"));
    assert_eq!(client.read_all(), "half");
}

#[test]
fn an_aborted_answer_until_close_is_reset() {
    let server = Server::replay([Reply::text(200, "half").with_framing(Framing::UntilClose).end_abort()]);
    let mut client = Client::connect(server.address());
    client.get("/");
    let mut body = Vec::new();
    let error = client.stream.read_to_end(&mut body).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert!(body.ends_with(b"half"));
}

#[test]
fn a_stalled_answer_waits_for_the_client() {
    for framing in [Framing::Length, Framing::Chunked, Framing::UntilClose] {
        let server = Server::replay([Reply::text(200, "half").with_framing(framing).end_stall()]);
        let mut client = Client::connect(server.address());
        client.get("/");
        client.head();
        let part = if framing == Framing::Chunked { client.chunk() } else { client.read_exact(4) };
        assert_eq!(part, "half");
        assert_eq!((server.in_flight(), server.disconnects()), (1, 0));
        drop(client);
        assert!(server.wait_for_disconnects(1, PATIENCE));
        assert_eq!(server.in_flight(), 0);
    }
}

#[test]
fn a_dropped_connection_sends_no_byte() {
    let server = Server::replay([Reply::drop_connection()]);
    let mut client = Client::connect(server.address());
    client.post("/", "", "a body that is read");
    assert_eq!(client.stream.read(&mut [0]).unwrap(), 0);
    assert_eq!(server.requests()[0].text(), "a body that is read");
    assert_eq!(server.disconnects(), 0);
}

#[test]
fn a_refusing_port_refuses_again_and_again() {
    let nobody = Refusing::new().unwrap();
    for _ in 0..3 {
        let error = std::net::TcpStream::connect(nobody.address()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    }
}
