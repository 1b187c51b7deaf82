//! Fields and alternatives that the caller selects at run time.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use serde_json::Value;

use crate::model_ext::capabilities_of;
use crate::run::step;
use crate::runnable::Shape;
use crate::{
    BoxRunnable, Capabilities, Chunk, ChunkStream, Context, Error, ErrorKind, Outline, OutlineParts, Result,
    RunKind, Runnable, RunnableExt,
};

/// A field that a call may set through [`RunConfig::configurable`](crate::RunConfig::configurable).
///
/// # Example
/// ```
/// use catena_core::ConfigurableField;
/// let field = ConfigurableField::new("temperature").with_description("0 is sober").with_default(0.7);
/// assert_eq!(field.id, "temperature");
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ConfigurableField {
    /// The key under which the caller sets it.
    pub id: String,
    /// A human-readable name.
    pub name: Option<String>,
    /// A description of what it does.
    pub description: Option<String>,
    /// The value if the caller sets none.
    pub default: Option<Value>,
    /// The allowed values; empty if any value is allowed.
    pub options: Vec<String>,
    /// Whether several steps share the field, so that its key is never prefixed.
    pub is_shared: bool,
}

impl ConfigurableField {
    /// Creates a field with this key.
    pub fn new(id: impl Into<String>) -> Self {
        let id = id.into();
        Self { id, name: None, description: None, default: None, options: Vec::new(), is_shared: false }
    }

    /// Sets a human-readable name.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets a description of what it does.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Sets the value used if the caller sets none.
    #[must_use]
    pub fn with_default(mut self, default: impl Into<Value>) -> Self {
        self.default = Some(default.into());
        self
    }

    /// Sets the allowed values.
    #[must_use]
    pub fn with_options<T: Into<String>>(mut self, options: impl IntoIterator<Item = T>) -> Self {
        self.options = options.into_iter().map(Into::into).collect();
        self
    }

    /// Marks the field as shared by several steps.
    #[must_use]
    pub fn shared(mut self) -> Self {
        self.is_shared = true;
        self
    }
}

type Build<R> = Arc<dyn Fn(&Value) -> Result<R> + Send + Sync>;

/// A runnable that is rebuilt for each call that sets a field. See [`configurable`].
pub struct Configurable<R> {
    default: R,
    field: ConfigurableField,
    build: Build<R>,
}

/// Creates a runnable with a field that a call may set.
///
/// If the config has a value under the field's id, `build` creates the runnable for this call; otherwise `default` is
/// used. The wrapper opens no run of its own.
///
/// # Errors
/// Errors of `build`, and [`MissingKey`](crate::ErrorKind::MissingKey) for a value that is not among the field's
/// options.
///
/// # Example
/// ```
/// use catena_core::{configurable, ConfigurableField, Error, ErrorKind, PromptTemplate, RunConfig, RunnableExt};
/// # futures_executor::block_on(async {
/// let prompt = configurable(
///     PromptTemplate::new("A fact about {topic}")?,
///     ConfigurableField::new("template"),
///     |value| PromptTemplate::new(value.as_str().unwrap_or_default()),
/// );
/// let config = RunConfig::new().with_configurable("template", "A joke about {topic}");
/// assert_eq!(prompt.invoke("cats").await?.to_string(), "A fact about cats");
/// assert_eq!(prompt.invoke_with("cats", &config).await?.to_string(), "A joke about cats");
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[doc(alias = "configurable_fields")]
pub fn configurable<R: Runnable>(
    default: R,
    field: ConfigurableField,
    build: impl Fn(&Value) -> Result<R> + Send + Sync + 'static,
) -> Configurable<R> {
    Configurable { default, field, build: Arc::new(build) }
}

impl<R: Runnable> Configurable<R> {
    /// Returns the runnable for this call, if it is not the default.
    fn built(&self, cx: &Context) -> Result<Option<R>> {
        let Some(value) = cx.configurable(&self.field.id) else { return Ok(None) };
        if !self.field.options.is_empty()
            && !value.as_str().is_some_and(|key| self.field.options.iter().any(|o| o == key))
        {
            let ConfigurableField { id, options, .. } = &self.field;
            let message =
                format!("invalid value {value:.80} for `{id}`; expected one of: {}", options.join(", "));
            return Err(Error::new(ErrorKind::MissingKey, message));
        }
        (self.build)(value).map(Some)
    }
}

