//! Token counting without a tokenizer.

use serde_json::Value;

use super::openai::openai_role;
use super::python_text::{shown_length, spaced_json};
use super::{Content, ContentBlock, Message};
use crate::Chunk;

/// Estimates the token count of messages from their number of characters.
///
/// # Example
/// ```
/// use catena_core::{ApproximateTokens, Message};
/// let messages = [Message::human("hello world"), Message::ai("hi")];
/// assert_eq!(ApproximateTokens::new().count(&messages), 13);
/// assert_eq!(ApproximateTokens::new().with_extra_tokens_per_message(0.0).count(&messages), 7);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ApproximateTokens {
    chars_per_token: f64,
    extra_tokens_per_message: f64,
    count_name: bool,
    tokens_per_image: usize,
    scaling: bool,
    tools: Vec<Value>,
}

impl Default for ApproximateTokens {
    fn default() -> Self {
        Self {
            chars_per_token: 4.0,
            extra_tokens_per_message: 3.0,
            count_name: true,
            tokens_per_image: 85,
            scaling: false,
            tools: Vec::new(),
        }
    }
}

impl ApproximateTokens {
    /// Creates an estimator with the defaults: 4 characters per token, 3 extra tokens per message, 85 tokens per image,
    /// speakers' names counted.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the number of characters per token.
    #[must_use]
    pub fn with_chars_per_token(mut self, chars: f64) -> Self {
        self.chars_per_token = chars;
        self
    }

    /// Sets the number of extra tokens per message.
    #[must_use]
    pub fn with_extra_tokens_per_message(mut self, tokens: f64) -> Self {
        self.extra_tokens_per_message = tokens;
        self
    }

    /// Sets whether the names of speakers are counted.
    #[must_use]
    pub fn with_count_name(mut self, count_name: bool) -> Self {
        self.count_name = count_name;
        self
    }

    /// Sets the number of tokens per image.
    #[must_use]
    pub fn with_tokens_per_image(mut self, tokens: usize) -> Self {
        self.tokens_per_image = tokens;
        self
    }

    /// Sets whether to scale the estimate by the usage reported in the last answer that has one, by a factor of 1 to
    /// 1.25. Applies only if all answers have the same `model_provider` in their metadata.
    #[must_use]
    pub fn with_usage_scaling(mut self, scaling: bool) -> Self {
        self.scaling = scaling;
        self
    }

    /// Includes the descriptions of these tools in the count.
    #[must_use]
    pub fn with_tools(mut self, tools: impl IntoIterator<Item = Value>) -> Self {
        self.tools = tools.into_iter().collect();
        self
    }

    /// Estimates the token count.
    pub fn count(&self, messages: &[Message]) -> usize {
        let mut tokens = match self.tools.as_slice() {
            [] => 0.0,
            tools => self.tokens(described(tools)),
        };
        let mut scale = Scale::default();
        for message in messages {
            tokens += self.images(message) + self.tokens(self.chars(message)) + self.extra_tokens_per_message;
            scale.see(message, tokens);
        }
        if self.scaling && messages.len() > 1 {
            tokens *= scale.factor();
        }
        // A float-to-integer cast saturates.
        tokens.ceil() as usize
    }

    /// Estimates the tokens of the tool descriptions alone.
    pub(crate) fn tokens_of_tools(tools: Option<&Vec<Value>>) -> u64 {
        match tools.map_or(&[][..], Vec::as_slice) {
            [] => 0,
            tools => Self::default().tokens(described(tools)) as u64,
        }
    }

    fn tokens(&self, chars: usize) -> f64 {
        (chars as f64 / self.chars_per_token).ceil()
    }

    fn images(&self, message: &Message) -> f64 {
        let blocks = message.content().as_blocks().unwrap_or_default();
        let images = blocks.iter().filter(|block| is_image(block)).count();
        images as f64 * self.tokens_per_image as f64
    }

