//! Answers that are values of a Rust type.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::finished::Finished;
use super::form::{AnswerForm, Reading};
use crate::parser::failure::failed;
use crate::parser::message_reader::MessageReader;
use crate::parser::tools::{CallForm, check_readable};
use crate::parser::typed::{FormReader, read_leniently};
use crate::{AiMessage, Data, FromData, Json, Outline, Parsed, Result, ToolCall, TypedOutputParser};

/// An answer that is a `T`.
pub(crate) struct TypedAnswer<T> {
    text: TypedOutputParser<T>,
    /// The tool whose arguments are the answer, unless the answer is the text.
    tool: Option<String>,
}

impl<T: DeserializeOwned + Send + Sync + 'static> TypedAnswer<T> {
    pub(crate) fn new(schema: Value, tool: Option<String>) -> Self {
        Self { text: TypedOutputParser::with_schema(schema), tool }
    }

    fn read(&self, call: Option<&ToolCall>, message: &AiMessage) -> Result<Parsed<T>> {
        let args = call.map_or(Data::Null, |call| Data::Record(call.args.clone()));
        let json = Json::from_data(args)?;
        // A missing call is read as `null`, which the type may accept.
        let schema = call.map(|_| self.text.schema());
        match read_leniently(json.value(), schema) {
            Ok(value) => Ok(Parsed::new(value, json)),
            Err(_) if call.is_none() => {
                let expected =
                    format!("a call of the tool `{:.100}`", self.tool.as_deref().unwrap_or_default());
                Err(failed("structured", &message.text(), expected))
            }
            Err(why) => {
                let what = format!("tool call `{:.100}`", self.tool.as_deref().unwrap_or_default());
                Err(failed(&what, &json.to_string(), why))
            }
        }
    }
}

impl<T: DeserializeOwned + Send + Sync + 'static> AnswerForm for TypedAnswer<T> {
    type Output = Parsed<T>;

    fn reading(&self) -> Reading<'_, Parsed<T>> {
        match self.tool {
            Some(_) => Box::new(Finished::new(MessageReader::new(self), false)),
            None => Box::new(Finished::new(FormReader::new(&self.text), true)),
        }
    }

    fn outlined(&self, outline: Outline) -> Outline {
        outline.with_output_schema(self.text.schema().clone())
    }
}

impl<T: DeserializeOwned + Send + Sync + 'static> CallForm for TypedAnswer<T> {
    type Output = Parsed<T>;

    fn read_calls(&self, message: &AiMessage, complete: bool) -> Result<Option<Parsed<T>>> {
        if complete {
            check_readable(message)?;
        }
        let call = message.tool_calls().iter().find(|call| self.tool.as_ref() == Some(&call.name));
        match call {
            None if !complete => Ok(None),
            call => match self.read(call, message) {
                Err(_) if !complete => Ok(None),
                read => read.map(Some),
            },
        }
    }

    fn is_same_as(&self, given: &Parsed<T>, next: &Parsed<T>) -> bool {
        given.json() == next.json()
    }
}
