//! Answers that are JSON.

use super::finished::Finished;
use super::form::{AnswerForm, Reading};
use crate::parser::json_snapshots;
use crate::parser::message_reader::MessageReader;
use crate::parser::tools::{CallForm, check_readable};
use crate::{AiMessage, Json, JsonOutputKeyToolsParser, Result};

/// An answer that is arbitrary JSON.
pub(crate) struct JsonAnswer {
    /// The tool whose arguments are the answer, unless the answer is the text.
    tool: Option<JsonOutputKeyToolsParser>,
}

impl JsonAnswer {
    pub(crate) fn new(tool: Option<String>) -> Self {
        Self { tool: tool.map(|tool| JsonOutputKeyToolsParser::new(tool).first_tool_only()) }
    }
}

impl AnswerForm for JsonAnswer {
    type Output = Json;

    fn reading(&self) -> Reading<'_, Json> {
        match &self.tool {
            Some(_) => Box::new(Finished::new(MessageReader::new(self), false)),
            None => Box::new(Finished::new(json_snapshots(), true)),
        }
    }
}

impl CallForm for JsonAnswer {
    type Output = Json;

    fn read_calls(&self, message: &AiMessage, complete: bool) -> Result<Option<Json>> {
        if complete {
            check_readable(message)?;
        }
        match &self.tool {
            Some(tool) => tool.read_calls(message, complete),
            None => Ok(None),
        }
    }

    fn is_same_as(&self, given: &Json, next: &Json) -> bool {
        given == next
    }
}
