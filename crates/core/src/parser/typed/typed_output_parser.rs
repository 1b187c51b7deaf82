//! A parser for a Rust type.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::instructions::instructions;
use super::reader::{Form, FormReader};
use super::{Check, Parsed, read_leniently, title};
use crate::parser::stepwise::{parse_all, parse_stream};
use crate::{AiMessage, ChunkStream, Context, Json, Outline, OutputParser, Result, RunKind, Runnable};

/// Parses the JSON in a model's answer as a `T`. Created by [`parse`](crate::parse).
///
/// Surrounding prose and code fences are ignored, as for [`JsonOutputParser`](crate::JsonOutputParser). If the JSON is
/// not a `T`, scalars are coerced to the types of the schema, as by
/// [`lenient`](crate::JsonSchemaOutputParser::lenient): `3.0` and `"3"` to an integer.
///
/// While the answer is streamed, a `T` is emitted whenever the answer so far is one: a type whose members all have
/// defaults is emitted as it grows, other types once their required members are present. Each chunk is a complete value
/// and replaces the previous one. The total work is linear in the length of the answer: for one longer than a few
/// thousand bytes, not every chunk gives an output.
///
/// # Errors
/// At the end of the answer: [`Parse`](crate::ErrorKind::Parse) when it contains no JSON, or the JSON is not a `T`. The
/// error names each incorrect location in the JSON, what was expected and what was found; its
/// [`parse_failure`](crate::Error::parse_failure) has the complete answer, and
/// [`feedback`](crate::ParseFailure::feedback) to send to the model. [`Refusal`](crate::ErrorKind::Refusal) with the
/// text of a refusal.
///
/// # Example
/// ```
/// use catena_core::{fakes::FakeChatModel, RunnableExt, TypedOutputParser};
/// use serde_json::json;
/// # use serde::Deserialize;
/// # futures_executor::block_on(async {
/// #[derive(Deserialize)]
/// struct Company {
///     name: String,
///     founded: u16,
/// }
///
/// let schema = json!({"title": "Company", "type": "object", "required": ["name", "founded"], "properties": {
///     "name": {"type": "string"},
///     "founded": {"type": "integer"},
/// }});
/// let answers = [r#"{"name": "Socks & Co", "founded": 1987}"#, r#"{"name": "Socks & Co", "founded": "long ago"}"#];
/// let chain = FakeChatModel::new(answers) | TypedOutputParser::<Company>::with_schema(schema);
/// assert_eq!(chain.invoke("A company?").await?.founded, 1987);
/// let error = chain.invoke("Another?").await.err().unwrap();
/// assert!(error.message().contains(r#"expected `founded` to be an integer, found "long ago""#), "{error}");
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[doc(alias = "PydanticOutputParser")]
pub struct TypedOutputParser<T> {
    schema: Arc<Value>,
    check: Option<Check<T>>,
    value: PhantomData<fn() -> T>,
}

/// Creates a parser of the JSON in a model's answer as a `T`; see [`TypedOutputParser`].
///
/// # Example
/// ```
/// use catena_core::{fakes::FakeChatModel, parse, OutputParser, RunnableExt};
/// use schemars::JsonSchema;
/// use serde::Deserialize;
/// # futures_executor::block_on(async {
/// #[derive(Deserialize, JsonSchema)]
/// struct Company {
///     name: String,
///     #[schemars(range(min = 1500))]
///     founded: u16,
/// }
///
/// let chain = FakeChatModel::new([r#"{"name": "Socks & Co", "founded": 1987}"#]) | parse::<Company>();
/// let company = chain.invoke(parse::<Company>().format_instructions()).await?;
/// assert_eq!((company.name.as_str(), company.founded), ("Socks & Co", 1987));
///
/// let error = parse::<Company>().invoke(r#"{"name": "Rome", "founded": 0}"#).await.err().unwrap();
/// assert!(error.message().contains("expected `founded` to be at least 1500, found 0"), "{error}");
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[cfg(feature = "schemars")]
pub fn parse<T>() -> TypedOutputParser<T>
where
    T: DeserializeOwned + schemars::JsonSchema + Send + Sync + 'static,
{
    TypedOutputParser::new()
}

