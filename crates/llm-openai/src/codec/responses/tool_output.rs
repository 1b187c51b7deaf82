//! Results of tools as items of a request's input.

use catena_core::{Content, ContentBlock, Message, Result, ToolMessage};
use serde_json::{Map, Value};

use super::item::{Item, object};
use super::parts::{Part, parts};

/// The item of a tool's result. `custom`: the call was one of a custom tool.
pub(super) fn tool_output<'a>(message: &'a Message, tool: &'a ToolMessage, custom: bool) -> Result<Item<'a>> {
    let kind = if custom { "custom_tool_call_output" } else { "function_call_output" };
    if let Some(item) = computer_output(tool).or_else(|| custom_output(tool)) {
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

/// The result as parts; `None` if there is a block that the API does not know.
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

/// What a tool that drives a computer shows: a screenshot.
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

/// A result that says itself that it is one of a custom tool.
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

/// An item that a block holds as it is to be sent.
fn ready_item(blocks: &[ContentBlock], kind: &str) -> Option<Map<String, Value>> {
    let values = blocks.iter().filter(|block| block.kind() == Some("non_standard"));
    let mut values = values.filter_map(|block| block.get("value")?.as_object());
    values.find(|value| value.get("type").is_some_and(|found| found == kind)).cloned()
}
