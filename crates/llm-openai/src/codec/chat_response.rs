//! Complete chat answers.

use std::borrow::Cow;

use catena_core::{AiMessage, Result};
use serde::de::MapAccess;
use serde_json::{Value, json};

use super::call_pieces::{CallPieces, WireCalls};
use super::content::WireContent;
use super::envelope::{Envelope, decode_body, no_choices};
use super::error::decode_error_in_answer;
use super::lenient::{Text, is_truthy};
use super::members::{Facts, Members, Number, deserialize_members, keep_facts, skip, take_fact};
use super::origin::Origin;
use super::response_headers::add_headers;

/// One choice of an answer (with a `message`) or of an event (with a `delta`). Boxes keep it small, because it is moved
/// several times.
#[derive(Debug, Default)]
pub(super) struct ChatChoice<'a> {
    pub(super) index: Number,
    pub(super) message: Option<Box<WireMessage<'a>>>,
    pub(super) delta: Option<WireMessage<'a>>,
    pub(super) finish_reason: Text<'a>,
    pub(super) logprobs: Option<Box<Value>>,
    pub(super) error: Option<Box<Value>>,
    pub(super) facts: Facts<'a>,
}

impl<'de> Members<'de> for ChatChoice<'de> {
    fn member<A: MapAccess<'de>>(&mut self, name: Cow<'de, str>, object: &mut A) -> Result<(), A::Error> {
        match &*name {
            "index" => self.index = object.next_value()?,
            "message" => self.message = object.next_value()?,
            "delta" => self.delta = object.next_value()?,
            "finish_reason" => self.finish_reason = object.next_value()?,
            "logprobs" => self.logprobs = object.next_value()?,
            "error" => self.error = object.next_value()?,
            _ => take_fact(&mut self.facts, name, object)?,
        }
        Ok(())
    }
}

deserialize_members!(ChatChoice);

/// A message, or a delta of one.
#[derive(Debug, Default)]
pub(super) struct WireMessage<'a> {
    pub(super) content: WireContent<'a>,
    pub(super) refusal: Text<'a>,
    /// DeepSeek, llama.cpp, older vLLM.
    pub(super) reasoning_content: Text<'a>,
    /// OpenRouter, Ollama, newer vLLM. Some send both, with the same text.
    pub(super) reasoning: Text<'a>,
    pub(super) tool_calls: WireCalls<'a>,
    /// The predecessor of tools.
    pub(super) function_call: Option<Box<Value>>,
    /// Spoken output.
    pub(super) audio: Option<Box<Value>>,
    pub(super) facts: Facts<'a>,
}

impl<'de> Members<'de> for WireMessage<'de> {
    fn member<A: MapAccess<'de>>(&mut self, name: Cow<'de, str>, object: &mut A) -> Result<(), A::Error> {
        match &*name {
            "role" => skip(object)?,
            "content" => self.content = object.next_value()?,
            "refusal" => self.refusal = object.next_value()?,
            "reasoning_content" => self.reasoning_content = object.next_value()?,
            "reasoning" => self.reasoning = object.next_value()?,
            "tool_calls" => self.tool_calls = object.next_value()?,
            "function_call" => self.function_call = object.next_value()?,
            "audio" => self.audio = object.next_value()?,
            _ => take_fact(&mut self.facts, name, object)?,
        }
        Ok(())
    }
}

deserialize_members!(WireMessage);

impl WireMessage<'_> {
    /// Adds the content to `message`, without `tool_calls` and `facts`.
    pub(super) fn add_to(&mut self, message: &mut AiMessage) {
        let reasoning = std::mem::take(&mut self.reasoning_content).into_string();
        message.reasoning = reasoning.or_else(|| std::mem::take(&mut self.reasoning).into_string());
        message.refusal = std::mem::take(&mut self.refusal).into_string();
        for (name, value) in [("function_call", &mut self.function_call), ("audio", &mut self.audio)] {
            if let Some(value) = value.take().filter(|value| value.is_object()) {
                message.additional_kwargs.insert(name.to_owned(), *value);
            }
        }
        std::mem::take(&mut self.content).add_to(message);
    }
}

