//! One recording while it is played.

use std::fmt;
use std::sync::Arc;

use catena::Error;
use serde_json::{Map, Value};

use super::timer::ScaledTimer;

/// What the caller does, and with which clock.
pub(super) struct Case<'a> {
    pub(super) input: &'a Value,
    /// Give it to the client where it takes one: waits become short and are noted.
    pub(super) timer: Arc<ScaledTimer>,
}

/// What came of playing.
pub(super) enum Played {
    Done(Outcome),
    /// Our client has no such thing, and why.
    Unsupported(String),
}

/// What the caller got: the members of an `expected_result`, in its own form.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) members: Map<String, Value>,
    pub(super) error: Option<Error>,
}

impl<'a> Case<'a> {
    pub(super) fn new(input: &'a Value, clock: &Value) -> Self {
        Self { input, timer: Arc::new(ScaledTimer::new(&input["config"]["timeout"], clock)) }
    }
}

impl Outcome {
    pub(super) fn of(name: &str, value: impl Into<Value>) -> Self {
        Self { members: Map::from_iter([(name.to_owned(), value.into())]), error: None }
    }

    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }
}

impl From<Error> for Outcome {
    fn from(error: Error) -> Self {
        Self { members: Map::new(), error: Some(error) }
    }
}

impl From<Outcome> for Played {
    fn from(outcome: Outcome) -> Self {
        Self::Done(outcome)
    }
}

impl From<Error> for Played {
    fn from(error: Error) -> Self {
        Self::Done(error.into())
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Value::from(self.members.clone()))?;
        self.error.as_ref().map_or(Ok(()), |error| write!(f, " and {error:?}"))
    }
}
