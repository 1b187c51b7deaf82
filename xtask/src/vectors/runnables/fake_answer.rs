//! The answers of fake models as data.

use catena::pipeline::Spec;
use catena::{AiMessage, Data, Error, Message, Result};

use super::super::raised::raise;
use super::super::tagged;

/// An answer: its pieces, and where and how it fails.
#[derive(Clone, Default)]
pub(super) struct Answer {
    pub(super) chunks: Vec<AiMessage>,
    /// The number of chunks before the error.
    pub(super) error: Option<(usize, Error)>,
}

impl Answer {
    pub(super) fn texts<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self { chunks: texts.into_iter().map(|text| AiMessage::new(text.into())).collect(), error: None }
    }

    /// A text, a list of texts, a message, `{"chunks", "error_after"?, "error"?}` or `{"error"}`.
    pub(super) fn read(spec: &Spec<'_>) -> Result<Self> {
        match spec.data() {
            Data::Text(text) => Ok(Self::texts([text.as_str()])),
            Data::List(_) => Ok(Self::texts(spec.texts()?)),
            Data::Record(record) if record.contains("$message") => {
                Ok(Self { chunks: vec![chunk(spec)?], error: None })
            }
            _ => Self::read_failing(spec),
        }
    }

    fn read_failing(spec: &Spec<'_>) -> Result<Self> {
        spec.only(&["chunks", "error_after", "error"])?;
        let chunks = spec.get("chunks").map(|chunks| chunks.items()).transpose()?.unwrap_or_default();
        let chunks = chunks.iter().map(chunk).collect::<Result<Vec<_>>>()?;
        let kind = spec.get("error").map(|kind| kind.text()).transpose()?;
        let after = spec.get("error_after").map(|after| after.count()).transpose()?;
        let fails = kind.is_some() || after.is_some();
        let error = || raise(kind.unwrap_or("fake_model_error"), "the fake model fails");
        Ok(Self { error: fails.then(|| (after.unwrap_or_default(), error())), chunks })
    }
}

fn chunk(spec: &Spec<'_>) -> Result<AiMessage> {
    match spec.data() {
        Data::Text(text) => Ok(AiMessage::new(text.as_str())),
        data => match data.get("$message").and_then(tagged::read_message) {
            Some(Message::Ai(message)) => Ok(message),
            _ => Err(spec.error("an answer is a text or a message of a model")),
        },
    }
}
