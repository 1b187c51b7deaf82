//! Messages of chat requests.

use catena_core::{
    AiMessage, Content, ContentBlock, Error, ErrorKind, Message, OpenAiForm, Result, TextFormat,
};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::custom_tool::{custom_input, is_custom};

/// An encoded message.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum WireMessage<'a> {
    /// A text, borrowed.
    Plain {
        role: &'a str,
        content: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        refusal: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        tool_call_id: Option<&'a str>,
    },
    /// Anything else.
    Rich(Value),
}

/// Blocks of other services and of this service's other APIs in answers, which this API does not accept.
const NOT_SENT: [&str; 8] = [
    "thinking",
    "reasoning",
    "reasoning_content",
    "function_call",
    "code_interpreter_call",
    "tool_call",
    "tool_call_chunk",
    "invalid_tool_call",
];

/// Encodes the messages of a request. `system` is the model's name for the system role; `reasoning` is the member for
/// the reasoning of answers, if it is sent back.
///
/// # Errors
/// `InvalidInput` for content that cannot be sent, `Unsupported` for a kind of message that cannot be sent.
pub(super) fn encode_messages<'a>(
    messages: &'a [Message],
    system: &'static str,
    reasoning: Option<&str>,
) -> Result<Vec<WireMessage<'a>>> {
    let mut encoded = Vec::with_capacity(messages.len());
    for (index, message) in messages.iter().enumerate() {
        let thought = reasoning.and_then(|name| Some((name, thought_of(message)?)));
        match plain(message, system).filter(|_| thought.is_none()) {
            Some(message) => encoded.push(message),
            None => {
                let mut sent = rich(index, message, system)?;
                let answer = sent.iter_mut().find(|wire| wire["role"] == "assistant");
                if let (Some((name, thought)), Some(answer)) = (thought, answer) {
                    answer[name] = thought.into();
                }
                encoded.extend(sent.into_iter().map(WireMessage::Rich));
            }
        }
    }
    Ok(encoded)
}

/// Returns the reasoning of an answer, possibly empty: where reasoning is expected, every answer must have it.
fn thought_of(message: &Message) -> Option<&str> {
    match message {
        Message::Ai(message) => Some(message.reasoning.as_deref().unwrap_or_default()),
        _ => None,
    }
}

/// Returns the role of a message; `None` if such messages cannot be sent.
fn role<'a>(message: &'a Message, system: &'static str) -> Option<&'a str> {
    Some(match message {
        Message::System(message) => {
            message.additional_kwargs.get("__openai_role__").and_then(Value::as_str).unwrap_or(system)
        }
        Message::Human(_) => "user",
        Message::Ai(_) => "assistant",
        Message::Tool(_) => "tool",
        Message::Function(_) => "function",
        Message::Chat(message) => &message.role,
        _ => return None,
    })
}

/// Encodes a message that is a text.
fn plain<'a>(message: &'a Message, system: &'static str) -> Option<WireMessage<'a>> {
    let Content::Text(content) = message.content() else { return None };
    let (mut refusal, mut tool_call_id, mut name) =
        (None, None, message.name().filter(|name| !name.is_empty()));
    match message {
        Message::Ai(message) => {
            let calls = !message.tool_calls().is_empty() || !message.invalid_tool_calls().is_empty();
            let more = ["function_call", "tool_calls", "audio"]
                .iter()
                .any(|name| message.additional_kwargs.contains_key(*name));
            if calls || more {
                return None;
            }
            refusal = refusal_of(message);
        }
        Message::Tool(message) => (tool_call_id, name) = (Some(message.tool_call_id.as_str()), None),
        _ => {}
    }
    Some(WireMessage::Plain { role: role(message, system)?, content, name, refusal, tool_call_id })
}

fn refusal_of(message: &AiMessage) -> Option<&str> {
    message.refusal.as_deref().or_else(|| message.additional_kwargs.get("refusal")?.as_str())
}

