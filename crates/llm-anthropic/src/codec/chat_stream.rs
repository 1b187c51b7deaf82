//! Answers as streams of events.

use catena_core::{AiMessage, Chunk, Error, ErrorKind, Result};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::StreamDecoder;
use super::answer_blocks::AnswerBlocks;
use super::answer_facts::AnswerFacts;
use super::chat_response::decode_chat;
use super::envelope::not_decodable;
use super::error::error_in_event;
use super::lenient::Text;
use super::origin::Origin;

/// Decodes the events of one answer.
#[derive(Debug)]
pub(crate) struct ChatStream {
    cited: bool,
    blocks: AnswerBlocks,
    facts: AnswerFacts,
    /// Metadata of the first chunk, held back until there is content: a stream whose answer has not started can be
    /// retried.
    pending: Option<AiMessage>,
    begun: bool,
    ended: bool,
}

/// An event, whose members are parsed once its type is known.
#[derive(Deserialize)]
struct Event<'a> {
    #[serde(default, borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(default)]
    index: Value,
    #[serde(default, borrow)]
    delta: Option<&'a RawValue>,
    #[serde(default, borrow)]
    content_block: Option<&'a RawValue>,
    #[serde(default, borrow)]
    message: Option<&'a RawValue>,
    #[serde(default, borrow)]
    error: Option<&'a RawValue>,
}

impl ChatStream {
    /// `cited`: the request allows citations.
    pub(crate) fn new(cited: bool) -> Self {
        Self {
            cited,
            blocks: AnswerBlocks::new(cited),
            facts: AnswerFacts::default(),
            pending: None,
            begun: false,
            ended: false,
        }
    }

    /// Adds an event to a chunk. Returns true if there is something to deliver.
    fn read(
        &mut self,
        name: Option<&str>,
        data: &str,
        origin: &Origin,
        chunk: &mut AiMessage,
    ) -> Result<bool, Failure> {
        let Event { kind, index, delta, content_block, message, error } = serde_json::from_str(data)?;
        if error.is_some() {
            // Gateways put their own errors, without an event type, into the stream.
            return Err(Failure::Reported);
        }
        let index = index.as_i64().unwrap_or(0);
        match kind.as_str().or(name).unwrap_or_default() {
            "error" => return Err(Failure::Reported),
            "message_start" => {
                self.begun = true;
                let pending = self.pending.get_or_insert_default();
                self.facts.describe(members_of(message)?, origin, pending);
            }
            "content_block_start" => {
                self.begun = true;
                let block = content_block.map(|block| serde_json::from_str(block.get())).transpose()?;
                return Ok(block.is_some_and(|block| self.blocks.start(index, block, chunk)));
            }
            "content_block_delta" => {
                self.begun = true;
                let Some(delta) = delta else { return Ok(false) };
                return Ok(self.blocks.delta(index, delta, chunk)?);
            }
            "content_block_stop" => return Ok(self.blocks.stop(index, chunk)),
            "message_delta" => {
                self.begun = true;
                self.blocks.stop_all(chunk);
                self.facts.describe(members_of_end(data)?, origin, chunk);
                return Ok(true);
            }
            "message_stop" => {
                self.ended = true;
                return Ok(self.blocks.stop_all(chunk));
            }
            // A `ping`, or an unknown event.
            _ => {}
        }
        Ok(false)
    }
}

/// Why an event could not be used.
enum Failure {
    /// The service reported an error.
    Reported,
    Json(serde_json::Error),
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::Json(error)
    }
}

fn members_of(object: Option<&RawValue>) -> Result<Map<String, Value>, serde_json::Error> {
    object.map_or_else(|| Ok(Map::new()), |object| serde_json::from_str(object.get()))
}

/// Returns the members of the last event: those of its `delta`, and those next to it.
fn members_of_end(data: &str) -> Result<Map<String, Value>, serde_json::Error> {
    let mut members: Map<String, Value> = serde_json::from_str(data)?;
    if let Some(Value::Object(delta)) = members.remove("delta") {
        members.extend(delta);
    }
    Ok(members)
}

impl StreamDecoder for ChatStream {
    type Chunk = AiMessage;

    fn event(&mut self, name: Option<&str>, data: &str, origin: &Origin) -> Result<Option<AiMessage>> {
        if self.ended || data.trim().is_empty() {
            return Ok(None);
        }
        if name == Some("error") {
            return Err(error_in_event(data, origin));
        }
        let mut chunk = AiMessage::default();
        match self.read(name, data, origin, &mut chunk) {
            Ok(true) => Ok(Some(match self.pending.take() {
                Some(mut whole) => {
                    whole.merge(chunk);
                    whole
                }
                None => chunk,
            })),
            Ok(false) => Ok(None),
            Err(Failure::Reported) => Err(error_in_event(data, origin)),
            Err(Failure::Json(error)) => Err(not_decodable("a stream event", data, &error, origin)),
        }
    }

