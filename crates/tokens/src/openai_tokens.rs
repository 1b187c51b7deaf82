//! The counter.

use catena_core::{Message, Result, TokenCounter};

use crate::Encoding;
use crate::messages;

/// Counts the tokens of texts and messages as OpenAI's models do.
///
/// Every message costs 3 tokens beside its parts, a name 1 more, and the beginning of the answer 3. Calls of tools are
/// counted by their names and arguments, an answer of a tool with 3 tokens for the id of its call; both are not
/// documented, and this is how LangChain counts them. Schemas of tools are not counted.
///
/// An image costs 85 tokens at the detail `low`, else 85 and 170 for each tile of 512 × 512 pixels once it is scaled to
/// fit. The size is read from the data in a `data:` URL (PNG, JPEG, GIF, WebP). Nothing is fetched: an image elsewhere counts as
/// [told](OpenAiTokens::with_remote_image).
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
    /// Of the first chat model, a name took the place of the role and so cost a token less.
    pub(crate) per_name: isize,
    pub(crate) remote_image: usize,
}

/// What an image of 1024 × 1024 pixels costs.
const TYPICAL_IMAGE: usize = 765;

impl OpenAiTokens {
    /// Counts for a model, by its name.
    ///
    /// # Errors
    /// [`Config`](catena_core::ErrorKind::Config) for a model whose vocabulary is not known:
    /// [`with_encoding`](OpenAiTokens::with_encoding) counts for it.
    pub fn for_model(model: &str) -> Result<Self> {
        let counter = Self::with_encoding(Encoding::of_model(model)?);
        Ok(match model.starts_with("gpt-3.5-turbo-0301") {
            true => Self { per_message: 4, per_name: -1, ..counter },
            false => counter,
        })
    }

    /// Counts with a vocabulary, for a model of another name.
    pub fn with_encoding(encoding: Encoding) -> Self {
        Self { encoding, per_message: 3, per_name: 1, remote_image: TYPICAL_IMAGE }
    }

    /// How many tokens an image counts whose size is not known, 765 unless set: those of 1024 × 1024 pixels.
    #[must_use]
    pub fn with_remote_image(mut self, tokens: usize) -> Self {
        self.remote_image = tokens;
        self
    }

    /// The vocabulary.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// How many tokens a text is.
    #[doc(alias = "get_num_tokens")]
    pub fn count_text(&self, text: &str) -> usize {
        self.encoding.count(text)
    }

    /// How many tokens messages are, with the beginning of the answer.
    pub fn count_messages(&self, messages: &[Message]) -> usize {
        messages::count(self, messages)
    }
}

impl TokenCounter for OpenAiTokens {
    fn count_tokens(&self, messages: &[Message]) -> usize {
        self.count_messages(messages)
    }
}
