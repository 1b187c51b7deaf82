//! Messages of chat requests.

use std::borrow::Cow;
use std::collections::BTreeMap;

use catena_core::{
    AiMessage, Content, Error, ErrorKind, InvalidToolCall, MediaBlock, Message, Record, Result,
    StandardBlock, ToolCall,
};
use serde::Serialize;

use crate::parameters::unsupported;

/// An encoded message.
#[derive(Debug, Default, Serialize)]
pub(crate) struct WireMessage<'a> {
    role: &'a str,
    content: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<&'a str>,
    /// In Base64.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    images: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<WireCall<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct WireCall<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    function: WireFunction<'a>,
}

#[derive(Debug, Serialize)]
struct WireFunction<'a> {
    name: &'a str,
    arguments: Arguments<'a>,
}

/// The service only accepts objects.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Arguments<'a> {
    Read(&'a Record),
    Invalid {
        /// The model's own text, so that it can see its mistake.
        #[serde(skip_serializing_if = "str::is_empty")]
        invalid_json: &'a str,
    },
}

/// Encodes the messages of a request.
///
/// # Errors
/// `InvalidInput` if there is none, `Unsupported` for a kind of message or content that cannot be sent.
pub(crate) fn encode_messages(messages: &[Message]) -> Result<Vec<WireMessage<'_>>> {
    if messages.is_empty() {
        return Err(Error::new(ErrorKind::InvalidInput, "a chat model requires at least one message"));
    }
    // The service matches tool results to calls by the tools' names.
    let mut names = BTreeMap::new();
    messages.iter().map(|message| encode_message(message, &mut names)).collect()
}

fn encode_message<'a>(
    message: &'a Message,
    names: &mut BTreeMap<&'a str, &'a str>,
) -> Result<WireMessage<'a>> {
    let role = match message {
        Message::System(_) => "system",
        Message::Human(_) => "user",
        Message::Ai(message) => return Ok(answer(message, names)),
        Message::Tool(_) | Message::Function(_) => "tool",
        Message::Chat(message) => &message.role,
        _ => return Err(unsupported(&format!("be sent messages of the role `{}`", message.role()))),
    };
    let (content, images) = parts(message)?;
    let mut wire = WireMessage { role, content, images, ..WireMessage::default() };
    if let Message::Tool(message) = message {
        let id = message.tool_call_id.as_str();
        wire.tool_call_id = Some(id).filter(|id| !id.is_empty());
        wire.tool_name = message.name.as_deref().or_else(|| names.get(id).copied());
    } else if role == "tool" {
        wire.tool_name = message.name();
    }
    Ok(wire)
}

/// Encodes an answer. Content other than text, reasoning and calls was meant for another service: having it in a
/// conversation is not an error.
fn answer<'a>(message: &'a AiMessage, names: &mut BTreeMap<&'a str, &'a str>) -> WireMessage<'a> {
    let calls = message.tool_calls();
    names.extend(calls.iter().filter_map(|call| Some((call.id.as_deref()?, call.name.as_str()))));
    let invalid = message.invalid_tool_calls();
    names.extend(invalid.iter().filter_map(|call| Some((call.id.as_deref()?, call.name.as_deref()?))));
    WireMessage {
        role: "assistant",
        content: message.text(),
        thinking: message.reasoning.as_deref(),
        tool_calls: calls.iter().map(call).chain(invalid.iter().map(invalid_call)).collect(),
        ..WireMessage::default()
    }
}

fn call(call: &ToolCall) -> WireCall<'_> {
    let function = WireFunction { name: &call.name, arguments: Arguments::Read(&call.args) };
    WireCall { id: call.id.as_deref(), function }
}

fn invalid_call(call: &InvalidToolCall) -> WireCall<'_> {
    let arguments = Arguments::Invalid { invalid_json: call.args.as_deref().unwrap_or_default() };
    let function = WireFunction { name: call.name.as_deref().unwrap_or_default(), arguments };
    WireCall { id: call.id.as_deref(), function }
}

