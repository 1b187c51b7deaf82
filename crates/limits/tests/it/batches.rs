//! A large batch at a service with limits.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use catena_core::fakes::FakeTimer;
use catena_core::{Admission, Demand, Error, ErrorKind, Outcome, RateLimits, Timer};
use catena_limits::AdaptiveConcurrency;
use futures_util::FutureExt;

use crate::virtual_time::run_all;

/// A service that takes so many requests at once and so many a minute, and refuses the others at once.
struct Service {
    timer: FakeTimer,
    at_once: usize,
    per_second: f64,
    latency: Duration,
    /// It says how long to wait.
    hints: bool,
    /// It says what is left.
    headers: bool,
    in_flight: usize,
    /// What is left of the rate, at `since`; it starts with a second's worth.
    left: f64,
    since: Instant,
    served: usize,
    refused: usize,
}

impl Service {
    fn new(timer: &FakeTimer, at_once: usize, per_minute: f64, latency: Duration) -> Self {
        let per_second = per_minute / 60.0;
        let (timer, since) = (timer.clone(), timer.now());
        let (hints, headers) = (false, false);
        Self {
            timer,
            at_once,
            per_second,
            latency,
            hints,
            headers,
            in_flight: 0,
            left: per_second,
            since,
            served: 0,
            refused: 0,
        }
    }

    fn begin(&mut self) -> Result<(), Error> {
        let now = self.timer.now();
        self.left = (self.left + (now - self.since).as_secs_f64() * self.per_second).min(self.per_second);
        self.since = now;
        if self.in_flight >= self.at_once || self.left < 1.0 {
            self.refused += 1;
            let error = Error::new(ErrorKind::RateLimit, "too many requests");
            return Err(if self.hints { error.with_retry_after(Duration::from_secs(1)) } else { error });
        }
        self.left -= 1.0;
        self.in_flight += 1;
        Ok(())
    }

    fn limits(&self) -> RateLimits {
        if !self.headers {
            return RateLimits::default();
        }
        let left = self.left.max(0.0).floor();
        let reset = (self.per_second - left) / self.per_second;
        let headers = [
            ("x-ratelimit-limit-requests", format!("{}", self.per_second)),
            ("x-ratelimit-remaining-requests", format!("{left}")),
            ("x-ratelimit-reset-requests", format!("{reset:.3}s")),
        ];
        RateLimits::from_headers(headers.iter().map(|(name, value)| (*name, value.as_str())))
    }
}

/// One item: admitted, sent, and sent again when it was refused.
async fn item(index: usize, service: Rc<RefCell<Service>>, admission: Option<AdaptiveConcurrency>) {
    let (timer, latency) = {
        let service = service.borrow();
        (service.timer.clone(), service.latency)
    };
    for attempt in 0_i32.. {
        let ticket = match &admission {
            Some(admission) => Some(admission.admit(&Demand::default()).await.unwrap()),
            None => None,
        };
        let begun = service.borrow_mut().begin();
        let limits = service.borrow().limits();
        // An answer takes a while, and no two the same while.
        let spread = latency.mul_f64(0.2 * (index * 7 % 11) as f64 / 11.0);
        match &begun {
            Ok(()) => timer.sleep(latency.mul_f64(0.9) + spread).await,
            Err(_) => timer.sleep(Duration::from_millis(5)).await,
        }
        if begun.is_ok() {
            let mut service = service.borrow_mut();
            service.in_flight -= 1;
            service.served += 1;
        }
        if let Some(ticket) = ticket {
            ticket.report(&Outcome::new(limits, begun.as_ref().err()));
        }
        let Err(error) = begun else { return };
        let backoff = Duration::from_millis(500 * 2_u64.pow(attempt.min(4) as u32));
        timer.sleep(error.retry_after().unwrap_or(backoff)).await;
    }
}

/// The time of the batch against the ideal, and the share of requests that were refused.
fn batch(adaptive: bool, step: u64, latency: Duration, change: impl FnOnce(&mut Service)) -> (f64, f64) {
    let timer = FakeTimer::new();
    let mut service = Service::new(&timer, 50, 3_000.0, latency);
    change(&mut service);
    let ideal = (1_000.0 / service.per_second).max(1_000.0 / service.at_once as f64 * latency.as_secs_f64());
    let service = Rc::new(RefCell::new(service));
    let admission = adaptive.then(|| AdaptiveConcurrency::new().with_timer(timer.clone()));
    let items = (0..1_000).map(|index| -> futures_util::future::LocalBoxFuture<'static, ()> {
        Box::pin(item(index, Rc::clone(&service), admission.clone()))
    });
    let (_, took) = run_all(&timer, Duration::from_millis(step), items.collect());
    let service = service.borrow();
    assert_eq!(service.served, 1_000);
    let refused = service.refused as f64 / (service.refused + service.served) as f64;
    (took.as_secs_f64() / ideal, refused)
}