    fn is_complete(&self) -> bool {
        self.ended
    }

    fn end(&mut self, marked: bool, origin: &Origin) -> Result<Option<AiMessage>> {
        let error = match (self.begun, self.ended || (marked && self.facts.finished)) {
            // An empty answer.
            (true, true) => return Ok(self.pending.take()),
            (false, true) => Error::new(ErrorKind::InvalidResponse, "the stream contained no answer"),
            // The request itself is fine, so a retry may well succeed.
            (_, false) => Error::new(
                ErrorKind::Incomplete,
                "the stream ended before the answer was complete: missing `message_stop`",
            )
            .with_retryable(true),
        };
        Err(error.with_service(origin.service_error("")))
    }

    fn whole(&mut self, body: &[u8], origin: &Origin) -> Result<AiMessage> {
        decode_chat(body, self.cited, origin)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{decode, fold, origin};
    use super::*;
    use catena_core::Usage;
    use serde_json::json;

    const START: &str = r#"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m",
        "content":[],"stop_reason":null,"usage":{"input_tokens":9,"cache_read_input_tokens":4,"output_tokens":1}}}"#;
    const TEXT: &str =
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#;
    const HEL: &str =
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hel"}}"#;
    const LO: &str = r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"lo"}}"#;
    const END: &str = r#"{"type":"content_block_stop","index":0}"#;
    const DELTA: &str = r#"{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},
        "usage":{"output_tokens":3}}"#;
    const STOP: &str = r#"{"type":"message_stop"}"#;
    const PING: &str = r#"{"type": "ping"}"#;

    fn usage() -> Usage {
        let mut usage = Usage::new(13, 3);
        usage.input_token_details.cache_read = Some(4);
        usage
    }

    #[test]
    fn text_arrives_piece_by_piece() {
        let events = [START, TEXT, PING, HEL, r#"{"type":"new_event"}"#, LO, END, DELTA, STOP];
        let (chunks, end) = decode(ChatStream::new(false), &events);
        end.expect("a complete answer");
        let texts: Vec<_> = chunks.iter().map(|chunk| chunk.text().into_owned()).collect();
        assert_eq!(texts, ["Hel", "lo", ""]);
        // What is known of the answer comes with its first piece.
        assert_eq!(
            (chunks[0].id.as_deref(), chunks[0].metadata.model.as_deref()),
            (Some("msg_1"), Some("m"))
        );
        assert_eq!(chunks[0].usage.map(|usage| usage.input_tokens), Some(13));
        assert_eq!(chunks[1], AiMessage::new("lo"));
        let whole = fold(chunks);
        assert_eq!(whole.metadata.finish_reason.as_deref(), Some("stop"));
        assert_eq!(whole.metadata.request_id.as_deref(), Some("req_1"));
        assert_eq!(whole.usage, Some(usage()));
    }

    /// The events of a block, its members given and then its pieces.
    fn block(index: usize, block: &Value, deltas: &[Value]) -> Vec<String> {
        let start = json!({"type": "content_block_start", "index": index, "content_block": block});
        let deltas =
            deltas.iter().map(|delta| json!({"type": "content_block_delta", "index": index, "delta": delta}));
        let stop = json!({"type": "content_block_stop", "index": index});
        std::iter::once(start).chain(deltas).chain([stop]).map(|event| event.to_string()).collect()
    }

    /// Checks that pieces add up to the answer in one piece.
    #[track_caller]
    fn check_law(cited: bool, blocks: &[Vec<String>], content: Value) -> AiMessage {
        let blocks: Vec<String> = blocks.concat();
        let events: Vec<&str> =
            [START].into_iter().chain(blocks.iter().map(String::as_str)).chain([DELTA, STOP]).collect();
        let (chunks, end) = decode(ChatStream::new(cited), &events);
        end.expect("a complete answer");
        let body = json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": content,
            "stop_reason": "end_turn", "usage": {"input_tokens": 9, "cache_read_input_tokens": 4, "output_tokens": 3}});
        let whole = decode_chat(body.to_string().as_bytes(), cited, &origin()).expect("an answer");
        assert_eq!(fold(chunks), whole);
        whole
    }

    #[test]
    fn folded_pieces_are_the_whole_answer() {
        let thought = |text: &str| json!({"type": "thinking_delta", "thinking": text});
        let json_piece = |text: &str| json!({"type": "input_json_delta", "partial_json": text});
        let text = |text: &str| json!({"type": "text_delta", "text": text});
        let blocks = [
            block(
                0,
                &json!({"type": "thinking", "thinking": "", "signature": ""}),
                &[thought("let me"), thought(" see"), json!({"type": "signature_delta", "signature": "s=="})],
            ),
            block(1, &json!({"type": "redacted_thinking", "data": "xx"}), &[]),
            block(2, &json!({"type": "text", "text": "I "}), &[text("look "), text("it up.")]),
            block(
                3,
                &json!({"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {}}),
                &[json_piece(""), json_piece("{\"query\""), json_piece(": \"x\"}")],
            ),
            block(4, &json!({"type": "web_search_tool_result", "tool_use_id": "s1", "content": []}), &[]),
            block(
                5,
                &json!({"type": "compaction", "content": null}),
                &[json!({"type": "compaction_delta", "content": "c"})],
            ),
            block(
                6,
                &json!({"type": "tool_use", "id": "t1", "name": "f", "input": {}}),
                &[json_piece("{\"a\": "), json_piece("1}")],
            ),
            block(7, &json!({"type": "tool_use", "id": "t2", "name": "g", "input": {}}), &[]),
            block(8, &json!({"type": "tool_use", "id": "t3", "name": "h", "input": {"z": 1, "a": 2}}), &[]),
        ];
        let content = json!([
            {"type": "thinking", "thinking": "let me see", "signature": "s=="},
            {"type": "redacted_thinking", "data": "xx"},
            {"type": "text", "text": "I look it up."},
            {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": "x"}},
            {"type": "web_search_tool_result", "tool_use_id": "s1", "content": []},
            {"type": "compaction", "content": "c"},
            {"type": "tool_use", "id": "t1", "name": "f", "input": {"a": 1}},
            {"type": "tool_use", "id": "t2", "name": "g", "input": {}},
            {"type": "tool_use", "id": "t3", "name": "h", "input": {"z": 1, "a": 2}},
        ]);
        let whole = check_law(false, &blocks, content);
        assert_eq!(whole.reasoning.as_deref(), Some("let me see"));
        assert_eq!(whole.tool_calls().len(), 3);
        assert_eq!(whole.usage, Some(usage()));
    }

    #[test]
    fn citations_find_their_text() {
        let citation = |at: u64| json!({"type": "char_location", "cited_text": "x", "document_index": at});
        let delta = |at: u64| json!({"type": "citations_delta", "citation": citation(at)});
        let text = |text: &str| json!({"type": "text_delta", "text": text});
        let empty = json!({"type": "text", "text": ""});
        let blocks = [
            block(0, &empty, &[text("a")]),
            block(
                1,
                &json!({"type": "text", "text": "", "citations": []}),
                &[delta(1), text("b"), text("c"), delta(2)],
            ),
        ];
        let content = json!([{"type": "text", "text": "a"}, {"type": "text", "text": "bc", "citations": [citation(1), citation(2)]}]);
        for cited in [true, false] {
            assert_eq!(check_law(cited, &blocks, content.clone()).text(), "abc");
        }
    }

    #[test]
    fn thoughts_and_calls_are_seen_as_they_come() {
        let events = [
            block(
                0,
                &json!({"type": "thinking", "thinking": ""}),
                &[json!({"type": "thinking_delta", "thinking": "hm"})],
            ),
            block(
                1,
                &json!({"type": "tool_use", "id": "t", "name": "f", "input": {}}),
                &[json!({"type": "input_json_delta", "partial_json": "{\"city\": \"Par"})],
            ),
        ]
        .concat();
        let events: Vec<&str> = events.iter().map(String::as_str).collect();
        let (chunks, _) = decode(ChatStream::new(false), &events);
        assert_eq!(chunks[0].reasoning.as_deref(), Some("hm"));
        let whole = fold(chunks);
        assert_eq!(whole.tool_calls()[0].name, "f");
        assert_eq!(whole.tool_calls()[0].args.len(), 1, "as far as they came");
        // The answer was cut off by its limit: half a call is none.
        let cut = DELTA.replace("end_turn", "max_tokens");
        let events: Vec<&str> = events.into_iter().chain([&*cut, STOP]).collect();
        let (chunks, end) = decode(ChatStream::new(false), &events);
        end.expect("a complete answer");
        let whole = fold(chunks);
        assert_eq!((whole.tool_calls().len(), whole.invalid_tool_calls().len()), (0, 1));
    }

    #[test]
    fn a_refusal_says_why() {
        let delta = r#"{"type":"message_delta","delta":{"stop_reason":"refusal","stop_details":{"type":"refusal",
            "category":"bio","explanation":null}},"context_management":{"applied_edits":[]}}"#;
        let (chunks, end) = decode(ChatStream::new(false), &[START, TEXT, HEL, END, delta, delta, STOP]);
        end.expect("a complete answer");
        let whole = fold(chunks);
        assert_eq!(whole.metadata.finish_reason.as_deref(), Some("content_filter"));
        assert_eq!(whole.refusal.as_deref(), Some("bio"));
        assert_eq!(whole.metadata.extra["context_management"], json!({"applied_edits": []}));
    }

    #[track_caller]
    fn check_error(events: &[&str], kind: ErrorKind, part: &str, retryable: bool) {
        let (chunks, end) = decode(ChatStream::new(false), events);
        let error = end.expect_err("an error");
        assert_eq!((error.kind(), error.is_retryable()), (kind, retryable), "{error}");
        assert!(error.to_string().contains(part), "{error}");
        assert_eq!(fold(chunks).text(), "Hello", "what came before is delivered");
        assert_eq!(error.service().and_then(|service| service.request_id.as_deref()), Some("req_1"));
    }

    #[test]
    fn an_error_follows_the_text_that_came_before() {
        let after = |event: &'static str| [START, TEXT, HEL, LO, event];
        check_error(&[START, TEXT, HEL, LO], ErrorKind::Incomplete, "before the answer was complete", true);
        check_error(&[START, TEXT, HEL, LO, END, DELTA], ErrorKind::Incomplete, "message_stop", true);
        let busy = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
        check_error(&after(busy), ErrorKind::Stream, "Overloaded", true);
        let bad = r#"{"type":"error","error":{"type":"invalid_request_error","message":"m"}}"#;
        check_error(&after(bad), ErrorKind::Stream, "m", false);
        check_error(&after(r#"{"error":{"message":"gone","code":"500"}}"#), ErrorKind::Stream, "gone", false);
        check_error(&after(r#"{"type":"content_block_de"#), ErrorKind::Decode, "not JSON", false);
        check_error(&after("<html>502"), ErrorKind::Decode, "502", false);
        check_error(&after("5"), ErrorKind::InvalidResponse, "shape", false);
        let odd = r#"{"type":"content_block_start","index":1,"content_block":"x"}"#;
        check_error(&after(odd), ErrorKind::InvalidResponse, "shape", false);
    }

    #[test]
    fn events_may_be_named_or_typed() {
        let mut decoder = ChatStream::new(false);
        let error =
            decoder.event(Some("error"), r#"{"error":{"message":"m"}}"#, &origin()).expect_err("an error");
        assert_eq!(error.kind(), ErrorKind::Stream);
        let error = decoder.event(Some("error"), "the upstream is gone", &origin()).expect_err("an error");
        assert!(error.kind() == ErrorKind::Stream && error.to_string().contains("upstream"), "{error}");
        let delta = r#"{"index":0,"delta":{"type":"text_delta","text":"a"}}"#;
        let chunk = decoder.event(Some("content_block_delta"), delta, &origin()).expect("an event");
        assert_eq!(chunk.expect("a chunk").text(), "a");
    }

    #[test]
    fn odd_streams_are_judged() {
        let end = |events: &[&str]| decode(ChatStream::new(false), events);
        let (chunks, ended) = end(&[START, STOP]);
        ended.expect("an answer that says nothing");
        assert_eq!(chunks[0].id.as_deref(), Some("msg_1"));
        assert_eq!(end(&[STOP]).1.expect_err("no answer").kind(), ErrorKind::InvalidResponse);
        assert_eq!(end(&["[DONE]"]).1.expect_err("no answer").kind(), ErrorKind::Incomplete);
        end(&[START, TEXT, HEL, DELTA, "[DONE]"]).1.expect("a proxy's way to end");
        let (chunks, ended) = end(&[START, TEXT, HEL, END, DELTA, STOP, HEL, "{broken"]);
        ended.expect("what follows the end is not read");
        assert_eq!(fold(chunks).text(), "Hel");
        let nothing = r#"{"type":"content_block_delta","index":7,"delta":{"type":"new_delta","x":1}}"#;
        end(&[
            START,
            nothing,
            r#"{"type":"content_block_delta"}"#,
            r#"{"type":"content_block_start","index":1}"#,
            "{}",
            DELTA,
            STOP,
        ])
        .1
        .expect("unknown pieces do no harm");
    }
}
