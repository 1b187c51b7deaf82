//! Messages: pieces that add up, and forms that are read and written.

use catena_core::{
    AiMessage, Chunk, Content, Message, ToolCall, ToolCallChunk, Usage, convert_to_messages,
    convert_to_openai_messages, get_buffer_string, merge_content, merge_dicts, messages_from_dict,
    messages_to_dict,
};
use serde_json::{Value, json};

use crate::input::Input;
use crate::law::checked;

pub(super) const WORDS: &[&str] = &[
    "\0",
    "\u{1}",
    "\u{2}",
    "\u{3}",
    "\u{4}",
    "\u{5}",
    "\u{6}",
    "\u{7}",
    "\u{8}",
    "{\"a\": ",
    "1}",
    "\"",
    "}",
    "call_1",
    "{\"type\": \"text\", \"text\": \"a\", \"index\": 0}",
    "{\"type\": \"human\", \"content\": \"hi\"}",
    "{\"role\": \"assistant\", \"content\": null, \"tool_calls\": [{\"id\": \"c\", \"type\": \"function\", \"function\": {\"name\": \"f\", \"arguments\": \"{\"}}]}",
    "{\"type\": \"AIMessageChunk\", \"content\": [], \"tool_call_chunks\": [{\"name\": null, \"args\": \"{\", \"index\": 0}]}",
    "{\"type\": \"tool\", \"content\": [{\"type\": \"image_url\", \"image_url\": {\"url\": \"data:image/png;base64,AA==\"}}], \"tool_call_id\": \"c\", \"status\": \"error\"}",
    "{\"type\": \"ai\", \"data\": {\"content\": \"x\", \"usage_metadata\": {\"input_tokens\": 1, \"output_tokens\": -1, \"total_tokens\": 1e30}}}",
    "[[\"human\", \"x\"], [\"ai\", \"y\"]]",
    ",",
    "[",
    "]",
    "{",
    ":",
    "null",
    "\"index\": ",
    "\"type\": ",
    "9223372036854775807",
];

/// Makes small things of bytes.
struct Script<'a>(std::slice::Iter<'a, u8>);

impl Script<'_> {
    fn byte(&mut self) -> u8 {
        self.0.next().copied().unwrap_or(0)
    }

    fn text(&mut self) -> String {
        const TEXTS: [&str; 12] =
            ["", "a", "{", "}", "{\"a\": 1}", "\"x", "c1", "c2", " ", "lc_1", "é\u{0}\u{7f}", "run--1"];
        let which = usize::from(self.byte());
        TEXTS[which % TEXTS.len()].repeat(1 + which / 100)
    }

    fn maybe(&mut self) -> Option<String> {
        if self.byte().is_multiple_of(3) { None } else { Some(self.text()) }
    }

    fn index(&mut self) -> Option<i64> {
        [None, Some(0), Some(1), Some(2), Some(i64::MAX)][usize::from(self.byte() % 5)]
    }

    /// A block, or a piece of one. What has one index is of one kind and has one id, as services write it: of pieces that
    /// contradict each other the last counts, and which one that is depends on how they are grouped.
    fn block(&mut self) -> Value {
        let text = self.text();
        match self.byte() % 10 {
            0 => text.into(),
            1 => json!({"type": "text", "text": text}),
            2 => json!({"type": "text", "text": text, "index": 0}),
            3 => json!({"type": "text", "text": text, "index": 0, "id": "t"}),
            4 => json!({"type": "reasoning", "reasoning": text, "index": 1, "extras": {"a": text}}),
            5 => json!({"index": 1, "signature": text}),
            6 => json!({"type": "input_json_delta", "partial_json": text, "index": 2}),
            7 => json!({"type": "image", "index": self.text(), "x": {"index": 1.5, "n": 1.5, "l": [text]}}),
            8 => json!({"text": null, "extras": {"a": text}}),
            _ => {
                json!({"type": "text", "annotations": [{"type": "citation", "title": text}], "index": "lc_txt_0"})
            }
        }
    }

    /// A member of the additional ones: one name, one type.
    fn member(&mut self) -> (String, Value) {
        let text = self.text();
        let (name, value) = match self.byte() % 6 {
            0 => ("function_call", json!({"name": text})),
            1 => ("function_call", json!({"arguments": text})),
            2 => ("audio", json!({"id": "a", "data": text, "expires_at": self.byte()})),
            3 => ("list", json!([text, null])),
            4 => ("calls", json!([{"index": 0, "function": {"arguments": text}}])),
            _ => ("flag", json!(self.byte() > 9)),
        };
        (name.to_owned(), value)
    }

    fn chunk(&mut self) -> AiMessage {
        let mut message = AiMessage::default();
        match self.byte() % 9 {
            0 => message.content = self.text().into(),
            1 => message.content = content(json!([self.block(), {"type": "image", "url": self.text()}])),
            2 => message.content = content(json!([self.block()])),
            3 | 4 => {
                let mut piece = ToolCallChunk::default();
                (piece.index, piece.id, piece.name, piece.args) =
                    (self.index(), self.maybe(), self.maybe(), self.maybe());
                message.push_tool_call_chunk(piece);
            }
            5 => (message.id, message.name, message.refusal) = (self.maybe(), self.maybe(), self.maybe()),
            6 => (message.reasoning, message.metadata.finish_reason) = (self.maybe(), self.maybe()),
            7 => {
                message.additional_kwargs.extend([self.member()]);
                message.metadata.extra.insert(self.text(), self.text().into());
            }
            _ => {
                message.usage = Some(Usage::default());
                message.push_tool_call(ToolCall::new(self.text(), [("a", self.text())]));
            }
        }
        message
    }
}

