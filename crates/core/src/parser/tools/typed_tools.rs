//! A parser for tool calls as values of Rust types.

use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::call_as::{Misfit, call_as};
use super::known_tools::{one_of, rules_out};
use super::reader::CallForm;
use super::{as_record, json, misfit};
use crate::parser::message_reader::message_parser;
use crate::parser::typed::read_tracked;
use crate::{AiMessage, Data, Parsed, Result, ToolCall};

type Read<T> = Arc<dyn Fn(&ToolCall) -> Result<T, Misfit> + Send + Sync>;

/// Returns the tool calls of an answer as values of `T`: an enum with a variant for each tool.
///
/// The variants hold the arguments. Enums with serde's `tag = "type"`, with or without `content = "args"`, are
/// supported as well. If the arguments of each tool have their own type, [`with_tool`](ToolsParser::with_tool) defines
/// how they are converted to `T`.
///
/// While the answer is streamed, emits the calls whenever there is another one or the arguments of one have changed;
/// calls whose arguments are not complete enough yet are omitted. Each chunk is the complete list so far and replaces
/// the previous one. The total work is linear in the length of the answer.
///
/// # Errors
/// [`Parse`](crate::ErrorKind::Parse) for a call of an unknown tool, naming the known ones, and at the end of the
/// answer for arguments that do not match, naming the location. Calls whose arguments are not a JSON object are
/// omitted; they are the answer's [invalid tool calls](AiMessage::invalid_tool_calls).
/// [`Refusal`](crate::ErrorKind::Refusal) with the text of a refusal.
///
/// # Example
/// ```
/// use catena_core::{AiMessage, RunnableExt, ToolCall, ToolsParser};
/// # use serde::Deserialize;
/// # futures_executor::block_on(async {
/// #[derive(Debug, PartialEq, Deserialize)]
/// #[serde(rename_all = "snake_case")]
/// enum Tool {
///     Add { a: i64, b: i64 },
///     GetWeather { city: String },
/// }
///
/// let parser = ToolsParser::<Tool>::new();
/// let answer = AiMessage::new("").with_tool_calls([ToolCall::new("add", [("a", 2), ("b", 3)])]);
/// assert_eq!(*parser.invoke(answer).await?, [Tool::Add { a: 2, b: 3 }]);
///
/// let answer = AiMessage::new("").with_tool_calls([ToolCall::new("divide", [("a", 2)])]);
/// let error = parser.invoke(answer).await.unwrap_err();
/// assert!(error.message().contains("expected a call of one of the tools `add`, `get_weather`"));
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[doc(alias = "PydanticToolsParser")]
pub struct ToolsParser<T> {
    tools: Vec<(String, Read<T>)>,
    /// Parses calls of the tools that the type itself defines.
    variants: Option<Read<T>>,
}

impl<T: Send + Sync + 'static> ToolsParser<T> {
    /// Creates a parser for calls of the tools that are the variants of the enum `T`.
    pub fn new() -> Self
    where
        T: DeserializeOwned,
    {
        Self { tools: Vec::new(), variants: Some(Arc::new(call_as)) }
    }

    /// Creates a parser for calls of a single tool whose arguments are a `T`.
    ///
    /// # Example
    /// ```
    /// use catena_core::{AiMessage, RunnableExt, ToolCall, ToolsParser};
    /// # use serde::Deserialize;
    /// # futures_executor::block_on(async {
    /// #[derive(Deserialize)]
    /// struct Weather {
    ///     city: String,
    /// }
    /// let parser = ToolsParser::<Weather>::named("get_weather").first_tool_only();
    /// let answer = AiMessage::new("").with_tool_calls([ToolCall::new("get_weather", [("city", "Paris")])]);
    /// assert_eq!(parser.invoke(answer).await?.as_ref().unwrap().city, "Paris");
    /// # Ok::<(), catena_core::Error>(()) }).unwrap();
    /// ```
    pub fn named(tool: impl Into<String>) -> Self
    where
        T: DeserializeOwned,
    {
        Self::without_tools().with_tool(tool, |args: T| args)
    }

    /// Creates a parser without tools; add them with [`with_tool`](ToolsParser::with_tool).
    pub fn without_tools() -> Self {
        Self { tools: Vec::new(), variants: None }
    }

    /// Adds a tool: the type of its arguments, and their conversion to `T`. A tool with the same name is replaced.
    ///
    /// # Example
    /// ```
    /// use catena_core::{AiMessage, RunnableExt, ToolCall, ToolsParser};
    /// # use serde::Deserialize;
    /// # futures_executor::block_on(async {
    /// #[derive(Deserialize)]
    /// struct Add {
    ///     a: i64,
    ///     b: i64,
    /// }
    /// #[derive(Deserialize)]
    /// struct Negate {
    ///     x: i64,
    /// }
    /// let parser = ToolsParser::without_tools()
    ///     .with_tool("add", |Add { a, b }| a + b)
    ///     .with_tool("negate", |Negate { x }| -x);
    /// let calls = [ToolCall::new("add", [("a", 2), ("b", 3)]), ToolCall::new("negate", [("x", 7)])];
    /// assert_eq!(*parser.invoke(AiMessage::new("").with_tool_calls(calls)).await?, [5, -7]);
    /// # Ok::<(), catena_core::Error>(()) }).unwrap();
    /// ```
    #[must_use]
    pub fn with_tool<A: DeserializeOwned>(
        mut self,
        tool: impl Into<String>,
        make: impl Fn(A) -> T + Send + Sync + 'static,
    ) -> Self {
        let read: Read<T> = Arc::new(move |call| {
            let args = Data::Record(call.args.clone()).into_json();
            read_tracked(&args).map(&make).map_err(|why| Misfit::of(call, &why))
        });
        self.tools.push((tool.into(), read));
        self
    }

    /// Returns the first call instead of a list; `None` if there is none.
    #[must_use]
    pub fn first_tool_only(self) -> FirstToolParser<T> {
        FirstToolParser(self)
    }
}

