//! Models without streaming.

use serde_json::Value;

/// When a model's stream consists of one complete answer, fetched by a plain call.
///
/// # Example
/// ```
/// use catena_llm_openai::{ChatOpenAi, DisableStreaming};
/// // A server that streams texts, but not the calls of tools.
/// let chat = ChatOpenAi::builder().with_api_key("sk-...").with_disable_streaming(DisableStreaming::ToolCalling);
/// // One that does not stream at all.
/// let chat = chat.with_disable_streaming(true).build()?;
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DisableStreaming {
    /// Never: answers are streamed.
    #[default]
    Never,
    /// When the model may call tools.
    ToolCalling,
    /// Always.
    Always,
}

impl DisableStreaming {
    /// Returns whether the call is made without streaming.
    pub(crate) fn holds(self, has_tools: impl FnOnce() -> bool) -> bool {
        match self {
            Self::Never => false,
            Self::ToolCalling => has_tools(),
            Self::Always => true,
        }
    }

    /// Returns LangChain's value for it; `None` for its default.
    pub(crate) fn written(self) -> Option<Value> {
        match self {
            Self::Never => None,
            Self::ToolCalling => Some(TOOL_CALLING.into()),
            Self::Always => Some(true.into()),
        }
    }

    /// Parses LangChain's value; `None` if it is unknown.
    pub(crate) fn read(word: &Value) -> Option<Self> {
        match word {
            Value::Bool(always) => Some((*always).into()),
            Value::String(word) if word == TOOL_CALLING => Some(Self::ToolCalling),
            _ => None,
        }
    }
}

const TOOL_CALLING: &str = "tool_calling";

impl From<bool> for DisableStreaming {
    fn from(always: bool) -> Self {
        if always { Self::Always } else { Self::Never }
    }
}
