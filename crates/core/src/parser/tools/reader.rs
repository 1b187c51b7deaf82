//! What parsers make of tool calls.

use crate::parser::message_reader::MessageForm;
use crate::parser::unreadable::{OBJECT, unreadable};
use crate::{AiMessage, Chunk, Result};

/// How many bytes a piece of a call counts beside its arguments, and a call that came whole.
const PER_CALL: usize = 64;

/// What is made of the calls.
pub(in crate::parser) trait CallForm: Send + Sync {
    type Output: Chunk;

    /// What the calls of the message so far give, if anything. Once it is `complete` there is always something.
    fn read_calls(&self, message: &AiMessage, complete: bool) -> Result<Option<Self::Output>>;

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
        // As LangChain: calls in OpenAI's own form are read here, where there are no others.
        if complete && message.tool_calls().is_empty() && message.additional_kwargs.contains_key("tool_calls")
        {
            check_readable(message)?;
        }
        self.read_calls(message, complete)
    }

    fn is_same(&self, given: &F::Output, next: &F::Output) -> bool {
        self.is_same_as(given, next)
    }
}

/// An error for a call whose arguments no one can read, where the answer is to be read from calls.
pub(in crate::parser) fn check_readable(message: &AiMessage) -> Result<()> {
    match message.invalid_tool_calls().first() {
        Some(call) => {
            let (name, args) = (call.name.as_deref(), call.args.as_deref());
            Err(unreadable("tool call", name.unwrap_or_default(), args.unwrap_or_default(), OBJECT, false))
        }
        None => Ok(()),
    }
}
