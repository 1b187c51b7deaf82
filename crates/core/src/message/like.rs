//! Conversion of message-like values to messages.

use serde_json::{Map, Value};

use super::like_call::read_calls;
use super::{ChatMessage, Message, RemoveMessage, ToolCall};
use crate::{Data, Error, ErrorKind, Record, Result};

/// Converts message-like values to messages: messages, texts (human messages), `[role, content]` pairs, objects with
/// `role` (or `type`) and `content`, and LangChain's serialized messages.
///
/// Roles are `human` or `user`, `ai` or `assistant`, `system` or `developer`, `tool`, `function` and `remove`. Tool
/// calls may be in OpenAI's form. Members without a field of their own are put into `additional_kwargs`.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] for an object without role or content, or with an unknown role;
/// [`ErrorKind::MissingKey`] for a tool result without `tool_call_id`; [`ErrorKind::Parse`] for tool calls whose
/// arguments are not JSON; [`ErrorKind::Unsupported`] for a value of any other shape.
///
/// # Example
/// ```
/// use catena_core::{convert_to_messages, Data, Message};
/// let system = Data::from(vec!["system", "Be brief."]);
/// let human = Data::from([("role", "user"), ("content", "Hi")]);
/// assert_eq!(convert_to_messages([system, human])?, [Message::system("Be brief."), Message::human("Hi")]);
/// # Ok::<(), catena_core::Error>(())
/// ```
pub fn convert_to_messages<T: Into<Data>>(values: impl IntoIterator<Item = T>) -> Result<Vec<Message>> {
    values.into_iter().map(|value| read(value.into())).collect()
}

/// Converts one message-like value.
pub(crate) fn read(value: Data) -> Result<Message> {
    match value.into_plain() {
        Data::Message(message) => Ok(*message),
        Data::Text(text) => Ok(Message::human(text)),
        Data::List(pair) => {
            let count = pair.len();
            match <[Data; 2]>::try_from(pair) {
                Ok([Data::Text(role), Data::Null]) => Err(invalid(format!(
                    "the content of `[\"{role:.40}\", null]` must be a string or a list of blocks"
                ))),
                Ok([Data::Text(role), content]) => build(&role, content, Record::new()),
                Ok([role, _]) => {
                    Err(invalid(format!("the role of a message must be a string, not {}", role.kind())))
                }
                Err(_) => {
                    let message =
                        format!("expected a message as `[role, content]`, got a list of {count} elements");
                    Err(Error::new(ErrorKind::Unsupported, message))
                }
            }
        }
        Data::Record(record) => read_record(record),
        other => Err(Error::new(
            ErrorKind::Unsupported,
            format!("expected a message, a string, `[role, content]` or an object, got {}", other.kind()),
        )),
    }
}

fn read_record(record: Record) -> Result<Message> {
    let record = match envelope(&record) {
        Some(inner) => inner,
        None => record,
    };
    let key = if record.contains("role") { "role" } else { "type" };
    let (mut role, mut content, mut members) = (None, None, Record::new());
    for (name, value) in record {
        match name.as_str() {
            name if name == key => role = Some(value),
            "content" => content = Some(value),
            _ => members.insert(name, value),
        }
    }
    match (role, content) {
        (Some(Data::Text(role)), Some(content)) => build(&role, content, members),
        _ => Err(invalid("a message object requires a string `role` (or `type`) and a `content`")),
    }
}

