//! Calls without `async` work wherever they are made.

use std::sync::{Arc, Barrier};
use std::thread;

use catena::Result;
use catena::prelude::*;
use catena_testkit::{Recorded, Reply, Server};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::task::block_in_place;

use crate::chains::{TextChain, llm_chains, named, text_chains};
use crate::executors::{current, multi, on_every_executor};
use crate::service::echo;
use crate::watchdog::watched;

/// Every call, twice, so that the second round meets connections of the first.
type Calls = Arc<dyn Fn() + Send + Sync>;

/// Makes every call at this place.
#[track_caller]
fn check(place: impl FnOnce(Calls) + Send + 'static) {
    watched(|| {
        let server = echo();
        let (chains, llm_chains) = (text_chains(&server), llm_chains(&server));
        place(Arc::new(move || {
            for _ in 0..2 {
                chains.iter().for_each(every_call);
                llm_chains.iter().for_each(every_call_of_llm_chain);
            }
        }));
        assert!(!server.requests().is_empty(), "the calls were made");
    });
}

fn every_call(chain: &TextChain) {
    let (chain, both) = (chain.blocking(), [named("tea"), named("socks")]);
    assert_eq!(chain.invoke("tea").unwrap(), both[0]);
    assert_eq!(chain.stream("tea").collect::<Result<String>>().unwrap(), both[0]);
    let texts: Result<Vec<_>> = chain.batch(["tea", "socks"]).into_iter().collect();
    assert_eq!(texts.unwrap(), both);
    assert_eq!(chain.try_batch(["tea", "socks"]).unwrap(), both);
    in_order(chain.batch_as_completed(["tea", "socks"]), &both);
    let config = RunConfig::default();
    in_order(chain.batch_stream(["tea", "socks"], &config), &both);
    assert_eq!(chain.transform_with(["tea"], &config).collect::<Result<String>>().unwrap(), both[0]);
    assert!(chain.stream_events("tea").all(|event| event.is_ok()));
}

fn in_order(completed: impl Iterator<Item = (usize, Result<String>)>, expected: &[String]) {
    let mut completed: Vec<_> = completed.collect();
    completed.sort_by_key(|(index, _)| *index);
    let texts: Result<Vec<_>> = completed.into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts.unwrap(), expected);
}

fn every_call_of_llm_chain(chain: &LlmChain) {
    assert_eq!(chain.run("tea").unwrap(), named("tea"));
    assert_eq!(chain.run(vars! { product: "tea" }).unwrap(), named("tea"));
    let texts: Result<Vec<_>> = chain.apply(["tea", "socks"]).into_iter().collect();
    assert_eq!(texts.unwrap(), [named("tea"), named("socks")]);
    let streamed: Result<Vec<_>> = chain.blocking().stream("tea").collect();
    let texts: String = streamed.unwrap().into_iter().map(|chunk| chunk.text).collect();
    assert_eq!(texts, named("tea"));
}

#[test]
fn on_a_plain_thread() {
    check(|calls| calls());
}

#[test]
fn on_many_threads_at_once() {
    check(|calls| {
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| calls());
            }
        });
    });
}

#[test]
fn inside_every_executor() {
    check(|calls| {
        on_every_executor(|| {
            let calls = Arc::clone(&calls);
            async move { calls() }
        });
    });
}

#[test]
fn on_all_threads_of_a_runtime_at_once() {
    check(|calls| {
        let runtime = multi();
        // Both workers and the root block together: none is left to serve the others.
        let together = Arc::new(Barrier::new(3));
        let tasks = [(); 2].map(|()| {
            let (calls, together) = (Arc::clone(&calls), Arc::clone(&together));
            runtime.spawn(async move {
                together.wait();
                calls();
            })
        });
        runtime.block_on(async {
            together.wait();
            calls();
        });
        for task in tasks {
            runtime.block_on(task).unwrap();
        }
    });
}

#[test]
fn on_the_blocking_threads_of_a_runtime() {
    fn in_spawn_blocking(runtime: &Runtime, calls: Calls) {
        runtime.block_on(runtime.spawn_blocking(move || calls())).unwrap();
    }
    check(|calls| {
        in_spawn_blocking(&multi(), Arc::clone(&calls));
        in_spawn_blocking(&current(), Arc::clone(&calls));
        let runtime = multi();
        runtime.block_on(runtime.spawn(async move { block_in_place(|| calls()) })).unwrap();
    });
}

#[test]
fn in_the_context_of_a_runtime_that_nobody_drives() {
    check(|calls| {
        let runtime = current();
        let _context = runtime.enter();
        calls();
    });
}

#[test]
fn while_async_calls_of_the_same_client_are_under_way() {
    watched(|| {
        let server = echo();
        let [chain, _] = crate::chains::pipes(&server);
        multi().block_on(async {
            let mut stream = chain.stream("tea");
            let mut text = stream.next().await.unwrap().unwrap();
            assert_eq!(chain.blocking().invoke("socks").unwrap(), named("socks"));
            while let Some(piece) = stream.next().await {
                text.push_str(&piece.unwrap());
            }
            assert_eq!(text, named("tea"));
        });
    });
}

/// Answers each text with its length.
fn lengths(request: &Recorded) -> Reply {
    let inputs = request.json()["input"].as_array().cloned().unwrap_or_default();
    let length = |input: &Value| json!({"embedding": [input.as_str().map_or(0, str::len)]});
    Reply::json(200, json!({"data": inputs.iter().map(length).collect::<Vec<_>>()}))
}

#[test]
fn embeddings_too() {
    watched(|| {
        let server = Server::start(lengths);
        let embeddings = OpenAiEmbeddings::builder().with_base_url(server.url()).without_api_key();
        let embeddings = embeddings.build().unwrap();
        let shared: Arc<dyn Embeddings> = Arc::new(embeddings.clone());
        on_every_executor(|| {
            let (embeddings, shared) = (embeddings.clone(), Arc::clone(&shared));
            async move {
                let vectors = embeddings.blocking().embed_documents(["tea", "socks"]).unwrap();
                assert_eq!(vectors, [[3.0], [5.0]]);
                assert_eq!(shared.blocking().embed_query("tea").unwrap(), [3.0]);
            }
        });
        assert!(!server.requests().is_empty(), "the calls were made");
    });
}

#[test]
fn a_stream_may_be_read_on_another_thread_than_it_was_begun_on() {
    watched(|| {
        let server = echo();
        for chain in text_chains(&server) {
            let mut pieces = chain.blocking().stream("tea");
            let first = pieces.next().unwrap().unwrap();
            let rest: String =
                thread::scope(|scope| scope.spawn(|| pieces.collect::<Result<String>>()).join())
                    .unwrap()
                    .unwrap();
            assert_eq!(first + &rest, named("tea"));
        }
    });
}
