//! The parser that reads a type of the application's own.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::instructions::instructions;
use super::reader::{Form, FormReader};
use super::{Check, Parsed, read_as, title};
use crate::parser::stepwise::{parse_all, parse_stream};
use crate::{AiMessage, ChunkStream, Context, Json, Outline, OutputParser, Result, RunKind, Runnable};

/// Reads the JSON of a model's answer as a `T`. [`parse`](crate::parse) makes one.
///
/// Prose and a fence around the JSON do not count, as for [`JsonOutputParser`](crate::JsonOutputParser).
///
/// While the answer streams, a `T` is given whenever what came so far is one: for a type whose members all have defaults
/// that is what there is so far, for others the value appears once its required members are there. Each chunk is a whole
/// value, the last one counts. All reading takes time proportional to the answer: in one longer than some thousand bytes
/// not every piece gives a chunk.
///
/// # Errors
/// At the end of the answer: [`Parse`](crate::ErrorKind::Parse) when there is no JSON in it, or it is no `T`. The error
/// names each place in the JSON that is wrong, what should be there and what is; its
/// [`parse_failure`](crate::Error::parse_failure) has the whole answer, and
/// [`feedback`](crate::ParseFailure::feedback) to send to the model.
/// [`Refusal`](crate::ErrorKind::Refusal) with the words of a model that refused.
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

/// Reads the JSON of a model's answer as a `T`; see [`TypedOutputParser`].
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
    /// A parser that tells the model, and enforces, what the type's own schema says.
    ///
    /// Rules of the schema that are not supported, such as `pattern`, are told and not enforced; see
    /// [`validate`](TypedOutputParser::validate).
    #[cfg(feature = "schemars")]
    pub fn new() -> Self
    where
        T: schemars::JsonSchema,
    {
        Self::with_schema(crate::schema::described::<T>())
    }

    /// A parser for a type that has no schema of its own. What the type takes counts; of the schema the bounds do.
    pub fn with_schema(schema: Value) -> Self {
        Self { schema: Arc::new(schema), check: None, value: PhantomData }
    }

    /// Adds a rule. The text it gives for a value that breaks it says what the value should be:
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

    /// The schema of the answer.
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
        let value: T = read_as(json.value(), Some(&self.schema))?;
        if let Some(check) = &self.check {
            check(&value)?;
        }
        Ok(Parsed::new(value, json))
    }

    /// Types need not be comparable.
    fn is_same(&self, _given: &Parsed<T>, _next: &Parsed<T>) -> bool {
        false
    }
}