impl<T: DeserializeOwned + Send + Sync + 'static> Default for ToolsParser<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> ToolsParser<T> {
    fn read_call(&self, call: &ToolCall) -> Result<T, Misfit> {
        let named = self.tools.iter().rev().find(|(name, _)| *name == call.name).map(|(_, read)| read);
        match named.or(self.variants.as_ref()) {
            Some(read) => read(call),
            None => Err(Misfit {
                error: misfit(call, one_of(self.names())),
                is_final: rules_out(self.names(), &call.name),
            }),
        }
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.tools.iter().map(|(name, _)| name.as_str())
    }

    /// Returns the calls that match, as values and as JSON.
    fn read_each(&self, calls: &[ToolCall], complete: bool) -> Result<(Vec<T>, Vec<Data>)> {
        let (mut values, mut records) = (Vec::with_capacity(calls.len()), Vec::with_capacity(calls.len()));
        for call in calls {
            match self.read_call(call) {
                Ok(value) => {
                    values.push(value);
                    records.push(as_record(call, true));
                }
                Err(misfit) if complete || misfit.is_final => return Err(misfit.error),
                Err(_) => {}
            }
        }
        Ok((values, records))
    }
}

impl<T> Clone for ToolsParser<T> {
    fn clone(&self) -> Self {
        Self { tools: self.tools.clone(), variants: self.variants.clone() }
    }
}

impl<T> fmt::Debug for ToolsParser<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToolsParser")
            .field("tools", &self.names().collect::<Vec<_>>())
            .field("variants", &self.variants.is_some())
            .finish()
    }
}

/// Returns the first tool call of an answer as a value. Created by [`ToolsParser::first_tool_only`].
#[derive(Debug)]
pub struct FirstToolParser<T>(ToolsParser<T>);

impl<T> Clone for FirstToolParser<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

message_parser!([T: Send + Sync + 'static] ToolsParser<T>, "ToolsParser", Parsed<Vec<T>>);
crate::impl_pipe!(impl [T: Send + Sync + 'static] ToolsParser<T>);
message_parser!([T: Send + Sync + 'static] FirstToolParser<T>, "FirstToolParser", Parsed<Option<T>>);
crate::impl_pipe!(impl [T: Send + Sync + 'static] FirstToolParser<T>);

impl<T: Send + Sync + 'static> CallForm for ToolsParser<T> {
    type Output = Parsed<Vec<T>>;

    fn read_calls(&self, message: &AiMessage, complete: bool) -> Result<Option<Self::Output>> {
        let (values, records) = self.read_each(message.tool_calls(), complete)?;
        Ok(Some(Parsed::new(values, json(Data::List(records))?)))
    }

    fn is_same_as(&self, given: &Self::Output, next: &Self::Output) -> bool {
        given.json() == next.json()
    }
}

impl<T: Send + Sync + 'static> CallForm for FirstToolParser<T> {
    type Output = Parsed<Option<T>>;

    fn read_calls(&self, message: &AiMessage, complete: bool) -> Result<Option<Self::Output>> {
        let calls = message.tool_calls();
        let (mut values, mut records) = self.0.read_each(&calls[..calls.len().min(1)], complete)?;
        match values.pop() {
            None if !complete => Ok(None),
            first => Ok(Some(Parsed::new(first, json(records.pop().unwrap_or_default())?))),
        }
    }

    fn is_same_as(&self, given: &Self::Output, next: &Self::Output) -> bool {
        given.json() == next.json()
    }
}
