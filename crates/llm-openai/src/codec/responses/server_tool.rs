//! Converts server tool calls from the standard form back to items.

use serde_json::{Map, Value};

use super::item::{object, without_index};

type Block = Map<String, Value>;

/// The standard names of server tools, and the types of their items.
const TOOLS: [(&str, &str); 6] = [
    ("web_search", "web_search_call"),
    ("file_search", "file_search_call"),
    ("code_interpreter", "code_interpreter_call"),
    ("remote_mcp", "mcp_call"),
    ("mcp_list_tools", "mcp_list_tools"),
    ("tool_search", "tool_search_call"),
];

/// Returns the item of a call. `None` for a call of another service.
pub(super) fn call_item(block: &Block) -> Option<Block> {
    let name = block.get("name")?.as_str()?;
    let (_, kind) = TOOLS.into_iter().find(|(tool, _)| *tool == name)?;
    if is_anthropics(block.get("id")) {
        return None;
    }
    let mut item = without_index(block);
    let args = item.remove("args").filter(|args| args.as_object().is_some_and(|args| !args.is_empty()));
    item.remove("name");
    item.insert("type".to_owned(), kind.into());
    let mut extras = taken_object(&mut item, "extras");
    if let Some(tool) = extras.remove("tool_name") {
        item.insert("name".to_owned(), tool);
    }
    match (kind, args) {
        ("web_search_call", Some(args)) => drop(item.insert("action".to_owned(), args)),
        ("file_search_call" | "code_interpreter_call", Some(Value::Object(args))) => item.extend(args),
        ("mcp_call", Some(args)) => drop(item.insert("arguments".to_owned(), args.to_string().into())),
        ("tool_search_call", args) => {
            drop(item.insert("arguments".to_owned(), args.unwrap_or_else(|| Map::new().into())));
        }
        _ => {}
    }
    item.extend(extras);
    Some(item)
}

/// Adds its result to the item of a call. Returns false if the result belongs to another call.
pub(super) fn add_result(item: &mut Block, result: &Block) -> bool {
    let is_its = item.get("id").is_some_and(|id| Some(id) == result.get("tool_call_id"));
    let kind = item.get("type").and_then(Value::as_str).unwrap_or_default();
    let output = match kind {
        // The service accepts the query back, not the results.
        "web_search_call" => None,
        "file_search_call" => Some("results"),
        "code_interpreter_call" => Some("outputs"),
        "mcp_call" => Some("output"),
        "mcp_list_tools" => Some("tools"),
        _ => return false,
    };
    if !is_its {
        return false;
    }
    // MCP servers report an error instead of a status.
    let status = status(result).filter(|_| !kind.starts_with("mcp"));
    item.extend(status.map(|status| ("status".to_owned(), status)));
    let output = output.and_then(|name| Some((name.to_owned(), result.get("output")?.clone())));
    item.extend(output);
    let extras = result.get("extras").and_then(Value::as_object).cloned();
    item.extend(extras.unwrap_or_default());
    true
}

/// Returns the item of the tools that a tool search found. `None` for any other result.
pub(super) fn tools_found(result: &Block) -> Option<Block> {
    let mut extras = result.get("extras")?.as_object()?.clone();
    extras.remove("name").filter(|name| name == "tool_search")?;
    let mut item = object([
        ("type", "tool_search_output".into()),
        ("id", result.get("tool_call_id")?.clone()),
        ("tools", result.get("output").and_then(|output| output.get("tools")).cloned().unwrap_or_default()),
    ]);
    item.extend(status(result).map(|status| ("status".to_owned(), status)));
    item.extend(extras);
    Some(item)
}

fn status(result: &Block) -> Option<Value> {
    Some(match result.get("status")?.as_str()? {
        "success" => "completed".into(),
        "error" => "failed".into(),
        other => other.into(),
    })
}

fn is_anthropics(id: Option<&Value>) -> bool {
    id.and_then(Value::as_str).is_some_and(|id| id.starts_with("srvtoolu_"))
}

