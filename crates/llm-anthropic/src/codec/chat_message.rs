//! Conversations: the system prompt, and alternating turns of user and assistant.

use catena_core::{Content, ContentBlock, Error, ErrorKind, Message, Result, ToolStatus};

use super::content::{Block, WireContent, encode_block, may_be_cited};
use super::sent_answer::encode_answer;
use super::turn::{Turn, trim_end};

/// An encoded conversation.
pub(super) struct Conversation<'a> {
    pub(super) system: Option<WireContent<'a>>,
    pub(super) turns: Vec<Turn<'a>>,
    /// Whether there is content that the service may cite.
    pub(super) cited: bool,
}

/// Encodes a conversation. Consecutive messages of the same role are one turn, and tool results belong to the user's.
/// `system_turns`: the model accepts system messages within a conversation.
///
/// # Errors
/// `InvalidInput` for a conversation without a turn, for system messages that do not come first, and for blocks without
/// content; `Unsupported` for kinds of messages and content that the service does not support.
pub(super) fn encode_messages(messages: &[Message], system_turns: bool) -> Result<Conversation<'_>> {
    let mut system = Vec::new();
    let mut turns: Vec<Turn<'_>> = Vec::new();
    let mut cited = false;
    for (index, message) in messages.iter().enumerate() {
        let role = role(message).map_err(|error| at(index, error))?;
        cited |= message.content().as_blocks().unwrap_or_default().iter().any(may_be_cited);
        let content = encode_content(message).map_err(|error| at(index, error))?;
        match (role, turns.last_mut()) {
            ("system", None) => system.push(content),
            ("system", Some(_)) if !system_turns => return Err(late_instructions(index)),
            ("assistant", _) if content.is_empty() => {}
            (role, Some(turn)) if turn.role == role => turn.content.append(content),
            (role, _) => turns.push(Turn { role, content }),
        }
    }
    if turns.is_empty() {
        let message = "a chat model requires at least one message that is not a system message";
        return Err(Error::new(ErrorKind::InvalidInput, message));
    }
    turns.iter_mut().for_each(Turn::put_results_first);
    trim_end(&mut turns);
    let system = system.into_iter().reduce(|mut all, next| {
        all.append(next);
        all
    });
    Ok(Conversation { system: system.filter(|system| !system.is_empty()), turns, cited })
}

fn at(index: usize, error: Error) -> Error {
    Error::new(error.kind(), format!("message {}: {}", index + 1, error.message()))
}

fn late_instructions(index: usize) -> Error {
    let message = format!(
        "message {}: this model accepts system messages only at the start; move it there, turn it into a user message, \
         or call `with_system_turns` if the model supports them later",
        index + 1
    );
    Error::new(ErrorKind::InvalidInput, message)
}

/// Returns the role of a message's turn.
fn role(message: &Message) -> Result<&'static str> {
    let other = match message {
        Message::System(_) => return Ok("system"),
        Message::Human(_) | Message::Tool(_) => return Ok("user"),
        Message::Ai(_) => return Ok("assistant"),
        Message::Chat(message) => match message.role.as_str() {
            "system" | "developer" => return Ok("system"),
            "user" | "human" => return Ok("user"),
            "assistant" | "ai" => return Ok("assistant"),
            other => other,
        },
        other => other.role(),
    };
    let message = format!("unsupported message role `{other:.100}`");
    Err(Error::new(ErrorKind::Unsupported, message))
}

fn encode_content(message: &Message) -> Result<WireContent<'_>> {
    match message {
        Message::System(message) => encode_system(&message.content),
        Message::Tool(message) => {
            let content = &message.content;
            if is_made_of_results(content) {
                return encode_blocks(content);
            }
            let is_error = message.status == ToolStatus::Error;
            Ok(WireContent::Blocks(vec![Block::result(&message.tool_call_id, content, is_error)?]))
        }
        Message::Ai(message) => encode_answer(message),
        other => encode_blocks(other.content()),
    }
}

fn encode_blocks(content: &Content) -> Result<WireContent<'_>> {
    Ok(match content {
        Content::Text(text) => WireContent::Text(text),
        Content::Blocks(blocks) => {
            let blocks = blocks.iter().filter_map(|block| encode_block(block).transpose());
            WireContent::Blocks(blocks.collect::<Result<_>>()?)
        }
    })
}

