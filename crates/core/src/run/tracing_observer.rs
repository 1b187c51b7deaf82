//! Runs as `tracing` spans, with OpenTelemetry's attribute names for model calls.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tracing::field::Empty;
use tracing::{Level, Span};

use crate::{AiMessage, Observer, Payload, RunEvent, RunEventKind, RunId, RunInfo, RunKind, Usage};

/// An observer that opens a span for every run, as a child of its parent run's span, and enters it whenever the run is
/// polled.
///
/// Model calls carry the attributes of OpenTelemetry's GenAI conventions: `gen_ai.operation.name`,
/// `gen_ai.provider.name`, `gen_ai.request.model`, `gen_ai.response.model`, `gen_ai.response.id`,
/// `gen_ai.response.finish_reasons`, `gen_ai.usage.input_tokens` and `gen_ai.usage.output_tokens`. Message content is
/// recorded only [on request](TracingObserver::with_content). `otel.name`, `otel.kind` and `otel.status_code` tell an
/// OpenTelemetry bridge the span's name and whether the run failed.
///
/// # Example
/// ```
/// use catena_core::{lambda, RunConfig, RunnableExt, TracingObserver};
/// # futures_executor::block_on(async {
/// let config = RunConfig::new().with_observer(TracingObserver::new());
/// assert_eq!(lambda(|x: i64| x + 1).invoke_with(1, &config).await?, 2);
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Default)]
pub struct TracingObserver {
    content: bool,
    /// The spans of the open runs; each is removed when its run ends.
    spans: Mutex<HashMap<RunId, Span>>,
}

impl TracingObserver {
    /// Creates an observer that records no content.
    pub fn new() -> Self {
        Self::default()
    }

    /// Also records inputs and outputs, as JSON. They may contain user data.
    #[must_use]
    pub fn with_content(mut self) -> Self {
        self.content = true;
        self
    }

    fn open(&self, run: &RunInfo, input: Option<Payload<'_>>) {
        let parent = run.parent_ids.last().and_then(|parent| self.lock().get(parent).cloned());
        let span = match parent {
            Some(parent) => parent.in_scope(|| span(run)),
            None => span(run),
        };
        if let Some(operation) = operation(run.kind) {
            span.record("gen_ai.operation.name", operation);
            let fact = |name: &str| run.metadata.get(name).and_then(|fact| fact.as_str());
            record(&span, "gen_ai.provider.name", fact("ls_provider"));
            record(&span, "gen_ai.request.model", fact("ls_model_name"));
        }
        self.record_content(&span, run.kind, "input", input);
        self.lock().insert(run.id, span);
    }

    fn record_content(&self, span: &Span, kind: RunKind, side: &str, payload: Option<Payload<'_>>) {
        let Some(payload) = payload.filter(|_| self.content) else { return };
        let name = match (operation(kind).is_some(), side) {
            (true, "input") => "gen_ai.input.messages",
            (true, _) => "gen_ai.output.messages",
            (false, "input") => "catena.input",
            (false, _) => "catena.output",
        };
        span.record(name, payload.to_json().to_string());
    }

    fn close(&self, event: &RunEvent<'_>) {
        let Some(span) = self.lock().remove(&event.run.id) else { return };
        let output = match event.kind {
            RunEventKind::End { output, .. } => {
                span.record("otel.status_code", "OK");
                output
            }
            RunEventKind::Error { error, partial } => {
                span.record("otel.status_code", "ERROR");
                span.record("error.type", format!("{:?}", error.kind()));
                span.record("otel.status_description", error.to_string());
                partial
            }
            RunEventKind::Cancelled { partial } => {
                span.record("error.type", "Cancelled");
                partial
            }
            _ => None,
        };
        if let Some(message) = output.and_then(|output| output.downcast_ref::<AiMessage>()) {
            record_answer(&span, message);
        }
        self.record_content(&span, event.run.kind, "output", output);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RunId, Span>> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for TracingObserver {
    fn on_event(&self, event: &RunEvent<'_>) {
        match event.kind {
            RunEventKind::Start { input } => self.open(event.run, input),
            RunEventKind::Retry { attempt, error } => self.within(event.run, || {
                tracing::warn!(attempt, error = %error, "trying again");
            }),
            RunEventKind::Usage { model, usage } => self.within(event.run, || {
                let span = Span::current();
                span.record("gen_ai.response.model", model);
                record_usage(&span, usage);
            }),
            RunEventKind::Custom { name, .. } => self.within(event.run, || {
                tracing::info!(name, "custom event");
            }),
            RunEventKind::Chunk(_) => {}
            _ => self.close(event),
        }
    }

    fn around_poll(&self, run: &RunInfo, poll: &mut dyn FnMut()) {
        self.within(run, poll);
    }
}

impl TracingObserver {
    fn within(&self, run: &RunInfo, act: impl FnOnce()) {
        let span = self.lock().get(&run.id).cloned();
        match span {
            Some(span) => span.in_scope(act),
            None => act(),
        }
    }
}

/// Creates the span of a run, with empty fields for everything that may be recorded later.
fn span(run: &RunInfo) -> Span {
    let kind = if operation(run.kind).is_some() { "client" } else { "internal" };
    tracing::span!(
        Level::INFO,
        "catena.run",
        "otel.name" = run.name,
        "otel.kind" = kind,
        "otel.status_code" = Empty,
        "otel.status_description" = Empty,
        "error.type" = Empty,
        "catena.run.id" = %run.id,
        "catena.run.kind" = ?run.kind,
        "catena.run.tags" = run.tags.join(","),
        "catena.input" = Empty,
        "catena.output" = Empty,
        "gen_ai.operation.name" = Empty,
        "gen_ai.provider.name" = Empty,
        "gen_ai.request.model" = Empty,
        "gen_ai.response.model" = Empty,
        "gen_ai.response.id" = Empty,
        "gen_ai.response.finish_reasons" = Empty,
        "gen_ai.usage.input_tokens" = Empty,
        "gen_ai.usage.output_tokens" = Empty,
        "gen_ai.input.messages" = Empty,
        "gen_ai.output.messages" = Empty,
    )
}

/// Returns OpenTelemetry's name for this kind of work, if it is a model or tool call.
fn operation(kind: RunKind) -> Option<&'static str> {
    match kind {
        RunKind::ChatModel => Some("chat"),
        RunKind::Llm => Some("text_completion"),
        RunKind::Tool => Some("execute_tool"),
        _ => None,
    }
}

fn record_answer(span: &Span, message: &AiMessage) {
    record(span, "gen_ai.response.id", message.id.as_deref());
    record(span, "gen_ai.response.model", message.metadata.model.as_deref());
    record(span, "gen_ai.response.finish_reasons", message.metadata.finish_reason.as_deref());
    if let Some(usage) = message.usage {
        record_usage(span, usage);
    }
}

fn record_usage(span: &Span, usage: Usage) {
    span.record("gen_ai.usage.input_tokens", usage.input_tokens);
    span.record("gen_ai.usage.output_tokens", usage.output_tokens);
}

fn record(span: &Span, name: &'static str, value: Option<&str>) {
    if let Some(value) = value {
        span.record(name, value);
    }
}
