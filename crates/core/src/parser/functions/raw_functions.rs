//! A parser for a function call in its original form.

use super::{call_of, missing, missing_in, size};
use crate::parser::message_reader::{MessageForm, message_parser};
use crate::{AiMessage, Json, Result};

/// Returns the arguments of a function call as their original text. For tools, which superseded functions, use
/// [`JsonOutputToolsParser`](crate::JsonOutputToolsParser).
///
/// # Errors
/// [`Parse`](crate::ErrorKind::Parse) for an answer without a function call;
/// [`MissingKey`](crate::ErrorKind::MissingKey) for a call without `arguments`, unless the whole call is returned.
///
/// # Example
/// ```
/// use catena_core::{AiMessage, OutputFunctionsParser, RunnableExt};
/// use serde_json::json;
/// # futures_executor::block_on(async {
/// let mut answer = AiMessage::new("");
/// answer.additional_kwargs.insert("function_call".into(), json!({"name": "f", "arguments": "{\"a\": 1}"}));
/// assert_eq!(OutputFunctionsParser::new().invoke(answer.clone()).await?, json!("{\"a\": 1}"));
/// let call = OutputFunctionsParser::new().with_name().invoke(answer).await?;
/// assert_eq!(call["name"], "f");
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct OutputFunctionsParser {
    whole: bool,
}

impl OutputFunctionsParser {
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
}

message_parser!([] OutputFunctionsParser, "OutputFunctionsParser", Json);
crate::impl_pipe!(OutputFunctionsParser);

impl MessageForm for OutputFunctionsParser {
    type Output = Json;

    fn size(&self, chunk: &AiMessage) -> usize {
        size(chunk)
    }

    fn read(&self, message: &AiMessage, complete: bool) -> Result<Option<Json>> {
        match call_of(message) {
            // A call is emitted once, when it is complete.
            _ if !complete => Ok(None),
            None => Err(missing(message)),
            Some(call) if self.whole => Ok(Some(serde_json::Value::from(call.clone()).into())),
            Some(call) => match call.get("arguments") {
                Some(arguments) => Ok(Some(arguments.clone().into())),
                None => {
                    let call = serde_json::Value::from(call.clone()).to_string();
                    Err(missing_in(&call, "the `arguments` of the call".to_owned()))
                }
            },
        }
    }

    fn is_same(&self, given: &Json, next: &Json) -> bool {
        given == next
    }
}
