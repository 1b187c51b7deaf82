//! The context passed down a run: the caller's config, its limits and its observers.

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
    Admission, CancelToken, Chunk, Demand, Error, ModelOutput, Observer, RetryBudget, RunConfig, RunEvent,
    RunEventKind, RunId, RunInfo, Runnable, SystemTimer, Timer, Usage,
};

/// The run in which a step is called. Cheap to clone; steps pass it on to everything they call.
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
    /// `None` for a run without options, which costs nothing.
    run: Option<Arc<Run>>,
    /// The number of steps of the enclosing sequence that precede this part of it.
    steps_before: usize,
}

#[derive(Clone, Default)]
struct Run {
    shared: Arc<Shared>,
    /// The current run, if it is observed.
    info: Option<Arc<RunInfo>>,
    next: Next,
}

/// The state that every run below inherits.
#[derive(Clone, Default)]
struct Shared {
    config: RunConfig,
    permits: Option<Arc<Permits>>,
    deadline: Option<Instant>,
    /// Any of these cancels the run.
    cancels: Vec<CancelToken>,
    /// All of these are consulted before a model call, the outermost caller's first.
    admissions: Vec<Arc<dyn Admission>>,
    /// Collects what the current model call used, if an admission wants to know.
    meter: Option<Arc<Meter>>,
    /// The id of the tool call that is being executed.
    tool_call_id: Option<Arc<str>>,
    /// The attachments that keep the work in this run.
    attachments: Attachments,
}

/// The state that applies only to the next run opened.
#[derive(Clone, Default)]
struct Next {
    name: Option<String>,
    id: Option<RunId>,
    tags: Vec<String>,
    /// The call arguments bound to the runnable that is called next.
    arguments: Option<Arc<Map<String, Value>>>,
}

impl Next {
    fn is_empty(&self) -> bool {
        self.name.is_none() && self.id.is_none() && self.tags.is_empty() && self.arguments.is_none()
    }
}

impl Context {
    /// Creates the context of a root run.
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

    /// Returns the tags of the run, sorted.
    pub fn tags(&self) -> &[String] {
        self.config().map_or(&[], |config| &config.tags)
    }

    /// Returns the metadata of the run.
    pub fn metadata(&self) -> Option<&Map<String, Value>> {
        self.config().map(|config| &config.metadata)
    }

    /// Returns a configurable value set by the caller.
    pub fn configurable(&self, key: &str) -> Option<&Value> {
        self.config()?.configurable.get(key)
    }

    /// Returns all configurable values set by the caller.
    pub fn configurables(&self) -> Option<&Map<String, Value>> {
        self.config().map(|config| &config.configurable)
    }

    /// Returns the maximum number of model calls, and of batch items, in flight.
    pub fn max_concurrency(&self) -> Option<usize> {
        self.config()?.max_concurrency
    }

    /// Returns how often a function may still return another runnable.
    pub fn recursion_limit(&self) -> usize {
        self.config().and_then(|config| config.recursion_limit).unwrap_or(DEFAULT_RECURSION_LIMIT)
    }

    /// Returns the run's deadline, as measured by the run's own timer.
    pub fn deadline(&self) -> Option<Instant> {
        self.attached()?.shared.deadline
    }

    /// Returns `true` once the caller has cancelled the run. Check it in code that cannot be dropped, such as a long
    /// loop.
    pub fn is_cancelled(&self) -> bool {
        self.cancel_tokens().iter().any(CancelToken::is_cancelled)
    }

    pub(in crate::run) fn timeout(&self) -> Option<Duration> {
        self.config()?.timeout
    }

    pub(in crate::run) fn cancel_tokens(&self) -> &[CancelToken] {
        self.attached().map_or(&[], |run| &run.shared.cancels)
    }

    /// Returns the call arguments bound to this runnable with [`bind`](crate::RunnableExt::bind).
    pub fn arguments(&self) -> Option<&Map<String, Value>> {
        self.run.as_ref()?.next.arguments.as_deref()
    }

    /// Returns the id of the tool call being executed, which the tool message carries. `None` outside a tool, or if the
    /// call has no id.
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

    /// Returns the run that this step is part of; `None` if the run is not observed.
    pub fn run_info(&self) -> Option<&RunInfo> {
        self.run.as_ref()?.info.as_deref()
    }

    /// Emits a custom event of the current run to the observers.
    pub fn emit(&self, name: &str, data: &Value) {
        self.notify(RunEventKind::Custom { name, data });
    }

    /// Reports the token usage of a model call to observers and admissions. For models whose output does not carry it.
    pub fn report_usage(&self, model: &str, usage: Usage) {
        if let Some(run) = &self.run
            && let Some(meter) = &run.shared.meter
        {
            meter.add(usage);
        }
        self.notify(RunEventKind::Usage { model, usage });
    }