/// Decodes a complete answer: its first choice. `headers`: whether its metadata includes the response headers.
///
/// # Errors
/// `Decode` for what is not JSON, `InvalidResponse` for an answer without choices, or the error that the body contains.
pub(crate) fn decode_chat(body: &[u8], origin: &Origin, headers: bool) -> Result<AiMessage> {
    let mut envelope = decode_body(body, origin)?;
    let choices = take_choices(&mut envelope, body, origin)?;
    let mut message = describe(envelope, origin, headers);
    if let Some(first) = choices.into_iter().next() {
        first.add_to(&mut message, origin)?;
    }
    Ok(message.into_whole())
}

/// Decodes all choices of an answer, in the order of their indices. Each carries the usage of the whole call.
///
/// # Errors
/// As for [`decode_chat`].
pub(crate) fn decode_chat_all(body: &[u8], origin: &Origin, headers: bool) -> Result<Vec<AiMessage>> {
    let mut envelope = decode_body(body, origin)?;
    let choices = take_choices(&mut envelope, body, origin)?;
    let facts = describe(envelope, origin, headers);
    let message = |choice: ChatChoice<'_>| {
        let mut message = facts.clone();
        choice.add_to(&mut message, origin)?;
        Ok(message.into_whole())
    };
    choices.into_iter().map(message).collect()
}

/// Takes the choices that hold a message or an error, at least one.
fn take_choices<'a>(
    envelope: &mut Envelope<'a, ChatChoice<'a>>,
    body: &[u8],
    origin: &Origin,
) -> Result<Vec<ChatChoice<'a>>> {
    let mut choices = envelope.choices.take().unwrap_or_default();
    choices.retain(|choice| choice.message.is_some() || choice.error.as_deref().is_some_and(is_truthy));
    if choices.is_empty() {
        return Err(no_choices(body, origin));
    }
    // If servers send no index, the order of the list counts, which a stable sort keeps.
    choices.sort_by_key(|choice| choice.index.0);
    Ok(choices)
}

/// Returns a message with the metadata of the whole answer.
fn describe(envelope: Envelope<'_, ChatChoice<'_>>, origin: &Origin, headers: bool) -> AiMessage {
    let mut message = AiMessage::default();
    message.usage = envelope.describe(&mut message.metadata);
    message.metadata.model = envelope.model.into_string();
    message.metadata.request_id.clone_from(&origin.request_id);
    if headers {
        add_headers(origin, &mut message.metadata);
    }
    message.id = envelope.id.into_string();
    message
}

