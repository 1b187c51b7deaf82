//! The answers of a scripted service, independent of its wire format.

use catena_core::Usage;
use serde_json::Value;

/// A scripted answer, which a [`Wire`](super::Wire) encodes in its service's format.
///
/// # Example
/// ```
/// use catena_testkit::conformance::{Answer, Finish, ScriptedCall};
/// let answer = Answer::of_call(ScriptedCall::new("call_1", "add", [r#"{"a":"#, "1}"]));
/// assert_eq!((answer.text(), answer.finish), (String::new(), Finish::ToolCalls));
/// assert_eq!(answer.calls[0].arguments()["a"], 1);
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Answer {
    /// The ID of the answer, if the service sends one.
    pub id: String,
    /// The model that answered, if the service reports it.
    pub model: String,
    /// The text, in streaming deltas: one event each.
    pub texts: Vec<String>,
    /// The tool calls, after the text.
    pub calls: Vec<ScriptedCall>,
    /// The token usage; `None` if the service does not report it.
    pub usage: Option<Usage>,
    /// The finish reason.
    pub finish: Finish,
}

/// The finish reason of a scripted answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// The answer is complete.
    Stop,
    /// The length limit was reached.
    Length,
    /// Tools should be called.
    ToolCalls,
}

/// A tool call in a scripted answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScriptedCall {
    /// The ID of the call, if the service sends one.
    pub id: String,
    /// The name of the tool.
    pub name: String,
    /// The arguments as JSON text, in streaming deltas. A service that does not stream arguments joins them.
    pub pieces: Vec<String>,
}

impl Answer {
    /// Creates an answer with this text, in these deltas.
    pub fn of_text<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self {
            id: "answer-7f3a".to_owned(),
            model: "model-2026-01-01".to_owned(),
            texts: texts.into_iter().map(Into::into).collect(),
            calls: Vec::new(),
            usage: Some(Usage::new(11, 5)),
            finish: Finish::Stop,
        }
    }

    /// Creates an answer with one tool call and no text.
    pub fn of_call(call: ScriptedCall) -> Self {
        Self::of_calls([call])
    }

    /// Creates an answer with these tool calls and no text.
    pub fn of_calls(calls: impl IntoIterator<Item = ScriptedCall>) -> Self {
        let nothing: [String; 0] = [];
        Self { calls: calls.into_iter().collect(), finish: Finish::ToolCalls, ..Self::of_text(nothing) }
    }

    /// Returns the whole text.
    pub fn text(&self) -> String {
        self.texts.concat()
    }
}

impl ScriptedCall {
    /// Creates a call whose arguments are these deltas of JSON text.
    pub fn new<T: Into<String>>(
        id: impl Into<String>,
        name: impl Into<String>,
        pieces: impl IntoIterator<Item = T>,
    ) -> Self {
        Self { id: id.into(), name: name.into(), pieces: pieces.into_iter().map(Into::into).collect() }
    }

    /// Returns the arguments as JSON text.
    pub fn arguments_text(&self) -> String {
        self.pieces.concat()
    }

    /// Returns the arguments as a value: `{}` if there are none, null if the text is not JSON.
    pub fn arguments(&self) -> Value {
        match self.arguments_text().as_str() {
            "" => Value::Object(serde_json::Map::new()),
            text => serde_json::from_str(text).unwrap_or_default(),
        }
    }
}
