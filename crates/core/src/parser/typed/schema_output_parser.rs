//! The parser that reads what a JSON Schema describes.

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

/// Reads the JSON of a model's answer, which has to fit a JSON Schema that is known only when the program runs. For types
/// that are known before, there is [`TypedOutputParser`](crate::TypedOutputParser); streams and errors are as there.
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
    /// A parser for what this schema describes: draft 2020-12, without patterns, conditions and the rules about members
    /// and items that other rules have left over.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for a schema with a rule that is not supported, or a reference that leads out of it.
    pub fn new(schema: Value) -> Result<Self> {
        match unchecked(&schema) {
            None => Ok(Self { schema: Arc::new(schema), complete: false, lenient: false }),
            Some(why) => Err(Error::new(
                ErrorKind::Config,
                format!("answers cannot be checked against the schema: {why}"),
            )),
        }
    }

    /// Gives values with the schema's defaults for members that are absent, and without the members that it does not
    /// name, where it says nothing about additional ones.
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

    /// Takes what can only mean a value of the type that the schema asks for, as pydantic does: `"3"` or `3.0` for an
    /// integer, `"2.5"` for a number, `"yes"` or `1` for a truth value, `true` for the number 1. It gives what is meant.
    /// Numbers are never taken for texts.
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

    /// The schema of the answer.
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
