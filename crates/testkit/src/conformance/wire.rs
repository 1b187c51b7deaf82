//! The wire format of a service, as data.

use std::fmt::Write;

use serde_json::Value;

use super::{Answer, Asked};
use crate::{Framing, Recorded, Reply};

/// How a service encodes requests and responses, as data. The kit turns it into bytes, and applies faults to them.
///
/// # Example
/// See the guide for provider authors, `docs/writing-a-provider.md`.
pub trait Wire: Send + Sync {
    /// Encodes the body of a complete response.
    fn whole(&self, answer: &Answer) -> Value;

    /// Encodes the events of the same answer when streamed: at least one per text delta.
    fn events(&self, answer: &Answer) -> Vec<Event>;

    /// Returns how events are separated.
    fn separation(&self) -> Separation {
        Separation::ServerSentEvents
    }

    /// Encodes the body of an error response.
    fn failure(&self, status: u16, message: &str) -> Value;

    /// Encodes an error in the middle of a stream; `None` if the service cannot report one, for a subject that skips
    /// `error_within_a_stream`.
    fn failure_event(&self, message: &str) -> Option<Event>;

    /// Returns an event that a later version of the service may send, and that clients must ignore. If the service does
    /// not announce that there may be any, the subject skips `unknown_events`.
    fn unknown_event(&self) -> Option<Event> {
        None
    }

    /// Returns the members whose content is up to the application, such as the arguments of a tool: no unknown members
    /// are inserted below them.
    fn free_form(&self) -> &[&str] {
        &["input", "args", "arguments"]
    }

    /// Decodes a request. Called only for requests for an answer.
    fn read(&self, request: &Recorded) -> Asked;

    /// Returns the header that carries the key, and the prefix of the key in it; `None` for a service without keys.
    fn key_header(&self) -> Option<(&str, &str)> {
        Some(("authorization", "Bearer "))
    }

    /// Returns the response header with the request ID; `None` for a service that sends none.
    fn request_id_header(&self) -> Option<&str> {
        Some("x-request-id")
    }
}

/// An event of a streamed response.
///
/// # Example
/// ```
/// use catena_testkit::conformance::{Event, EventData};
/// use serde_json::json;
/// let event = Event::named("delta", json!({"text": "Hi"}));
/// assert_eq!((event.name.as_deref(), event.data), (Some("delta"), EventData::Json(json!({"text": "Hi"}))));
/// assert_eq!(Event::text("[DONE]").data, EventData::Text("[DONE]".into()));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The name, for server-sent events that have one.
    pub name: Option<String>,
    /// The data.
    pub data: EventData,
}

/// The data of an event.
#[derive(Debug, Clone, PartialEq)]
pub enum EventData {
    /// JSON.
    Json(Value),
    /// Text that is not JSON, such as `[DONE]`.
    Text(String),
}

/// How the events of a streamed response are separated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Separation {
    /// Server-sent events.
    ServerSentEvents,
    /// One JSON value per line.
    Lines,
}

impl Event {
    /// Creates an event with JSON data and no name.
    pub fn json(data: Value) -> Self {
        Self { name: None, data: EventData::Json(data) }
    }

    /// Creates an event with JSON data and a name.
    pub fn named(name: impl Into<String>, data: Value) -> Self {
        Self { name: Some(name.into()), data: EventData::Json(data) }
    }

    /// Creates an event whose data is not JSON.
    pub fn text(data: impl Into<String>) -> Self {
        Self { name: None, data: EventData::Text(data.into()) }
    }
}

impl Separation {
    /// Encodes an event, with this line ending.
    fn encode(self, event: &Event, line_end: &str) -> String {
        let data = match &event.data {
            EventData::Json(value) => value.to_string(),
            EventData::Text(text) => text.clone(),
        };
        let mut bytes = String::new();
        let written = match (self, &event.name) {
            (Self::Lines, _) => write!(bytes, "{data}{line_end}"),
            (Self::ServerSentEvents, None) => write!(bytes, "data: {data}{line_end}{line_end}"),
            (Self::ServerSentEvents, Some(name)) => {
                write!(bytes, "event: {name}{line_end}data: {data}{line_end}{line_end}")
            }
        };
        debug_assert!(written.is_ok(), "a string takes everything");
        bytes
    }

    /// Returns the content type of a streamed response.
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::ServerSentEvents => "text/event-stream; charset=utf-8",
            Self::Lines => "application/x-ndjson",
        }
    }

    /// Returns a streamed response with these events, each a part of the [`Reply`].
    pub(super) fn reply(self, events: &[Event]) -> Reply {
        self.reply_with(events, "\n")
    }

    /// Like [`reply`](Self::reply), with another line ending.
    pub(super) fn reply_with(self, events: &[Event], line_end: &str) -> Reply {
        let events: Vec<String> = events.iter().map(|event| self.encode(event, line_end)).collect();
        let ends = events.iter().scan(0, |end, event| {
            *end += event.len();
            Some(*end)
        });
        let ends: Vec<usize> = ends.collect();
        let reply = Reply::bytes(200, events.concat()).with_header("content-type", self.content_type());
        reply.with_framing(Framing::Chunked).split_at(ends)
    }
}
