//! Incremental parsing of tool calls.

use crate::parser::message_reader::MessageForm;
use crate::parser::unreadable::{OBJECT, unreadable};
use crate::{AiMessage, Chunk, Result};

/// The number of bytes charged for a chunk of a call besides its arguments, and for a call that arrived complete.
const PER_CALL: usize = 64;

/// A value derived from tool calls.
pub(in crate::parser) trait CallForm: Send + Sync {
    type Output: Chunk;

    /// Derives the value from the calls so far, if there is one yet. Once `complete`, there always is.
    fn read_calls(&self, message: &AiMessage, complete: bool) -> Result<Option<Self::Output>>;

    /// Returns whether emitting `next` after `given` would be redundant.
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
        // Like LangChain, reports unparsable calls in OpenAI's own format if there are no other calls.
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

/// Fails for a call with unparsable arguments, when the answer is to be read from tool calls.
pub(in crate::parser) fn check_readable(message: &AiMessage) -> Result<()> {
    match message.invalid_tool_calls().first() {
        Some(call) => {
            let (name, args) = (call.name.as_deref(), call.args.as_deref());
            Err(unreadable("tool call", name.unwrap_or_default(), args.unwrap_or_default(), OBJECT, false))
        }
        None => Ok(()),
    }
}
