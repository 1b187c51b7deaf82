//! What parsers make of tool calls.

use crate::parser::failure::failed;
use crate::parser::message_reader::MessageForm;
use crate::{AiMessage, Chunk, Error, InvalidToolCall, Result, ToolCall};

/// How many bytes a piece of a call counts beside its arguments, and a call that came whole.
const PER_CALL: usize = 64;

/// What is made of the calls.
pub(in crate::parser) trait CallForm: Send + Sync {
    type Output: Chunk;

    /// What the calls so far give, if anything. Once they are `complete` there is always something.
    fn read_calls(&self, calls: &[ToolCall], complete: bool) -> Result<Option<Self::Output>>;

    /// True if giving `next` after `given` would say nothing new.
    fn is_same_as(&self, given: &Self::Output, next: &Self::Output) -> bool;
}

impl<F: CallForm> MessageForm for F {
    type Output = F::Output;

    fn size(&self, chunk: &AiMessage) -> usize {
        match chunk.tool_call_chunks() {
            [] => chunk.tool_calls().len() * PER_CALL,
            pieces => pieces.iter().map(|piece| piece.args.as_ref().map_or(0, String::len) + PER_CALL).sum(),
        }
    }

    fn read(&self, message: &AiMessage, complete: bool) -> Result<Option<F::Output>> {
        match message.invalid_tool_calls().first() {
            Some(call) if complete => Err(unreadable(call)),
            _ => self.read_calls(message.tool_calls(), complete),
        }
    }

    fn is_same(&self, given: &F::Output, next: &F::Output) -> bool {
        self.is_same_as(given, next)
    }
}

fn unreadable(call: &InvalidToolCall) -> Error {
    let what = format!("tool call `{:.100}`", call.name.as_deref().unwrap_or_default());
    failed(&what, call.args.as_deref().unwrap_or_default(), "arguments that are a JSON object")
}
