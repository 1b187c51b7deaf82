//! A parser for tool calls as JSON.
use serde_json::Value;

use super::known_tools::KnownTools;
use super::reader::CallForm;
use super::{as_record, json};
use crate::parser::message_reader::message_parser;
use crate::{AiMessage, Data, Json, Result};

/// Returns the tool calls of an answer as JSON: `[{"type": name, "args": {..}}]`. For tools with typed arguments, use
/// [`ToolsParser`](crate::ToolsParser).
///
/// While the answer is streamed, emits the calls so far whenever they change, with incomplete arguments parsed as far
/// as they go. Each chunk is the complete value so far and replaces the previous one. The total work is linear in the
/// length of the answer: for one longer than a few thousand bytes, not every chunk gives an output.
///
/// # Errors
/// With [tools](JsonOutputToolsParser::with_tool), [`Parse`](crate::ErrorKind::Parse) for a call of another tool, after
/// which a stream emits no more chunks, and for arguments that do not match the schema. Calls whose arguments are not a
/// JSON object are omitted; they are the answer's [invalid tool calls](AiMessage::invalid_tool_calls).
/// [`Refusal`](crate::ErrorKind::Refusal) with the text of a refusal.
///
/// # Example
/// ```
/// use catena_core::{AiMessage, JsonOutputToolsParser, RunnableExt, ToolCall};
/// use serde_json::json;
/// # futures_executor::block_on(async {
/// let answer = AiMessage::new("").with_tool_calls([ToolCall::new("get_weather", [("city", "Paris")])]);
/// let calls = JsonOutputToolsParser::new().invoke(answer).await?;
/// assert_eq!(calls, json!([{"type": "get_weather", "args": {"city": "Paris"}}]));
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone, Default)]
pub struct JsonOutputToolsParser {
    first_only: bool,
    return_id: bool,
    tools: KnownTools,
}

impl JsonOutputToolsParser {
    /// Creates a parser that returns all calls, without their ids.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the first call instead of a list; an empty list if there is none.
    ///
    /// # Example
    /// ```
    /// use catena_core::{AiMessage, JsonOutputToolsParser, RunnableExt};
    /// # futures_executor::block_on(async {
    /// assert!(JsonOutputToolsParser::new().first_tool_only().invoke(AiMessage::new("Hi")).await?.value().as_array().unwrap().is_empty());
    /// # Ok::<(), catena_core::Error>(()) }).unwrap();
    /// ```
    #[must_use]
    pub fn first_tool_only(mut self) -> Self {
        self.first_only = true;
        self
    }

    /// Includes the `id` of each call, to which a [`ToolMessage`](crate::ToolMessage) refers.
    #[must_use]
    #[doc(alias = "return_id")]
    pub fn with_id(mut self) -> Self {
        self.return_id = true;
        self
    }

    /// Adds a known tool with the JSON Schema of its arguments. Once there is one, calls of unknown tools are errors.
    /// Arguments are completed with the schema's defaults, arguments not in the schema are dropped, and unambiguous
    /// values are coerced to the required type, such as `"3"` to an integer. While the answer is streamed, calls whose
    /// arguments do not match yet are omitted.
    ///
    /// # Errors
    /// [`Config`](crate::ErrorKind::Config) for a schema with unsupported rules; see
    /// [`JsonSchemaOutputParser::new`](crate::JsonSchemaOutputParser::new).
    ///
    /// # Example
    /// ```
    /// use catena_core::{AiMessage, JsonOutputToolsParser, RunnableExt, ToolCall};
    /// use serde_json::json;
    /// # futures_executor::block_on(async {
    /// let schema = json!({"properties": {"city": {"type": "string"}}, "required": ["city"]});
    /// let parser = JsonOutputToolsParser::new().with_tool("get_weather", schema)?;
    /// let answer = |name: &str| AiMessage::new("").with_tool_calls([ToolCall::new(name, [("city", 5)])]);
    /// let error = parser.invoke(answer("get_weather")).await.unwrap_err();
    /// assert!(error.message().contains("expected `city` to be a string, found 5"));
    /// let error = parser.invoke(answer("get_time")).await.unwrap_err();
    /// assert!(error.message().contains("expected a call of one of the tools `get_weather`"));
    /// # Ok::<(), catena_core::Error>(()) }).unwrap();
    /// ```
    pub fn with_tool(mut self, name: impl Into<String>, schema: Value) -> Result<Self> {
        self.tools.add(name.into(), schema)?;
        Ok(self)
    }
}

message_parser!([] JsonOutputToolsParser, "JsonOutputToolsParser", Json);
crate::impl_pipe!(JsonOutputToolsParser);

impl CallForm for JsonOutputToolsParser {
    type Output = Json;

    fn read_calls(&self, message: &AiMessage, complete: bool) -> Result<Option<Json>> {
        let calls = message.tool_calls();
        let calls = if self.first_only { &calls[..calls.len().min(1)] } else { calls };
        let mut read = Vec::with_capacity(calls.len());
        for call in calls {
            match self.tools.checked(call) {
                Ok(call) => read.push(as_record(&call, self.return_id)),
                Err(error) if complete || self.tools.rules_out(&call.name) => return Err(error),
                Err(_) => {}
            }
        }
        match self.first_only {
            false => json(Data::List(read)).map(Some),
            true => match read.pop() {
                None if !complete => Ok(None),
                None => json(Data::List(Vec::new())).map(Some),
                Some(first) => json(first).map(Some),
            },
        }
    }

    fn is_same_as(&self, given: &Json, next: &Json) -> bool {
        given == next
    }
}
