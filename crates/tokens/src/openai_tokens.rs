//! The token counter.

use catena_core::{Message, Result, TokenCounter};

use crate::Encoding;
use crate::messages;

/// Counts the tokens of texts and messages as OpenAI's models do.
///
/// Every message costs 3 tokens in addition to its parts, a name 1 more, and the priming of the answer 3. Tool calls
/// are counted by their names and arguments, and a tool result with 3 tokens for its call id; neither is documented by
/// OpenAI, and both follow LangChain. Tool schemas are not counted.
///
/// An image costs 85 tokens at detail `low`, and otherwise 85 plus 170 for each tile of 512 × 512 pixels after scaling.
/// The size is read from the data of a `data:` URL (PNG, JPEG, GIF, WebP). Nothing is downloaded: a remote image has a
/// [configurable cost](OpenAiTokens::with_remote_image).
///
/// # Example
/// ```
/// use catena_core::{Message, TrimMessages};
/// use catena_tokens::OpenAiTokens;
/// let tokens = OpenAiTokens::for_model("gpt-4o")?;
/// assert_eq!(tokens.count_text("hello world"), 2);
/// let messages = [Message::system("Be brief."), Message::human("Tell me about tea.")];
/// assert_eq!(tokens.count_messages(&messages), 19);
///
/// let last = TrimMessages::new(15, tokens).trim(messages.clone())?;
/// assert_eq!(last, messages[1..]);
/// # Ok::<(), catena_core::Error>(())
/// ```
#[doc(alias = "tiktoken")]
#[doc(alias = "get_num_tokens_from_messages")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenAiTokens {
    pub(crate) encoding: Encoding,
    pub(crate) per_message: usize,
    /// For the first chat model, a name replaced the role and so saved a token.
    pub(crate) per_name: isize,
    pub(crate) remote_image: usize,
}

/// The cost of an image of 1024 × 1024 pixels.
const TYPICAL_IMAGE: usize = 765;

impl OpenAiTokens {
    /// Creates a counter for a model, by its name.
    ///
    /// # Errors
    /// [`Config`](catena_core::ErrorKind::Config) for a model whose vocabulary is unknown; use
    /// [`with_encoding`](OpenAiTokens::with_encoding) for it.
    pub fn for_model(model: &str) -> Result<Self> {
        let counter = Self::with_encoding(Encoding::of_model(model)?);
        Ok(match model.starts_with("gpt-3.5-turbo-0301") {
            true => Self { per_message: 4, per_name: -1, ..counter },
            false => counter,
        })
    }

    /// Creates a counter with this vocabulary.
    pub fn with_encoding(encoding: Encoding) -> Self {
        Self { encoding, per_message: 3, per_name: 1, remote_image: TYPICAL_IMAGE }
    }

    /// Sets the cost of an image of unknown size; 765 by default, the cost of 1024 × 1024 pixels.
    #[must_use]
    pub fn with_remote_image(mut self, tokens: usize) -> Self {
        self.remote_image = tokens;
        self
    }

    /// Returns the vocabulary.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Counts the tokens of a text.
    #[doc(alias = "get_num_tokens")]
    pub fn count_text(&self, text: &str) -> usize {
        self.encoding.count(text)
    }

    /// Counts the tokens of messages, including the priming of the answer.
    pub fn count_messages(&self, messages: &[Message]) -> usize {
        messages::count(self, messages)
    }
}

impl TokenCounter for OpenAiTokens {
    fn count_tokens(&self, messages: &[Message]) -> usize {
        self.count_messages(messages)
    }
}
