//! The events of a run as a stream, in LangChain's `astream_events` v2 vocabulary.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context as Task, Poll};

use futures_core::Stream;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    ChunkStream, Data, Observer, Payload, PromptValue, Record, Result, RunConfig, RunEvent, RunEventKind,
    RunId, RunKind, Runnable, RunnableExt,
};

/// One event of a run.
///
/// # Example
/// See [`stream_events`](crate::RunnableExt::stream_events).
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct StreamEvent {
    /// The event name, `on_<kind>_<what>`, where the kind is `chain`, `prompt`, `chat_model`, `llm`, `parser` or
    /// `tool`, and what happened is `start`, `stream`, `end`, `error` or `cancelled`. Also `on_retry`, `on_usage` and
    /// `on_custom_event`.
    pub event: String,
    /// The name of the run, or of a custom event.
    pub name: String,
    /// The id of the run.
    #[serde(serialize_with = "as_text")]
    pub run_id: RunId,
    /// The ids of the enclosing runs, from the root to the direct parent.
    #[serde(serialize_with = "as_texts")]
    pub parent_ids: Vec<RunId>,
    /// The run's tags, sorted.
    pub tags: Vec<String>,
    /// The run's metadata.
    pub metadata: Map<String, Value>,
    /// The data of the event: `input`, `chunk`, `output` or `error`, or the fields of a retry, usage or custom event.
    pub data: Record,
    /// The kind of work the run performs.
    #[serde(skip)]
    pub kind: RunKind,
}

fn as_text<S: serde::Serializer>(id: &RunId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

fn as_texts<S: serde::Serializer>(ids: &[RunId], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(ids.iter().map(ToString::to_string))
}

/// A filter for events: passes those that match any `include`, or all if there is none, except those that match an
/// `exclude`.
///
/// # Example
/// ```
/// use catena_core::{EventFilter, RunKind};
/// let models = EventFilter::new().include_kind(RunKind::ChatModel).exclude_tag("draft");
/// # let _ = models;
/// ```
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    include: Vec<Criterion>,
    exclude: Vec<Criterion>,
}

#[derive(Debug, Clone)]
enum Criterion {
    Name(String),
    Kind(RunKind),
    Tag(String),
}

impl Criterion {
    fn matches(&self, event: &StreamEvent) -> bool {
        match self {
            Self::Name(name) => event.name == *name,
            Self::Kind(kind) => event.kind == *kind,
            Self::Tag(tag) => event.tags.contains(tag),
        }
    }
}

impl EventFilter {
    /// Creates a filter that passes all events.
    pub fn new() -> Self {
        Self::default()
    }

    /// Includes runs with this name.
    #[must_use]
    pub fn include_name(mut self, name: impl Into<String>) -> Self {
        self.include.push(Criterion::Name(name.into()));
        self
    }

    /// Includes runs of this kind.
    #[must_use]
    pub fn include_kind(mut self, kind: RunKind) -> Self {
        self.include.push(Criterion::Kind(kind));
        self
    }

    /// Includes runs with this tag.
    #[must_use]
    pub fn include_tag(mut self, tag: impl Into<String>) -> Self {
        self.include.push(Criterion::Tag(tag.into()));
        self
    }

    /// Excludes runs with this name.
    #[must_use]
    pub fn exclude_name(mut self, name: impl Into<String>) -> Self {
        self.exclude.push(Criterion::Name(name.into()));
        self
    }

    /// Excludes runs of this kind.
    #[must_use]
    pub fn exclude_kind(mut self, kind: RunKind) -> Self {
        self.exclude.push(Criterion::Kind(kind));
        self
    }

    /// Excludes runs with this tag.
    #[must_use]
    pub fn exclude_tag(mut self, tag: impl Into<String>) -> Self {
        self.exclude.push(Criterion::Tag(tag.into()));
        self
    }

    /// Returns `true` if the filter passes the event.
    pub fn allows(&self, event: &StreamEvent) -> bool {
        let included =
            self.include.is_empty() || self.include.iter().any(|criterion| criterion.matches(event));
        included && !self.exclude.iter().any(|criterion| criterion.matches(event))
    }
}

/// A stream of the events of a run as they happen. Created by [`stream_events`](crate::RunnableExt::stream_events).
///
/// A failed run yields its error events, then the error itself as the last item. Dropping the stream cancels the run.
pub struct EventStream<'a> {
    /// The run with its chunks discarded; `None` once it has ended.
    run: Option<ChunkStream<'a, ()>>,
    events: Arc<Mutex<VecDeque<StreamEvent>>>,
    filter: EventFilter,
    failure: Option<crate::Error>,
}

impl EventStream<'_> {
    /// Skips the events that the filter does not pass.
    #[must_use]
    pub fn filtered(mut self, filter: EventFilter) -> Self {
        self.filter = filter;
        self
    }
}

impl std::fmt::Debug for EventStream<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventStream").field("ended", &self.run.is_none()).finish_non_exhaustive()
    }
}

impl Stream for EventStream<'_> {
    type Item = Result<StreamEvent>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let event = lock(&self.events).pop_front();
            match event {
                Some(event) if self.filter.allows(&event) => return Poll::Ready(Some(Ok(event))),
                Some(_) => continue,
                None => {}
            }
            let Some(run) = &mut self.run else { return Poll::Ready(self.failure.take().map(Err)) };
            let step = run.as_mut().poll_next(task);
            if step.is_pending() && lock(&self.events).is_empty() {
                return Poll::Pending;
            }
            match step {
                Poll::Ready(Some(Err(error))) => self.failure = Some(error),
                Poll::Ready(None) => self.run = None,
                _ => {}
            }
        }
    }
}

