//! The parser that gives a function call as it came.

use super::{call_of, missing, missing_in, size};
use crate::parser::message_reader::{MessageForm, message_parser};
use crate::{AiMessage, Json, Result};

/// Gives the arguments of a function call as the text that they came in. For tools, which replaced functions, there is
/// [`JsonOutputToolsParser`](crate::JsonOutputToolsParser).
///
/// # Errors
/// [`Parse`](crate::ErrorKind::Parse) for an answer without a function call; [`MissingKey`](crate::ErrorKind::MissingKey)
/// for a call without `arguments`, unless it is wanted whole.
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
            // A call is given once, when it is whole.
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
