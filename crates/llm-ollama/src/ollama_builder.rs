//! The builder of the text completion model.

use catena_core::Result;
use catena_http::service::ConnectionSettings;

use crate::chat_ollama_builder::named;
use crate::connection::{connect, connection_settings};
use crate::ollama::Ollama;
use crate::parameters::{Parameters, shared_parameters};

/// Builds an [`Ollama`]. `Debug` hides the key. Problems with a setting are reported by [`build`](Self::build).
///
/// # Example
/// ```
/// use catena_llm_ollama::Ollama;
/// let llm = Ollama::builder().with_model("llama3.2").with_system("Be brief.").with_stop(["\n"]).build()?;
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug, Default)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct OllamaBuilder {
    connection: ConnectionSettings,
    model: String,
    parameters: Parameters,
}

impl OllamaBuilder {
    /// Sets the model, by its name in `ollama list`. Required.
    pub fn with_model(mut self, model: impl Into<String>) -> Self {
        self.model = model.into();
        self
    }

    /// Sets the system prompt, which replaces the model's own.
    pub fn with_system(mut self, system: impl Into<String>) -> Self {
        self.parameters.set_member("system", system.into());
        self
    }

    /// Sets whether the prompt is sent to the model unchanged, without the model's template. Default false.
    pub fn with_raw(mut self, raw: bool) -> Self {
        self.parameters.set_member("raw", raw);
        self
    }

    /// Builds the model. Opens no connection.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](catena_core::ErrorKind::Config) for a missing model, an invalid URL, key, proxy or number,
    /// or a key that would be sent unencrypted.
    pub fn build(self) -> Result<Ollama> {
        let model = named(self.model)?;
        self.parameters.check()?;
        Ok(Ollama::from_parts(connect(self.connection)?, model, self.parameters))
    }
}

connection_settings!(OllamaBuilder);
shared_parameters!(OllamaBuilder);
