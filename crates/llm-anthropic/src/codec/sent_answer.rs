//! Encodes the model's earlier answers.

use std::collections::BTreeMap;

use catena_core::{AiMessage, Content, ContentBlock, Error, ErrorKind, Record, Result};
use serde_json::{Map, Value, json};

use super::call_id::wire_id;
use super::content::{Block, ToolUse, WireContent, encode_block};

/// Blocks of other services and APIs in answers, which this one does not accept. Having them in a conversation is not
/// an error. Calls are sent from the message's list of them.
const NOT_SENT: [&str; 16] = [
    "tool_call",
    "tool_call_chunk",
    "invalid_tool_call",
    "server_tool_call",
    "server_tool_call_chunk",
    "server_tool_result",
    "refusal",
    "reasoning",
    "reasoning_content",
    "function_call",
    "code_interpreter_call",
    "computer_call",
    "file_search_call",
    "image_generation_call",
    "mcp_call",
    "web_search_call",
];

/// Encodes an answer, with its calls at the end unless the content determines their position.
pub(super) fn encode_answer(message: &AiMessage) -> Result<WireContent<'_>> {
    let calls = Calls::of(message);
    let mut blocks = Vec::new();
    let mut sent = Vec::new();
    match &message.content {
        Content::Text(text) if calls.0.is_empty() => return Ok(WireContent::Text(text)),
        Content::Text(text) if text.trim().is_empty() => {}
        Content::Text(text) => blocks.push(Block::text(text)),
        Content::Blocks(content) => {
            for block in content {
                if block.kind() != Some("tool_use") {
                    blocks.extend(encode_answer_block(block)?);
                } else if let Some(at) = calls.position(block) {
                    blocks.push(calls.encode(at)?);
                    sent.push(at);
                } else {
                    blocks.extend(encode_block(block)?);
                }
            }
        }
    }
    sent.sort_unstable();
    for at in (0..calls.0.len()).filter(|at| sent.binary_search(at).is_err()) {
        blocks.push(calls.encode(at)?);
    }
    Ok(WireContent::Blocks(blocks))
}

/// A call: its id, name and arguments, and other members that the service gave it.
type Call<'a> = (Option<&'a str>, &'a str, Option<&'a Record>, &'a Map<String, Value>);

/// The calls of a message, indexed by id.
struct Calls<'a>(Vec<Call<'a>>, BTreeMap<&'a str, usize>);

impl<'a> Calls<'a> {
    /// Collects all calls. Those with invalid arguments are sent without any, because there are results that refer to
    /// them.
    fn of(message: &'a AiMessage) -> Self {
        let calls = message.tool_calls().iter();
        let calls = calls.map(|call| (call.id.as_deref(), call.name.as_str(), Some(&call.args), &call.extra));
        let invalid = message
            .invalid_tool_calls()
            .iter()
            .filter_map(|call| Some((Some(call.id.as_deref()?), call.name.as_deref()?, None, &call.extra)));
        let calls: Vec<Call<'a>> = calls.chain(invalid).collect();
        let places = calls.iter().enumerate().filter_map(|(at, call)| Some((call.0?, at))).collect();
        Self(calls, places)
    }

    fn position(&self, block: &ContentBlock) -> Option<usize> {
        self.1.get(block.get("id")?.as_str()?).copied()
    }

    fn encode(&self, at: usize) -> Result<Block<'a>> {
        let (id, name, input, extra) = self.0[at];
        let Some(id) = id.filter(|id| !id.is_empty()) else {
            let message = format!("missing id of the tool call `{name:.100}`, which its result refers to");
            return Err(Error::new(ErrorKind::InvalidInput, message));
        };
        let known = ["caller", "cache_control", "toolset_name"];
        let more = known.into_iter().filter_map(|name| Some((name, extra.get(name)?))).collect();
        Ok(Block::Call(ToolUse { kind: "tool_use", id: wire_id(id), name, input, more }))
    }
}

/// Encodes a block of an answer; thinking is sent back if the service signed it.
fn encode_answer_block(block: &ContentBlock) -> Result<Option<Block<'_>>> {
    let signature = || block.get("signature").or_else(|| block.get("extras")?.get("signature"));
    let made = |value: Value| Ok(Some(Block::Made(value)));
    match block.kind().unwrap_or_default() {
        "thinking" if signature().is_none() => Ok(None),
        "reasoning" if signature().is_some() => {
            let thought = block.get("reasoning").and_then(Value::as_str).unwrap_or_default();
            made(json!({ "type": "thinking", "thinking": thought, "signature": signature() }))
        }
        "server_tool_call" if is_own(block.get("id")) => made(json!({
            "type": "server_tool_use", "id": block.get("id"), "name": server_tool(block), "input": block.get("args"),
        })),
        "server_tool_result" if is_own(block.get("tool_call_id")) => made(json!({
            "type": block.get("extras").and_then(|extras| extras.get("block_type")),
            "tool_use_id": block.get("tool_call_id"),
            "content": block.get("output"),
        })),
        "non_standard" => match block.get("value") {
            Some(value) => made(value.clone()),
            None => Ok(None),
        },
        kind if NOT_SENT.contains(&kind) => Ok(None),
        _ => encode_block(block),
    }
}

