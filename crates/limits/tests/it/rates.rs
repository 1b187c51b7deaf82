//! So many a minute.

use std::sync::Arc;
use std::time::Duration;

use catena_core::fakes::{FakeChatModel, FakeTimer};
use catena_core::{Admission, Demand, ErrorKind, Outcome, RunConfig, RunnableExt, Timer, Usage, gather};
use catena_limits::{AdaptiveConcurrency, RateLimiter};
use futures_util::FutureExt;

use crate::virtual_time::run_all;

/// When each of these demands is let in, in milliseconds.
#[track_caller]
fn check(limiter: RateLimiter, timer: &FakeTimer, demands: &[u64], times: &[u128]) {
    let start = timer.now();
    let callers = demands.iter().map(|&tokens| -> futures_util::future::LocalBoxFuture<'static, u128> {
        let (limiter, timer) = (limiter.clone(), timer.clone());
        Box::pin(async move {
            let _ticket = limiter.admit(&Demand::of_tokens(Some(tokens))).await.unwrap();
            (timer.now() - start).as_millis()
        })
    });
    let (found, _) = run_all(timer, Duration::from_millis(1), callers.collect());
    assert_eq!(found, times);
}

#[test]
fn requests_are_spread_after_the_burst() {
    let timer = FakeTimer::new();
    let limiter = RateLimiter::new().with_requests_per_minute(120).with_timer(timer.clone());
    check(limiter, &timer, &[0; 5], &[0, 0, 500, 1_000, 1_500]);
    let limiter = RateLimiter::new().with_requests_per_minute(6).with_timer(timer.clone());
    check(limiter, &timer, &[0; 3], &[0, 10_000, 20_000]);
    let limiter = RateLimiter::new().with_requests_per_minute(3).with_burst(Duration::from_secs(60));
    check(limiter.with_timer(timer.clone()), &timer, &[0; 5], &[0, 0, 0, 20_000, 40_000]);
}

#[test]
fn tokens_count_too_and_nobody_overtakes() {
    let timer = FakeTimer::new();
    let limiter = RateLimiter::new().with_tokens_per_minute(60_000).with_timer(timer.clone());
    // The large one waits until the limit is untouched; the small one behind it waits for what the large one owes.
    check(limiter, &timer, &[500, 3_000, 1], &[0, 500, 2_501]);
}

#[test]
fn one_who_gives_up_takes_nothing() {
    let timer = FakeTimer::new();
    let limiter = RateLimiter::new().with_requests_per_minute(60).with_timer(timer.clone());
    let admit = |tokens| {
        let limiter = limiter.clone();
        Box::pin(async move { limiter.admit(&Demand::of_tokens(tokens)).await.is_ok() })
    };
    assert_eq!(admit(None).now_or_never(), Some(true));
    let (mut second, mut third) = (admit(None), admit(None));
    assert!((&mut second).now_or_never().is_none() && (&mut third).now_or_never().is_none());
    assert_eq!(limiter.waiting(), 2);
    drop(second);
    timer.advance(Duration::from_secs(1));
    assert_eq!(third.now_or_never(), Some(true));
    assert_eq!(limiter.waiting(), 0);
}

/// A run tells the limiter what its calls used: as reported, or by what was received.
#[test]
fn a_run_pays_for_what_its_models_write() {
    let timer = FakeTimer::new();
    // 60 a second, and as many at once: a call has 4 tokens of prompt and 56 of answer.
    let model = || FakeChatModel::new(["x".repeat(4 * 56)]);
    for (model, seconds) in [
        (model(), 6.0),
        (model().with_usage(Usage::new(4, 56)), 6.0),
        (model().with_usage(Usage::default()), 0.0),
    ] {
        let limiter = RateLimiter::new().with_tokens_per_minute(3_600).with_timer(timer.clone());
        let config = RunConfig::new().with_admission(limiter);
        let calls = async move {
            for _ in 0..4 {
                model.invoke_with("x".repeat(16).as_str(), &config).await.unwrap();
                gather(model.stream_with("x".repeat(16).as_str(), &config)).await.unwrap();
            }
        };
        let (_, time) = run_all(&timer, Duration::from_millis(1), vec![Box::pin(calls)]);
        assert_eq!(time.as_secs_f64().round(), seconds);
    }
}

#[test]
fn without_a_limit_nobody_waits() {
    let limiter = RateLimiter::new();
    for _ in 0..1_000 {
        assert!(limiter.admit(&Demand::default()).now_or_never().is_some());
    }
}

#[test]
fn a_limit_of_nothing_is_a_mistake() {
    for limiter in
        [RateLimiter::new().with_requests_per_minute(0), RateLimiter::new().with_tokens_per_minute(0)]
    {
        let refused = limiter.admit(&Demand::default()).now_or_never().expect("an answer").err();
        assert_eq!(refused.map(|error| error.kind()), Some(ErrorKind::Config));
    }
}

/// What the limiter lets in is sent at once, also after a long wait in the queue before it.
#[test]
fn behind_a_queue_the_rate_is_kept() {
    let timer = FakeTimer::new();
    let limiter = RateLimiter::new().with_requests_per_minute(60).with_timer(timer.clone());
    let queue = AdaptiveConcurrency::new().with_max(1).with_timer(timer.clone());
    let (both, start) = (Arc::new((queue, limiter)), timer.now());
    let callers = [10, 0, 0, 0].map(|seconds| -> futures_util::future::LocalBoxFuture<'static, u64> {
        let (both, timer) = (Arc::clone(&both), timer.clone());
        Box::pin(async move {
            let ticket = both.admit(&Demand::default()).await.unwrap();
            let sent = (timer.now() - start).as_secs();
            timer.sleep(Duration::from_secs(seconds)).await;
            ticket.report(&Outcome::default());
            sent
        })
    });
    let (sent, _) = run_all(&timer, Duration::from_secs(1), callers.into());
    assert_eq!(sent, [0, 10, 11, 12]);
}
