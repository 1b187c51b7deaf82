//! Models selected per call.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use futures_util::stream;
use serde_json::Value;

use super::{ChatModel, ModelOptions, ModelRegistry};
use crate::run::step;
use crate::runnable::Shape;
use crate::{
    AiMessage, Capabilities, ChunkStream, ConfigurableField, Context, Error, ErrorKind, Outline, PromptValue,
    Result, RunKind, Runnable, impl_pipe,
};

/// The number of models cached, with their connections, for further calls.
const KEPT: usize = 64;

/// A chat model selected per call: its name, and its options where allowed, are [configurable
/// values](crate::RunConfig::with_configurable) of the call, `model` and for example `temperature`.
///
/// Models are cached, so that further calls with the same selection reuse their connections.
///
/// A call is a call of the selected model, and observers and admissions see it under that model's name. Bound
/// arguments, such as [tools](crate::ChatModelExt::bind_tools), reach the selected model, whose capabilities decide
/// whether they are supported and how [structured output](crate::ChatModelExt::with_structured_output) is requested.
///
/// It is a runnable but not a [`LanguageModel`](crate::LanguageModel), because each call may reach another model: apply
/// caches and other model wrappers to the models that the registry creates.
///
/// # Errors
/// `Config` for a call that selects no model if there is no default; errors of the registry; errors of the model.
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
    hasher: RandomState,
    kept: Mutex<BTreeMap<Selection, ChatModel>>,
}

/// A hash of what a call selects, which may include an API key that must not stay in memory. It has 128 bits and a
/// random key, so that a caller cannot find a selection that shares the model, and with it the API key, of another.
type Selection = [u64; 2];

impl ConfigurableModel {
    pub(super) fn new(registry: ModelRegistry) -> Self {
        Self {
            registry,
            default: None,
            options: ModelOptions::new(),
            fields: Vec::new(),
            prefix: String::new(),
            hasher: RandomState::new(),
            kept: Mutex::default(),
        }
    }

    /// Sets the model of calls that select none.
    #[must_use]
    pub fn with_default(mut self, name: impl Into<String>) -> Self {
        self.default = Some(name.into());
        self
    }

    /// Sets the default options of every model.
    #[must_use]
    pub fn with_options(mut self, options: ModelOptions) -> Self {
        self.options = options;
        self
    }

    /// Sets the [options](ModelOptions::set) that a call may set in addition to the model; none by default.
    ///
    /// Allow `base_url` only for trusted callers: whoever sets it may have the API key sent to another server.
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

    /// Sets a prefix for this model's configurable keys, for chains with several such models: `first` makes them
    /// `first_model`, `first_temperature`.
    #[must_use]
    pub fn with_config_prefix(mut self, prefix: &str) -> Self {
        self.prefix =
            if prefix.is_empty() { String::new() } else { format!("{}_", prefix.trim_end_matches('_')) };
        self
    }

    /// Returns the model that the call selects.
    fn chosen(&self, cx: &Context) -> Result<ChatModel> {
        let value = |name: &str| cx.configurable(&format!("{}{name}", self.prefix));
        let name = self.name(value("model"), value("model_provider"))?;
        let mut selected = Vec::new();
        let mut options = ModelOptions::new();
        for field in &self.fields {
            if let Some(value) = value(field) {
                options.set(field, value)?;
                selected.push((field, value));
            }
        }
        let selection = [0, 1].map(|half: u8| self.hasher.hash_one((half, &name, &selected)));
        if let Some(model) = self.lock().get(&selection) {
            return Ok(ChatModel::clone(model));
        }
        // Created without holding the lock, because a factory is application code. If two calls race, the second model
        // is kept.
        let model = self.registry.chat_with(&name, &options.or(&self.options))?;
        let mut kept = self.lock();
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(selection, ChatModel::clone(&model));
        Ok(model)
    }

