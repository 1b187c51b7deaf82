//! Formatting of messages for display.

use super::python_text::{in_order, python_repr};
use super::{AiMessage, Content, ContentBlock, InvalidToolCall, Message, ToolCall};
use crate::Data;

/// The width of a title, in characters.
const WIDTH: usize = 80;

impl Message {
    /// Formats the message for display: a title, the name of the speaker, the content and the tool calls. Blocks and
    /// arguments are written in Python's syntax, as LangChain does, with a block's type first.
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
            Content::Blocks(blocks) => {
                text.push_str(&python_repr(&Data::List(blocks.iter().map(shown).collect())));
            }
        }
        match self {
            Self::Ai(message) => with_calls(&text, message),
            _ => text,
        }
    }
}

fn shown(block: &ContentBlock) -> Data {
    match block {
        ContentBlock::Plain(text) => text.as_str().into(),
        ContentBlock::Data(data) => in_order(&data.clone().into()),
    }
}

/// Centres a title between rules.
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
    lines.extend(call.args.iter().map(|(name, value)| match value.as_text() {
        Some(text) => format!("    {name}: {text}"),
        None => format!("    {name}: {}", python_repr(value)),
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
    fn blocks_are_shown() {
        let blocks = vec![ContentBlock::plain("a"), ContentBlock::image_url("u")];
        let text = Message::human(blocks).pretty_repr();
        assert!(text.ends_with("\n\n['a', {'type': 'image_url', 'image_url': {'url': 'u'}}]"), "{text}");
    }

    #[test]
    fn tool_calls_are_listed() {
        let mut message = AiMessage::new("Let me see.").with_tool_calls([ToolCall::new(
            "get_weather",
            [("city", Data::from("Paris")), ("days", vec!["Mon", "Tue"].into()), ("now", true.into())],
        )
        .with_id("c1")]);
        message.push_invalid_tool_call(InvalidToolCall::new("f", "{oops"));
        assert_eq!(
            Message::from(message).pretty_repr(),
            "================================== Ai Message ==================================\n\n\
             Let me see.\nTool Calls:\n  get_weather (c1)\n Call ID: c1\n  Args:\n    city: Paris\n    \
             days: ['Mon', 'Tue']\n    now: True\n\
             Invalid Tool Calls:\n  f (None)\n Call ID: None\n  Args:\n    {oops"
        );
    }
}
