//! What is dropped closes its connections at the server, and takes its siblings with it.

use std::thread;
use std::time::Duration;

use catena::CancelToken;
use catena::fakes::FakeTimer;
use catena::prelude::*;
use catena_testkit::{Gate, Recorded, Reply, Server};
use futures_util::future::{Either, join, select};
use serde_json::json;

use crate::chains::{TextChain, chat, llm, llm_chains, pipes, prompt, text_chains};
use crate::executors::{multi, on_every_executor};
use crate::service::{answer, echo, reply};
use crate::watchdog::{PATIENCE, watched};

/// A service that never answers.
fn silent() -> Server {
    Server::replay([Reply::never()])
}

/// A service that lets `count` requests come, then answers the first with `first` and the others never.
fn one_of(count: usize, first: impl Fn(&Recorded) -> Reply + Send + Sync + 'static) -> Server {
    let all_there = Gate::new();
    Server::start(move |request| {
        if request.number() + 1 >= count {
            all_there.open();
        }
        match request.number() {
            0 => first(request).hold(all_there.clone()),
            _ => Reply::never(),
        }
    })
}

/// The server sees exactly this many clients leave, and no new request.
async fn closed(server: &Server, requests: usize, disconnects: usize) {
    assert!(server.wait_for_disconnects_async(disconnects, PATIENCE).await, "{server:?}");
    assert_eq!((server.requests().len(), server.in_flight()), (requests, 0));
    assert_eq!(server.disconnects(), disconnects);
}

/// Drops `work` once `count` requests have arrived.
async fn dropped_midway<F: Future>(work: F, server: &Server, count: usize) {
    let arrival = Box::pin(server.wait_for_requests_async(count, PATIENCE));
    match select(Box::pin(work), arrival).await {
        Either::Left(_) => panic!("a call that nobody answers has ended"),
        Either::Right((arrived, work)) => {
            assert!(arrived, "{server:?}");
            assert_eq!(server.disconnects(), 0);
            drop(work);
        }
    }
    closed(server, count, count).await;
}

/// Does it with each kind of chain, on every executor.
fn check<F: Future<Output = ()> + Send>(test: impl Fn(TextChain, Server) -> F + Copy + Send + 'static) {
    watched(move || {
        on_every_executor(move || async move {
            for index in 0..4 {
                let server = silent();
                test(text_chains(&server).swap_remove(index), server).await;
            }
        });
    });
}

#[test]
fn a_call() {
    check(|chain, server| async move { dropped_midway(chain.invoke("tea"), &server, 1).await });
}

#[test]
fn a_stream_before_its_first_chunk() {
    check(|chain, server| async move {
        let mut stream = chain.stream("tea");
        dropped_midway(async move { stream.next().await.is_some() }, &server, 1).await;
    });
}

#[test]
fn a_batch() {
    check(|chain, server| async move { dropped_midway(chain.batch(["tea"; 3]), &server, 3).await });
    check(|chain, server| async move { dropped_midway(chain.try_batch(["tea"; 3]), &server, 3).await });
}

#[test]
fn a_tuple_within_a_batch() {
    watched(|| {
        on_every_executor(|| async {
            let server = silent();
            let models = prompt() | (llm(&server), chat(&server));
            dropped_midway(models.batch(["tea"; 2]), &server, 4).await;
        });
    });
}

#[test]
fn a_batch_that_waits_for_permits_starts_nothing_more() {
    watched(|| {
        on_every_executor(|| async {
            let server = silent();
            let models = prompt() | (llm(&server), chat(&server));
            let config = RunConfig::new().with_max_concurrency(3);
            dropped_midway(models.batch_with(["tea"; 5], &config), &server, 3).await;
        });
    });
}

#[test]
fn a_stream_after_its_first_chunk() {
    watched(|| {
        on_every_executor(|| async {
            for index in 0..4 {
                let server =
                    Server::start(|request| reply(request, &["You", " said"]).hold_after(0, Gate::new()));
                let chain = text_chains(&server).swap_remove(index);
                let mut stream = chain.stream("tea");
                assert_eq!(stream.next().await.unwrap().unwrap(), "You");
                drop(stream);
                closed(&server, 1, 1).await;
            }
        });
    });
}

#[test]
fn results_as_completed_after_the_first() {
    watched(|| {
        on_every_executor(|| async {
            for index in 0..4 {
                let server = one_of(3, answer);
                let chain = text_chains(&server).swap_remove(index);
                let mut results = chain.batch_as_completed(["tea"; 3]);
                assert!(results.next().await.unwrap().1.is_ok());
                assert_eq!(server.disconnects(), 0);
                drop(results);
                closed(&server, 3, 2).await;
            }
        });
    });
}

