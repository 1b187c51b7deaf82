//! The complete answer of a model.

use catena_core::{AiMessage, Data, Message, Record};

use crate::keys::text_of;

/// A model's answer to one prompt: the text and, for a chat model, the whole message.
///
/// # Example
/// ```
/// use catena_chains::LlmChain;
/// use catena_core::fakes::FakeChatModel;
/// # futures_executor::block_on(async {
/// let chain = LlmChain::from_template(FakeChatModel::new(["tea", "socks"]), "Name a {thing}.")?;
/// let generations = chain.agenerate(["drink", "garment"]).await?;
/// assert_eq!((generations[0].text.as_str(), generations[1].text.as_str()), ("tea", "socks"));
/// assert!(generations[0].message.is_some());
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Generation {
    /// The text of the answer.
    pub text: String,
    /// The message of a chat model, with its usage and tool calls.
    pub message: Option<AiMessage>,
}

impl Generation {
    /// Converts the output of a model.
    pub(crate) fn new(answer: Data) -> Self {
        let text = text_of(&answer);
        let message = match answer {
            Data::Message(message) => match *message {
                Message::Ai(message) => Some(message),
                _ => None,
            },
            _ => None,
        };
        Self { text, message }
    }
}

impl From<Generation> for Data {
    fn from(generation: Generation) -> Self {
        let mut record = Record::from_iter([("text", generation.text)]);
        if let Some(message) = generation.message {
            record.insert("message", message);
        }
        record.into()
    }
}