/// Starts a run and records its events.
pub(crate) fn stream_events<'a, R>(runnable: &'a R, input: R::Input, config: &RunConfig) -> EventStream<'a>
where
    R: Runnable + ?Sized,
{
    let events = Arc::new(Mutex::new(VecDeque::new()));
    let recorder = Recorder { events: Arc::clone(&events), input: Payload::new(&input).to_data() };
    let mut config = config.clone();
    config.observers.push(Arc::new(recorder));
    let run = futures_util::StreamExt::map(runnable.stream_with(input, &config), |chunk| chunk.map(|_| ()));
    EventStream { run: Some(Box::pin(run)), events, filter: EventFilter::default(), failure: None }
}

struct Recorder {
    events: Arc<Mutex<VecDeque<StreamEvent>>>,
    /// The caller's input, which the root run reports at its start.
    input: Data,
}

impl Observer for Recorder {
    fn on_event(&self, event: &RunEvent<'_>) {
        let recorded = self.translate(event);
        lock(&self.events).push_back(recorded);
    }
}

impl Recorder {
    fn translate(&self, event: &RunEvent<'_>) -> StreamEvent {
        let name = match event.kind {
            RunEventKind::Custom { name, .. } => name.to_owned(),
            _ => event.run.name.clone(),
        };
        StreamEvent {
            event: event_name(event),
            name,
            run_id: event.run.id,
            parent_ids: event.run.parent_ids.clone(),
            tags: event.run.tags.clone(),
            metadata: event.run.metadata.clone(),
            data: self.data(event),
            kind: event.run.kind,
        }
    }

    /// Returns the data of an event.
    fn data(&self, event: &RunEvent<'_>) -> Record {
        let kind = event.run.kind;
        let is_root = event.run.parent_ids.is_empty();
        match event.kind {
            RunEventKind::Start { .. } if is_root => {
                record([("input", Some(model_input(kind, self.input.clone())))])
            }
            RunEventKind::Start { input } => {
                record([("input", input.map(|input| model_input(kind, input.to_data())))])
            }
            RunEventKind::Chunk(chunk) => record([("chunk", Some(model_chunk(kind, chunk.to_data())))]),
            RunEventKind::End { input, output } => {
                let output = output.map_or(Data::Null, |output| output.to_data());
                let input = input.filter(|_| !is_root).map(|input| model_input(kind, input.to_data()));
                record([("output", Some(model_output(kind, output))), ("input", input)])
            }
            RunEventKind::Error { error, partial } => record([
                ("error", Some(Data::Error(error.clone()))),
                ("output", partial.map(|partial| partial.to_data())),
            ]),
            RunEventKind::Cancelled { partial } => {
                record([("output", partial.map(|partial| partial.to_data()))])
            }
            RunEventKind::Retry { attempt, error } => {
                record([("attempt", Some(attempt.into())), ("error", Some(Data::Error(error.clone())))])
            }
            RunEventKind::Usage { model, usage } => {
                let usage = serde_json::to_value(usage).unwrap_or_default();
                record([("model", Some(model.into())), ("usage", Some(usage.into()))])
            }
            RunEventKind::Custom { data, .. } => match Data::from(data.clone()) {
                Data::Record(record) => record,
                other => record([("value", Some(other))]),
            },
        }
    }
}

/// Builds a record of the values that are present.
fn record<const N: usize>(values: [(&str, Option<Data>); N]) -> Record {
    values.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// Returns LangChain's name of the event: `on_chain_start`.
fn event_name(event: &RunEvent<'_>) -> String {
    let what = match event.kind {
        RunEventKind::Start { .. } => "start",
        RunEventKind::Chunk(_) => "stream",
        RunEventKind::End { .. } => "end",
        RunEventKind::Error { .. } => "error",
        RunEventKind::Cancelled { .. } => "cancelled",
        RunEventKind::Retry { .. } => return "on_retry".to_owned(),
        RunEventKind::Usage { .. } => return "on_usage".to_owned(),
        RunEventKind::Custom { .. } => return "on_custom_event".to_owned(),
    };
    format!("on_{}_{what}", kind_word(event.run.kind))
}

/// Returns the name of a kind of work as used in event names.
fn kind_word(kind: RunKind) -> &'static str {
    match kind {
        RunKind::Chain => "chain",
        RunKind::Prompt => "prompt",
        RunKind::ChatModel => "chat_model",
        RunKind::Llm => "llm",
        RunKind::Parser => "parser",
        RunKind::Tool => "tool",
    }
}

/// Converts a model's input to the shape that consumers of these events expect.
fn model_input(kind: RunKind, input: Data) -> Data {
    let prompt = |input: Data| match input {
        Data::Prompt(prompt) => *prompt,
        Data::Text(text) => PromptValue::Text(text),
        other => PromptValue::Text(other.into_json().to_string()),
    };
    match kind {
        RunKind::ChatModel => {
            let messages: Vec<Data> = prompt(input).into_messages().into_iter().map(Data::from).collect();
            Data::from([("messages", vec![Data::List(messages)])])
        }
        RunKind::Llm => Data::from([("prompts", vec![prompt(input).into_text()])]),
        _ => input,
    }
}

fn model_chunk(kind: RunKind, chunk: Data) -> Data {
    if kind == RunKind::Llm { Data::from([("text", chunk)]) } else { chunk }
}

fn model_output(kind: RunKind, output: Data) -> Data {
    if kind == RunKind::Llm {
        return Data::from([("generations", vec![Data::List(vec![model_chunk(kind, output)])])]);
    }
    output
}

/// No code panics while holding the lock.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
