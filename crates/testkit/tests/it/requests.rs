//! What the server reads and records.

use std::time::Duration;

use catena_testkit::{Reply, Server};
use serde_json::json;

use crate::client::{Client, PATIENCE};

fn echo() -> Server {
    Server::start(|request| Reply::bytes(200, request.body().clone()))
}

#[test]
fn a_request_is_recorded_as_it_came() {
    let server = echo();
    let mut client = Client::connect(server.address());
    client.post("/v1/chat?limit=2&q=a%20b", "X-Odd-Name:  kept \r\n", r#"{"model":"m"}"#);
    client.answer();

    let request = server.requests().remove(0);
    assert_eq!((request.method(), request.path(), request.query()), ("POST", "/v1/chat", "limit=2&q=a%20b"));
    assert_eq!(request.headers()[0], ("x-odd-name".to_owned(), "kept".to_owned()));
    assert_eq!(request.json(), json!({"model": "m"}));
    assert_eq!(request.number(), 0);
}

#[test]
fn a_connection_serves_many_requests() {
    let server = echo();
    let mut client = Client::connect(server.address());
    for body in ["one", "", "three"] {
        client.post("/", "", body);
        assert_eq!(client.answer().body, body);
    }
    assert_eq!((server.connections(), server.open_connections()), (1, 1));
    assert!(server.requests().iter().all(|request| request.connection() == 0));
    assert_eq!((server.in_flight(), server.peak_in_flight(), server.disconnects()), (0, 1, 0));
    drop(client);
    assert!(server.wait_for_close(PATIENCE));
    assert_eq!(server.disconnects(), 0);
}

#[test]
fn requests_sent_ahead_are_answered_in_turn() {
    let slow = Duration::from_millis(5);
    let server = Server::start(move |request| Reply::text(200, request.path().to_owned()).with_delay(slow));
    let mut client = Client::connect(server.address());
    client.send("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n");
    assert_eq!(client.answer().body, "/1");
    assert_eq!(client.answer().body, "/2");
}

#[test]
fn a_chunked_body_is_put_together() {
    let server = echo();
    let mut client = Client::connect(server.address());
    let head = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    // Every byte on its own, so that each of them is the last one of some read.
    for byte in format!("{head}3;ext=1\r\nabc\r\nA\r\n0123456789\r\n0\r\ntrailer: x\r\n\r\n").as_bytes() {
        client.send([*byte]);
    }
    assert_eq!(client.answer().body, "abc0123456789");
    client.get("/next");
    assert_eq!(client.answer().status, 200);
}

#[test]
fn a_client_that_asks_first_is_told_to_continue() {
    let server = echo();
    let mut client = Client::connect(server.address());
    client.send("POST / HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n");
    assert_eq!(client.head(), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("body");
    assert_eq!(client.answer().body, "body");
}

#[test]
fn the_client_decides_whether_the_connection_stays() {
    for (request, stays) in [
        ("GET / HTTP/1.1\r\n\r\n", true),
        ("GET / HTTP/1.1\r\nConnection: Close\r\n\r\n", false),
        ("GET / HTTP/1.0\r\n\r\n", false),
        ("GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n", true),
    ] {
        let server = echo();
        let mut client = Client::connect(server.address());
        client.send(request);
        assert_eq!(client.answer().head.contains("connection: close"), !stays, "{request:?}");
        if stays {
            client.get("/");
            client.answer();
        } else {
            assert_eq!(client.read_all(), "");
        }
    }
}

#[test]
fn what_is_not_http_is_refused_and_not_recorded() {
    let chunked = "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n";
    for bytes in [
        "hello there\r\n\r\n".to_owned(),
        "POST / HTTP/1.1\r\ncontent-length: many\r\n\r\n".to_owned(),
        "POST / HTTP/1.1\r\ncontent-length: 18446744073709551615\r\n\r\n".to_owned(),
        format!("{chunked}zz\r\n"),
        format!("{chunked}ffffffffffffffff\r\n"),
        format!("{chunked}1\r\nabc\r\n"),
    ] {
        let server = echo();
        let mut client = Client::connect(server.address());
        client.send(&bytes);
        assert!(client.read_all().starts_with("HTTP/1.1 400 "), "{bytes:?}");
        assert!(server.requests().is_empty());
    }
}

#[test]
fn a_handler_that_panics_says_so() {
    let server = Server::start(|request| {
        assert_eq!(request.path(), "/right", "wrong path");
        Reply::text(200, "fine")
    });
    let mut client = Client::connect(server.address());
    client.get("/wrong");
    let answer = client.answer();
    assert_eq!(answer.status, 500);
    assert!(answer.body.contains("wrong path"), "{}", answer.body);
    client.get("/right");
    assert_eq!(client.answer().status, 200);
}

#[test]
fn replies_are_replayed_in_order_and_the_last_again() {
    let server = Server::replay([Reply::text(500, "1"), Reply::text(429, "2")]);
    let mut client = Client::connect(server.address());
    let statuses = [(); 4].map(|()| {
        client.get("/");
        client.answer().status
    });
    assert_eq!(statuses, [500, 429, 429, 429]);

    let empty = Server::replay([]);
    let mut client = Client::connect(empty.address());
    client.get("/");
    assert_eq!(client.answer().status, 500);
}

#[test]
fn dropping_the_server_closes_everything() {
    let server = Server::replay([Reply::never()]);
    let address = server.address();
    let (mut waiting, mut idle) = (Client::connect(address), Client::connect(address));
    waiting.get("/");
    assert!(server.wait_for_requests(1, PATIENCE));
    drop(server);
    assert_eq!(waiting.read_all(), "");
    assert_eq!(idle.read_all(), "");
    assert!(std::net::TcpStream::connect(address).is_err());
}

#[test]
fn it_serves_inside_a_runtime() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let server = Server::replay([Reply::text(200, "from elsewhere")]);
        let mut stream = tokio::net::TcpStream::connect(server.address()).await.unwrap();
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("from elsewhere"));
    });
}
