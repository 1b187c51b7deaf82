//! HTTP/2: what becomes of the other answers on a connection, and of the server, when an answer is not read or dropped.

use std::future::poll_fn;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use bytes::Bytes;
use catena_http::{Body, Request};
use futures_util::{FutureExt, StreamExt};
use h2::{Reason, SendStream};
use tokio::sync::watch;

use crate::back_pressure::everywhere;
use crate::server::{Server, get, text};
use crate::tls::{secure, trusting, trusting_client};

/// How much of an answer the client lets come while nobody reads it.
const WINDOW: usize = 1 << 20;

/// Of how much an answer consists.
const SIZE: usize = 2 * WINDOW;

/// Sends `SIZE` bytes in pieces, as the client lets it, and notes how much it got rid of.
async fn pour(mut body: SendStream<Bytes>, piece: Bytes, sent: watch::Sender<usize>) {
    for number in 1..=SIZE / piece.len() {
        body.reserve_capacity(piece.len());
        while body.capacity() < piece.len() {
            let Some(Ok(_)) = poll_fn(|cx| body.poll_capacity(cx)).await else { return };
        }
        if body.send_data(piece.clone(), number * piece.len() == SIZE).is_err() {
            return;
        }
        sent.send_modify(|sent| *sent += piece.len());
    }
}

/// A server of long answers in pieces of this size. One of another path is given once those before it are held back by
/// `paused` readers, and says how much of them was sent.
fn flooding(piece: usize, paused: usize) -> Server {
    secure(9999, "h2", false, async move |stream| {
        let Ok(mut connection) = h2::server::handshake(stream).await else { return };
        let sent = watch::Sender::new(0);
        while let Some(Ok((request, mut respond))) = connection.accept().await {
            let mut body = respond.send_response(http::Response::new(()), false).unwrap();
            if request.uri().path() == "/flood" {
                tokio::spawn(pour(body, vec![b'x'; piece].into(), sent.clone()));
                continue;
            }
            let mut sent = sent.subscribe();
            tokio::spawn(async move {
                let sent = *sent.wait_for(|sent| *sent >= paused * WINDOW).await.unwrap();
                let _ = body.send_data(sent.to_string().into(), true);
            });
        }
    })
}

#[test]
fn answers_that_nobody_reads_hold_back_their_server_and_no_other_answer() {
    for (piece, paused) in [(16 << 10, 20), (128, 2)] {
        everywhere(async || {
            let server = flooding(piece, paused);
            // Long enough for any machine, and short enough for whoever sees this fail.
            let client = trusting().with_idle_timeout(Duration::from_secs(20)).build().unwrap();
            let mut bodies: Vec<(Body, usize)> = Vec::new();
            for _ in 0..paused {
                let mut body = get(&client, &server.https("/flood")).await.unwrap().into_body();
                let first = body.next().await.unwrap().unwrap();
                bodies.push((body, first.len()));
            }
            let sent: usize = text(&client, &server.https("/other")).await.unwrap().parse().unwrap();
            let read: usize = bodies.iter().map(|(_, seen)| seen).sum();
            assert!(sent <= read + paused * WINDOW, "{sent} bytes in pieces of {piece}, {read} of them read");
            for (mut body, mut seen) in bodies {
                while let Some(frame) = body.next().await {
                    seen += frame.unwrap().len();
                }
                assert_eq!(seen, SIZE, "nothing is lost");
            }
            assert_eq!(server.connections(), 1);
        });
    }
}

/// A server that answers `/` with its own `:authority` and the host header, begins to answer `/stream`, and never answers
/// anything else; and what became of the answers that are not complete.
fn noting() -> (Server, Receiver<Reason>) {
    let (tell, reasons) = channel();
    let server = secure(9999, "h2", false, async move |stream| {
        let Ok(mut connection) = h2::server::handshake(stream).await else { return };
        while let Some(Ok((request, mut respond))) = connection.accept().await {
            let tell = tell.clone();
            if request.uri().path() == "/" {
                let seen = (
                    request.uri().authority().map(ToString::to_string),
                    request.headers().get("host").cloned(),
                );
                let mut body = respond.send_response(http::Response::new(()), false).unwrap();
                body.send_data(format!("{seen:?}").into(), true).unwrap();
            } else if request.uri().path() == "/stream" {
                let mut body = respond.send_response(http::Response::new(()), false).unwrap();
                body.send_data(Bytes::from_static(b"data: 1\n\n"), false).unwrap();
                tokio::spawn(async move {
                    let _ = tell.send(poll_fn(|cx| body.poll_reset(cx)).await.unwrap());
                });
            } else {
                tokio::spawn(async move {
                    // What was waited for is there, and says so once more before it goes.
                    let _ = tell.send(Reason::NO_ERROR);
                    let _ = tell.send(poll_fn(|cx| respond.poll_reset(cx)).await.unwrap());
                });
            }
        }
    });
    (server, reasons)
}

#[test]
fn a_dropped_answer_resets_its_stream_at_once_and_nothing_else() {
    everywhere(async || {
        let ((server, reasons), client) = (noting(), trusting_client());
        let mut events = get(&client, &server.https("/stream")).await.unwrap().events();
        assert_eq!(events.next().await.unwrap().unwrap().data, "1");
        drop(events);
        assert_eq!(reasons.recv().unwrap(), Reason::CANCEL);
        drop(get(&client, &server.https("/stream")).await.unwrap());
        assert_eq!(reasons.recv().unwrap(), Reason::CANCEL);
        text(&client, &server.https("/")).await.unwrap();
        assert_eq!(server.connections(), 1);
    });
}

#[test]
fn a_dropped_call_resets_its_stream_at_once_and_nothing_else() {
    everywhere(async || {
        let ((server, reasons), client) = (noting(), trusting_client());
        let url = server.https("/never");
        let mut call = Box::pin(get(&client, &url));
        // Polled until the server has the request.
        while reasons.try_recv().is_err() {
            assert!((&mut call).now_or_never().is_none());
            std::thread::yield_now();
        }
        drop(call);
        assert_eq!(reasons.recv().unwrap(), Reason::CANCEL);
        text(&client, &server.https("/")).await.unwrap();
        assert_eq!(server.connections(), 1);
    });
}

#[test]
fn the_host_header_is_the_authority() {
    let (server, client) = (noting().0, trusting_client());
    let seen = |host: Option<&str>| {
        let request = Request::get(&server.https("/")).unwrap();
        let request = match host {
            Some(host) => request.with_header("host", host).unwrap(),
            None => request,
        };
        pollster::block_on(async { client.send(request).await.unwrap().bytes().await.unwrap() })
    };
    let own = format!("localhost:{}", server.address().port());
    for (host, expected) in
        [(None, own.as_str()), (Some("gateway.test"), "gateway.test"), (Some("a.test:8"), "a.test:8")]
    {
        assert_eq!(seen(host), format!("(Some({expected:?}), None)"));
    }
}