    fn chars(&self, message: &Message) -> usize {
        let mut chars = openai_role(message).chars().count();
        match message.content() {
            Content::Text(text) => {
                chars += text.chars().count();
                if !message.tool_calls().is_empty() {
                    chars += shown_length(&serde_json::to_value(message.tool_calls()).unwrap_or_default());
                }
            }
            Content::Blocks(blocks) => chars += blocks.iter().map(block_chars).sum::<usize>(),
        }
        if let Message::Tool(message) = message {
            chars += message.tool_call_id.chars().count();
        }
        if let (true, Some(name)) = (self.count_name, message.name()) {
            chars += name.chars().count();
        }
        chars
    }
}

/// Returns the number of characters of the tool descriptions.
fn described(tools: &[Value]) -> usize {
    tools.iter().map(|tool| spaced_json(tool, true).len()).sum()
}

fn is_image(block: &ContentBlock) -> bool {
    matches!(block.kind(), Some("image" | "image_url"))
}

fn block_chars(block: &ContentBlock) -> usize {
    match block {
        block if is_image(block) => 0,
        ContentBlock::Plain(text) => text.chars().count(),
        ContentBlock::Data(data) if block.kind() == Some("text") => {
            data.get("text").and_then(Value::as_str).unwrap_or_default().chars().count()
        }
        ContentBlock::Data(data) => shown_length(&data.to_json()),
    }
}

/// The reported usage against which the estimate is scaled.
#[derive(Default)]
struct Scale<'a> {
    provider: Option<&'a str>,
    contradictory: bool,
    /// The reported count and the estimate up to the same message.
    last: Option<(f64, f64)>,
}

impl<'a> Scale<'a> {
    fn see(&mut self, message: &'a Message, estimate: f64) {
        let Message::Ai(message) = message else { return };
        let provider = message.metadata.extra.get("model_provider").and_then(Value::as_str);
        match self.provider {
            None => self.provider = provider,
            known => self.contradictory |= known != provider,
        }
        if let Some(usage) = message.usage {
            self.last = Some((usage.total_tokens as f64, estimate));
        }
    }

    fn factor(&self) -> f64 {
        match (self.last, self.provider, self.contradictory) {
            (Some((counted, estimate)), Some(_), false) if estimate > 0.0 => {
                (counted / estimate).clamp(1.0, 1.25)
            }
            _ => 1.0,
        }
    }
}

/// Estimates the token count of messages with [`ApproximateTokens`] and its defaults.
///
/// # Example
/// ```
/// use catena_core::{count_tokens_approximately, Message};
/// assert_eq!(count_tokens_approximately(&[Message::human("hello world")]), 7);
/// ```
pub fn count_tokens_approximately(messages: &[Message]) -> usize {
    ApproximateTokens::default().count(messages)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AiMessage, HumanMessage, ToolCall, Usage};

    #[track_caller]
    fn check(counter: ApproximateTokens, messages: &[Message], expected: usize) {
        assert_eq!(counter.count(messages), expected);
    }

    #[test]
    fn characters_roles_names_and_calls_count() {
        let new = ApproximateTokens::new;
        check(new(), &[], 0);
        check(new(), &[Message::tool("abcd", "call_12345678")], 9);
        let mut named = HumanMessage::new("x");
        named.name = Some("a-long-name".into());
        check(new(), &[named.clone().into()], 7);
        check(new().with_count_name(false), &[named.into()], 5);
        let call = ToolCall::new("f", [("a", 1)]).with_id("c1");
        // `[{'name': 'f', 'args': {'a': 1}, 'id': 'c1', 'type': 'tool_call'}]` has 67 characters, the role 9.
        check(new(), &[AiMessage::new("").with_tool_calls([call]).into()], 22);
        check(new(), &[Message::human(vec![ContentBlock::image_url("x"), ContentBlock::text("abcd")])], 90);
    }

    #[test]
    fn the_last_count_of_a_service_corrects_the_estimate() {
        let mut answer = AiMessage::new("hi");
        answer.usage = Some(Usage::new(50, 50));
        let new = || ApproximateTokens::new().with_usage_scaling(true);
        check(new(), &[Message::human("hello world"), answer.clone().into()], 13);
        answer.metadata.extra.insert("model_provider".into(), "openai".into());
        check(new(), &[Message::human("hello world"), answer.into()], 17);
    }
}
