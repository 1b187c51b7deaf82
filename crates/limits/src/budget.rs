//! Budgets: limits on the tokens, cost, time and calls of a run.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use catena_core::{
    Admission, Admitted, Demand, Error, ErrorKind, Outcome, Result, SystemTimer, Timer, Usage, async_trait,
};

use crate::ledger::{Amount, Call, Ledger, Limits};
use crate::turnstile::Turnstile;
use crate::used::used;
use crate::{Cost, PriceTable};

/// A limit on what one or more runs may spend on model calls in total: tokens, money, time, number of calls. Pass it to
/// one run, or share it among several, with [`RunConfig::with_admission`](catena_core::RunConfig::with_admission); it
/// then covers everything in them, including chains and batches.
///
/// A call is checked before it is made: its estimated input tokens plus the output it may produce must still fit. The
/// output is taken as the call's `max_tokens`; if unset, the [expected output](Self::with_expected_output); if that is
/// unset too, the largest output of such a call so far under this budget. Until one is known, and if tokens or cost are
/// limited, such calls are admitted one after another, or half a minute apart.
///
/// Calls in flight are charged at their estimate; a call that fits only if they turn out cheaper waits for them. When a
/// call ends, its actual usage replaces the estimate. If the service reports no usage, as many compatible services do
/// not for streams, the output is estimated from the text received, at four characters per token: reasoning that the
/// service hides is then not counted. If the call was cancelled, timed out or broke off mid-stream, the larger of the
/// first estimate and what was received is charged; a call that failed otherwise before its response began is not
/// charged. If models produce more than expected, the budget can be exceeded by that amount for each call in flight;
/// the next call is rejected.
///
/// Clones share the amount spent.
///
/// A budget belongs to a run. A client accepts one as well (`with_admission` on its builder), but clients do not read
/// the usage of a response, so only estimates are charged there.
///
/// A stream is in flight until its last chunk has been read. Near the end of a budget, code that holds a stream open
/// while it awaits another call under the same budget can therefore deadlock: that call waits for the stream to end.
///
/// # Errors
/// A call that does not fit fails with [`ErrorKind::BudgetExceeded`]. If the cost is limited, a call to a model without
/// a price fails with `Config`.
///
/// # Example
/// ```
/// use catena_core::{fakes::FakeChatModel, ErrorKind, RunConfig, RunnableExt, Usage};
/// use catena_limits::Budget;
/// # futures_executor::block_on(async {
/// let budget = Budget::new().with_max_tokens(100);
/// let config = RunConfig::new().with_admission(budget.clone());
/// let model = FakeChatModel::new(["Hello"]).with_usage(Usage::new(60, 30));
/// model.invoke_with("Hi", &config).await?;
/// assert_eq!(budget.spent().usage.total_tokens, 90);
/// // It needs about 1 input token and, as the call before, 30 output tokens.
/// let error = model.invoke_with("Hi", &config).await.unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::BudgetExceeded);
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct Budget {
    limits: Limits,
    prices: Arc<PriceTable>,
    turnstile: Arc<Turnstile<Ledger>>,
    timer: Arc<dyn Timer>,
}

/// The amount spent under a [`Budget`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Spent {
    /// Number of calls started.
    pub calls: u64,
    /// Tokens used by finished calls; for a call that reported no usage, an [estimate](Budget).
    pub usage: Usage,
    /// Cost of those tokens, for models that have a price.
    pub cost: Cost,
}

impl Budget {
    /// Creates a budget without limits, which only keeps count.
    pub fn new() -> Self {
        let (limits, prices) = (Limits::default(), Arc::new(PriceTable::builtin()));
        Self { limits, turnstile: Ledger::open(limits), prices, timer: Arc::new(SystemTimer) }
    }

    /// Sets the maximum number of tokens, input and output together.
    #[must_use]
    pub fn with_max_tokens(self, tokens: u64) -> Self {
        self.with_limits(|limits| limits.tokens = Some(tokens))
    }

    /// Sets the maximum cost in US dollars, computed with the [price table](Self::with_prices).
    #[must_use]
    pub fn with_max_cost(self, dollars: f64) -> Self {
        self.with_limits(|limits| limits.cost = Some(Cost::from_dollars(dollars)))
    }

    /// Sets how long after the first call further calls are admitted.
    ///
    /// Calls in flight are ended by the run's own [timeout](catena_core::RunConfig::with_timeout). An admitted call may
    /// still have to wait until its client sends it: if the client has a queue, such as
    /// [`AdaptiveConcurrency`](crate::AdaptiveConcurrency), bound the queue with
    /// [`max_concurrency`](catena_core::RunConfig::with_max_concurrency).
    #[must_use]
    pub fn with_max_time(self, time: Duration) -> Self {
        self.with_limits(|limits| limits.time = Some(time))
    }

