//! A parser for one argument of a function call.

use super::{JsonOutputFunctionsParser, missing_in, size};
use crate::parser::message_reader::{MessageForm, message_parser};
use crate::{AiMessage, Json, Result};

/// Returns one argument of a function call as JSON; streaming and errors are those of
/// [`JsonOutputFunctionsParser`](crate::JsonOutputFunctionsParser).
///
/// # Errors
/// [`MissingKey`](crate::ErrorKind::MissingKey) at the end of the answer if the argument is missing.
///
/// # Example
/// ```
/// use catena_core::{AiMessage, JsonKeyOutputFunctionsParser, RunnableExt};
/// use serde_json::json;
/// # futures_executor::block_on(async {
/// let mut answer = AiMessage::new("");
/// answer.additional_kwargs.insert("function_call".into(), json!({"name": "f", "arguments": "{\"a\": 1}"}));
/// assert_eq!(JsonKeyOutputFunctionsParser::new("a").invoke(answer).await?, json!(1));
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct JsonKeyOutputFunctionsParser {
    key_name: String,
}

impl JsonKeyOutputFunctionsParser {
    /// Creates a parser for the argument with this name.
    pub fn new(key_name: impl Into<String>) -> Self {
        Self { key_name: key_name.into() }
    }
}

message_parser!([] JsonKeyOutputFunctionsParser, "JsonKeyOutputFunctionsParser", Json);
crate::impl_pipe!(JsonKeyOutputFunctionsParser);

impl MessageForm for JsonKeyOutputFunctionsParser {
    type Output = Json;

    fn size(&self, chunk: &AiMessage) -> usize {
        size(chunk)
    }

    fn read(&self, message: &AiMessage, complete: bool) -> Result<Option<Json>> {
        let Some(args) = JsonOutputFunctionsParser::new().read(message, complete)? else { return Ok(None) };
        match args.get(&self.key_name) {
            None if complete => {
                Err(missing_in(&args.to_string(), format!("the argument `{:.100}`", self.key_name)))
            }
            arg => Ok(arg.cloned().map(Json::from)),
        }
    }

    fn is_same(&self, given: &Json, next: &Json) -> bool {
        given == next
    }
}