impl<T: DeserializeOwned + Send + Sync + 'static> TypedOutputParser<T> {
    /// Creates a parser that tells the model the type's own schema and enforces it.
    ///
    /// Unsupported rules of the schema, such as `pattern`, are told to the model but not enforced; see
    /// [`validate`](TypedOutputParser::validate).
    #[cfg(feature = "schemars")]
    pub fn new() -> Self
    where
        T: schemars::JsonSchema,
    {
        Self::with_schema(crate::schema::described::<T>())
    }

    /// Creates a parser for a type without its own schema. What the type accepts is decisive; of the schema, only the
    /// bounds are enforced.
    pub fn with_schema(schema: Value) -> Self {
        Self { schema: Arc::new(schema), check: None, value: PhantomData }
    }

    /// Adds a validation rule. For an invalid value, it returns a text that says what the value was expected to be:
    /// `` `end` to be after `start` ``.
    ///
    /// # Example
    /// ```
    /// use catena_core::{RunnableExt, TypedOutputParser};
    /// # futures_executor::block_on(async {
    /// let even = TypedOutputParser::<i64>::with_schema(serde_json::json!({"type": "integer"}))
    ///     .validate(|number| if number % 2 == 0 { Ok(()) } else { Err("an even number".to_owned()) });
    /// assert_eq!(*even.invoke("2").await?, 2);
    /// let error = even.invoke("3").await.unwrap_err();
    /// assert_eq!(error.message(), "invalid JSON output: expected an even number in: 3");
    /// # Ok::<(), catena_core::Error>(()) }).unwrap();
    /// ```
    #[must_use]
    pub fn validate(mut self, check: impl Fn(&T) -> Result<(), String> + Send + Sync + 'static) -> Self {
        self.check = Some(match self.check {
            None => Arc::new(check),
            Some(first) => Arc::new(move |value: &T| first(value).and_then(|()| check(value))),
        });
        self
    }

    /// Returns the schema of the answer.
    pub fn schema(&self) -> &Value {
        &self.schema
    }
}

#[cfg(feature = "schemars")]
impl<T: DeserializeOwned + schemars::JsonSchema + Send + Sync + 'static> Default for TypedOutputParser<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Clone for TypedOutputParser<T> {
    fn clone(&self) -> Self {
        Self { schema: Arc::clone(&self.schema), check: self.check.clone(), value: PhantomData }
    }
}

impl<T> fmt::Debug for TypedOutputParser<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypedOutputParser").field("schema", &self.schema).finish_non_exhaustive()
    }
}

#[async_trait]
impl<T: DeserializeOwned + Send + Sync + 'static> Runnable for TypedOutputParser<T> {
    type Input = AiMessage;
    type Output = Parsed<T>;

    async fn call(&self, answer: AiMessage, _cx: &Context) -> Result<Parsed<T>> {
        parse_all(FormReader::new(self), answer)
    }

    fn transform<'a>(
        &'a self,
        answer: ChunkStream<'a, AiMessage>,
        _cx: Context,
    ) -> ChunkStream<'a, Parsed<T>> {
        parse_stream(FormReader::new(self), answer)
    }

    fn name(&self) -> Cow<'_, str> {
        "TypedOutputParser".into()
    }

    fn kind(&self) -> RunKind {
        RunKind::Parser
    }

    fn outline(&self) -> Outline {
        Outline::of(self).with_output_schema((*self.schema).clone())
    }
}

crate::impl_pipe!(impl [T: DeserializeOwned + Send + Sync + 'static] TypedOutputParser<T>);

impl<T: DeserializeOwned + Send + Sync + 'static> OutputParser for TypedOutputParser<T> {
    fn format_instructions(&self) -> String {
        instructions(&self.schema)
    }
}

impl<T: DeserializeOwned + Send + Sync + 'static> Form for TypedOutputParser<T> {
    type Output = Parsed<T>;

    fn what(&self) -> &str {
        title(Some(&self.schema)).unwrap_or("JSON")
    }

    fn read(&self, json: Json) -> Result<Parsed<T>, String> {
        let value: T = read_leniently(json.value(), Some(&self.schema))?;
        if let Some(check) = &self.check {
            check(&value)?;
        }
        Ok(Parsed::new(value, json))
    }

    /// Always false, as the type need not be comparable.
    fn is_same(&self, _given: &Parsed<T>, _next: &Parsed<T>) -> bool {
        false
    }
}
