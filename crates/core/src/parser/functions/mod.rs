//! Function calls as models made them before there were tools: in a message's `additional_kwargs`, under `function_call`.

mod json_functions;
mod key_functions;
mod raw_functions;

pub use json_functions::JsonOutputFunctionsParser;
pub use key_functions::JsonKeyOutputFunctionsParser;
pub use raw_functions::OutputFunctionsParser;

use serde_json::{Map, Value};

use super::failure::failed;
use super::unreadable::unreadable;
use crate::{AiMessage, Data, Error, FromData, Json, Result};

fn call_of(message: &AiMessage) -> Option<&Map<String, Value>> {
    message.additional_kwargs.get("function_call")?.as_object()
}

fn arguments(call: &Map<String, Value>) -> &str {
    call.get("arguments").and_then(Value::as_str).unwrap_or_default()
}

fn size(chunk: &AiMessage) -> usize {
    call_of(chunk).map_or(0, |call| arguments(call).len() + 1)
}

fn missing(message: &AiMessage) -> Error {
    failed("function call", &message.text(), "a `function_call` among the additional values of the message")
}

/// The arguments as JSON. `None` while they cannot be read.
fn read_arguments(call: &Map<String, Value>, complete: bool, strict: bool) -> Result<Option<Json>> {
    let text = arguments(call);
    if complete {
        let name = call.get("name").and_then(Value::as_str).unwrap_or_default();
        return match crate::message::read_arguments(text, false, strict) {
            Some(args) if !text.trim().is_empty() => Json::from_data(Data::Record(args)).map(Some),
            _ => Err(unreadable("function call", name, text, strict)),
        };
    }
    Ok(crate::parser::parse_partial_json(text, strict).ok().map(Json::from))
}
