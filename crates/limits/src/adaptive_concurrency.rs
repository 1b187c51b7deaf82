//! As many requests at once as the service takes.

use std::fmt;
use std::sync::Arc;

use catena_core::{Admission, Admitted, Demand, Outcome, Result, SystemTimer, Timer, async_trait};

use crate::aimd::Aimd;
use crate::lanes::Lanes;
use crate::learned::{Learned, Sent};
use crate::turnstile::Turnstile;

/// Finds out how many requests a service takes at once, and how fast, and sends as many: a batch of any size then runs
/// at the service's own limit, without being refused again and again.
///
/// It learns from three things: refusals (429, and 503 of an overloaded service), the `Retry-After` of a service that
/// goes on refusing, and `x-ratelimit-*` headers, by which it spreads requests before the service has to refuse any. It
/// starts with a few at once and doubles them, spread over a tenth of a second at least, until the service shows its limit;
/// then it stays there, and tries now and then whether there is more. A service that goes on refusing without such headers
/// limits the rate: then requests are spread by what it took from one refusal to the next.
///
/// Every model has limits of its own, and is learned apart from the others, by [its name](Demand::model). Callers of a
/// model are served in the order they came. Clones share what was learned: give one to every client of the same service
/// and key, and to nobody else. Of more than 64 models, the one that was not asked for the longest time is forgotten.
///
/// # Retries
/// A refused request is the client's to try again, and counts as one of its retries: one that is refused three times fails
/// with the usual two. In a large batch some are; give the client more with `with_max_retries(100)`.
///
/// # Cancellation
/// A caller who gives up leaves the queue, or makes room for the next.
///
/// # Example
/// ```
/// use catena_core::{Admission, Demand, Outcome};
/// use catena_limits::AdaptiveConcurrency;
/// let adaptive = AdaptiveConcurrency::new().with_max(200);
/// // ChatOpenAi::builder().with_admission(adaptive.clone()).with_max_retries(100)
/// # futures_executor::block_on(async {
/// let ticket = adaptive.admit(&Demand::default()).await?;
/// assert_eq!(adaptive.state().under_way, 1);
/// ticket.report(&Outcome::default());
/// assert_eq!(adaptive.state().served, 1);
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

/// What an [`AdaptiveConcurrency`] has learned, and how it goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AdaptiveState {
    /// How many requests may be under way.
    pub limit: usize,
    /// How many are.
    pub under_way: usize,
    /// How many wait for their turn.
    pub waiting: usize,
    /// How many the service answered.
    pub served: u64,
    /// How many it refused because there were too many.
    pub refused: u64,
}

impl AdaptiveConcurrency {
    /// At least 1 and at most 1,000 requests of a model at once, starting with 16.
    pub fn new() -> Self {
        Self::with_bounds(Bounds { min: 1, start: 16, max: 1_000 }, Arc::new(SystemTimer))
    }

    /// Sends at most so many of a model at once, whatever the service takes.
    #[must_use]
    pub fn with_max(self, max: u32) -> Self {
        Self::with_bounds(Bounds { max, ..self.bounds }, self.timer)
    }

    /// Sends at least so many of a model at once, whatever the service refuses.
    #[must_use]
    pub fn with_min(self, min: u32) -> Self {
        Self::with_bounds(Bounds { min, ..self.bounds }, self.timer)
    }

    /// Starts with so many.
    #[must_use]
    pub fn with_start(self, start: u32) -> Self {
        Self::with_bounds(Bounds { start, ..self.bounds }, self.timer)
    }

    /// Measures and waits with this timer.
    #[must_use]
    pub fn with_timer(self, timer: impl Timer + 'static) -> Self {
        Self::with_bounds(self.bounds, Arc::new(timer))
    }

    /// What was learned so far, of all models together.
    pub fn state(&self) -> AdaptiveState {
        let mut all = AdaptiveState::default();
        for lane in self.lanes.all() {
            let one = AdaptiveState::of(&lane);
            all.limit += one.limit;
            all.under_way += one.under_way;
            all.waiting += one.waiting;
            all.served += one.served;
            all.refused += one.refused;
        }
        all
    }

    /// What was learned so far of this model, or of requests that name none; `None` if it was not asked yet.
    pub fn state_of(&self, model: Option<&str>) -> Option<AdaptiveState> {
        Some(AdaptiveState::of(&*self.lanes.find(model)?))
    }

    /// Other settings begin anew: they share nothing with earlier clones.
    fn with_bounds(bounds: Bounds, timer: Arc<dyn Timer>) -> Self {
        Self { bounds, lanes: Arc::default(), timer }
    }
}

impl AdaptiveState {
    fn of(lane: &Turnstile<Learned>) -> Self {
        lane.look(|learned, waiting| Self {
            limit: learned.aimd.limit(),
            under_way: learned.under_way,
            waiting,
            served: learned.served,
            refused: learned.refused,
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

/// A request under way. Dropping it makes room for the next.
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
            self.turnstile.change(|learned, _| learned.under_way = learned.under_way.saturating_sub(1));
        }
    }
}
