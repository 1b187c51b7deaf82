//! Images, audio, videos and files.

use catena_core::MediaBlock;
use serde_json::{Map, Value, json};

use super::part::{SIGNATURE, WirePart, signature};

/// The URL prefix of files stored by the service.
const FILES: &str = "https://generativelanguage.googleapis.com/v1beta/";

/// Members that a block may have next to its content, by the service's names.
const BESIDE: [&str; 2] = ["videoMetadata", "mediaResolution"];

/// Converts a media block to a part.
///
/// # Errors
/// A description of what is wrong with it.
pub(super) fn media_part(media: MediaBlock) -> Result<WirePart<'static>, String> {
    let MediaBlock { url, base64, file_id, mime_type, filename, extras, .. } = media;
    let mime_type = mime_type.filter(|mime_type| !mime_type.is_empty());
    let mut part = match (base64, url, file_id) {
        (Some(data), ..) => {
            let mime_type = mime_type.or_else(|| mime_type_of(filename.as_deref()?).map(str::to_owned));
            inline(mime_type.ok_or("has 'base64' without 'mime_type'")?, data)
        }
        (None, Some(url), _) => at(url, mime_type)?,
        (None, None, Some(id)) => match id.strip_prefix("files/") {
            Some(_) => at(format!("{FILES}{id}"), mime_type)?,
            None if id.contains("://") => at(id, mime_type)?,
            None => {
                return Err(format!("has an invalid 'file_id' '{id:.60}': expected 'files/..' or a URI"));
            }
        },
        (None, None, None) => return Err("is media without 'base64', 'url' or 'file_id'".to_owned()),
    };
    part.thought_signature = signature(&extras);
    part.other.extend(extras.into_iter().filter(|(name, _)| BESIDE.contains(&name.as_str())));
    Ok(part)
}

fn inline(mime_type: String, data: String) -> WirePart<'static> {
    WirePart::other(
        "inlineData",
        Value::Object(Map::from_iter([
            ("mimeType".to_owned(), Value::String(mime_type)),
            ("data".to_owned(), Value::String(data)),
        ])),
    )
}

/// Converts a URL, or the content of a `data:` URL.
fn at(url: String, mime_type: Option<String>) -> Result<WirePart<'static>, String> {
    if let Some(rest) = url.strip_prefix("data:") {
        let (head, data) =
            rest.split_once(";base64,").ok_or("has a 'data:' URL that is not Base64-encoded")?;
        let head = head.split(';').next().unwrap_or_default().to_owned();
        let mime_type = mime_type.or(Some(head)).filter(|mime_type| !mime_type.is_empty());
        return Ok(inline(mime_type.ok_or("has a 'data:' URL without a MIME type")?, data.to_owned()));
    }
    let mime_type = mime_type.or_else(|| mime_type_of(&url).map(str::to_owned));
    let mut file = json!({ "fileUri": url });
    if let Some(mime_type) = mime_type {
        file["mimeType"] = mime_type.into();
    }
    Ok(WirePart::other("fileData", file))
}

/// Returns the MIME type for the extension of a name or URL, for the types that the models support.
fn mime_type_of(name: &str) -> Option<&'static str> {
    let path = name.split(['?', '#']).next()?;
    let ending = path.rsplit('/').next()?.rsplit_once('.')?.1.to_ascii_lowercase();
    Some(match ending.as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "gif" => "image/gif",
        "heic" => "image/heic",
        "heif" => "image/heif",
        "pdf" => "application/pdf",
        "txt" => "text/plain",
        "md" => "text/markdown",
        "html" => "text/html",
        "csv" => "text/csv",
        "json" => "application/json",
        "mp3" => "audio/mpeg",
        "wav" => "audio/wav",
        "flac" => "audio/flac",
        "ogg" => "audio/ogg",
        "mp4" => "video/mp4",
        "mov" => "video/quicktime",
        "webm" => "video/webm",
        _ => return None,
    })
}

/// Converts content sent by the service to a block of the type that its MIME type implies. The content is moved.
pub(super) fn media_block(
    source: (&str, Value),
    mime_type: Option<&str>,
    signature: Option<String>,
) -> Map<String, Value> {
    let kind = mime_type.and_then(|mime_type| mime_type.split('/').next());
    let kind = kind.filter(|kind| matches!(*kind, "image" | "audio" | "video")).unwrap_or("file");
    let mut block = Map::from_iter([("type".to_owned(), kind.into()), (source.0.to_owned(), source.1)]);
    if let Some(mime_type) = mime_type {
        block.insert("mime_type".to_owned(), mime_type.into());
    }
    if let Some(signature) = signature {
        block.insert("extras".to_owned(), json!({ SIGNATURE: signature }));
    }
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(block: Value, expected: Result<Value, &str>) {
        let media: MediaBlock = serde_json::from_value(block.clone()).expect("a block");
        let part = media_part(media).map(|part| serde_json::to_value(part).expect("JSON"));
        match expected {
            Ok(expected) => assert_eq!(part.as_ref(), Ok(&expected), "{block}"),
            Err(words) => assert!(part.expect_err("an error").contains(words), "{block}"),
        }
    }

    #[test]
    fn media_becomes_a_part() {
        let inline = |mime: &str| Ok(json!({"inlineData": {"mimeType": mime, "data": "QQ=="}}));
        let file = |uri: &str, mime: &str| Ok(json!({"fileData": {"fileUri": uri, "mimeType": mime}}));
        check(json!({"base64": "QQ==", "mime_type": "image/png"}), inline("image/png"));
        check(json!({"base64": "QQ==", "filename": "A.PDF"}), inline("application/pdf"));
        check(json!({"url": "data:image/png;base64,QQ=="}), inline("image/png"));
        check(json!({"url": "data:audio/wav;codecs=1;base64,QQ=="}), inline("audio/wav"));
        check(json!({"url": "https://e.org/a.jpeg?x=.y"}), file("https://e.org/a.jpeg?x=.y", "image/jpeg"));
        check(json!({"url": "https://e.org/a"}), Ok(json!({"fileData": {"fileUri": "https://e.org/a"}})));
        check(json!({"url": "gs://b/a.bin", "mime_type": "video/mp4"}), file("gs://b/a.bin", "video/mp4"));
        let stored = "https://generativelanguage.googleapis.com/v1beta/files/abc";
        check(
            json!({"file_id": "files/abc", "mime_type": "application/pdf"}),
            file(stored, "application/pdf"),
        );
        check(json!({"file_id": stored, "mime_type": "application/pdf"}), file(stored, "application/pdf"));
        check(
            json!({"url": "https://y.tube/v.mp4", "extras": {"videoMetadata": {"fps": 1}, "x": 1, "thought_signature": "s"}}),
            Ok(
                json!({"fileData": {"fileUri": "https://y.tube/v.mp4", "mimeType": "video/mp4"}, "videoMetadata": {"fps": 1},
                "thoughtSignature": "s"}),
            ),
        );
        check(json!({"base64": "QQ=="}), Err("mime_type"));
        check(json!({"url": "data:,x"}), Err("Base64"));
        check(json!({"url": "data:;base64,QQ=="}), Err("MIME"));
        check(json!({"file_id": "file-1"}), Err("files/.."));
        check(json!({}), Err("without"));
    }
}
