//! Streamed answers.

mod event;
mod places;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use catena_core::{AiMessage, Content, ContentBlock, Error, ErrorKind, Result, ServiceError, ToolCallChunk};
use serde_json::{Map, Value, json};

use super::item::object;
use super::output::{
    KEPT_ITEMS, THOUGHT_BREAK, call, decode_response, describe, failure, keep_unknown, message,
    name_provider, rename_index, thoughts,
};
use crate::codec::custom_tool::custom_arguments;
use crate::codec::envelope::not_decodable;
use crate::codec::error::error_in_body;
use crate::codec::lenient::is_truthy;
use crate::codec::response_headers::add_headers;
use crate::codec::{Origin, StreamDecoder};
use event::Event;
use places::{Place, Places};

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
        let event: Event<'_> = serde_json::from_str(data)
            .map_err(|error| not_decodable("an event of the stream", data, &error, origin))?;
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
        let holds_all =
            response.get("output").and_then(Value::as_array).is_some_and(|output| !output.is_empty());
        if self.places.is_empty() && self.unknown.is_empty() && holds_all {
            return message(response, origin);
        }
        response.remove("output");
        let mut last = AiMessage::default();
        keep_unknown(std::mem::take(&mut self.unknown), &mut last);
        describe(response, &mut last, origin);
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
                (place.opened, place.begun) = (true, true);
                let logprobs = place.news_of_tokens(event.logprobs.take());
                let text = event.delta.into_string().or(logprobs.is_some().then(String::new))?;
                Some(text_block(place.index, [("text", text.into()), ("logprobs", logprobs.into())]))
            }
            "output_text.done" => {
                let place = self.part_of(&event);
                let missed = if place.begun { None } else { event.text.into_string() };
                (place.opened, place.begun) = (true, true);
                let said = place.told_tokens;
                let logprobs = place.news_of_tokens(event.logprobs.take()).filter(|_| !said);
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
                self.part_of(&event).begun = true;
                let mut message = AiMessage::default();
                message.refusal = Some(event.delta.into_string()?);
                Some(message)
            }
            "refusal.done" => {
                let place = self.part_of(&event);
                let begun = std::mem::replace(&mut place.begun, true);
                Some(refusal(event.refusal.into_string()?, begun))
            }
            "function_call_arguments.delta" => {
                let place = self.item_of(&event);
                place.begun = true;
                Some(arguments(place.index, event.delta.into_string()?))
            }
            "function_call_arguments.done" => {
                let place = self.item_of(&event);
                let missed = event.arguments.into_string().filter(|_| !place.begun)?;
                place.begun = true;
                Some(arguments(place.index, missed))
            }
            "reasoning_summary_part.added" => {
                let part = summary_part(event.summary_index(), "");
                let index = self.item_of(&event).index;
                Some(reasoning_block(index, [("summary", part), ("id", event.item_id.into_string().into())]))
            }
            "reasoning_summary_text.delta" => self.thought(event, true),
            "reasoning_text.delta" | "reasoning.delta" => self.thought(event, false),
            "reasoning_summary_text.done" => self.missed_thought(event, true),
            "reasoning_text.done" | "reasoning.done" => self.missed_thought(event, false),
            "output_item.added" => self.item_added(&event.output_index(), event.take_item()),
            "output_item.done" => self.item_done(event.output_index(), event.take_item()),
            _ => None,
        }
    }

    /// Returns the block of the message part that an event belongs to.
    fn part_of(&mut self, event: &Event<'_>) -> &mut Place {
        self.places.at(event.item_id.as_str(), event.output_index(), event.content_index())
    }

    /// Returns the block of the item that an event belongs to.
    fn item_of(&mut self, event: &Event<'_>) -> &mut Place {
        self.places.at(event.item_id.as_str(), event.output_index(), 0)
    }

    /// Returns reasoning or its summary, if none of its deltas arrived.
    fn missed_thought(&mut self, mut event: Event<'_>, summary: bool) -> Option<AiMessage> {
        let this = self.place_of_thought(&event, summary);
        if self.thoughts.contains(&this) {
            return None;
        }
        event.delta = std::mem::take(&mut event.text);
        self.thought(event, summary)
    }

    /// Returns the place of a reasoning delta: item, part, and whether it belongs to the summary.
    fn place_of_thought(&mut self, event: &Event<'_>, summary: bool) -> (i64, u64, bool) {
        let at = if summary { event.summary_index() } else { event.content_index() };
        (self.item_of(event).index, at, summary)
    }

    /// Returns a delta of reasoning or its summary.
    fn thought(&mut self, event: Event<'_>, summary: bool) -> Option<AiMessage> {
        let this @ (index, at, _) = self.place_of_thought(&event, summary);
        let place = self.item_of(&event);
        place.opened = true;
        let text = event.delta.into_string()?;
        place.begun = true;
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

    /// Returns all reasoning of an item none of whose deltas arrived.
    fn missed_thoughts(&mut self, index: i64, item: &Map<String, Value>) -> Option<String> {
        let thoughts = thoughts(item).join(THOUGHT_BREAK);
        if thoughts.is_empty() {
            return None;
        }
        let follows = self.last_thought.replace((index, 0, true)).is_some();
        Some(if follows { format!("{THOUGHT_BREAK}{thoughts}") } else { thoughts })
    }

    fn item_added(&mut self, output: &u64, mut item: Map<String, Value>) -> Option<AiMessage> {
        item.retain(|_, value| !value.is_null());
        let kind = item.get("type")?.as_str()?.to_owned();
        if !matches!(kind.as_str(), "function_call" | "reasoning" | "message") {
            return None;
        }
        let phase = item.get("phase").cloned();
        if kind == "message" && phase.is_none() {
            return None;
        }
        let place = self.places.at(item.get("id").and_then(Value::as_str), *output, 0);
        place.opened = true;
        match kind.as_str() {
            "message" => Some(text_block(place.index, [("text", "".into()), ("phase", phase?)])),
            "function_call" => {
                let arguments = item.get("arguments").and_then(Value::as_str).unwrap_or_default();
                place.begun = !arguments.is_empty();
                Some(function_call(place.index, item))
            }
            _ => {
                // Complete only at the end; so may be `content`, which arrives in deltas or with the end.
                for name in ["encrypted_content", "content"] {
                    item.remove(name);
                }
                item.insert("summary".to_owned(), Value::Array(Vec::new()));
                Some(block(place.index, item))
            }
        }
    }

    fn item_done(&mut self, output: u64, mut item: Map<String, Value>) -> Option<AiMessage> {
        item.retain(|_, value| !value.is_null());
        let kind = item.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
        if kind == "message" {
            return self.message_done(output, item);
        }
        if !matches!(kind.as_str(), "function_call" | "custom_tool_call" | "reasoning")
            && !KEPT_ITEMS.contains(&kind.as_str())
        {
            self.unknown.push(item.into());
            return None;
        }
        let place = self.places.at(item.get("id").and_then(Value::as_str), output, 0);
        let (opened, begun) =
            (std::mem::replace(&mut place.opened, true), std::mem::replace(&mut place.begun, true));
        let index = place.index;
        match kind.as_str() {
            "function_call" if !opened => Some(function_call(index, item)),
            "function_call" if !begun => {
                let missed = item.get("arguments")?.as_str().filter(|arguments| !arguments.is_empty())?;
                Some(arguments(index, missed.to_owned()))
            }
            "function_call" => None,
            "reasoning" if !begun => {
                let thoughts = self.missed_thoughts(index, &item);
                if opened {
                    // Omits what the start of the item already delivered.
                    item = thoughts_of(item);
                }
                let mut message = block(index, item);
                message.reasoning = thoughts;
                Some(message)
            }
            "reasoning" => {
                let content = item.remove("encrypted_content").filter(is_truthy)?;
                let id = item.remove("id").unwrap_or_default();
                let summary = ("summary", Value::Array(Vec::new()));
                Some(reasoning_block(index, [("id", id), summary, ("encrypted_content", content)]))
            }
            "custom_tool_call" => {
                let mut piece = call(&item, index);
                piece.args =
                    Some(custom_arguments(item.get("input").and_then(Value::as_str).unwrap_or_default()));
                let mut message = block(index, item);
                message.push_tool_call_chunk(piece);
                Some(message)
            }
            _ => Some(block(index, item)),
        }
    }

    /// Returns the parts of a message of which nothing has arrived.
    fn message_done(&mut self, output: u64, mut item: Map<String, Value>) -> Option<AiMessage> {
        let Some(Value::Array(parts)) = item.remove("content") else { return None };
        let id = item.get("id").and_then(Value::as_str);
        let mut missed = Vec::new();
        for (at, part) in (0..).zip(parts) {
            let place = self.places.at(id, output, at);
            if !std::mem::replace(&mut place.begun, true) {
                missed.push(part);
            }
        }
        if missed.is_empty() {
            return None;
        }
        item.insert("content".to_owned(), missed.into());
        let response = Map::from_iter([("output".to_owned(), Value::Array(vec![item.into()]))]);
        message(response, &Origin::default()).ok()
    }
}

