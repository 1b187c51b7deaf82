//! Answers in pieces.

use catena_core::{AiMessage, Content, ContentBlock, Error, ErrorKind, Result, ServiceError, ToolCallChunk};
use serde_json::{Map, Value, json};

use super::item::object;
use super::output::{
    KEPT_ITEMS, THOUGHT_BREAK, call, custom_arguments, decode_response, describe, failure, keep_unknown,
    message, rename_index, thoughts,
};
use super::stream_event::Event;
use super::stream_places::{Place, Places};
use crate::codec::envelope::not_decodable;
use crate::codec::error::error_in_body;
use crate::codec::lenient::is_truthy;
use crate::codec::response_headers::add_headers;
use crate::codec::{Origin, StreamDecoder};

/// Decodes the events of a response. What the events about the end of something repeat is delivered only where the
/// events before it did not come.
#[derive(Debug, Default)]
pub(crate) struct ResponsesStream {
    places: Places,
    /// The id of the answer, until it is delivered with a piece: before that another attempt can be made.
    id: Option<String>,
    /// Which thought was last delivered: item, part, and whether it is of the summary.
    thought: Option<(u64, u64, bool)>,
    /// Items of types that nobody knows yet.
    unknown: Vec<Value>,
    finished: bool,
    /// The last chunk is to carry the headers of the answer.
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
        // Nothing is wrong with the request, so the same call may well succeed.
        Err(Error::new(ErrorKind::Incomplete, message).with_service(service).with_retryable(true))
    }

    fn whole(&mut self, body: &[u8], origin: &Origin) -> Result<AiMessage> {
        decode_response(body, origin, self.headers)
    }
}

/// The error of an event that says that the answer breaks off.
fn broken(mut event: Event<'_>, origin: &Origin) -> Error {
    let error = match event.error.take() {
        error if is_truthy(&error) => error,
        _ => json!({ "code": event.code, "message": event.message, "param": event.param }),
    };
    let body = json!({ "error": error }).to_string();
    error_in_body(ErrorKind::Stream, &body, ServiceError::default(), origin)
}

impl ResponsesStream {
    /// `headers`: whether the answer's metadata holds those it came with.
    pub(crate) fn new(headers: bool) -> Self {
        Self { headers, ..Self::default() }
    }

    /// The last piece: what the response says about the call.
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

