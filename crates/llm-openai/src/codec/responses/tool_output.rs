//! Tool results as items of a request's input.

use catena_core::{Content, ContentBlock, Message, Result, ToolMessage, ToolStatus};
use serde_json::{Map, Value, json};

use super::item::{Item, object, without_index};
use super::parts::{Part, parts};

/// Encodes a tool's result. `custom`: the call was one of a custom tool.
pub(super) fn tool_output<'a>(message: &'a Message, tool: &'a ToolMessage, custom: bool) -> Result<Item<'a>> {
    let kind = if custom { "custom_tool_call_output" } else { "function_call_output" };
    let own = computer_output(tool).or_else(|| shell_output(tool)).or_else(|| custom_output(tool));
    if let Some(item) = own {
        return Ok(Item::Data(item));
    }
    Ok(match &tool.content {
        Content::Text(text) => Item::Output { r#type: kind, output: text, call_id: &tool.tool_call_id },
        Content::Blocks(blocks) => Item::Data(object([
            ("type", kind.into()),
            ("output", output_parts(message)?.unwrap_or_else(|| as_text(blocks))),
            ("call_id", tool.tool_call_id.as_str().into()),
        ])),
    })
}

/// Encodes the result as parts; `None` if it has a block that the API does not support.
fn output_parts(message: &Message) -> Result<Option<Value>> {
    let mut output = Vec::new();
    for part in parts(message).into_iter().flatten() {
        match part? {
            Part::Content(part) => output.push(Value::Object(part)),
            Part::Nothing => {}
            Part::Item(_) | Part::Unknown => return Ok(None),
        }
    }
    Ok(Some(output.into()))
}

fn as_text(blocks: &[ContentBlock]) -> Value {
    serde_json::to_string(blocks).unwrap_or_default().into()
}

/// Encodes the result of a computer-use tool: a screenshot.
fn computer_output(tool: &ToolMessage) -> Option<Map<String, Value>> {
    let kind = "computer_call_output";
    let is_one = tool.additional_kwargs.get("type").is_some_and(|found| found == kind);
    let screenshot = |image: Value| {
        object([("type", kind.into()), ("call_id", tool.tool_call_id.as_str().into()), ("output", image)])
    };
    let mut item = match &tool.content {
        Content::Text(url) if is_one => {
            screenshot(object([("type", "input_image".into()), ("image_url", url.as_str().into())]).into())
        }
        Content::Text(_) => return None,
        Content::Blocks(blocks) => {
            let image = blocks.iter().find(|block| is_one && block.kind() == Some("input_image"));
            match image {
                Some(image) => screenshot(image.clone().into()),
                None => ready_item(blocks, kind)?,
            }
        }
    };
    if let Some(checks) = tool.additional_kwargs.get("acknowledged_safety_checks") {
        item.insert("acknowledged_safety_checks".to_owned(), checks.clone());
    }
    Some(item)
}

/// Encodes the result of a local shell tool: a text is the commands' output, a block of this type is sent unchanged.
fn shell_output(tool: &ToolMessage) -> Option<Map<String, Value>> {
    ["shell_call_output", "local_shell_call_output"].into_iter().find_map(|kind| {
        let is_one = tool.additional_kwargs.get("type").is_some_and(|found| found == kind);
        let mut item = match &tool.content {
            Content::Text(text) if is_one && kind == "shell_call_output" => {
                let code = i64::from(tool.status == ToolStatus::Error);
                let outcome = json!({ "type": "exit", "exit_code": code });
                object([("output", json!([{ "stdout": text, "stderr": "", "outcome": outcome }]))])
            }
            Content::Text(text) if is_one => object([("output", text.as_str().into())]),
            Content::Text(_) => return None,
            Content::Blocks(blocks) => match blocks.iter().find(|block| block.kind() == Some(kind)) {
                Some(ContentBlock::Data(block)) => without_index(block),
                _ => ready_item(blocks, kind)?,
            },
        };
        item.insert("type".to_owned(), kind.into());
        // The older of the two refers to the call's id under this name.
        let id = if kind == "shell_call_output" { "call_id" } else { "id" };
        if !["call_id", "id"].iter().any(|name| item.contains_key(*name)) {
            item.insert(id.to_owned(), tool.tool_call_id.as_str().into());
        }
        Some(item)
    })
}

/// Encodes a result that is marked as one of a custom tool.
fn custom_output(tool: &ToolMessage) -> Option<Map<String, Value>> {
    let kind = "custom_tool_call_output";
    let blocks = tool.content.as_blocks()?;
    let own = blocks.iter().find(|block| block.kind() == Some(kind));
    match own {
        Some(block) => Some(object([
            ("type", kind.into()),
            ("call_id", tool.tool_call_id.as_str().into()),
            (
                "output",
                block.get("output").filter(|output| !output.is_null()).cloned().unwrap_or_else(|| "".into()),
            ),
        ])),
        None => ready_item(blocks, kind),
    }
}

/// Returns an item that a block holds in its final form.
fn ready_item(blocks: &[ContentBlock], kind: &str) -> Option<Map<String, Value>> {
    let values = blocks.iter().filter(|block| block.kind() == Some("non_standard"));
    let mut values = values.filter_map(|block| block.get("value")?.as_object());
    values.find(|value| value.get("type").is_some_and(|found| found == kind)).cloned()
}
