//! What observers are told.

use std::any::Any;
use std::fmt;
use std::time::SystemTime;

use serde_json::{Map, Value};

use crate::{AiMessage, Chunk, Data, Error, Message, PromptValue, RunId, RunKind, Usage};

/// Who runs: the same for every event of one run.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RunInfo {
    /// The id of the run.
    pub id: RunId,
    /// The runs that this one is part of, from the root to the direct parent.
    pub parent_ids: Vec<RunId>,
    /// The name of the runnable, or what the config calls the run.
    pub name: String,
    /// What kind of work it is.
    pub kind: RunKind,
    /// The config's tags and the place in the composition (`seq:step:1`, `map:key:a`), sorted.
    pub tags: Vec<String>,
    /// The config's metadata.
    pub metadata: Map<String, Value>,
}

/// Something that happened in a run.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct RunEvent<'a> {
    /// The run it happened in.
    pub run: &'a RunInfo,
    /// When.
    pub time: SystemTime,
    /// What.
    pub kind: RunEventKind<'a>,
}

/// What can happen in a run. Every run has one `Start` and, whatever happens, one of `End`, `Error` and `Cancelled`.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum RunEventKind<'a> {
    /// It began. The input is absent where it arrives in chunks.
    Start {
        /// What goes in.
        input: Option<Payload<'a>>,
    },
    /// A chunk of output.
    Chunk(Payload<'a>),
    /// It is complete.
    End {
        /// What went in; absent if nothing did.
        input: Option<Payload<'a>>,
        /// What came out; absent for a stream without chunks.
        output: Option<Payload<'a>>,
    },
    /// It failed.
    Error {
        /// Why.
        error: &'a Error,
        /// What had come out before.
        partial: Option<Payload<'a>>,
    },
    /// Its caller stopped it: by dropping it, or through a [`CancelToken`](crate::CancelToken).
    Cancelled {
        /// What had come out before.
        partial: Option<Payload<'a>>,
    },
    /// Another attempt is about to be made.
    Retry {
        /// The number of the coming attempt; the first retry is 2.
        attempt: usize,
        /// Why the last attempt failed.
        error: &'a Error,
    },
    /// A model whose output does not carry its token counts reports them.
    Usage {
        /// The model, as the service calls it.
        model: &'a str,
        /// The token counts of the call.
        usage: Usage,
    },
    /// An event of the application's own. See [`Context::emit`](crate::Context::emit).
    Custom {
        /// Its name.
        name: &'a str,
        /// Its content.
        data: &'a Value,
    },
}

impl RunEventKind<'_> {
    /// True for the last event of a run.
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::End { .. } | Self::Error { .. } | Self::Cancelled { .. })
    }
}

/// A value on its way through a chain, seen by an observer: as JSON, or as its own type.
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

/// What a payload can do: implemented by every chunk.
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

    /// The value as JSON; made only when asked for.
    pub fn to_json(&self) -> Value {
        self.0.json()
    }

    /// The value as dynamic data: messages and prompts stay what they are, all else is as its JSON.
    pub fn to_data(&self) -> Data {
        if let Some(data) = self.downcast_ref::<Data>() {
            return data.clone();
        }
        let message = self.downcast_ref::<AiMessage>().cloned().map(Data::from);
        let message = message.or_else(|| self.downcast_ref::<Message>().cloned().map(Data::from));
        let prompt = || self.downcast_ref::<PromptValue>().cloned().map(Data::from);
        message.or_else(prompt).unwrap_or_else(|| self.to_json().into())
    }

    /// The value itself, if it is of this type.
    pub fn downcast_ref<T: 'static>(&self) -> Option<&'a T> {
        self.0.any().downcast_ref()
    }
}

impl fmt::Debug for Payload<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.to_json())
    }
}
