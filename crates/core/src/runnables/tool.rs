//! A runnable that a model may call by name.

use std::borrow::Cow;
use std::fmt;

use async_trait::async_trait;
use serde_json::{Value, json};

use crate::run::step::{self, Place};
use crate::{ChunkStream, Context, Data, DynRunnable, Outline, Result, RunKind, Runnable, RunnableExt};

/// A runnable with what a model has to know to call it: a name, a description and a schema of its arguments. Made by
/// [`as_tool`](crate::RunnableExt::as_tool). A [`Tool`](crate::Tool) is made of it where one is wanted.
///
/// # Example
/// ```
/// use catena_core::{vars, PromptTemplate, RunnableExt};
/// # futures_executor::block_on(async {
/// let greet = PromptTemplate::new("Hello {name}")?.as_tool("greet", "Greets a person by name.");
/// assert_eq!(greet.definition()["parameters"]["required"][0], "name");
/// let greeting = greet.invoke(vars! { name: "Ada" }).await?;
/// assert_eq!(greeting, catena_core::PromptValue::from("Hello Ada").into());
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct RunnableTool {
    inner: DynRunnable,
    name: String,
    description: String,
    parameters: Value,
}

impl RunnableTool {
    pub(crate) fn new(inner: DynRunnable, name: String, description: String) -> Self {
        let parameters = inner.input_schema();
        Self { inner, name, description, parameters }
    }

    /// Describes the arguments by another JSON Schema than that of the runnable's input.
    #[must_use]
    #[doc(alias = "args_schema")]
    pub fn with_parameters(mut self, schema: Value) -> Self {
        self.parameters = schema;
        self
    }

    /// Name, description and schema.
    pub(crate) fn parts(&self) -> (&str, &str, &Value) {
        (&self.name, &self.description, &self.parameters)
    }

    pub(crate) fn inner(&self) -> &DynRunnable {
        &self.inner
    }

    /// What a model is told: `name`, `description` and `parameters`.
    pub fn definition(&self) -> Value {
        json!({ "name": self.name, "description": self.description, "parameters": self.parameters })
    }
}

impl fmt::Debug for RunnableTool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunnableTool").field("name", &self.name).finish_non_exhaustive()
    }
}

#[async_trait]
impl Runnable for RunnableTool {
    type Input = Data;
    type Output = Data;

    async fn call(&self, input: Data, cx: &Context) -> Result<Data> {
        step::call(&self.inner, input, cx, Place::Plain).await
    }

    fn transform<'a>(&'a self, input: ChunkStream<'a, Data>, cx: Context) -> ChunkStream<'a, Data> {
        step::transform(&self.inner, input, &cx, Place::Plain)
    }

    fn name(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.name)
    }

    fn kind(&self) -> RunKind {
        RunKind::Tool
    }

    fn outline(&self) -> Outline {
        let mut outline = Outline::wrapper(self.inner.outline());
        outline.name.clone_from(&self.name);
        outline.kind = RunKind::Tool;
        outline
    }
}

crate::impl_pipe!(RunnableTool);
