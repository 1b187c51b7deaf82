//! A model that is chosen at call time.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use futures_util::{future, stream};
use serde_json::Value;

use super::{ChatModel, ModelOptions, ModelRegistry};
use crate::{
    AiMessage, Capabilities, ChunkStream, Context, Error, ErrorKind, LanguageModel, PromptValue, Result,
    impl_pipe, owning_stream,
};

/// How many models are kept for further calls, with their connections.
const KEPT: usize = 64;

/// A chat model whose name, and whose options where that is allowed, come with each call, as
/// [configurable values](crate::RunConfig::with_configurable): `model`, and for example `temperature`.
///
/// Models that were asked for are kept, so that further calls of the same use their connections. Arguments bound to it
/// reach the chosen model. It does not describe itself by [`parameters`](LanguageModel::parameters), as no two calls need
/// have the same.
///
/// # Errors
/// `Config` for a call that chooses no model where there is no default; those of the registry; those of the model.
///
/// # Example
/// ```
/// use catena_core::{fakes::FakeChatModel, ModelRegistry, RunConfig, RunnableExt};
/// use std::sync::Arc;
///
/// let models = ModelRegistry::new()
///     .with_chat("acme", |model, _options| Ok(Arc::new(FakeChatModel::new([format!("I am {model}.")]))));
/// let model = models.configurable().with_default("acme:small");
/// # futures_executor::block_on(async {
/// assert_eq!(model.invoke("Who are you?").await?.text(), "I am small.");
/// let large = RunConfig::new().with_configurable("model", "acme:large");
/// assert_eq!(model.invoke_with("Who are you?", &large).await?.text(), "I am large.");
/// # Ok::<(), catena_core::Error>(()) })?;
/// # Ok::<(), catena_core::Error>(())
/// ```
pub struct ConfigurableModel {
    registry: ModelRegistry,
    default: Option<String>,
    options: ModelOptions,
    fields: Vec<String>,
    prefix: String,
    kept: Mutex<BTreeMap<String, ChatModel>>,
}

impl ConfigurableModel {
    pub(super) fn new(registry: ModelRegistry) -> Self {
        Self {
            registry,
            default: None,
            options: ModelOptions::new(),
            fields: Vec::new(),
            prefix: String::new(),
            kept: Mutex::default(),
        }
    }

    /// The model of calls that choose none.
    #[must_use]
    pub fn with_default(mut self, name: impl Into<String>) -> Self {
        self.default = Some(name.into());
        self
    }

    /// The options of every model, for what a call does not say.
    #[must_use]
    pub fn with_options(mut self, options: ModelOptions) -> Self {
        self.options = options;
        self
    }

    /// The [options](ModelOptions::set) that a call may set beside the model. By default none: who may set the
    /// `base_url` of a call may send its key elsewhere.
    ///
    /// # Example
    /// ```
    /// use catena_core::{fakes::FakeChatModel, ModelRegistry, RunConfig, RunnableExt};
    /// # use std::sync::Arc;
    /// let models = ModelRegistry::new().with_chat("acme", |_model, options| {
    ///     Ok(Arc::new(FakeChatModel::new([format!("{:?}", options.temperature)])))
    /// });
    /// let model = models.configurable().with_default("acme:m").with_fields(["temperature"]);
    /// # futures_executor::block_on(async {
    /// let bold = RunConfig::new().with_configurable("temperature", 1.5);
    /// assert_eq!(model.invoke_with("Hi", &bold).await?.text(), "Some(1.5)");
    /// # Ok::<(), catena_core::Error>(()) })?;
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    #[must_use]
    pub fn with_fields<T: Into<String>>(mut self, names: impl IntoIterator<Item = T>) -> Self {
        self.fields = names.into_iter().map(Into::into).collect();
        self
    }

    /// What stands before the names of this model's configurable values, where a chain has several such models:
    /// `first` makes them `first_model`, `first_temperature`.
    #[must_use]
    pub fn with_config_prefix(mut self, prefix: &str) -> Self {
        self.prefix =
            if prefix.is_empty() { String::new() } else { format!("{}_", prefix.trim_end_matches('_')) };
        self
    }

    /// The model that the call chooses.
    fn chosen(&self, cx: &Context) -> Result<ChatModel> {
        let value = |name: &str| cx.configurable(&format!("{}{name}", self.prefix));
        let name = self.name(value("model"), value("model_provider"))?;
        let mut key = name.clone();
        let mut options = ModelOptions::new();
        for field in &self.fields {
            if let Some(value) = value(field) {
                options.set(field, value)?;
                key = format!("{key}\n{field}={value}");
            }
        }
        if let Some(model) = self.lock().get(&key) {
            return Ok(ChatModel::clone(model));
        }
        // Made without the lock: a factory is the application's own code. Who is second is kept.
        let model = self.registry.chat_with(&name, &options.or(&self.options))?;
        let mut kept = self.lock();
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(key, ChatModel::clone(&model));
        Ok(model)
    }

