//! Tool calls requested by a model.

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::serde_help::null_is_default;
use crate::{Chunk, Data, Error, ErrorKind, Record, Result};

/// Defines a `type` member that is always written with a fixed value; any value is accepted when reading.
macro_rules! type_tag {
    ($name:ident = $tag:literal) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub(super) struct $name;

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str($tag)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                IgnoredAny::deserialize(deserializer).map(|_| Self)
            }
        }
    };
}

type_tag!(ToolCallTag = "tool_call");
type_tag!(InvalidToolCallTag = "invalid_tool_call");
type_tag!(ToolCallChunkTag = "tool_call_chunk");

/// A model's request to call a tool.
///
/// # Example
/// ```
/// use catena_core::{Data, ToolCall};
/// let call = ToolCall::new("get_weather", [("city", "Paris")]).with_id("call_1");
/// assert_eq!(call.args.get("city"), Some(&Data::from("Paris")));
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ToolCall {
    /// The name of the tool.
    #[serde(default, deserialize_with = "null_is_default")]
    pub name: String,
    /// The arguments, in the order in which the model gave them.
    #[serde(default, deserialize_with = "null_is_default")]
    pub args: Record,
    /// The id by which a result refers to this call; see [`ToolMessage`](crate::ToolMessage).
    #[serde(default)]
    pub id: Option<String>,
    #[serde(rename = "type", default)]
    pub(super) tag: ToolCallTag,
    /// Provider-specific members.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl ToolCall {
    /// Creates a call without an id.
    pub fn new<K: Into<String>, V: Into<Data>>(
        name: impl Into<String>,
        args: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        Self { name: name.into(), args: args.into_iter().collect(), ..Self::default() }
    }

    /// Sets the id.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Deserializes the arguments.
    ///
    /// # Errors
    /// [`ErrorKind::Parse`] if they do not match the type.
    ///
    /// # Example
    /// ```
    /// use catena_core::ToolCall;
    /// # use serde::Deserialize;
    /// #[derive(Deserialize)]
    /// struct Weather {
    ///     city: String,
    /// }
    /// let weather: Weather = ToolCall::new("get_weather", [("city", "Paris")]).args_as()?;
    /// assert_eq!(weather.city, "Paris");
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn args_as<T: serde::de::DeserializeOwned>(&self) -> Result<T> {
        let args = Data::Record(self.args.clone()).into_json();
        serde_json::from_value(args).map_err(|error| {
            let message = format!("invalid arguments of the tool call `{:.100}`: {error}", self.name);
            Error::new(ErrorKind::Parse, message)
        })
    }
}

/// A call is complete; merging keeps the last one.
impl Chunk for ToolCall {
    fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// A tool call that cannot be parsed: its arguments are not a JSON object.
///
/// # Example
/// ```
/// use catena_core::{AiMessage, InvalidToolCall};
/// let mut message = AiMessage::default();
/// message.push_invalid_tool_call(InvalidToolCall::new("get_weather", "{oops"));
/// assert_eq!(message.invalid_tool_calls()[0].args.as_deref(), Some("{oops"));
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct InvalidToolCall {
    /// The name of the tool.
    pub name: Option<String>,
    /// The arguments as received.
    pub args: Option<String>,
    /// The id of the call.
    pub id: Option<String>,
    /// A description of the error, if known.
    pub error: Option<String>,
    #[serde(rename = "type")]
    pub(super) tag: InvalidToolCallTag,
    /// Provider-specific members.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl InvalidToolCall {
    /// Creates an invalid call with this text as arguments.
    pub fn new(name: impl Into<String>, args: impl Into<String>) -> Self {
        Self { name: Some(name.into()), args: Some(args.into()), ..Self::default() }
    }
}

/// A chunk of a tool call, as received in a stream.
///
/// Chunks with the same `index` form one call: names and arguments are concatenated. A chunk whose `id` differs from
/// that of the call so far starts a new call, and a chunk without an `index` is a call of its own.
///
/// # Example
/// ```
/// use catena_core::{AiMessage, Chunk, ToolCallChunk};
/// let piece = |args: &str| {
///     let mut message = AiMessage::default();
///     message.push_tool_call_chunk(ToolCallChunk::new(0).with_name("add").with_args(args));
///     message
/// };
/// let mut answer = piece(r#"{"a": 1, "#);
/// let mut rest = AiMessage::default();
/// rest.push_tool_call_chunk(ToolCallChunk::new(0).with_args(r#""b": 2}"#));
/// answer.merge(rest);
/// assert_eq!(answer.tool_calls()[0].args.len(), 2);
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ToolCallChunk {
    /// The name of the tool, or a part of it.
    pub name: Option<String>,
    /// A part of the JSON text of the arguments.
    pub args: Option<String>,
    /// The id of the call; providers send it with the first chunk.
    pub id: Option<String>,
    /// The index of the call within the answer.
    pub index: Option<i64>,
    #[serde(rename = "type")]
    pub(super) tag: ToolCallChunkTag,
    /// Provider-specific members. When chunks are merged, the last value of each is kept.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl ToolCallChunk {
    /// Creates an empty chunk of the call with this index.
    pub fn new(index: i64) -> Self {
        Self { index: Some(index), ..Self::default() }
    }

    /// Sets the name, or a part of it.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets the part of the arguments.
    #[must_use]
    pub fn with_args(mut self, args: impl Into<String>) -> Self {
        self.args = Some(args.into());
        self
    }

    /// Sets the id.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Returns the id, unless it is empty.
    pub(super) fn known_id(&self) -> Option<&str> {
        self.id.as_deref().filter(|id| !id.is_empty())
    }

    /// Appends the next chunk of the same call.
    pub(super) fn append(&mut self, next: Self) {
        append_text(&mut self.name, next.name);
        append_text(&mut self.args, next.args);
        if self.known_id().is_none() {
            self.id = next.id.or_else(|| self.id.take());
        }
        self.extra.extend(next.extra);
    }
}

fn append_text(text: &mut Option<String>, next: Option<String>) {
    match (text, next) {
        (_, None) => {}
        (Some(text), Some(next)) => text.push_str(&next),
        (text, next) => *text = next,
    }
}
