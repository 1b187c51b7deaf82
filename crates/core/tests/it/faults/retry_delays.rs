//! Retries wait as long as the service asks, never beyond the deadline, and in tests take no time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use catena_core::fakes::FakeTimer;
use catena_core::{Error, ErrorKind, Result, RetryPolicy, RunConfig, Runnable, RunnableExt, gather, lambda};
use futures_executor::block_on;
use futures_util::future;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Fails with this error so often, then succeeds; counts its calls.
fn failing(times: usize, error: Error) -> (Arc<AtomicUsize>, impl Runnable<Input = i64, Output = i64>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&calls);
    let step = lambda(move |x: i64| match count.fetch_add(1, Ordering::Relaxed) < times {
        true => Err(error.clone()),
        false => Ok(x),
    });
    (calls, step)
}

/// Runs a future on a clock that moves on whenever the future waits for it.
fn with_time<T>(timer: &FakeTimer, future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut slept = 0;
    block_on(future::poll_fn(|task| {
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(task) {
                return Poll::Ready(output);
            }
            let sleeps = timer.sleeps();
            let ahead: Duration = sleeps[slept..].iter().min().copied().expect("it waits for the clock");
            slept = sleeps.len();
            timer.advance(ahead);
        }
    }))
}

fn policy() -> RetryPolicy {
    RetryPolicy::new().with_max_attempts(4).with_initial_delay(seconds(10)).with_jitter(Duration::ZERO)
}

#[test]
fn w7_waits_grow_and_take_no_real_time() {
    let began = Instant::now();
    for streaming in [false, true] {
        let timer = FakeTimer::new();
        let (calls, step) = failing(3, Error::new(ErrorKind::Server, "down"));
        let step = step.with_retry(policy());
        let config = RunConfig::new().with_timer(timer.clone());
        let output = match streaming {
            true => with_time(&timer, gather(step.stream_with(7, &config))).unwrap(),
            false => Some(with_time(&timer, step.invoke_with(7, &config)).unwrap()),
        };
        assert_eq!(output, Some(7));
        assert_eq!(timer.sleeps(), [seconds(10), seconds(20), seconds(40)], "streaming: {streaming}");
        assert_eq!(calls.load(Ordering::Relaxed), 4);
    }
    assert!(began.elapsed() < seconds(5));
}

#[test]
fn w7_the_services_own_word_counts() {
    let timer = FakeTimer::new();
    let asked = Error::new(ErrorKind::RateLimit, "slow down").with_retry_after(seconds(33));
    let (_, step) = failing(2, asked);
    let step = step.with_retry(policy());
    let config = RunConfig::new().with_timer(timer.clone());
    assert_eq!(with_time(&timer, step.invoke_with(7, &config)).unwrap(), 7);
    assert_eq!(timer.sleeps(), [seconds(33), seconds(33)]);
}

#[test]
fn w7_there_is_no_waiting_beyond_the_deadline() {
    let timer = FakeTimer::new();
    let (calls, step) = failing(9, Error::new(ErrorKind::Server, "down"));
    let step = step.with_retry(policy());
    let config = RunConfig::new().with_timer(timer.clone()).with_timeout(seconds(25));
    let error = with_time(&timer, step.invoke_with(7, &config)).unwrap_err();
    assert_eq!(
        (error.kind(), error.message()),
        (ErrorKind::Server, "down"),
        "the error itself, not a timeout"
    );
    // 25 s for the run; 10 s before the first retry; the 20 s before the second would be too long.
    assert_eq!(timer.sleeps(), [seconds(25), seconds(10)]);
    assert_eq!(calls.load(Ordering::Relaxed), 2);
}

#[test]
fn w7_what_cannot_succeed_is_not_tried_again() -> Result<()> {
    let (calls, step) = failing(9, Error::new(ErrorKind::BadRequest, "no such field"));
    let error = block_on(step.with_retry(policy()).invoke(7)).unwrap_err();
    assert_eq!((error.kind(), calls.load(Ordering::Relaxed)), (ErrorKind::BadRequest, 1));
    Ok(())
}

#[test]
fn w7_a_day_is_not_waited_for() {
    for (limit, asked, calls_made) in
        [(None, 120, 2), (None, 86_400, 1), (Some(seconds(86_400)), 86_400, 2), (Some(seconds(1)), 2, 1)]
    {
        let timer = FakeTimer::new();
        let (calls, step) =
            failing(1, Error::new(ErrorKind::RateLimit, "slow down").with_retry_after(seconds(asked)));
        let policy = limit.map_or(policy(), |limit| policy().with_max_retry_after(limit));
        let config = RunConfig::new().with_timer(timer.clone());
        let result = with_time(&timer, step.with_retry(policy).invoke_with(7, &config));
        assert_eq!(calls.load(Ordering::Relaxed), calls_made, "{limit:?} {asked}");
        if let Err(error) = result {
            assert_eq!(error.retry_after(), Some(seconds(asked)), "who asked for it learns how long");
        }
    }
}

#[test]
fn w7_without_a_delay_there_is_none_however_often() {
    let timer = FakeTimer::new();
    let (_, step) = failing(1_100, Error::new(ErrorKind::Server, "down"));
    let step = step.with_retry(RetryPolicy::new().with_max_attempts(1_200).without_delay());
    let config = RunConfig::new().with_timer(timer.clone());
    assert_eq!(with_time(&timer, step.invoke_with(7, &config)).unwrap(), 7);
    assert_eq!(timer.sleeps(), []);
}
