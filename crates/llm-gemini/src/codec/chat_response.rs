//! Answers in one piece, and the reading of candidates that streams share.

use catena_core::{AiMessage, Chunk, Content, ContentBlock, Error, ErrorKind, Result, ToolCallChunk};
use catena_http::service::Origin;
use serde_json::{Map, Value, json};

use super::envelope::{Candidate, Envelope, WireCall, WirePart, decode_body};
use super::finish_reason::common_word;
use super::lenient::{is_truthy, keep};
use super::media::media_block;
use super::part::SIGNATURE;
use super::usage::decode_usage;

/// Reads the first answer.
///
/// # Errors
/// `Decode` for what is not JSON, `InvalidResponse` for an answer without candidates, `ContentFilter` for a blocked prompt,
/// or the error that the body holds.
pub(crate) fn decode_chat(body: &[u8], origin: &Origin) -> Result<AiMessage> {
    let mut answers = decode_all(body, origin)?.into_iter();
    answers.next().ok_or_else(|| no_candidates(&String::from_utf8_lossy(body), origin))
}

/// Reads all answers; each has the usage of the whole call.
///
/// # Errors
/// As [`decode_chat`].
pub(crate) fn decode_all(body: &[u8], origin: &Origin) -> Result<Vec<AiMessage>> {
    let envelopes = decode_body(body, origin)?;
    let mut answers: Vec<(Reader, AiMessage)> = Vec::new();
    for mut envelope in envelopes {
        check_feedback(&envelope, origin)?;
        let candidates = envelope.candidates.take().unwrap_or_default();
        let facts = Facts::of(&mut envelope, origin);
        for (position, candidate) in candidates.into_iter().enumerate() {
            let at = candidate.place().unwrap_or(position).min(answers.len());
            if at == answers.len() {
                answers.push(Default::default());
            }
            let (reader, answer) = &mut answers[at];
            let mut piece = facts.message.clone();
            reader.read(candidate, facts.id.as_deref(), &mut piece);
            answer.merge(piece);
        }
    }
    if answers.is_empty() {
        return Err(no_candidates(&String::from_utf8_lossy(body), origin));
    }
    Ok(answers.into_iter().map(|(_, answer)| answer.into_whole()).collect())
}

/// What an envelope says beside its candidates.
pub(super) struct Facts {
    pub(super) message: AiMessage,
    /// The id of the answer.
    pub(super) id: Option<String>,
}

impl Facts {
    /// Moves what is said about the call into a message without content.
    pub(super) fn of(envelope: &mut Envelope, origin: &Origin) -> Self {
        let mut message = AiMessage::default();
        message.usage = decode_usage(&envelope.usage_metadata);
        message.metadata.model = envelope.model_version.0.take();
        message.metadata.request_id.clone_from(&origin.request_id);
        let extra = &mut message.metadata.extra;
        keep(std::mem::take(&mut envelope.extra), extra);
        for (name, value) in [
            ("promptFeedback", &mut envelope.prompt_feedback),
            ("usageMetadata", &mut envelope.usage_metadata),
        ] {
            if is_truthy(value) {
                extra.insert(name.to_owned(), value.take());
            }
        }
        let id = envelope.response_id.0.take();
        message.id.clone_from(&id);
        Self { message, id }
    }
}

impl Candidate {
    /// Which of the answers it belongs to, if it says so.
    pub(super) fn place(&self) -> Option<usize> {
        self.index.as_u64().and_then(|index| usize::try_from(index).ok())
    }
}

/// Reads an answer, whole or piece by piece.
#[derive(Debug, Default)]
pub(super) struct Reader {
    /// How many calls of tools there were.
    calls: u32,
    pub(super) finished: bool,
}

impl Reader {
    /// Adds what a candidate says to a message. `id`: of the answer.
    pub(super) fn read(&mut self, candidate: Candidate, id: Option<&str>, message: &mut AiMessage) {
        for part in candidate.content.and_then(|content| content.parts).unwrap_or_default() {
            self.add_part(part, id, message);
        }
        let metadata = &mut message.metadata;
        keep(candidate.extra, &mut metadata.extra);
        let unspecified = |reason: &String| reason != "FINISH_REASON_UNSPECIFIED";
        if let Some(reason) = candidate.finish_reason.0.filter(unspecified) {
            self.finished = true;
            metadata.finish_reason = Some(common_word(&reason, self.calls > 0));
            metadata.extra.insert("finishReason".to_owned(), reason.into());
        }
    }

    fn add_part(&mut self, part: WirePart, id: Option<&str>, message: &mut AiMessage) {
        let WirePart { text, thought, thought_signature, function_call, inline_data, file_data, extra } =
            part;
        let signature = thought_signature.0;
        let block = match (function_call, inline_data, file_data) {
            (Some(call), ..) => {
                message.push_tool_call_chunk(self.piece(call, id, signature));
                return;
            }
            (None, Some(data), _) => media("data", "base64", data, signature),
            (None, None, Some(data)) => media("fileUri", "url", data, signature),
            (None, None, None) => match text {
                Some(text) => return add_text(text, thought, signature, extra, message),
                None => other(extra, signature),
            },
        };
        if let Some(block) = block {
            message.content.merge(Content::from(vec![ContentBlock::Data(block)]));
        }
    }

