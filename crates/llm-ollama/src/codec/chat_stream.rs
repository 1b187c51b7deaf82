//! Chat answers, streamed and complete.

use std::hash::{DefaultHasher, Hash, Hasher};

use catena_core::{AiMessage, Chunk, Content, ErrorKind, Result, ToolCallChunk};
use serde_json::Value;
use serde_json::value::RawValue;

use super::line::{Line, WireCall, WireMessage, decode_body, decode_line, incomplete, lacks};
use super::{Origin, StreamDecoder};

/// Decodes an answer line by line. Metadata is delivered with the next chunk that has content.
#[derive(Debug, Default)]
pub(crate) struct ChatStream {
    /// What has been received and not delivered yet.
    pending: AiMessage,
    /// Whether a line held a message.
    answered: bool,
    /// Whether a line was marked as the last.
    finished: bool,
    model: Option<String>,
    /// The number of tool calls so far.
    calls: usize,
    /// The log probabilities of the tokens so far, delivered at the end.
    logprobs: Vec<Value>,
}

impl StreamDecoder for ChatStream {
    type Chunk = AiMessage;

    fn event(&mut self, _name: Option<&str>, data: &str, origin: &Origin) -> Result<Option<AiMessage>> {
        let line = decode_line(data, origin)?;
        Ok(self.take(line, origin).then(|| std::mem::take(&mut self.pending)))
    }

    fn is_complete(&self) -> bool {
        self.finished
    }

    fn end(&mut self, _marked: bool, origin: &Origin) -> Result<Option<AiMessage>> {
        match (self.finished, self.answered) {
            (false, _) => Err(incomplete(origin)),
            (true, false) => Err(lacks("message", b"", origin)),
            (true, true) => Ok(None),
        }
    }

    fn whole(&mut self, body: &[u8], origin: &Origin) -> Result<AiMessage> {
        let mut answer = AiMessage::default();
        for line in decode_body(body, origin)? {
            if self.take(line, origin) {
                answer.merge(std::mem::take(&mut self.pending));
            }
        }
        let end = self.end(false, origin);
        end.map_err(|error| match error.kind() {
            ErrorKind::InvalidResponse => lacks("message", body, origin),
            _ => error,
        })?;
        Ok(answer.into_whole())
    }
}

/// Decodes a complete answer.
///
/// # Errors
/// `Decode` for what is not JSON, `InvalidResponse` for an answer without a message, or the error that the body
/// contains.
pub(crate) fn decode_chat(body: &[u8], origin: &Origin) -> Result<AiMessage> {
    ChatStream::default().whole(body, origin)
}

impl ChatStream {
    /// Adds a line. Returns true if it has content: text, reasoning, a call, or the end of the answer.
    fn take(&mut self, mut line: Line<'_>, origin: &Origin) -> bool {
        let Some(message) = line.message.take() else {
            self.finished |= line.done;
            return false;
        };
        if !std::mem::replace(&mut self.answered, true) {
            self.pending.metadata.request_id.clone_from(&origin.request_id);
        }
        if line.model.as_str().is_some_and(|model| self.model.as_deref() != Some(model)) {
            self.model = std::mem::take(&mut line.model).into_string();
            self.pending.metadata.model.clone_from(&self.model);
        }
        let says_something = self.say(message, line.created_at.as_str().unwrap_or_default());
        if let Some(Value::Array(mut tokens)) = line.extra.remove("logprobs") {
            self.logprobs.append(&mut tokens);
        }
        if line.done && !self.finished {
            self.finish(line);
            return true;
        }
        self.pending.metadata.extra.append(&mut line.extra);
        says_something
    }

    fn say(&mut self, message: WireMessage<'_>, created_at: &str) -> bool {
        let content = message.content.into_string();
        let reasoning = message.thinking.into_string();
        let calls = message.tool_calls.unwrap_or_default();
        let says_something = content.is_some() || reasoning.is_some() || !calls.is_empty();
        if let Some(text) = content {
            self.pending.content.merge(Content::Text(text));
        }
        self.pending.reasoning.merge(reasoning);
        for call in calls {
            self.pending.push_tool_call_chunk(piece(call, self.calls, created_at));
            self.calls += 1;
        }
        says_something
    }

    /// Adds the last line: the finish reason, durations and usage.
    fn finish(&mut self, line: Line<'_>) {
        self.finished = true;
        let pending = &mut self.pending;
        pending.usage = line.usage();
        let reason = line.done_reason.into_string();
        let word = match reason.as_deref() {
            None | Some("stop") if self.calls > 0 => "tool_calls",
            None => "stop",
            Some(word) => word,
        };
        pending.metadata.finish_reason = Some(word.to_owned());
        let extra = &mut pending.metadata.extra;
        extra.extend(line.extra);
        let facts = [("created_at", line.created_at.into_string()), ("done_reason", reason)];
        extra.extend(facts.into_iter().filter_map(|(name, fact)| Some((name.to_owned(), fact?.into()))));
        if !self.logprobs.is_empty() {
            extra.insert("logprobs".to_owned(), std::mem::take(&mut self.logprobs).into());
        }
    }
}

