//! Complete answers.

use std::collections::BTreeMap;

use catena_core::{AiMessage, Chunk, Error, ErrorKind, Result};
use catena_http::service::Origin;

use super::candidate::Reader;
use super::envelope::decode_body;
use super::facts::{Facts, check_feedback};

/// Decodes the first answer.
///
/// # Errors
/// `Decode` for what is not JSON, `InvalidResponse` for a response without candidates, `ContentFilter` for a blocked
/// prompt, or the error that the body contains.
pub(crate) fn decode_chat(body: &[u8], origin: &Origin) -> Result<AiMessage> {
    let mut answers = decode_all(body, origin)?.into_iter();
    answers.next().ok_or_else(|| no_candidates(&String::from_utf8_lossy(body), origin))
}

/// Decodes all answers; each has the usage of the whole call.
///
/// # Errors
/// As [`decode_chat`].
pub(crate) fn decode_all(body: &[u8], origin: &Origin) -> Result<Vec<AiMessage>> {
    let envelopes = decode_body(body, origin)?;
    let mut answers: BTreeMap<u64, (Reader, AiMessage)> = BTreeMap::new();
    for mut envelope in envelopes {
        check_feedback(&envelope, origin)?;
        let candidates = envelope.candidates.take().unwrap_or_default();
        let facts = Facts::of(&mut envelope, origin);
        let numbered = candidates.iter().any(|candidate| candidate.index.is_u64());
        for (position, candidate) in (0..).zip(candidates) {
            let at = if numbered { candidate.place() } else { position };
            let (reader, answer) = answers.entry(at).or_default();
            let mut piece = facts.message.clone();
            reader.read(candidate, facts.id.as_deref(), &mut piece);
            answer.merge(piece);
        }
    }
    if answers.is_empty() {
        return Err(no_candidates(&String::from_utf8_lossy(body), origin));
    }
    Ok(answers.into_values().map(|(_, answer)| answer.into_whole()).collect())
}

