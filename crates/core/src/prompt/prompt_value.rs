//! A filled prompt: the input of a model.

use std::borrow::Cow;
use std::fmt;

use serde_json::{Value, json};

use crate::{AiMessage, Chunk, Content, ContentBlock, Error, ErrorKind, Message, Result, get_buffer_string};

/// A filled prompt: a text or a list of messages. Every model accepts both.
///
/// # Example
/// ```
/// use catena_core::{Message, PromptValue};
/// let value = PromptValue::from([Message::system("Be brief."), Message::human("Hi")]);
/// assert_eq!(value.to_string(), "System: Be brief.\nHuman: Hi");
/// assert_eq!(PromptValue::from("Hi").into_messages(), [Message::human("Hi")]);
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum PromptValue {
    /// A text; a chat model receives it as one human message.
    Text(String),
    /// Messages; a text completion model receives them as a transcript.
    Messages(Vec<Message>),
    /// A model's answer, as the input of the next step. Its chunks merge into one message.
    Answer(Box<AiMessage>),
}

impl PromptValue {
    /// Converts the prompt to the messages sent to a chat model.
    pub fn into_messages(self) -> Vec<Message> {
        match self {
            Self::Text(text) => vec![Message::human(text)],
            Self::Messages(messages) => messages,
            Self::Answer(message) => vec![Message::Ai(*message)],
        }
    }

    /// Converts the prompt to the text sent to a completion model. Content other than text is dropped;
    /// [`try_into_text`](Self::try_into_text) fails instead.
    pub fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            other => other.to_string(),
        }
    }

    /// Converts the prompt to the text sent to a completion model, if all of its content is text.
    ///
    /// # Errors
    /// `Unsupported` for images, audio, video and files.
    ///
    /// # Example
    /// ```
    /// use catena_core::{ContentBlock, ErrorKind, Message, PromptValue};
    /// let image = ContentBlock::image_url("https://h.test/cat.png");
    /// let prompt = PromptValue::from(Message::human(vec![ContentBlock::text("Whose is it?"), image]));
    /// assert_eq!(prompt.try_into_text().unwrap_err().kind(), ErrorKind::Unsupported);
    /// assert_eq!(PromptValue::from("Hi").try_into_text()?, "Hi");
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn try_into_text(self) -> Result<String> {
        let medium = match &self {
            Self::Text(_) => None,
            Self::Messages(messages) => messages.iter().find_map(|message| medium(message.content())),
            Self::Answer(message) => medium(&message.content),
        };
        match medium {
            None => Ok(self.into_text()),
            Some(kind) => {
                let message =
                    format!("a text completion model cannot read a block of type `{kind}`: use a chat model");
                Err(Error::new(ErrorKind::Unsupported, message))
            }
        }
    }
}

/// Returns the type of the first image, audio, video or file block.
fn medium(content: &Content) -> Option<&str> {
    const MEDIA: [&str; 11] = [
        "audio",
        "document",
        "file",
        "image",
        "image_url",
        "input_audio",
        "input_file",
        "input_image",
        "media",
        "video",
        "video_url",
    ];
    let kinds = content.as_blocks().unwrap_or_default().iter().filter_map(ContentBlock::kind);
    kinds.into_iter().find(|kind| MEDIA.contains(kind))
}

/// Writes a text as it is, and messages as a transcript.
impl fmt::Display for PromptValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Messages(messages) => f.write_str(&get_buffer_string(messages)),
            Self::Answer(message) => f.write_str(&get_buffer_string(&[Message::Ai((**message).clone())])),
        }
    }
}

impl Chunk for PromptValue {
    fn merge(&mut self, next: Self) {
        match (self, next) {
            (Self::Text(text), Self::Text(next)) => text.merge(next),
            (Self::Messages(messages), Self::Messages(next)) => messages.extend(next),
            (Self::Answer(message), Self::Answer(next)) => message.merge(*next),
            (_, Self::Messages(next)) if next.is_empty() => {}
            (this, next) => *this = next,
        }
    }

    fn empty() -> Option<Self> {
        Some(Self::Messages(Vec::new()))
    }

    fn to_json(&self) -> Value {
        match self {
            Self::Text(text) => Value::String(text.clone()),
            Self::Messages(messages) => json!({ "messages": messages }),
            Self::Answer(message) => json!({ "messages": [message] }),
        }
    }
}

impl From<&str> for PromptValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for PromptValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&String> for PromptValue {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<Cow<'_, str>> for PromptValue {
    fn from(text: Cow<'_, str>) -> Self {
        Self::Text(text.into_owned())
    }
}

impl From<Message> for PromptValue {
    fn from(message: Message) -> Self {
        Self::Messages(vec![message])
    }
}

impl From<Vec<Message>> for PromptValue {
    fn from(messages: Vec<Message>) -> Self {
        Self::Messages(messages)
    }
}

impl<const N: usize> From<[Message; N]> for PromptValue {
    fn from(messages: [Message; N]) -> Self {
        Self::Messages(messages.into())
    }
}

impl From<AiMessage> for PromptValue {
    fn from(message: AiMessage) -> Self {
        Self::Answer(Box::new(message))
    }
}
