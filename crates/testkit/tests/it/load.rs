//! Many calls at the same time.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use catena_testkit::{Gate, Reply, Server, SimulatedOpenAi};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::client::PATIENCE;

/// Makes this many calls at once; how long they took together. Every answer contains `expected`.
fn call_all(count: usize, address: SocketAddr, path: &str, body: &str, expected: &'static str) -> Duration {
    let length = body.len();
    let request =
        format!("POST {path} HTTP/1.1\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let start = Instant::now();
        let mut calls = JoinSet::new();
        for _ in 0..count {
            let request = request.clone();
            calls.spawn(async move {
                let mut stream = TcpStream::connect(address).await.unwrap();
                stream.write_all(request.as_bytes()).await.unwrap();
                let mut answer = String::new();
                stream.read_to_string(&mut answer).await.unwrap();
                assert!(answer.contains(expected), "{answer}");
            });
        }
        while let Some(call) = calls.join_next().await {
            call.unwrap();
        }
        start.elapsed()
    })
}

const PROMPT: &str = r#"{"model": "m", "prompt": "Name a company that makes socks", "max_tokens": 50}"#;

/// So many connections, or as many as this process may open: both ends of each are in it, and the tests of
/// this file run at the same time.
fn affordable(wanted: usize) -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let open_files = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let soft_limit = open_files.and_then(|line| line.split_whitespace().next()?.parse().ok());
    // What every system allows.
    wanted.min(soft_limit.unwrap_or(256_usize) / 7)
}

#[test]
fn a_thousand_slow_calls_take_as_long_as_one() {
    let (latency, count) = (Duration::from_secs(1), affordable(1000));
    let service = SimulatedOpenAi::builder().with_latency(latency).with_jitter(0.0).start().unwrap();
    let took = call_all(count, service.server().address(), "/v1/completions", PROMPT, "fp_simulated");
    // About 1.1 s on an idle machine; this one may be busy.
    assert!(took >= latency && took < latency * 3, "{took:?}");
    assert_eq!((service.server().connections(), service.server().disconnects()), (count, 0));
}

#[test]
fn five_hundred_streams_take_as_long_as_one() {
    let latency = Duration::from_millis(800);
    let service = SimulatedOpenAi::builder().with_latency(latency).with_jitter(0.0).start().unwrap();
    let body = r#"{"model": "m", "stream": true, "messages": [{"role": "user", "content": "hi"}]}"#;
    let took = call_all(affordable(500), service.server().address(), "/v1/chat/completions", body, "[DONE]");
    assert!(took >= latency && took < latency * 3, "{took:?}");
}

#[test]
fn thousands_of_calls_are_held_at_once() {
    let (gate, count) = (Gate::new(), affordable(3000));
    let server = Server::replay([Reply::text(200, "done").hold(gate.clone())]);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let all_asked = server.wait_for_requests(count, PATIENCE);
            gate.open();
            assert!(all_asked);
        });
        call_all(count, server.address(), "/", "", "done");
    });
    assert_eq!((server.connections(), server.peak_in_flight()), (count, count));
}
