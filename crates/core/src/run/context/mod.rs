//! What flows down a run: the caller's config, the limits it set, and who watches.

mod derived;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Map, Value};

use crate::run::attachment::{Attachment, Attachments};
use crate::run::config::DEFAULT_RECURSION_LIMIT;
use crate::run::model_pass::{Meter, ModelPass};
use crate::run::permits::Permits;
use crate::run::scope::Scope;
use crate::{
    Admission, CancelToken, Chunk, Demand, Error, Observer, RetryBudget, RunConfig, RunEvent, RunEventKind,
    RunId, RunInfo, Runnable, SystemTimer, Timer, Usage,
};

/// The run that a step is called in. A cheap clone; steps pass it on to what they call.
///
/// # Example
/// ```
/// use catena_core::{lambda, Context, RunConfig, RunnableExt};
/// # futures_executor::block_on(async {
/// let who = lambda(|_: String, cx: Context| cx.configurable("user").and_then(|user| user.as_str()).map(String::from));
/// let config = RunConfig::new().with_configurable("user", "ada");
/// assert_eq!(who.invoke_with("", &config).await?, Some("ada".to_string()));
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Clone, Default)]
pub struct Context {
    /// `None` for a run that nobody configured: it costs nothing.
    run: Option<Arc<Run>>,
    /// How many steps of the enclosing sequence come before this part of it.
    steps_before: usize,
}

#[derive(Clone, Default)]
struct Run {
    shared: Arc<Shared>,
    /// The run that is under way, if anybody watches.
    info: Option<Arc<RunInfo>>,
    next: Next,
}

/// What every run below inherits.
#[derive(Clone, Default)]
struct Shared {
    config: RunConfig,
    permits: Option<Arc<Permits>>,
    deadline: Option<Instant>,
    /// Each of them stops it.
    cancels: Vec<CancelToken>,
    /// Each of them is asked before a model call: the outermost caller's first.
    admissions: Vec<Arc<dyn Admission>>,
    /// What the model call under way used, where somebody wants to know.
    meter: Option<Arc<Meter>>,
    /// By which id the model called the tool that is at work.
    tool_call_id: Option<Arc<str>>,
    /// What keeps the work in this run.
    attachments: Attachments,
}

/// What only the next run that is opened gets.
#[derive(Clone, Default)]
struct Next {
    name: Option<String>,
    id: Option<RunId>,
    tags: Vec<String>,
    /// Call arguments bound to the runnable that is called next.
    arguments: Option<Arc<Map<String, Value>>>,
}

impl Next {
    fn is_empty(&self) -> bool {
        self.name.is_none() && self.id.is_none() && self.tags.is_empty() && self.arguments.is_none()
    }
}

impl Context {
    /// The context of a run that the caller starts.
    pub fn new(config: &RunConfig) -> Self {
        if config.is_empty() {
            return Self::default();
        }
        let mut config = config.clone();
        config.tags.sort_unstable();
        config.tags.dedup();
        Self::from_parts(config, None, Next::default(), None)
    }

    fn from_parts(
        mut config: RunConfig,
        parent: Option<&Self>,
        mut next: Next,
        info: Option<Arc<RunInfo>>,
    ) -> Self {
        next.name = config.name.take().or(next.name);
        next.id = config.run_id.take().or(next.id);
        let parent = parent.and_then(|parent| parent.run.as_ref());
        let permits = match parent.and_then(|run| run.shared.permits.clone()) {
            Some(permits) => Some(permits),
            None => config.max_concurrency.map(Permits::new),
        };
        let timer = config.timer.as_deref().unwrap_or(&SystemTimer);
        let own = config.timeout.and_then(|timeout| timer.now().checked_add(timeout));
        let deadline = own.into_iter().chain(parent.and_then(|run| run.shared.deadline)).min();
        let meter = parent.and_then(|run| run.shared.meter.clone());
        let tool_call_id = parent.and_then(|run| run.shared.tool_call_id.clone());
        let mut cancels = parent.map(|run| run.shared.cancels.clone()).unwrap_or_default();
        cancels.extend(config.cancel.take());
        let mut admissions = parent.map(|run| run.shared.admissions.clone()).unwrap_or_default();
        let own = config.admission.take();
        admissions.extend(own.filter(|own| !admissions.iter().any(|known| Arc::ptr_eq(known, own))));
        let attachments = parent.map(|run| run.shared.attachments.clone()).unwrap_or_default();
        let shared =
            Shared { config, permits, deadline, cancels, admissions, meter, tool_call_id, attachments };
        let shared = Arc::new(shared);
        Self { run: Some(Arc::new(Run { shared, info, next })), steps_before: 0 }
    }

