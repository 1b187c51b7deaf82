//! The request for a batch, and how its batch is found in a list.

use std::time::{Duration, UNIX_EPOCH};

use catena_core::{Error, Timer};
use catena_http::service::bounded;
use catena_http::service::lenient::is_truthy;
use serde_json::{Map, Value};

use super::{Batch, BatchStatus, retold};

/// How far the service's clock may be behind.
const LAG: Duration = Duration::from_secs(60);

/// The maximum number of bytes of an id that an error message shows.
pub(super) const MAX_SHOWN: usize = 200;

/// A request to create a batch.
///
/// # Example
/// See [`Batches`](super::Batches).
#[derive(Debug, Clone)]
#[must_use = "a batch begins with `Batches::create`"]
pub struct BatchRequest {
    pub(super) body: Map<String, Value>,
}

impl BatchRequest {
    /// Creates a request to process an uploaded file within 24 hours, by an endpoint such as `/v1/chat/completions`.
    pub fn new(input_file_id: impl Into<String>, endpoint: impl Into<String>) -> Self {
        let members = [
            ("input_file_id", input_file_id.into()),
            ("endpoint", endpoint.into()),
            ("completion_window", "24h".to_owned()),
        ];
        Self { body: members.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect() }
    }

    /// Adds metadata that the service stores with the batch.
    pub fn with_metadata(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let metadata = self.body.entry("metadata").or_insert_with(|| Map::new().into());
        if let Value::Object(metadata) = metadata {
            metadata.insert(name.into(), Value::String(value.into()));
        }
        self
    }

    /// Adds a member to the body of the request, unchanged, such as `output_expires_after`. It overrides what other
    /// methods set.
    pub fn with_extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.body.insert(name.into(), value.into());
        self
    }

    /// Returns the batch that was created for this request at `start` or later, in seconds since the Unix epoch, if it
    /// is among these.
    ///
    /// # Errors
    /// The reason why that remains unknown.
    pub(super) fn find(&self, newest: Vec<Batch>, start: u64) -> Result<Option<Batch>, String> {
        let mut unknown = None;
        for batch in newest {
            match self.is(&batch, start) {
                Some(true) => return Ok(Some(batch)),
                Some(false) => {}
                None => unknown = unknown.or(Some(batch.id)),
            }
        }
        match unknown {
            Some(id) => Err(format!("it may be {}", bounded(&id, MAX_SHOWN))),
            None => Ok(None),
        }
    }

    /// Returns whether a batch was created for this request, or `None` if that remains unknown: gateways omit members,
    /// or have other ids than the service behind them.
    fn is(&self, batch: &Batch, start: u64) -> Option<bool> {
        let asked = |name| self.body.get(name).and_then(Value::as_str);
        let endpoint = batch.endpoint.as_deref().map(|endpoint| Some(endpoint) == asked("endpoint"));
        let labels = match (labels(&batch.extra), labels(&self.body)) {
            (None, Some(_)) => None,
            (listed, asked) => Some(listed == asked),
        };
        if batch.status == BatchStatus::Failed || endpoint == Some(false) || labels == Some(false) {
            return Some(false);
        }
        let is_new = batch.created_at.map(|created| created >= start);
        let file = batch.input_file_id.as_deref().and_then(|file| is_same(file, asked("input_file_id")?));
        match file {
            Some(false) => Some(false),
            // A batch that has ended may belong to an earlier request.
            Some(true) if batch.status.is_terminal() => is_new,
            Some(true) if endpoint.is_some() && labels.is_some() => Some(true),
            Some(true) => is_new.is_none_or(|new| new).then_some(true),
            None if is_new == Some(false) => Some(false),
            None => None,
        }
    }

    /// Returns the error of a batch that the service may have created, for this reason.
    pub(super) fn unknown(&self, error: Error, reason: &str) -> Error {
        let file = self.body.get("input_file_id").and_then(Value::as_str).unwrap_or_default();
        let file = bounded(file, MAX_SHOWN);
        let words = format!(
            "the service may have begun the batch of the file `{file}` ({reason}); look for it before you ask again"
        );
        retold(error, &words).with_retryable(false)
    }
}

/// Returns the earliest creation time of a batch that is created from now on, in seconds since the Unix epoch.
pub(super) fn earliest(timer: &dyn Timer) -> u64 {
    let now = timer.wall_clock().duration_since(UNIX_EPOCH).unwrap_or_default();
    now.saturating_sub(LAG).as_secs()
}

fn labels(members: &Map<String, Value>) -> Option<&Value> {
    members.get("metadata").filter(|labels| is_truthy(labels))
}

/// Returns whether two ids name the same file, or `None` if they are of different kinds, such as those of a gateway and
/// of the service behind it: such ids differ in length.
fn is_same(one: &str, other: &str) -> Option<bool> {
    (one.len() == other.len()).then_some(one == other)
}
