//! The registry of providers.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::{ConfigurableModel, ModelOptions};
use crate::{AiMessage, Embeddings, Error, ErrorKind, LanguageModel, Result};

/// A chat model of any provider.
pub type ChatModel = Arc<dyn LanguageModel<Output = AiMessage>>;

/// A text completion model of any provider.
pub type TextModel = Arc<dyn LanguageModel<Output = String>>;

/// Creates a model from its name and options.
type Factory<T> = Arc<dyn Fn(&str, &ModelOptions) -> Result<T> + Send + Sync>;

/// A registry of providers, which creates models from names such as `provider:model`. Registries are independent
/// values; there is no global registry.
///
/// The facade provides a registry of the providers enabled by its features; further providers can be registered. A name
/// without a provider belongs to the provider whose [prefix](Self::with_prefixes) it starts with.
///
/// # Errors
/// `Config` for an unregistered provider, listing the registered ones; and errors of the provider.
///
/// # Example
/// ```
/// use catena_core::{fakes::FakeChatModel, ModelRegistry, RunnableExt};
/// use std::sync::Arc;
///
/// let models = ModelRegistry::new()
///     .with_chat("acme", |model, _options| Ok(Arc::new(FakeChatModel::new([format!("I am {model}.")]))))
///     .with_prefixes("acme", ["anvil-"]);
/// # futures_executor::block_on(async {
/// assert_eq!(models.chat("acme:anvil-7")?.invoke("Who are you?").await?.text(), "I am anvil-7.");
/// assert_eq!(models.chat("anvil-8")?.invoke("Who are you?").await?.text(), "I am anvil-8.");
/// # Ok::<(), catena_core::Error>(()) })?;
/// let error = models.chat("emca:anvil-7").err().expect("an unknown provider");
/// assert!(error.to_string().contains("registered providers: acme"));
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Clone, Default)]
#[doc(alias = "init_chat_model")]
pub struct ModelRegistry {
    chat: BTreeMap<String, Factory<ChatModel>>,
    text: BTreeMap<String, Factory<TextModel>>,
    embeddings: BTreeMap<String, Factory<Arc<dyn Embeddings>>>,
    /// The aliases of providers.
    aliases: BTreeMap<String, String>,
    /// Prefixes of model names, and their providers.
    prefixes: Vec<(String, String)>,
    options: ModelOptions,
}

impl ModelRegistry {
    /// Creates a registry without providers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers the chat models `provider:...` with a function that creates one from its name and the options.
    /// Replaces an earlier registration of the provider.
    #[must_use]
    pub fn with_chat(
        mut self,
        provider: &str,
        make: impl Fn(&str, &ModelOptions) -> Result<ChatModel> + Send + Sync + 'static,
    ) -> Self {
        self.chat.insert(plain(provider), Arc::new(make));
        self
    }

    /// Registers the text completion models `provider:...`. Otherwise like [`with_chat`](Self::with_chat).
    #[must_use]
    pub fn with_text(
        mut self,
        provider: &str,
        make: impl Fn(&str, &ModelOptions) -> Result<TextModel> + Send + Sync + 'static,
    ) -> Self {
        self.text.insert(plain(provider), Arc::new(make));
        self
    }

    /// Registers the embedding models `provider:...`. Otherwise like [`with_chat`](Self::with_chat).
    #[must_use]
    pub fn with_embeddings(
        mut self,
        provider: &str,
        make: impl Fn(&str, &ModelOptions) -> Result<Arc<dyn Embeddings>> + Send + Sync + 'static,
    ) -> Self {
        self.embeddings.insert(plain(provider), Arc::new(make));
        self
    }

    /// Applies a function that registers everything a provider's crate offers, so that adding such a crate takes one
    /// line.
    ///
    /// # Example
    /// ```
    /// use catena_core::ModelRegistry;
    ///
    /// mod catena_llm_acme {
    ///     use catena_core::{fakes::FakeChatModel, ModelRegistry};
    ///
    ///     /// Registers Acme's models as `acme:...`.
    ///     pub fn provider(models: ModelRegistry) -> ModelRegistry {
    ///         models
    ///             .with_prefixes("acme", ["anvil-"])
    ///             .with_chat("acme", |_model, _options| Ok(std::sync::Arc::new(FakeChatModel::new(["Hi"]))))
    ///     }
    /// }
    ///
    /// let models = ModelRegistry::new().with(catena_llm_acme::provider);
    /// assert!(models.chat("acme:anvil-7").is_ok());
    /// ```
    #[must_use]
    pub fn with(self, provider: impl FnOnce(Self) -> Self) -> Self {
        provider(self)
    }