fn encode_system(content: &Content) -> Result<WireContent<'_>> {
    let other = |block: &&ContentBlock| block.kind() != Some("text");
    match content.as_blocks().unwrap_or_default().iter().find(other) {
        None => encode_blocks(content),
        Some(block) => {
            let kind = block.kind().unwrap_or("none");
            let message = format!("unsupported block type `{kind:.100}` in a system message");
            Err(Error::new(ErrorKind::Unsupported, message))
        }
    }
}

/// Returns true for a tool message whose content already consists of the service's result blocks.
fn is_made_of_results(content: &Content) -> bool {
    let is_result = |block: &ContentBlock| block.kind() == Some("tool_result");
    content.as_blocks().is_some_and(|blocks| !blocks.is_empty() && blocks.iter().all(is_result))
}

#[cfg(test)]
mod tests {
    use super::*;
    use catena_core::{AiMessage, ToolCall, ToolMessage};
    use serde_json::{Value, json};

    fn encode(messages: &[Message], system_turns: bool) -> Result<Value> {
        let Conversation { system, turns, .. } = encode_messages(messages, system_turns)?;
        Ok(json!({ "system": system.map(|system| json!(system)), "turns": turns }))
    }

    fn blocks(blocks: Value) -> Content {
        serde_json::from_value(blocks).expect("content")
    }

    #[track_caller]
    fn check(messages: &[Message], system: Value, turns: Value) {
        let encoded = encode(messages, false).expect("a conversation");
        assert_eq!(encoded, json!({"system": system, "turns": turns}));
    }

    fn call() -> AiMessage {
        AiMessage::new("").with_tool_calls([ToolCall::new("f", [("z", 1), ("a", 2)]).with_id("t1")])
    }

    #[test]
    fn sides_take_turns() {
        check(&[Message::human("Hi")], Value::Null, json!([{"role": "user", "content": "Hi"}]));
        check(
            &[
                Message::system("A"),
                Message::system("B"),
                Message::human("1"),
                Message::human("2"),
                Message::ai("3"),
                Message::ai("4"),
            ],
            json!([{"type": "text", "text": "A"}, {"type": "text", "text": "B"}]),
            json!([
                {"role": "user", "content": [{"type": "text", "text": "1"}, {"type": "text", "text": "2"}]},
                {"role": "assistant", "content": [{"type": "text", "text": "3"}, {"type": "text", "text": "4"}]},
            ]),
        );
        check(
            &[
                Message::system("A"),
                Message::human(blocks(json!(["x", {"type": "text", "text": " "}]))),
                Message::ai(""),
                Message::human("y"),
            ],
            json!("A"),
            json!([{"role": "user", "content": [{"type": "text", "text": "x"}, {"type": "text", "text": "y"}]}]),
        );
        check(&[Message::human("")], Value::Null, json!([{"role": "user", "content": ""}]));
        check(
            &[Message::human("Hi"), Message::ai("The answer is \n")],
            Value::Null,
            json!([{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "The answer is"}]),
        );
        let message = |role: &str| {
            serde_json::from_value(json!({"type": "chat", "role": role, "content": "x"})).expect("a message")
        };
        check(
            &[message("developer"), message("user"), message("assistant")],
            json!("x"),
            json!([{"role": "user", "content": "x"}, {"role": "assistant", "content": "x"}]),
        );
    }

