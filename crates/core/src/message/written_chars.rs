//! The length of an answer, from which its tokens are estimated.

use super::tool_calls::ToolCalls;
use super::{AiMessage, Content, ContentBlock};

impl AiMessage {
    /// Returns the number of characters that the model wrote: texts, reasoning, a refusal, and tool calls. Takes time
    /// proportional to this chunk, and parses no chunk of a tool call.
    pub(crate) fn count_written(&self) -> usize {
        let beside = [&self.reasoning, &self.refusal].into_iter().map(|text| chars(text.as_deref()));
        let content = match &self.content {
            Content::Text(text) => chars(Some(text)),
            Content::Blocks(blocks) => blocks.iter().map(|block| chars(ContentBlock::as_text(block))).sum(),
        };
        content + beside.sum::<usize>() + self.calls.count_written()
    }
}

impl ToolCalls {
    /// Returns the number of characters of the names and arguments.
    fn count_written(&self) -> usize {
        let (calls, invalid, pieces) = self.parts();
        let calls = calls.iter().map(|call| {
            let args = serde_json::to_string(&call.args).unwrap_or_default();
            chars(Some(&call.name)) + chars(Some(&args))
        });
        let pair =
            |name: &Option<String>, args: &Option<String>| chars(name.as_deref()) + chars(args.as_deref());
        let invalid = invalid.iter().map(|call| pair(&call.name, &call.args));
        let pieces = pieces.iter().map(|piece| pair(&piece.name, &piece.args));
        calls.chain(invalid).chain(pieces).sum()
    }
}

fn chars(text: Option<&str>) -> usize {
    text.map_or(0, |text| text.chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Chunk, InvalidToolCall, ToolCall, ToolCallChunk};

    #[track_caller]
    fn check(message: AiMessage, expected: usize) {
        assert_eq!(message.count_written(), expected, "{message:?}");
    }

    #[test]
    fn whatever_the_model_wrote_counts() {
        check(AiMessage::default(), 0);
        check(AiMessage::new("grün"), 4);
        let blocks = vec![ContentBlock::text("abc"), ContentBlock::plain("de"), ContentBlock::image_url("x")];
        check(AiMessage::new(blocks), 5);
        let mut thought = AiMessage::new("ab");
        thought.reasoning = Some("cde".into());
        thought.refusal = Some("f".into());
        check(thought, 6);
        check(AiMessage::new("").with_tool_calls([ToolCall::new("add", [("a", 1)])]), 3 + 7);
        let mut invalid = AiMessage::new("");
        let call = InvalidToolCall { args: Some("{\"a\":".into()), ..InvalidToolCall::default() };
        invalid.push_invalid_tool_call(call);
        check(invalid, 5);
    }

    #[test]
    fn chunks_add_up_to_the_whole() {
        let chunk = |args: &str| {
            let mut message = AiMessage::new("a ");
            let mut piece = ToolCallChunk::new(0);
            piece.args = Some(args.into());
            message.push_tool_call_chunk(piece);
            message
        };
        let (mut whole, next) = (chunk("{\"a\""), chunk(":1}"));
        let parts = whole.count_written() + next.count_written();
        whole.merge(next);
        check(whole, parts);
        assert_eq!(parts, 11);
    }
}
