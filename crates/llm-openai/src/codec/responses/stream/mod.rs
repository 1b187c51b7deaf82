//! Streamed answers.

mod blocks;
mod event;
mod items;
mod places;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use catena_core::{AiMessage, Chunk, Error, ErrorKind, Result, ServiceError};
use serde_json::{Value, json};

use super::output::{
    THOUGHT_BREAK, decode_response, describe, failure, keep_unknown, name_provider, rename_index,
};
use crate::codec::envelope::not_decodable;
use crate::codec::error::error_in_body;
use crate::codec::lenient::is_truthy;
use crate::codec::response_headers::add_headers;
use crate::codec::{Origin, StreamDecoder};
use blocks::{arguments, reasoning_block, refusal, summary_part, text_block};
use event::Event;
use places::{Kind, Name, Place, Places};

/// Decodes the events of a response. What the final events of an item repeat is only delivered if its earlier events
/// did not arrive.
#[derive(Debug, Default)]
pub(crate) struct ResponsesStream {
    places: Places,
    /// The id of the answer until it is delivered with a chunk: before that, the call can be retried.
    id: Option<String>,
    /// Which parts of reasoning were delivered, and which was last: item, part, and whether it belongs to the summary.
    thoughts: HashSet<(i64, u64, bool)>,
    last_thought: Option<(i64, u64, bool)>,
    /// Items of unknown types.
    unknown: Vec<Value>,
    finished: bool,
    /// Whether the last chunk carries the response headers.
    headers: bool,
}

impl StreamDecoder for ResponsesStream {
    type Chunk = AiMessage;

    fn event(&mut self, name: Option<&str>, data: &str, origin: &Origin) -> Result<Option<AiMessage>> {
        if self.finished || data.trim().is_empty() {
            return Ok(None);
        }
        let event: Event<'_> = serde_json::from_str(data).map_err(|error| {
            not_decodable("an event of the stream", data, &error, ErrorKind::Decode, origin)
        })?;
        let kind = event.kind.as_str().or(name).unwrap_or_default().to_owned();
        if kind == "error" || is_truthy(&event.error) {
            return Err(broken(event, origin));
        }
        match kind.strip_prefix("response.").unwrap_or_default() {
            "completed" | "incomplete" | "failed" => {
                let mut last = self.finish(event, &kind, origin)?;
                if self.headers {
                    add_headers(origin, &mut last.metadata);
                }
                Ok(Some(last))
            }
            kind => Ok(self.piece(kind, event).map(|mut piece| {
                piece.id = self.id.take();
                name_provider(&mut piece);
                piece
            })),
        }
    }

    fn is_complete(&self) -> bool {
        self.finished
    }

    fn end(&mut self, _marked: bool, origin: &Origin) -> Result<Option<AiMessage>> {
        if self.finished {
            return Ok(None);
        }
        let message = "the stream ended before the answer was complete: there was no `response.completed`";
        let service = ServiceError { request_id: origin.request_id.clone(), ..ServiceError::default() };
        // The request itself is fine, so a retry may well succeed.
        Err(Error::new(ErrorKind::Incomplete, message).with_service(service).with_retryable(true))
    }

    fn whole(&mut self, body: &[u8], origin: &Origin) -> Result<AiMessage> {
        decode_response(body, origin, self.headers)
    }
}

/// Returns the error of an event that aborts the answer.
fn broken(mut event: Event<'_>, origin: &Origin) -> Error {
    let error = match event.error.take() {
        error if is_truthy(&error) => error,
        _ => json!({ "code": event.code, "message": event.message, "param": event.param }),
    };
    let body = json!({ "error": error }).to_string();
    error_in_body(ErrorKind::Stream, &body, ServiceError::default(), origin)
}

impl ResponsesStream {
    /// `headers`: whether the answer's metadata includes the response headers.
    pub(crate) fn new(headers: bool) -> Self {
        Self { headers, ..Self::default() }
    }

    /// Returns the last chunk: the response's metadata.
    fn finish(&mut self, mut event: Event<'_>, kind: &str, origin: &Origin) -> Result<AiMessage> {
        let mut response = event.take_response();
        let status = kind.trim_start_matches("response.");
        response.entry("status").or_insert_with(|| status.into());
        if let Some(error) = failure(&response, ErrorKind::Stream, origin) {
            return Err(error);
        }
        self.finished = true;
        let mut last = match response.remove("output") {
            Some(Value::Array(output)) => self.late_items(output),
            _ => AiMessage::default(),
        };
        let mut about = AiMessage::default();
        keep_unknown(std::mem::take(&mut self.unknown), &mut about);
        describe(response, &mut about, origin);
        last.merge(about);
        Ok(last)
    }

