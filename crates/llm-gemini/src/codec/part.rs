//! Parts, which make up contents in requests.

use std::borrow::Cow;

use catena_core::{Record, StandardBlock};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::media::media_part;

/// The name under which messages keep thought signatures. Not `signature`, as for other services, so that no service
/// receives another's.
pub(super) const SIGNATURE: &str = "thought_signature";

/// The members that identify a part, besides those with a field below.
const PART_MEMBERS: [&str; 8] = [
    "inlineData",
    "fileData",
    "functionCall",
    "functionResponse",
    "executableCode",
    "codeExecutionResult",
    "toolCall",
    "toolResponse",
];

/// An encoded part.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WirePart<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) thought: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) thought_signature: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) function_call: Option<WireCall<'a>>,
    #[serde(flatten)]
    pub(super) other: Map<String, Value>,
}

/// A function call.
#[derive(Debug, Serialize)]
pub(super) struct WireCall<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<&'a str>,
    pub(super) name: &'a str,
    pub(super) args: Args<'a>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Args<'a> {
    Read(&'a Record),
    /// Invalid arguments, wrapped in an object because the service accepts nothing else.
    Unreadable {
        arguments: &'a str,
    },
}

impl<'a> WirePart<'a> {
    pub(super) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self { text: Some(text.into()), ..Self::default() }
    }

    pub(super) fn other(name: &str, value: Value) -> Self {
        Self { other: Map::from_iter([(name.to_owned(), value)]), ..Self::default() }
    }
}

/// Converts a block to a part. `Ok(None)` for what was meant for another service and is omitted.
///
/// # Errors
/// A description of what is wrong with the block; the caller adds its position.
pub(super) fn part_of(block: StandardBlock, from_model: bool) -> Result<Option<WirePart<'static>>, String> {
    Ok(Some(match block {
        StandardBlock::Text(block) => {
            WirePart { thought_signature: signature(&block.extras), ..WirePart::text(block.text) }
        }
        StandardBlock::Reasoning(block) => match signature(&block.extras) {
            // Thoughts are only sent to the service that signed them.
            None => return Ok(None),
            signature => WirePart {
                thought: true,
                thought_signature: signature,
                ..WirePart::text(block.reasoning.unwrap_or_default())
            },
        },
        StandardBlock::PlainText(block) => match (block.text, block.url) {
            (Some(text), _) => WirePart::text(text),
            (None, Some(url)) => {
                let mime_type = block.mime_type.unwrap_or_else(|| "text/plain".to_owned());
                WirePart::other("fileData", json!({ "fileUri": url, "mimeType": mime_type }))
            }
            (None, None) => return Err("is a document without 'text' or 'url'".to_owned()),
        },
        StandardBlock::Image(media)
        | StandardBlock::Audio(media)
        | StandardBlock::Video(media)
        | StandardBlock::File(media) => media_part(media)?,
        StandardBlock::NonStandard(data) => return non_standard(data, from_model),
        // Tool calls are sent from the message's list of them; other services' server tool calls are not sent.
        _ if from_model => return Ok(None),
        block => return Err(format!("has the unsupported type '{}'", block.kind())),
    }))
}

/// Returns the signature in the extras of a block or a call.
pub(super) fn signature(extras: &Map<String, Value>) -> Option<Cow<'static, str>> {
    extras.get(SIGNATURE)?.as_str().map(|text| Cow::Owned(text.to_owned()))
}

/// Converts a part in the service's own form, or LangChain's `media`.
fn non_standard(mut data: Map<String, Value>, from_model: bool) -> Result<Option<WirePart<'static>>, String> {
    let kind = data.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
    if kind == "media" {
        let mime_type = data.remove("mime_type").unwrap_or_default();
        return match (data.remove("data"), data.remove("file_uri")) {
            (Some(content), _) => {
                Ok(Some(WirePart::other("inlineData", json!({ "mimeType": mime_type, "data": content }))))
            }
            (None, Some(uri)) => {
                Ok(Some(WirePart::other("fileData", json!({ "mimeType": mime_type, "fileUri": uri }))))
            }
            (None, None) => Err("has 'type': 'media' but no 'data' or 'file_uri'".to_owned()),
        };
    }
    if let ("refusal", Some(Value::String(refusal))) = (kind.as_str(), data.get("refusal")) {
        return Ok(Some(WirePart::text(refusal.clone())));
    }
    if PART_MEMBERS.iter().any(|name| data.contains_key(*name)) {
        data.remove("type");
        return Ok(Some(WirePart { other: data, ..WirePart::default() }));
    }
    if from_model {
        return Ok(None);
    }
    Err(format!("has the unsupported type '{kind:.40}'"))
}