impl<R: Clone> Clone for Configurable<R> {
    fn clone(&self) -> Self {
        Self { default: self.default.clone(), field: self.field.clone(), build: Arc::clone(&self.build) }
    }
}

impl<R: Runnable> fmt::Debug for Configurable<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Configurable")
            .field("default", &self.default.name())
            .field("field", &self.field)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl<R: Runnable> Runnable for Configurable<R> {
    type Input = R::Input;
    type Output = R::Output;

    async fn call(&self, input: R::Input, cx: &Context) -> Result<R::Output> {
        match self.built(cx)? {
            Some(built) => step::call_here(&built, input, cx).await,
            None => step::call_here(&self.default, input, cx).await,
        }
    }

    fn transform<'a>(&'a self, input: ChunkStream<'a, R::Input>, cx: Context) -> ChunkStream<'a, R::Output> {
        step::lazily(move || match self.built(&cx) {
            Ok(Some(built)) => step::transform_owned(built, input, cx),
            Ok(None) => step::transform_here(&self.default, input, cx),
            Err(error) => stream::iter([Err(error)]).boxed(),
        })
    }

    fn name(&self) -> Cow<'_, str> {
        self.default.name()
    }

    fn kind(&self) -> RunKind {
        self.default.kind()
    }

    fn outline(&self) -> Outline {
        let mut outline = Outline::wrapper(self.default.outline());
        outline.fields.push(self.field.clone());
        outline
    }

    fn shape(&self) -> Shape {
        Shape::Wrapper
    }

    fn chosen_capabilities(&self, cx: &Context) -> Option<Capabilities> {
        self.default.chosen_capabilities(cx)
    }
}

crate::impl_pipe!(impl [R: Runnable] Configurable<R>);

/// Alternative runnables from which the caller selects one by key. Created by
/// [`configurable_alternatives`](crate::RunnableExt::configurable_alternatives).
///
/// It opens no run of its own, and streams as the selected alternative does.
///
/// # Errors
/// [`InvalidInput`](crate::ErrorKind::InvalidInput) for an unknown key.
///
/// # Example
/// ```
/// use catena_core::{fakes::FakeLlm, ConfigurableField, RunConfig, RunnableExt};
/// # futures_executor::block_on(async {
/// let model = FakeLlm::new(["from small"])
///     .configurable_alternatives(ConfigurableField::new("model"), "small")
///     .with("large", FakeLlm::new(["from large"]));
/// let config = RunConfig::new().with_configurable("model", "large");
/// assert_eq!(model.invoke_with("hi", &config).await?, "from large");
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
pub struct ConfigurableAlternatives<I, O> {
    field: ConfigurableField,
    /// The default first.
    alternatives: Vec<(String, BoxRunnable<I, O>)>,
    prefix_keys: bool,
}

impl<I: Chunk, O: Chunk> ConfigurableAlternatives<I, O> {
    pub(crate) fn new(
        default: impl Runnable<Input = I, Output = O> + 'static,
        field: ConfigurableField,
        default_key: String,
    ) -> Self {
        Self { field, alternatives: vec![(default_key, default.boxed())], prefix_keys: false }
    }

    /// Adds an alternative.
    #[must_use]
    pub fn with(
        mut self,
        key: impl Into<String>,
        alternative: impl Runnable<Input = I, Output = O> + 'static,
    ) -> Self {
        self.alternatives.push((key.into(), alternative.boxed()));
        self
    }

    /// Prefixes the configurable keys of the alternatives: field `x` of alternative `b` is set as `which==b/x`, where
    /// `which` is the id of this field.
    #[must_use]
    pub fn with_prefixed_keys(mut self) -> Self {
        self.prefix_keys = true;
        self
    }

