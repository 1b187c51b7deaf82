//! A parser for the calls of one tool.

use super::reader::CallForm;
use super::{as_record, json};
use crate::parser::message_reader::message_parser;
use crate::{AiMessage, Data, Json, Result, ToolCall};

/// Returns the arguments of the calls of one tool as JSON; calls of other tools are ignored. Streaming and errors are
/// those of [`JsonOutputToolsParser`](crate::JsonOutputToolsParser).
///
/// # Example
/// ```
/// use catena_core::{AiMessage, JsonOutputKeyToolsParser, RunnableExt, ToolCall};
/// use serde_json::json;
/// # futures_executor::block_on(async {
/// let calls = [ToolCall::new("get_time", [("zone", "CET")]), ToolCall::new("get_weather", [("city", "Paris")])];
/// let answer = AiMessage::new("").with_tool_calls(calls);
/// let parser = JsonOutputKeyToolsParser::new("get_weather");
/// assert_eq!(parser.invoke(answer.clone()).await?, json!([{"city": "Paris"}]));
/// assert_eq!(parser.first_tool_only().invoke(answer).await?, json!({"city": "Paris"}));
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct JsonOutputKeyToolsParser {
    key_name: String,
    first_only: bool,
    return_id: bool,
}

impl JsonOutputKeyToolsParser {
    /// Creates a parser for the calls of this tool.
    pub fn new(key_name: impl Into<String>) -> Self {
        Self { key_name: key_name.into(), first_only: false, return_id: false }
    }

    /// Returns the first call of the tool instead of a list; `null` if there is none.
    #[must_use]
    pub fn first_tool_only(mut self) -> Self {
        self.first_only = true;
        self
    }

    /// Returns whole calls with their ids instead of arguments: `{"type": name, "args": {..}, "id": id}`.
    #[must_use]
    #[doc(alias = "return_id")]
    pub fn with_id(mut self) -> Self {
        self.return_id = true;
        self
    }

    fn one(&self, call: &ToolCall) -> Data {
        if self.return_id { as_record(call, true) } else { Data::Record(call.args.clone()) }
    }
}

message_parser!([] JsonOutputKeyToolsParser, "JsonOutputKeyToolsParser", Json);
crate::impl_pipe!(JsonOutputKeyToolsParser);

impl CallForm for JsonOutputKeyToolsParser {
    type Output = Json;

    fn read_calls(&self, message: &AiMessage, complete: bool) -> Result<Option<Json>> {
        let mut named = message.tool_calls().iter().filter(|call| call.name == self.key_name);
        match self.first_only {
            false => json(Data::List(named.map(|call| self.one(call)).collect())).map(Some),
            true => match named.next() {
                None if !complete => Ok(None),
                first => json(first.map(|call| self.one(call)).unwrap_or_default()).map(Some),
            },
        }
    }

    fn is_same_as(&self, given: &Json, next: &Json) -> bool {
        given == next
    }
}
