//! How a model may use its tools.

use serde_json::{Map, Value, json};

use super::wire::convert_to_openai_tool;

/// Whether a model calls tools, and which.
///
/// # Example
/// ```
/// use catena_core::ToolChoice;
/// assert_eq!(ToolChoice::from("any"), ToolChoice::Any);
/// assert_eq!(ToolChoice::from("get_weather"), ToolChoice::Named("get_weather".into()));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ToolChoice {
    /// The model decides.
    Auto,
    /// The model calls none.
    None,
    /// The model calls at least one.
    Any,
    /// The model calls this one.
    Named(String),
}

impl ToolChoice {
    /// Returns `true` if the model must call a tool.
    pub(crate) fn is_forced(&self) -> bool {
        matches!(self, Self::Any | Self::Named(_))
    }

    /// Converts the choice to OpenAI's format; `tools` are in that format too.
    fn to_value(&self, tools: &[Value]) -> Value {
        match self {
            Self::Auto => "auto".into(),
            Self::None => "none".into(),
            Self::Any => "required".into(),
            Self::Named(name) if tools.iter().any(|tool| tool["function"]["name"] == *name) => {
                json!({ "type": "function", "function": { "name": name } })
            }
            // A built-in tool of the service, whose naming the provider knows.
            Self::Named(name) => name.as_str().into(),
        }
    }
}

/// `auto`, `none`, `any` or `required`; anything else is the name of a tool.
impl From<&str> for ToolChoice {
    fn from(word: &str) -> Self {
        match word {
            "auto" => Self::Auto,
            "none" => Self::None,
            "any" | "required" => Self::Any,
            name => Self::Named(name.to_owned()),
        }
    }
}

/// How a model may use the tools bound to it.
///
/// # Example
/// ```
/// use catena_core::{ToolChoice, ToolOptions};
/// let options = ToolOptions::new().with_choice(ToolChoice::Any).with_parallel(false).with_strict(true);
/// # drop(options);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ToolOptions {
    pub(crate) choice: Option<ToolChoice>,
    pub(crate) strict: Option<bool>,
    pub(crate) parallel: Option<bool>,
}

impl ToolOptions {
    /// Creates options with nothing set: the service decides.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets whether the model calls tools, and which.
    #[must_use]
    #[doc(alias = "tool_choice")]
    pub fn with_choice(mut self, choice: impl Into<ToolChoice>) -> Self {
        self.choice = Some(choice.into());
        self
    }

    /// Sets whether the service enforces the schemas of the arguments.
    ///
    /// If so, all objects in them are closed and all their properties required: an optional argument is one that may be
    /// null, like an `Option`. Calls fail for a tool whose own `strict` contradicts this.
    #[must_use]
    pub fn with_strict(mut self, strict: bool) -> Self {
        self.strict = Some(strict);
        self
    }

    /// Sets whether the model may call several tools in one answer.
    #[must_use]
    #[doc(alias = "parallel_tool_calls")]
    pub fn with_parallel(mut self, parallel: bool) -> Self {
        self.parallel = Some(parallel);
        self
    }

    /// Returns the options and tools as call arguments. A tool that cannot be converted is passed on unchanged, with
    /// `strict` alongside it: the provider then reports what is wrong.
    pub(crate) fn arguments(&self, tools: impl IntoIterator<Item = Value>) -> Map<String, Value> {
        let mut strict = None;
        let wire = |tool: Value| {
            convert_to_openai_tool(&tool, self.strict).unwrap_or_else(|_| {
                strict = self.strict;
                tool
            })
        };
        let tools: Vec<Value> = tools.into_iter().map(wire).collect();
        let choice = self.choice.as_ref().map(|choice| choice.to_value(&tools));
        let members = [
            ("strict", strict.map(Value::from)),
            ("tool_choice", choice),
            ("parallel_tool_calls", self.parallel.map(Value::from)),
            ("tools", Some(tools.into())),
        ];
        members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }
}
