//! A service's wire format as data: how it says an answer, and how it is asked.

use std::fmt::Write;

use serde_json::Value;

use super::{Answer, Asked};
use crate::{Framing, Recorded, Reply};

/// How a service puts things, as data: the kit makes the bytes of it, and whatever can happen to them.
///
/// # Example
/// See the guide for authors of providers, `docs/writing-a-provider.md`.
pub trait Wire: Send + Sync {
    /// The body of an answer that comes at once.
    fn whole(&self, answer: &Answer) -> Value;

    /// The events of the same answer in pieces: at least one for each of its texts.
    fn events(&self, answer: &Answer) -> Vec<Event>;

    /// How events are separated.
    fn separation(&self) -> Separation {
        Separation::ServerSentEvents
    }

    /// The body of an unsuccessful answer.
    fn failure(&self, status: u16, message: &str) -> Value;

    /// How the service reports a failure in the middle of a stream; `None` if it cannot, for a subject that skips
    /// `error_within_a_stream`.
    fn failure_event(&self, message: &str) -> Option<Event>;

    /// An event that a later version of the service may send and a client is to ignore. For a service that does not say
    /// that there may be any, the subject skips `unknown_events`.
    fn unknown_event(&self) -> Option<Event> {
        None
    }

    /// Members below which every name is an application's own, such as the arguments of a tool: no unknown members are
    /// put there.
    fn free_form(&self) -> &[&str] {
        &["input", "args", "arguments"]
    }

    /// What a request asked for. It is only called for requests that want an answer.
    fn read(&self, request: &Recorded) -> Asked;

    /// The header that has the key, and what stands before the key in it; `None` for a service without keys.
    fn key_header(&self) -> Option<(&str, &str)> {
        Some(("authorization", "Bearer "))
    }

    /// The header of an answer that has the id of the request; `None` for a service that gives requests none.
    fn request_id_header(&self) -> Option<&str> {
        Some("x-request-id")
    }
}

/// One event of a streamed answer.
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
    /// Its name, for server-sent events that have one.
    pub name: Option<String>,
    /// What it carries.
    pub data: EventData,
}

/// What an event carries.
#[derive(Debug, Clone, PartialEq)]
pub enum EventData {
    /// JSON.
    Json(Value),
    /// A text that is not JSON, such as `[DONE]`.
    Text(String),
}

/// How the events of a streamed answer are separated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Separation {
    /// Server-sent events.
    ServerSentEvents,
    /// One JSON value on each line.
    Lines,
}

impl Event {
    /// An event of JSON without a name.
    pub fn json(data: Value) -> Self {
        Self { name: None, data: EventData::Json(data) }
    }

    /// An event of JSON with a name.
    pub fn named(name: impl Into<String>, data: Value) -> Self {
        Self { name: Some(name.into()), data: EventData::Json(data) }
    }

    /// An event that is not JSON.
    pub fn text(data: impl Into<String>) -> Self {
        Self { name: None, data: EventData::Text(data.into()) }
    }
}

impl Separation {
    /// The bytes of one event, with this end of line.
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

    /// What the body of a streamed answer is called.
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::ServerSentEvents => "text/event-stream; charset=utf-8",
            Self::Lines => "application/x-ndjson",
        }
    }

    /// A streamed answer of these events, each of them a part of the [`Reply`].
    pub(super) fn reply(self, events: &[Event]) -> Reply {
        self.reply_with(events, "\n")
    }

    /// The same with another end of line.
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
