//! A process that makes calls for years does not grow. It needs a process of its own, so it is a test target of its
//! own.
//!
//! A million calls without observers and a hundred thousand with (each of those is three runs with all their events) take
//! some three seconds unoptimized; `CATENA_RUNS` sets another number of calls for both, and a million takes half a minute.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop at the first surprise")]

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use catena_core::{CancelToken, RunConfig, RunnableExt, UsageTotals, gather, lambda, observe_with};
use futures_executor::block_on;

/// By how many KiB the process may grow: by less than what one leaked box a call would come to.
const ALLOWED: usize = 512;

/// The memory of this process, in KiB.
fn resident() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a line on resident memory");
    line.split_whitespace().nth(1).expect("a number").parse().expect("a number")
}

/// Makes so many calls, and a tenth as many before, which may grow what has to grow once.
#[track_caller]
fn check(calls: usize, mut call: impl FnMut()) {
    (0..calls / 10).for_each(|_| call());
    let before = resident();
    (0..calls).for_each(|_| call());
    let grown = resident().saturating_sub(before);
    assert!(grown < ALLOWED, "grew by {grown} KiB in {calls} calls, from {before}");
}

fn calls(default: usize) -> usize {
    std::env::var("CATENA_RUNS").map_or(default, |calls| calls.parse().expect("a number of calls"))
}

// One test: the memory is that of the process.
#[test]
fn memory_stays_flat() {
    let chain = lambda(|x: i64| x + 1) | lambda(|x: i64| x * 2);
    check(calls(1_000_000), || assert_eq!(block_on(chain.invoke(1)).unwrap(), 4));

    let ended = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&ended);
    let count = observe_with(move |event| {
        count.fetch_add(usize::from(event.kind.is_terminal()), Ordering::Relaxed);
    });
    let observed = RunConfig::new().with_observer(count).with_observer(UsageTotals::new());
    let runs = calls(100_000);
    check(runs, || assert_eq!(block_on(chain.invoke_with(1, &observed)).unwrap(), 4));
    assert_eq!(ended.load(Ordering::Relaxed), 3 * (runs + runs / 10));
    check(runs / 2, || assert_eq!(block_on(gather(chain.stream_with(1, &observed))).unwrap(), Some(4)));
    check(runs / 2, || drop(chain.stream_with(1, &observed)));

    // What outlives the runs is told of none that is over.
    let limited = RunConfig::new().with_cancel(CancelToken::new()).with_max_concurrency(2);
    check(runs, || assert_eq!(block_on(chain.invoke_with(1, &limited)).unwrap(), 4));
}