    /// Returns what an event before the last one adds to the answer.
    fn piece(&mut self, kind: &str, mut event: Event<'_>) -> Option<AiMessage> {
        match kind {
            "created" => {
                let id = event.take_response().remove("id");
                self.id = id.as_ref().and_then(Value::as_str).filter(|id| !id.is_empty()).map(str::to_owned);
                None
            }
            "output_text.delta" => {
                let place = self.part_of(&event);
                let logprobs = place.take_logprobs(event.logprobs.take());
                let text = event.delta.into_string();
                place.begun |= text.is_some();
                let text = text.or(logprobs.is_some().then(String::new))?;
                Some(text_block(place.index, [("text", text.into()), ("logprobs", logprobs.into())]))
            }
            "output_text.done" => {
                let place = self.part_of(&event);
                let missed = event.text.into_string().filter(|_| !place.begun);
                place.begun = true;
                let said = place.logprobs_delivered;
                let logprobs = place.take_logprobs(event.logprobs.take()).filter(|_| !said);
                let text = ("text", missed.unwrap_or_default().into());
                let id = ("id", event.item_id.into_string().into());
                Some(text_block(place.index, [text, ("logprobs", logprobs.into()), id]))
            }
            "output_text.annotation.added" => {
                let place = self.part_of(&event);
                let annotations = vec![rename_index(event.annotation.take())];
                Some(text_block(place.index, [("annotations", annotations.into())]))
            }
            "refusal.delta" => {
                let place = self.part_of(&event);
                let mut message = AiMessage::default();
                message.refusal = Some(event.delta.into_string()?);
                place.begun = true;
                Some(message)
            }
            "refusal.done" => {
                let place = self.part_of(&event);
                let begun = std::mem::replace(&mut place.begun, true);
                Some(refusal(event.refusal.into_string()?, begun))
            }
            "function_call_arguments.delta" => {
                let place = self.item_of(Kind::Call, &event);
                let text = event.delta.into_string()?;
                place.begun = true;
                Some(arguments(place.index, text))
            }
            "function_call_arguments.done" => {
                let place = self.item_of(Kind::Call, &event);
                let missed = event.arguments.into_string().filter(|_| !place.begun)?;
                place.begun = true;
                Some(arguments(place.index, missed))
            }
            "reasoning_summary_part.added" => {
                let part = summary_part(event.summary_index(), "");
                let place = self.item_of(Kind::Reasoning, &event);
                place.opened = true;
                let index = place.index;
                let is_known = self.places.has_id(Name::of_piece(Kind::Reasoning, &event));
                let id = event.item_id.into_string().filter(|_| is_known);
                Some(reasoning_block(index, [("summary", part), ("id", id.into())]))
            }
            "reasoning_summary_text.delta" => self.thought(event, true),
            "reasoning_text.delta" | "reasoning.delta" => self.thought(event, false),
            "reasoning_summary_text.done" => self.missed_thought(event, true),
            "reasoning_text.done" | "reasoning.done" => self.missed_thought(event, false),
            "output_item.added" => self.item_added(event.output_index(), event.take_item()),
            "output_item.done" => self.item_done(event.output_index(), event.take_item()),
            _ => None,
        }
    }

    /// Returns the block of the message part that an event belongs to.
    fn part_of(&mut self, event: &Event<'_>) -> &mut Place {
        let at = self.places.find(Name::of_piece(Kind::Message, event));
        self.places.part(at, event.content_index())
    }

    /// Returns the block of the item that an event belongs to.
    fn item_of(&mut self, kind: Kind, event: &Event<'_>) -> &mut Place {
        let at = self.places.find(Name::of_piece(kind, event));
        self.places.part(at, 0)
    }

    /// Returns reasoning or its summary, if none of its deltas arrived.
    fn missed_thought(&mut self, mut event: Event<'_>, summary: bool) -> Option<AiMessage> {
        let this = (self.item_of(Kind::Reasoning, &event).index, event.reasoning_index(summary), summary);
        if self.thoughts.contains(&this) {
            return None;
        }
        event.delta = std::mem::take(&mut event.text);
        self.thought(event, summary)
    }

    /// Returns a delta of reasoning or of its summary.
    fn thought(&mut self, event: Event<'_>, summary: bool) -> Option<AiMessage> {
        let at = event.reasoning_index(summary);
        let place = self.item_of(Kind::Reasoning, &event);
        let text = event.delta.into_string()?;
        (place.opened, place.begun) = (true, true);
        let this @ (index, ..) = (place.index, at, summary);
        let (name, part) = if summary {
            ("summary", summary_part(at, &text))
        } else {
            ("content", json!([{ "index": at, "type": "reasoning_text", "text": text }]))
        };
        let mut message = reasoning_block(index, [(name, part)]);
        let follows = self.last_thought.is_some_and(|last| last != this);
        self.last_thought = Some(this);
        self.thoughts.insert(this);
        message.reasoning = Some(if follows { format!("{THOUGHT_BREAK}{text}") } else { text });
        Some(message)
    }
}
