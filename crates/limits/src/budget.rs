//! No more than so many tokens, so much money, so much time, so many calls.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use catena_core::{
    Admission, Admitted, Demand, Error, ErrorKind, Outcome, Result, SystemTimer, Timer, Usage, async_trait,
};

use crate::ledger::{Amount, Call, Ledger, Limits};
use crate::turnstile::Turnstile;
use crate::{Cost, PriceTable};

/// What runs may spend together on model calls: tokens, money, time, calls. Give it to a run, or the same one to many,
/// with [`RunConfig::with_admission`](catena_core::RunConfig::with_admission): a chain, a batch and everything in it then
/// keep to it.
///
/// Each call is checked before it is made: the estimate of what it reads, and what it may write, must still fit. That is
/// the most that its `max_tokens` allow; where nothing is said, the [expected output](Self::with_expected_output); and
/// without one, the most that such a call has written so far under this budget. As long as nothing is known at all, calls
/// of which tokens or money are limited are let in one after the other, or half a minute apart.
///
/// Calls under way count with their estimate; a call that fits only if they turn out cheaper waits for them. What a call
/// really used replaces its estimate when it ends; the estimate stays where a call was given up, took too long or its stream
/// broke off, and nothing is counted for one that failed otherwise before its answer began. A model that writes more than
/// was expected can exceed the budget by that much for each call under way; the next call is refused.
///
/// Clones share what was spent.
///
/// A budget belongs to a run. A client can be given one as well (`with_admission` on its builder), but clients do not read
/// what an answer used: only estimates count there.
///
/// A stream counts as under way until its last chunk was read. Near the end of a budget, whoever holds a stream open while
/// he waits for another call under the same budget may therefore wait for ever: that call waits for the stream to end.
///
/// # Errors
/// A call that does not fit fails with [`ErrorKind::BudgetExceeded`]. With a limit of money, a model without a price is
/// refused with `Config`.
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
/// // It would read 1 token, and such calls have written 30.
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

/// What was spent under a [`Budget`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Spent {
    /// Calls that were begun.
    pub calls: u64,
    /// Tokens of the calls that ended. Those of a call that did not say are the estimate.
    pub usage: Usage,
    /// What they cost, as far as the models have a price.
    pub cost: Cost,
}

impl Budget {
    /// A budget without limits, which only counts.
    pub fn new() -> Self {
        let (limits, prices) = (Limits::default(), Arc::new(PriceTable::builtin()));
        Self { limits, turnstile: Ledger::open(limits), prices, timer: Arc::new(SystemTimer) }
    }

    /// At most so many tokens, read and written.
    #[must_use]
    pub fn with_max_tokens(self, tokens: u64) -> Self {
        self.with_limits(|limits| limits.tokens = Some(tokens))
    }

    /// At most so many US dollars, by the [price table](Self::with_prices).
    #[must_use]
    pub fn with_max_cost(self, dollars: f64) -> Self {
        self.with_limits(|limits| limits.cost = Some(Cost::from_dollars(dollars)))
    }

    /// No call is let in later than this after the first. The run's own
    /// [timeout](catena_core::RunConfig::with_timeout) ends those under way. A call that was let in may still wait for its
    /// client to send it: where a client has a queue of its own, such as
    /// [`AdaptiveConcurrency`](crate::AdaptiveConcurrency), bound those with
    /// [`max_concurrency`](catena_core::RunConfig::with_max_concurrency).
    #[must_use]
    pub fn with_max_time(self, time: Duration) -> Self {
        self.with_limits(|limits| limits.time = Some(time))
    }

    /// At most so many calls.
    #[must_use]
    pub fn with_max_calls(self, calls: u64) -> Self {
        self.with_limits(|limits| limits.calls = Some(calls))
    }

    /// Expects a call to write so many tokens if its `max_tokens` do not say; by default as many as the largest answer to
    /// such a call so far. 0 for models that do not say what they used.
    #[must_use]
    pub fn with_expected_output(self, tokens: u64) -> Self {
        self.with_limits(|limits| limits.expected_output = Some(tokens))
    }

    /// Reckons with these prices instead of the [built-in](PriceTable::builtin) ones.
    #[must_use]
    pub fn with_prices(mut self, prices: PriceTable) -> Self {
        self.prices = Arc::new(prices);
        self.with_limits(|_| ())
    }

    /// Measures with this timer.
    #[must_use]
    pub fn with_timer(mut self, timer: impl Timer + 'static) -> Self {
        self.timer = Arc::new(timer);
        self
    }

    /// What was spent so far.
    pub fn spent(&self) -> Spent {
        self.turnstile.look(|ledger, _| ledger.spent)
    }

    /// Other limits make another budget: it shares nothing with earlier clones.
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

/// What is set aside for a call under way.
struct Reservation {
    call: Call,
    /// Taken when the call ended.
    estimate: Option<Amount>,
    turnstile: Arc<Turnstile<Ledger>>,
}

impl Reservation {
    /// `written`: what the answer is known to hold, once there is one.
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
        // One that does not say what it wrote is expected to write nothing the next time.
        let written = outcome.usage.map(|usage| usage.output_tokens);
        let written = written.or(outcome.error.is_none().then_some(0));
        self.settle(written, |estimate| match (outcome.usage, outcome.error) {
            // What broke off may have said how much it read before it wrote.
            (Some(usage), Some(_))
                if outcome.had_begun && usage.total_tokens < estimate.usage.total_tokens =>
            {
                *estimate
            }
            (Some(usage), _) => call.amount(usage),
            // A call that failed before it said anything is not paid for.
            (None, Some(_)) if !outcome.had_begun => Amount::default(),
            (None, _) => *estimate,
        });
    }
}

/// A call that was given up may have been paid for.
impl Drop for Reservation {
    fn drop(&mut self) {
        self.settle(None, |estimate| *estimate);
    }
}

fn no_price(model: Option<&str>) -> Error {
    let what = match model {
        Some(model) => format!("there is no price for the model `{model:.80}`"),
        None => "the model does not say its name, by which its price could be found".to_owned(),
    };
    let message = format!("{what}, and the budget limits the cost: add it with `Budget::with_prices`");
    Error::new(ErrorKind::Config, message)
}