/// Extracts the arguments from LangChain's serialized form of a message:
/// `{"lc": 1, "type": "constructor", "id": [..], "kwargs": ..}`.
fn envelope(record: &Record) -> Option<Record> {
    let is_envelope = record.get("lc") == Some(&Data::from(1))
        && record.get("type").and_then(Data::as_text) == Some("constructor");
    let (true, Some(Data::List(path))) = (is_envelope, record.get("id")) else { return None };
    let class = path.last()?.as_text()?;
    let kind = match class.strip_suffix("Chunk").unwrap_or(class) {
        "HumanMessage" => "human",
        "AIMessage" => "ai",
        "SystemMessage" => "system",
        "FunctionMessage" => "function",
        "ToolMessage" => "tool",
        "RemoveMessage" => "remove",
        _ => return None,
    };
    let mut inner = Record::new();
    inner.insert("type", kind);
    for (name, value) in record.get("kwargs")?.as_record()?.iter() {
        // The class determines the type, not a member called `type`.
        if name != "type" {
            inner.insert(name, value.clone());
        }
    }
    if kind == "remove" {
        inner.insert("content", "");
    }
    Some(inner)
}

/// Builds a message from a role, the content and the other members.
fn build(role: &str, content: Data, members: Record) -> Result<Message> {
    let kind = match role {
        "human" | "user" => "human",
        "ai" | "assistant" => "ai",
        "system" | "developer" => "system",
        "tool" | "function" | "remove" => role,
        other => {
            return Err(invalid(format!(
                "unexpected message type: '{other:.40}'; use one of 'human', 'user', 'ai', 'assistant', 'function', \
                 'tool', 'system', or 'developer'"
            )));
        }
    };
    let mut parts = Parts::read(kind, members)?;
    if role == "developer" {
        parts.kwargs.insert("__openai_role__".to_owned(), role.into());
    }
    if kind == "remove" {
        let id = parts.own.get("id").and_then(Value::as_str).map(str::to_owned);
        return id.map(|id| RemoveMessage::new(id).into()).ok_or_else(|| missing("remove", "id"));
    }
    let content = match content.into_json() {
        Value::Null => "".into(),
        content => content,
    };
    parts.own.insert("content".to_owned(), content);
    parts.finish(kind)
}

/// The members of a message: those with a field of their own, and the rest.
#[derive(Default)]
struct Parts {
    own: Map<String, Value>,
    kwargs: Map<String, Value>,
    calls: Vec<ToolCall>,
}

impl Parts {
    fn read(kind: &str, members: Record) -> Result<Self> {
        let mut parts = Self::default();
        let mut explicit = Map::new();
        for (name, value) in members {
            match (kind, name.as_str()) {
                ("ai", "tool_calls") => parts.calls = read_calls(value)?,
                (_, "additional_kwargs") => {
                    if let Value::Object(members) = value.into_json() {
                        explicit = members;
                    }
                }
                (_, "name" | "id" | "response_metadata")
                | ("tool", "tool_call_id" | "artifact" | "status")
                | ("ai", "invalid_tool_calls" | "usage_metadata" | "tool_call_chunks") => {
                    let value = value.into_json();
                    if !value.is_null() {
                        parts.own.insert(name, value);
                    }
                }
                _ => {
                    parts.kwargs.insert(name, value.into_json());
                }
            }
        }
        parts.kwargs.extend(explicit);
        Ok(parts)
    }

    fn finish(mut self, kind: &str) -> Result<Message> {
        if !self.kwargs.is_empty() {
            self.own.insert("additional_kwargs".to_owned(), Value::Object(self.kwargs));
        }
        let needed = match kind {
            "tool" => Some("tool_call_id"),
            _ => None,
        };
        if let Some(name) = needed.filter(|name| !self.own.contains_key(*name)) {
            return Err(missing(kind, name));
        }
        if kind == "function" && !self.own.contains_key("name") {
            return Err(invalid("missing `name` in a `function` message"));
        }
        self.own.insert("type".to_owned(), kind.into());
        let mut message = from_json(self.own)?;
        if let Message::Ai(message) = &mut message {
            self.calls.into_iter().for_each(|call| message.push_tool_call(call));
        }
        Ok(message)
    }
}

/// Converts a message from its JSON form.
pub(crate) fn from_json(members: Map<String, Value>) -> Result<Message> {
    let kind = members.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
    serde_json::from_value(Value::Object(members))
        .map_err(|error| invalid(format!("invalid message of type `{kind:.40}`: {error}")).with_source(error))
}

