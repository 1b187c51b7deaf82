//! The events that observers receive.

use std::any::Any;
use std::fmt;
use std::time::SystemTime;

use serde_json::{Map, Value};

use crate::{AiMessage, Chunk, Data, Error, Message, PromptValue, RunId, RunKind, Usage};

/// The identity of a run, the same for all its events.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RunInfo {
    /// The id of the run.
    pub id: RunId,
    /// The ids of the enclosing runs, from the root to the direct parent.
    pub parent_ids: Vec<RunId>,
    /// The name given by the config, or that of the runnable.
    pub name: String,
    /// The kind of work the run performs.
    pub kind: RunKind,
    /// The config's tags and the position in the composition (`seq:step:1`, `map:key:a`), sorted.
    pub tags: Vec<String>,
    /// The runnable's own metadata and the config's, which takes precedence. The `ls_model_name` of a model to which
    /// another `model` is bound is the bound one.
    pub metadata: Map<String, Value>,
}

/// An event of a run.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct RunEvent<'a> {
    /// The run in which it happened.
    pub run: &'a RunInfo,
    /// The wall-clock time.
    pub time: SystemTime,
    /// What happened.
    pub kind: RunEventKind<'a>,
}

/// What happened in a run. Every run has exactly one `Start`, and exactly one of `End`, `Error` and `Cancelled`.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum RunEventKind<'a> {
    /// The run started. The input is absent if it arrives in chunks.
    Start {
        /// The input.
        input: Option<Payload<'a>>,
    },
    /// The run produced a chunk of output.
    Chunk(Payload<'a>),
    /// The run completed.
    End {
        /// The input; absent if there was none.
        input: Option<Payload<'a>>,
        /// The output; absent for a stream without chunks.
        output: Option<Payload<'a>>,
    },
    /// The run failed.
    Error {
        /// The error.
        error: &'a Error,
        /// The output produced before the error.
        partial: Option<Payload<'a>>,
    },
    /// The caller cancelled the run: by dropping it, or through a [`CancelToken`](crate::CancelToken).
    Cancelled {
        /// The output produced before the cancellation.
        partial: Option<Payload<'a>>,
    },
    /// Another attempt is about to be made.
    Retry {
        /// The number of the upcoming attempt; the first retry is 2.
        attempt: usize,
        /// The error of the previous attempt.
        error: &'a Error,
    },
    /// A model whose output does not carry its token usage reported it.
    Usage {
        /// The model name used by the service.
        model: &'a str,
        /// The token usage of the call.
        usage: Usage,
    },
    /// A custom event of the application. See [`Context::emit`](crate::Context::emit).
    Custom {
        /// Its name.
        name: &'a str,
        /// Its content.
        data: &'a Value,
    },
}

impl RunEventKind<'_> {
    /// Returns `true` for the last event of a run.
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::End { .. } | Self::Error { .. } | Self::Cancelled { .. })
    }
}

/// A value passing through a chain, available to observers as JSON or as its own type.
///
/// # Example
/// ```
/// use catena_core::{lambda, observe_with, RunConfig, RunEventKind, RunnableExt};
/// use std::sync::{Arc, Mutex};
///
/// let seen = Arc::new(Mutex::new(Vec::new()));
/// let record = Arc::clone(&seen);
/// let config = RunConfig::new().with_observer(observe_with(move |event| {
///     if let RunEventKind::End { output: Some(output), .. } = event.kind {
///         record.lock().unwrap().push((output.to_json(), output.downcast_ref::<i64>().copied()));
///     }
/// }));
/// # futures_executor::block_on(async {
/// lambda(|x: i64| x + 1).invoke_with(41, &config).await.unwrap();
/// # });
/// assert_eq!(*seen.lock().unwrap(), [(42.into(), Some(42))]);
/// ```
#[derive(Clone, Copy)]
pub struct Payload<'a>(&'a dyn Observable);

/// The operations of a payload, implemented by every chunk.
trait Observable: Sync {
    fn json(&self) -> Value;
    fn any(&self) -> &dyn Any;
}

impl<T: Chunk> Observable for T {
    fn json(&self) -> Value {
        self.to_json()
    }

    fn any(&self) -> &dyn Any {
        self
    }
}

impl<'a> Payload<'a> {
    pub(crate) fn new<T: Chunk>(value: &'a T) -> Self {
        Self(value)
    }

    /// Converts the value to JSON; computed only when called.
    pub fn to_json(&self) -> Value {
        self.0.json()
    }

    /// Converts the value to dynamic data: messages and prompts are kept as such, everything else is converted via
    /// JSON.
    pub fn to_data(&self) -> Data {
        if let Some(data) = self.downcast_ref::<Data>() {
            return data.clone();
        }
        let message = self.downcast_ref::<AiMessage>().cloned().map(Data::from);
        let message = message.or_else(|| self.downcast_ref::<Message>().cloned().map(Data::from));
        let prompt = || self.downcast_ref::<PromptValue>().cloned().map(Data::from);
        message.or_else(prompt).unwrap_or_else(|| self.to_json().into())
    }

    /// Returns the value itself if it is of this type.
    pub fn downcast_ref<T: 'static>(&self) -> Option<&'a T> {
        self.0.any().downcast_ref()
    }
}

impl fmt::Debug for Payload<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.to_json())
    }
}
