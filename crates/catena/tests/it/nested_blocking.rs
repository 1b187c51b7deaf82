//! A blocking call inside a step of a blocking call.

use std::sync::{Arc, Barrier};

use catena::Result;
use catena::prelude::*;
use catena_testkit::Server;

use crate::chains::{TextChain, named, pipes};
use crate::executors::{multi, on_every_executor};
use crate::service::echo;
use crate::watchdog::watched;

/// `chain`, followed by a function that blocks on `inner`.
fn nested(chain: TextChain, inner: TextChain) -> TextChain {
    (chain | lambda(move |text: String| inner.blocking().invoke(text))).boxed()
}

/// Three levels: a blocking call makes a blocking call that makes a blocking call.
fn three_levels(server: &Server) -> TextChain {
    let [outer, inner] = pipes(server);
    nested(outer.clone(), nested(inner, outer))
}

fn expected(product: &str) -> String {
    named(&named(&named(product)))
}

fn every_call(chain: &TextChain) {
    let chain = chain.blocking();
    assert_eq!(chain.invoke("tea").unwrap(), expected("tea"));
    assert_eq!(chain.stream("tea").collect::<Result<String>>().unwrap(), expected("tea"));
    let texts: Result<Vec<_>> = chain.batch(["tea", "socks"]).into_iter().collect();
    assert_eq!(texts.unwrap(), [expected("tea"), expected("socks")]);
    assert_eq!(chain.batch_as_completed(["tea", "socks"]).count(), 2);
}

#[test]
fn on_every_executor_and_on_a_plain_thread() {
    watched(|| {
        let server = echo();
        let chain = three_levels(&server);
        every_call(&chain);
        on_every_executor(|| {
            let chain = chain.clone();
            async move { every_call(&chain) }
        });
    });
}

#[test]
fn in_a_step_of_an_async_call_on_all_workers_at_once() {
    watched(|| {
        let server = echo();
        let [chain, inner] = pipes(&server);
        let together = Barrier::new(2);
        let step = lambda(move |text: Data| {
            // Both workers are in this function now, so that neither can serve the other's call.
            together.wait();
            inner.blocking().invoke(text)
        });
        let chain = Arc::new(step | chain);
        let runtime = multi();
        let tasks = [(); 2].map(|()| {
            let chain = Arc::clone(&chain);
            runtime.spawn(async move { chain.invoke("tea").await })
        });
        for task in tasks {
            assert_eq!(runtime.block_on(task).unwrap().unwrap(), named(&named("tea")));
        }
    });
}

#[test]
fn with_all_permits_of_the_outer_call_taken() {
    watched(|| {
        let server = echo();
        let chain = three_levels(&server);
        let config = RunConfig::new().with_max_concurrency(1);
        assert_eq!(chain.blocking().invoke_with("tea", &config).unwrap(), expected("tea"));
        for text in chain.blocking().batch_with(["tea", "tea"], &config) {
            assert_eq!(text.unwrap(), expected("tea"));
        }
    });
}