#[track_caller]
fn check(latency: u64, change: impl FnOnce(&mut Service)) {
    let (time, refused) = batch(true, 1, Duration::from_millis(latency), change);
    #[allow(clippy::print_stdout, reason = "figures for the README")]
    {
        println!("latency {latency} ms: {time:.3} times the ideal time, {:.2} % refused", 100.0 * refused);
    }
    assert!(time <= 1.15 && refused < 0.02, "{time:.3} times the ideal, {:.2} % refused", 100.0 * refused);
}

#[test]
fn a_batch_runs_at_the_services_own_limit() {
    check(1_000, |_| ());
    check(1_000, |service| service.hints = true);
    check(1_000, |service| (service.hints, service.headers) = (true, true));
    check(2_000, |service| service.hints = true);
}

#[test]
fn a_batch_keeps_to_a_rate_that_the_service_tells() {
    check(200, |service| (service.hints, service.headers) = (true, true));
    check(50, |service| service.headers = true);
}

#[test]
fn a_batch_finds_a_rate_that_the_service_does_not_tell() {
    check(200, |service| service.hints = true);
    check(500, |service| service.hints = true);
    check(100, |service| (service.per_second, service.left, service.hints) = (25.0, 25.0, true));
    check(200, |_| ());
    // Answers that come at once would tell of a limit when many more are sent already.
    check(50, |service| service.hints = true);
    check(50, |_| ());
    check(20, |_| ());
    check(10, |_| ());
}

/// The clock stands still: nobody waits.
#[test]
fn a_few_at_once_are_sent_as_they_come() {
    let timer = FakeTimer::new();
    let admission = AdaptiveConcurrency::new().with_timer(timer);
    let admit = || admission.admit(&Demand::default()).now_or_never().expect("no wait").expect("leave");
    for _ in 0..100 {
        let tickets = [admit(), admit(), admit(), admit()];
        tickets.into_iter().for_each(|ticket| ticket.report(&Outcome::default()));
    }
}

/// All that the caller allows is reached, and the service refuses nothing: then nobody waits for more than room.
#[test]
fn a_small_limit_is_used_whole() {
    for (max, latency) in [(9, 20), (16, 20), (16, 200), (40, 20)] {
        let (timer, latency) = (FakeTimer::new(), Duration::from_millis(latency));
        let service = Rc::new(RefCell::new(Service::new(&timer, 1_000, 1e9, latency)));
        let admission = AdaptiveConcurrency::new().with_max(max).with_timer(timer.clone());
        let items = (0..1_000).map(|index| -> futures_util::future::LocalBoxFuture<'static, ()> {
            Box::pin(item(index, Rc::clone(&service), Some(admission.clone())))
        });
        let (_, took) = run_all(&timer, Duration::from_millis(1), items.collect());
        let ideal = 1_000.0 / f64::from(max) * latency.as_secs_f64();
        let factor = took.as_secs_f64() / ideal;
        assert!(factor < 1.3, "{factor:.3} times the ideal time with {max} at once of {latency:?}");
    }
}

#[test]
fn without_it_the_service_refuses_most() {
    let (time, refused) = batch(false, 50, Duration::from_secs(1), |service| service.hints = true);
    #[allow(clippy::print_stdout, reason = "figures for the README")]
    {
        println!("all at once: {time:.3} times the ideal time, {:.2} % refused", 100.0 * refused);
    }
    assert!(refused > 0.5, "{refused}");
}

#[test]
fn bounds_hold_whatever_the_service_refuses() {
    let limit_after_refusals = |adaptive: AdaptiveConcurrency| {
        let timer = FakeTimer::new();
        let adaptive = adaptive.with_timer(timer.clone());
        let refused = adaptive.clone();
        let caller = async move {
            let error = Error::new(ErrorKind::RateLimit, "too many requests");
            for _ in 0..50 {
                let ticket = refused.admit(&Demand::default()).await.unwrap();
                ticket.report(&Outcome::new(RateLimits::default(), Some(&error)));
            }
        };
        run_all(&timer, Duration::from_millis(100), vec![caller.boxed_local()]);
        adaptive.state().limit
    };
    assert_eq!(limit_after_refusals(AdaptiveConcurrency::new()), 1);
    assert_eq!(limit_after_refusals(AdaptiveConcurrency::new().with_min(4)), 4);
    assert_eq!(limit_after_refusals(AdaptiveConcurrency::new().with_start(2).with_min(3)), 3);
}
