//! Messages as the input of a request.

use std::collections::HashSet;

use catena_core::{Content, Error, ErrorKind, Message, Result};
use serde_json::Value;

use super::echo::echo;
use super::item::{Item, object};
use super::parts::{Part, parts, unknown};
use super::tool_output::tool_output;
use crate::codec::custom_tool::is_custom;

/// Encodes the input: one or more items per message, from `first` on. `store`: the service stores its answers, and
/// knows its items by their ids.
///
/// # Errors
/// `InvalidInput` for content that lacks something, `Unsupported` for what cannot be sent.
pub(super) fn input(messages: &[Message], first: usize, store: bool) -> Result<Vec<Item<'_>>> {
    let mut custom = HashSet::new();
    messages[..first].iter().for_each(|message| note_custom_calls(message, &mut custom));
    let mut items = Vec::with_capacity(messages.len() - first);
    for message in &messages[first..] {
        note_custom_calls(message, &mut custom);
        match message {
            Message::Ai(message) => items.extend(echo(message, store)),
            Message::Tool(tool) => {
                items.push(tool_output(message, tool, custom.contains(tool.tool_call_id.as_str()))?);
            }
            _ => add_message(message, &mut items)?,
        }
    }
    Ok(items)
}

/// Records which calls are of custom tools, because their results have their own form.
fn note_custom_calls<'a>(message: &'a Message, custom: &mut HashSet<&'a str>) {
    let Message::Ai(message) = message else { return };
    let blocks = message.content.as_blocks().unwrap_or_default().iter();
    let calls = blocks.filter(|block| block.kind() == Some("custom_tool_call"));
    custom.extend(calls.filter_map(|block| block.get("call_id")?.as_str()));
    let whole = message.tool_calls().iter().filter(|call| is_custom(&call.extra));
    custom.extend(whole.filter_map(|call| call.id.as_deref()));
    let broken = message.invalid_tool_calls().iter().filter(|call| is_custom(&call.extra));
    custom.extend(broken.filter_map(|call| call.id.as_deref()));
}

fn role(message: &Message) -> Result<&str> {
    match message {
        Message::System(message) => {
            Ok(message.additional_kwargs.get("__openai_role__").and_then(Value::as_str).unwrap_or("system"))
        }
        Message::Human(_) => Ok("user"),
        Message::Chat(message) => Ok(&message.role),
        other => {
            let message =
                format!("messages of the role `{}` cannot be sent to the Responses API", other.role());
            Err(Error::new(ErrorKind::Unsupported, message))
        }
    }
}