impl Message {
    /// Creates a message with an arbitrary role.
    ///
    /// # Example
    /// ```
    /// use catena_core::Message;
    /// assert_eq!(Message::chat("critic", "Too long.").text(), "Too long.");
    /// ```
    pub fn chat(role: impl Into<String>, content: impl Into<super::Content>) -> Self {
        ChatMessage::new(role, content).into()
    }
}

pub(super) fn missing(kind: &str, name: &str) -> Error {
    Error::new(ErrorKind::MissingKey, format!("missing `{name}` in a `{kind}` message"))
}

pub(super) fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidInput, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Chunk;
    use serde_json::json;

    #[track_caller]
    fn check(value: Value, expected: Value) {
        let mut message = read(value.clone().into()).expect("a message").to_json();
        let empty = message["response_metadata"].as_object().is_some_and(Map::is_empty);
        if let (true, Value::Object(members)) = (empty, &mut message) {
            members.remove("response_metadata");
        }
        assert_eq!(message, expected, "{value}");
    }

    #[track_caller]
    fn check_error(value: Value, kind: ErrorKind, part: &str) {
        let error = read(value.into()).expect_err("no message");
        assert_eq!((error.kind(), error.to_string().contains(part)), (kind, true), "{error}");
    }

    #[test]
    fn values_read_as_messages() {
        check(json!("hi"), json!({"type": "human", "content": "hi"}));
        check(
            json!(["ai", [{"type": "text", "text": "t"}]]),
            json!({"type": "ai", "content": [{"type": "text", "text": "t"}]}),
        );
        check(
            json!({"role": "tool", "content": "42", "tool_call_id": "c1", "status": "error", "artifact": {"raw": 1}}),
            json!({"type": "tool", "content": "42", "tool_call_id": "c1", "status": "error", "artifact": {"raw": 1}}),
        );
        check(
            json!({"role": "developer", "content": "d"}),
            json!({"type": "system", "content": "d", "additional_kwargs": {"__openai_role__": "developer"}}),
        );
        let call = json!({"name": "f", "args": {"a": 1}, "id": "c1", "type": "tool_call"});
        for given in [
            json!({"name": "f", "args": {"a": 1}, "id": "c1"}),
            json!({"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{\"a\": 1}"}}),
        ] {
            check(
                json!({"role": "assistant", "content": null, "tool_calls": [given]}),
                json!({"type": "ai", "content": "", "tool_calls": [call]}),
            );
        }
        check(
            json!({"type": "human", "content": "x", "name": "n", "mood": "good", "additional_kwargs": {"k": 2}}),
            json!({"type": "human", "content": "x", "name": "n", "additional_kwargs": {"mood": "good", "k": 2}}),
        );
        check(
            json!({"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", "HumanMessage"],
                "kwargs": {"content": "env", "type": "human"}}),
            json!({"type": "human", "content": "env"}),
        );
        check(
            json!({"type": "remove", "content": "", "id": "9"}),
            json!({"type": "remove", "content": "", "id": "9"}),
        );
    }

    #[test]
    fn what_is_no_message_is_an_error() {
        check_error(json!({"role": "user"}), ErrorKind::InvalidInput, "content");
        check_error(json!({"role": "alien", "content": "x"}), ErrorKind::InvalidInput, "alien");
        check_error(json!({"role": "tool", "content": "x"}), ErrorKind::MissingKey, "tool_call_id");
        check_error(json!({"role": "function", "content": "x"}), ErrorKind::InvalidInput, "name");
        check_error(json!(["human", null]), ErrorKind::InvalidInput, "human");
        check_error(json!(["human", "x", "y"]), ErrorKind::Unsupported, "3 elements");
        check_error(json!(5), ErrorKind::Unsupported, "a number");
        let call = json!({"id": "c", "function": {"name": "f", "arguments": "{oops"}});
        check_error(json!({"role": "ai", "content": "", "tool_calls": [call]}), ErrorKind::Parse, "{oops");
    }
}
