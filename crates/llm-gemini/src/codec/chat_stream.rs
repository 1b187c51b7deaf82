//! Streamed answers.

use catena_core::{AiMessage, Error, ErrorKind, Result, ServiceError};
use catena_http::service::Origin;

use super::StreamDecoder;
use super::candidate::Reader;
use super::chat_response::decode_chat;
use super::envelope::decode_event;
use super::facts::{Facts, check_feedback};

/// Decodes a streamed answer. Metadata of the whole answer is delivered with its first chunk, token counts with every
/// chunk that has them.
#[derive(Debug, Default)]
pub(crate) struct ChatStream {
    reader: Reader,
    /// The id and the model already delivered.
    id: Option<String>,
    model: Option<String>,
    described: bool,
}

impl StreamDecoder for ChatStream {
    type Chunk = AiMessage;

    fn event(&mut self, _name: Option<&str>, data: &str, origin: &Origin) -> Result<Option<AiMessage>> {
        let Some(mut envelope) = decode_event(data, origin)? else { return Ok(None) };
        check_feedback(&envelope, origin)?;
        let candidates = envelope.candidates.take().unwrap_or_default();
        let candidate = candidates.into_iter().find(|candidate| candidate.place() == 0);
        let Facts { mut message, id } = Facts::of(&mut envelope, origin);
        // Events repeat the metadata of the whole answer.
        message.id = news(&mut self.id, id.clone());
        message.metadata.model = news(&mut self.model, message.metadata.model.take());
        if std::mem::replace(&mut self.described, true) {
            message.metadata.request_id = None;
        }
        if let Some(candidate) = candidate {
            self.reader.read(candidate, id.as_deref().or(self.id.as_deref()), &mut message);
        }
        Ok((message != AiMessage::default()).then_some(message))
    }

    fn end(&mut self, _marked: bool, origin: &Origin) -> Result<Option<AiMessage>> {
        if self.reader.finished {
            return Ok(None);
        }
        // The request itself is fine, so a retry may well succeed.
        let message = "the stream ended before the answer was complete: missing finish reason";
        let service = ServiceError { request_id: origin.request_id.clone(), ..ServiceError::default() };
        Err(Error::new(ErrorKind::Incomplete, message).with_retryable(true).with_service(service))
    }

    fn whole(&mut self, body: &[u8], origin: &Origin) -> Result<AiMessage> {
        decode_chat(body, origin)
    }
}

/// Returns the value if it was not delivered before; the first counts.
fn news(told: &mut Option<String>, next: Option<String>) -> Option<String> {
    if told.is_some() {
        return None;
    }
    told.clone_from(&next);
    next
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{decode, fold, origin};
    use super::*;
    use catena_core::Usage;
    use serde_json::{Value, json};

    fn event(parts: Value) -> String {
        json!({"candidates": [{"content": {"role": "model", "parts": parts}, "index": 0}], "modelVersion": "m", "responseId": "r"})
            .to_string()
    }

    fn text(text: &str) -> String {
        event(json!([{"text": text}]))
    }

    const STOP: &str = r#"{"candidates":[{"content":{"parts":[{"text":""}],"role":"model"},"finishReason":"STOP","index":0}],
        "usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":3,"totalTokenCount":12},"modelVersion":"m","responseId":"r"}"#;

    #[test]
    fn text_arrives_piece_by_piece() {
        let (chunks, end) = decode(ChatStream::default(), &[&text("Hel"), "", &text("lo"), STOP]);
        end.expect("a complete answer");
        assert_eq!(
            chunks.iter().map(|chunk| chunk.text().into_owned()).collect::<Vec<_>>(),
            ["Hel", "lo", ""]
        );
        assert_eq!((chunks[0].id.as_deref(), chunks[0].metadata.model.as_deref()), (Some("r"), Some("m")));
        assert_eq!(chunks[0].metadata.request_id.as_deref(), Some("req_1"));
        assert_eq!(chunks[1], AiMessage::new("lo"));
        let whole = fold(chunks);
        assert_eq!(whole.usage, Some(Usage::new(9, 3)));
        assert_eq!(whole.metadata.finish_reason.as_deref(), Some("stop"));
    }

    #[test]
    fn folded_pieces_are_the_whole_answer() {
        let parts = json!([
            {"text": "h", "thought": true}, {"text": "m", "thought": true}, {"text": "Hel"}, {"text": "lo"},
            {"functionCall": {"name": "f", "args": {"b": 1, "a": 2}}, "thoughtSignature": "s"},
            {"functionCall": {"name": "g", "args": {}}}, {"text": "", "thoughtSignature": "t"},
        ]);
        let usage = json!({"promptTokenCount": 9, "candidatesTokenCount": 3, "totalTokenCount": 12});
        let mut whole: Value = serde_json::from_str(&event(parts.clone())).expect("JSON");
        whole["usageMetadata"] = usage.clone();
        whole["candidates"][0]["finishReason"] = "STOP".into();
        let mut events: Vec<String> =
            parts.as_array().expect("parts").iter().map(|part| event(json!([part]))).collect();
        events.push(STOP.to_owned());
        let events: Vec<&str> = events.iter().map(String::as_str).collect();
        let (chunks, end) = decode(ChatStream::default(), &events);
        end.expect("a complete answer");
        let whole = decode_chat(whole.to_string().as_bytes(), &origin()).expect("an answer");
        assert_eq!(fold(chunks), whole);
        assert_eq!(whole.metadata.finish_reason.as_deref(), Some("tool_calls"));
    }

    #[test]
    fn events_without_the_first_candidate_are_skipped() {
        let other = r#"{"candidates":[{"index":1,"content":{"parts":[{"text":"other"}]}}]}"#;
        let (chunks, end) =
            decode(ChatStream::default(), &[&text("a"), "{}", r#"{"candidates":[]}"#, other, STOP, "{}"]);
        end.expect("a complete answer");
        assert_eq!((chunks.len(), fold(chunks).text().as_ref()), (2, "a"));
    }

    #[track_caller]
    fn check_error(last: &str, kind: ErrorKind, part: &str, retryable: bool) {
        let (chunks, end) = decode(ChatStream::default(), &[&text("Hel"), &text("lo"), last]);
        let error = end.expect_err("an error");
        assert_eq!((error.kind(), error.is_retryable()), (kind, retryable), "{error}");
        assert!(error.to_string().contains(part), "{error}");
        assert_eq!(fold(chunks).text(), "Hello", "what came before is delivered");
        assert_eq!(error.service().and_then(|service| service.request_id.as_deref()), Some("req_1"));
    }

    #[test]
    fn an_error_follows_the_text_that_came_before() {
        check_error("", ErrorKind::Incomplete, "before the answer was complete", true);
        let error = r#"{"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}"#;
        check_error(error, ErrorKind::Stream, "overloaded", true);
        check_error(r#"{"error":{"code":400,"message":"bad"}}"#, ErrorKind::Stream, "bad", false);
        check_error(
            r#"{"promptFeedback":{"blockReason":"OTHER"}}"#,
            ErrorKind::ContentFilter,
            "OTHER",
            false,
        );
        check_error(r#"{"candidates":[{"con"#, ErrorKind::Decode, "not JSON", false);
        check_error(r#"{"candidates":1}"#, ErrorKind::InvalidResponse, "shape", false);
    }
}
