//! The tokenizer vocabularies.

use catena_core::{Error, ErrorKind, Result};
use tiktoken_rs::CoreBPE;
use tiktoken_rs::tokenizer::{Tokenizer, get_tokenizer};

/// A tokenizer vocabulary.
///
/// Its table is loaded on first use, which takes some tenths of a second, and shared from then on.
///
/// # Example
/// ```
/// use catena_tokens::Encoding;
/// assert_eq!(Encoding::O200kBase.count("hello world"), 2);
/// assert_eq!(Encoding::of_model("gpt-4")?, Encoding::Cl100kBase);
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Encoding {
    /// For the models since gpt-4o.
    O200kBase,
    /// For the open-weight `gpt-oss` models.
    O200kHarmony,
    /// For gpt-4, gpt-3.5-turbo and the embedding models.
    Cl100kBase,
    /// For text-davinci-003 and the code models.
    P50kBase,
    /// For gpt-3.
    R50kBase,
}

impl Encoding {
    /// Returns the vocabulary of a model, by its name.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) for a model whose vocabulary is unknown.
    pub fn of_model(model: &str) -> Result<Self> {
        match get_tokenizer(model) {
            Some(Tokenizer::O200kBase) => Ok(Self::O200kBase),
            Some(Tokenizer::O200kHarmony) => Ok(Self::O200kHarmony),
            Some(Tokenizer::Cl100kBase) => Ok(Self::Cl100kBase),
            Some(Tokenizer::P50kBase | Tokenizer::P50kEdit) => Ok(Self::P50kBase),
            Some(Tokenizer::R50kBase | Tokenizer::Gpt2) => Ok(Self::R50kBase),
            None => Err(Error::new(
                ErrorKind::Config,
                format!("unknown encoding of the model `{model:.80}`: choose an `Encoding`"),
            )),
        }
    }

    /// Counts the tokens of a text. Special tokens in it are treated as ordinary text.
    pub fn count(self, text: &str) -> usize {
        self.table().count_ordinary(text)
    }

    /// Returns the token ids of a text, which an embedding model accepts instead of the text. Special tokens in it are
    /// treated as ordinary text.
    ///
    /// # Example
    /// ```
    /// use catena_tokens::Encoding;
    /// assert_eq!(Encoding::Cl100kBase.encode("hello world"), [15339, 1917]);
    /// ```
    pub fn encode(self, text: &str) -> Vec<u32> {
        self.table().encode_ordinary(text)
    }

    fn table(self) -> &'static CoreBPE {
        match self {
            Self::O200kBase => tiktoken_rs::o200k_base_singleton(),
            Self::O200kHarmony => tiktoken_rs::o200k_harmony_singleton(),
            Self::Cl100kBase => tiktoken_rs::cl100k_base_singleton(),
            Self::P50kBase => tiktoken_rs::p50k_base_singleton(),
            Self::R50kBase => tiktoken_rs::r50k_base_singleton(),
        }
    }
}