    /// What an event before the last adds to the answer.
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
                Some(text_block(place.index, [("text", event.delta.into_string()?.into())]))
            }
            "output_text.done" => {
                let place = self.part_of(&event);
                let missed = if place.begun { None } else { event.text.into_string() };
                (place.opened, place.begun) = (true, true);
                let text = ("text", missed.unwrap_or_default().into());
                Some(text_block(place.index, [text, ("id", event.item_id.into_string().into())]))
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
            "reasoning_text.delta" => self.thought(event, false),
            "output_item.added" => self.item_added(&event.output_index(), event.take_item()),
            "output_item.done" => self.item_done(event.output_index(), event.take_item()),
            _ => None,
        }
    }

    /// The block of the part of a message that an event is about.
    fn part_of(&mut self, event: &Event<'_>) -> &mut Place {
        self.places.at(event.item_id.as_str(), event.output_index(), event.content_index())
    }

    /// The block of the item that an event is about.
    fn item_of(&mut self, event: &Event<'_>) -> &mut Place {
        self.places.at(event.item_id.as_str(), event.output_index(), 0)
    }

    /// A piece of thoughts or of their summary.
    fn thought(&mut self, event: Event<'_>, summary: bool) -> Option<AiMessage> {
        let at = if summary { event.summary_index() } else { event.content_index() };
        let place = self.item_of(&event);
        place.opened = true;
        let index = place.index;
        let text = event.delta.into_string()?;
        let (name, part) = if summary {
            ("summary", summary_part(at, &text))
        } else {
            ("content", json!([{ "index": at, "type": "reasoning_text", "text": text }]))
        };
        let mut message = reasoning_block(index, [(name, part)]);
        let this = Some((index.unsigned_abs(), at, summary));
        let follows = self.thought.is_some() && self.thought != this;
        self.thought = this;
        message.reasoning = Some(if follows { format!("{THOUGHT_BREAK}{text}") } else { text });
        Some(message)
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
                // It is complete only at the end.
                item.remove("encrypted_content");
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
            "reasoning" if !opened => {
                let thoughts = thoughts(&item).join(THOUGHT_BREAK);
                let mut message = block(index, item);
                message.reasoning = Some(thoughts).filter(|thoughts| !thoughts.is_empty());
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

    /// The parts of a message of which nothing came before.
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

/// A message of one block.
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

fn summary_part(index: u64, text: &str) -> Value {
    json!([{ "index": index, "type": "summary_text", "text": text }])
}

/// A refusal as a block, and as a text unless that was delivered.
fn refusal(text: String, delivered: bool) -> AiMessage {
    let refusal = ContentBlock::Data(typed("refusal", [("refusal", text.as_str().into())]));
    let mut message = AiMessage::new(Content::from(vec![refusal]));
    message.refusal = (!delivered).then_some(text);
    message
}

/// The beginning of a call, or all of it.
fn function_call(index: i64, mut item: Map<String, Value>) -> AiMessage {
    let mut piece = call(&item, index);
    let arguments = item.entry("arguments").or_insert_with(|| "".into());
    piece.args = Some(arguments.as_str().unwrap_or_default().to_owned());
    // It changes until the call is complete.
    item.remove("status");
    let mut message = block(index, item);
    message.push_tool_call_chunk(piece);
    message
}

/// A piece of the arguments of a call.
fn arguments(index: i64, text: String) -> AiMessage {
    let mut message = block(index, typed("function_call", [("arguments", text.as_str().into())]));
    message.push_tool_call_chunk(ToolCallChunk::new(index).with_args(text));
    message
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::fixtures::{decode, fold};
    use catena_core::{Data, Usage};

    fn completed() -> String {
        json!({"type": "response.completed", "response": {"id": "resp_1", "status": "completed", "model": "m",
            "output": [{"type": "message", "content": [{"type": "output_text", "text": "not delivered twice"}]}],
            "usage": {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}}})
        .to_string()
    }

    /// The answer that events and a `response.completed` make.
    #[track_caller]
    fn answer(events: &[Value]) -> AiMessage {
        let events: Vec<String> = events.iter().map(Value::to_string).chain([completed()]).collect();
        let events: Vec<&str> = events.iter().map(String::as_str).collect();
        let (chunks, end) = decode(ResponsesStream::default(), &events);
        end.expect("a complete answer");
        fold(chunks)
    }

    fn content(message: &AiMessage) -> Value {
        serde_json::to_value(&message.content).expect("JSON")
    }

    fn event(kind: &str, members: Value) -> Value {
        let mut event = json!({"type": format!("response.{kind}"), "output_index": 0, "content_index": 0, "item_id": "i_1"});
        if let (Value::Object(event), Value::Object(members)) = (&mut event, members) {
            event.extend(members);
        }
        event
    }

    #[test]
    fn text_arrives_in_pieces_and_is_not_repeated() {
        let whole =
            json!({"type": "message", "id": "i_1", "content": [{"type": "output_text", "text": "Hello"}]});
        let message = answer(&[
            event("created", json!({"response": {"id": "resp_1"}})),
            event("output_item.added", json!({"item": {"type": "message", "id": "i_1", "phase": "final"}})),
            event("content_part.added", json!({"part": {"type": "output_text"}})),
            event("output_text.delta", json!({"delta": "Hel"})),
            event("output_text.delta", json!({"delta": "lo"})),
            event(
                "output_text.annotation.added",
                json!({"annotation": {"type": "file_citation", "index": 3}}),
            ),
            event("output_text.done", json!({"text": "Hello"})),
            event("output_item.done", json!({"item": whole})),
        ]);
        assert_eq!(
            content(&message),
            json!([{"type": "text", "text": "Hello", "phase": "final", "id": "i_1", "index": 0,
                "annotations": [{"type": "file_citation", "file_index": 3}]}])
        );
        assert_eq!((message.id.as_deref(), message.usage), (Some("resp_1"), Some(Usage::new(1, 2))));
        assert_eq!(message.metadata.extra["status"], "completed");
    }

    #[test]
    fn what_only_the_end_tells_is_delivered() {
        let whole = json!({"type": "message", "id": "i_1", "content": [
            {"type": "output_text", "text": "Hello"}, {"type": "refusal", "refusal": "No."}]});
        for events in [
            vec![event("output_item.done", json!({"item": whole}))],
            vec![
                event("output_text.done", json!({"text": "Hello"})),
                event("output_item.done", json!({"item": whole})),
            ],
            vec![
                event("output_text.delta", json!({"delta": "Hello"})),
                event("refusal.delta", json!({"delta": "No", "content_index": 1})),
                event("refusal.delta", json!({"delta": ".", "content_index": 1})),
                event("refusal.done", json!({"refusal": "No.", "content_index": 1})),
                event("output_item.done", json!({"item": whole})),
            ],
        ] {
            let message = answer(&events);
            assert_eq!(
                (message.text().as_ref(), message.refusal.as_deref()),
                ("Hello", Some("No.")),
                "{events:?}"
            );
        }
        assert_eq!(answer(&[]).text(), "not delivered twice");
    }

    #[test]
    fn calls_arrive_in_many_ways() {
        let begin = json!({"type": "function_call", "id": "i_1", "call_id": "c1", "name": "f", "arguments": "", "status": "in_progress"});
        let mut whole = begin.clone();
        whole["arguments"] = r#"{"a":1}"#.into();
        let added = event("output_item.added", json!({"item": begin}));
        let done = event("output_item.done", json!({"item": whole}));
        let deltas = [
            event("function_call_arguments.delta", json!({"delta": "{\"a\""})),
            event("function_call_arguments.delta", json!({"delta": ":1}"})),
        ];
        let all = event("function_call_arguments.done", json!({"arguments": r#"{"a":1}"#}));
        for events in [
            vec![added.clone(), deltas[0].clone(), deltas[1].clone(), all.clone(), done.clone()],
            vec![added.clone(), all.clone(), done.clone()],
            vec![added.clone(), done.clone()],
            vec![event("output_item.added", json!({"item": whole})), all, done.clone()],
            vec![done],
        ] {
            let message = answer(&events);
            let calls = message.tool_calls();
            assert_eq!((calls.len(), calls[0].name.as_str(), calls[0].id.as_deref()), (1, "f", Some("c1")));
            assert_eq!(calls[0].args.get("a"), Some(&Data::from(1)), "{events:?}");
            assert_eq!(content(&message)[0]["arguments"], r#"{"a":1}"#, "{events:?}");
        }
        // Half a command is none.
        let message = answer(&[added, deltas[0].clone()]);
        assert_eq!((message.tool_calls().len(), message.invalid_tool_calls().len()), (0, 1));
    }

    #[test]
    fn calls_of_one_answer_stay_apart() {
        let item = |id: &str, output: u64| {
            json!({"type": "response.output_item.added", "output_index": output,
                "item": {"type": "function_call", "id": id, "call_id": id, "name": "f", "arguments": ""}})
        };
        let piece = |id: &str, output: u64, delta: &str| json!({"type": "response.function_call_arguments.delta", "item_id": id, "output_index": output, "delta": delta});
        let custom =
            json!({"type": "custom_tool_call", "id": "c", "call_id": "c", "name": "run", "input": "1+1"});
        let message = answer(&[
            item("a", 0),
            item("b", 1),
            piece("a", 0, "{\"x\":"),
            piece("b", 9, "{}"),
            piece("a", 0, "1}"),
            event("output_item.done", json!({"output_index": 2, "item": custom})),
        ]);
        let calls: Vec<String> =
            message.tool_calls().iter().map(|call| format!("{:?} {:?}", call.id, call.args)).collect();
        assert_eq!(calls, [r#"Some("a") {"x": 1}"#, r#"Some("b") {}"#, r#"Some("c") {"__arg1": "1+1"}"#]);
    }

    #[test]
    fn thoughts_and_their_summary_arrive_in_pieces() {
        let message = answer(&[
            event(
                "output_item.added",
                json!({"item": {"type": "reasoning", "id": "i_1", "summary": [], "encrypted_content": "half"}}),
            ),
            event("reasoning_summary_part.added", json!({"summary_index": 0, "part": {}})),
            event("reasoning_summary_text.delta", json!({"summary_index": 0, "delta": "Let me "})),
            event("reasoning_summary_text.delta", json!({"summary_index": 0, "delta": "think."})),
            event("reasoning_summary_part.added", json!({"summary_index": 1, "part": {}})),
            event("reasoning_summary_text.delta", json!({"summary_index": 1, "delta": "Done."})),
            event("reasoning_text.delta", json!({"delta": "6*7"})),
            event(
                "output_item.done",
                json!({"item": {"type": "reasoning", "id": "i_1", "summary": [], "encrypted_content": "E"}}),
            ),
        ]);
        assert_eq!(message.reasoning.as_deref(), Some("Let me think.\n\nDone.\n\n6*7"));
        assert_eq!(message.text(), "");
        assert_eq!(
            content(&message),
            json!([{"type": "reasoning", "id": "i_1", "index": 0, "encrypted_content": "E",
                "summary": [{"type": "summary_text", "text": "Let me think.", "index": 0}, {"type": "summary_text", "text": "Done.", "index": 1}],
                "content": [{"type": "reasoning_text", "text": "6*7", "index": 0}]}])
        );
    }

    #[test]
    fn items_of_the_service_are_kept_and_unknown_ones_disturb_nobody() {
        let message = answer(&[
            json!({"type": "keepalive"}),
            json!({}),
            event("hologram.delta", json!({"delta": "zz"})),
            event("output_item.added", json!({"item": {"type": "web_search_call", "id": "ws"}})),
            event(
                "output_item.done",
                json!({"item": {"type": "web_search_call", "id": "ws", "status": "completed"}}),
            ),
            event(
                "output_item.done",
                json!({"output_index": 1, "item": {"type": "hologram_call", "id": "h"}}),
            ),
        ]);
        assert_eq!(
            content(&message),
            json!([{"type": "web_search_call", "id": "ws", "status": "completed", "index": 0}])
        );
        assert_eq!(message.metadata.extra["other_output"], json!([{"type": "hologram_call", "id": "h"}]));
    }

    #[track_caller]
    fn check_error(last: Option<Value>, kind: ErrorKind, code: Option<&str>, part: &str) {
        let mut events = vec![event("output_text.delta", json!({"delta": "Par"})).to_string()];
        events.extend(last.map(|last| last.to_string()));
        let events: Vec<&str> = events.iter().map(String::as_str).collect();
        let (chunks, end) = decode(ResponsesStream::default(), &events);
        let error = end.expect_err("an error");
        assert_eq!(fold(chunks).text(), "Par", "what came before is delivered");
        assert_eq!(error.kind(), kind, "{error}");
        let service = error.service().expect("details");
        assert_eq!((service.code.as_deref(), service.request_id.as_deref()), (code, Some("req_1")));
        assert!(error.to_string().contains(part), "{error}");
    }

    #[test]
    fn an_error_follows_the_text_that_came_before() {
        let failed = json!({"type": "response.failed", "response": {"status": "failed",
            "error": {"code": "server_error", "message": "Model crashed."}}});
        check_error(Some(failed), ErrorKind::Stream, Some("server_error"), "Model crashed.");
        check_error(Some(json!({"type": "response.failed"})), ErrorKind::Stream, None, "does not say why");
        let flat =
            json!({"type": "error", "code": "rate_limit_exceeded", "message": "Slow down", "param": null});
        check_error(Some(flat), ErrorKind::Stream, Some("rate_limit_exceeded"), "Slow down");
        let nested =
            json!({"type": "error", "error": {"code": "insufficient_quota", "message": "Quota exceeded"}});
        check_error(Some(nested), ErrorKind::Stream, Some("insufficient_quota"), "Quota exceeded");
        let overflow = json!({"error": {"code": "context_length_exceeded", "message": "long"}});
        check_error(Some(overflow), ErrorKind::ContextOverflow, Some("context_length_exceeded"), "long");
        check_error(None, ErrorKind::Incomplete, None, "response.completed");
    }

    #[test]
    fn an_answer_that_is_cut_short_says_so() {
        let incomplete = json!({"type": "response.incomplete", "response": {"id": "resp_1", "output": [],
            "incomplete_details": {"reason": "max_output_tokens"}}});
        let events =
            [event("output_text.delta", json!({"delta": "Par"})).to_string(), incomplete.to_string()];
        let (chunks, end) = decode(ResponsesStream::default(), &events.each_ref().map(String::as_str));
        end.expect("an answer");
        let message = fold(chunks);
        assert_eq!(
            (message.text().as_ref(), &message.metadata.extra["status"]),
            ("Par", &json!("incomplete"))
        );
        assert_eq!(message.metadata.extra["incomplete_details"]["reason"], "max_output_tokens");
    }
}
