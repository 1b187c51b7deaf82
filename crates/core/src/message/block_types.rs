//! The types of standard content blocks.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::serde_help::null_is_default;

/// Defines a block with the common members: an id, an index used while streaming, and provider-specific extras.
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
            /// The block that a chunk belongs to while streaming: a number or a text.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub index: Option<Value>,
            /// Provider-specific members.
            #[serde(default, skip_serializing_if = "Map::is_empty", deserialize_with = "null_is_default")]
            pub extras: Map<String, Value>,
            /// All other members, unchanged.
            #[serde(flatten)]
            pub other: Map<String, Value>,
        }
    };
}

block! {
    /// A text with its annotations.
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
        /// Citations and other annotations of parts of the text.
        #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_default")]
        annotations: Vec<Annotation>,
    }
}

block! {
    /// The reasoning of a model.
    ///
    /// # Example
    /// See [`StandardBlock`](crate::StandardBlock).
    ReasoningBlock {
        /// The reasoning text, where the provider exposes it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reasoning: Option<String>,
    }
}

block! {
    /// An image, audio, video or file: given by URL, inline in Base64, or by its file id at the provider.
    ///
    /// # Example
    /// ```
    /// use catena_core::{MediaBlock, StandardBlock};
    /// let image = MediaBlock::base64("QUJD", "image/png");
    /// assert_eq!(serde_json::to_value(StandardBlock::Image(image))?["mime_type"], "image/png");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    MediaBlock {
        /// The URL.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        url: Option<String>,
        /// The Base64-encoded content.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        base64: Option<String>,
        /// The id of the content in the provider's file storage.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        file_id: Option<String>,
        /// The MIME type, such as `image/png`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mime_type: Option<String>,
        /// The name of a file.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        filename: Option<String>,
    }
}

block! {
    /// A plain-text document.
    ///
    /// # Example
    /// See [`StandardBlock`](crate::StandardBlock).
    PlainTextBlock {
        /// The text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        /// The MIME type, such as `text/plain`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mime_type: Option<String>,
        /// The title of the document.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        /// A description of the document or its context.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        context: Option<String>,
        /// The URL of the document.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        url: Option<String>,
    }
}

block! {
    /// A call of a tool that the provider executes, such as web search.
    ///
    /// # Example
    /// See [`StandardBlock`](crate::StandardBlock).
    ServerToolCallBlock {
        /// The name of the tool.
        name: String,
        /// The arguments.
        #[serde(default, deserialize_with = "null_is_default")]
        args: Map<String, Value>,
    }
}

block! {
    /// A chunk of a call of a tool that the provider executes.
    ///
    /// # Example
    /// See [`StandardBlock`](crate::StandardBlock).
    ServerToolCallChunkBlock {
        /// The name of the tool, or a part of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// A part of the JSON text of the arguments.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        args: Option<String>,
    }
}

block! {
    /// The result of a tool that the provider executed.
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
    /// Creates a text block without annotations.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }
}

impl MediaBlock {
    /// Creates media at a URL.
    pub fn url(url: impl Into<String>) -> Self {
        Self { url: Some(url.into()), ..Self::default() }
    }

    /// Creates inline media from Base64-encoded content of this MIME type.
    pub fn base64(data: impl Into<String>, mime_type: impl Into<String>) -> Self {
        Self { base64: Some(data.into()), mime_type: Some(mime_type.into()), ..Self::default() }
    }

    /// Creates media from the provider's file storage.
    pub fn file_id(id: impl Into<String>) -> Self {
        Self { file_id: Some(id.into()), ..Self::default() }
    }
}

/// An annotation of a part of a text.
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
    /// The source of a part of the text.
    Citation(Citation),
    /// Any other annotation, unchanged.
    Other(Map<String, Value>),
}

/// Accepts only `citation`, so that other annotations are left unchanged.
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

/// The source of a part of a text.
///
/// # Example
/// See [`Annotation`].
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Citation {
    /// The URL of the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The title of the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The start of the cited part of the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_index: Option<u64>,
    /// The end of the cited part of the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_index: Option<u64>,
    /// The quoted text of the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cited_text: Option<String>,
    #[serde(rename = "type")]
    pub(super) tag: CitationTag,
    /// All other members, unchanged.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