fn no_candidates(body: &str, origin: &Origin) -> Error {
    Error::new(ErrorKind::InvalidResponse, "the response contains no candidates")
        .with_service(origin.service_error(body))
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::origin;
    use super::*;
    use catena_core::{ToolCall, Usage};
    use serde_json::{Value, json};

    fn parts(parts: &Value) -> String {
        json!({"candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": "STOP"}]})
            .to_string()
    }

    fn read(body: &str) -> AiMessage {
        decode_chat(body.as_bytes(), &origin()).expect(body)
    }

    #[track_caller]
    fn check(wire: Value, content: Value, reasoning: Option<&str>) {
        let message = read(&parts(&wire));
        assert_eq!(serde_json::to_value(&message.content).expect("JSON"), content, "{wire}");
        assert_eq!(message.reasoning.as_deref(), reasoning, "{wire}");
    }

    #[test]
    fn parts_are_texts_thoughts_and_blocks() {
        check(json!([{"text": "Hel"}, {"text": "lo"}]), json!("Hello"), None);
        check(
            json!([{"text": "h", "thought": true}, {"text": "m", "thought": true}, {"text": "4"}]),
            json!("4"),
            Some("hm"),
        );
        check(
            json!([{"text": "a"}, {"text": "b", "thoughtSignature": "s"}]),
            json!(["a", {"type": "text", "text": "b", "extras": {"thought_signature": "s"}}]),
            None,
        );
        check(
            json!([{"text": "h", "thought": true, "thoughtSignature": "s"}]),
            json!([{"type": "reasoning", "reasoning": "h", "extras": {"thought_signature": "s"}}]),
            Some("h"),
        );
        check(
            json!([{"inlineData": {"mimeType": "image/png", "data": "QQ=="}, "thoughtSignature": "s"}, {"fileData": {"fileUri": "u"}}]),
            json!([{"type": "image", "base64": "QQ==", "mime_type": "image/png", "extras": {"thought_signature": "s"}},
                {"type": "file", "url": "u"}]),
            None,
        );
        check(
            json!([{"executableCode": {"code": "1"}}, {"codeExecutionResult": {"output": "1"}}, {"text": "1"}]),
            json!([{"type": "executableCode", "executableCode": {"code": "1"}},
                {"type": "codeExecutionResult", "codeExecutionResult": {"output": "1"}}, "1"]),
            None,
        );
        check(json!([{}, {"text": ""}, {"text": null}]), json!(""), None);
        check(json!([{"text": "a", "new": 1}, {"text": "b", "new": 2}]), json!("ab"), None);
        check(
            json!([{"thoughtSignature": "s"}]),
            json!([{"type": "text", "text": "", "extras": {"thought_signature": "s"}}]),
            None,
        );
    }

    #[test]
    fn calls_are_read_and_named() {
        let body = r#"{"responseId": "r1", "candidates": [{"finishReason": "STOP", "content": {"parts": [
            {"functionCall": {"name": "f", "args": {"b": 1, "a": {"c": [null]}}}, "thoughtSignature": "s"},
            {"functionCall": {"name": "g", "args": null, "id": "own"}},
            {"functionCall": {"name": "h"}},
            {"functionCall": {"name": "i", "args": "odd"}}
        ]}}]}"#;
        let answer = read(body);
        let calls = answer.tool_calls();
        assert_eq!(
            calls.iter().map(|call| call.id.as_deref().unwrap_or("-")).collect::<Vec<_>>(),
            ["call_r1_0", "own", "call_r1_2"]
        );
        assert_eq!(calls[0].args.names().collect::<Vec<_>>(), ["b", "a"], "in the model's order");
        assert_eq!(calls[0].extra["thought_signature"], "s");
        assert_eq!(calls[1], ToolCall::new("g", [("", 0); 0]).with_id("own"));
        assert_eq!(answer.invalid_tool_calls()[0].args.as_deref(), Some("\"odd\""));
        assert_eq!(answer.metadata.finish_reason.as_deref(), Some("tool_calls"));
        assert!(answer.tool_call_chunks().is_empty());
        let bare = read(&parts(&json!([{"functionCall": {"name": "f"}}])));
        assert_eq!(bare.tool_calls()[0].id.as_deref(), Some("call_0"));
    }

    #[test]
    fn what_the_service_says_beside_the_answer_is_kept() {
        let body = json!({
            "responseId": "r1", "modelVersion": "gemini-x-001", "createTime": "2026", "promptFeedback": {"safetyRatings": [1]},
            "usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 3, "totalTokenCount": 12, "trafficType": "t"},
            "candidates": [{"index": 0, "finishReason": "MAX_TOKENS", "safetyRatings": [], "avgLogprobs": -0.5,
                "groundingMetadata": {"x": 1}, "content": {"role": "model", "parts": [{"text": "Hi"}]}}],
        });
        let mut expected = AiMessage::new("Hi");
        expected.id = Some("r1".into());
        expected.usage = Some(Usage::new(9, 3));
        expected.metadata.model = Some("gemini-x-001".into());
        expected.metadata.finish_reason = Some("length".into());
        expected.metadata.request_id = Some("req_1".into());
        let extra = json!({"createTime": "2026", "promptFeedback": {"safetyRatings": [1]}, "finishReason": "MAX_TOKENS",
            "avgLogprobs": -0.5, "groundingMetadata": {"x": 1}, "usageMetadata": body["usageMetadata"]});
        expected.metadata.extra = extra.as_object().cloned().expect("an object").into();
        assert_eq!(read(&body.to_string()), expected);
    }

    #[test]
    fn answers_without_text_are_answers() {
        for (candidate, reason) in [
            (json!({"finishReason": "SAFETY", "safetyRatings": [1]}), Some("content_filter")),
            (json!({"finishReason": "MAX_TOKENS", "content": {"role": "model"}}), Some("length")),
            (json!({"content": {}}), None),
            (json!({"content": null, "finishReason": "FINISH_REASON_UNSPECIFIED"}), None),
        ] {
            let message = read(&json!({"candidates": [candidate]}).to_string());
            assert_eq!(
                (message.text().as_ref(), message.metadata.finish_reason.as_deref()),
                ("", reason),
                "{candidate}"
            );
        }
    }

    #[test]
    fn all_candidates_are_read_and_lists_put_together() {
        let candidate =
            |index: Value, text: &str| json!({"index": index, "content": {"parts": [{"text": text}]}});
        for (indices, expected) in [
            ([json!(0), json!(1)], ["a", "b"]),
            ([json!(1), json!(0)], ["b", "a"]),
            ([json!(1), json!(null)], ["b", "a"]),
            ([json!(null), json!(1)], ["a", "b"]),
            ([json!(null), json!(null)], ["a", "b"]),
        ] {
            let candidates: Vec<Value> =
                indices.into_iter().zip(["a", "b"]).map(|(index, text)| candidate(index, text)).collect();
            let body = json!({"candidates": candidates}).to_string();
            let all = decode_all(body.as_bytes(), &origin()).expect("answers");
            assert_eq!(
                all.iter().map(|answer| answer.text().into_owned()).collect::<Vec<_>>(),
                expected,
                "{body}"
            );
        }
        let list = json!([{"candidates": [candidate(Value::Null, "Hel")]}, {"candidates": [candidate(0.into(), "lo")]}]);
        assert_eq!(read(&list.to_string()).text(), "Hello");
    }

    #[track_caller]
    fn check_error(body: &str, kind: ErrorKind, part: &str) {
        let error = decode_chat(body.as_bytes(), &origin()).expect_err(body);
        assert_eq!(error.kind(), kind, "{body}: {error}");
        assert!(error.to_string().contains(part), "{body}: {error}");
        assert!(!error.is_retryable() || kind == ErrorKind::Server, "{error}");
        assert_eq!(error.service().and_then(|service| service.request_id.as_deref()), Some("req_1"));
    }

    #[test]
    fn what_is_no_answer_is_an_error() {
        check_error("", ErrorKind::Decode, "is empty");
        check_error("oops", ErrorKind::Decode, "oops");
        check_error(r#"{"candidates":[{"con"#, ErrorKind::Decode, "not JSON");
        check_error("<!doctype html><body>Sign in</body>", ErrorKind::InvalidResponse, "Sign in");
        for body in ["{}", "[]", r#"{"candidates":null}"#, r#"{"candidates":[]}"#, r#"{"promptFeedback":{}}"#]
        {
            check_error(body, ErrorKind::InvalidResponse, "no candidates");
        }
        check_error(r#"{"candidates":"none"}"#, ErrorKind::InvalidResponse, "expected shape");
        check_error("null", ErrorKind::InvalidResponse, "expected shape");
        check_error(
            r#"{"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}"#,
            ErrorKind::Server,
            "overloaded",
        );
        check_error(r#"[{"error":{"code":400,"message":"bad"}}]"#, ErrorKind::BadRequest, "bad");
        check_error(r#"{"error":"odd"}"#, ErrorKind::InvalidResponse, "odd");
    }

    #[test]
    fn a_blocked_prompt_is_an_error() {
        check_error(
            r#"{"promptFeedback":{"blockReason":"SAFETY","blockReasonMessage":"no"}}"#,
            ErrorKind::ContentFilter,
            "(SAFETY): no",
        );
        check_error(
            r#"{"candidates":[],"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"}}"#,
            ErrorKind::ContentFilter,
            "PROHIBITED",
        );
        check_error(
            r#"{"promptFeedback":{"blockReason":"BLOCK_REASON_UNSPECIFIED"}}"#,
            ErrorKind::InvalidResponse,
            "no candidates",
        );
    }
}
