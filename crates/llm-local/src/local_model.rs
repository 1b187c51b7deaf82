//! The text completion model.

use std::path::PathBuf;
use std::sync::Arc;

use catena_core::{
    Capabilities, Capability, ChunkStream, Context, LanguageModel, PromptValue, Result, impl_pipe,
};
use futures_util::StreamExt;
use serde_json::{Map, Value};

use crate::chat_local::ChatLocal;
use crate::engine::Engine;
use crate::local_builder::LocalBuilder;
use crate::settings::Settings;

/// A text completion model loaded from a GGUF file, which runs in this process.
///
/// The text is given to the model unchanged, without a chat template; for models trained on conversations, use
/// [`ChatLocal`]. Cloning is cheap, and clones share the weights and the worker.
///
/// One thread per loaded file generates all answers concurrently, token by token; calls only wait, so they work with
/// every executor and in blocking code. The token usage of an answer is reported to the run's observers.
///
/// # Errors
/// `Unsupported` for arguments that a local model does not support, such as tools; `InvalidInput` for values out of
/// range and an empty prompt; `ContextOverflow` for a prompt that leaves no room for an answer; the retryable
/// `RateLimit` if too many calls wait.
///
/// # Cancellation
/// Dropping a call or stream stops its computation before the next token.
///
/// # Example
/// ```no_run
/// use catena_core::RunnableExt;
/// use catena_llm_local::LocalModel;
///
/// # async fn example() -> catena_core::Result<()> {
/// let llm = LocalModel::open("SmolLM2-135M-Instruct.Q4_1.gguf")?;
/// let more = llm.bind("max_tokens", 20).invoke("Once upon a time").await?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct LocalModel {
    engine: Arc<Engine>,
    settings: Settings,
}

impl LocalModel {
    /// Opens a file with the default settings.
    ///
    /// # Errors
    /// Those of [`LocalBuilder::build`].
    ///
    /// # Example
    /// ```
    /// use catena_core::ErrorKind;
    /// use catena_llm_local::LocalModel;
    /// let error = LocalModel::open("no-such-file.gguf").unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Config);
    /// assert!(error.to_string().contains("no-such-file.gguf"));
    /// ```
    pub fn open(path: impl Into<PathBuf>) -> Result<Self> {
        Self::builder(path).build()
    }

    /// Returns a builder for a file, with default settings.
    ///
    /// # Example
    /// See [`LocalBuilder`].
    pub fn builder(path: impl Into<PathBuf>) -> LocalBuilder {
        LocalBuilder::new(path)
    }

    /// Returns the same loaded model as a chat model.
    pub fn chat(&self) -> ChatLocal {
        ChatLocal::from_parts(self.engine.clone(), self.settings.clone())
    }

    /// Returns the maximum number of tokens of a prompt and its answer together.
    pub fn context_length(&self) -> usize {
        self.engine.context()
    }

    /// Returns how many bytes of memory a call takes per token of its prompt and answer, or at most twice as many; the
    /// same holds for the prompts that are [kept](LocalBuilder::with_kept_prompts).
    pub fn bytes_per_token(&self) -> usize {
        self.engine.bytes_per_token()
    }

    pub(crate) fn from_parts(engine: Arc<Engine>, settings: Settings) -> Self {
        Self { engine, settings }
    }
}

impl LanguageModel for LocalModel {
    type Output = String;

    fn generate_stream<'a>(&'a self, prompt: PromptValue, cx: Context) -> ChunkStream<'a, String> {
        let settings = self.settings.called(cx.arguments());
        let request = move || Ok((self.engine.text_prompt(&prompt.try_into_text()?)?, settings?));
        Box::pin(self.engine.pieces(request).map(move |piece| {
            let piece = piece?;
            if let Some(end) = piece.end {
                cx.report_usage(&self.engine.name, end.usage);
            }
            Ok(piece.text)
        }))
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

const CAPABILITIES: Capabilities =
    Capabilities::none().with(Capability::Stop).with(Capability::Usage).with(Capability::StreamedUsage);

impl_pipe!(LocalModel);
