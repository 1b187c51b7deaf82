//! Sizes are bounded, whatever a server sends.

use catena_core::ErrorKind;
use futures_util::StreamExt;

use crate::server::{Server, builder, get, text};

#[test]
fn a_body_over_the_limit_is_refused() {
    let announced = Server::new(|connection| {
        connection.request();
        connection.write("HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n");
        connection.until_closed();
    });
    let endless = Server::new(|connection| {
        connection.request();
        connection.start();
        // Ends because the client closes the connection.
        while std::io::Write::write_all(&mut connection.stream, b"3\r\nabc\r\n").is_ok() {}
    });
    let client = builder().with_max_body_bytes(1000).build().unwrap();
    for server in [announced, endless] {
        let error = pollster::block_on(text(&client, &server.url("/"))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        assert!(
            error.to_string().contains("1000") && error.to_string().contains("with_max_body_bytes"),
            "{error}"
        );
    }
}

#[test]
fn a_body_at_the_limit_is_accepted() {
    let client = builder().with_max_body_bytes(5).build().unwrap();
    assert_eq!(pollster::block_on(text(&client, &Server::echo().url("/"))).unwrap(), "hello");
}

#[test]
fn an_event_over_the_limit_is_refused_and_a_long_stream_is_not() {
    let server = Server::new(|connection| {
        connection.request();
        connection.start();
        for _ in 0..1000 {
            connection.chunk("data: short\n\n");
        }
        connection.chunk(&format!("data: {}", "x".repeat(100)));
        connection.until_closed();
    });
    let client = builder().with_max_event_bytes(50).with_max_body_bytes(50).build().unwrap();
    pollster::block_on(async {
        let mut events = get(&client, &server.url("/")).await.unwrap().events();
        for _ in 0..1000 {
            assert_eq!(events.next().await.unwrap().unwrap().data, "short");
        }
        let error = events.next().await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        assert!(error.to_string().contains("with_max_event_bytes"), "{error}");
        assert!(events.next().await.is_none());
    });
}

#[test]
fn headers_without_end_are_refused() {
    let server = Server::new(|connection| {
        connection.request();
        connection.write("HTTP/1.1 200 OK\r\n");
        while std::io::Write::write_all(&mut connection.stream, b"x-a: b\r\n").is_ok() {}
    });
    let error = pollster::block_on(text(&builder().build().unwrap(), &server.url("/"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
}
