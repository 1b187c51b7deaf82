//! One client on every executor, and blocking code in every place.

use std::future::Future;
use std::sync::{Arc, Barrier};

use catena_http::{HttpClient, Request, blocking};
use futures_util::StreamExt;
use tokio::runtime::{Builder, Runtime};

use crate::server::{Server, client, get, text};

fn multi() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn current() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// A call, and a stream read event by event.
async fn work(client: HttpClient, plain: String, stream: String) {
    assert_eq!(text(&client, &plain).await.unwrap(), "hello");
    let mut events = get(&client, &stream).await.unwrap().events();
    for expected in ["0", "1", "2"] {
        assert_eq!(events.next().await.unwrap().unwrap().data, expected);
    }
    assert!(events.next().await.is_none());
}

fn streaming() -> Server {
    Server::new(|connection| {
        while connection.request().is_some() {
            connection.start();
            for index in 0..3 {
                connection.chunk(&format!("data: {index}\n\n"));
            }
            connection.chunk("");
        }
    })
}

/// Runs `work` with `run`, twice, so that the second round meets a pool with connections.
fn check(run: impl Fn(std::pin::Pin<Box<dyn Future<Output = ()> + Send>>)) {
    let (client, plain, stream) = (client(), Server::echo(), streaming());
    for _ in 0..2 {
        run(Box::pin(work(client.clone(), plain.url("/"), stream.url("/"))));
    }
}

#[test]
fn every_executor() {
    check(|future| multi().block_on(future));
    check(|future| {
        let runtime = multi();
        runtime.block_on(runtime.spawn(future)).unwrap();
    });
    check(|future| current().block_on(future));
    check(|future| {
        let runtime = current();
        runtime.block_on(runtime.spawn(future)).unwrap();
    });
    check(smol::block_on);
    check(|future| smol::block_on(smol::spawn(future)));
    check(futures_executor::block_on);
    check(|future| futures_executor::LocalPool::new().run_until(future));
    check(pollster::block_on);
}

#[test]
fn blocking_code_in_every_place() {
    fn blocked<T>(future: impl Future<Output = T>) -> T {
        let _scope = blocking::enter().unwrap();
        pollster::block_on(future)
    }
    check(blocked);
    check(|future| multi().block_on(async { blocked(future) }));
    check(|future| {
        let runtime = multi();
        runtime.block_on(runtime.spawn(async { blocked(future) })).unwrap();
    });
    check(|future| current().block_on(async { blocked(future) }));
    check(|future| {
        let runtime = multi();
        runtime.block_on(runtime.spawn_blocking(|| blocked(future))).unwrap();
    });
    check(|future| smol::block_on(smol::spawn(async { blocked(future) })));
    check(|future| futures_executor::block_on(async { blocked(future) }));
}

#[test]
fn blocking_on_all_workers_at_once() {
    let (runtime, client, server) = (multi(), client(), Server::echo());
    let url: Arc<str> = server.url("/").into();
    // Both workers block at the same time, so that neither is left to serve the other.
    let barrier = Arc::new(Barrier::new(2));
    let calls: Vec<_> = (0..16)
        .map(|_| {
            let (client, url, barrier) = (client.clone(), Arc::clone(&url), Arc::clone(&barrier));
            runtime.spawn(async move {
                barrier.wait();
                let _scope = blocking::enter().unwrap();
                pollster::block_on(text(&client, &url)).unwrap()
            })
        })
        .collect();
    for call in calls {
        assert_eq!(runtime.block_on(call).unwrap(), "hello");
    }
    assert_eq!(client.pool_count(), 1, "only the I/O thread has connections");
}

#[test]
fn a_users_own_block_on_inside_a_current_thread_runtime_does_not_starve() {
    let (client, server) = (client(), Server::echo());
    current().block_on(async {
        assert_eq!(pollster::block_on(text(&client, &server.url("/"))).unwrap(), "hello");
    });
}

#[test]
fn a_call_started_on_a_runtime_may_be_finished_elsewhere() {
    let (runtime, client) = (multi(), client());
    let (release, gate) = std::sync::mpsc::channel::<()>();
    let gate = std::sync::Mutex::new(gate);
    let server = Server::new(move |connection| {
        connection.request();
        gate.lock().unwrap().recv().unwrap();
        connection.answer("late");
    });
    let url = server.url("/");
    let mut call = Box::pin(async move { text(&client, &url).await });
    runtime.block_on(async {
        assert!(futures_util::poll!(&mut call).is_pending());
    });
    release.send(()).unwrap();
    assert_eq!(smol::block_on(call).unwrap(), "late");
}

#[test]
fn many_threads_share_a_client() {
    let (client, server) = (client(), Server::echo());
    let url = server.url("/");
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (client, url) = (client.clone(), &url);
            scope.spawn(move || {
                for call in 0..20 {
                    let body = format!("{thread} {call}");
                    let request = Request::post(url).unwrap().with_body(body.clone());
                    let answer = pollster::block_on(async { client.send(request).await?.bytes().await });
                    assert_eq!(answer.unwrap(), body);
                }
            });
        }
    });
    // Hyper opens a connection when none is idle at that moment, and may end up using another that became idle first.
    assert!(server.connections() <= 40, "{} connections for 160 calls", server.connections());
}

#[test]
fn hundreds_of_calls_at_once() {
    const CALLS: usize = 300;
    // Nobody is answered before all have asked.
    let barrier = Barrier::new(CALLS);
    let server = Server::new(move |connection| {
        while connection.request().is_some() {
            barrier.wait();
            connection.answer("hello");
        }
    });
    let (client, url) = (client(), server.url("/"));
    let answers = pollster::block_on(futures_util::future::join_all((0..CALLS).map(|_| text(&client, &url))));
    assert!(answers.into_iter().all(|answer| answer.unwrap() == "hello"));
}

#[test]
fn futures_and_streams_are_send() {
    fn assert_send<T: Send>(_: &T) {}
    let client = client();
    let call = async {
        let mut events = get(&client, "http://127.0.0.1/").await?.events();
        events.next().await;
        get(&client, "http://127.0.0.1/").await?.bytes().await
    };
    assert_send(&call);
}