    /// Registers an alias of a provider.
    #[must_use]
    pub fn with_alias(mut self, alias: &str, provider: &str) -> Self {
        self.aliases.insert(plain(alias), plain(provider));
        self
    }

    /// Assigns model names with these prefixes to a provider, for names that do not state one. The longest matching
    /// prefix decides.
    #[must_use]
    pub fn with_prefixes<T: Into<String>>(
        mut self,
        provider: &str,
        prefixes: impl IntoIterator<Item = T>,
    ) -> Self {
        let provider = plain(provider);
        self.prefixes
            .extend(prefixes.into_iter().map(|prefix| (prefix.into().to_lowercase(), provider.clone())));
        self
    }

    /// Sets the default options of every model. Models that do not support an option, such as an embedding model
    /// without a temperature, ignore it.
    #[must_use]
    pub fn with_options(mut self, options: ModelOptions) -> Self {
        self.options = options.or(&self.options);
        self
    }

    /// Creates the chat model of this name: `openai:gpt-4o-mini`.
    ///
    /// # Errors
    /// As described for [`ModelRegistry`].
    pub fn chat(&self, name: &str) -> Result<ChatModel> {
        self.chat_with(name, &ModelOptions::new())
    }

    /// Creates the chat model of this name with these options.
    ///
    /// # Errors
    /// As described for [`ModelRegistry`]; `Unsupported` for an option that the provider does not support.
    ///
    /// # Example
    /// ```
    /// use catena_core::{fakes::FakeChatModel, ModelOptions, ModelRegistry};
    /// use std::sync::Arc;
    /// let models = ModelRegistry::new().with_chat("acme", |_model, options| {
    ///     options.refuse("acme", &["seed"])?;
    ///     Ok(Arc::new(FakeChatModel::new(["Hi"])))
    /// });
    /// assert!(models.chat_with("acme:m", &ModelOptions::new().with_temperature(0.5)).is_ok());
    /// assert!(models.chat_with("acme:m", &ModelOptions::new().with_seed(1)).is_err());
    /// ```
    pub fn chat_with(&self, name: &str, options: &ModelOptions) -> Result<ChatModel> {
        self.make(&self.chat, "chat", name, options)
    }

    /// Creates the text completion model of this name.
    ///
    /// # Errors
    /// As described for [`ModelRegistry`].
    pub fn text(&self, name: &str) -> Result<TextModel> {
        self.text_with(name, &ModelOptions::new())
    }

    /// Creates the text completion model of this name with these options.
    ///
    /// # Errors
    /// As described for [`chat_with`](Self::chat_with).
    pub fn text_with(&self, name: &str, options: &ModelOptions) -> Result<TextModel> {
        self.make(&self.text, "text completion", name, options)
    }

    /// Creates the embedding model of this name.
    ///
    /// # Errors
    /// As described for [`ModelRegistry`].
    pub fn embeddings(&self, name: &str) -> Result<Arc<dyn Embeddings>> {
        self.embeddings_with(name, &ModelOptions::new())
    }

    /// Creates the embedding model of this name with these options.
    ///
    /// # Errors
    /// As described for [`chat_with`](Self::chat_with).
    pub fn embeddings_with(&self, name: &str, options: &ModelOptions) -> Result<Arc<dyn Embeddings>> {
        self.make(&self.embeddings, "embedding", name, options)
    }

    /// Creates a chat model that is selected per call.
    ///
    /// # Example
    /// See [`ConfigurableModel`].
    pub fn configurable(&self) -> ConfigurableModel {
        ConfigurableModel::new(self.clone())
    }

    /// Returns the providers of chat models, in alphabetical order.
    pub fn chat_providers(&self) -> impl Iterator<Item = &str> {
        self.chat.keys().map(String::as_str)
    }

    fn make<T>(
        &self,
        factories: &BTreeMap<String, Factory<T>>,
        what: &str,
        name: &str,
        options: &ModelOptions,
    ) -> Result<T> {
        let (provider, model) = self.split(name);
        let factory = provider.as_ref().and_then(|provider| factories.get(provider));
        let Some(factory) = factory else {
            let known: Vec<&str> = factories.keys().map(String::as_str).collect();
            return Err(unknown(what, name, provider.as_deref(), &known));
        };
        if model.trim().is_empty() {
            let message = format!("missing model name in `{name:.100}`: expected `provider:model`");
            return Err(Error::new(ErrorKind::Config, message));
        }
        factory(model, &options.clone().or_of_all(&self.options))
    }

