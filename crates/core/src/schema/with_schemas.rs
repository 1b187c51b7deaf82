//! Schemas specified by the program.

use std::borrow::Cow;

use async_trait::async_trait;
use serde_json::Value;

use crate::run::step;
use crate::runnable::Shape;
use crate::{Capabilities, ChunkStream, Context, Outline, Result, RunKind, Runnable};

/// Specifies the input or output schema of a runnable, for schemas and graphs. Created by
/// [`with_input_schema`](crate::RunnableExt::with_input_schema),
/// [`with_output_schema`](crate::RunnableExt::with_output_schema) and, for types that implement `JsonSchema`,
/// `with_schemas`.
///
/// It has no run of its own and does not validate anything.
///
/// # Example
/// ```
/// use catena_core::{lambda, Data, RunnableExt};
/// use serde_json::json;
///
/// let count = lambda(|input: Data| input.get("text").and_then(Data::as_text).map(str::len))
///     .with_input_schema(json!({"type": "object", "properties": {"text": {"type": "string"}}}));
/// assert_eq!(count.input_schema()["properties"]["text"]["type"], "string");
/// ```
#[doc(alias = "with_types")]
#[derive(Debug, Clone)]
pub struct WithSchemas<R> {
    inner: R,
    input: Option<Value>,
    output: Option<Value>,
}

impl<R: Runnable> WithSchemas<R> {
    pub(crate) fn new(inner: R, input: Option<Value>, output: Option<Value>) -> Self {
        Self { inner, input, output }
    }
}

/// Returns the schema of a type.
#[cfg(feature = "schemars")]
pub(crate) fn described<T: schemars::JsonSchema>() -> Value {
    let settings =
        schemars::generate::SchemaSettings::draft2020_12().with(|settings| settings.meta_schema = None);
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    // Without these members, the title is that of a built-in type, not of one named by the program.
    if schema.get("properties").or(schema.get("oneOf")).or(schema.get("enum")).is_none() {
        schema.remove("title");
    }
    schema.into()
}

#[async_trait]
impl<R: Runnable> Runnable for WithSchemas<R> {
    type Input = R::Input;
    type Output = R::Output;

    async fn call(&self, input: R::Input, cx: &Context) -> Result<R::Output> {
        step::call_here(&self.inner, input, cx).await
    }

    fn transform<'a>(&'a self, input: ChunkStream<'a, R::Input>, cx: Context) -> ChunkStream<'a, R::Output> {
        step::transform_here(&self.inner, input, cx)
    }

    fn name(&self) -> Cow<'_, str> {
        self.inner.name()
    }

    fn kind(&self) -> RunKind {
        self.inner.kind()
    }

    fn outline(&self) -> Outline {
        let mut outline = Outline::wrapper(self.inner.outline());
        outline.input_schema.clone_from(&self.input);
        outline.output_schema.clone_from(&self.output);
        outline
    }

    fn shape(&self) -> Shape {
        Shape::Wrapper
    }

    fn chosen_capabilities(&self, cx: &Context) -> Option<Capabilities> {
        self.inner.chosen_capabilities(cx)
    }
}

crate::impl_pipe!(impl [R: Runnable] WithSchemas<R>);