fn taken_object(block: &mut Block, name: &str) -> Block {
    match block.remove(name) {
        Some(Value::Object(members)) => members,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::echo::echo;
    use super::super::output::decode_response;
    use super::super::stream::ResponsesStream;
    use super::*;
    use crate::codec::StreamDecoder;
    use crate::codec::fixtures::origin;
    use catena_core::{AiMessage, Annotation, Chunk, Content, StandardBlock};
    use serde_json::json;

    fn decode(output: &Value) -> AiMessage {
        let body = json!({"id": "resp_1", "status": "completed", "model": "m", "output": output}).to_string();
        decode_response(body.as_bytes(), &origin(), false).expect("an answer")
    }

    fn sent(message: &AiMessage, store: bool) -> Value {
        serde_json::to_value(echo(message, store)).expect("JSON")
    }

    /// What comes back of an answer in standard form is what comes back of the answer as it came.
    #[track_caller]
    fn check(item: Value, kinds: &[&str]) {
        let answer = decode(&json!([item]));
        let blocks = answer.content_blocks();
        assert_eq!(blocks.iter().map(StandardBlock::kind).collect::<Vec<_>>(), kinds);
        for store in [true, false] {
            assert_eq!(sent(&answer.clone().into_standard(), store), sent(&answer, store));
        }
    }

    #[test]
    fn items_come_back_as_they_were() {
        const RUN: [&str; 2] = ["server_tool_call", "server_tool_result"];
        for status in ["completed", "failed", "searching"] {
            let action = json!({"type": "search", "query": "q"});
            check(json!({"type": "web_search_call", "id": "ws_1", "status": status, "action": action}), &RUN);
        }
        check(json!({"type": "web_search_call", "id": "ws_1", "status": "completed"}), &RUN);
        check(
            json!({"type": "file_search_call", "id": "fs_1", "status": "completed", "queries": ["q"],
                "results": [{"file_id": "f", "text": "t"}]}),
            &RUN,
        );
        check(
            json!({"type": "code_interpreter_call", "id": "ci_1", "status": "completed", "code": "1", "container_id": "c",
                "outputs": [{"type": "logs", "logs": "1"}]}),
            &RUN,
        );
        check(
            json!({"type": "mcp_call", "id": "mcp_1", "status": "completed", "name": "roll", "server_label": "d",
                "arguments": "{\"n\":2}", "output": "4", "approval_request_id": "mcpr_1"}),
            &RUN,
        );
        check(
            json!({"type": "mcp_call", "id": "mcp_1", "name": "roll", "server_label": "d", "arguments": "[", "error": "no"}),
            &RUN,
        );
        check(
            json!({"type": "mcp_list_tools", "id": "mcpl_1", "server_label": "d", "tools": [{"name": "roll"}]}),
            &RUN,
        );
        check(
            json!({"type": "tool_search_call", "id": "tsc_1", "execution": "server", "arguments": {"paths": ["x"]},
                "status": "completed", "call_id": "c"}),
            &RUN[..1],
        );
        check(
            json!({"type": "tool_search_output", "id": "tso_1", "execution": "server", "tools": [{"name": "f"}],
                "status": "completed"}),
            &RUN[1..],
        );
        check(
            json!({"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": "{\"a\":1}", "status": "completed"}),
            &["tool_call"],
        );
        check(
            json!({"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": "{\"a\": ", "status": "incomplete"}),
            &["invalid_tool_call"],
        );
        check(
            json!({"type": "custom_tool_call", "id": "ct_1", "call_id": "c1", "name": "f", "input": "i"}),
            &["non_standard"],
        );
        check(json!({"type": "computer_call", "id": "cu_1", "call_id": "c1"}), &["non_standard"]);
        check(json!({"type": "image_generation_call", "id": "ig_1", "result": "QQ=="}), &["image"]);
    }

    #[test]
    fn thoughts_and_texts_come_back_as_they_were() {
        let part = |text: &str| json!({"type": "summary_text", "text": text});
        check(
            json!({"type": "reasoning", "id": "rs_1", "summary": [part("a"), part("b")], "encrypted_content": "e"}),
            &["reasoning", "reasoning"],
        );
        check(
            json!({"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "e"}),
            &["reasoning"],
        );
        let thought = json!([{"type": "reasoning_text", "text": "hm"}]);
        check(
            json!({"type": "reasoning", "id": "rs_1", "summary": [], "content": thought, "encrypted_content": "e"}),
            &["reasoning"],
        );
        check(
            json!({"type": "message", "id": "msg_1", "role": "assistant", "content": [
                {"type": "output_text", "text": "It rains.", "annotations": [
                    {"type": "url_citation", "url": "https://e.org", "title": "T", "start_index": 0, "end_index": 9},
                    {"type": "file_citation", "file_id": "f", "filename": "a.pdf", "index": 3},
                    {"type": "file_path", "file_id": "f", "index": 3}]},
                {"type": "refusal", "refusal": "No."}]}),
            &["text", "non_standard"],
        );
    }

    #[test]
    fn a_search_shows_where_its_words_come_from() {
        let answer = decode(&json!([
            {"type": "reasoning", "id": "rs_1", "summary": [], "content": [{"type": "reasoning_text", "text": "hm"}]},
            {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"query": "q", "sources": [{"url": "u"}]}},
            {"type": "message", "id": "msg_1", "content": [{"type": "output_text", "text": "Rain", "annotations":
                [{"type": "url_citation", "url": "https://e.org", "title": "T", "start_index": 0, "end_index": 4}]}]},
        ]));
        let blocks = answer.content_blocks();
        let [
            StandardBlock::Reasoning(thought),
            StandardBlock::ServerToolCall(call),
            _,
            StandardBlock::Text(text),
        ] = &blocks[..]
        else {
            panic!("{blocks:?}");
        };
        assert_eq!((thought.reasoning.as_deref(), call.name.as_str()), (Some("hm"), "web_search"));
        assert!(
            matches!(&text.annotations[..], [Annotation::Citation(it)] if it.title.as_deref() == Some("T"))
        );
        // The service refuses the sources of its own search.
        let search = &sent(&answer.into_standard(), true)[1];
        assert_eq!(search["action"], json!({"query": "q"}));
    }

    #[test]
    fn pieces_of_a_search_show_it_too() {
        let mut decoder = ResponsesStream::new(false);
        let item =
            json!({"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"query": "q"}});
        let citation =
            json!({"type": "url_citation", "url": "https://e.org", "start_index": 0, "end_index": 4});
        let events = [
            json!({"type": "response.output_item.done", "output_index": 0, "item": item}),
            json!({"type": "response.output_text.delta", "item_id": "msg_1", "output_index": 1, "content_index": 0, "delta": "Rain"}),
            json!({"type": "response.output_text.annotation.added", "item_id": "msg_1", "output_index": 1, "content_index": 0,
                "annotation": citation}),
            json!({"type": "response.completed", "response": {"id": "resp_1", "status": "completed"}}),
        ];
        let pieces = events.map(|event| {
            let piece = decoder.event(None, &event.to_string(), &origin()).expect("an event");
            piece.expect("a piece")
        });
        let kinds =
            |answer: &AiMessage| answer.content_blocks().iter().map(StandardBlock::kind).collect::<Vec<_>>();
        assert_eq!(kinds(&pieces[0]), ["server_tool_call", "server_tool_result"]);
        let whole = pieces.into_iter().reduce(|mut whole, piece| {
            whole.merge(piece);
            whole
        });
        let whole = whole.expect("an answer");
        assert_eq!(kinds(&whole), ["server_tool_call", "server_tool_result", "text"]);
        let blocks = whole.content_blocks();
        assert!(
            matches!(&blocks[2], StandardBlock::Text(text) if matches!(text.annotations[..], [Annotation::Citation(_)]))
        );
        assert_eq!(sent(&whole.clone().into_standard(), true), sent(&whole, true));
    }

    #[test]
    fn what_other_services_ran_is_left_out() {
        let content = json!([
            {"type": "server_tool_call", "name": "web_search", "id": "srvtoolu_1", "args": {"query": "q"}},
            {"type": "server_tool_result", "tool_call_id": "srvtoolu_1", "output": []},
            {"type": "server_tool_call", "name": "else", "id": "x", "args": {}},
            {"type": "server_tool_call", "args": 5},
            {"type": "server_tool_result"},
            {"type": "server_tool_result", "extras": {"name": "tool_search"}},
        ]);
        let content: Content = serde_json::from_value(content).expect("content");
        assert_eq!(sent(&AiMessage::new(content), true), json!([]));
    }
}
