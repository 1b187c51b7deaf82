//! No more than so many tokens, so much money, so much time, so many calls.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use catena_core::{
    Admission, Admitted, Demand, Error, ErrorKind, Outcome, Result, SystemTimer, Timer, Usage, async_trait,
};

use crate::turnstile::{Rule, Turn, Turnstile};
use crate::{Cost, PriceTable};

/// What runs may spend together on model calls: tokens, money, time, calls. Give it to a run, or the same one to many,
/// with [`RunConfig::with_admission`](catena_core::RunConfig::with_admission): a chain, a batch and everything in it then
/// keep to it.
///
/// Each call is checked before it is made: the estimate of what it reads, and the most it may write if its `max_tokens`
/// say so, must still fit. Calls under way count with their estimate; a call that fits only if they turn out cheaper
/// waits for them. What a call really used replaces its estimate when it ends; the estimate stays where a call was given up
/// or its stream broke off, and nothing is counted for one that failed before its answer began. A model that writes more than was
/// expected can exceed the budget by that once; the next call is refused.
///
/// Clones share what was spent.
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
/// model.invoke_with("Hi", &config).await?; // it fits by estimate, and turns out larger
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

#[derive(Debug, Clone, Copy, Default)]
struct Limits {
    tokens: Option<u64>,
    cost: Option<Cost>,
    time: Option<Duration>,
    calls: Option<u64>,
    /// What a call is expected to write if it does not say.
    expected_output: u64,
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

    /// No call is begun later than this after the first. The run's own
    /// [timeout](catena_core::RunConfig::with_timeout) ends those under way.
    #[must_use]
    pub fn with_max_time(self, time: Duration) -> Self {
        self.with_limits(|limits| limits.time = Some(time))
    }

    /// At most so many calls.
    #[must_use]
    pub fn with_max_calls(self, calls: u64) -> Self {
        self.with_limits(|limits| limits.calls = Some(calls))
    }

    /// Expects a call to write so many tokens if its `max_tokens` do not say; by default none.
    #[must_use]
    pub fn with_expected_output(self, tokens: u64) -> Self {
        self.with_limits(|limits| limits.expected_output = tokens)
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
        let output = demand.tokens.unwrap_or(0).saturating_sub(input);
        let output = if output == 0 { self.limits.expected_output } else { output };
        let usage = Usage::new(input, output);
        let price = demand.model.and_then(|model| self.prices.price(model));
        if self.limits.cost.is_some() && price.is_none() {
            return Err(no_price(demand.model));
        }
        let estimate = Amount { usage, cost: price.map_or(Cost::ZERO, |price| price.cost(&usage)) };
        self.turnstile.pass(estimate, &*self.timer).await?;
        let price = price.copied();
        Ok(Box::new(Reservation { estimate: Some(estimate), price, turnstile: Arc::clone(&self.turnstile) }))
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Amount {
    usage: Usage,
    cost: Cost,
}

/// What was spent, and what is set aside for calls under way.
#[derive(Debug)]
struct Ledger {
    limits: Limits,
    spent: Spent,
    reserved_tokens: u64,
    reserved_cost: Cost,
    began: Option<Instant>,
}

impl Ledger {
    fn open(limits: Limits) -> Arc<Turnstile<Self>> {
        let (reserved_tokens, reserved_cost) = (0, Cost::ZERO);
        Arc::new(Turnstile::new(Self {
            limits,
            spent: Spent::default(),
            reserved_tokens,
            reserved_cost,
            began: None,
        }))
    }

    /// What speaks against a call, whatever those under way turn out to be.
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

    /// Whether the call fits beside what is set aside.
    fn fits(&self, call: &Amount) -> bool {
        let Spent { usage, .. } = self.spent;
        let tokens =
            usage.total_tokens.saturating_add(self.reserved_tokens).saturating_add(call.usage.total_tokens);
        let cost = self.spent.cost + self.reserved_cost + call.cost;
        self.limits.tokens.is_none_or(|max| tokens <= max) && self.limits.cost.is_none_or(|max| cost <= max)
    }

    fn settle(&mut self, estimate: &Amount, actual: &Amount) {
        self.reserved_tokens = self.reserved_tokens.saturating_sub(estimate.usage.total_tokens);
        self.reserved_cost = self.reserved_cost.minus(estimate.cost);
        self.spent.usage += actual.usage;
        self.spent.cost += actual.cost;
    }
}

impl Rule for Ledger {
    type Demand = Amount;
    type Ticket = Result<()>;

    fn pass(&mut self, call: Amount, now: Instant) -> Turn<Result<()>> {
        if let Some(objection) = self.objection(&call, now) {
            return Turn::Passed(Err(exceeded(&objection)));
        }
        if !self.fits(&call) {
            return Turn::Later;
        }
        self.began.get_or_insert(now);
        self.spent.calls += 1;
        self.reserved_tokens = self.reserved_tokens.saturating_add(call.usage.total_tokens);
        self.reserved_cost += call.cost;
        Turn::Passed(Ok(()))
    }
}

/// What is set aside for a call under way.
struct Reservation {
    /// Taken when the call ended.
    estimate: Option<Amount>,
    price: Option<crate::Price>,
    turnstile: Arc<Turnstile<Ledger>>,
}

impl Reservation {
    fn settle(&mut self, actual: impl FnOnce(&Amount) -> Amount) {
        if let Some(estimate) = self.estimate.take() {
            let actual = actual(&estimate);
            self.turnstile.change(|ledger, _| ledger.settle(&estimate, &actual));
        }
    }
}

impl Admitted for Reservation {
    fn report(mut self: Box<Self>, outcome: &Outcome<'_>) {
        let price = self.price;
        let amount = |usage| Amount { usage, cost: price.map_or(Cost::ZERO, |price| price.cost(&usage)) };
        self.settle(|estimate| match (outcome.usage, outcome.error) {
            // What broke off may have said how much it read before it wrote.
            (Some(usage), Some(_))
                if outcome.had_begun && usage.total_tokens < estimate.usage.total_tokens =>
            {
                *estimate
            }
            (Some(usage), _) => amount(usage),
            // A call that failed before it said anything is not paid for.
            (None, Some(_)) if !outcome.had_begun => Amount::default(),
            (None, _) => *estimate,
        });
    }
}

/// A call that was given up may have been paid for.
impl Drop for Reservation {
    fn drop(&mut self) {
        self.settle(|estimate| *estimate);
    }
}

fn exceeded(objection: &str) -> Error {
    let message = format!("the budget does not allow another model call: {objection}");
    Error::new(ErrorKind::BudgetExceeded, message)
}

fn no_price(model: Option<&str>) -> Error {
    let what = match model {
        Some(model) => format!("there is no price for the model `{model:.80}`"),
        None => "the model does not say its name, by which its price could be found".to_owned(),
    };
    let message = format!("{what}, and the budget limits the cost: add it with `Budget::with_prices`");
    Error::new(ErrorKind::Config, message)
}