impl<'a> ChatChoice<'a> {
    /// Returns the text if this choice adds nothing but a text delta that is borrowed from the JSON.
    pub(super) fn only_text(&self) -> Option<&'a str> {
        let delta = self.delta.as_ref()?;
        match delta.content {
            WireContent::Text(Cow::Borrowed(text)) if self.logprobs.is_none() && delta.facts.is_empty() => {
                Some(text)
            }
            _ => None,
        }
    }

    /// Adds the message of the choice to `message`, or returns the error that it contains.
    fn add_to(self, message: &mut AiMessage, origin: &Origin) -> Result<()> {
        if let Some(error) = self.error.filter(|error| is_truthy(error)) {
            return Err(decode_error_in_answer(&json!({ "error": error }).to_string(), origin));
        }
        let mut wire = self.message.unwrap_or_default();
        wire.add_to(message);
        let mut calls = CallPieces::default();
        calls.add(std::mem::take(&mut wire.tool_calls), message);
        calls.end(message);
        let metadata = &mut message.metadata;
        keep_facts(&self.facts, &mut metadata.extra);
        keep_facts(&wire.facts, &mut metadata.extra);
        if let Some(logprobs) = self.logprobs {
            metadata.extra.insert("logprobs".to_owned(), *logprobs);
        }
        metadata.finish_reason = self.finish_reason.into_string();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::origin;
    use super::*;
    use catena_core::{ErrorKind, ToolCall, Usage};

    fn message(text: &str) -> AiMessage {
        let mut message = AiMessage::new(text);
        message.metadata.finish_reason = Some("stop".into());
        message.metadata.request_id = Some("req_1".into());
        message
    }

    #[track_caller]
    fn check(body: &str, change: impl FnOnce(&mut AiMessage)) {
        let mut expected = message("Hi");
        change(&mut expected);
        assert_eq!(decode_chat(body.as_bytes(), &origin(), false).expect(body), expected);
    }

    #[test]
    fn answers_of_many_servers_are_read() {
        check(r#"{"choices":[{"finish_reason":"stop","message":{"content":"Hi"}}]}"#, |_| {});
        check(
            "\u{FEFF}\n\n {\"choices\":[{\"finish_reason\":\"stop\",\"message\":{\"content\":\"Hi\"}}]}",
            |_| {},
        );
        check(r#"{"choices":[{"message":{"role":"assistant","content":"\ud83d\ude00"}}]}"#, |m| {
            *m = message("😀");
            m.metadata.finish_reason = None;
        });
        check(r#"{"choices":[{"finish_reason":"","message":{"content":null}}],"usage":{}}"#, |m| {
            *m = message("");
            m.metadata.finish_reason = None;
            m.usage = Some(Usage::new(0, 0));
        });
        check(r#"{"choices":[{"finish_reason":"stop","message":{"content":null,"refusal":"No."}}]}"#, |m| {
            *m = message("");
            m.refusal = Some("No.".into());
        });
        for name in ["reasoning", "reasoning_content"] {
            let body = r#"{"choices":[{"finish_reason":"stop","message":{"content":"Hi","NAME":"6*7"}}]}"#;
            check(&body.replace("NAME", name), |m| m.reasoning = Some("6*7".into()));
        }
        let both = r#"{"choices":[{"finish_reason":"stop",
            "message":{"content":"Hi","reasoning":"6*7","reasoning_content":"6*7"}}]}"#;
        check(both, |m| m.reasoning = Some("6*7".into()));
        let nulls = r#"{"error":null,"choices":[{"finish_reason":"stop","error":null,"logprobs":null,
            "message":{"content":"Hi","function_call":null,"audio":null}}]}"#;
        check(nulls, |_| {});
    }

    #[test]
    fn tool_calls_are_read() {
        let body = r#"{"choices":[{"finish_reason":"tool_calls","message":{"content":null,"tool_calls":[
            {"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\": 1}"}},
            {"id":"c2","type":"function","function":{"name":"g","arguments":null}},
            {"id":"c3","function":{"name":"h","arguments":{"b": 2}}},
            {"id":"c4","function":{"name":"i","arguments":"{\"a\": "}}]}}]}"#;
        let answer = decode_chat(body.as_bytes(), &origin(), false).expect("an answer");
        let calls = [
            ToolCall::new("f", [("a", 1)]).with_id("c1"),
            ToolCall::new("g", [("", 0); 0]).with_id("c2"),
            ToolCall::new("h", [("b", 2)]).with_id("c3"),
        ];
        assert_eq!(answer.tool_calls(), calls);
        assert_eq!(answer.invalid_tool_calls()[0].args.as_deref(), Some("{\"a\": "));
        assert!(answer.tool_call_chunks().is_empty());
        for reason in ["null", "\"\""] {
            let body = body.replace("\"tool_calls\",\"message\"", &format!("{reason},\"message\""));
            let answer = decode_chat(body.as_bytes(), &origin(), false).expect("an answer");
            assert_eq!((answer.metadata.finish_reason.as_deref(), answer.tool_calls()), (None, &calls[..]));
            assert_eq!(answer.invalid_tool_calls()[0].args.as_deref(), Some("{\"a\": "));
        }
        let legacy =
            r#"{"choices":[{"message":{"content":null,"function_call":{"name":"f","arguments":"{}"}}}]}"#;
        let answer = decode_chat(legacy.as_bytes(), &origin(), false).expect("an answer");
        assert_eq!(answer.additional_kwargs["function_call"]["name"], "f");
    }

    #[test]
    fn what_the_service_says_beside_the_answer_is_kept() {
        let body = r#"{
            "id": "chatcmpl-1", "object": "chat.completion", "created": 1700000000.5, "model": "gpt-4o-mini-2024",
            "system_fingerprint": "fp_1", "service_tier": null, "weird": {"a": [1]},
            "choices": [{
                "index": 0, "finish_reason": "stop", "native_finish_reason": "eos", "logprobs": {"content": []},
                "message": {"role": "assistant", "content": "Hi", "annotations": [], "audio": null, "note": 1}
            }],
            "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12, "cost": 0.5}
        }"#;
        check(body, |m| {
            m.id = Some("chatcmpl-1".into());
            m.usage = Some(Usage::new(9, 3));
            m.metadata.model = Some("gpt-4o-mini-2024".into());
            let serde_json::Value::Object(extra) = json!({
                "created": 1700000000.5, "system_fingerprint": "fp_1", "weird": {"a": [1]},
                "native_finish_reason": "eos", "logprobs": {"content": []}, "note": 1,
            }) else {
                return;
            };
            m.metadata.extra = extra.into();
            m.metadata.token_usage = Some(
                json!({"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12, "cost": 0.5}).into(),
            );
        });
    }

    #[track_caller]
    fn check_error(body: &str, kind: ErrorKind, part: &str) {
        let error = decode_chat(body.as_bytes(), &origin(), false).expect_err(body);
        assert_eq!(error.kind(), kind, "{body}: {error}");
        assert!(error.to_string().contains(part), "{body}: {error}");
        assert_eq!(error.service().and_then(|service| service.request_id.as_deref()), Some("req_1"));
        assert_eq!(error.service().and_then(|service| service.body.as_deref()), Some(body));
    }

    #[test]
    fn what_is_no_answer_is_an_error() {
        check_error("", ErrorKind::Decode, "is empty");
        check_error(" \n", ErrorKind::Decode, "is empty");
        check_error("oops", ErrorKind::Decode, "oops");
        check_error(r#"{"choices":[{"message":{"con"#, ErrorKind::Decode, "not JSON");
        check_error("<!doctype html><body>Sign in</body>", ErrorKind::InvalidResponse, "Sign in");
        for body in [
            "{}",
            r#"{"choices":null}"#,
            r#"{"choices":[]}"#,
            r#"{"choices":[{"index":0}]}"#,
            r#"{"choices":[{"message":null}]}"#,
        ] {
            check_error(body, ErrorKind::InvalidResponse, "no choices");
        }
        check_error(r#"{"choices":"none"}"#, ErrorKind::InvalidResponse, "expected shape");
        check_error("[]", ErrorKind::InvalidResponse, "expected shape");
        check_error("null", ErrorKind::InvalidResponse, "expected shape");
    }

    #[test]
    fn an_error_in_a_choice_is_an_error() {
        let failed =
            r#"{"error":{"code":502,"message":"Upstream"},"finish_reason":"error","message":{"content":""}}"#;
        let said = r#"{"message":{"content":"Hi"}}"#;
        let decode = |choices: &str| {
            let body = format!(r#"{{"choices":[{choices}]}}"#);
            let body = body.as_bytes();
            let one = decode_chat(body, &origin(), false).map(String::from);
            let all = decode_chat_all(body, &origin(), false).map(|all| all.len());
            (one.map_err(|error| error.kind()), all.map_err(|error| error.kind()))
        };
        assert_eq!(decode(failed), (Err(ErrorKind::Server), Err(ErrorKind::Server)));
        assert_eq!(
            decode(r#"{"error":"gone"}"#),
            (Err(ErrorKind::InvalidResponse), Err(ErrorKind::InvalidResponse))
        );
        assert_eq!(decode(&format!("{said},{failed}")), (Ok("Hi".to_owned()), Err(ErrorKind::Server)));
        let none = r#"{"error":{},"message":{"content":"Hi"}}"#;
        assert_eq!(decode(none), (Ok("Hi".to_owned()), Ok(1)));
    }

    #[test]
    fn an_error_object_in_a_successful_answer_is_an_error() {
        check_error(r#"{"error":"model not loaded"}"#, ErrorKind::InvalidResponse, "model not loaded");
        check_error(r#"{"error":{"message":"no slot"}}"#, ErrorKind::InvalidResponse, "no slot");
        check_error(r#"{"error":{"code":502,"message":"Upstream"},"user":1}"#, ErrorKind::Server, "Upstream");
        check_error(r#"{"error":{"code":429,"message":"slow"},"choices":[]}"#, ErrorKind::RateLimit, "slow");
        check_error(r#"[{"error":{"code":400,"message":"bad"}}]"#, ErrorKind::BadRequest, "bad");
        let overflow = r#"{"error":{"code":"context_length_exceeded","message":"long"}}"#;
        check_error(overflow, ErrorKind::ContextOverflow, "long");
    }
}
