//! Requests, independent of their wire format.

use serde_json::Value;

/// A request, as decoded by a [`Wire`](super::Wire).
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
    /// Whether the answer should be streamed.
    pub streamed: bool,
    /// The messages in order. System instructions come first, wherever the service expects them. A text completion has
    /// a single human message.
    pub messages: Vec<AskedMessage>,
    /// The stop sequences.
    pub stop: Vec<String>,
    /// The tools.
    pub tools: Vec<AskedTool>,
    /// The tool that must be called, or that none may be; `None` if the model decides.
    pub tool_choice: Option<ToolChoice>,
    /// The JSON Schema of the answer, if requested.
    pub schema: Option<Value>,
    /// Whether the answer should be JSON of any shape.
    pub json: bool,
    /// The requested model, wherever the request names it.
    pub model: String,
}

/// The author of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The author of the instructions.
    System,
    /// The user.
    Human,
    /// The model.
    Ai,
    /// A tool, with its result.
    Tool,
}

/// The tool that must be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolChoice {
    /// No tool may be called.
    Nothing,
    /// At least one tool must be called.
    Any,
    /// This tool must be called.
    Named(String),
}

/// A message of a request.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct AskedMessage {
    /// The author.
    pub role: Role,
    /// The concatenated text.
    pub text: String,
    /// The images, each as base64 or URL.
    pub images: Vec<String>,
    /// The audio and files, as base64.
    pub files: Vec<String>,
    /// The tool calls of the model: name and arguments.
    pub calls: Vec<(String, Value)>,
    /// For a tool result, the ID of the call, or the tool's name if the service has no IDs.
    pub answers: Option<String>,
    /// Whether the tool result reports a failure.
    pub failed: bool,
}

/// A tool of a request.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct AskedTool {
    /// The name.
    pub name: String,
    /// The description.
    pub description: String,
    /// The JSON Schema of the arguments.
    pub parameters: Value,
}

impl AskedMessage {
    /// Creates a message that consists of text only.
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
    /// Creates a tool.
    pub fn new(name: impl Into<String>, description: impl Into<String>, parameters: Value) -> Self {
        Self { name: name.into(), description: description.into(), parameters }
    }
}
