//! The ledger of a budget: what was spent, what is reserved, and what still fits.

use std::sync::Arc;
use std::time::{Duration, Instant};

use catena_core::{Error, ErrorKind, Result, Usage};

use crate::turnstile::{Rule, Turn, Turnstile};
use crate::{Cost, Price, Spent};

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Limits {
    pub(crate) tokens: Option<u64>,
    pub(crate) cost: Option<Cost>,
    pub(crate) time: Option<Duration>,
    pub(crate) calls: Option<u64>,
    /// Output assumed for calls without `max_tokens`.
    pub(crate) expected_output: Option<u64>,
}

/// A call that asks to be admitted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call {
    pub(crate) input: u64,
    /// Maximum output, if the call states one.
    pub(crate) output: Option<u64>,
    pub(crate) price: Option<Price>,
}

impl Call {
    pub(crate) fn amount(&self, usage: Usage) -> Amount {
        Amount { usage, cost: self.price.map_or(Cost::ZERO, |price| price.cost(&usage)) }
    }
}

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Amount {
    pub(crate) usage: Usage,
    pub(crate) cost: Cost,
}

/// The amounts spent, and those reserved for calls in flight.
#[derive(Debug)]
pub(crate) struct Ledger {
    limits: Limits,
    pub(crate) spent: Spent,
    reserved_tokens: u64,
    reserved_cost: Cost,
    began: Option<Instant>,
    /// The largest output so far of a call that stated no maximum.
    largest_output: Option<u64>,
    /// When a call without any expected output was admitted, while it is in flight.
    probed: Option<Instant>,
}

/// How long such a call blocks the next one: its caller may hold the stream open while waiting for another call.
const PROBE: Duration = Duration::from_secs(30);

impl Ledger {
    pub(crate) fn open(limits: Limits) -> Arc<Turnstile<Self>> {
        Arc::new(Turnstile::new(Self {
            limits,
            spent: Spent::default(),
            reserved_tokens: 0,
            reserved_cost: Cost::ZERO,
            began: None,
            largest_output: None,
            probed: None,
        }))
    }

    /// Returns the output to reserve for a call, if anything is known about it.
    fn expected_output(&self, call: &Call) -> Option<u64> {
        let Limits { tokens, cost, expected_output, .. } = self.limits;
        let is_counted = tokens.is_some() || cost.is_some();
        call.output.or(expected_output).or(self.largest_output).or((!is_counted).then_some(0))
    }

    /// Returns why a call cannot be admitted even if all calls in flight turn out to cost nothing.
    fn objection(&self, call: &Amount, now: Instant) -> Option<String> {
        let Limits { tokens, cost, time, calls, .. } = self.limits;
        let Spent { calls: made, usage, cost: paid } = self.spent;
        if let Some(max) = calls.filter(|max| made >= *max) {
            return Some(format!("{made} of {max} calls were made"));
        }
        let elapsed = self.began.map_or(Duration::ZERO, |began| now.saturating_duration_since(began));
        if let Some(max) = time.filter(|max| elapsed >= *max) {
            return Some(format!("{elapsed:.1?} of {max:?} have passed"));
        }
        let needed = call.usage.total_tokens;
        if let Some(max) = tokens
            .filter(|max| usage.total_tokens >= *max || usage.total_tokens.saturating_add(needed) > *max)
        {
            let used = usage.total_tokens;
            return Some(format!("{used} of {max} tokens were used, and the call needs about {needed}"));
        }
        let max = cost.filter(|max| paid >= *max || paid + call.cost > *max)?;
        Some(format!("{paid} of {max} were spent, and the call costs about {}", call.cost))
    }

    /// Returns whether the call fits beside what is reserved.
    fn fits(&self, call: &Amount) -> bool {
        let Spent { usage, .. } = self.spent;
        let tokens =
            usage.total_tokens.saturating_add(self.reserved_tokens).saturating_add(call.usage.total_tokens);
        let cost = self.spent.cost + self.reserved_cost + call.cost;
        self.limits.tokens.is_none_or(|max| tokens <= max) && self.limits.cost.is_none_or(|max| cost <= max)
    }

    /// Records that a call ended with this output, if known.
    pub(crate) fn learn(&mut self, call: &Call, written: Option<u64>) {
        if call.output.is_none() {
            self.largest_output = self.largest_output.max(written);
            self.probed = None;
        }
    }

    pub(crate) fn settle(&mut self, estimate: &Amount, actual: &Amount) {
        self.reserved_tokens = self.reserved_tokens.saturating_sub(estimate.usage.total_tokens);
        self.reserved_cost = self.reserved_cost.minus(estimate.cost);
        self.spent.usage += actual.usage;
        self.spent.cost += actual.cost;
    }
}

impl Rule for Ledger {
    type Demand = Call;
    /// The amount reserved for the call.
    type Ticket = Result<Amount>;

    fn pass(&mut self, call: Call, now: Instant) -> Turn<Result<Amount>> {
        let expected = self.expected_output(&call);
        let estimate = call.amount(Usage::new(call.input, expected.unwrap_or(0)));
        if let Some(objection) = self.objection(&estimate, now) {
            return Turn::Passed(Err(exceeded(&objection)));
        }
        if !self.fits(&estimate) {
            return Turn::Later;
        }
        if expected.is_none() {
            let since = self.probed.map(|probed| now.saturating_duration_since(probed));
            if let Some(wait) =
                since.and_then(|since| PROBE.checked_sub(since)).filter(|wait| !wait.is_zero())
            {
                return Turn::After(wait);
            }
            self.probed = Some(now);
        }
        self.began.get_or_insert(now);
        self.spent.calls += 1;
        self.reserved_tokens = self.reserved_tokens.saturating_add(estimate.usage.total_tokens);
        self.reserved_cost += estimate.cost;
        Turn::Passed(Ok(estimate))
    }
}

fn exceeded(objection: &str) -> Error {
    let message = format!("budget exceeded, no further model call is allowed: {objection}");
    Error::new(ErrorKind::BudgetExceeded, message)
}
