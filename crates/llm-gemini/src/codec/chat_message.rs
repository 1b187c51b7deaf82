//! Messages of requests.

use std::borrow::Cow;
use std::collections::HashMap;

use catena_core::{AiMessage, Content, Error, ErrorKind, Message, Result, ToolMessage, ToolStatus};
use serde::Serialize;
use serde_json::{Map, Value};

use super::part::{Args, WireCall, WirePart, part_of, signature};
use super::tool_result::result_part;

/// The placeholder for the signature that other models' calls lack, which the newest models accept. Google documents it
/// for conversations from elsewhere.
const NO_SIGNATURE: &str = "skip_thought_signature_validator";

/// An encoded turn.
#[derive(Debug, Serialize)]
pub(crate) struct WireContent<'a> {
    role: &'static str,
    parts: Vec<WirePart<'a>>,
    /// Whether it holds tool results, which belong in one turn.
    #[serde(skip)]
    results: bool,
}

/// An encoded conversation.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Conversation<'a> {
    pub(crate) contents: Vec<WireContent<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) system_instruction: Option<Instruction<'a>>,
}

/// The system instruction.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Instruction<'a> {
    parts: Vec<WirePart<'a>>,
}

/// Encodes the messages of a request. System messages at any position become the instruction; consecutive tool results
/// are one turn; empty answers are omitted.
///
/// # Errors
/// `InvalidInput` for no messages, content that cannot be sent and results without a call, `Unsupported` for a kind of
/// message that cannot be sent.
pub(crate) fn encode_messages<'a>(model: &str, messages: &'a [Message]) -> Result<Conversation<'a>> {
    let mut encoder = Encoder { wants_signatures: wants_signatures(model), ..Encoder::default() };
    for (index, message) in messages.iter().enumerate() {
        encoder.add(index, message)?;
    }
    if encoder.conversation.contents.is_empty() {
        let message = "a Gemini model requires at least one message that is not a system message";
        return Err(Error::new(ErrorKind::InvalidInput, message));
    }
    Ok(encoder.conversation)
}

/// Returns true for models that reject calls without a signature.
fn wants_signatures(model: &str) -> bool {
    let name = model.rsplit('/').next().unwrap_or_default();
    let version = name.strip_prefix("gemini-").and_then(|rest| rest.split(['.', '-']).next());
    match version {
        // Aliases of the newest model start with its size.
        Some("flash" | "pro") => true,
        Some(version) => version.parse::<u32>().is_ok_and(|version| version >= 3),
        None => false,
    }
}

#[derive(Default)]
struct Encoder<'a> {
    conversation: Conversation<'a>,
    /// The names of the tools called so far, by call id.
    calls: HashMap<&'a str, &'a str>,
    wants_signatures: bool,
}

impl<'a> Encoder<'a> {
    fn add(&mut self, index: usize, message: &'a Message) -> Result<()> {
        match message {
            Message::System(_) => self.instruct(parts(index, message)?),
            Message::Human(_) => self.turn("user", parts(index, message)?),
            Message::Ai(answer) => {
                let parts = self.answer(index, message, answer)?;
                if !parts.is_empty() {
                    self.turn("model", parts);
                }
            }
            Message::Tool(result) => {
                let name = self.calls.get(result.tool_call_id.as_str()).copied();
                let name = name.or(result.name.as_deref()).ok_or_else(|| no_call(index, result))?;
                self.result(result_part(
                    parts(index, message)?,
                    Some(&result.tool_call_id),
                    name,
                    result.status,
                ));
            }
            Message::Function(result) => {
                let name = result.name.as_deref().unwrap_or_default();
                self.result(result_part(parts(index, message)?, None, name, ToolStatus::Success));
            }
            Message::Chat(chat) => match chat.role.as_str() {
                "system" | "developer" => self.instruct(parts(index, message)?),
                "user" | "human" => self.turn("user", parts(index, message)?),
                "model" | "assistant" | "ai" => self.turn("model", parts(index, message)?),
                role => return Err(unsupported(role)),
            },
            _ => return Err(unsupported(message.role())),
        }
        Ok(())
    }

    fn instruct(&mut self, parts: Vec<WirePart<'a>>) {
        self.conversation.system_instruction.get_or_insert_default().parts.extend(parts);
    }

    fn turn(&mut self, role: &'static str, parts: Vec<WirePart<'a>>) {
        self.conversation.contents.push(WireContent { role, parts, results: false });
    }

