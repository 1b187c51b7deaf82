//! A parser for the arguments of a function call, as JSON.

use super::{call_of, missing, read_arguments, size};
use crate::parser::message_reader::{MessageForm, message_parser};
use crate::{AiMessage, Json, Result};

/// Returns the arguments of a function call as JSON. While the answer is streamed, emits the arguments so far whenever
/// they change. Each chunk is the complete value so far and replaces the previous one.
///
/// # Errors
/// [`Parse`](crate::ErrorKind::Parse) at the end of an answer without a function call, or with arguments that are not
/// JSON. A call without `arguments` gives null.
///
/// # Example
/// ```
/// use catena_core::{AiMessage, JsonOutputFunctionsParser, RunnableExt};
/// use serde_json::json;
/// # futures_executor::block_on(async {
/// let mut answer = AiMessage::new("");
/// answer.additional_kwargs.insert("function_call".into(), json!({"name": "f", "arguments": "{\"a\": 1}"}));
/// assert_eq!(JsonOutputFunctionsParser::new().invoke(answer).await?, json!({"a": 1}));
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct JsonOutputFunctionsParser {
    whole: bool,
    strict: bool,
}

impl JsonOutputFunctionsParser {
    /// Creates a parser that returns only the arguments.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the whole call: `{"name", "arguments"}`.
    #[must_use]
    #[doc(alias = "args_only")]
    pub fn with_name(mut self) -> Self {
        self.whole = true;
        self
    }

    /// Requires control characters to be escaped, as in standard JSON.
    #[must_use]
    pub fn strict(mut self) -> Self {
        self.strict = true;
        self
    }
}

message_parser!([] JsonOutputFunctionsParser, "JsonOutputFunctionsParser", Json);
crate::impl_pipe!(JsonOutputFunctionsParser);

impl MessageForm for JsonOutputFunctionsParser {
    type Output = Json;

    fn size(&self, chunk: &AiMessage) -> usize {
        size(chunk)
    }

    fn read(&self, message: &AiMessage, complete: bool) -> Result<Option<Json>> {
        let Some(call) = call_of(message) else {
            return if complete { Err(missing(message)) } else { Ok(None) };
        };
        let args = read_arguments(call, complete, self.strict)?;
        Ok(match args {
            Some(args) if self.whole && call.contains_key("arguments") => {
                let mut call = call.clone();
                call.insert("arguments".to_owned(), args.into_value());
                Some(serde_json::Value::from(call).into())
            }
            args => args,
        })
    }

    fn is_same(&self, given: &Json, next: &Json) -> bool {
        given == next
    }
}