fn content(value: Value) -> Content {
    serde_json::from_value(value).unwrap_or_default()
}

fn fold<'a>(chunks: impl IntoIterator<Item = &'a AiMessage>) -> AiMessage {
    chunks.into_iter().fold(AiMessage::default(), |mut whole, chunk| {
        whole.merge(chunk.clone());
        whole
    })
}

/// Pieces of answers: grouped in any way they add up to the same, which is read back as it was written.
pub(super) fn chunks(data: &[u8]) {
    let input = Input::new(data);
    let mut script = Script(input.bytes.iter());
    let mut chunks = Vec::new();
    while script.0.len() > 0 {
        chunks.push(script.chunk());
    }
    let whole = fold(&chunks);
    for cut in [chunks.len() / 3, chunks.len() * usize::from(input.control) / 256] {
        let (left, right) = chunks.split_at(cut);
        let mut grouped = fold(left);
        grouped.merge(fold(right));
        let shown = || chunks.iter().map(Chunk::to_json).collect::<Vec<_>>();
        let (ordered, grouped) = (whole.to_json(), grouped.to_json());
        assert!(ordered == grouped, "at {cut} of {:?}\nin order: {ordered}\ngrouped:  {grouped}", shown());
    }
    read_back(&Message::Ai(whole.into_whole()));
    let members = |chunk: &AiMessage| chunk.additional_kwargs.clone();
    checked(merge_dicts(chunks.iter().map(members)));
    checked(merge_content(chunks.into_iter().map(|chunk| chunk.content)));
}

/// Messages in all forms in which others write them.
pub(super) fn messages(data: &[u8]) {
    let text = Input::new(data).text();
    let Ok(value) = serde_json::from_str::<Value>(&text) else { return };
    if let Ok(message) = serde_json::from_value::<Message>(value.clone()) {
        read_back(&message);
    }
    let values = match &value {
        Value::Array(values) => values.clone(),
        value => vec![value.clone()],
    };
    checked(messages_from_dict(values.clone())).iter().flatten().for_each(read_back);
    if let Some(messages) = checked(convert_to_messages(values)) {
        messages.iter().for_each(read_back);
        checked(convert_to_openai_messages(&messages));
        assert!(get_buffer_string(&messages).len() <= 64 * (64 + text.len()));
        checked(messages_from_dict(messages_to_dict(&messages)));
    }
}

fn read_back(message: &Message) {
    let written = serde_json::to_value(message).unwrap_or_else(|error| panic!("{error} in {message:?}"));
    let read = serde_json::from_value::<Message>(written.clone());
    let read = read.unwrap_or_else(|error| panic!("{error} in {written}"));
    assert!(read == *message, "{message:#?}\nwas written as {written}\nand read as {read:#?}");
}