    fn name(&self, model: Option<&Value>, provider: Option<&Value>) -> Result<String> {
        let text = |value: Option<&Value>, what: &str| match value {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(config(format!("the configurable `{}{what}` must be a string", self.prefix))),
        };
        let model = text(model, "model")?.or_else(|| self.default.clone());
        let Some(model) = model else {
            let message = format!(
                "no model selected: set the configurable `{}model` of the call, or call `with_default`",
                self.prefix
            );
            return Err(config(message));
        };
        Ok(match text(provider, "model_provider")? {
            Some(provider) => format!("{provider}:{model}"),
            None => model,
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Selection, ChatModel>> {
        // No code panics while the map is in an inconsistent state.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn config(message: String) -> Error {
    Error::new(ErrorKind::Config, message)
}

#[async_trait]
impl Runnable for ConfigurableModel {
    type Input = PromptValue;
    type Output = AiMessage;

    async fn call(&self, prompt: PromptValue, cx: &Context) -> Result<AiMessage> {
        step::call_here(&self.chosen(cx)?, prompt, cx).await
    }

    fn transform<'a>(
        &'a self,
        prompt: ChunkStream<'a, PromptValue>,
        cx: Context,
    ) -> ChunkStream<'a, AiMessage> {
        step::lazily(move || match self.chosen(&cx) {
            Ok(model) => step::transform_owned(model, prompt, cx),
            Err(error) => Box::pin(stream::iter([Err(error)])),
        })
    }

    fn kind(&self) -> RunKind {
        RunKind::ChatModel
    }

    /// A single step, whose capabilities depend on the call.
    fn outline(&self) -> Outline {
        let mut outline = Outline::of(self);
        let of = |name: &str| ConfigurableField::new(format!("{}{name}", self.prefix));
        let mut model = of("model");
        model.default = self.default.clone().map(Value::from);
        outline.fields = [model, of("model_provider")]
            .into_iter()
            .chain(self.fields.iter().map(|field| of(field)))
            .collect();
        outline
    }

    fn shape(&self) -> Shape {
        Shape::Wrapper
    }

    fn chosen_capabilities(&self, cx: &Context) -> Option<Capabilities> {
        // A selection that fails becomes the error of the call.
        self.chosen(cx).ok().map(|model| model.capabilities())
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

    use serde_json::{Map, json};

    use super::*;
    use crate::fakes::{FakeChatModel, FakeMessagesListChatModel};
    use crate::{
        Admission, Admitted, Capability, ChatModelExt, Demand, LanguageModel, RetryPolicy, RunConfig,
        RunEvent, RunnableExt, StructuredMethod, ToolCall, gather, observe_with,
    };

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
            (RunConfig::new(), "no model selected"),
            (RunConfig::new().with_configurable("model", 7), "must be a string"),
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

    #[test]
    fn each_api_key_has_a_model_of_its_own_and_is_not_kept() {
        let made = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&made);
        let models = ModelRegistry::new().with_chat("acme", move |_, options| {
            counter.fetch_add(1, Ordering::Relaxed);
            Ok(Arc::new(FakeChatModel::new([format!("{:?}", options.api_key())])))
        });
        let model = models.configurable().with_default("acme:m").with_fields(["api_key"]);
        for _ in 0..2 {
            for key in ["hunter2", "hunter3", "hunter2\n"] {
                let config = RunConfig::new().with_configurable("api_key", key);
                assert_eq!(ask(&model, &config).expect("an answer"), format!("{:?}", Some(key)));
            }
        }
        assert_eq!(made.load(Ordering::Relaxed), 3);
        assert!(!format!("{model:?} {:?}", model.lock().keys()).contains("hunter"));
    }

    /// A model with a name that can do this much, answers in both ways, and records what it was asked.
    struct Named(String, FakeMessagesListChatModel);

    #[async_trait]
    impl LanguageModel for Named {
        type Output = AiMessage;

        fn generate_stream<'a>(&'a self, prompt: PromptValue, cx: Context) -> ChunkStream<'a, AiMessage> {
            self.1.generate_stream(prompt, cx)
        }

        fn model_id(&self) -> Option<&str> {
            Some(&self.0)
        }

        fn capabilities(&self) -> Capabilities {
            self.1.capabilities()
        }
    }

