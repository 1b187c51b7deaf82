//! What a request asked for, in no service's words.

use serde_json::Value;

/// A request, as a [`Wire`](super::Wire) reads it.
///
/// # Example
/// ```
/// use catena_testkit::conformance::{Asked, AskedMessage, Role};
/// let mut asked = Asked::default();
/// asked.messages.push(AskedMessage::new(Role::Human, "Hi"));
/// assert!(!asked.streamed && asked.tools.is_empty());
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Asked {
    /// Whether the answer is to come in pieces.
    pub streamed: bool,
    /// The messages in order; instructions come first, wherever the service wants to have them. A text completion has one
    /// message of a human.
    pub messages: Vec<AskedMessage>,
    /// The stop sequences.
    pub stop: Vec<String>,
    /// The tools.
    pub tools: Vec<AskedTool>,
    /// Which tool must be called, or that none may be; `None` where the model decides.
    pub tool_choice: Option<ToolChoice>,
    /// The JSON Schema of the answer.
    pub schema: Option<Value>,
    /// The answer is to be JSON, of whatever form.
    pub json: bool,
    /// Which model is to answer, wherever the request says it.
    pub model: String,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Whoever wrote the instructions.
    System,
    /// The user.
    Human,
    /// The model.
    Ai,
    /// A tool, with its result.
    Tool,
}

/// Which tool must be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolChoice {
    /// None may be.
    Nothing,
    /// At least one of them.
    Any,
    /// This one.
    Named(String),
}

/// A message of a request.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct AskedMessage {
    /// Who speaks.
    pub role: Role,
    /// All its text.
    pub text: String,
    /// Its images: the base64 of each, or its URL.
    pub images: Vec<String>,
    /// The base64 of its recordings and files.
    pub files: Vec<String>,
    /// The tools that the model called: name and arguments.
    pub calls: Vec<(String, Value)>,
    /// For the result of a tool, the id of the call, or the tool's name in a service without ids.
    pub answers: Option<String>,
    /// The result of a tool says that the tool failed.
    pub failed: bool,
}

/// A tool of a request.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct AskedTool {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The JSON Schema of its arguments.
    pub parameters: Value,
}

impl AskedMessage {
    /// A message with nothing but a text.
    pub fn new(role: Role, text: impl Into<String>) -> Self {
        Self {
            role,
            text: text.into(),
            images: Vec::new(),
            files: Vec::new(),
            calls: Vec::new(),
            answers: None,
            failed: false,
        }
    }
}

impl AskedTool {
    /// A tool.
    pub fn new(name: impl Into<String>, description: impl Into<String>, parameters: Value) -> Self {
        Self { name: name.into(), description: description.into(), parameters }
    }
}
