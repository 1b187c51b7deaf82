//! Conversion of dynamic values to Rust types.

use super::{Data, Record};
use crate::{AiMessage, Error, ErrorKind, Message, PromptValue, Result};

/// A type that can be converted from a dynamic value.
///
/// # Errors
/// [`InvalidInput`](crate::ErrorKind::InvalidInput) when the value is of an unsuitable kind.
///
/// # Example
/// ```
/// use catena_core::{Data, FromData, PromptValue};
/// assert_eq!(PromptValue::from_data(Data::from("hi"))?, PromptValue::from("hi"));
/// assert!(PromptValue::from_data(Data::from(5)).is_err());
/// # Ok::<(), catena_core::Error>(())
/// ```
pub trait FromData: Sized {
    /// Converts the value.
    fn from_data(data: Data) -> Result<Self>;
}

impl FromData for Data {
    fn from_data(data: Data) -> Result<Self> {
        Ok(data)
    }
}

impl FromData for bool {
    fn from_data(data: Data) -> Result<Self> {
        match data.into_plain() {
            Data::Bool(value) => Ok(value),
            other => Err(unfit(&other, "a boolean")),
        }
    }
}

impl FromData for f64 {
    fn from_data(data: Data) -> Result<Self> {
        let number = match data.clone().into_plain() {
            Data::Number(number) => number.as_f64(),
            _ => None,
        };
        number.ok_or_else(|| unfit(&data, "a number"))
    }
}

macro_rules! integer_from_data {
    ($($type:ty),*) => {$(
        impl FromData for $type {
            fn from_data(data: Data) -> Result<Self> {
                let integer = match data.clone().into_plain() {
                    Data::Number(number) => number.as_i128().and_then(|integer| Self::try_from(integer).ok()),
                    _ => None,
                };
                integer.ok_or_else(|| unfit(&data, concat!("an integer (", stringify!($type), ")")))
            }
        }
    )*};
}
integer_from_data!(u8, u16, u32, u64, usize, i8, i16, i32, i64, isize);

impl FromData for Record {
    fn from_data(data: Data) -> Result<Self> {
        match data.into_plain() {
            Data::Record(record) => Ok(record),
            other => Err(unfit(&other, "a record")),
        }
    }
}

/// Converts each element of a list.
impl<T: FromData> FromData for Vec<T> {
    fn from_data(data: Data) -> Result<Self> {
        match data.into_plain() {
            Data::List(items) => items.into_iter().map(T::from_data).collect(),
            other => Err(unfit(&other, "a list")),
        }
    }
}

/// Accepts a text, or a message, of which it takes the text.
impl FromData for String {
    fn from_data(data: Data) -> Result<Self> {
        match data.into_plain() {
            Data::Text(text) => Ok(text),
            Data::Message(message) => Ok(message.text().into_owned()),
            other => Err(unfit(&other, "a string or a message")),
        }
    }
}

impl FromData for AiMessage {
    fn from_data(data: Data) -> Result<Self> {
        match data.into_plain() {
            Data::Message(message) => match *message {
                Message::Ai(message) => Ok(message),
                other => Ok(Self::new(other.content().clone())),
            },
            Data::Text(text) => Ok(Self::new(text)),
            other => Err(unfit(&other, "a message or a string")),
        }
    }
}

/// Accepts a text, a filled prompt, a message, or a list of values that convert to messages.
impl FromData for PromptValue {
    fn from_data(data: Data) -> Result<Self> {
        match data.into_plain() {
            Data::Text(text) => Ok(Self::Text(text)),
            Data::Prompt(prompt) => Ok(*prompt),
            Data::Message(message) => Ok(match *message {
                Message::Ai(message) => message.into(),
                other => other.into(),
            }),
            Data::List(items) => {
                items.into_iter().map(Message::from_data).collect::<Result<Vec<_>>>().map(Self::from)
            }
            other => Err(unfit(&other, "a string, a prompt value or messages")),
        }
    }
}

/// Accepts whatever [`convert_to_messages`](crate::convert_to_messages) accepts.
impl FromData for Message {
    fn from_data(data: Data) -> Result<Self> {
        crate::message::read_message_like(data)
    }
}

fn unfit(data: &Data, wanted: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, format!("expected {wanted}, got {}", data.kind()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_read_as_what_they_are() {
        let read = |value| <Vec<i64>>::from_data(Data::from(value)).map_err(|error| error.to_string());
        assert_eq!(read(json!([1, -2])), Ok(vec![1, -2]));
        assert_eq!(read(json!(1)), Err("expected a list, got a number".to_owned()));
        assert_eq!(read(json!(["1"])), Err("expected an integer (i64), got a string".to_owned()));
        assert_eq!(u8::from_data(Data::from(255)).ok(), Some(255));
        assert!(u8::from_data(Data::from(256)).is_err() && u8::from_data(Data::from(1.5)).is_err());
        assert_eq!(f64::from_data(Data::from(2)).ok(), Some(2.0));
    }
}
