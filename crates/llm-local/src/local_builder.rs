//! How a model is opened, and how it answers unless a call says otherwise.

use std::path::PathBuf;
use std::sync::Arc;

use catena_core::{Error, ErrorKind, Result, Stop};

use crate::chat_local::ChatLocal;
use crate::engine::{Engine, Opening};
use crate::local_model::LocalModel;
use crate::settings::Settings;

/// Opens a GGUF file as a [`LocalModel`] or a [`ChatLocal`].
///
/// What shapes an answer can be bound to a call too, with [`bind`](catena_core::RunnableExt::bind) and the names of the
/// methods here without `with_`; `max_completion_tokens` is the same as `max_tokens`.
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

    /// How many tokens a prompt and its answer may have together, at most as many as the model was made for. Default
    /// 4096. It bounds the memory of a call, see [`LocalModel::bytes_per_token`].
    pub fn with_context_length(mut self, tokens: usize) -> Self {
        self.opening.context = tokens;
        self
    }

    /// How many answers are made side by side; further calls wait. Default 4. Each has its own memory.
    pub fn with_max_active(mut self, answers: usize) -> Self {
        self.opening.max_active = answers;
        self
    }

    /// How many calls may wait, first come first served. Default 256. One more is refused with
    /// [`ErrorKind::RateLimit`], which may be tried again.
    pub fn with_max_waiting(mut self, calls: usize) -> Self {
        self.opening.max_waiting = calls;
        self
    }

    /// Of how many answers that ended the memory is kept, so that a prompt that begins like one of them, or goes on with
    /// it, is read only from where it differs. Default 1; 0 keeps none.
    pub fn with_kept_prompts(mut self, answers: usize) -> Self {
        self.opening.kept_prompts = answers;
        self
    }

    /// A template, in the language of Jinja, in place of the one in the file. It is given `messages`, each with `role`
    /// and `content`, `add_generation_prompt`, `bos_token` and `eos_token`.
    pub fn with_chat_template(mut self, template: impl Into<String>) -> Self {
        self.opening.chat_template = Some(template.into());
        self
    }

    /// How bold the choice of tokens is: 0 always takes the likeliest. Default 0.8.
    pub fn with_temperature(mut self, temperature: f64) -> Self {
        self.settings.temperature = temperature as f32;
        self
    }

    /// Considers only the likeliest tokens that together have this probability, more than 0 and at most 1. Default 0.95.
    pub fn with_top_p(mut self, top_p: f64) -> Self {
        self.settings.top_p = top_p as f32;
        self
    }

    /// Considers only so many of the likeliest tokens; 0 considers all. Default 40.
    pub fn with_top_k(mut self, tokens: u32) -> Self {
        self.settings.top_k = tokens as usize;
        self
    }

    /// Makes tokens less likely that are among the last 64, by this factor; 1 does not. Default 1.1.
    pub fn with_repeat_penalty(mut self, penalty: f64) -> Self {
        self.settings.repeat_penalty = penalty as f32;
        self
    }

    /// Makes tokens less likely that are in the answer already. Default 0.
    pub fn with_presence_penalty(mut self, penalty: f64) -> Self {
        self.settings.presence_penalty = penalty as f32;
        self
    }

    /// Makes tokens less likely the more often they are in the answer. Default 0.
    pub fn with_frequency_penalty(mut self, penalty: f64) -> Self {
        self.settings.frequency_penalty = penalty as f32;
        self
    }

    /// The same seed gives the same answer to the same prompt, on the same machine. Without one every answer differs.
    pub fn with_seed(mut self, seed: i64) -> Self {
        // Any number will do; what matters is that the same one gives the same answer.
        self.settings.seed = Some(seed.cast_unsigned());
        self
    }

    /// The most tokens of an answer. By default as many as there is room for.
    pub fn with_max_tokens(mut self, tokens: u32) -> Self {
        self.settings.max_tokens = Some(tokens as usize);
        self
    }

    /// Texts at which the answer ends, without them: one, or a list.
    pub fn with_stop(mut self, stop: impl Into<Stop>) -> Self {
        self.settings.stop = stop.into().into_texts();
        self
    }

    /// Opens the file as a model that continues texts.
    ///
    /// Reads the whole file, which takes about a second for every gigabyte; the thread is blocked meanwhile.
    ///
    /// # Errors
    /// `Config` for a file that cannot be read or is damaged, and for settings out of range; `Unsupported` for kinds of
    /// models and vocabularies that this crate does not know.
    pub fn build(self) -> Result<LocalModel> {
        self.settings.check(ErrorKind::Config)?;
        if self.opening.max_active == 0 || self.opening.context < 2 {
            let message = "`max_active` is at least 1, and `context_length` at least 2";
            return Err(Error::new(ErrorKind::Config, message));
        }
        Ok(LocalModel::from_parts(Arc::new(Engine::open(self.opening)?), self.settings))
    }

    /// Opens the file as a model that answers messages; as [`build`](Self::build).
    ///
    /// # Errors
    /// Those of [`build`](Self::build).
    pub fn build_chat(self) -> Result<ChatLocal> {
        Ok(self.build()?.chat())
    }
}