    /// `acme:tools` knows tools and no schemas, `acme:schemas` schemas and no tools, `acme:keyless` cannot be made. Every
    /// answer fits both ways to ask for one.
    fn skilled() -> (ModelRegistry, [FakeMessagesListChatModel; 2]) {
        let answer = || {
            let call = ToolCall::new("Person", [("name", "Ada")]);
            AiMessage::new(r#"{"name": "Ada"}"#).with_tool_calls([call])
        };
        let fake = || FakeMessagesListChatModel::new((0..8).map(|_| answer()));
        let tools = fake().without(Capability::StructuredOutput);
        let schemas = fake().without(Capability::Tools).without(Capability::ToolChoice);
        let both = [tools, schemas];
        let models = both.clone();
        let registry = ModelRegistry::new().with_chat("acme", move |name, _| match name {
            "tools" => Ok(Arc::new(Named("tools".into(), models[0].clone()))),
            "schemas" => Ok(Arc::new(Named("schemas".into(), models[1].clone()))),
            _ => Err(Error::new(ErrorKind::Config, "no key of acme")),
        });
        (registry, both)
    }

    fn choosing(name: &str) -> RunConfig {
        RunConfig::new().with_configurable("model", name)
    }

    fn names(arguments: &[Map<String, Value>]) -> Vec<Vec<&str>> {
        arguments.iter().map(|arguments| arguments.keys().map(String::as_str).collect()).collect()
    }

    #[test]
    fn tools_are_a_matter_of_the_chosen_model() {
        let tool = json!({"name": "now", "parameters": {"type": "object"}});
        for default in [None, Some("acme:schemas"), Some("acme:keyless")] {
            let (registry, [tools, _]) = skilled();
            let mut model = registry.configurable();
            if let Some(default) = default {
                model = model.with_default(default);
            }
            let model = model.bind_tools([tool.clone()]);
            let call = |name| futures_executor::block_on(model.invoke_with("Hi", &choosing(name)));
            assert_eq!(call("acme:tools").expect("an answer").text(), r#"{"name": "Ada"}"#);
            assert_eq!(names(&tools.arguments()), [["tools"]]);
            let error = call("acme:schemas").expect_err("no tools");
            assert_eq!(
                (error.kind(), error.message()),
                (ErrorKind::Unsupported, "Named does not support tools")
            );
            let error = futures_executor::block_on(model.invoke("Hi")).expect_err("no such call");
            let part = match default {
                None => "no model selected",
                Some("acme:schemas") => "does not support tools",
                Some(_) => "no key of acme",
            };
            assert!(error.to_string().contains(part), "{error}");
        }
    }

    #[test]
    fn each_call_asks_for_an_answer_of_a_form_as_its_model_can() {
        let schema = json!({"title": "Person", "type": "object", "properties": {"name": {"type": "string"}}});
        for default in ["acme:schemas", "acme:tools", "acme:keyless", ""] {
            let (registry, [tools, schemas]) = skilled();
            let mut model = registry.configurable();
            if !default.is_empty() {
                model = model.with_default(default);
            }
            // What is laid around it changes nothing.
            let model =
                model.with_retry(RetryPolicy::new()).with_config(RunConfig::new().with_tag("t")).boxed();
            let person = model.with_structured_output_schema(schema.clone());
            for name in ["acme:tools", "acme:schemas"] {
                let config = choosing(name);
                let called = futures_executor::block_on(person.invoke_with("Who?", &config)).expect(name);
                let streamed = futures_executor::block_on(gather(person.stream_with("Who?", &config)));
                assert_eq!((&called["name"], streamed.expect(name)), (&json!("Ada"), Some(called.clone())));
            }
            let by_tool = ["parallel_tool_calls", "tool_choice", "tools"];
            assert_eq!(names(&tools.arguments()), [by_tool, by_tool], "{default}");
            assert_eq!(names(&schemas.arguments()), [["response_format"], ["response_format"]], "{default}");
            let strictly = person.with_method(StructuredMethod::JsonSchema);
            let error = futures_executor::block_on(strictly.invoke_with("Who?", &choosing("acme:tools")));
            assert_eq!(error.expect_err("no schemas").kind(), ErrorKind::Unsupported);
            if default == "acme:keyless" {
                let error = futures_executor::block_on(strictly.invoke("Who?")).expect_err("no key");
                assert!(error.to_string().contains("no key of acme"), "{error}");
            }
        }
    }

    #[derive(Debug, Default)]
    struct Doorkeeper(Mutex<Vec<Option<String>>>);

    #[async_trait]
    impl Admission for Doorkeeper {
        async fn admit(&self, demand: &Demand<'_>) -> Result<Box<dyn Admitted>> {
            let model = demand.model.map(str::to_owned);
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(model);
            Err(Error::new(ErrorKind::BudgetExceeded, "closed"))
        }
    }

    #[test]
    fn who_lets_in_and_who_watches_see_the_chosen_model() {
        let (registry, _) = skilled();
        let model = registry.configurable();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        let observer = observe_with(move |event: &RunEvent<'_>| {
            let model = event.run.metadata.get("ls_model_name").cloned();
            log.lock().unwrap_or_else(PoisonError::into_inner).push((event.run.parent_ids.len(), model));
        });
        let door = Arc::new(Doorkeeper::default());
        let config = choosing("acme:tools").with_admission(Arc::clone(&door)).with_observer(observer);
        let called = futures_executor::block_on(model.invoke_with("Hi", &config));
        assert_eq!(called.expect_err("closed").kind(), ErrorKind::BudgetExceeded);
        let streamed = futures_executor::block_on(gather(model.stream_with("Hi", &config)));
        assert_eq!(streamed.expect_err("closed").kind(), ErrorKind::BudgetExceeded);
        let asked = door.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        assert_eq!(asked, [Some("tools".to_owned()), Some("tools".to_owned())]);
        let seen = seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        assert!(!seen.is_empty() && seen.iter().all(|seen| *seen == (0, Some(json!("tools")))), "{seen:?}");
    }
}
