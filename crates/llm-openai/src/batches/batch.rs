//! A service's description of a batch.

use std::fmt;

use catena_http::service::bounded;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::codec::object::{null_is_default, number, number_or_zero, text};

/// The state of a batch.
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
    /// The batch's id, for use in requests.
    pub id: String,
    /// The batch's status.
    #[serde(default)]
    pub status: BatchStatus,
    /// The endpoint that processes its requests.
    #[serde(default, deserialize_with = "given")]
    pub endpoint: Option<String>,
    /// The id of the file with its requests.
    #[serde(default, deserialize_with = "given")]
    pub input_file_id: Option<String>,
    /// The id of the file with the answers, once it exists.
    #[serde(default, deserialize_with = "given")]
    pub output_file_id: Option<String>,
    /// The id of the file with the failed requests, once it exists.
    #[serde(default, deserialize_with = "given")]
    pub error_file_id: Option<String>,
    /// The creation time, in seconds since the Unix epoch.
    #[serde(default, deserialize_with = "seconds")]
    pub created_at: Option<u64>,
    /// The progress of its requests.
    #[serde(default, deserialize_with = "null_is_default")]
    pub request_counts: BatchCounts,
    /// Validation errors of the input file, as the service sends them; see [`issues`](Batch::issues).
    #[serde(default)]
    pub errors: Value,
    /// All other members, unchanged.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Batch {
    /// Returns the validation errors of the input file.
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

/// Deserializes a non-empty text; gateways write an empty one for an unknown file or endpoint.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(text(deserializer)?.filter(|text| !text.is_empty()))
}

/// Deserializes a time in seconds, which some gateways write in milliseconds.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    // In seconds, this is the year 5138.
    const LATEST: u64 = 100_000_000_000;
    Ok(number(deserializer)?.map(|time| if time > LATEST { time / 1000 } else { time }))
}

/// How many requests a batch has in total, and how many of them were completed or have failed.
///
/// # Example
/// See [`Batch`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct BatchCounts {
    /// All requests.
    #[serde(deserialize_with = "number_or_zero")]
    pub total: u64,
    /// Requests that were answered.
    #[serde(deserialize_with = "number_or_zero")]
    pub completed: u64,
    /// Requests that failed.
    #[serde(deserialize_with = "number_or_zero")]
    pub failed: u64,
}

/// A validation error of a batch's input file.
///
/// # Example
/// See [`Batch::issues`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct BatchIssue {
    /// The service's error code.
    #[serde(deserialize_with = "text")]
    pub code: Option<String>,
    /// The error message.
    #[serde(deserialize_with = "text")]
    pub message: Option<String>,
    /// The number of the line, as counted by the service.
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

/// The status of a batch.
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
    /// The input file is being validated.
    Validating,
    /// The input file is invalid, and no request was processed.
    Failed,
    /// The requests are being processed.
    InProgress,
    /// The requests are done, and the result files are being written.
    Finalizing,
    /// All requests are done and the results are available.
    Completed,
    /// The time limit was exceeded; requests done by then have results.
    Expired,
    /// The batch is being cancelled.
    Cancelling,
    /// The batch was cancelled; requests done by then have results.
    Cancelled,
    /// A status that this crate does not know, or an empty text if the service sends none.
    #[serde(untagged)]
    Other(String),
}

impl Default for BatchStatus {
    /// Returns the status of a batch of which the service sends none.
    fn default() -> Self {
        Self::Other(String::new())
    }
}

impl<'de> Deserialize<'de> for BatchStatus {
    /// Accepts the statuses of gateways too, in upper or lower case, with or without `_`.
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
    /// Returns true if the status will not change any more.
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Failed | Self::Completed | Self::Expired | Self::Cancelled)
    }
}
