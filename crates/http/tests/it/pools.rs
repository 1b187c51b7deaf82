//! Connections are kept, shared within a runtime, and forgotten with it.

use std::sync::mpsc;

use tokio::runtime::{Builder, Runtime};

use crate::server::{Server, client, get, text};

fn multi() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

#[test]
fn connections_are_kept_and_reused() {
    let (client, server) = (client(), Server::echo());
    for _ in 0..50 {
        assert_eq!(pollster::block_on(text(&client, &server.url("/"))).unwrap(), "hello");
    }
    // A call that follows at once may come before its predecessor's connection is back in the pool.
    assert!(server.connections() <= 10, "{} connections for 50 calls", server.connections());
}

#[test]
fn a_client_outlives_its_runtimes_and_keeps_nothing_of_them() {
    let (client, server) = (client(), Server::echo());
    for _ in 0..5 {
        let runtime = multi();
        for _ in 0..2 {
            assert_eq!(runtime.block_on(text(&client, &server.url("/"))).unwrap(), "hello");
        }
        assert_eq!(client.pool_count(), 1);
        drop(runtime);
        assert_eq!(client.pool_count(), 0, "the pool is forgotten with its runtime");
    }
}

#[test]
fn a_dropped_client_leaves_no_task_and_no_connection_behind() {
    let runtime = multi();
    let (closed, wait) = mpsc::channel();
    let server = Server::new(move |connection| {
        while connection.request().is_some() {
            connection.answer("hello");
        }
        closed.send(()).unwrap();
    });
    for _ in 0..3 {
        let client = client();
        assert_eq!(runtime.block_on(text(&client, &server.url("/"))).unwrap(), "hello");
        drop(client);
        wait.recv().unwrap();
    }
    while runtime.metrics().num_alive_tasks() > 0 {
        std::thread::yield_now();
    }
}

#[test]
fn two_runtimes_do_not_share_connections() {
    let (client, server) = (client(), Server::echo());
    let (first, second) = (multi(), multi());
    first.block_on(text(&client, &server.url("/"))).unwrap();
    second.block_on(text(&client, &server.url("/"))).unwrap();
    assert_eq!(client.pool_count(), 2);
    assert_eq!(server.connections(), 2);
    drop(first);
    second.block_on(text(&client, &server.url("/"))).unwrap();
    assert_eq!(client.pool_count(), 1);
}

#[test]
fn a_body_whose_runtime_ends_is_incomplete() {
    let client = client();
    let server = Server::new(|connection| {
        connection.request();
        connection.start();
        connection.chunk("some");
        connection.until_closed();
    });
    let runtime = multi();
    let response = runtime.block_on(get(&client, &server.url("/"))).unwrap();
    drop(runtime);
    let error = pollster::block_on(response.bytes()).unwrap_err();
    assert_eq!(error.kind(), catena_core::ErrorKind::Incomplete);
}

#[test]
fn a_kept_connection_that_the_server_closed_does_no_harm() {
    let (runtime, client) = (multi(), client());
    let server = Server::new(|connection| {
        connection.request();
        connection.answer("once");
    });
    for _ in 0..20 {
        assert_eq!(runtime.block_on(text(&client, &server.url("/"))).unwrap(), "once");
        // Until the client has noticed: two tasks of the pool stay, its guard and the one that looks for idle connections.
        while runtime.metrics().num_alive_tasks() > 2 {
            std::thread::yield_now();
        }
    }
    assert_eq!(server.connections(), 20);
}