    /// Sets the maximum number of calls.
    #[must_use]
    pub fn with_max_calls(self, calls: u64) -> Self {
        self.with_limits(|limits| limits.calls = Some(calls))
    }

    /// Sets the number of output tokens to assume for calls without `max_tokens`.
    ///
    /// Defaults to the largest output of such a call so far.
    #[must_use]
    pub fn with_expected_output(self, tokens: u64) -> Self {
        self.with_limits(|limits| limits.expected_output = Some(tokens))
    }

    /// Sets the price table, in place of the [built-in](PriceTable::builtin) one.
    #[must_use]
    pub fn with_prices(mut self, prices: PriceTable) -> Self {
        self.prices = Arc::new(prices);
        self.with_limits(|_| ())
    }

    /// Sets the timer used to measure time.
    #[must_use]
    pub fn with_timer(mut self, timer: impl Timer + 'static) -> Self {
        self.timer = Arc::new(timer);
        self
    }

    /// Returns the amount spent so far.
    pub fn spent(&self) -> Spent {
        self.turnstile.look(|ledger, _| ledger.spent)
    }

    /// Starts over: a budget with other limits shares nothing with earlier clones.
    fn with_limits(mut self, change: impl FnOnce(&mut Limits)) -> Self {
        change(&mut self.limits);
        self.turnstile = Ledger::open(self.limits);
        self
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Budget");
        out.field("limits", &self.limits).field("spent", &self.spent()).finish_non_exhaustive()
    }
}

#[async_trait]
impl Admission for Budget {
    async fn admit(&self, demand: &Demand<'_>) -> Result<Box<dyn Admitted>> {
        let input = demand.input_tokens.or(demand.tokens).unwrap_or(0);
        let stated = demand.tokens.unwrap_or(0).saturating_sub(input);
        let output = if demand.is_open_ended { None } else { Some(stated) };
        let price = demand.model.and_then(|model| self.prices.price(model));
        if self.limits.cost.is_some() && price.is_none() {
            return Err(no_price(demand.model));
        }
        let call = Call { input, output, price: price.copied() };
        let estimate = self.turnstile.pass(call, &*self.timer).await?;
        Ok(Box::new(Reservation { call, estimate: Some(estimate), turnstile: Arc::clone(&self.turnstile) }))
    }

    fn identity(&self) -> Option<usize> {
        Some(Arc::as_ptr(&self.turnstile).addr())
    }
}

/// The amount reserved for a call in flight.
struct Reservation {
    call: Call,
    /// `None` once the call has been settled.
    estimate: Option<Amount>,
    turnstile: Arc<Turnstile<Ledger>>,
}

impl Reservation {
    /// `written`: the output tokens of the response, if there was one and they are known.
    fn settle(&mut self, written: Option<u64>, actual: impl FnOnce(&Amount) -> Amount) {
        if let Some(estimate) = self.estimate.take() {
            let (call, actual) = (self.call, actual(&estimate));
            self.turnstile.change(|ledger, _| {
                ledger.learn(&call, written);
                ledger.settle(&estimate, &actual);
            });
        }
    }
}

impl Admitted for Reservation {
    fn report(mut self: Box<Self>, outcome: &Outcome<'_>) {
        let call = self.call;
        let used = used(outcome, call.input);
        let is_complete = outcome.error.is_none();
        // If nothing is known of the output of a complete call, none is expected next time. That of an interrupted
        // call would have been larger than what was received.
        let written =
            used.filter(|_| is_complete || outcome.usage.is_some()).map(|usage| usage.output_tokens);
        let written = written.or(is_complete.then_some(0));
        self.settle(written, |estimate| match used {
            // The service may have written more than what arrived of the interrupted answer.
            Some(usage)
                if !is_complete
                    && outcome.answer_started
                    && usage.total_tokens < estimate.usage.total_tokens =>
            {
                *estimate
            }
            Some(usage) => call.amount(usage),
            // A call that failed before its response began is not billed.
            None if !is_complete && !outcome.answer_started => Amount::default(),
            None => *estimate,
        });
    }
}

/// A cancelled call may have been billed, so its estimate stands.
impl Drop for Reservation {
    fn drop(&mut self) {
        self.settle(None, |estimate| *estimate);
    }
}

fn no_price(model: Option<&str>) -> Error {
    let what = match model {
        Some(model) => format!("no price for the model `{model:.80}`"),
        None => "the model does not report its name, so its price is unknown".to_owned(),
    };
    let message = format!("{what}, but the budget limits the cost: add the price with `Budget::with_prices`");
    Error::new(ErrorKind::Config, message)
}
