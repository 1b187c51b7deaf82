//! What a scripted service answers, in no service's words.

use catena_core::Usage;
use serde_json::Value;

/// An answer of a service, which a [`Wire`](super::Wire) puts into its own form.
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
    /// The id of the answer, for a service that gives one.
    pub id: String,
    /// The model that answered, for a service that says so.
    pub model: String,
    /// The text, in the pieces in which a stream brings it: one event for each.
    pub texts: Vec<String>,
    /// The tools that are to be called, after the text.
    pub calls: Vec<ScriptedCall>,
    /// What the answer used. Without it the service does not say.
    pub usage: Option<Usage>,
    /// Why the answer ends.
    pub finish: Finish,
}

/// Why a scripted answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// All is said.
    Stop,
    /// It became longer than it may.
    Length,
    /// Tools are to be called.
    ToolCalls,
}

/// A tool that a scripted answer wants to have called.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScriptedCall {
    /// The id of the call, for a service that gives one.
    pub id: String,
    /// The name of the tool.
    pub name: String,
    /// The arguments as JSON text, in the pieces in which a stream brings them. A service that streams them whole joins
    /// them.
    pub pieces: Vec<String>,
}

impl Answer {
    /// An answer with this text, in these pieces.
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

    /// An answer that calls one tool and says nothing.
    pub fn of_call(call: ScriptedCall) -> Self {
        Self::of_calls([call])
    }

    /// An answer that calls these tools and says nothing.
    pub fn of_calls(calls: impl IntoIterator<Item = ScriptedCall>) -> Self {
        let nothing: [String; 0] = [];
        Self { calls: calls.into_iter().collect(), finish: Finish::ToolCalls, ..Self::of_text(nothing) }
    }

    /// The whole text.
    pub fn text(&self) -> String {
        self.texts.concat()
    }
}

impl ScriptedCall {
    /// A call with these pieces of JSON text as its arguments.
    pub fn new<T: Into<String>>(
        id: impl Into<String>,
        name: impl Into<String>,
        pieces: impl IntoIterator<Item = T>,
    ) -> Self {
        Self { id: id.into(), name: name.into(), pieces: pieces.into_iter().map(Into::into).collect() }
    }

    /// The arguments as JSON text.
    pub fn arguments_text(&self) -> String {
        self.pieces.concat()
    }

    /// The arguments as a value: `{}` when there are none, null when the text is not JSON.
    pub fn arguments(&self) -> Value {
        match self.arguments_text().as_str() {
            "" => Value::Object(serde_json::Map::new()),
            text => serde_json::from_str(text).unwrap_or_default(),
        }
    }
}