/// Returns a message of one block.
fn block(index: i64, mut members: Map<String, Value>) -> AiMessage {
    members.insert("index".to_owned(), index.into());
    AiMessage::new(Content::from(vec![ContentBlock::Data(members)]))
}

fn text_block<const N: usize>(index: i64, members: [(&str, Value); N]) -> AiMessage {
    block(index, typed("text", members))
}

fn reasoning_block<const N: usize>(index: i64, members: [(&str, Value); N]) -> AiMessage {
    block(index, typed("reasoning", members))
}

fn typed<const N: usize>(kind: &str, members: [(&str, Value); N]) -> Map<String, Value> {
    let mut block = object(members);
    block.retain(|_, value| !value.is_null());
    block.insert("type".to_owned(), kind.into());
    block
}

/// Returns what only the end of a reasoning item contains, with its parts numbered like their deltas.
fn thoughts_of(mut item: Map<String, Value>) -> Map<String, Value> {
    for name in ["summary", "content"] {
        for (at, part) in item.get_mut(name).and_then(Value::as_array_mut).into_iter().flatten().enumerate() {
            if let Value::Object(part) = part {
                part.insert("index".to_owned(), at.into());
            }
        }
    }
    item.retain(|name, _| ["type", "id", "summary", "content", "encrypted_content"].contains(&name.as_str()));
    item
}

fn summary_part(index: u64, text: &str) -> Value {
    json!([{ "index": index, "type": "summary_text", "text": text }])
}

/// Returns a refusal as a block, and as text unless that was delivered.
fn refusal(text: String, delivered: bool) -> AiMessage {
    let refusal = ContentBlock::Data(typed("refusal", [("refusal", text.as_str().into())]));
    let mut message = AiMessage::new(Content::from(vec![refusal]));
    message.refusal = (!delivered).then_some(text);
    message
}

/// Returns the start of a call, or the whole call.
fn function_call(index: i64, mut item: Map<String, Value>) -> AiMessage {
    let mut piece = call(&item, index);
    let arguments = item.entry("arguments").or_insert_with(|| "".into());
    piece.args = Some(arguments.as_str().unwrap_or_default().to_owned());
    // Changes until the call is complete.
    item.remove("status");
    let mut message = block(index, item);
    message.push_tool_call_chunk(piece);
    message
}

/// Returns a delta of a call's arguments.
fn arguments(index: i64, text: String) -> AiMessage {
    let mut message = block(index, typed("function_call", [("arguments", text.as_str().into())]));
    message.push_tool_call_chunk(ToolCallChunk::new(index).with_args(text));
    message
}
