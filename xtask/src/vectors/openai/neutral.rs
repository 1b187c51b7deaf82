//! Messages as recordings write them.

use catena::{
    AiMessage, ChatMessage, Content, FunctionMessage, HumanMessage, InvalidToolCall, Message, SystemMessage,
    ToolCall, ToolMessage,
};
use serde_json::Value;

/// The messages of an `input`.
///
/// # Errors
/// What there is no message for.
pub(super) fn messages(messages: &Value) -> Result<Vec<Message>, String> {
    messages.as_array().into_iter().flatten().map(message).collect()
}

fn message(wire: &Value) -> Result<Message, String> {
    let content = match &wire["content"] {
        Value::Null => Content::default(),
        content => serde_json::from_value::<Content>(content.clone()).map_err(|error| error.to_string())?,
    };
    let word = |name: &str| wire[name].as_str().map(str::to_owned);
    let name = word("name");
    let role = wire["role"].as_str().unwrap_or_default();
    Ok(match role {
        "user" => {
            let mut message = HumanMessage::new(content);
            message.name = name;
            message.into()
        }
        "system" | "developer" => {
            let mut message = SystemMessage::new(content);
            message.name = name;
            if role == "developer" {
                message.additional_kwargs.insert("__openai_role__".to_owned(), role.into());
            }
            message.into()
        }
        "assistant" => assistant(wire, content).into(),
        "tool" => {
            let mut message = ToolMessage::new(content, word("tool_call_id").unwrap_or_default());
            message.name = name;
            message.into()
        }
        "function" => FunctionMessage::new(name.unwrap_or_default(), content).into(),
        role => {
            let mut message = ChatMessage::new(role, content);
            message.name = name;
            message.into()
        }
    })
}

fn assistant(wire: &Value, content: Content) -> AiMessage {
    let word = |value: &Value| value.as_str().map(str::to_owned);
    let calls = |name: &str| wire[name].as_array().cloned().unwrap_or_default();
    let mut message = AiMessage::new(content);
    message.name = word(&wire["name"]);
    // The answer's own id is what a conversation continues from; a message of it may have another.
    message.id = word(&wire["response_id"]).or_else(|| word(&wire["id"]));
    message.refusal = word(&wire["refusal"]);
    message.additional_kwargs = wire["extra"].as_object().cloned().unwrap_or_default();
    for call in calls("tool_calls") {
        let args = call["args"].as_object().cloned().unwrap_or_default();
        let mut sent = ToolCall::new(word(&call["name"]).unwrap_or_default(), args);
        sent.id = word(&call["id"]);
        message.push_tool_call(sent);
    }
    for call in calls("invalid_tool_calls") {
        let text = |name: &str| word(&call[name]).unwrap_or_default();
        let mut sent = InvalidToolCall::new(text("name"), text("args"));
        sent.id = word(&call["id"]);
        message.push_invalid_tool_call(sent);
    }
    message
}
