//! A parser for answers described by a JSON Schema.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use super::instructions::instructions;
use super::reader::{Form, FormReader};
use super::title;
use crate::parser::stepwise::{parse_all, parse_stream};
use crate::schema::{coerce, fill, listed, unchecked, violations};
use crate::{
    AiMessage, ChunkStream, Context, Error, ErrorKind, Json, Outline, OutputParser, Result, RunKind, Runnable,
};

/// Parses the JSON in a model's answer and validates it against a JSON Schema known only at run time. For types known
/// at compile time, use [`TypedOutputParser`](crate::TypedOutputParser), whose streaming and errors are the same.
///
/// # Example
/// ```
/// use catena_core::{JsonSchemaOutputParser, RunnableExt};
/// use serde_json::json;
/// # futures_executor::block_on(async {
/// let parser = JsonSchemaOutputParser::new(json!({"title": "Person", "type": "object", "required": ["age"], "properties": {
///     "age": {"type": "integer", "minimum": 0},
///     "email": {"type": ["string", "null"], "default": null},
/// }}))?;
/// assert_eq!(parser.invoke(r#"{"age": 3}"#).await?["age"], 3);
/// let error = parser.invoke(r#"{"age": -1}"#).await.unwrap_err();
/// assert_eq!(
///     error.message(),
///     r#"invalid Person output: expected `age` to be at least 0, found -1 in: {"age": -1}"#
/// );
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct JsonSchemaOutputParser {
    schema: Arc<Value>,
    complete: bool,
    lenient: bool,
}

impl JsonSchemaOutputParser {
    /// Creates a parser for a schema of draft 2020-12. `pattern` requires the `regex` feature; conditionals,
    /// dependencies, `contains`, `patternProperties`, `propertyNames`, `unevaluatedProperties` and dynamic references
    /// are not supported.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for a schema with an unsupported rule, or with a reference that does not resolve within
    /// it.
    pub fn new(schema: Value) -> Result<Self> {
        match unchecked(&schema) {
            None => Ok(Self { schema: Arc::new(schema), complete: false, lenient: false }),
            Some(why) => Err(Error::new(ErrorKind::Config, format!("unsupported schema: {why}"))),
        }
    }

    /// Fills in the schema's defaults for missing members, and drops members that are not in the schema unless it
    /// specifies additional ones.
    ///
    /// # Example
    /// ```
    /// use catena_core::{JsonSchemaOutputParser, RunnableExt};
    /// use serde_json::json;
    /// # futures_executor::block_on(async {
    /// let schema = json!({"properties": {"a": {"default": 1}, "b": {"type": "string"}}});
    /// let parser = JsonSchemaOutputParser::new(schema)?.with_defaults();
    /// assert_eq!(parser.invoke(r#"{"b": "x", "c": 2}"#).await?, json!({"a": 1, "b": "x"}));
    /// # Ok::<(), catena_core::Error>(()) }).unwrap();
    /// ```
    #[must_use]
    pub fn with_defaults(mut self) -> Self {
        self.complete = true;
        self
    }

    /// Coerces unambiguous values to the type required by the schema, as pydantic does: `"3"` or `3.0` to an integer,
    /// `"2.5"` to a number, `"yes"` or `1` to a boolean, `true` to the number 1. Numbers are never converted to texts.
    ///
    /// # Example
    /// ```
    /// use catena_core::{JsonSchemaOutputParser, RunnableExt};
    /// use serde_json::json;
    /// # futures_executor::block_on(async {
    /// let schema = json!({"properties": {"rating": {"type": "integer"}, "seen": {"type": "boolean"}}});
    /// let parser = JsonSchemaOutputParser::new(schema)?.lenient();
    /// assert_eq!(parser.invoke(r#"{"rating": "8", "seen": "yes"}"#).await?, json!({"rating": 8, "seen": true}));
    /// assert!(parser.invoke(r#"{"rating": "eight"}"#).await.is_err());
    /// # Ok::<(), catena_core::Error>(()) }).unwrap();
    /// ```
    #[must_use]
    pub fn lenient(mut self) -> Self {
        self.lenient = true;
        self
    }

    /// Returns the schema of the answer.
    pub fn schema(&self) -> &Value {
        &self.schema
    }
}

#[async_trait]
impl Runnable for JsonSchemaOutputParser {
    type Input = AiMessage;
    type Output = Json;

    async fn call(&self, answer: AiMessage, _cx: &Context) -> Result<Json> {
        parse_all(FormReader::new(self), answer)
    }

    fn transform<'a>(&'a self, answer: ChunkStream<'a, AiMessage>, _cx: Context) -> ChunkStream<'a, Json> {
        parse_stream(FormReader::new(self), answer)
    }

    fn kind(&self) -> RunKind {
        RunKind::Parser
    }

    fn outline(&self) -> Outline {
        Outline::of(self).with_output_schema((*self.schema).clone())
    }
}

crate::impl_pipe!(JsonSchemaOutputParser);

impl OutputParser for JsonSchemaOutputParser {
    fn format_instructions(&self) -> String {
        instructions(&self.schema)
    }
}

impl Form for JsonSchemaOutputParser {
    type Output = Json;

    fn what(&self) -> &str {
        title(Some(&self.schema)).unwrap_or("JSON")
    }

    fn read(&self, mut json: Json) -> Result<Json, String> {
        if self.lenient {
            let mut value = json.into_value();
            coerce(&self.schema, &mut value);
            json = value.into();
        }
        match &violations(&self.schema, json.value())[..] {
            [] if self.complete => Ok(fill(&self.schema, json.into_value()).into()),
            [] => Ok(json),
            broken => Err(listed(broken)),
        }
    }

    fn is_same(&self, given: &Json, next: &Json) -> bool {
        given == next
    }
}
