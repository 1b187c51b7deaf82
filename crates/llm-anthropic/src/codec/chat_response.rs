//! Complete answers.

use catena_core::{AiMessage, Error, ErrorKind, Record, Result};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::answer_blocks::AnswerBlocks;
use super::answer_facts::AnswerFacts;
use super::envelope::not_an_answer;
use super::origin::Origin;

/// A message. Its blocks keep the order of their members, so that arguments remain as the model wrote them.
#[derive(Deserialize)]
struct Answer {
    content: Vec<Record>,
    #[serde(flatten)]
    members: Map<String, Value>,
}

/// Decodes a complete answer. `cited`: the request allows citations.
///
/// # Errors
/// `Decode` for what is not JSON, `InvalidResponse` for anything but a message, or the error that the body contains.
pub(crate) fn decode_chat(body: &[u8], cited: bool, origin: &Origin) -> Result<AiMessage> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let Answer { content, members } =
        serde_json::from_slice(body).map_err(|error| not_an_answer(body, &error, origin))?;
    if members.get("type").is_some_and(|kind| kind != "message") {
        let message = "the response is not a message";
        let service = origin.service_error(&String::from_utf8_lossy(body));
        return Err(Error::new(ErrorKind::InvalidResponse, message).with_service(service));
    }
    let (mut blocks, mut message) = (AnswerBlocks::new(cited), AiMessage::default());
    for (index, block) in (0..).zip(content) {
        blocks.start(index, block, &mut message);
        blocks.stop(index, &mut message);
    }
    AnswerFacts::default().describe(members, origin, &mut message);
    Ok(message.into_whole())
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::origin;
    use super::*;
    use catena_core::{Content, Data, ToolCall, Usage};
    use serde_json::json;

    fn answer(content: Value, stop_reason: &str) -> AiMessage {
        let body = json!({
            "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-x", "content": content,
            "stop_reason": stop_reason, "stop_sequence": null, "usage": {"input_tokens": 9, "output_tokens": 3},
        });
        decode_chat(body.to_string().as_bytes(), false, &origin()).expect("an answer")
    }

    #[track_caller]
    fn check_content(content: Value, expected: Value) {
        let message = answer(content, "end_turn");
        assert_eq!(serde_json::to_value(&message.content).expect("JSON"), expected);
    }

    #[test]
    fn a_text_is_a_text() {
        let message = answer(json!([{"type": "text", "text": "Hi", "citations": null}]), "end_turn");
        assert_eq!(message.content, Content::from("Hi"));
        assert_eq!(message.id.as_deref(), Some("msg_1"));
        assert_eq!(message.usage, Some(Usage::new(9, 3)));
        let metadata = serde_json::to_value(&message.metadata).expect("JSON");
        let expected = json!({
            "model_name": "claude-x", "model_provider": "anthropic", "finish_reason": "stop", "request_id": "req_1",
            "stop_reason": "end_turn", "usage": {"input_tokens": 9, "output_tokens": 3},
        });
        assert_eq!(metadata, expected);
        check_content(json!([]), json!(""));
        check_content(json!([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]), json!("ab"));
    }

    #[test]
    fn thoughts_and_unknown_blocks_are_kept_as_they_came() {
        let thinking = json!({"type": "thinking", "thinking": "hm", "signature": "s=="});
        let hidden = json!({"type": "redacted_thinking", "data": "xx"});
        let new = json!({"type": "new_block", "n": [1]});
        let message = answer(
            json!([thinking, hidden, {"type": "text", "text": "4"}, new, {"type": "text", "text": "2"}]),
            "end_turn",
        );
        assert_eq!((message.reasoning.as_deref(), &*message.text()), (Some("hm"), "42"));
        let content = serde_json::to_value(&message.content).expect("JSON");
        assert_eq!(content, json!([thinking, hidden, "4", new, "2"]));
    }

    #[test]
    fn tool_calls_are_calls() {
        let message = answer(
            json!([
                {"type": "text", "text": "Let me see."},
                {"type": "tool_use", "id": "t1", "name": "f", "input": {"z": 1, "a": [2.5]}, "caller": {"type": "direct"}},
                {"type": "tool_use", "id": "t2", "name": "g", "input": {}},
                {"type": "tool_use", "id": "t3", "name": "g", "input": "{\"x\": 1}"},
                {"type": "tool_use", "id": "t4", "name": "h", "input": [1]},
            ]),
            "tool_use",
        );
        assert_eq!(message.metadata.finish_reason.as_deref(), Some("tool_calls"));
        let calls = message.tool_calls();
        assert_eq!(calls.len(), 3);
        assert_eq!(calls[0].extra["caller"], json!({"type": "direct"}));
        assert_eq!(calls[1], ToolCall::new("g", [("", ""); 0]).with_id("t2"));
        assert_eq!(calls[2].args.get("x"), Some(&Data::from(1)));
        assert_eq!(message.invalid_tool_calls()[0].args.as_deref(), Some("[1]"));
        assert!(message.tool_call_chunks().is_empty(), "nothing is in pieces");
    }

    #[test]
    fn the_order_of_arguments_is_kept() {
        let body =
            r#"{"content":[{"type":"tool_use","id":"t","name":"f","input":{"z":1,"a":{"y":1,"b":2}}}]}"#;
        let message = decode_chat(body.as_bytes(), false, &origin()).expect("an answer");
        assert_eq!(message.tool_calls()[0].args.names().collect::<Vec<_>>(), ["z", "a"]);
    }

    #[test]
    fn reasons_have_common_words() {
        for (reason, word) in [
            ("end_turn", "stop"),
            ("stop_sequence", "stop"),
            ("max_tokens", "length"),
            ("model_context_window_exceeded", "length"),
            ("tool_use", "tool_calls"),
            ("refusal", "content_filter"),
            ("pause_turn", "pause_turn"),
            ("something_new", "something_new"),
        ] {
            let message = answer(json!([]), reason);
            assert_eq!(message.metadata.finish_reason.as_deref(), Some(word));
            assert_eq!(message.metadata.extra["stop_reason"], reason);
            assert_eq!(message.refusal.is_some(), reason == "refusal");
        }
        let body = json!({"content": [], "stop_reason": "refusal", "container": {"id": "c"},
            "stop_details": {"type": "refusal", "category": "bio", "explanation": "No."}});
        let message = decode_chat(body.to_string().as_bytes(), false, &origin()).expect("an answer");
        assert_eq!(message.refusal.as_deref(), Some("No."));
        assert_eq!(message.metadata.extra["container"], json!({"id": "c"}));
    }

    #[test]
    fn citations_stay_with_their_text() {
        let citation =
            json!({"type": "char_location", "cited_text": "x", "document_index": 0, "file_id": null});
        let clean = json!({"type": "char_location", "cited_text": "x", "document_index": 0});
        let content = json!([{"type": "text", "text": "a"}, {"type": "text", "text": "b", "citations": [citation, citation]}]);
        let body = json!({"content": content}).to_string();
        let cited = decode_chat(body.as_bytes(), true, &origin()).expect("an answer");
        let expected = json!([
            {"type": "text", "text": "a", "index": 0},
            {"type": "text", "text": "b", "index": 1, "citations": [clean, clean]},
        ]);
        assert_eq!(serde_json::to_value(&cited.content).expect("JSON"), expected);
        let unasked = decode_chat(body.as_bytes(), false, &origin()).expect("an answer");
        let expected = json!(["ab", {"type": "text", "text": "", "citations": [clean, clean]}]);
        assert_eq!(serde_json::to_value(&unasked.content).expect("JSON"), expected);
    }

    #[test]
    fn what_is_no_message_is_an_error() {
        for (body, kind, part) in [
            ("", ErrorKind::Decode, "empty"),
            ("{\"content\": [", ErrorKind::Decode, "not JSON"),
            ("[]", ErrorKind::InvalidResponse, "shape"),
            (r#"{"content": "x"}"#, ErrorKind::InvalidResponse, "shape"),
            (r#"{"type": "completion", "content": []}"#, ErrorKind::InvalidResponse, "not a message"),
            ("<!doctype html><p>Sign in", ErrorKind::InvalidResponse, "Sign in"),
            (
                r#"{"type":"error","error":{"type":"overloaded_error","message":"Busy"}}"#,
                ErrorKind::InvalidResponse,
                "Busy",
            ),
        ] {
            let error = decode_chat(body.as_bytes(), false, &origin()).expect_err(body);
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.to_string().contains(part), "{error}");
        }
    }
}
