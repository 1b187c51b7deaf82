//! Images and documents, in all forms that a message may hold them in.

use catena_core::{Error, ErrorKind, Result};
use serde::Serialize;
use serde_json::{Map, Value};

/// The location of the content. Exactly one of the last four members is set.
#[derive(Debug, Default, Serialize)]
pub(super) struct Source<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    media_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_id: Option<&'a str>,
}

/// Returns the service's type of a media block, and the source of its content. `None` if the block is not media.
///
/// # Errors
/// `Unsupported` for audio, video and files that the service does not support; `InvalidInput` for a block without
/// content.
pub(super) fn media<'a>(
    kind: &str,
    data: &'a Map<String, Value>,
) -> Result<Option<(&'static str, Source<'a>)>> {
    let found = match kind {
        "image" => Some(("image", source(data))),
        "image_url" => Some(("image", url_in(data.get("image_url")).and_then(at))),
        "file" => match data.get("file").and_then(Value::as_object) {
            Some(inner) => Some(("document", source(inner))),
            None => Some(("document", source(data))),
        },
        "text-plain" => Some(("document", plain(data))),
        "audio" | "input_audio" | "video" => return Err(unsupported(kind)),
        _ => None,
    };
    match found {
        None => Ok(None),
        Some((_, None)) => {
            let message = format!(
                "a block of type `{kind}` has no supported content: expected an `https://` URL, a Base64 `data:` URL, \
                 `base64` with a `mime_type`, or a `file_id`"
            );
            Err(Error::new(ErrorKind::InvalidInput, message))
        }
        Some((name, Some(source))) => readable(name, source).map(Some),
    }
}

fn unsupported(kind: &str) -> Error {
    Error::new(ErrorKind::Unsupported, format!("unsupported block type `{kind}`"))
}

/// Files are PDFs or text, and text is not sent in Base64.
fn readable<'a>(name: &'static str, mut source: Source<'a>) -> Result<(&'static str, Source<'a>)> {
    if name == "document" && source.kind == "base64" {
        match source.media_type {
            None => source.media_type = Some("application/pdf"),
            Some("application/pdf") => {}
            Some(other) => {
                let message = format!(
                    "unsupported inline file type `{other:.100}`: only PDFs are supported, and text as a `text-plain` \
                     block"
                );
                return Err(Error::new(ErrorKind::Unsupported, message));
            }
        }
    }
    Ok((name, source))
}

fn text<'a>(data: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    data.get(name)?.as_str().filter(|text| !text.is_empty())
}

/// `{"url"}`, `{"base64", "mime_type"}`, `{"file_id"}`, the forms that LangChain had before 1.0, and OpenAI's `file_data`.
fn source(data: &Map<String, Value>) -> Option<Source<'_>> {
    let old = text(data, "source_type");
    if old == Some("text") {
        return plain(data);
    }
    if let Some(url) = text(data, "url").or_else(|| text(data, "file_data")) {
        return at(url);
    }
    let content = text(data, "base64").or_else(|| text(data, "data").filter(|_| old == Some("base64")));
    if let Some(content) = content {
        return Some(Source {
            kind: "base64",
            media_type: text(data, "mime_type"),
            data: Some(content),
            ..Source::default()
        });
    }
    let id = text(data, "file_id").or_else(|| text(data, "id").filter(|_| old == Some("id")));
    Some(Source { kind: "file", file_id: Some(id?), ..Source::default() })
}

fn plain(data: &Map<String, Value>) -> Option<Source<'_>> {
    let content = text(data, "text").or_else(|| text(data, "url"))?;
    let media_type = text(data, "mime_type").or(Some("text/plain"));
    Some(Source { kind: "text", media_type, data: Some(content), ..Source::default() })
}

/// Returns the URL of OpenAI's `image_url`: a text, or a member of an object.
fn url_in(value: Option<&Value>) -> Option<&str> {
    let value = value?;
    value.as_str().or_else(|| value.get("url")?.as_str())
}

