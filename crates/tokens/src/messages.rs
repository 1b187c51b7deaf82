//! Token counting of messages in the format in which they are sent.

use catena_core::{Message, OpenAiForm, TextFormat};
use serde_json::{Map, Value};

use crate::OpenAiTokens;
use crate::image_tokens::image_tokens;

/// The tokens that prime the answer.
const PRIMING: usize = 3;

/// The tokens of the call id of a tool result.
const CALL_ID: usize = 3;

pub(crate) fn count(counter: &OpenAiTokens, messages: &[Message]) -> usize {
    let form = OpenAiForm::new().with_text_format(TextFormat::Block);
    let one = |message| match form.convert_one(0, message) {
        Ok(sent) => sent.iter().filter_map(Value::as_object).map(|sent| message_tokens(counter, sent)).sum(),
        // A message that cannot be sent is counted by its text.
        Err(_) => counter.per_message + counter.count_text(&message.text()),
    };
    messages.iter().map(one).sum::<usize>() + PRIMING
}

fn message_tokens(counter: &OpenAiTokens, message: &Map<String, Value>) -> usize {
    let member = |(name, value): (&String, &Value)| match (name.as_str(), value) {
        ("tool_call_id", _) => CALL_ID,
        ("name", Value::String(speaker)) if !speaker.is_empty() => {
            counter.count_text(speaker).saturating_add_signed(counter.per_name)
        }
        (_, Value::String(text)) => counter.count_text(text),
        (_, Value::Array(parts)) => parts.iter().map(|part| part_tokens(counter, part)).sum(),
        (_, Value::Null) => 0,
        (_, other) => counter.count_text(&other.to_string()),
    };
    counter.per_message + message.iter().map(member).sum::<usize>()
}

/// Counts the tokens of a content block or a tool call.
fn part_tokens(counter: &OpenAiTokens, part: &Value) -> usize {
    let text = |text: &Value| counter.count_text(text.as_str().unwrap_or_default());
    match part["type"].as_str() {
        None => text(part),
        Some("text") => text(&part["text"]),
        Some("image_url") => image_tokens(&part["image_url"], counter.remote_image),
        Some("function") => text(&part["function"]["name"]) + text(&part["function"]["arguments"]),
        // Files and audio are processed by the service in its own way.
        Some("file" | "input_audio") => 0,
        Some(_) => counter.count_text(&part.to_string()),
    }
}