    /// The labels of the run, sorted.
    pub fn tags(&self) -> &[String] {
        self.config().map_or(&[], |config| &config.tags)
    }

    /// The facts about the run.
    pub fn metadata(&self) -> Option<&Map<String, Value>> {
        self.config().map(|config| &config.metadata)
    }

    /// A value that the caller set for configurable steps.
    pub fn configurable(&self, key: &str) -> Option<&Value> {
        self.config()?.configurable.get(key)
    }

    /// All values that the caller set for configurable steps.
    pub fn configurables(&self) -> Option<&Map<String, Value>> {
        self.config().map(|config| &config.configurable)
    }

    /// The most model calls, and items of a batch, that may be under way at once.
    pub fn max_concurrency(&self) -> Option<usize> {
        self.config()?.max_concurrency
    }

    /// How often a function may still return another runnable.
    pub fn recursion_limit(&self) -> usize {
        self.config().and_then(|config| config.recursion_limit).unwrap_or(DEFAULT_RECURSION_LIMIT)
    }

    /// When the run's time is up, on the run's own timer.
    pub fn deadline(&self) -> Option<Instant> {
        self.attached()?.shared.deadline
    }

    /// True once the caller cancelled the run. What cannot be dropped, such as a long loop, should look here.
    pub fn is_cancelled(&self) -> bool {
        self.cancel_tokens().iter().any(CancelToken::is_cancelled)
    }

    pub(in crate::run) fn timeout(&self) -> Option<Duration> {
        self.config()?.timeout
    }

    pub(in crate::run) fn cancel_tokens(&self) -> &[CancelToken] {
        self.attached().map_or(&[], |run| &run.shared.cancels)
    }

    /// Call arguments bound to this runnable with [`bind`](crate::RunnableExt::bind).
    pub fn arguments(&self) -> Option<&Map<String, Value>> {
        self.run.as_ref()?.next.arguments.as_deref()
    }

    /// Within a tool: the id of the model's call, which the answer to it carries. `None` elsewhere, or if it has none.
    ///
    /// # Example
    /// ```
    /// use catena_core::{tool, Context, RunnableExt, ToolCall};
    /// use serde_json::{json, Value};
    /// # futures_executor::block_on(async {
    /// let own = tool("own", "Says its id.", json!({"type": "object"}), |_: Value, cx: Context| {
    ///     cx.tool_call_id().map(str::to_owned)
    /// });
    /// let message = own.invoke(ToolCall::new("own", [("a", 1)]).with_id("call_1")).await?;
    /// assert_eq!(message.content.text(), "call_1");
    /// # Ok::<(), catena_core::Error>(()) }).unwrap();
    /// ```
    #[doc(alias = "InjectedToolCallId")]
    pub fn tool_call_id(&self) -> Option<&str> {
        self.run.as_ref()?.shared.tool_call_id.as_deref()
    }

    /// The run that this step is part of; `None` when nobody watches.
    pub fn run_info(&self) -> Option<&RunInfo> {
        self.run.as_ref()?.info.as_deref()
    }

    /// Tells the observers something of the application's own, as an event of the present run.
    pub fn emit(&self, name: &str, data: &Value) {
        self.notify(RunEventKind::Custom { name, data });
    }

    /// Tells the observers what a model call used. For models whose output does not carry it.
    pub fn report_usage(&self, model: &str, usage: Usage) {
        if let Some(run) = &self.run
            && let Some(meter) = &run.shared.meter
        {
            meter.add(usage);
        }
        self.notify(RunEventKind::Usage { model, usage });
    }