/// Encodes a message with blocks or calls; tool results among its blocks become separate messages.
fn rich(index: usize, message: &Message, system: &'static str) -> Result<Vec<Value>> {
    let Some(role) = role(message, system) else {
        let message = format!("messages of the role `{}` cannot be sent to this model", message.role());
        return Err(Error::new(ErrorKind::Unsupported, message));
    };
    let form = OpenAiForm::new().with_text_format(match message.content() {
        Content::Text(_) => TextFormat::String,
        Content::Blocks(_) => TextFormat::Block,
    });
    let mut sent = form.convert_one(index, message)?;
    for wire in sent.iter_mut().filter_map(Value::as_object_mut) {
        if wire["role"] == "tool" {
            wire.remove("name");
        } else {
            wire["role"] = role.into();
        }
        if let (Message::Ai(message), true) = (message, wire["role"] == "assistant") {
            add_calls(message, wire);
            add_audio(message, wire);
        }
        let is_it = role != "tool" && wire["role"] == role;
        if let (true, Some(Value::Array(parts))) = (is_it, wire.get_mut("content")) {
            add_members(message, parts);
        }
        // What is left out here was meant for another API: having it in a conversation is not an error.
        if let Some(Value::Array(parts)) = wire.get_mut("content") {
            parts.retain(|part| !part["type"].as_str().is_some_and(|kind| NOT_SENT.contains(&kind)));
            parts.iter_mut().filter_map(|part| part.get_mut("file")?.as_object_mut()).for_each(only_id);
        }
        let nothing = wire["content"] == "" || wire["content"].as_array().is_some_and(Vec::is_empty);
        if nothing && (wire.contains_key("tool_calls") || wire.contains_key("function_call")) {
            wire["content"] = Value::Null;
        } else if nothing {
            wire["content"] = "".into();
        }
    }
    Ok(sent)
}

/// Members of blocks that do not describe their content.
const NOT_OF_THE_PART: [&str; 6] = ["type", "id", "index", "annotations", "extras", "phase"];

/// Members that mark what is to be cached.
const CACHE_MARKS: [&str; 2] = ["prompt_cache_breakpoint", "cache_control"];

/// Restores members that the standard form of messages omits: all of them for blocks in the service's own form, but
/// only the cache marks for other blocks and for answers, which services fill with members that they do not accept
/// back.
fn add_members(message: &Message, parts: &mut [Value]) {
    let blocks = message.content().as_blocks().unwrap_or_default().iter();
    // These are not parts, but separate calls and messages.
    let blocks = blocks.filter(|block| !matches!(block.kind(), Some("tool_use" | "tool_result")));
    for (part, block) in parts.iter_mut().zip(blocks) {
        let (Value::Object(part), ContentBlock::Data(members)) = (part, block) else { continue };
        let is_own = matches!(block.kind(), Some("text" | "image_url")) && !matches!(message, Message::Ai(_));
        let is_mark = |name: &str| CACHE_MARKS.contains(&name);
        let fits = |name: &str| is_mark(name) || (is_own && !NOT_OF_THE_PART.contains(&name));
        let extras = members.get("extras").and_then(Value::as_object).into_iter().flatten();
        let marks = extras.filter(|(name, _)| is_mark(name));
        for (name, value) in members.iter().filter(|(name, _)| fits(name)).chain(marks) {
            if !value.is_null() {
                part.entry(name).or_insert_with(|| value.clone());
            }
        }
    }
}

/// A file stored by the service is identified by its id alone.
fn only_id(file: &mut Map<String, Value>) {
    if file.contains_key("file_id") {
        file.remove("filename");
    }
}

/// Adds what the standard form of messages lacks: invalid calls, extra members of calls, calls that are only there as
/// the service sent them, and the legacy function call.
fn add_calls(message: &AiMessage, wire: &mut Map<String, Value>) {
    let mut calls = match wire.remove("tool_calls") {
        Some(Value::Array(calls)) => calls,
        _ => Vec::new(),
    };
    for (sent, call) in calls.iter_mut().zip(message.tool_calls()) {
        add_extra(sent, &call.extra, custom_input(&call.args));
    }
    for call in message.invalid_tool_calls() {
        let arguments = call.args.as_deref().unwrap_or_default();
        let mut sent = json!({ "type": "function", "id": call.id, "function": { "name": call.name, "arguments": arguments } });
        add_extra(&mut sent, &call.extra, None);
        calls.push(sent);
    }
    if let (true, Some(Value::Array(raw))) = (calls.is_empty(), message.additional_kwargs.get("tool_calls")) {
        calls.clone_from(raw);
    }
    if !calls.is_empty() {
        wire.insert("tool_calls".to_owned(), calls.into());
    } else if let Some(call) = message.additional_kwargs.get("function_call") {
        wire.insert("function_call".to_owned(), call.clone());
    }
}

