//! One client serves many runtimes and outlives each of them.

use catena::prelude::*;
use catena_testkit::{Gate, Reply, Server};

use crate::chains::{TextChain, chat_builder, named, pipes, pipes_to, prompt};
use crate::executors::{EXECUTORS, current, multi};
use crate::service::{echo, reply};
use crate::watchdog::watched;

/// A call and a stream that is read only in part, so that something is left behind.
async fn use_it(chain: TextChain) {
    assert_eq!(chain.invoke("tea").await.unwrap(), named("tea"));
    assert!(chain.stream("tea").next().await.unwrap().is_ok());
}

#[test]
fn a_client_moves_from_any_executor_to_any_other() {
    watched(|| {
        let server = echo();
        let [chain, _] = pipes(&server);
        for (first_name, first) in EXECUTORS {
            for (second_name, second) in EXECUTORS {
                println!("{first_name}, then {second_name}");
                first(Box::pin(use_it(chain.clone())));
                // The first runtime is gone now.
                second(Box::pin(use_it(chain.clone())));
                assert_eq!(chain.blocking().invoke("tea").unwrap(), named("tea"));
            }
        }
    });
}

#[test]
fn a_client_made_inside_a_runtime_that_has_ended() {
    watched(|| {
        let server = echo();
        for runtime in [multi(), current()] {
            let model = runtime.block_on(async { chat_builder(&server.url()).build().unwrap() });
            let chain = prompt() | model | StrOutputParser;
            drop(runtime);
            assert_eq!(chain.blocking().invoke("tea").unwrap(), named("tea"));
            assert_eq!(multi().block_on(chain.invoke("tea")).unwrap(), named("tea"));
        }
    });
}

#[test]
fn one_client_in_several_runtimes_at_once() {
    watched(|| {
        let server = echo();
        let [chain, _] = pipes(&server);
        std::thread::scope(|scope| {
            for (_, executor) in EXECUTORS {
                let chain = chain.clone();
                scope.spawn(move || executor(Box::pin(use_it(chain))));
            }
        });
    });
}

#[test]
fn a_stream_whose_runtime_ends_is_an_error_or_complete() {
    watched(|| {
        let gate = Gate::new();
        let hold = gate.clone();
        let server =
            Server::start(move |request| reply(request, &["You", " said"]).hold_after(0, hold.clone()));
        for chain in pipes(&server) {
            let runtime = multi();
            let mut stream = chain.stream("tea");
            assert_eq!(runtime.block_on(stream.next()).unwrap().unwrap(), "You");
            drop(runtime);
            // Its connection died with the runtime.
            let error = futures_executor::block_on(stream.next()).unwrap().unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Incomplete | ErrorKind::Connection), "{error:?}");
            assert!(futures_executor::block_on(stream.next()).is_none());
        }
        gate.open();
    });
}

/// Begins a call on a runtime, ends that, and finishes the call on another executor.
fn call_outlives_its_runtime(base_url: &str, kinds: &[ErrorKind]) {
    for chain in pipes_to(base_url) {
        let runtime = multi();
        let mut call = Box::pin(chain.invoke("tea"));
        runtime.block_on(async {
            assert!(futures_util::poll!(&mut call).is_pending());
        });
        drop(runtime);
        let error = futures_executor::block_on(call).unwrap_err();
        assert!(kinds.contains(&error.kind()), "{error:?}");
    }
}

#[test]
fn a_call_whose_runtime_ends_is_an_error() {
    watched(|| {
        let server = Server::replay([Reply::never()]);
        // Several times, because a runtime drops its tasks in no fixed order.
        for _ in 0..20 {
            call_outlives_its_runtime(&server.url(), &[ErrorKind::Connection]);
        }
        // Nobody answers the handshake: the connection is accepted by the system and never by a program.
        let mute = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}", mute.local_addr().unwrap());
        call_outlives_its_runtime(&url, &[ErrorKind::Connection, ErrorKind::Tls]);
    });
}
