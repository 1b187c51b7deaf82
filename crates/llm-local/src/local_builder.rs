//! How a model is loaded, and its default generation parameters.

use std::path::PathBuf;
use std::sync::Arc;

use catena_core::{Error, ErrorKind, Result, Stop};

use crate::chat_local::ChatLocal;
use crate::engine::{Engine, Opening};
use crate::local_model::LocalModel;
use crate::settings::Settings;

/// Loads a GGUF file as a [`LocalModel`] or a [`ChatLocal`].
///
/// Generation parameters can also be bound to a call with [`bind`](catena_core::RunnableExt::bind), under the names of
/// the methods here without `with_`; `max_completion_tokens` is an alias of `max_tokens`.
///
/// # Example
/// ```no_run
/// use catena_llm_local::ChatLocal;
/// let chat = ChatLocal::builder("SmolLM2-135M-Instruct.Q4_1.gguf").with_temperature(0.2).with_seed(7).build_chat()?;
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct LocalBuilder {
    opening: Opening,
    settings: Settings,
}

impl LocalBuilder {
    pub(crate) fn new(path: impl Into<PathBuf>) -> Self {
        let opening = Opening {
            path: path.into(),
            context: 4096,
            max_active: 4,
            max_waiting: 256,
            kept_prompts: 1,
            chat_template: None,
        };
        Self { opening, settings: Settings::default() }
    }

    /// Sets the maximum number of tokens of a prompt and its answer together, capped at the model's own context length.
    /// Default 4096. This bounds the memory of a call, see [`LocalModel::bytes_per_token`].
    pub fn with_context_length(mut self, tokens: usize) -> Self {
        self.opening.context = tokens;
        self
    }

    /// Sets how many answers are generated concurrently; further calls wait. Default 4. Each has its own KV cache.
    pub fn with_max_active(mut self, answers: usize) -> Self {
        self.opening.max_active = answers;
        self
    }

    /// Sets how many calls may wait, in first-come, first-served order. Default 256. Further calls are rejected with
    /// the retryable [`ErrorKind::RateLimit`].
    pub fn with_max_waiting(mut self, calls: usize) -> Self {
        self.opening.max_waiting = calls;
        self
    }

    /// Sets how many finished answers keep their KV cache. A prompt that shares a prefix with one of them is only
    /// processed from where it differs. Default 1; 0 keeps none.
    pub fn with_kept_prompts(mut self, answers: usize) -> Self {
        self.opening.kept_prompts = answers;
        self
    }

    /// Sets a Jinja chat template, in place of the one in the file. It is given `messages`, each with `role` and
    /// `content`, `add_generation_prompt`, `bos_token` and `eos_token`.
    pub fn with_chat_template(mut self, template: impl Into<String>) -> Self {
        self.opening.chat_template = Some(template.into());
        self
    }

    /// Sets the sampling temperature: 0 always picks the likeliest token. Default 0.8.
    pub fn with_temperature(mut self, temperature: f64) -> Self {
        self.settings.temperature = temperature as f32;
        self
    }

    /// Restricts sampling to the likeliest tokens whose probabilities add up to this value, more than 0 and at most 1.
    /// Default 0.95.
    pub fn with_top_p(mut self, top_p: f64) -> Self {
        self.settings.top_p = top_p as f32;
        self
    }

    /// Restricts sampling to this many of the likeliest tokens; 0 considers all. Default 40.
    pub fn with_top_k(mut self, tokens: u32) -> Self {
        self.settings.top_k = tokens as usize;
        self
    }

    /// Penalizes tokens that are among the last 64, by this factor; 1 has no effect. Default 1.1.
    pub fn with_repeat_penalty(mut self, penalty: f64) -> Self {
        self.settings.repeat_penalty = penalty as f32;
        self
    }

    /// Penalizes tokens that are already in the answer. Default 0.
    pub fn with_presence_penalty(mut self, penalty: f64) -> Self {
        self.settings.presence_penalty = penalty as f32;
        self
    }

    /// Penalizes tokens in proportion to how often they are in the answer. Default 0.
    pub fn with_frequency_penalty(mut self, penalty: f64) -> Self {
        self.settings.frequency_penalty = penalty as f32;
        self
    }

    /// Sets the seed: the same seed gives the same answer to the same prompt on the same machine. Without one, every
    /// answer differs.
    pub fn with_seed(mut self, seed: i64) -> Self {
        // Any number will do, as long as equal seeds stay equal.
        self.settings.seed = Some(seed.cast_unsigned());
        self
    }

    /// Sets the maximum number of tokens to generate. Default: as many as the context has room for.
    pub fn with_max_tokens(mut self, tokens: u32) -> Self {
        self.settings.max_tokens = Some(tokens as usize);
        self
    }

    /// Sets the stop sequences: texts at which generation ends, and which the answer does not include. Takes one or a
    /// list.
    pub fn with_stop(mut self, stop: impl Into<Stop>) -> Self {
        self.settings.stop = stop.into().into_texts();
        self
    }

    /// Loads the file as a text completion model.
    ///
    /// Reads the whole file, which takes about a second per gigabyte and blocks the thread.
    ///
    /// # Errors
    /// `Config` for an unreadable or damaged file and for settings out of range; `Unsupported` for architectures and
    /// vocabularies that this crate does not support.
    pub fn build(self) -> Result<LocalModel> {
        self.settings.check(ErrorKind::Config)?;
        if self.opening.max_active == 0 || self.opening.context < 2 {
            let message = "`max_active` is at least 1, and `context_length` at least 2";
            return Err(Error::new(ErrorKind::Config, message));
        }
        Ok(LocalModel::from_parts(Arc::new(Engine::open(self.opening)?), self.settings))
    }

    /// Loads the file as a chat model, like [`build`](Self::build).
    ///
    /// # Errors
    /// Those of [`build`](Self::build).
    pub fn build_chat(self) -> Result<ChatLocal> {
        Ok(self.build()?.chat())
    }
}
