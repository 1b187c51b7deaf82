//! The parser that gives the arguments of a function call as JSON.

use super::{call_of, missing, read_arguments, size};
use crate::parser::message_reader::{MessageForm, message_parser};
use crate::{AiMessage, Json, Result};

/// Gives the arguments of a function call as JSON, and while the answer streams what there is of them, whenever that
/// changes. Each chunk is the whole value so far, the last one counts.
///
/// # Errors
/// [`Parse`](crate::ErrorKind::Parse) at the end of an answer without a function call, or with arguments that are no
/// JSON. A call that has no `arguments` gives null.
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
    /// A parser that gives the arguments only.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives the whole call: `{"name", "arguments"}`.
    #[must_use]
    #[doc(alias = "args_only")]
    pub fn with_name(mut self) -> Self {
        self.whole = true;
        self
    }

    /// Wants control characters escaped, as JSON does.
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