    fn result(&mut self, part: WirePart<'a>) {
        match self.conversation.contents.last_mut() {
            Some(turn) if turn.results => turn.parts.push(part),
            _ => {
                let turn = WireContent { role: "user", parts: vec![part], results: true };
                self.conversation.contents.push(turn);
            }
        }
    }

    fn answer(
        &mut self,
        index: usize,
        message: &'a Message,
        answer: &'a AiMessage,
    ) -> Result<Vec<WirePart<'a>>> {
        let mut parts = match &answer.content {
            Content::Text(text) if text.is_empty() => Vec::new(),
            _ => parts(index, message)?,
        };
        if parts.is_empty() {
            parts.extend(answer.refusal.as_deref().map(WirePart::text));
        }
        let first_call = parts.len();
        for call in answer.tool_calls() {
            let id = call.id.as_deref().filter(|id| !id.is_empty());
            parts.push(self.call(id, &call.name, Args::Read(&call.args), &call.extra));
        }
        for call in answer.invalid_tool_calls() {
            let id = call.id.as_deref().filter(|id| !id.is_empty());
            let arguments = call.args.as_deref().unwrap_or_default();
            let name = call.name.as_deref().unwrap_or_default();
            parts.push(self.call(id, name, Args::Unreadable { arguments }, &call.extra));
        }
        // Of several parallel calls only the first is signed.
        if let Some(first) = parts.get_mut(first_call).filter(|_| self.wants_signatures) {
            first.thought_signature.get_or_insert(Cow::Borrowed(NO_SIGNATURE));
        }
        Ok(parts)
    }

    fn call(
        &mut self,
        id: Option<&'a str>,
        name: &'a str,
        args: Args<'a>,
        extra: &Map<String, Value>,
    ) -> WirePart<'a> {
        if let Some(id) = id {
            self.calls.insert(id, name);
        }
        WirePart {
            thought_signature: signature(extra),
            function_call: Some(WireCall { id, name, args }),
            ..WirePart::default()
        }
    }
}

fn unsupported(role: &str) -> Error {
    Error::new(ErrorKind::Unsupported, format!("unsupported message role `{role:.40}`"))
}

fn no_call(index: usize, result: &ToolMessage) -> Error {
    let message = format!(
        "messages[{index}] is the result of the tool call `{:.60}`, which no earlier message contains; Gemini requires the \
         name of the tool: keep the message with the call, or set the name of the result",
        result.tool_call_id
    );
    Error::new(ErrorKind::InvalidInput, message)
}