    /// Splits a name into provider and model. Model names may contain colons: `llama3.2:3b` has no provider.
    fn split<'a>(&self, name: &'a str) -> (Option<String>, &'a str) {
        let Some((provider, model)) = name.split_once(':') else { return (self.inferred(name), name) };
        let provider = plain(provider);
        let provider = self.aliases.get(&provider).cloned().unwrap_or(provider);
        if self.has(&provider) {
            return (Some(provider), model);
        }
        match self.inferred(name) {
            Some(inferred) => (Some(inferred), name),
            None => (Some(provider), model),
        }
    }

    fn has(&self, provider: &str) -> bool {
        self.chat.contains_key(provider)
            || self.text.contains_key(provider)
            || self.embeddings.contains_key(provider)
    }

    fn inferred(&self, name: &str) -> Option<String> {
        let name = name.to_lowercase();
        let fitting = self.prefixes.iter().filter(|(prefix, _)| name.starts_with(prefix));
        fitting.max_by_key(|(prefix, _)| prefix.len()).map(|(_, provider)| provider.clone())
    }
}

/// Normalises a provider's name to lower case with underscores.
fn plain(provider: &str) -> String {
    provider.trim().to_lowercase().replace('-', "_")
}

fn unknown(what: &str, name: &str, provider: Option<&str>, known: &[&str]) -> Error {
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    let message = match provider {
        Some(provider) => format!(
            "unknown provider `{provider:.100}` of {what} models in `{name:.100}`; registered providers: {known}"
        ),
        None => format!(
            "unknown provider of the {what} model `{name:.100}`: write `provider:model`; registered providers: {known}"
        ),
    };
    Error::new(ErrorKind::Config, message)
}

impl fmt::Debug for ModelRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModelRegistry")
            .field("chat", &self.chat.keys().collect::<Vec<_>>())
            .field("text", &self.text.keys().collect::<Vec<_>>())
            .field("embeddings", &self.embeddings.keys().collect::<Vec<_>>())
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::{FakeChatModel, FakeLlm};

    fn models() -> ModelRegistry {
        let fake =
            |_: &str, _: &ModelOptions| -> Result<ChatModel> { Ok(Arc::new(FakeChatModel::new(["Hi"]))) };
        ModelRegistry::new()
            .with_chat("open-ai", fake)
            .with_chat("ollama", fake)
            .with_text("texts", |_, _| Ok(Arc::new(FakeLlm::new(["Hi"]))))
            .with_alias("azure", "open_ai")
            .with_prefixes("open_ai", ["gpt-", "o1"])
            .with_prefixes("ollama", ["gpt-oss"])
            .with_prefixes("anthropic", ["claude"])
    }

    #[test]
    fn a_name_is_a_provider_and_a_model() {
        let models = models();
        for (name, provider, model) in [
            ("open_ai:gpt-4o", Some("open_ai"), "gpt-4o"),
            ("Open-AI:gpt-4o", Some("open_ai"), "gpt-4o"),
            ("azure:gpt-4o", Some("open_ai"), "gpt-4o"),
            ("ollama:llama3.2:3b", Some("ollama"), "llama3.2:3b"),
            ("GPT-4o", Some("open_ai"), "GPT-4o"),
            ("gpt-oss:20b", Some("ollama"), "gpt-oss:20b"),
            ("claude-opus", Some("anthropic"), "claude-opus"),
            ("llama3.2:3b", Some("llama3.2"), "3b"),
            ("llama3.2", None, "llama3.2"),
            ("", None, ""),
        ] {
            assert_eq!(models.split(name), (provider.map(str::to_owned), model), "{name}");
        }
    }

    #[test]
    fn what_is_not_there_is_an_error_that_says_what_is() {
        let models = models();
        let long = format!("x:{}", "y".repeat(10_000));
        for (name, part) in [
            ("claude-opus", "`anthropic`"),
            ("mistral:large", "`mistral`"),
            ("llama3.2", "provider:model"),
            ("texts:m", "ollama, open_ai"),
            ("ollama: ", "missing model name"),
            (&long, "`x`"),
        ] {
            let error = models.chat(name).err().expect("an error");
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.to_string().contains(part), "{error}");
            assert!(error.to_string().len() < 400, "{error}");
        }
        let error = models.embeddings("ollama:m").err().expect("an error");
        assert!(error.to_string().contains("registered providers: none"), "{error}");
        assert!(models.text("texts:m").is_ok());
        assert!(models.chat("gpt-oss:20b").is_ok());
        assert_eq!(models.chat_providers().collect::<Vec<_>>(), ["ollama", "open_ai"]);
    }
}
