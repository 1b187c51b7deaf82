//! What a batch is to do, and how it is found again.

use std::time::{Duration, UNIX_EPOCH};

use catena_core::{Error, Timer};
use catena_http::service::bounded;
use catena_http::service::lenient::is_truthy;
use serde_json::{Map, Value};

use super::{Batch, BatchStatus, retold};

/// How far the clock of a service may be behind.
const LAG: Duration = Duration::from_secs(60);

/// The most that is shown of an id, in bytes.
pub(super) const MAX_SHOWN: usize = 200;

/// What a batch is to do.
///
/// # Example
/// See [`Batches`](super::Batches).
#[derive(Debug, Clone)]
#[must_use = "a batch begins with `Batches::create`"]
pub struct BatchRequest {
    pub(super) body: Map<String, Value>,
}

impl BatchRequest {
    /// The requests of an uploaded file, to be worked off by an endpoint, such as `/v1/chat/completions`, in 24 hours.
    pub fn new(input_file_id: impl Into<String>, endpoint: impl Into<String>) -> Self {
        let members = [
            ("input_file_id", input_file_id.into()),
            ("endpoint", endpoint.into()),
            ("completion_window", "24h".to_owned()),
        ];
        Self { body: members.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect() }
    }

    /// A remark that the service keeps.
    pub fn with_metadata(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let metadata = self.body.entry("metadata").or_insert_with(|| Map::new().into());
        if let Value::Object(metadata) = metadata {
            metadata.insert(name.into(), Value::String(value.into()));
        }
        self
    }

    /// A member to send as it is, in place of one that a method here sets: `output_expires_after`.
    pub fn with_extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.body.insert(name.into(), value.into());
        self
    }

    /// The batch that was begun for this request at `start` or later, in seconds since 1970, among the newest.
    ///
    /// # Errors
    /// Why that cannot be known.
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

    /// Whether a batch is what was asked for. `None` if that cannot be known: gateways leave out what was said, or have
    /// other ids than the service behind them.
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
            // One that has ended may be of an earlier request.
            Some(true) if batch.status.is_terminal() => is_new,
            Some(true) if endpoint.is_some() && labels.is_some() => Some(true),
            Some(true) => is_new.is_none_or(|new| new).then_some(true),
            None if is_new == Some(false) => Some(false),
            None => None,
        }
    }

    /// The error of a batch that the service may have begun, for this reason.
    pub(super) fn unknown(&self, error: Error, reason: &str) -> Error {
        let file = self.body.get("input_file_id").and_then(Value::as_str).unwrap_or_default();
        let file = bounded(file, MAX_SHOWN);
        let words = format!(
            "the service may have begun the batch of the file `{file}` ({reason}); look for it before you ask again"
        );
        retold(error, &words).with_retryable(false)
    }
}

/// The time from which a batch that is begun now may be, in seconds since 1970.
pub(super) fn earliest(timer: &dyn Timer) -> u64 {
    let now = timer.wall_clock().duration_since(UNIX_EPOCH).unwrap_or_default();
    now.saturating_sub(LAG).as_secs()
}

fn labels(members: &Map<String, Value>) -> Option<&Value> {
    members.get("metadata").filter(|labels| is_truthy(labels))
}

/// Whether two ids are those of one file. `None` if they were not made in the same way, as those of a gateway and of the
/// service behind it: such ids differ in length.
fn is_same(one: &str, other: &str) -> Option<bool> {
    (one.len() == other.len()).then_some(one == other)
}