    /// A call, which comes in one piece. One without an id gets one that is the same however the answer comes.
    fn piece(&mut self, call: WireCall, id: Option<&str>, signature: Option<String>) -> ToolCallChunk {
        let index = self.calls;
        self.calls += 1;
        let mut piece = ToolCallChunk::new(i64::from(index));
        piece.id = Some(call.id.0.unwrap_or_else(|| match id {
            Some(answer) => format!("call_{answer}_{index}"),
            None => format!("call_{index}"),
        }));
        piece.name = call.name.0;
        // Data is always JSON: this cannot fail.
        piece.args = call.args.and_then(|args| serde_json::to_string(&args).ok());
        keep(call.extra, &mut piece.extra);
        if let Some(signature) = signature {
            piece.extra.insert(SIGNATURE.to_owned(), signature.into());
        }
        piece
    }
}

/// A text, or a thought. What is signed is a block of its own, so that it can be sent back as it came.
fn add_text(
    text: String,
    thought: bool,
    signature: Option<String>,
    extra: Map<String, Value>,
    message: &mut AiMessage,
) {
    let mut extras = Map::new();
    keep(extra, &mut extras);
    extras.extend(signature.map(|signature| (SIGNATURE.to_owned(), signature.into())));
    let signed = extras.contains_key(SIGNATURE);
    match (thought, extras.is_empty()) {
        (false, true) => message.content.merge(Content::Text(text)),
        (false, false) => push(message, json!({ "type": "text", "text": text, "extras": extras })),
        (true, _) => {
            if signed {
                push(message, json!({ "type": "reasoning", "reasoning": &text, "extras": extras }));
            }
            message.reasoning.merge(Some(text));
        }
    }
}

fn push(message: &mut AiMessage, block: Value) {
    if let Value::Object(block) = block {
        message.content.merge(Content::from(vec![ContentBlock::Data(block)]));
    }
}

fn media(
    from: &str,
    to: &str,
    mut data: Map<String, Value>,
    signature: Option<String>,
) -> Option<Map<String, Value>> {
    let content = data.remove(from)?;
    let mime_type = data.get("mimeType").and_then(Value::as_str);
    Some(media_block((to, content), mime_type, signature))
}

/// A part of another kind in the service's own form, with its name as type; nothing for an empty one.
fn other(extra: Map<String, Value>, signature: Option<String>) -> Option<Map<String, Value>> {
    let mut block = Map::new();
    keep(extra, &mut block);
    match block.keys().next().cloned() {
        Some(kind) => {
            block.insert("type".to_owned(), kind.into());
            block.extend(signature.map(|signature| ("thoughtSignature".to_owned(), signature.into())));
            Some(block)
        }
        None => signature.and_then(|signature| {
            let block = json!({ "type": "text", "text": "", "extras": { SIGNATURE: signature } });
            block.as_object().cloned()
        }),
    }
}

/// A prompt that was blocked is an error: there is no answer.
///
/// # Errors
/// `ContentFilter`.
pub(super) fn check_feedback(envelope: &Envelope, origin: &Origin) -> Result<()> {
    let feedback = &envelope.prompt_feedback;
    let reason = feedback["blockReason"].as_str().unwrap_or_default();
    if matches!(reason, "" | "BLOCK_REASON_UNSPECIFIED" | "BLOCKED_REASON_UNSPECIFIED") {
        return Ok(());
    }
    let words =
        feedback["blockReasonMessage"].as_str().map(|words| format!(": {words:.300}")).unwrap_or_default();
    let message = format!("the content filter blocked the prompt ({reason:.60}){words}");
    let mut service = origin.service_error(&feedback.to_string());
    service.code = Some(origin.redactor.clean(format!("{reason:.60}")));
    Err(Error::new(ErrorKind::ContentFilter, origin.redactor.clean(message)).with_service(service))
}

fn no_candidates(body: &str, origin: &Origin) -> Error {
    Error::new(ErrorKind::InvalidResponse, "the answer holds no candidates")
        .with_service(origin.service_error(body))
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::origin;
    use super::*;
    use catena_core::{ToolCall, Usage};

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
        expected.metadata.extra = extra.as_object().cloned().expect("an object");
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
        let body = json!({"candidates": [candidate(0.into(), "a"), candidate(1.into(), "b"), candidate(Value::Null, "c")]});
        let all = decode_all(body.to_string().as_bytes(), &origin()).expect("answers");
        assert_eq!(all.iter().map(|answer| answer.text().into_owned()).collect::<Vec<_>>(), ["a", "b", "c"]);
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
