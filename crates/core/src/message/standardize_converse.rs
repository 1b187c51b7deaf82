//! Conversion of texts, images and documents of Bedrock's Converse API to standard form.

use serde_json::{Map, Value};

use super::standardize::{others, text};
use super::{MediaBlock, PlainTextBlock, StandardBlock, TextBlock};

/// Converts `{"text": ..}`, `{"image": {"format", "source"}}` and `{"document": {"format", "source"}}`, with no other
/// members.
pub(super) fn from_converse(data: &Map<String, Value>) -> Option<StandardBlock> {
    let (name, content) = data.iter().next().filter(|_| data.len() == 1)?;
    if name == "text" {
        return content.as_str().filter(|text| !text.is_empty()).map(TextBlock::new).map(StandardBlock::Text);
    }
    let content = content.as_object()?;
    let (format, source) = (text(content, "format")?, content.get("source")?.as_object()?);
    let extras = others(content, &["format", "source"]);
    let extras: Map<String, Value> = extras.map(|(name, value)| (name.to_owned(), value)).collect();
    let media = |mime_type: &str| Some(MediaBlock::base64(text(source, "bytes")?, mime_type));
    match (name.as_str(), format.as_str()) {
        ("image", format) => {
            Some(StandardBlock::Image(MediaBlock { extras, ..media(&format!("image/{format}"))? }))
        }
        ("document", "pdf") => Some(StandardBlock::File(MediaBlock { extras, ..media("application/pdf")? })),
        ("document", "txt") => Some(StandardBlock::PlainText(PlainTextBlock {
            text: Some(text(source, "text")?),
            mime_type: Some("text/plain".to_owned()),
            extras,
            ..PlainTextBlock::default()
        })),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(block: Value, expected: Value) {
        let block = from_converse(block.as_object().expect("an object"));
        assert_eq!(serde_json::to_value(block).expect("JSON"), expected);
    }

    #[test]
    fn blocks_of_converse_become_standard() {
        check(json!({"text": "t"}), json!({"type": "text", "text": "t"}));
        check(
            json!({"image": {"format": "png", "source": {"bytes": "QQ=="}}}),
            json!({"type": "image", "base64": "QQ==", "mime_type": "image/png"}),
        );
        check(
            json!({"document": {"format": "pdf", "name": "n", "source": {"bytes": "QQ=="}}}),
            json!({"type": "file", "base64": "QQ==", "mime_type": "application/pdf", "extras": {"name": "n"}}),
        );
        check(
            json!({"document": {"format": "txt", "source": {"text": "d"}}}),
            json!({"type": "text-plain", "text": "d", "mime_type": "text/plain"}),
        );
        for other in [
            json!({}),
            json!({"text": ""}),
            json!({"text": "t", "x": 1}),
            json!({"image": {"format": "png", "source": {"s3Location": {}}}}),
            json!({"document": {"format": "docx", "source": {"bytes": "QQ=="}}}),
            json!({"cachePoint": {"type": "default"}}),
        ] {
            check(other, Value::Null);
        }
    }
}
