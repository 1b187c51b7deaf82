//! What can be written as LangChain's data.

use serde_json::{Map, Value};

use super::constructor::Constructor;
use super::dump::outline_lc;
use super::messages::message_constructor;
use crate::{
    AiMessage, ChatMessage, Data, FunctionMessage, HumanMessage, Message, MessagesPlaceholder, PromptValue,
    RemoveMessage, Runnable, SystemMessage, ToolMessage,
};

/// The member of a wrapped record.
pub(super) const ESCAPED: &str = "__lc_escaped__";

/// Something that can be written as LangChain's data: every runnable, messages, filled prompts, plain values.
///
/// # Contract
/// [`loads`](super::loads) makes of what is written something that does the same; what cannot be made again is an entry
/// of the type `not_implemented`. Secrets are written by name.
///
/// # Errors
/// None: what cannot be written says so in what is written.
///
/// # Wrappers
/// A runnable is written as its [outline](Runnable::outline) says: a [`Constructor`] put there is what makes it again.
///
/// # Example
/// ```
/// use catena_core::load::Serializable;
/// use catena_core::{Message, StrOutputParser};
/// assert_eq!(Message::human("Hi").to_lc()["kwargs"]["content"], "Hi");
/// assert_eq!(StrOutputParser.to_lc()["id"][3], "StrOutputParser");
/// ```
pub trait Serializable {
    /// What is written.
    fn to_lc(&self) -> Value;
}

impl<R: Runnable + ?Sized> Serializable for R {
    fn to_lc(&self) -> Value {
        outline_lc(&self.outline())
    }
}

impl Serializable for Message {
    fn to_lc(&self) -> Value {
        message_constructor(self).to_lc()
    }
}

macro_rules! serializable_messages {
    ($($message:ty),*) => {$(
        impl Serializable for $message {
            fn to_lc(&self) -> Value {
                Message::from(self.clone()).to_lc()
            }
        }
    )*};
}
serializable_messages!(
    AiMessage,
    ChatMessage,
    FunctionMessage,
    HumanMessage,
    RemoveMessage,
    SystemMessage,
    ToolMessage
);

impl Serializable for PromptValue {
    fn to_lc(&self) -> Value {
        let made = match self {
            Self::Text(text) => Constructor::new(["langchain", "prompts", "base", "StringPromptValue"])
                .with("text", text.as_str())
                .with("type", "StringPromptValue"),
            other => Constructor::new(["langchain", "prompts", "chat", "ChatPromptValue"])
                .with("messages", other.clone().into_messages()),
        };
        made.to_lc()
    }
}

impl Serializable for MessagesPlaceholder {
    fn to_lc(&self) -> Value {
        let mut made = Constructor::new(["langchain", "prompts", "chat", "MessagesPlaceholder"])
            .with("variable_name", self.variable());
        if self.is_optional() {
            made = made.with("optional", true);
        }
        if let Some(limit) = self.limit() {
            made = made.with("n_messages", limit);
        }
        made.to_lc()
    }
}

/// Records that look like envelopes are wrapped as they are.
impl Serializable for Value {
    fn to_lc(&self) -> Value {
        match self {
            Self::Array(items) => items.iter().map(Serializable::to_lc).collect(),
            Self::Object(members) => members.to_lc(),
            plain => plain.clone(),
        }
    }
}

impl Serializable for Map<String, Value> {
    fn to_lc(&self) -> Value {
        if needs_escape(self.keys().map(String::as_str)) {
            return escaped(self.clone().into());
        }
        self.iter().map(|(name, value)| (name.clone(), value.to_lc())).collect()
    }
}

impl Serializable for Data {
    fn to_lc(&self) -> Value {
        match self {
            Self::List(items) => items.iter().map(Serializable::to_lc).collect(),
            Self::Record(record) if needs_escape(record.names()) => escaped(self.clone().into_json()),
            Self::Record(record) => {
                record.iter().map(|(name, value)| (name.to_owned(), value.to_lc())).collect()
            }
            Self::Message(message) => message.to_lc(),
            Self::Prompt(prompt) => prompt.to_lc(),
            plain => plain.clone().into_json().to_lc(),
        }
    }
}

/// True for a record that would be read as something else than what it is.
fn needs_escape<'a>(mut names: impl Iterator<Item = &'a str>) -> bool {
    match (names.next(), names.next()) {
        (Some(ESCAPED), None) => true,
        (first, second) => first.into_iter().chain(second).chain(names).any(|name| name == "lc"),
    }
}

fn escaped(value: Value) -> Value {
    Map::from_iter([(ESCAPED.to_owned(), value)]).into()
}

macro_rules! serializable_scalars {
    ($($type:ty),*) => {$(
        impl Serializable for $type {
            fn to_lc(&self) -> Value {
                Value::from(self.to_owned())
            }
        }
    )*};
}
serializable_scalars!(bool, f64, i64, str, String, u64, usize);

impl Serializable for &str {
    fn to_lc(&self) -> Value {
        Value::from(*self)
    }
}

impl<T: Serializable> Serializable for [T] {
    fn to_lc(&self) -> Value {
        self.iter().map(Serializable::to_lc).collect()
    }
}

impl<T: Serializable> Serializable for &[T] {
    fn to_lc(&self) -> Value {
        (**self).to_lc()
    }
}

impl Serializable for Constructor {
    fn to_lc(&self) -> Value {
        Value::Object(self.clone().into_lc())
    }
}

impl<T: Serializable> Serializable for Vec<T> {
    fn to_lc(&self) -> Value {
        self.as_slice().to_lc()
    }
}