/// Returns the source for a URL, or for the content of a `data:` URL.
fn at(url: &str) -> Option<Source<'_>> {
    let Some(inline) = url.strip_prefix("data:") else {
        let elsewhere = url.starts_with("https://") || url.starts_with("http://");
        return elsewhere.then_some(Source { kind: "url", url: Some(url), ..Source::default() });
    };
    let (media_type, data) = inline.split_once(";base64,")?;
    let media_type = media_type.split(';').next().filter(|media_type| !media_type.is_empty());
    Some(Source { kind: "base64", media_type, data: Some(data), ..Source::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(block: &Value) -> Result<Value> {
        let data = block.as_object().expect("an object");
        let found = media(data["type"].as_str().expect("a type"), data)?;
        Ok(found.map_or(Value::Null, |(name, source)| json!([name, source])))
    }

    #[track_caller]
    fn check(block: Value, expected: Value) {
        assert_eq!(read(&block).expect("media"), expected, "{block}");
    }

    #[test]
    fn media_in_every_form() {
        let png = json!(["image", {"type": "base64", "media_type": "image/png", "data": "QQ=="}]);
        let url = json!(["image", {"type": "url", "url": "https://e.org/a.png"}]);
        let pdf = json!(["document", {"type": "base64", "media_type": "application/pdf", "data": "QQ=="}]);
        check(json!({"type": "image", "base64": "QQ==", "mime_type": "image/png"}), png.clone());
        check(
            json!({"type": "image", "source_type": "base64", "data": "QQ==", "mime_type": "image/png"}),
            png.clone(),
        );
        check(json!({"type": "image", "url": "data:image/png;base64,QQ=="}), png.clone());
        check(json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,QQ=="}}), png);
        check(json!({"type": "image", "url": "https://e.org/a.png"}), url.clone());
        check(json!({"type": "image_url", "image_url": "https://e.org/a.png"}), url);
        check(json!({"type": "image", "file_id": "f"}), json!(["image", {"type": "file", "file_id": "f"}]));
        check(
            json!({"type": "file", "source_type": "id", "id": "f"}),
            json!(["document", {"type": "file", "file_id": "f"}]),
        );
        check(json!({"type": "file", "base64": "QQ=="}), pdf.clone());
        check(
            json!({"type": "file", "file": {"file_data": "data:application/pdf;base64,QQ==", "filename": "a.pdf"}}),
            pdf,
        );
        check(
            json!({"type": "file", "url": "https://e.org/a.pdf"}),
            json!(["document", {"type": "url", "url": "https://e.org/a.pdf"}]),
        );
        let plain = json!(["document", {"type": "text", "media_type": "text/plain", "data": "words"}]);
        check(json!({"type": "text-plain", "text": "words"}), plain.clone());
        check(json!({"type": "file", "source_type": "text", "text": "words"}), plain);
        check(json!({"type": "search_result"}), Value::Null);
    }

    #[test]
    fn what_cannot_be_sent_is_an_error() {
        for (block, kind) in [
            (json!({"type": "audio", "base64": "QQ=="}), ErrorKind::Unsupported),
            (json!({"type": "input_audio", "input_audio": {}}), ErrorKind::Unsupported),
            (json!({"type": "video", "url": "https://e.org"}), ErrorKind::Unsupported),
            (json!({"type": "file", "base64": "QQ==", "mime_type": "text/csv"}), ErrorKind::Unsupported),
            (json!({"type": "image"}), ErrorKind::InvalidInput),
            (json!({"type": "image", "url": "cat.png"}), ErrorKind::InvalidInput),
            (json!({"type": "image", "url": "data:image/png,raw"}), ErrorKind::InvalidInput),
            (json!({"type": "image_url", "image_url": 5}), ErrorKind::InvalidInput),
        ] {
            assert_eq!(read(&block).expect_err("an error").kind(), kind, "{block}");
        }
    }
}