    /// Tells the run's [`Admission`]s that the model call under way uses nothing of its own: it shares the answer of another
    /// call. For models whose output cannot say so.
    pub fn report_free(&self) {
        if let Some(meter) = self.run.as_ref().and_then(|run| run.shared.meter.as_ref()) {
            meter.add(Usage::default());
        }
    }

    /// Tells the observers that another attempt is about to be made, for what tries again by itself within one run.
    /// `attempt` is the number of the coming attempt; the first retry is 2.
    pub fn report_retry(&self, attempt: usize, error: &Error) {
        self.notify(RunEventKind::Retry { attempt, error });
    }

    /// Takes one retry from the run's [`RetryBudget`]. False if none is left; true where there is no budget.
    ///
    /// Whoever tries again by itself asks here first, so that the retries of several layers do not multiply.
    pub fn take_retry(&self) -> bool {
        self.retry_budget().is_none_or(RetryBudget::take)
    }

    /// How many retries everything in the run may still make together.
    pub(crate) fn retry_budget(&self) -> Option<&RetryBudget> {
        self.attached()?.shared.config.retry_budget.as_ref()
    }

    /// This context for one call of a retried step, which shares so many retries with everything below it.
    pub(crate) fn with_retries(&self, retries: usize) -> Self {
        let budget = RetryBudget::of_step(retries, self.retry_budget());
        self.configured_over(&RunConfig::new().with_retry_budget(budget))
    }

    pub(crate) fn notify(&self, kind: RunEventKind<'_>) {
        if let Some(run) = &self.run
            && let Some(info) = &run.info
            && (kind.is_terminal() || !run.shared.attachments.are_broken())
        {
            notify(&run.shared.config, info, kind);
        }
    }

    /// Polls the present run with every observer around it.
    pub(in crate::run) fn poll_watched<T>(&self, poll: impl FnOnce() -> T) -> T {
        let (Some(run), Some(info)) = (self.attached(), self.run_info()) else { return poll() };
        let mut waiting = Some(poll);
        let mut polled = None;
        nest(&run.shared.config.observers, info, &mut || {
            polled = waiting.take().map(|poll| poll()).or(polled.take());
        });
        match (polled, waiting) {
            (Some(polled), _) => polled,
            // An observer that forgets to poll must not stop the run.
            (None, Some(poll)) => poll(),
            (None, None) => unreachable!("what was taken was polled"),
        }
    }

    /// The timer of the run: it measures limits and waits.
    pub fn timer(&self) -> &dyn Timer {
        self.config().and_then(|config| config.timer.as_deref()).unwrap_or(&SystemTimer)
    }

    /// True in the outermost run of those that somebody watches.
    pub(in crate::run) fn is_root(&self) -> bool {
        self.run_info().is_some_and(|info| info.parent_ids.is_empty())
    }

    pub(crate) fn is_observed(&self) -> bool {
        self.attached().is_some_and(|run| !run.shared.config.observers.is_empty())
    }

    /// The run, unless the work was taken out of it.
    fn attached(&self) -> Option<&Run> {
        self.run.as_deref().filter(|run| !run.shared.attachments.are_broken())
    }

    fn config(&self) -> Option<&RunConfig> {
        self.run.as_ref().map(|run| &run.shared.config)
    }

    /// Whether somebody has to let calls of models in.
    pub(crate) fn is_guarded(&self) -> bool {
        self.run.as_ref().is_some_and(|run| run.shared.permits.is_some() || !run.shared.admissions.is_empty())
    }

