//! Messages for people to read.

use serde_json::Value;

use super::python_text::spaced_json;
use super::{AiMessage, Content, InvalidToolCall, Message, ToolCall};
use crate::Chunk;

/// How wide a title is.
const WIDTH: usize = 80;

impl Message {
    /// The message for people to read: a title, the name of the speaker, the content and the tool calls.
    ///
    /// # Example
    /// ```
    /// use catena_core::Message;
    /// let text = Message::human("Hi").pretty_repr();
    /// let title = "================================ Human Message =================================";
    /// assert_eq!(text, format!("{title}\n\nHi"));
    /// ```
    pub fn pretty_repr(&self) -> String {
        let role = self.role();
        let mut text = title(&format!("{}{} Message", role[..1].to_uppercase(), &role[1..]));
        if let Some(name) = self.name() {
            text.push_str("\nName: ");
            text.push_str(name);
        }
        text.push_str("\n\n");
        match self.content() {
            Content::Text(content) => text.push_str(content),
            Content::Blocks(blocks) => text.push_str(&spaced_json(blocks, false)),
        }
        match self {
            Self::Ai(message) => with_calls(&text, message),
            _ => text,
        }
    }
}

/// A title between lines.
pub(crate) fn title(title: &str) -> String {
    let length = title.chars().count() + 2;
    let line = "=".repeat(WIDTH.saturating_sub(length) / 2);
    let odd = if length % 2 == 1 { "=" } else { "" };
    format!("{line} {title} {line}{odd}")
}

fn with_calls(text: &str, message: &AiMessage) -> String {
    let mut lines = vec![text.trim().to_owned()];
    if !message.tool_calls().is_empty() {
        lines.push("Tool Calls:".to_owned());
        message.tool_calls().iter().for_each(|call| add_call(&mut lines, call));
    }
    if !message.invalid_tool_calls().is_empty() {
        lines.push("Invalid Tool Calls:".to_owned());
        message.invalid_tool_calls().iter().for_each(|call| add_invalid(&mut lines, call));
    }
    lines.join("\n").trim().to_owned()
}

fn add_head(lines: &mut Vec<String>, name: &str, id: Option<&str>) {
    let id = id.unwrap_or("None");
    lines.push(format!("  {name} ({id})"));
    lines.push(format!(" Call ID: {id}"));
}

fn add_call(lines: &mut Vec<String>, call: &ToolCall) {
    add_head(lines, &call.name, call.id.as_deref());
    lines.push("  Args:".to_owned());
    lines.extend(call.args.iter().map(|(name, value)| match value.to_json() {
        Value::String(text) => format!("    {name}: {text}"),
        value => format!("    {name}: {}", spaced_json(&value, false)),
    }));
}

fn add_invalid(lines: &mut Vec<String>, call: &InvalidToolCall) {
    add_head(lines, call.name.as_deref().unwrap_or("Tool"), call.id.as_deref());
    if let Some(error) = &call.error {
        lines.push(format!("  Error: {error}"));
    }
    lines.push("  Args:".to_owned());
    lines.extend(call.args.iter().map(|args| format!("    {args}")));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tool_calls_are_listed() {
        let mut message = AiMessage::new("Let me see.").with_tool_calls([ToolCall::new(
            "get_weather",
            [("city", "Paris")],
        )
        .with_id("c1")]);
        message.push_invalid_tool_call(InvalidToolCall::new("f", "{oops"));
        assert_eq!(
            Message::from(message).pretty_repr(),
            "================================== Ai Message ==================================\n\n\
             Let me see.\nTool Calls:\n  get_weather (c1)\n Call ID: c1\n  Args:\n    city: Paris\n\
             Invalid Tool Calls:\n  f (None)\n Call ID: None\n  Args:\n    {oops"
        );
    }
}