/// Converts the content of a message to parts.
fn parts<'a>(index: usize, message: &'a Message) -> Result<Vec<WirePart<'a>>> {
    if let Content::Text(text) = message.content() {
        return Ok(vec![WirePart::text(text.as_str())]);
    }
    let from_model = matches!(message, Message::Ai(_));
    let mut parts = Vec::new();
    for (at, block) in message.content_blocks().into_iter().enumerate() {
        match part_of(block, from_model) {
            Ok(part) => parts.extend(part),
            Err(wrong) => {
                let message = format!("messages[{index}].content[{at}] {wrong}");
                return Err(Error::new(ErrorKind::InvalidInput, message));
            }
        }
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use catena_core::{ChatMessage, FunctionMessage, InvalidToolCall, RemoveMessage, ToolCall};
    use serde_json::json;

    #[track_caller]
    fn check_model(model: &str, messages: &[Message], expected: Value) {
        let encoded = encode_messages(model, messages).expect("encoded");
        assert_eq!(serde_json::to_value(encoded).expect("JSON"), expected);
    }

    #[track_caller]
    fn check(messages: &[Message], expected: Value) {
        check_model("gemini-2.5-flash", messages, expected);
    }

    fn content(value: Value) -> Content {
        serde_json::from_value(value).expect("content")
    }

    #[test]
    fn roles_have_their_words_and_system_messages_are_the_instruction() {
        check(
            &[
                Message::system("Be brief."),
                Message::human("Hi"),
                Message::ai("Hello"),
                Message::system("In verse."),
                ChatMessage::new("developer", "Rhyme.").into(),
                ChatMessage::new("user", "Go on").into(),
                ChatMessage::new("assistant", "So").into(),
            ],
            json!({
                "systemInstruction": {"parts": [{"text": "Be brief."}, {"text": "In verse."}, {"text": "Rhyme."}]},
                "contents": [
                    {"role": "user", "parts": [{"text": "Hi"}]}, {"role": "model", "parts": [{"text": "Hello"}]},
                    {"role": "user", "parts": [{"text": "Go on"}]}, {"role": "model", "parts": [{"text": "So"}]},
                ],
            }),
        );
    }

    #[test]
    fn calls_and_their_results_are_sent() {
        let mut answer = AiMessage::new("Let me see.").with_tool_calls([
            ToolCall::new("f", [("b", "é"), ("a", "1")]).with_id("c1"),
            ToolCall::new("g", [("", 0); 0]),
        ]);
        let mut invalid = InvalidToolCall::new("h", "{oops");
        invalid.id = Some("c3".into());
        answer.push_invalid_tool_call(invalid);
        let mut failed = ToolMessage::new("no", "c3");
        failed.status = ToolStatus::Error;
        let mut named = ToolMessage::new("[1]", "lost");
        named.name = Some("g".into());
        check(
            &[
                Message::human("Hi"),
                answer.into(),
                Message::tool(r#"{"t": 21}"#, "c1"),
                failed.into(),
                named.into(),
                FunctionMessage::new("old", "r").into(),
                Message::human("And?"),
            ],
            json!({"contents": [
                {"role": "user", "parts": [{"text": "Hi"}]},
                {"role": "model", "parts": [
                    {"text": "Let me see."},
                    {"functionCall": {"id": "c1", "name": "f", "args": {"b": "é", "a": "1"}}},
                    {"functionCall": {"name": "g", "args": {}}},
                    {"functionCall": {"id": "c3", "name": "h", "args": {"arguments": "{oops"}}},
                ]},
                {"role": "user", "parts": [
                    {"functionResponse": {"id": "c1", "name": "f", "response": {"t": 21}}},
                    {"functionResponse": {"id": "c3", "name": "h", "response": {"error": "no"}}},
                    {"functionResponse": {"id": "lost", "name": "g", "response": {"output": "[1]"}}},
                    {"functionResponse": {"name": "old", "response": {"output": "r"}}},
                ]},
                {"role": "user", "parts": [{"text": "And?"}]},
            ]}),
        );
    }

    #[test]
    fn arguments_keep_their_order() {
        let answer = AiMessage::new("").with_tool_calls([ToolCall::new("f", [("z", 1), ("a", 2)])]);
        let messages = [Message::Ai(answer)];
        let sent = serde_json::to_string(&encode_messages("m", &messages).expect("encoded")).expect("JSON");
        assert!(sent.contains(r#""args":{"z":1,"a":2}"#), "{sent}");
    }

    #[test]
    fn signatures_are_sent_back_where_they_came() {
        let mut call = ToolCall::new("f", [("", 0); 0]).with_id("c1");
        call.extra.insert("thought_signature".into(), "s3".into());
        let answer = AiMessage::new(content(json!([
            {"type": "reasoning", "reasoning": "hm", "extras": {"thought_signature": "s1"}},
            {"type": "reasoning", "reasoning": "of another service", "extras": {"signature": "x"}},
            "plain ",
            {"type": "text", "text": "", "extras": {"thought_signature": "s2"}},
            {"type": "image", "base64": "QQ==", "mime_type": "image/png", "extras": {"thought_signature": "s4"}},
        ])))
        .with_tool_calls([call]);
        check(
            &[answer.into()],
            json!({"contents": [{"role": "model", "parts": [
                {"text": "hm", "thought": true, "thoughtSignature": "s1"},
                {"text": "plain "},
                {"text": "", "thoughtSignature": "s2"},
                {"inlineData": {"mimeType": "image/png", "data": "QQ=="}, "thoughtSignature": "s4"},
                {"functionCall": {"id": "c1", "name": "f", "args": {}}, "thoughtSignature": "s3"},
            ]}]}),
        );
    }

    #[test]
    fn calls_of_other_models_are_signed_for_models_that_want_it() {
        let calls = [ToolCall::new("f", [("", 0); 0]), ToolCall::new("g", [("", 0); 0])];
        let messages = [AiMessage::new("").with_tool_calls(calls).into()];
        let wire = |first: Value| json!({"contents": [{"role": "model", "parts": [first, {"functionCall": {"name": "g", "args": {}}}]}]});
        let call = json!({"name": "f", "args": {}});
        let signed = wire(json!({"functionCall": call, "thoughtSignature": NO_SIGNATURE}));
        for model in ["gemini-3-pro-preview", "models/gemini-3.8-flash", "gemini-flash-latest"] {
            check_model(model, &messages, signed.clone());
        }
        for model in ["gemini-2.5-pro", "gemma-3-27b-it", "gemini-2.0-flash"] {
            check_model(model, &messages, wire(json!({"functionCall": call})));
        }
    }

    #[test]
    fn blocks_become_parts() {
        let blocks = content(json!([
            "a", {"type": "text", "text": "b"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,QQ=="}},
            {"type": "file", "file": {"file_data": "data:application/pdf;base64,QQ==", "filename": "a.pdf"}},
            {"type": "input_audio", "input_audio": {"data": "QQ==", "format": "wav"}},
            {"type": "image", "source": {"type": "url", "url": "https://e.org/a.png"}},
            {"type": "text-plain", "text": "notes"},
            {"type": "media", "mime_type": "video/mp4", "file_uri": "files/x"},
            {"fileData": {"fileUri": "u"}, "videoMetadata": {"fps": 2}},
        ]));
        check(
            &[Message::human(blocks)],
            json!({"contents": [{"role": "user", "parts": [
                {"text": "a"}, {"text": "b"},
                {"inlineData": {"mimeType": "image/png", "data": "QQ=="}},
                {"inlineData": {"mimeType": "application/pdf", "data": "QQ=="}},
                {"inlineData": {"mimeType": "audio/wav", "data": "QQ=="}},
                {"fileData": {"fileUri": "https://e.org/a.png", "mimeType": "image/png"}},
                {"text": "notes"},
                {"fileData": {"mimeType": "video/mp4", "fileUri": "files/x"}},
                {"fileData": {"fileUri": "u"}, "videoMetadata": {"fps": 2}},
            ]}]}),
        );
        let result = content(
            json!([{"type": "text", "text": "see"}, {"type": "text-plain", "text": " this"}, {"type": "image", "base64": "QQ==", "mime_type": "image/png"}]),
        );
        let mut result = ToolMessage::new(result, "");
        result.name = Some("shot".into());
        check(
            &[result.into()],
            json!({"contents": [{"role": "user", "parts": [{"functionResponse": {"name": "shot",
                "response": {"output": "see this"}, "parts": [{"inlineData": {"mimeType": "image/png", "data": "QQ=="}}]}}]}]}),
        );
    }

    #[test]
    fn what_other_services_put_into_answers_is_left_out() {
        let blocks = content(json!([
            {"type": "thinking", "thinking": "hm", "signature": "s"}, {"type": "text", "text": "t"},
            {"type": "tool_use", "id": "c1", "name": "f", "input": {"text": 1}},
            {"type": "tool_call", "id": "c1", "name": "f", "args": {}},
            {"type": "executableCode", "executableCode": {"language": "PYTHON", "code": "1"}},
        ]));
        let mut refused = AiMessage::new("");
        refused.refusal = Some("No.".into());
        check(
            &[Message::ai(blocks), Message::ai(""), refused.into()],
            json!({"contents": [
                {"role": "model", "parts": [{"text": "t"}, {"executableCode": {"language": "PYTHON", "code": "1"}}]},
                {"role": "model", "parts": [{"text": "No."}]},
            ]}),
        );
    }

    #[track_caller]
    fn check_error(messages: &[Message], kind: ErrorKind, part: &str) {
        let error = encode_messages("m", messages).expect_err("an error");
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(part), "{error}");
    }

    #[test]
    fn what_cannot_be_sent_is_an_error_that_says_where() {
        let hi = || Message::human("Hi");
        check_error(&[], ErrorKind::InvalidInput, "at least one");
        check_error(&[Message::system("x")], ErrorKind::InvalidInput, "at least one");
        check_error(&[hi(), Message::tool("r", "c9")], ErrorKind::InvalidInput, "`c9`");
        check_error(&[ChatMessage::new("critic", "x").into()], ErrorKind::Unsupported, "critic");
        check_error(&[RemoveMessage::new("1").into()], ErrorKind::Unsupported, "remove");
        let odd = Message::human(content(json!(["a", {"type": "zzz"}])));
        check_error(&[hi(), odd], ErrorKind::InvalidInput, "messages[1].content[1]");
        let bare = Message::human(content(json!([{"type": "image", "base64": "QQ=="}])));
        check_error(&[bare], ErrorKind::InvalidInput, "mime_type");
    }
}
