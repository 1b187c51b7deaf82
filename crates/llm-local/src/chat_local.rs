//! The chat model.

use std::path::PathBuf;
use std::sync::Arc;

use catena_core::{
    AiMessage, Capabilities, Capability, ChunkStream, Context, LanguageModel, PromptValue, Result, impl_pipe,
};
use futures_util::StreamExt;
use serde_json::{Map, Value};

use crate::engine::Engine;
use crate::generation::Piece;
use crate::local_builder::LocalBuilder;
use crate::local_model::LocalModel;
use crate::settings::Settings;

/// A chat model loaded from a GGUF file, which runs in this process.
///
/// Messages are rendered with the chat template in the file, or as ChatML if it has none. Message content cannot
/// produce the template's special tokens, so nobody can end a turn or impersonate another role by writing them. Cloning
/// is cheap, and clones share the weights and the worker.
///
/// The message's `usage` has the token counts, with the prompt tokens reused from an earlier call as `cache_read`; its
/// `metadata` has the model and the finish reason, `stop` or `length`. A stream delivers them with its last chunk.
///
/// # Errors
/// As for [`LocalModel`]; also `Unsupported` for images, other blocks and tool calls in messages, and `InvalidInput`
/// for conversations that the template rejects.
///
/// # Cancellation
/// Dropping a call or stream stops its computation before the next token.
///
/// # Example
/// ```no_run
/// use catena_core::{Message, RunnableExt};
/// use catena_llm_local::ChatLocal;
///
/// # async fn example() -> catena_core::Result<()> {
/// let chat = ChatLocal::open("SmolLM2-135M-Instruct.Q4_1.gguf")?;
/// let answer = chat.invoke([Message::system("Be brief."), Message::human("What is a sock?")]).await?;
/// println!("{} ({:?})", answer.text(), answer.usage);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct ChatLocal {
    engine: Arc<Engine>,
    settings: Settings,
}

impl ChatLocal {
    /// Opens a file with the default settings.
    ///
    /// # Errors
    /// Those of [`LocalBuilder::build`].
    ///
    /// # Example
    /// ```
    /// use catena_llm_local::ChatLocal;
    /// assert!(ChatLocal::open("no-such-file.gguf").is_err());
    /// ```
    pub fn open(path: impl Into<PathBuf>) -> Result<Self> {
        Self::builder(path).build_chat()
    }

    /// Returns a builder for a file, with default settings.
    ///
    /// # Example
    /// See [`LocalBuilder`].
    pub fn builder(path: impl Into<PathBuf>) -> LocalBuilder {
        LocalBuilder::new(path)
    }

    /// Returns the same loaded model for text completion.
    pub fn llm(&self) -> LocalModel {
        LocalModel::from_parts(self.engine.clone(), self.settings.clone())
    }

    pub(crate) fn from_parts(engine: Arc<Engine>, settings: Settings) -> Self {
        Self { engine, settings }
    }

    fn message(&self, piece: Piece) -> AiMessage {
        let mut message = AiMessage::new(piece.text);
        if let Some(end) = piece.end {
            message.usage = Some(end.usage);
            message.metadata.model = Some(self.engine.name.clone());
            message.metadata.finish_reason = Some(end.finish_reason.to_owned());
        }
        message
    }
}

impl LanguageModel for ChatLocal {
    type Output = AiMessage;

    fn generate_stream<'a>(&'a self, prompt: PromptValue, cx: Context) -> ChunkStream<'a, AiMessage> {
        let settings = self.settings.called(cx.arguments());
        let request = move || Ok((self.engine.chat_prompt(&prompt.into_messages())?, settings?));
        Box::pin(self.engine.pieces(request).map(move |piece| piece.map(|piece| self.message(piece))))
    }

    fn provider(&self) -> Option<&str> {
        Some("local")
    }

    fn model_id(&self) -> Option<&str> {
        Some(&self.engine.name)
    }

    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    fn parameters(&self) -> Option<Map<String, Value>> {
        Some(self.engine.described(&self.settings))
    }
}

const CAPABILITIES: Capabilities = Capabilities::none()
    .with(Capability::Stop)
    .with(Capability::Usage)
    .with(Capability::StreamedUsage)
    .with(Capability::SystemMessages);

impl_pipe!(ChatLocal);