/// Refers to spoken output by its id, under which the service keeps it.
fn add_audio(message: &AiMessage, wire: &mut Map<String, Value>) {
    if let Some(audio) = message.additional_kwargs.get("audio") {
        let id = audio.get("id").map(|id| json!({ "id": id }));
        wire.insert("audio".to_owned(), id.unwrap_or_else(|| audio.clone()));
    }
}

/// Adds the members that the service expects back with a call, and converts calls of custom tools to their own form.
fn add_extra(sent: &mut Value, extra: &Map<String, Value>, input: Option<&str>) {
    if let Some(content) = extra.get("extra_content") {
        sent["extra_content"] = content.clone();
    }
    if is_custom(extra) {
        let mut function = sent["function"].take();
        let input = input.map_or_else(|| function["arguments"].take(), Value::from);
        let custom = json!({ "name": function["name"], "input": input });
        *sent = json!({ "type": "custom", "id": sent["id"], "custom": custom });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use catena_core::{FunctionMessage, InvalidToolCall, RemoveMessage, ToolCall};

    #[track_caller]
    fn check(message: Message, expected: Value) {
        let messages = [message];
        let encoded = encode_messages(&messages, "system", None).expect("encoded");
        assert_eq!(serde_json::to_value(encoded).expect("JSON"), expected);
    }

    #[test]
    fn tool_calls_and_their_results_are_sent() {
        let mut answer = AiMessage::new("").with_tool_calls([ToolCall::new("f", [("a", "é")]).with_id("c1")]);
        answer.push_invalid_tool_call(InvalidToolCall::new("g", "{oops"));
        check(
            answer.into(),
            json!([{"role": "assistant", "content": null, "tool_calls": [
                {"type": "function", "id": "c1", "function": {"name": "f", "arguments": "{\"a\": \"é\"}"}},
                {"type": "function", "id": null, "function": {"name": "g", "arguments": "{oops"}},
            ]}]),
        );
        check(Message::tool("42", "c1"), json!([{"role": "tool", "content": "42", "tool_call_id": "c1"}]));
        let blocks = vec![ContentBlock::plain("4"), ContentBlock::text("2")];
        check(
            Message::tool(blocks, "c1"),
            json!([{"role": "tool", "tool_call_id": "c1",
                "content": [{"type": "text", "text": "4"}, {"type": "text", "text": "2"}]}]),
        );
    }

    #[test]
    fn calls_as_the_service_sent_them_are_sent_back() {
        let calls = json!([{"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]);
        let mut answer = AiMessage::new("");
        answer.additional_kwargs.insert("tool_calls".to_owned(), calls.clone());
        check(answer.into(), json!([{"role": "assistant", "content": null, "tool_calls": calls}]));
    }

    #[test]
    fn custom_tools_are_told_what_they_were_given() {
        let mut call = ToolCall::new("run", [("__arg1", "1+1")]).with_id("c1");
        call.extra.insert("custom".to_owned(), true.into());
        let mut broken = InvalidToolCall::new("run", "1+");
        broken.extra = call.extra.clone();
        let mut answer = AiMessage::new("").with_tool_calls([call]);
        answer.push_invalid_tool_call(broken);
        let sent = |id: Value, input: &str| json!({"type": "custom", "id": id, "custom": {"name": "run", "input": input}});
        check(
            answer.into(),
            json!([{"role": "assistant", "content": null, "tool_calls": [sent("c1".into(), "1+1"), sent(Value::Null, "1+")]}]),
        );
    }

    #[test]
    fn thoughts_are_told_again_where_that_is_wanted() {
        let mut plain = AiMessage::new("42");
        plain.reasoning = Some("6*7".into());
        let mut calling = AiMessage::new("").with_tool_calls([ToolCall::new("f", [("a", 1)]).with_id("c1")]);
        calling.reasoning = Some("ask f".into());
        let messages = [Message::human("?"), plain.into(), calling.into(), Message::ai("!")];
        let encoded = |name| {
            serde_json::to_value(encode_messages(&messages, "system", name).expect("encoded")).expect("JSON")
        };
        let mut expected = encoded(None);
        assert!(!expected.to_string().contains("6*7"));
        expected[1]["reasoning_content"] = "6*7".into();
        expected[2]["reasoning_content"] = "ask f".into();
        expected[3]["reasoning_content"] = "".into();
        assert_eq!(encoded(Some("reasoning_content")), expected);
    }

    #[test]
    fn blocks_keep_what_the_service_may_know() {
        let content = |blocks: Value| serde_json::from_value::<Content>(blocks).expect("content");
        let marked = |mut part: Value| {
            part["cache_control"] = json!({"type": "ephemeral"});
            part["prompt_cache_breakpoint"] = json!({"mode": "explicit"});
            part
        };
        let text = json!({"type": "text", "text": "t"});
        let image = json!({"type": "image_url", "image_url": {"url": "u"}});
        let mut block = marked(text.clone());
        block["id"] = "lc_1".into();
        block["index"] = 0.into();
        block["annotations"] = json!([]);
        block["note"] = "n".into();
        let mut whole = marked(text.clone());
        whole["note"] = "n".into();
        let extras = json!({"type": "text", "text": "t", "extras": {"cache_control": {"type": "ephemeral"}, "note": "n"}});
        let mut extras_marked = text.clone();
        extras_marked["cache_control"] = json!({"type": "ephemeral"});
        let blocks =
            json!([block, marked(image.clone()), marked(json!({"type": "image", "url": "u"})), text, extras]);
        let parts = json!([whole, marked(image.clone()), marked(image.clone()), text, extras_marked]);
        check(Message::human(content(blocks.clone())), json!([{"role": "user", "content": parts}]));
        check(Message::system(content(blocks)), json!([{"role": "system", "content": parts}]));
        let blocks = json!([{"type": "thinking", "thinking": "hm"}, {"type": "tool_use", "id": "c1", "name": "f", "input": {}}, block]);
        check(
            Message::ai(content(blocks)),
            json!([{"role": "assistant", "content": [marked(text.clone())], "tool_calls": [
                {"type": "function", "id": "c1", "function": {"name": "f", "arguments": "{}"}}]}]),
        );
        check(
            Message::tool(content(json!([block])), "c1"),
            json!([{"role": "tool", "tool_call_id": "c1", "content": [text]}]),
        );
    }

    #[test]
    fn every_role_has_its_word() {
        check(
            FunctionMessage::new("f", "r").into(),
            json!([{"role": "function", "name": "f", "content": "r"}]),
        );
        check(Message::chat("critic", "x"), json!([{"role": "critic", "content": "x"}]));
        let error =
            encode_messages(&[RemoveMessage::new("1").into()], "system", None).err().expect("an error");
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }

    #[test]
    fn blocks_of_other_services_are_rewritten_or_left_out() {
        let content: Content = serde_json::from_value(json!([
            {"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "t", "annotations": []},
            {"type": "tool_use", "id": "c1", "name": "f", "input": {"a": 1}},
        ]))
        .expect("content");
        check(
            Message::ai(content),
            json!([{"role": "assistant", "content": [{"type": "text", "text": "t"}], "tool_calls": [
                {"type": "function", "id": "c1", "function": {"name": "f", "arguments": "{\"a\": 1}"}}]}]),
        );
        let image: Content =
            serde_json::from_value(json!([{"type": "image", "base64": "QQ==", "mime_type": "image/png"}]))
                .expect("content");
        check(
            Message::human(image),
            json!([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,QQ=="}}]}]),
        );
        let file: Content =
            serde_json::from_value(json!([{"type": "file", "url": "https://e.org/a.pdf"}])).expect("content");
        let messages = [Message::human("Hi"), Message::human(file)];
        let error = encode_messages(&messages, "system", None).err().expect("an error");
        assert!(error.to_string().contains("messages[1].content[0]"), "{error}");
    }
}
