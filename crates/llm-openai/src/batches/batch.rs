//! What a service says about a batch.

use std::fmt;

use catena_http::service::bounded;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::codec::object::{null_is_default, number, number_or_zero, text};

/// A batch.
///
/// # Example
/// ```
/// use catena_llm_openai::{Batch, BatchStatus};
/// let batch: Batch = serde_json::from_str(r#"{"id": "batch_1", "status": "in_progress", "request_counts": {"total": 3}}"#)?;
/// assert_eq!((batch.status, batch.request_counts.total), (BatchStatus::InProgress, 3));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Batch {
    /// The id by which it is asked for.
    pub id: String,
    /// How far it is.
    #[serde(default)]
    pub status: BatchStatus,
    /// The endpoint that works it off.
    #[serde(default, deserialize_with = "given")]
    pub endpoint: Option<String>,
    /// The file with its requests.
    #[serde(default, deserialize_with = "given")]
    pub input_file_id: Option<String>,
    /// The file with the answers, once there is one.
    #[serde(default, deserialize_with = "given")]
    pub output_file_id: Option<String>,
    /// The file with the requests that failed, once there is one.
    #[serde(default, deserialize_with = "given")]
    pub error_file_id: Option<String>,
    /// When it was begun, in seconds since 1970.
    #[serde(default, deserialize_with = "seconds")]
    pub created_at: Option<u64>,
    /// How many of its requests are done.
    #[serde(default, deserialize_with = "null_is_default")]
    pub request_counts: BatchCounts,
    /// What is wrong with its file; see [`issues`](Batch::issues).
    #[serde(default)]
    pub errors: Value,
    /// All other members, as they came.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Batch {
    /// What is wrong with its file.
    ///
    /// # Example
    /// ```
    /// use catena_llm_openai::Batch;
    /// let batch: Batch = serde_json::from_str(
    ///     r#"{"id": "batch_1", "status": "failed", "errors": {"data": [{"code": "invalid_json_line", "line": 2}]}}"#,
    /// )?;
    /// assert_eq!(batch.issues()[0].line, Some(2));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn issues(&self) -> Vec<BatchIssue> {
        let issues = self.errors["data"].as_array().into_iter().flatten();
        issues.filter_map(|issue| BatchIssue::deserialize(issue).ok()).collect()
    }
}

/// A text that is not empty: gateways write an empty one for a file or an endpoint that they do not know.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(text(deserializer)?.filter(|text| !text.is_empty()))
}

/// A time, which some gateways count in milliseconds.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    // In seconds, this is the year 5138.
    const LATEST: u64 = 100_000_000_000;
    Ok(number(deserializer)?.map(|time| if time > LATEST { time / 1000 } else { time }))
}

/// How many requests of a batch there are, are done, and have failed.
///
/// # Example
/// See [`Batch`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct BatchCounts {
    /// All.
    #[serde(deserialize_with = "number_or_zero")]
    pub total: u64,
    /// Those that were answered.
    #[serde(deserialize_with = "number_or_zero")]
    pub completed: u64,
    /// Those that were not.
    #[serde(deserialize_with = "number_or_zero")]
    pub failed: u64,
}

/// Something that is wrong with the file of a batch.
///
/// # Example
/// See [`Batch::issues`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct BatchIssue {
    /// The service's word for it.
    #[serde(deserialize_with = "text")]
    pub code: Option<String>,
    /// What is wrong.
    #[serde(deserialize_with = "text")]
    pub message: Option<String>,
    /// In which line, counted by the service.
    #[serde(deserialize_with = "number")]
    pub line: Option<u64>,
}

impl fmt::Display for BatchIssue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.message.as_deref().or(self.code.as_deref()).unwrap_or("unknown");
        f.write_str(&bounded(text, 200))?;
        self.line.map_or(Ok(()), |line| write!(f, " (line {line})"))
    }
}

/// How far a batch is.
///
/// # Example
/// ```
/// use catena_llm_openai::BatchStatus;
/// assert!(BatchStatus::Expired.is_terminal());
/// let status: BatchStatus = serde_json::from_str(r#""paused""#)?;
/// assert_eq!(status, BatchStatus::Other("paused".into()));
/// let status: BatchStatus = serde_json::from_str(r#""PartiallyCompleted""#)?;
/// assert_eq!(status, BatchStatus::Completed);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BatchStatus {
    /// Its file is being checked.
    Validating,
    /// Its file has errors, and nothing was done.
    Failed,
    /// Its requests are being worked off.
    InProgress,
    /// Its requests are done, and the files with the results are being written.
    Finalizing,
    /// All is done.
    Completed,
    /// Its time ran out; what was done has results.
    Expired,
    /// It is being stopped.
    Cancelling,
    /// It was stopped; what was done has results.
    Cancelled,
    /// A word that is not known here, or an empty text where there is none.
    #[serde(untagged)]
    Other(String),
}

impl Default for BatchStatus {
    /// Nothing was said.
    fn default() -> Self {
        Self::Other(String::new())
    }
}

impl<'de> Deserialize<'de> for BatchStatus {
    /// Reads the words of gateways too, in upper or lower case, with or without `_`.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = text(deserializer)?.unwrap_or_default();
        let letters =
            word.chars().filter(char::is_ascii_alphabetic).map(|letter| letter.to_ascii_lowercase());
        Ok(match letters.collect::<String>().as_str() {
            "validating" => Self::Validating,
            "failed" => Self::Failed,
            "inprogress" => Self::InProgress,
            "finalizing" => Self::Finalizing,
            "completed" | "partiallycompleted" => Self::Completed,
            "expired" => Self::Expired,
            "cancelling" | "canceling" | "stopping" => Self::Cancelling,
            "cancelled" | "canceled" | "stopped" => Self::Cancelled,
            _ => Self::Other(word),
        })
    }
}

impl BatchStatus {
    /// True if nothing will change any more.
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Failed | Self::Completed | Self::Expired | Self::Cancelled)
    }
}