    #[test]
    fn results_are_the_users_and_come_first() {
        let mut failed = ToolMessage::new("no such city", "functions.f:0");
        failed.status = ToolStatus::Error;
        let marked = blocks(json!([{"type": "text", "text": "42", "cache_control": {"type": "ephemeral"}},
            {"type": "image", "base64": "QQ==", "mime_type": "image/png"}]));
        let mut foreign = call();
        foreign.push_tool_call(ToolCall::new("g", [("", 0); 0]).with_id("functions.f:0"));
        check(
            &[
                Message::human("?"),
                foreign.into(),
                Message::human("now"),
                Message::tool(marked, "t1"),
                failed.into(),
                Message::tool("", "t3"),
            ],
            Value::Null,
            json!([
                {"role": "user", "content": "?"},
                {"role": "assistant", "content": [
                    {"type": "tool_use", "id": "t1", "name": "f", "input": {"z": 1, "a": 2}},
                    {"type": "tool_use", "id": "functions_2ef_3a0", "name": "g", "input": {}},
                ]},
                {"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": "t1", "cache_control": {"type": "ephemeral"}, "content": [
                        {"type": "text", "text": "42"},
                        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "QQ=="}},
                    ]},
                    {"type": "tool_result", "tool_use_id": "functions_2ef_3a0", "content": "no such city", "is_error": true},
                    {"type": "tool_result", "tool_use_id": "t3"},
                    {"type": "text", "text": "now"},
                ]},
            ]),
        );
        let native = json!([{"type": "tool_result", "tool_use_id": "t1", "content": "42"}]);
        check(
            &[Message::tool(blocks(native.clone()), "t1")],
            Value::Null,
            json!([{"role": "user", "content": native}]),
        );
    }

    #[test]
    fn marks_stay_on_their_blocks() {
        let mark = json!({"type": "ephemeral", "ttl": "1h"});
        let content = json!([
            {"type": "text", "text": "a", "cache_control": mark},
            {"type": "text", "text": "b", "extras": {"cache_control": mark}},
            {"type": "file", "base64": "QQ==", "extras": {"title": "T", "citations": {"enabled": true}, "cache_control": mark}},
            {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "x"}, "index": 3, "title": "U"},
        ]);
        let expected = json!([
            {"type": "text", "text": "a", "cache_control": mark},
            {"type": "text", "text": "b", "cache_control": mark},
            {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "QQ=="},
                "title": "T", "citations": {"enabled": true}, "cache_control": mark},
            {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "x"}, "title": "U"},
        ]);
        check(
            &[Message::human(blocks(content))],
            Value::Null,
            json!([{"role": "user", "content": expected}]),
        );
        let system = json!([{"type": "text", "text": "S", "cache_control": mark}]);
        check(
            &[Message::system(blocks(system.clone())), Message::human("x")],
            system,
            json!([{"role": "user", "content": "x"}]),
        );
    }

    #[test]
    fn instructions_come_first_or_where_the_model_takes_them() {
        let messages = [Message::human("Hi"), Message::system("Now in verse."), Message::ai("Ho")];
        let error = encode(&messages, false).expect_err("too late");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains("message 2"), "{error}");
        let turns = encode(&messages, true).expect("a conversation")["turns"].clone();
        assert_eq!(turns[1], json!({"role": "system", "content": "Now in verse."}));
    }

    #[test]
    fn what_cannot_be_sent_is_an_error() {
        let image = Message::system(blocks(json!([{"type": "image", "url": "https://e.org/a.png"}])));
        let function = serde_json::from_value(json!({"type": "function", "name": "f", "content": "x"}))
            .expect("a message");
        let nameless = AiMessage::new("").with_tool_calls([ToolCall::new("f", [("", 0); 0])]);
        for (message, kind) in [
            (image, ErrorKind::Unsupported),
            (function, ErrorKind::Unsupported),
            (Message::human(blocks(json!([{"type": "audio", "base64": "QQ=="}]))), ErrorKind::Unsupported),
            (Message::human(blocks(json!([{"text": "no type"}]))), ErrorKind::InvalidInput),
            (nameless.into(), ErrorKind::InvalidInput),
        ] {
            let error = encode(&[message, Message::human("x")], false).expect_err("an error");
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.to_string().contains("message 1"), "{error}");
        }
        for nothing in [vec![], vec![Message::system("S")], vec![Message::ai("")]] {
            assert_eq!(encode(&nothing, false).expect_err("nothing").kind(), ErrorKind::InvalidInput);
        }
    }

    #[test]
    fn long_conversations_take_time_in_proportion() {
        let started = std::time::Instant::now();
        let mut answer = AiMessage::new("");
        let mut messages = vec![Message::human("?")];
        for n in 0..20_000 {
            answer.push_tool_call(ToolCall::new("f", [("", 0); 0]).with_id(format!("t{n}")));
        }
        messages.push(answer.into());
        for n in 0..20_000 {
            messages.extend([Message::human("x"), Message::tool("r", format!("t{n}"))]);
        }
        let turns = encode_messages(&messages, false).expect("a conversation").turns;
        assert_eq!(turns.len(), 3);
        assert!(started.elapsed() < std::time::Duration::from_secs(5), "{:?}", started.elapsed());
    }
}