/// Refuses the request.
fn refusal() -> Reply {
    Reply::json(400, json!({"error": {"message": "no tea today", "type": "invalid_request_error"}}))
}

#[test]
fn the_siblings_of_an_item_that_fails_a_try_batch() {
    watched(|| {
        on_every_executor(|| async {
            for index in 0..4 {
                let server = one_of(3, |_| refusal());
                let chain = text_chains(&server).swap_remove(index);
                let error = chain.try_batch(["tea"; 3]).await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::BadRequest, "{error}");
                closed(&server, 3, 2).await;
            }
        });
    });
}

#[test]
fn the_siblings_of_a_branch_that_fails() {
    watched(|| {
        on_every_executor(|| async {
            for streamed in [false, true] {
                let server = one_of(3, |_| refusal());
                let models = prompt() | (llm(&server), chat(&server), llm(&server));
                let error = match streamed {
                    true => catena::gather(models.stream("tea")).await.unwrap_err(),
                    false => models.invoke("tea").await.unwrap_err(),
                };
                assert!(error.to_string().starts_with("seq[1] > parallel."), "{error}");
                closed(&server, 3, 2).await;
            }
        });
    });
}

#[test]
fn an_iterator_of_chunks() {
    watched(|| {
        for index in 0..2 {
            let server =
                Server::start(|request| reply(request, &["You", " said"]).hold_after(0, Gate::new()));
            let (pipe, chain) = (&pipes(&server)[index], &llm_chains(&server)[index]);
            let (mut pieces, mut outputs) = (pipe.blocking().stream("tea"), chain.blocking().stream("tea"));
            assert_eq!(pieces.next().unwrap().unwrap(), "You");
            assert_eq!(outputs.next().unwrap().unwrap().text, "You");
            drop(pieces);
            assert!(server.wait_for_disconnects(1, PATIENCE));
            drop(outputs);
            assert!(server.wait_for_disconnects(2, PATIENCE));
        }
    });
}

#[test]
fn an_iterator_of_results_as_completed() {
    watched(|| {
        let server = one_of(3, answer);
        let [chain, _] = pipes(&server);
        let mut results = chain.blocking().batch_as_completed(["tea"; 3]);
        assert!(results.next().unwrap().1.is_ok());
        drop(results);
        assert!(server.wait_for_disconnects(2, PATIENCE));
    });
}

#[test]
fn a_task_that_is_aborted() {
    watched(|| {
        let (runtime, server) = (multi(), silent());
        for (index, chain) in text_chains(&server).into_iter().enumerate() {
            let task = runtime.spawn(async move { chain.invoke("tea").await });
            assert!(server.wait_for_requests(index + 1, PATIENCE));
            task.abort();
            assert!(server.wait_for_disconnects(index + 1, PATIENCE));
        }
    });
}

#[test]
fn a_blocking_batch_by_its_token() {
    watched(|| {
        let server = silent();
        let [_, chain] = pipes(&server);
        let token = CancelToken::new();
        let config = RunConfig::new().with_cancel(token.clone());
        thread::scope(|scope| {
            let batch = scope.spawn(|| chain.blocking().batch_with(["tea"; 3], &config));
            assert!(server.wait_for_requests(3, PATIENCE));
            token.cancel();
            for result in batch.join().unwrap() {
                assert_eq!(result.unwrap_err().kind(), ErrorKind::Cancelled);
            }
        });
        assert!(server.wait_for_disconnects(3, PATIENCE));
    });
}

#[test]
fn a_call_whose_time_is_up() {
    check(|chain, server| async move {
        let (timer, limit) = (FakeTimer::new(), Duration::from_secs(60));
        let config = RunConfig::new().with_timer(timer.clone()).with_timeout(limit);
        let time_passes = async {
            assert!(server.wait_for_requests_async(1, PATIENCE).await);
            timer.advance(limit);
        };
        let (result, ()) = join(chain.invoke_with("tea", &config), time_passes).await;
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Timeout);
        closed(&server, 1, 1).await;
    });
}

#[test]
fn a_connection_whose_answer_was_read_is_kept_for_the_next_call() {
    watched(|| {
        let server = echo();
        let [chain, _] = pipes(&server);
        for _ in 0..20 {
            assert!(chain.blocking().invoke("tea").is_ok());
            assert!(chain.blocking().stream("tea").all(|piece| piece.is_ok()));
        }
        assert_eq!((server.requests().len(), server.disconnects()), (40, 0));
        // Not always one: a call that comes before the last connection is back in the pool opens another.
        assert!(server.connections() < 20, "{server:?}");
    });
}
