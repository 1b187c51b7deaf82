//! Adaptive concurrency: keeps as many requests in flight as the service accepts.

use std::fmt;
use std::sync::Arc;

use catena_core::{Admission, Admitted, Demand, Outcome, Result, SystemTimer, Timer, async_trait};

use crate::aimd::Aimd;
use crate::lanes::Lanes;
use crate::learned::{Learned, Sent};
use crate::turnstile::Turnstile;

/// Learns how many requests a service accepts at once, and at what rate, and keeps that many in flight, so that a batch
/// of any size runs at the service's own limit without being rejected over and over.
///
/// Three signals drive it: rejections (429, and 503 or 529 from an overloaded service), the `Retry-After` of a service
/// that keeps rejecting, and `x-ratelimit-*` headers, which let it pace requests before the service has to reject any.
/// It starts with a few requests in flight and doubles the limit, spreading each round over at least a tenth of a
/// second, until the service rejects one. From then on it holds that limit and occasionally probes for more. If a
/// service without such headers keeps rejecting, its limit must be a rate: requests are then paced at the rate it
/// accepted between two rejections.
///
/// Limits are learned separately for each model, by [its name](Demand::model). Callers of a model are admitted in order
/// of arrival. Clones share what was learned: give clones of one value to every client of the same service and key, and
/// to no other client. At most 64 models are tracked; beyond that, the least recently used one is dropped.
///
/// # Retries
/// A rejected request is retried by the client and uses up one of the client's retries, so with the default of two
/// retries a request that is rejected three times fails. In a large batch this happens; raise the client's limit with
/// `with_max_retries(100)`.
///
/// # Cancellation
/// Dropping the future of `admit` leaves the queue. Dropping the permit frees its slot for the next caller.
///
/// # Example
/// ```
/// use catena_core::{Admission, Demand, Outcome};
/// use catena_limits::AdaptiveConcurrency;
/// let adaptive = AdaptiveConcurrency::new().with_max(200);
/// // ChatOpenAi::builder().with_admission(adaptive.clone()).with_max_retries(100)
/// # futures_executor::block_on(async {
/// let ticket = adaptive.admit(&Demand::default()).await?;
/// assert_eq!(adaptive.state().in_flight, 1);
/// ticket.report(&Outcome::default());
/// assert_eq!(adaptive.state().succeeded, 1);
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct AdaptiveConcurrency {
    bounds: Bounds,
    lanes: Arc<Lanes<Turnstile<Learned>>>,
    timer: Arc<dyn Timer>,
}

#[derive(Debug, Clone, Copy)]
struct Bounds {
    min: u32,
    start: u32,
    max: u32,
}

/// A snapshot of what an [`AdaptiveConcurrency`] has learned and of its current load.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AdaptiveState {
    /// Maximum number of requests in flight.
    pub limit: usize,
    /// Number of requests in flight.
    pub in_flight: usize,
    /// Number of callers waiting to be admitted.
    pub waiting: usize,
    /// Number of requests that succeeded.
    pub succeeded: u64,
    /// Number of requests that the service rejected because of its limits.
    pub rejected: u64,
}

impl AdaptiveConcurrency {
    /// Creates a limit of at least 1 and at most 1,000 requests in flight per model, starting at 16.
    pub fn new() -> Self {
        Self::with_bounds(Bounds { min: 1, start: 16, max: 1_000 }, Arc::new(SystemTimer))
    }

    /// Sets the maximum number of requests in flight per model, even if the service would accept more.
    #[must_use]
    pub fn with_max(self, max: u32) -> Self {
        Self::with_bounds(Bounds { max, ..self.bounds }, self.timer)
    }

    /// Sets the minimum number of requests in flight per model, even if the service rejects some of them.
    #[must_use]
    pub fn with_min(self, min: u32) -> Self {
        Self::with_bounds(Bounds { min, ..self.bounds }, self.timer)
    }

    /// Sets the initial number of requests in flight per model.
    #[must_use]
    pub fn with_start(self, start: u32) -> Self {
        Self::with_bounds(Bounds { start, ..self.bounds }, self.timer)
    }

    /// Sets the timer used to measure time and to wait.
    #[must_use]
    pub fn with_timer(self, timer: impl Timer + 'static) -> Self {
        Self::with_bounds(self.bounds, Arc::new(timer))
    }

    /// Returns the current state, summed over all models.
    pub fn state(&self) -> AdaptiveState {
        let mut all = AdaptiveState::default();
        for lane in self.lanes.all() {
            let one = AdaptiveState::of(&lane);
            all.limit += one.limit;
            all.in_flight += one.in_flight;
            all.waiting += one.waiting;
            all.succeeded += one.succeeded;
            all.rejected += one.rejected;
        }
        all
    }

    /// Returns the current state of one model, or of the requests that name no model if `model` is `None`.
    ///
    /// Returns `None` if there has been no such request yet.
    pub fn state_of(&self, model: Option<&str>) -> Option<AdaptiveState> {
        Some(AdaptiveState::of(&*self.lanes.find(model)?))
    }

    /// Starts over: the new value shares nothing with earlier clones.
    fn with_bounds(bounds: Bounds, timer: Arc<dyn Timer>) -> Self {
        Self { bounds, lanes: Arc::default(), timer }
    }
}

impl AdaptiveState {
    fn of(lane: &Turnstile<Learned>) -> Self {
        lane.look(|learned, waiting| Self {
            limit: learned.aimd.limit(),
            in_flight: learned.in_flight,
            waiting,
            succeeded: learned.succeeded,
            rejected: learned.rejected,
        })
    }
}

impl Default for AdaptiveConcurrency {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for AdaptiveConcurrency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdaptiveConcurrency").field("state", &self.state()).finish_non_exhaustive()
    }
}

#[async_trait]
impl Admission for AdaptiveConcurrency {
    async fn admit(&self, demand: &Demand<'_>) -> Result<Box<dyn Admitted>> {
        #[allow(clippy::cast_precision_loss, reason = "nobody counts 2^53 tokens one by one")]
        let tokens = demand.tokens.unwrap_or(0) as f64;
        let Bounds { min, start, max } = self.bounds;
        let lane = || Turnstile::new(Learned::new(Aimd::new(min, start, max)));
        let turnstile = self.lanes.of(demand.model, lane);
        let sent = turnstile.pass(tokens, &*self.timer).await;
        Ok(Box::new(UnderWay { sent, turnstile, timer: Arc::clone(&self.timer), done: false }))
    }

    fn identity(&self) -> Option<usize> {
        Some(Arc::as_ptr(&self.lanes).addr())
    }
}

/// The permit of a request in flight. Dropping it frees the slot for the next caller.
struct UnderWay {
    sent: Sent,
    turnstile: Arc<Turnstile<Learned>>,
    timer: Arc<dyn Timer>,
    done: bool,
}

impl Admitted for UnderWay {
    fn report(mut self: Box<Self>, outcome: &Outcome<'_>) {
        self.done = true;
        let now = self.timer.now();
        self.turnstile.change(|learned, waiting| learned.ended(self.sent, outcome, waiting, now));
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if !self.done {
            self.turnstile.change(|learned, _| learned.in_flight = learned.in_flight.saturating_sub(1));
        }
    }
}
