//! The builder of the text completion model.

use catena_core::Result;

use crate::codec::completions::CompletionOptions;
use crate::connection::{Connection, connection_settings};
use crate::openai::OpenAi;
use crate::sampling::sampling_settings;

/// Builds an [`OpenAi`]. `Debug` hides the key. Problems with a setting are reported by [`build`](Self::build).
///
/// # Example
/// ```
/// use catena_llm_openai::OpenAi;
/// let builder = OpenAi::builder()
///     .with_api_key("sk-secret")
///     .with_temperature(0.9)
///     .with_max_tokens(64)
///     .with_stop(["\n"])
///     .with_extra("best_of", 2);
/// assert!(!format!("{builder:?}").contains("sk-secret"));
/// let llm = builder.build()?;
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct OpenAiBuilder {
    connection: Connection,
    options: CompletionOptions,
}

impl Default for OpenAiBuilder {
    fn default() -> Self {
        Self { connection: Connection::default(), options: CompletionOptions::default() }
    }
}

impl OpenAiBuilder {
    /// The model. Default `gpt-3.5-turbo-instruct`; on Azure, that of the deployment.
    pub fn with_model(mut self, model: impl Into<String>) -> Self {
        self.options.model = model.into();
        self
    }

    /// The most tokens to generate. OpenAI's default is 16.
    pub fn with_max_tokens(mut self, limit: u32) -> Self {
        self.options.max_tokens = Some(limit);
        self
    }

    /// Builds the model. Opens no connection.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](catena_core::ErrorKind::Config): no key for OpenAI, an unusable URL, key, proxy or number, or
    /// a key that would travel unencrypted.
    pub fn build(mut self) -> Result<OpenAi> {
        if self.options.model.is_empty() && !self.connection.is_azure() {
            self.options.model = "gpt-3.5-turbo-instruct".to_owned();
        }
        self.options.sampling.check(&self.options.extra_body)?;
        let client = self.connection.connect()?;
        Ok(OpenAi::from_parts(client, self.options))
    }
}

connection_settings!(OpenAiBuilder);
sampling_settings!(OpenAiBuilder);
