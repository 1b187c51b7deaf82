//! Dropping a call or a body closes its connection, as the server sees it.

use std::sync::mpsc::{Receiver, channel};
use std::task::Poll;

use catena_http::HttpClient;
use futures_util::StreamExt;
use tokio::runtime::Builder;

use crate::server::{Connection, Server, client, get};

/// A server that tells when a request has arrived and when the client has gone.
fn server(answer: impl Fn(&mut Connection) + Send + Sync + 'static) -> (Server, Receiver<&'static str>) {
    let (sender, receiver) = channel();
    let server = Server::new(move |connection| {
        connection.request();
        answer(connection);
        sender.send("arrived").unwrap();
        connection.until_closed();
        sender.send("closed").unwrap();
    });
    (server, receiver)
}

/// Runs a test on the I/O thread's ground and on a runtime of the caller's.
fn everywhere(test: impl Fn(&dyn Fn(std::pin::Pin<Box<dyn Future<Output = ()>>>), HttpClient)) {
    test(&|future| pollster::block_on(future), client());
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    test(&|future| runtime.block_on(future), client());
}

#[test]
fn dropping_a_call_closes_the_connection() {
    everywhere(|run, client| {
        let (server, seen) = server(|_| {});
        let url = server.url("/");
        run(Box::pin(async move {
            let mut call = Box::pin(get(&client, &url));
            // Polled until the server has the request, then dropped.
            std::future::poll_fn(|cx| {
                assert!(call.as_mut().poll(cx).is_pending());
                match seen.try_recv() {
                    Ok(word) => {
                        assert_eq!(word, "arrived");
                        Poll::Ready(())
                    }
                    Err(_) => {
                        cx.waker().wake_by_ref();
                        Poll::Pending
                    }
                }
            })
            .await;
            drop(call);
            assert_eq!(seen.recv().unwrap(), "closed");
        }));
    });
}

#[test]
fn dropping_a_body_closes_the_connection() {
    everywhere(|run, client| {
        let (server, seen) = server(|connection| {
            connection.start();
            connection.chunk("data: 1\n\n");
        });
        let url = server.url("/");
        run(Box::pin(async move {
            let mut events = get(&client, &url).await.unwrap().events();
            assert_eq!(events.next().await.unwrap().unwrap().data, "1");
            drop(events);
            assert_eq!((seen.recv().unwrap(), seen.recv().unwrap()), ("arrived", "closed"));
        }));
    });
}

#[test]
fn dropping_a_response_closes_the_connection() {
    everywhere(|run, client| {
        let (server, seen) = server(Connection::start);
        let url = server.url("/");
        run(Box::pin(async move {
            drop(get(&client, &url).await.unwrap());
            assert_eq!((seen.recv().unwrap(), seen.recv().unwrap()), ("arrived", "closed"));
        }));
    });
}

#[test]
fn a_call_that_is_never_polled_does_nothing() {
    let (client, server) = (client(), Server::echo());
    let url = server.url("/");
    drop(get(&client, &url));
    assert_eq!((client.pool_count(), server.connections()), (0, 0));
}