/// Converts a call, which always arrives whole. Most versions of the service give it no id; then one is derived from
/// its data, so that the same bytes always give the same id, and calls of different answers different ones.
fn piece(call: WireCall<'_>, index: usize, created_at: &str) -> ToolCallChunk {
    let function = call.function.unwrap_or_default();
    let name = function.name.into_string().unwrap_or_default();
    let arguments = match function.arguments.map(RawValue::get) {
        None | Some("null" | "\"\"") => "{}".to_owned(),
        // Some servers send the object as text.
        Some(text) if text.starts_with('"') => serde_json::from_str(text).unwrap_or_else(|_| text.to_owned()),
        Some(text) => text.to_owned(),
    };
    let id = call.id.into_string().unwrap_or_else(|| {
        let mut hasher = DefaultHasher::new();
        (created_at, index, &name, &arguments).hash(&mut hasher);
        format!("call_{:016x}", hasher.finish())
    });
    let mut piece = ToolCallChunk::new(i64::try_from(index).unwrap_or(i64::MAX)).with_name(name);
    piece.id = Some(id);
    piece.args = Some(arguments);
    piece
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{decode, fold, origin};
    use super::*;
    use catena_core::{ToolCall, Usage};
    use serde_json::json;

    const HEL: &str =
        r#"{"model":"m","created_at":"t1","message":{"role":"assistant","content":"Hel"},"done":false}"#;
    const LO: &str =
        r#"{"model":"m","created_at":"t2","message":{"role":"assistant","content":"lo"},"done":false}"#;
    const DONE: &str = r#"{"model":"m","created_at":"t3","message":{"role":"assistant","content":""},"done_reason":"stop","done":true,"total_duration":9,"prompt_eval_count":5,"eval_count":2}"#;
    const WHOLE: &str = r#"{"model":"m","created_at":"t3","message":{"role":"assistant","content":"Hello"},"done_reason":"stop","done":true,"total_duration":9,"prompt_eval_count":5,"eval_count":2}"#;

    fn read(body: &str) -> AiMessage {
        decode_chat(body.as_bytes(), &origin()).expect(body)
    }

    #[test]
    fn an_answer_is_read() {
        let answer = read(WHOLE);
        assert_eq!(answer.text(), "Hello");
        assert_eq!(answer.usage, Some(Usage::new(5, 2)));
        let metadata = &answer.metadata;
        assert_eq!((metadata.model.as_deref(), metadata.finish_reason.as_deref()), (Some("m"), Some("stop")));
        assert_eq!(metadata.request_id.as_deref(), Some("req_1"));
        let extra = json!({"created_at": "t3", "done_reason": "stop", "total_duration": 9,
            "prompt_eval_count": 5, "eval_count": 2});
        assert_eq!(Value::from(metadata.extra.clone()), extra);
    }

    #[test]
    fn pieces_add_up_to_the_whole() {
        let (chunks, end) = decode(ChatStream::default(), &[HEL, LO, DONE]);
        end.expect("complete");
        assert_eq!(chunks.len(), 3);
        assert_eq!(fold(chunks), read(WHOLE));
        // Lines in a body that came at once, or as one line of several.
        assert_eq!(read(&format!("{HEL}\n{LO}\r\n\n{DONE}\n")), read(WHOLE));
        let pretty =
            serde_json::from_str::<Value>(WHOLE).and_then(|value| serde_json::to_string_pretty(&value));
        assert_eq!(read(&pretty.expect("JSON")), read(WHOLE));
    }

    #[test]
    fn a_stream_is_read_to_its_end() {
        for (lines, texts, error) in [
            (&[HEL, LO, DONE][..], &["Hel", "lo", ""][..], None),
            (&[DONE], &[""], None),
            (&[HEL, LO], &["Hel", "lo"], Some(ErrorKind::Incomplete)),
            (&[], &[], Some(ErrorKind::Incomplete)),
            (&[r#"{"done":true}"#], &[], Some(ErrorKind::InvalidResponse)),
            (&[HEL, r#"{"error":"boom"}"#, LO], &["Hel"], Some(ErrorKind::Stream)),
            (&[HEL, "{", LO], &["Hel"], Some(ErrorKind::Decode)),
            (&[HEL, "[]", LO], &["Hel"], Some(ErrorKind::InvalidResponse)),
            (&[HEL, r#"{"status":"warming up"}"#, LO, DONE], &["Hel", "lo", ""], None),
        ] {
            let (chunks, end) = decode(ChatStream::default(), lines);
            let said: Vec<_> = chunks.iter().map(|chunk| chunk.text().into_owned()).collect();
            assert_eq!(said, texts, "{lines:?}");
            assert_eq!(end.err().map(|error| error.kind()), error, "{lines:?}");
        }
    }

    const CALLS: &str = r#"{"model":"m","created_at":"t1","message":{"content":"","tool_calls":[
        {"function":{"name":"f","arguments":{"a":1}}},
        {"id":"c2","function":{"name":"g","arguments":"{\"b\": 2}"}},
        {"function":{"name":"h"}},
        {"function":{"name":"i","arguments":[1]}}]},"done":false}"#;

    #[test]
    fn tool_calls_have_ids() {
        let (chunks, end) = decode(ChatStream::default(), &[CALLS, DONE]);
        end.expect("complete");
        assert_eq!(chunks[0].tool_call_chunks().len(), 4);
        let answer = fold(chunks);
        let calls = answer.tool_calls();
        let names: Vec<_> = calls.iter().map(|call| call.name.as_str()).collect();
        assert_eq!(names, ["f", "g", "h"]);
        assert_eq!(calls[1], ToolCall::new("g", [("b", 2)]).with_id("c2"));
        assert_eq!(answer.invalid_tool_calls()[0].args.as_deref(), Some("[1]"));
        assert_eq!(answer.metadata.finish_reason.as_deref(), Some("tool_calls"));
        assert_eq!(answer.metadata.extra["done_reason"], "stop");
        let id = |body: &str| read(body).tool_calls()[0].id.clone();
        let one = CALLS.replace("\"done\":false", "\"done\":true");
        assert!(id(&one).is_some_and(|id| id.len() == 21));
        assert_eq!(id(&one), id(&one));
        assert_ne!(id(&one), id(&one.replace("\"t1\"", "\"t2\"")), "another answer has other ids");
    }

    #[test]
    fn thoughts_and_words_of_other_kinds_are_read() {
        let answer = read(r#"{"message":{"content":"42","thinking":"6*7","images":null},"done":true}"#);
        assert_eq!((answer.text().as_ref(), answer.reasoning.as_deref()), ("42", Some("6*7")));
        assert_eq!(answer.metadata.finish_reason.as_deref(), Some("stop"));
        assert_eq!(answer.usage, None);
        let cut =
            read(r#"{"message":{"content":null,"tool_calls":null},"done_reason":"length","eval_count":3.0}"#);
        assert_eq!(cut.metadata.finish_reason.as_deref(), Some("length"));
        assert_eq!(cut.usage, Some(Usage::new(0, 3)));
        let piece = |token: &str| {
            format!(r#"{{"message":{{"content":"a"}},"logprobs":[{{"token":"{token}"}}],"x":1}}"#)
        };
        let (chunks, _) = decode(ChatStream::default(), &[&piece("a"), &piece("b"), DONE]);
        let extra = fold(chunks).metadata.extra;
        assert_eq!(extra["logprobs"], json!([{"token": "a"}, {"token": "b"}]));
        assert_eq!(extra["x"], 1);
    }

    #[test]
    fn what_is_no_answer_is_an_error() {
        for (body, kind, part) in [
            ("", ErrorKind::Decode, "is empty"),
            (" \n", ErrorKind::Decode, "is empty"),
            ("oops", ErrorKind::Decode, "oops"),
            (r#"{"message":{"con"#, ErrorKind::Decode, "not JSON"),
            ("<!doctype html><body>Sign in</body>", ErrorKind::InvalidResponse, "Sign in"),
            ("{}", ErrorKind::InvalidResponse, "no message"),
            (r#"{"response":"text"}"#, ErrorKind::InvalidResponse, "no message"),
            (r#"{"message":"text"}"#, ErrorKind::InvalidResponse, "expected shape"),
            ("[]", ErrorKind::InvalidResponse, "expected shape"),
            ("null", ErrorKind::InvalidResponse, "expected shape"),
            (r#"{"error":"model not loaded"}"#, ErrorKind::InvalidResponse, "not loaded"),
            (
                r#"{"error":"the input length exceeds the context length"}"#,
                ErrorKind::ContextOverflow,
                "too long",
            ),
        ] {
            let error = decode_chat(body.as_bytes(), &origin()).expect_err(body);
            assert_eq!(error.kind(), kind, "{body}: {error}");
            assert!(error.to_string().contains(part), "{body}: {error}");
            assert_eq!(error.service().and_then(|service| service.request_id.as_deref()), Some("req_1"));
        }
        let cut = format!("{HEL}\n{LO}");
        assert_eq!(decode_chat(cut.as_bytes(), &origin()).expect_err("cut").kind(), ErrorKind::Incomplete);
    }
}