    /// Reports the outputs that a model call has received to the run's [`Admission`]s, which are told an estimate of
    /// their tokens if the usage is not reported. For calls made with [`admitted`](Self::admitted): the run counts the
    /// output of a [`LanguageModel`](crate::LanguageModel) itself.
    ///
    /// # Example
    /// ```
    /// use catena_core::{Context, Demand};
    /// # futures_executor::block_on(async {
    /// let cx = Context::default(); // within a run, use the context of the step
    /// let answers = cx.admitted(Demand::default, async |cx| {
    ///     let answers = ["one".to_owned(), "two".to_owned()];
    ///     cx.report_outputs(&answers);
    ///     Ok(answers)
    /// });
    /// assert_eq!(answers.await?.len(), 2);
    /// # Ok::<(), catena_core::Error>(()) }).unwrap();
    /// ```
    pub fn report_outputs<'o, T: ModelOutput>(&self, outputs: impl IntoIterator<Item = &'o T>) {
        if let Some(meter) = self.run.as_ref().and_then(|run| run.shared.meter.as_ref()) {
            let chars = outputs.into_iter().filter_map(ModelOutput::written_chars);
            chars.for_each(|chars| meter.add_output_chars(chars));
        }
    }

    /// Reports to the run's [`Admission`]s that the current model call used nothing itself because it shares the answer
    /// of another call. For models whose output cannot state this.
    pub fn report_no_usage(&self) {
        if let Some(meter) = self.run.as_ref().and_then(|run| run.shared.meter.as_ref()) {
            meter.add(Usage::default());
        }
    }

    /// Reports to the observers that another attempt is about to be made. For components that retry within one run.
    ///
    /// `attempt` is the number of the upcoming attempt; the first retry is 2.
    pub fn report_retry(&self, attempt: usize, error: &Error) {
        self.notify(RunEventKind::Retry { attempt, error });
    }

    /// Takes one retry from the run's [`RetryBudget`]. Returns `false` if none is left, `true` if there is no budget.
    ///
    /// Components with automatic retries call this before each retry, so that the retries of several layers do not
    /// multiply.
    pub fn take_retry(&self) -> bool {
        self.retry_budget().is_none_or(RetryBudget::take)
    }

    /// Returns `true` if the run has a deadline or a [`RetryBudget`], for which retries may be omitted.
    ///
    /// # Example
    /// ```
    /// use catena_core::{Context, RetryBudget, RunConfig};
    /// assert!(!Context::default().limits_retries());
    /// assert!(Context::new(&RunConfig::new().with_retry_budget(RetryBudget::new(3))).limits_retries());
    /// ```
    pub fn limits_retries(&self) -> bool {
        self.deadline().is_some() || self.retry_budget().is_some()
    }

    /// Returns the budget of retries that everything in the run shares.
    pub(crate) fn retry_budget(&self) -> Option<&RetryBudget> {
        self.attached()?.shared.config.retry_budget.as_ref()
    }

    /// Returns this context for one call of a retried step, which shares this many retries with everything below it.
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

    /// Polls the current run inside every observer's `around_poll`.
    pub(in crate::run) fn poll_watched<T>(&self, poll: impl FnOnce() -> T) -> T {
        let (Some(run), Some(info)) = (self.attached(), self.run_info()) else { return poll() };
        let mut waiting = Some(poll);
        let mut polled = None;
        nest(&run.shared.config.observers, info, &mut || {
            polled = waiting.take().map(|poll| poll()).or(polled.take());
        });
        match (polled, waiting) {
            (Some(polled), _) => polled,
            // An observer that forgets to call `poll` must not stall the run.
            (None, Some(poll)) => poll(),
            (None, None) => unreachable!("what was taken was polled"),
        }
    }

    /// Returns the timer of the run, for limits and waits.
    pub fn timer(&self) -> &dyn Timer {
        self.config().and_then(|config| config.timer.as_deref()).unwrap_or(&SystemTimer)
    }

    /// Returns `true` in the outermost observed run.
    pub(in crate::run) fn is_root(&self) -> bool {
        self.run_info().is_some_and(|info| info.parent_ids.is_empty())
    }

    pub(crate) fn is_observed(&self) -> bool {
        self.attached().is_some_and(|run| !run.shared.config.observers.is_empty())
    }

    /// Returns the run, unless the work has been detached from it.
    fn attached(&self) -> Option<&Run> {
        self.run.as_deref().filter(|run| !run.shared.attachments.are_broken())
    }

    fn config(&self) -> Option<&RunConfig> {
        self.run.as_ref().map(|run| &run.shared.config)
    }

    /// Returns `true` if model calls need a permit or an admission.
    pub(crate) fn is_guarded(&self) -> bool {
        self.run.as_ref().is_some_and(|run| run.shared.permits.is_some() || !run.shared.admissions.is_empty())
    }

    /// Waits until another model call may start. The returned context is for that call: nested calls need no permit of
    /// their own, otherwise a model that calls another would wait for itself.
    ///
    /// # Errors
    /// Errors of the run's [`Admission`]s, which receive the result of `demand`.
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

    /// Returns this context for work that other runs may come to share, and the [`Attachment`] that ties the work to
    /// this run.
    ///
    /// Once the attachment is dropped because this run no longer needs the result, the work continues for the others
    /// without this run's deadline, cancellation and retry budget. Observers are then only notified of the end of the
    /// runs still open.
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

    /// Opens a run of `runnable` below this one. The scope reports how it ends.
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
        let mut metadata = runnable.run_metadata();
        if matches!(runnable.kind(), crate::RunKind::ChatModel | crate::RunKind::Llm)
            && let Some(Value::String(bound)) = arguments.as_ref().and_then(|bound| bound.get("model"))
        {
            metadata.insert("ls_model_name".to_owned(), bound.as_str().into());
        }
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
            metadata: metadata.into_iter().chain(config.metadata.clone()).collect(),
        });
        let next = Next { arguments, ..Next::default() };
        let mut shared = Arc::clone(&run.shared);
        if shared.attachments.are_broken() {
            // The work now belongs to other runs.
            Arc::make_mut(&mut shared).config.observers.clear();
        }
        let child = Run { shared, info: Some(Arc::clone(&info)), next };
        let child = Self { run: Some(Arc::new(child)), steps_before: 0 };
        Some((child.clone(), Scope::start(child, input)))
    }
}

/// Calls `poll` nested in the `around_poll` of the observers, the first one outermost.
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