    fn name(&self, model: Option<&Value>, provider: Option<&Value>) -> Result<String> {
        let text = |value: Option<&Value>, what: &str| match value {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(config(format!("the configurable `{}{what}` is a text", self.prefix))),
        };
        let model = text(model, "model")?.or_else(|| self.default.clone());
        let Some(model) = model else {
            let message = format!(
                "which model? Set the configurable `{}model` of the call, or call `with_default`",
                self.prefix
            );
            return Err(config(message));
        };
        Ok(match text(provider, "model_provider")? {
            Some(provider) => format!("{provider}:{model}"),
            None => model,
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, ChatModel>> {
        // Nothing panics while the map is half changed.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn config(message: String) -> Error {
    Error::new(ErrorKind::Config, message)
}

#[async_trait]
impl LanguageModel for ConfigurableModel {
    type Output = AiMessage;

    async fn generate(&self, prompt: PromptValue, cx: &Context) -> Result<AiMessage> {
        self.chosen(cx)?.generate(prompt, cx).await
    }

    fn generate_stream<'a>(&'a self, prompt: PromptValue, cx: Context) -> ChunkStream<'a, AiMessage> {
        match self.chosen(&cx) {
            Ok(model) => owning_stream(move |slot| async move {
                slot.put_all(model.generate_stream(prompt, cx)).await;
            }),
            Err(error) => Box::pin(stream::once(future::ready(Err(error)))),
        }
    }

    /// Those of the default model.
    fn capabilities(&self) -> Capabilities {
        self.chosen(&Context::default()).map_or(Capabilities::none(), |model| model.capabilities())
    }
}

impl_pipe!(ConfigurableModel);

impl fmt::Debug for ConfigurableModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfigurableModel")
            .field("registry", &self.registry)
            .field("default", &self.default)
            .field("options", &self.options)
            .field("fields", &self.fields)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::fakes::FakeChatModel;
    use crate::{RunConfig, RunnableExt, gather};

    /// Models that say who they are, and how many were made.
    fn models() -> (ModelRegistry, Arc<AtomicUsize>) {
        let made = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&made);
        let models = ModelRegistry::new().with_chat("acme", move |model, options| {
            counter.fetch_add(1, Ordering::Relaxed);
            Ok(Arc::new(FakeChatModel::new([format!("{model} {:?}", options.max_tokens)])))
        });
        (models, made)
    }

    fn ask(model: &ConfigurableModel, config: &RunConfig) -> Result<String> {
        let whole = futures_executor::block_on(model.invoke_with("Hi", config))?.text().into_owned();
        let streamed = futures_executor::block_on(gather(model.stream_with("Hi", config)))?;
        assert_eq!(streamed.expect("chunks").text(), whole);
        Ok(whole)
    }

    #[test]
    fn a_call_chooses_its_model() {
        let (models, made) = models();
        let options = ModelOptions::new().with_max_tokens(3);
        let model = models.configurable().with_default("acme:a").with_options(options);
        let model = model.with_fields(["max_tokens"]).with_config_prefix("first");
        let config = RunConfig::new;
        for (config, answer) in [
            (config(), "a Some(3)"),
            (config().with_configurable("first_model", "acme:b"), "b Some(3)"),
            (
                config()
                    .with_configurable("first_model", "b")
                    .with_configurable("first_model_provider", "acme"),
                "b Some(3)",
            ),
            (config().with_configurable("first_max_tokens", 9), "a Some(9)"),
            (config().with_configurable("model", "acme:c").with_configurable("temperature", 1), "a Some(3)"),
        ] {
            assert_eq!(ask(&model, &config).expect("an answer"), answer);
        }
        assert_eq!(made.load(Ordering::Relaxed), 3, "each model is made once");
    }

    #[test]
    fn a_wrong_choice_is_an_error() {
        let (models, _) = models();
        let model = models.configurable().with_fields(["max_tokens"]);
        let config = || RunConfig::new().with_configurable("model", "acme:a");
        for (config, part) in [
            (RunConfig::new(), "which model"),
            (RunConfig::new().with_configurable("model", 7), "is a text"),
            (RunConfig::new().with_configurable("model", "other:a"), "`other`"),
            (config().with_configurable("max_tokens", "many"), "max_tokens"),
        ] {
            let error = ask(&model, &config).expect_err(part);
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.to_string().contains(part), "{error}");
            let streamed = futures_executor::block_on(gather(model.stream_with("Hi", &config)));
            assert_eq!(streamed.expect_err(part).kind(), ErrorKind::Config);
        }
    }

    #[test]
    fn models_are_kept_up_to_a_number() {
        let (models, made) = models();
        let model = models.configurable();
        let ask_all = || {
            for number in 0..=KEPT {
                let config = RunConfig::new().with_configurable("model", format!("acme:{number}"));
                ask(&model, &config).expect("an answer");
            }
        };
        ask_all();
        assert_eq!(made.load(Ordering::Relaxed), KEPT + 1);
        assert!(model.lock().len() <= KEPT);
    }
}