    fn chosen(&self, cx: &Context) -> Result<(&str, &BoxRunnable<I, O>)> {
        let key = match cx.configurable(&self.field.id) {
            None | Some(Value::Null) => return Ok((&self.alternatives[0].0, &self.alternatives[0].1)),
            Some(Value::String(key)) => key.clone(),
            Some(other) => other.to_string(),
        };
        let found = self.alternatives.iter().find(|(name, _)| *name == key);
        found.map(|(name, alternative)| (name.as_str(), alternative)).ok_or_else(|| {
            let known: Vec<&str> = self.alternatives.iter().map(|(name, _)| name.as_str()).collect();
            let message = format!(
                "`{}`: unknown alternative `{key:.80}`; expected one of: {}",
                self.field.id,
                known.join(", ")
            );
            Error::new(ErrorKind::InvalidInput, message)
        })
    }

    fn prefix(&self, key: &str) -> String {
        format!("{}=={key}/", self.field.id)
    }

    /// Returns the context in which the selected alternative finds its fields under their unprefixed keys.
    fn context(&self, cx: &Context, key: &str) -> Context {
        let prefix = self.prefix(key);
        let mut own = crate::RunConfig::new();
        if let Some(values) = cx.configurables().filter(|_| self.prefix_keys) {
            for (name, value) in values {
                if let Some(name) = name.strip_prefix(&prefix) {
                    own.configurable.insert(name.to_owned(), value.clone());
                }
            }
        }
        if own.configurable.is_empty() { cx.clone() } else { cx.configured_over(&own) }
    }
}

impl<I, O> Clone for ConfigurableAlternatives<I, O> {
    fn clone(&self) -> Self {
        Self {
            field: self.field.clone(),
            alternatives: self.alternatives.clone(),
            prefix_keys: self.prefix_keys,
        }
    }
}

impl<I: Chunk, O: Chunk> fmt::Debug for ConfigurableAlternatives<I, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfigurableAlternatives")
            .field("alternatives", &self.alternatives)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl<I: Chunk, O: Chunk> Runnable for ConfigurableAlternatives<I, O> {
    type Input = I;
    type Output = O;

    async fn call(&self, input: I, cx: &Context) -> Result<O> {
        let (key, chosen) = self.chosen(cx)?;
        step::call_here(chosen, input, &self.context(cx, key)).await
    }

    fn transform<'a>(&'a self, input: ChunkStream<'a, I>, cx: Context) -> ChunkStream<'a, O> {
        match self.chosen(&cx) {
            Ok((key, chosen)) => step::transform_here(chosen, input, self.context(&cx, key)),
            Err(error) => stream::iter([Err(error)]).boxed(),
        }
    }

    fn name(&self) -> Cow<'_, str> {
        self.alternatives[0].1.name()
    }

    fn kind(&self) -> RunKind {
        self.alternatives[0].1.kind()
    }

    fn outline(&self) -> Outline {
        let mut field = self.field.clone();
        field.default = Some(self.alternatives[0].0.clone().into());
        let (default, others) = (&self.alternatives[..1], &self.alternatives[1..]);
        field.options = others.iter().chain(default).map(|(key, _)| key.clone()).collect();
        let alternatives = self.alternatives.iter().map(|(key, alternative)| {
            let mut outline = alternative.outline();
            if self.prefix_keys {
                prefix_fields(&mut outline, &self.prefix(key));
            }
            (key.clone(), outline)
        });
        let parts = OutlineParts::Alternatives(alternatives.collect());
        Outline { fields: vec![field], ..Outline::new(self.name(), self.kind(), parts) }
    }

    fn shape(&self) -> Shape {
        Shape::Wrapper
    }

    fn chosen_capabilities(&self, cx: &Context) -> Option<Capabilities> {
        let (key, chosen) = self.chosen(cx).ok()?;
        capabilities_of(chosen, &self.context(cx, key))
    }
}

crate::impl_pipe!(impl [I: Chunk, O: Chunk] ConfigurableAlternatives<I, O>);

fn prefix_fields(outline: &mut Outline, prefix: &str) {
    for field in outline.fields.iter_mut().filter(|field| !field.is_shared) {
        field.id.insert_str(0, prefix);
    }
    outline.parts.for_each_mut(&mut |part| prefix_fields(part, prefix));
}