/// Returns the text and the images of a message.
fn parts(message: &Message) -> Result<(Cow<'_, str>, Vec<String>)> {
    if let Content::Text(text) = message.content() {
        return Ok((text.into(), Vec::new()));
    }
    let (mut text, mut images) = (String::new(), Vec::new());
    for block in message.content_blocks() {
        match block {
            StandardBlock::Text(block) => text.push_str(&block.text),
            StandardBlock::PlainText(block) => text.push_str(block.text.as_deref().unwrap_or_default()),
            StandardBlock::Image(image) => images.push(inline(image)?),
            // Sent separately from the content.
            StandardBlock::ToolCall(_) | StandardBlock::Reasoning(_) => {}
            // Thinking of an answer of unknown origin.
            StandardBlock::NonStandard(data) if data.get("type").is_some_and(|kind| kind == "thinking") => {}
            other => {
                let kind = match &other {
                    StandardBlock::NonStandard(data) => data.get("type").and_then(|kind| kind.as_str()),
                    other => Some(other.kind()),
                };
                let kind = catena_http::service::bounded(kind.unwrap_or("unknown"), 100);
                return Err(unsupported(&format!("read content of the type `{kind}`")));
            }
        }
    }
    Ok((text.into(), images))
}

fn inline(image: MediaBlock) -> Result<String> {
    let data_url = |url: String| {
        let (_, data) = url.strip_prefix("data:")?.split_once(";base64,")?;
        Some(data.to_owned())
    };
    image.base64.or_else(|| image.url.and_then(data_url)).ok_or_else(|| {
        unsupported("fetch images: send them inline, in Base64, as a `data:` URL or a `MediaBlock::base64`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use catena_core::{ContentBlock, RemoveMessage};
    use serde_json::{Value, json};

    #[track_caller]
    fn check(messages: &[Message], expected: Value) {
        let encoded = encode_messages(messages).expect("encoded");
        assert_eq!(serde_json::to_value(encoded).expect("JSON"), expected);
    }

    #[test]
    fn messages_have_the_roles_of_the_wire() {
        let mut thought = AiMessage::new("42");
        thought.reasoning = Some("6*7".into());
        check(
            &[Message::system("Be brief."), Message::human("Hi"), Message::Ai(thought)],
            json!([
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "Hi"},
                {"role": "assistant", "content": "42", "thinking": "6*7"},
            ]),
        );
    }

    #[test]
    fn tool_calls_and_their_results_are_sent() {
        let mut answer = AiMessage::new("").with_tool_calls([ToolCall::new("f", [("a", "é")]).with_id("c1")]);
        answer.push_invalid_tool_call(InvalidToolCall::new("g", "{oops"));
        check(
            &[answer.into(), Message::tool("42", "c1"), Message::tool("?", "c9")],
            json!([
                {"role": "assistant", "content": "", "tool_calls": [
                    {"id": "c1", "function": {"name": "f", "arguments": {"a": "é"}}},
                    {"function": {"name": "g", "arguments": {"invalid_json": "{oops"}}},
                ]},
                {"role": "tool", "content": "42", "tool_name": "f", "tool_call_id": "c1"},
                {"role": "tool", "content": "?", "tool_call_id": "c9"},
            ]),
        );
    }

    #[test]
    fn images_are_sent_inline() {
        let blocks = vec![
            ContentBlock::text("What is "),
            ContentBlock::image_url("data:image/png;base64,AAAA"),
            StandardBlock::Image(MediaBlock::base64("BBBB", "image/png")).into(),
            ContentBlock::plain("this?"),
        ];
        check(
            &[Message::human(blocks)],
            json!([{"role": "user", "content": "What is this?", "images": ["AAAA", "BBBB"]}]),
        );
    }

    #[test]
    fn what_cannot_be_sent_is_refused() {
        let block = |data: Value| match data {
            Value::Object(data) => ContentBlock::Data(data),
            _ => ContentBlock::plain(""),
        };
        for message in [
            Message::human(vec![ContentBlock::image_url("https://e.org/cat.png")]),
            Message::human(vec![StandardBlock::Audio(MediaBlock::base64("AA", "audio/wav"))]),
            Message::human(vec![StandardBlock::File(MediaBlock::file_id("f"))]),
            Message::human(vec![block(json!({"type": "zzz"}))]),
            Message::Remove(RemoveMessage::new("m1")),
        ] {
            let error = encode_messages(std::slice::from_ref(&message)).expect_err("refused");
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{message:?}");
        }
        assert_eq!(encode_messages(&[]).expect_err("none").kind(), ErrorKind::InvalidInput);
    }
}
