//! HTTP/2: which answers are complete, and which were cut.

use bytes::Bytes;
use catena_core::ErrorKind;
use catena_http::{HttpClient, Method, Request};
use futures_util::StreamExt;
use h2::{Reason, SendStream};
use http::{HeaderMap, Response};
use pollster::block_on;

use crate::server::{Server, get, text};
use crate::tls::{secure, trusting_client};

/// A server that begins to answer `/head` and `/half` and cuts these answers, as a gateway does whose own server dies, when
/// it is asked for `/cut`. It ends all other answers, each in its way.
fn server() -> Server {
    secure(9999, "h2", false, async |stream| {
        let Ok(mut connection) = h2::server::handshake(stream).await else { return };
        let mut begun: Vec<SendStream<Bytes>> = Vec::new();
        while let Some(Ok((request, mut respond))) = connection.accept().await {
            let path = request.uri().path();
            let head = Response::builder().status(if path == "/none" { 204 } else { 200 });
            let head = if path == "/sized" { head.header("content-length", "5") } else { head };
            let is_head = matches!(path, "/none" | "/empty" | "/cut") || request.method() == Method::HEAD;
            let mut body = respond.send_response(head.body(()).unwrap(), is_head).unwrap();
            let mut send = |data: &'static str, ends| body.send_data(Bytes::from(data), ends).unwrap();
            match path {
                "/cut" => begun.drain(..).for_each(|mut body| body.send_reset(Reason::NO_ERROR)),
                "/head" => begun.push(body),
                "/half" => {
                    send("half", false);
                    begun.push(body);
                }
                _ if is_head => {}
                "/late" => {
                    send("whole", false);
                    send("", true);
                }
                "/trailers" => {
                    send("whole", false);
                    body.send_trailers(HeaderMap::new()).unwrap();
                }
                // The request need not have been read for it.
                _ => send("whole", true),
            }
        }
    })
}

#[test]
fn a_body_that_is_cut_without_an_error_is_incomplete() {
    let (server, client) = (server(), trusting_client());
    block_on(async {
        for (path, seen) in [("/half", Some("half")), ("/head", None)] {
            let mut body = get(&client, &server.https(path)).await.unwrap().into_body();
            if let Some(seen) = seen {
                assert_eq!(body.next().await.unwrap().unwrap(), seen);
            }
            text(&client, &server.https("/cut")).await.unwrap();
            let error = body.next().await.unwrap().unwrap_err();
            assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Incomplete, true), "{error}");
            assert!(error.to_string().contains("localhost"), "{error}");
            assert!(body.next().await.is_none());
        }
    });
    assert_eq!(server.connections(), 1);
}

fn ask(client: &HttpClient, request: Request) -> String {
    let body = block_on(async { client.send(request).await?.bytes().await });
    String::from_utf8(body.unwrap().to_vec()).unwrap()
}

#[test]
fn every_end_of_an_answer_is_seen() {
    let (server, client) = (server(), trusting_client());
    let get = |path| Request::get(&server.https(path)).unwrap();
    for (path, expected) in [
        ("/", "whole"),
        ("/late", "whole"),
        ("/sized", "whole"),
        ("/trailers", "whole"),
        ("/empty", ""),
        ("/none", ""),
    ] {
        assert_eq!(ask(&client, get(path)), expected, "{path}");
    }
    let head = Request::new(Method::HEAD, &server.https("/sized")).unwrap();
    assert_eq!(ask(&client, head), "");
    // Answered before it was read: the server then asks for the rest to be kept back, without an error.
    let long = Request::post(&server.https("/")).unwrap().with_body(vec![0; 1 << 20]);
    assert_eq!(ask(&client, long), "whole");
    assert_eq!(server.connections(), 1);
}