/// Adds a message that neither a model nor a tool wrote, and the items among its blocks.
fn add_message<'a>(message: &'a Message, items: &mut Vec<Item<'a>>) -> Result<()> {
    let role = role(message)?;
    let blocks = match message.content() {
        Content::Text(text) => {
            items.push(Item::text(role, text));
            return Ok(());
        }
        Content::Blocks(blocks) => blocks,
    };
    let mut content = Vec::with_capacity(blocks.len());
    for (block, part) in blocks.iter().zip(parts(message).into_iter().flatten()) {
        match part? {
            Part::Content(part) => content.push(Value::Object(part)),
            Part::Item(item) => items.push(Item::Data(item)),
            Part::Nothing => {}
            Part::Unknown => return Err(unknown(block)),
        }
    }
    if !content.is_empty() {
        let content = ("content", content.into());
        items.push(Item::Data(object([("type", "message".into()), ("role", role.into()), content])));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use catena_core::{AiMessage, InvalidToolCall, RemoveMessage};
    use serde_json::json;

    fn messages(messages: Value) -> Vec<Message> {
        serde_json::from_value(messages).expect("messages")
    }

    #[track_caller]
    fn check(given: Value, expected: Value) {
        check_stored(given, true, expected);
    }

    #[track_caller]
    fn check_stored(given: Value, store: bool, expected: Value) {
        let messages = messages(given);
        let items = input(&messages, 0, store).expect("an input");
        assert_eq!(serde_json::to_value(items).expect("JSON"), expected);
    }

    #[track_caller]
    fn check_error(messages: &[Message], kind: ErrorKind, part: &str) {
        let error = input(messages, 0, true).err().expect("an error");
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(part), "{error}");
    }

    fn human(block: Value) -> Vec<Message> {
        messages(json!([{"type": "human", "content": [block]}]))
    }

    #[track_caller]
    fn check_part(block: Value, expected: Value) {
        let given = human(block);
        let items = input(&given, 0, true).expect("an input");
        let expected = json!([{"type": "message", "role": "user", "content": [expected]}]);
        assert_eq!(serde_json::to_value(items).expect("JSON"), expected);
    }

    #[test]
    fn blocks_of_many_forms_become_parts() {
        check_part(json!("Hi"), json!({"type": "input_text", "text": "Hi"}));
        check_part(
            json!({"type": "text", "text": "Hi", "prompt_cache_breakpoint": {"mode": "explicit"}}),
            json!({"type": "input_text", "text": "Hi", "prompt_cache_breakpoint": {"mode": "explicit"}}),
        );
        check_part(
            json!({"type": "text", "text": "Hi", "extras": {"prompt_cache_breakpoint": true}}),
            json!({"type": "input_text", "text": "Hi", "prompt_cache_breakpoint": true}),
        );
        let image = |url: &str| json!({"type": "input_image", "image_url": url});
        check_part(json!({"type": "image", "url": "https://e.org/a.png"}), image("https://e.org/a.png"));
        check_part(
            json!({"type": "image_url", "image_url": "https://e.org/a.png"}),
            image("https://e.org/a.png"),
        );
        let png = "data:image/png;base64,QQ==";
        check_part(json!({"type": "image", "base64": "QQ==", "mime_type": "image/png"}), image(png));
        check_part(
            json!({"type": "image", "source_type": "base64", "data": "QQ==", "mime_type": "image/png"}),
            image(png),
        );
        check_part(
            json!({"type": "image", "source": {"type": "base64", "data": "QQ==", "media_type": "image/png"}}),
            image(png),
        );
        check_part(
            json!({"type": "image_url", "image_url": {"url": "u", "detail": "low"}, "prompt_cache_breakpoint": 1}),
            json!({"type": "input_image", "image_url": "u", "detail": "low", "prompt_cache_breakpoint": 1}),
        );
        check_part(json!({"type": "image", "file_id": "f"}), json!({"type": "input_image", "file_id": "f"}));
        check_part(json!({"type": "file", "file_id": "f"}), json!({"type": "input_file", "file_id": "f"}));
        check_part(json!({"type": "file", "url": "u"}), json!({"type": "input_file", "file_url": "u"}));
        check_part(
            json!({"type": "file", "base64": "QQ==", "mime_type": "application/pdf"}),
            json!({"type": "input_file", "file_data": "data:application/pdf;base64,QQ==", "filename": NO_NAME}),
        );
        check_part(
            json!({"type": "file", "file": {"file_data": "data:application/pdf;base64,QQ==", "filename": "a.pdf"}}),
            json!({"type": "input_file", "file_data": "data:application/pdf;base64,QQ==", "filename": "a.pdf"}),
        );
        check_part(json!({"type": "input_text", "text": "t"}), json!({"type": "input_text", "text": "t"}));
    }

    const NO_NAME: &str = "LC_AUTOGENERATED";

    #[test]
    fn some_blocks_are_items_and_some_are_left_out() {
        check(
            json!([{"type": "human", "content": [
                {"type": "thinking", "thinking": "hm"},
                {"type": "mcp_approval_response", "approval_request_id": "a", "approve": true},
            ]}]),
            json!([{"type": "mcp_approval_response", "approval_request_id": "a", "approve": true}]),
        );
        check_error(
            &human(json!({"type": "audio", "base64": "QQ==", "mime_type": "audio/wav"})),
            ErrorKind::Unsupported,
            "audio",
        );
        check_error(&human(json!({"type": "zzz"})), ErrorKind::Unsupported, "zzz");
        check_error(&human(json!({"type": "image", "base64": "QQ=="})), ErrorKind::InvalidInput, "mime_type");
        check_error(&[RemoveMessage::new("1").into()], ErrorKind::Unsupported, "remove");
    }

    #[test]
    fn results_of_tools_take_the_form_of_their_call() {
        let call = json!({"type": "custom_tool_call", "call_id": "c1", "name": "run", "input": "1+1"});
        check(
            json!([{"type": "ai", "content": [call]}, {"type": "tool", "tool_call_id": "c1", "content": "2"}]),
            json!([call, {"type": "custom_tool_call_output", "output": "2", "call_id": "c1"}]),
        );
        // As chat completions give them.
        let standard = json!({"id": "c1", "name": "run", "args": {"__arg1": "1+1"}, "custom": true});
        check(
            json!([{"type": "ai", "content": "", "tool_calls": [standard]}, {"type": "tool", "tool_call_id": "c1", "content": "2"}]),
            json!([call, {"type": "custom_tool_call_output", "output": "2", "call_id": "c1"}]),
        );
        check(
            json!([{"type": "tool", "tool_call_id": "c1", "content": [{"type": "custom_tool_call_output", "output": "2"}]}]),
            json!([{"type": "custom_tool_call_output", "output": "2", "call_id": "c1"}]),
        );
        let shot = json!({"type": "input_image", "image_url": "data:image/png;base64,QQ=="});
        let kwargs = json!({"type": "computer_call_output", "acknowledged_safety_checks": []});
        let item = json!([{"type": "computer_call_output", "call_id": "c1", "output": shot, "acknowledged_safety_checks": []}]);
        check(
            json!([{"type": "tool", "tool_call_id": "c1", "content": [shot], "additional_kwargs": kwargs}]),
            item.clone(),
        );
        check(
            json!([{"type": "tool", "tool_call_id": "c1", "content": shot["image_url"], "additional_kwargs": kwargs}]),
            item,
        );
        let call =
            json!({"type": "shell_call", "id": "sh_1", "call_id": "c1", "action": {"commands": ["ls"]}});
        let output = json!([{"stdout": "a", "stderr": "", "outcome": {"type": "exit", "exit_code": 0}}]);
        let shell = json!({"type": "shell_call_output", "call_id": "c1", "output": output});
        let kwargs = json!({"type": "shell_call_output"});
        check(
            json!([{"type": "ai", "content": [call]}, {"type": "tool", "tool_call_id": "c1", "content": "a", "additional_kwargs": kwargs}]),
            json!([call, shell]),
        );
        check(json!([{"type": "tool", "tool_call_id": "c1", "content": [shell]}]), json!([shell]));
        let failed = json!([{"type": "tool", "tool_call_id": "c1", "content": "a", "status": "error", "additional_kwargs": kwargs}]);
        let mut shell = shell;
        shell["output"][0]["outcome"]["exit_code"] = 1.into();
        check(failed, json!([shell]));
        let local = json!({"type": "local_shell_call", "id": "l_1", "call_id": "c1", "action": {"type": "exec", "command": ["ls"]}});
        let kwargs = json!({"type": "local_shell_call_output"});
        check(
            json!([{"type": "ai", "content": [local]}, {"type": "tool", "tool_call_id": "c1", "content": "a", "additional_kwargs": kwargs}]),
            json!([local, {"type": "local_shell_call_output", "id": "c1", "output": "a"}]),
        );
        check(
            json!([{"type": "tool", "tool_call_id": "c1", "content": [{"type": "json", "json": 1}]}]),
            json!([{"type": "function_call_output", "output": r#"[{"json":1,"type":"json"}]"#, "call_id": "c1"}]),
        );
    }

    #[test]
    fn answers_are_echoed_once() {
        let mut broken = AiMessage::new("");
        broken.push_invalid_tool_call(InvalidToolCall::new("g", "{oops"));
        let given = [Message::Ai(broken)];
        let items = serde_json::to_value(input(&given, 0, true).expect("an input")).expect("JSON");
        assert_eq!(
            items,
            json!([{"type": "function_call", "name": "g", "arguments": "{oops", "call_id": null}])
        );
        check(
            json!([{"type": "ai", "content": [
                {"type": "text", "text": "A", "id": "msg_1", "index": 0, "phase": "final",
                    "annotations": [{"type": "file_citation", "file_id": "f", "file_index": 3}]},
                "B",
                {"type": "text", "text": "C", "id": "msg_1"},
                {"type": "text", "text": "D", "id": "lc_1"},
                {"type": "refusal", "refusal": "No."},
                {"type": "hologram_call", "id": "h"},
                {"type": "web_search_call", "id": "ws_1", "status": "completed", "index": 4},
                {"type": "image_generation_call", "id": "ig_1", "result": "QQ=="},
            ]}]),
            json!([
                {"type": "message", "role": "assistant", "id": "msg_1", "phase": "final", "content": [
                    {"type": "output_text", "text": "A",
                        "annotations": [{"type": "file_citation", "file_id": "f", "index": 3}]},
                    {"type": "output_text", "text": "C", "annotations": []}]},
                {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "B", "annotations": []}]},
                {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "D", "annotations": []}]},
                {"type": "message", "role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]},
                {"type": "web_search_call", "id": "ws_1", "status": "completed"},
                {"type": "image_generation_call", "id": "ig_1"},
            ]),
        );
    }

    #[test]
    fn what_the_service_does_not_keep_is_sent_without_ids() {
        let given = json!([{"type": "ai", "content": [
            {"type": "reasoning", "id": "rs_1", "summary": []},
            {"type": "reasoning", "id": "rs_2", "summary": [{"type": "summary_text", "text": "hm", "index": 0}],
                "encrypted_content": "E", "index": 1},
            {"type": "text", "text": "A", "id": "msg_1"},
            {"type": "image_generation_call", "id": "ig_1"},
            {"type": "image_generation_call", "id": "ig_2", "result": "QQ==", "index": 3},
        ]}]);
        check_stored(
            given,
            false,
            json!([
                {"type": "reasoning", "id": "rs_2", "summary": [{"type": "summary_text", "text": "hm"}], "encrypted_content": "E"},
                {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "A", "annotations": []}]},
                {"type": "image_generation_call", "id": "ig_2", "result": "QQ=="},
            ]),
        );
    }

    #[test]
    fn standard_blocks_become_items_again() {
        check(
            json!([{"type": "ai",
                "content": [
                    {"type": "reasoning", "reasoning": "one", "id": "rs_1"},
                    {"type": "reasoning", "reasoning": "two", "id": "rs_1", "extras": {"encrypted_content": "E"}},
                    {"type": "reasoning", "id": "rs_2"},
                    {"type": "tool_call", "id": "c1", "name": "f", "args": {"a": 1}, "extras": {"item_id": "fc_1", "status": "completed"}},
                    {"type": "non_standard", "value": {"type": "compaction", "id": "cm_1"}},
                    {"type": "text", "text": "T", "annotations": [
                        {"type": "citation", "url": "u", "title": "t", "start_index": 0, "end_index": 1},
                        {"type": "citation", "title": "f.txt", "extras": {"file_id": "f"}}]},
                ],
                "tool_calls": [{"id": "c1", "name": "f", "args": {"a": 1}}]}]),
            json!([
                {"type": "reasoning", "id": "rs_1", "encrypted_content": "E",
                    "summary": [{"type": "summary_text", "text": "one"}, {"type": "summary_text", "text": "two"}]},
                {"type": "reasoning", "id": "rs_2", "summary": []},
                {"type": "function_call", "call_id": "c1", "id": "fc_1", "name": "f", "arguments": "{\"a\":1}", "status": "completed"},
                {"type": "compaction", "id": "cm_1"},
                {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "T", "annotations": [
                    {"type": "url_citation", "url": "u", "title": "t", "start_index": 0, "end_index": 1},
                    {"type": "file_citation", "filename": "f.txt", "file_id": "f"}]}]},
            ]),
        );
    }
}
