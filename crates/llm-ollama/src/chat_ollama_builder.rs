//! The builder of the chat model.

use catena_core::{Error, ErrorKind, Result};
use catena_http::service::ConnectionSettings;

use crate::chat_ollama::ChatOllama;
use crate::connection::{connect, connection_settings};
use crate::parameters::{Parameters, shared_parameters};

/// Builds a [`ChatOllama`]. `Debug` hides the key. Problems with a setting are reported by [`build`](Self::build).
///
/// # Example
/// ```
/// use catena_llm_ollama::ChatOllama;
/// let chat = ChatOllama::builder()
///     .with_base_url("gpu-box") // http://gpu-box:11434
///     .with_model("llama3.2")
///     .with_num_ctx(8192)
///     .with_keep_alive("30m")
///     .without_api_key()
///     .build()?;
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug, Default)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct ChatOllamaBuilder {
    connection: ConnectionSettings,
    model: String,
    parameters: Parameters,
}

impl ChatOllamaBuilder {
    /// Sets the model, by its name in `ollama list`. Required.
    pub fn with_model(mut self, model: impl Into<String>) -> Self {
        self.model = model.into();
        self
    }

    /// Builds the model. Opens no connection.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for a missing model, an invalid URL, key, proxy or number, or a key that would be sent
    /// unencrypted.
    pub fn build(self) -> Result<ChatOllama> {
        let model = named(self.model)?;
        self.parameters.check()?;
        Ok(ChatOllama::from_parts(connect(self.connection)?, model, self.parameters))
    }
}

/// Checks that a model is named; only the service knows which models exist.
pub(crate) fn named(model: String) -> Result<String> {
    if model.trim().is_empty() {
        let message = "no model: call `with_model` with one that `ollama list` shows";
        return Err(Error::new(ErrorKind::Config, message));
    }
    Ok(model)
}

connection_settings!(ChatOllamaBuilder);
shared_parameters!(ChatOllamaBuilder);