    /// Waits until one more model call may start. The context is for that call: what it calls in turn needs no permit
    /// of its own, or a model that asks another would wait for itself.
    ///
    /// # Errors
    /// That of the run's [`Admission`]s, which are asked with what `demand` gives.
    pub(crate) async fn admit<'a>(
        &self,
        demand: impl Fn() -> Demand<'a>,
    ) -> crate::Result<(Option<ModelPass>, Cow<'_, Self>)> {
        let Some(run) = &self.run else { return Ok((None, Cow::Borrowed(self))) };
        let Shared { admissions, permits, .. } = &*run.shared;
        if permits.is_none() && admissions.is_empty() {
            return Ok((None, Cow::Borrowed(self)));
        }
        let permit = match permits {
            Some(permits) => Some(permits.acquire().await),
            None => None,
        };
        let mut shared = Shared { permits: None, ..Shared::clone(&run.shared) };
        let mut pass = ModelPass::new(permit);
        let admissions = std::mem::take(&mut shared.admissions);
        if !admissions.is_empty() {
            pass.enter(&admissions, &demand()).await?;
            shared.meter = Some(Arc::clone(&pass.meter));
        }
        let run = Run { shared: Arc::new(shared), ..Run::clone(run) };
        Ok((Some(pass), Cow::Owned(Self { run: Some(Arc::new(run)), ..self.clone() })))
    }

    /// This context for work that other runs may come to share: as long as the [`Attachment`] is kept, it is part of this
    /// run. Once it is dropped, because this run has lost its interest, the work goes on for the others without this run's
    /// deadline, cancellation and retry budget. Observers then hear no more of it than how runs end that are open.
    ///
    /// # Example
    /// ```
    /// use catena_core::{Context, RetryBudget, RunConfig};
    /// let cx = Context::new(&RunConfig::new().with_retry_budget(RetryBudget::new(0)));
    /// let (work, attachment) = cx.detachable();
    /// assert!(!work.take_retry());
    /// drop(attachment);
    /// assert!(work.take_retry());
    /// ```
    pub fn detachable(&self) -> (Self, Attachment) {
        let Some(run) = &self.run else { return (self.clone(), Attachment::none()) };
        let (attachments, attachment) = run.shared.attachments.with_another();
        let shared = Shared { attachments, ..Shared::clone(&run.shared) };
        let run = Run { shared: Arc::new(shared), ..Run::clone(run) };
        (Self { run: Some(Arc::new(run)), ..self.clone() }, attachment)
    }

    /// Opens a run of `runnable` below this one. Its scope reports how it ends.
    pub(crate) fn open<R, I>(&self, runnable: &R, input: Option<&I>) -> Option<(Self, Scope<R::Output>)>
    where
        R: Runnable + ?Sized,
        I: Chunk,
    {
        let run = self.run.as_ref().filter(|run| !run.shared.config.observers.is_empty())?;
        let Next { name, id, tags, arguments } = run.next.clone();
        let config = &run.shared.config;
        let mut tags: Vec<String> = tags.into_iter().chain(config.tags.iter().cloned()).collect();
        tags.sort_unstable();
        tags.dedup();
        let info = Arc::new(RunInfo {
            id: id.unwrap_or_else(|| RunId::new(self.timer().wall_clock())),
            parent_ids: run
                .info
                .iter()
                .flat_map(|parent| parent.parent_ids.iter().copied().chain([parent.id]))
                .collect(),
            name: name.unwrap_or_else(|| runnable.name().into_owned()),
            kind: runnable.kind(),
            tags,
            metadata: runnable.run_metadata().into_iter().chain(config.metadata.clone()).collect(),
        });
        let next = Next { arguments, ..Next::default() };
        let mut shared = Arc::clone(&run.shared);
        if shared.attachments.are_broken() {
            // It is somebody else's by now.
            Arc::make_mut(&mut shared).config.observers.clear();
        }
        let child = Run { shared, info: Some(Arc::clone(&info)), next };
        let child = Self { run: Some(Arc::new(child)), steps_before: 0 };
        Some((child.clone(), Scope::start(child, input)))
    }
}

/// Calls `poll` with the first observer around it, around the second, and so on.
fn nest(observers: &[Arc<dyn Observer>], run: &RunInfo, poll: &mut dyn FnMut()) {
    match observers {
        [] => poll(),
        [first, rest @ ..] => first.around_poll(run, &mut || nest(rest, run, poll)),
    }
}

fn notify(config: &RunConfig, run: &RunInfo, kind: RunEventKind<'_>) {
    let time = config.timer.as_deref().unwrap_or(&SystemTimer).wall_clock();
    let event = RunEvent { run, time, kind };
    config.observers.iter().for_each(|observer: &Arc<dyn Observer>| observer.on_event(&event));
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("config", &self.config()).field("run", &self.run_info()).finish()
    }
}
