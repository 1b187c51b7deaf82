//! Formatting messages as XML elements.

use std::borrow::Cow;

use serde_json::Value;

use super::buffer_string::text_of;
use super::python_text::spaced_json;
use super::{Content, ContentBlock, Message};

/// The maximum length of documents, and of the arguments and results of server tools, in characters.
const MAX_TEXT: usize = 500;
/// The maximum length of the ids of tool calls, in characters.
const MAX_ID: usize = 64;

/// Formats a message as an element of this type.
pub(super) fn xml(message: &Message, kind: &str) -> String {
    let content = match message.content() {
        Content::Text(text) => escape(text),
        Content::Blocks(blocks) => blocks.iter().filter_map(block).collect::<Vec<_>>().join(" "),
    };
    let calls = calls(message);
    let kind = quote(kind);
    if calls.is_empty() {
        return format!("<message type={kind}>{content}</message>");
    }
    let mut lines = vec![format!("<message type={kind}>")];
    if !content.is_empty() {
        lines.push(format!("  <content>{content}</content>"));
    }
    lines.extend(calls);
    lines.push("</message>".to_owned());
    lines.join("\n")
}

/// Formats the tool calls of an answer, or else its function call.
fn calls(message: &Message) -> Vec<String> {
    let Message::Ai(answer) = message else { return Vec::new() };
    if let ([], Some(call)) = (answer.tool_calls(), answer.additional_kwargs.get("function_call")) {
        let arguments = match text_of(call.get("arguments")) {
            "" => "{}",
            arguments => arguments,
        };
        let name = quote(text_of(call.get("name")));
        return vec![format!("  <function_call name={name}>{}</function_call>", escape(arguments))];
    }
    let calls = answer.tool_calls().iter().map(|call| {
        let id = quote(&cut(call.id.as_deref().unwrap_or_default(), MAX_ID));
        let args = escape(&spaced_json(&call.args, false));
        format!("  <tool_call id={id} name={}>{args}</tool_call>", quote(&call.name))
    });
    calls.collect()
}

/// Formats a content block; `None` for blocks that are omitted: inline data and unknown blocks.
fn block(block: &ContentBlock) -> Option<String> {
    if is_inline(block) {
        return None;
    }
    let text = |name: &str| text_of(block.get(name));
    let shown = |text: &str, shown: String| (!text.is_empty()).then_some(shown);
    match block.kind()? {
        "text" => block.as_text().filter(|text| !text.is_empty()).map(escape),
        "reasoning" => {
            let reasoning = text("reasoning");
            shown(reasoning, format!("<reasoning>{}</reasoning>", escape(reasoning)))
        }
        kind @ ("image" | "audio" | "video") => match (text("url"), text("file_id")) {
            ("", id) => shown(id, format!("<{kind} file_id={} />", quote(id))),
            (url, _) => Some(format!("<{kind} url={} />", quote(url))),
        },
        "image_url" => {
            let url = text_of(block.get("image_url")?.get("url"));
            shown(url, format!("<image url={} />", quote(url)))
        }
        "text-plain" => shown(text("text"), escape(&cut(text("text"), MAX_TEXT))),
        "server_tool_call" => {
            let args = block.get("args").map_or_else(|| "{}".to_owned(), |args| spaced_json(args, false));
            let (id, name) = (quote(text("id")), quote(text("name")));
            Some(format!(
                "<server_tool_call id={id} name={name}>{}</server_tool_call>",
                escape(&cut(&args, MAX_TEXT))
            ))
        }
        "server_tool_result" => {
            let output = block.get("output").filter(|output| says_something(output));
            let output = output.map(|output| escape(&cut(&spaced_json(output, false), MAX_TEXT)));
            let (id, status) = (quote(text("tool_call_id")), quote(text("status")));
            let output = output.unwrap_or_default();
            Some(format!(
                "<server_tool_result tool_call_id={id} status={status}>{output}</server_tool_result>"
            ))
        }
        _ => None,
    }
}

fn is_inline(block: &ContentBlock) -> bool {
    let is_data = |url: Option<&Value>| text_of(url).starts_with("data:");
    block.get("base64").is_some_and(says_something)
        || is_data(block.get("url"))
        || is_data(block.get("image_url").and_then(|image| image.get("url")))
}

/// Returns false for null, false, zero, and an empty text, list or object.
fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
    }
}

/// Truncates a text to `max` characters, with an ellipsis if any were dropped.
fn cut(text: &str, max: usize) -> Cow<'_, str> {
    match text.char_indices().nth(max) {
        Some((end, _)) => Cow::Owned(format!("{}...", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Quotes an attribute value, with the kind of quote that it does not contain.
fn quote(text: &str) -> String {
    let text = escape(text).replace('\n', "&#10;").replace('\r', "&#13;").replace('\t', "&#9;");
    match (text.contains('"'), text.contains('\'')) {
        (false, _) => format!("\"{text}\""),
        (true, false) => format!("'{text}'"),
        (true, true) => format!("\"{}\"", text.replace('"', "&quot;")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AiMessage, ToolCall};
    use serde_json::json;

    #[test]
    fn messages_are_elements() {
        let blocks: Content = serde_json::from_value(json!([
            "a<b", {"type": "image", "url": "https://e.org/?a=1&b"}, {"type": "image", "base64": "QQ=="},
            {"type": "text-plain", "text": "x".repeat(501)}, {"type": "zzz"}, {"type": "reasoning", "reasoning": "hm"},
        ]))
        .expect("content");
        let long = format!("{}...", "x".repeat(500));
        assert_eq!(
            xml(&Message::human(blocks), "human"),
            format!(
                "<message type=\"human\">a&lt;b <image url=\"https://e.org/?a=1&amp;b\" /> {long} <reasoning>hm</reasoning></message>"
            )
        );
        let answer = AiMessage::new("Yes")
            .with_tool_calls([ToolCall::new("say \"x\"", [("q", "a & b")]).with_id("c1")]);
        assert_eq!(
            xml(&answer.into(), "ai"),
            "<message type=\"ai\">\n  <content>Yes</content>\n  \
             <tool_call id=\"c1\" name='say \"x\"'>{\"q\": \"a &amp; b\"}</tool_call>\n</message>"
        );
    }
}