/// Returns true for the id of a server tool call, which no other service gives.
fn is_own(id: Option<&Value>) -> bool {
    id.and_then(Value::as_str).is_some_and(|id| id.starts_with("srvtoolu_"))
}

/// Returns the service's own name of a server tool.
fn server_tool(block: &ContentBlock) -> Option<&str> {
    match block.get("name")?.as_str()? {
        "code_interpreter" => Some("code_execution"),
        name => Some(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use catena_core::{InvalidToolCall, ToolCall};

    fn blocks(blocks: Value) -> Content {
        serde_json::from_value(blocks).expect("content")
    }

    #[test]
    fn the_order_of_arguments_is_kept() {
        let call = ToolCall::new("f", [("z", 1), ("a", 2)]).with_id("t1");
        let answer = AiMessage::new("").with_tool_calls([call]);
        let text = serde_json::to_string(&encode_answer(&answer).expect("content")).expect("JSON");
        assert!(text.contains(r#""input":{"z":1,"a":2}"#), "{text}");
    }

    /// Checks what is sent of an answer.
    #[track_caller]
    fn check_answer(answer: AiMessage, expected: Value) {
        assert_eq!(json!(encode_answer(&answer).expect("content")), expected);
    }

    #[test]
    fn answers_are_sent_back_as_they_came() {
        let thinking = json!({"type": "thinking", "thinking": "hm", "signature": "s"});
        let hidden = json!({"type": "redacted_thinking", "data": "xx"});
        let search =
            json!({"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": "x"}});
        let mut answer = AiMessage::new(blocks(json!([thinking, hidden, "4", search])));
        answer.push_tool_call(ToolCall::new("f", [("a", 1)]).with_id("t1"));
        let text = json!({"type": "text", "text": "4"});
        let used = json!({"type": "tool_use", "id": "t1", "name": "f", "input": {"a": 1}});
        check_answer(answer, json!([thinking, hidden, text, search, used]));
        let cited = json!([{"type": "text", "text": "x", "index": 0, "citations": [{"type": "char_location"}]},
            {"type": "text", "text": "y", "index": 1}, {"type": "text", "text": "", "citations": [{"type": "page_location"}]}]);
        let expected = json!([{"type": "text", "text": "x", "citations": [{"type": "char_location"}]}, {"type": "text", "text": "y"}]);
        check_answer(AiMessage::new(blocks(cited)), expected);
        // Calls stand where the content has them, with what the message says about them.
        let mut placed = AiMessage::new(blocks(
            json!([{"type": "tool_use", "id": "t1", "name": "old", "input": {}}, "x"]),
        ));
        placed.push_tool_call(ToolCall::new("f", [("a", 1)]).with_id("t1"));
        check_answer(placed, json!([used, {"type": "text", "text": "x"}]));
        let mut broken = AiMessage::new("x");
        let mut invalid = InvalidToolCall::new("f", "{oops");
        invalid.id = Some("t2".into());
        broken.push_invalid_tool_call(invalid);
        check_answer(
            broken,
            json!([{"type": "text", "text": "x"}, {"type": "tool_use", "id": "t2", "name": "f", "input": {}}]),
        );
    }

    #[test]
    fn what_other_services_put_into_answers_is_left_out() {
        let content = json!([
            {"type": "thinking", "thinking": "unsigned"},
            {"type": "reasoning", "reasoning": "foreign"},
            {"type": "reasoning", "reasoning": "hm", "extras": {"signature": "s"}},
            {"type": "refusal", "refusal": "no"},
            {"type": "server_tool_call", "id": "srvtoolu_1", "name": "code_interpreter", "args": {"code": "1"}},
            {"type": "server_tool_result", "tool_call_id": "srvtoolu_1", "output": [], "extras": {"block_type": "code_execution_tool_result"}},
            {"type": "server_tool_call", "id": "ws_1", "name": "web_search", "args": {}},
            {"type": "server_tool_result", "tool_call_id": "ws_1", "output": []},
            {"type": "web_search_call", "id": "w"},
            {"type": "non_standard", "value": {"type": "redacted_thinking", "data": "xx"}},
            {"type": "text", "text": "x", "id": "b", "annotations": []},
        ]);
        let mut answer = AiMessage::new(blocks(content));
        answer.reasoning = Some("foreign".into());
        check_answer(
            answer,
            json!([{"type": "thinking", "thinking": "hm", "signature": "s"},
                {"type": "server_tool_use", "id": "srvtoolu_1", "name": "code_execution", "input": {"code": "1"}},
                {"type": "code_execution_tool_result", "tool_use_id": "srvtoolu_1", "content": []},
                {"type": "redacted_thinking", "data": "xx"}, {"type": "text", "text": "x"}]),
        );
    }
}
