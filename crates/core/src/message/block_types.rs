//! The types of standard content blocks.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::serde_help::null_is_default;

/// A block with the members that all have: an id, an index while it streams, and what a service adds.
macro_rules! block {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
        #[non_exhaustive]
        pub struct $name {
            $($(#[$field_meta])* pub $field: $type,)*
            /// The id of the block.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub id: Option<String>,
            /// Which block this is a piece of, while it streams: a number or a text.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub index: Option<Value>,
            /// What only one service knows.
            #[serde(default, skip_serializing_if = "Map::is_empty", deserialize_with = "null_is_default")]
            pub extras: Map<String, Value>,
            /// All other members, as they came.
            #[serde(flatten)]
            pub other: Map<String, Value>,
        }
    };
}

block! {
    /// A text, with what it refers to.
    ///
    /// # Example
    /// ```
    /// use catena_core::TextBlock;
    /// let block = TextBlock::new("Paris");
    /// assert!(block.annotations.is_empty());
    /// ```
    TextBlock {
        /// The text.
        text: String,
        /// Citations and other remarks about parts of the text.
        #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_default")]
        annotations: Vec<Annotation>,
    }
}

block! {
    /// What a model thought before it answered.
    ///
    /// # Example
    /// See [`StandardBlock`](crate::StandardBlock).
    ReasoningBlock {
        /// The thoughts, where the service shows them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reasoning: Option<String>,
    }
}

block! {
    /// An image, a sound, a video or a file: at an address, inline in Base64, or by its id at the service.
    ///
    /// # Example
    /// ```
    /// use catena_core::{MediaBlock, StandardBlock};
    /// let image = MediaBlock::base64("QUJD", "image/png");
    /// assert_eq!(serde_json::to_value(StandardBlock::Image(image))?["mime_type"], "image/png");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    MediaBlock {
        /// The address.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        url: Option<String>,
        /// The content in Base64.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        base64: Option<String>,
        /// The id under which the service keeps the content.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        file_id: Option<String>,
        /// What kind of content it is: `image/png`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mime_type: Option<String>,
        /// The name of a file.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        filename: Option<String>,
    }
}

block! {
    /// A document that is plain text.
    ///
    /// # Example
    /// See [`StandardBlock`](crate::StandardBlock).
    PlainTextBlock {
        /// The text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        /// What kind of text it is: `text/plain`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mime_type: Option<String>,
        /// The title of the document.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        /// What the document is about.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        context: Option<String>,
        /// The address of the document.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        url: Option<String>,
    }
}

block! {
    /// A call of a tool that the service runs itself, such as a web search.
    ///
    /// # Example
    /// See [`StandardBlock`](crate::StandardBlock).
    ServerToolCallBlock {
        /// The tool.
        name: String,
        /// What it is called with.
        #[serde(default, deserialize_with = "null_is_default")]
        args: Map<String, Value>,
    }
}

block! {
    /// A piece of a call of a tool that the service runs itself.
    ///
    /// # Example
    /// See [`StandardBlock`](crate::StandardBlock).
    ServerToolCallChunkBlock {
        /// The tool, or a piece of its name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// A piece of the text of the arguments.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        args: Option<String>,
    }
}

block! {
    /// What a tool that the service ran itself gave.
    ///
    /// # Example
    /// See [`StandardBlock`](crate::StandardBlock).
    ServerToolResultBlock {
        /// The id of the call.
        tool_call_id: String,
        /// `success` or `error`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<String>,
        /// The result.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        output: Option<Value>,
    }
}

impl TextBlock {
    /// A text without remarks.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }
}

impl MediaBlock {
    /// Content at an address.
    pub fn url(url: impl Into<String>) -> Self {
        Self { url: Some(url.into()), ..Self::default() }
    }

    /// Content inline in Base64, of this MIME type.
    pub fn base64(data: impl Into<String>, mime_type: impl Into<String>) -> Self {
        Self { base64: Some(data.into()), mime_type: Some(mime_type.into()), ..Self::default() }
    }

    /// Content that the service keeps.
    pub fn file_id(id: impl Into<String>) -> Self {
        Self { file_id: Some(id.into()), ..Self::default() }
    }
}

/// A remark about a part of a text.
///
/// # Example
/// ```
/// use catena_core::{Annotation, TextBlock};
/// use serde_json::json;
/// let json = json!({"text": "Paris", "annotations": [{"type": "citation", "url": "https://e.org"}]});
/// let block: TextBlock = serde_json::from_value(json)?;
/// assert!(matches!(&block.annotations[0], Annotation::Citation(citation) if citation.title.is_none()));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Annotation {
    /// Where something in the text comes from.
    Citation(Citation),
    /// Any other remark, as it came.
    Other(Map<String, Value>),
}

/// Reads only `citation`, so that other remarks stay what they are.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct CitationTag;

impl Serialize for CitationTag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("citation")
    }
}

impl<'de> Deserialize<'de> for CitationTag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            "citation" => Ok(Self),
            _ => Err(serde::de::Error::custom("no citation")),
        }
    }
}

/// Where something in a text comes from.
///
/// # Example
/// See [`Annotation`].
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Citation {
    /// The address of the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The title of the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Where the part of the text begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_index: Option<u64>,
    /// Where it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_index: Option<u64>,
    /// What the source says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cited_text: Option<String>,
    #[serde(rename = "type")]
    pub(super) tag: CitationTag,
    /// All other members, as they came.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
