//! The metadata of an answer.

use catena_core::AiMessage;
use serde_json::{Map, Value};

use super::origin::Origin;
use super::usage::decode_usage;

/// What is known of an answer so far.
#[derive(Debug, Default)]
pub(super) struct AnswerFacts {
    /// Counts arrive at the start and at the end of a stream; the last value of each wins.
    usage: Map<String, Value>,
    /// Whether the service reported the stop reason.
    pub(super) finished: bool,
}

impl AnswerFacts {
    /// Adds members of a message, or of the event that ends one, to the metadata.
    pub(super) fn describe(&mut self, members: Map<String, Value>, origin: &Origin, message: &mut AiMessage) {
        message.metadata.request_id.clone_from(&origin.request_id);
        // Identifies its blocks as Anthropic's.
        message.metadata.extra.insert("model_provider".to_owned(), "anthropic".into());
        let mut reason = None;
        for (name, value) in members {
            match (name.as_str(), value) {
                ("type" | "role" | "content", _) | (_, Value::Null) => {}
                ("id", Value::String(id)) => message.id = Some(id),
                ("model", Value::String(model)) => message.metadata.model = Some(model),
                ("stop_reason", Value::String(word)) => reason = Some(word),
                ("usage", Value::Object(usage)) => {
                    self.usage.extend(usage.into_iter().filter(|(_, value)| !value.is_null()));
                    message.usage = decode_usage(&self.usage);
                }
                (_, value) => drop(message.metadata.extra.insert(name, value)),
            }
        }
        if let Some(reason) = reason {
            self.finish(reason, message);
        }
    }

    fn finish(&mut self, reason: String, message: &mut AiMessage) {
        let metadata = &mut message.metadata;
        metadata.finish_reason = Some(common_word(&reason).to_owned());
        if !self.usage.is_empty() {
            metadata.extra.insert("usage".to_owned(), self.usage.clone().into());
        }
        if reason == "refusal" && !self.finished {
            let details = metadata.extra.get("stop_details");
            let says = |name: &str| details?.get(name)?.as_str().filter(|text| !text.is_empty());
            message.refusal =
                Some(says("explanation").or_else(|| says("category")).unwrap_or("refusal").to_owned());
        }
        metadata.extra.insert("stop_reason".to_owned(), reason.into());
        self.finished = true;
    }
}

/// Returns the finish reason shared by all providers; the service's own value if there is none, as for a paused turn.
fn common_word(reason: &str) -> &str {
    match reason {
        "end_turn" | "stop_sequence" => "stop",
        "max_tokens" | "model_context_window_exceeded" => "length",
        "tool_use" => "tool_calls",
        "refusal" => "content_filter",
        other => other,
    }
}
