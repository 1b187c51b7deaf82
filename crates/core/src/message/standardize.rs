//! Conversion of provider-specific and legacy content blocks to standard form.

use serde_json::{Map, Value};

use super::block_types::MediaBlock;
use super::standardize_anthropic::from_answer;
use super::standardize_converse::from_converse;
use super::standardize_openai::from_answer as from_openai_answer;
use super::{
    AiMessage, Content, ContentBlock, PlainTextBlock, ReasoningBlock, StandardBlock, TextBlock, ToolCall,
};

/// Providers whose answers use Anthropic's block formats.
const LIKE_ANTHROPIC: [&str; 4] = ["anthropic", "bedrock", "google_genai", "google_vertexai"];

/// Converts the content to standard form.
pub(super) fn blocks(content: &Content) -> Vec<StandardBlock> {
    read(content, |_| None)
}

/// Converts the content to standard form, with provider-specific blocks converted by `own`.
fn read(content: &Content, own: fn(&Map<String, Value>) -> Option<StandardBlock>) -> Vec<StandardBlock> {
    match content {
        Content::Text(text) if text.is_empty() => Vec::new(),
        Content::Text(text) => vec![StandardBlock::Text(TextBlock::new(text))],
        Content::Blocks(blocks) => blocks.iter().map(|block| standard(block, own)).collect(),
    }
}

impl AiMessage {
    /// Returns the content in standard form, with reasoning before it and tool calls after it.
    ///
    /// Provider-specific blocks are converted if the metadata names their provider as `model_provider`: the reasoning
    /// of Anthropic's models, and the items of OpenAI's Responses API, whose tool calls stay at the position of their
    /// items and whose citations and searches are standardised. Otherwise they are
    /// [`NonStandard`](StandardBlock::NonStandard).
    ///
    /// # Example
    /// ```
    /// use catena_core::{AiMessage, Annotation, StandardBlock};
    /// # use serde_json::json;
    /// let answer: AiMessage = serde_json::from_value(json!({
    ///     "content": [{"type": "text", "text": "It rains.", "annotations": [
    ///         {"type": "url_citation", "url": "https://e.org", "title": "Weather", "start_index": 0, "end_index": 9}]}],
    ///     "response_metadata": {"model_provider": "openai"},
    /// }))?;
    /// let blocks = answer.content_blocks();
    /// let StandardBlock::Text(text) = &blocks[0] else { panic!("a text") };
    /// assert!(matches!(&text.annotations[..], [Annotation::Citation(it)] if it.title.as_deref() == Some("Weather")));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn content_blocks(&self) -> Vec<StandardBlock> {
        match (&self.content, self.provider()) {
            (Content::Blocks(blocks), _) if self.is_standard() => {
                blocks.iter().map(|block| standard(block, |_| None)).collect()
            }
            (_, Some("openai")) => with_thoughts(from_openai_answer(self), self.reasoning.as_deref()),
            _ => {
                let legacy = self.additional_kwargs.get("reasoning_content").and_then(Value::as_str);
                with_thoughts(self.read_blocks(), self.reasoning.as_deref().or(legacy))
            }
        }
    }

    /// Converts the blocks of any other provider, and adds the calls they lack.
    fn read_blocks(&self) -> Vec<StandardBlock> {
        let is_like_anthropics = self.provider().is_some_and(|provider| LIKE_ANTHROPIC.contains(&provider));
        let mut all = read(&self.content, if is_like_anthropics { from_answer } else { |_| None });
        if self.content.is_empty()
            && !self.tool_call_chunks().is_empty()
            && self.metadata.finish_reason.is_none()
        {
            all.extend(self.tool_call_chunks().iter().cloned().map(StandardBlock::ToolCallChunk));
        } else {
            let missing = self.tool_calls().iter().filter(|call| !has(&all, call)).cloned();
            let missing: Vec<_> = missing.map(StandardBlock::ToolCall).collect();
            all.extend(missing);
        }
        all
    }

    /// Converts the content to standard form, as LangChain's `output_version="v1"` does: the content becomes that of
    /// [`content_blocks`](AiMessage::content_blocks), and the metadata records it.
    ///
    /// # Example
    /// ```
    /// use catena_core::{AiMessage, ContentBlock, ToolCall};
    /// let answer = AiMessage::new("Sunny.").with_tool_calls([ToolCall::new("f", [("a", 1)]).with_id("c1")]);
    /// let standard = answer.clone().into_standard();
    /// assert_eq!(standard.content.as_blocks().unwrap().len(), 2);
    /// assert_eq!((standard.text(), standard.tool_calls()), (answer.text(), answer.tool_calls()));
    /// assert_eq!(standard.clone().into_standard(), standard);
    /// ```
    #[doc(alias = "output_version")]
    #[must_use]
    pub fn into_standard(mut self) -> Self {
        self.content = self.content_blocks().into();
        self.metadata.extra.insert("output_version".to_owned(), "v1".into());
        self
    }

    /// Returns the provider named in the metadata.
    fn provider(&self) -> Option<&str> {
        self.metadata.extra.get("model_provider")?.as_str()
    }

    /// Returns whether the blocks of the content are in standard form already.
    fn is_standard(&self) -> bool {
        self.metadata.extra.get("output_version").is_some_and(|version| version == "v1")
    }
}

/// Adds the reasoning, unless the blocks contain some: to the first empty reasoning block, or else as the first block.
fn with_thoughts(mut blocks: Vec<StandardBlock>, thoughts: Option<&str>) -> Vec<StandardBlock> {
    let Some(thoughts) = thoughts else { return blocks };
    let mut places = blocks.iter_mut().filter_map(|block| match block {
        StandardBlock::Reasoning(block) => Some(&mut block.reasoning),
        _ => None,
    });
    match places.next() {
        None => {
            let block = ReasoningBlock { reasoning: Some(thoughts.to_owned()), ..ReasoningBlock::default() };
            blocks.insert(0, StandardBlock::Reasoning(block));
        }
        Some(first) if first.is_none() && places.all(|place| place.is_none()) => {
            *first = Some(thoughts.to_owned());
        }
        Some(_) => {}
    }
    blocks
}

/// Returns whether a block is this call, or the call has no id to compare.
fn has(blocks: &[StandardBlock], call: &ToolCall) -> bool {
    let Some(id) = call.id.as_deref().filter(|id| !id.is_empty()) else { return true };
    blocks
        .iter()
        .any(|block| matches!(block, StandardBlock::ToolCall(other) if other.id.as_deref() == Some(id)))
}

/// Converts a block to standard form.
pub(super) fn standard(
    block: &ContentBlock,
    own: fn(&Map<String, Value>) -> Option<StandardBlock>,
) -> StandardBlock {
    match block {
        ContentBlock::Plain(text) => StandardBlock::Text(TextBlock::new(text)),
        ContentBlock::Data(data) => from_source_type(data)
            .or_else(|| from_openai(data))
            .or_else(|| from_anthropic(data))
            .or_else(|| from_converse(data))
            .or_else(|| own(data))
            .unwrap_or_else(|| StandardBlock::from_data(data.clone())),
    }
}

/// Returns a text member.
pub(super) fn text(data: &Map<String, Value>, name: &str) -> Option<String> {
    data.get(name)?.as_str().map(str::to_owned)
}

/// Returns all members except these and nulls, as extras.
pub(super) fn others<'a>(
    data: &'a Map<String, Value>,
    known: &'a [&str],
) -> impl Iterator<Item = (&'a str, Value)> {
    let unknown = data.iter().filter(|(name, value)| !known.contains(&name.as_str()) && !value.is_null());
    unknown.map(|(name, value)| (name.as_str(), value.clone()))
}

/// Converts blocks of LangChain before 1.0: `{"type": "image", "source_type": "base64", "data": .., "mime_type": ..}`.
fn from_source_type(data: &Map<String, Value>) -> Option<StandardBlock> {
    let (kind, source) = (data.get("type")?.as_str()?, data.get("source_type")?.as_str()?);
    if source == "text" && kind == "file" {
        return legacy_text(data);
    }
    let (mut media, known): (_, &[&str]) = match source {
        "url" => (MediaBlock::url(text(data, "url")?), &["type", "source_type", "url", "mime_type", "id"]),
        "base64" => {
            let media = MediaBlock { base64: Some(text(data, "data")?), ..MediaBlock::default() };
            (media, &["type", "source_type", "data", "mime_type", "id"])
        }
        // Here the id identifies the content, not the block.
        "id" => (MediaBlock::file_id(text(data, "id")?), &["type", "source_type", "id"]),
        _ => return None,
    };
    if source != "id" {
        media.mime_type = text(data, "mime_type").filter(|mime_type| !mime_type.is_empty());
        media.id = text(data, "id");
    }
    media.extras = others(data, known).map(|(name, value)| (name.to_owned(), value)).collect();
    // A file name stays among the extras, as in LangChain.
    media_kind(kind, media)
}

fn legacy_text(data: &Map<String, Value>) -> Option<StandardBlock> {
    let extras = others(data, &["type", "source_type", "url", "text", "mime_type", "id"]);
    Some(StandardBlock::PlainText(PlainTextBlock {
        text: Some(text(data, "url").or_else(|| text(data, "text"))?),
        mime_type: Some(text(data, "mime_type").unwrap_or_else(|| "text/plain".to_owned())),
        id: text(data, "id"),
        extras: extras.map(|(name, value)| (name.to_owned(), value)).collect(),
        ..PlainTextBlock::default()
    }))
}

fn media_kind(kind: &str, media: MediaBlock) -> Option<StandardBlock> {
    match kind {
        "image" => Some(StandardBlock::Image(media)),
        "audio" => Some(StandardBlock::Audio(media)),
        "file" => Some(StandardBlock::File(media)),
        _ => None,
    }
}

/// Converts parts of OpenAI's chat messages: `image_url`, `input_audio` and `file`.
fn from_openai(data: &Map<String, Value>) -> Option<StandardBlock> {
    let kind = data.get("type")?.as_str()?;
    let inner = data.get(kind)?.as_object()?;
    match kind {
        "image_url" => {
            let url = text(inner, "url")?;
            let mut media = match data_url(&url) {
                Some((mime_type, content)) => MediaBlock::base64(content, mime_type),
                None => MediaBlock::url(&url),
            };
            media.extras = extras(data, inner, kind, &["url"]);
            Some(StandardBlock::Image(media))
        }
        "input_audio" => {
            let format = text(inner, "format")?;
            let mut media = MediaBlock::base64(text(inner, "data")?, format!("audio/{format}"));
            media.extras = extras(data, inner, "audio", &["data", "format"]);
            Some(StandardBlock::Audio(media))
        }
        "file" => file(data, inner),
        _ => None,
    }
}

/// Converts Anthropic's images and documents: `{"type": "image", "source": {"type": "base64", ..}}`.
fn from_anthropic(data: &Map<String, Value>) -> Option<StandardBlock> {
    let kind = data.get("type")?.as_str()?;
    let source = data.get("source").filter(|_| matches!(kind, "image" | "document"))?.as_object()?;
    let mut media = match source.get("type")?.as_str()? {
        "text" if kind == "document" => return plain_document(data, source),
        "base64" => MediaBlock::base64(text(source, "data")?, text(source, "media_type")?),
        "url" => MediaBlock::url(text(source, "url")?),
        "file" => MediaBlock::file_id(text(source, "file_id")?),
        _ => return None,
    };
    media.id = text(data, "id");
    let others = others(data, &["type", "source", "id"]);
    media.extras = others.map(|(name, value)| (name.to_owned(), value)).collect();
    media_kind(if kind == "document" { "file" } else { kind }, media)
}

/// Converts Anthropic's plain-text documents.
fn plain_document(data: &Map<String, Value>, source: &Map<String, Value>) -> Option<StandardBlock> {
    let extras = others(data, &["type", "source", "id"]);
    Some(StandardBlock::PlainText(PlainTextBlock {
        text: Some(text(source, "data")?),
        mime_type: Some(text(source, "media_type").unwrap_or_else(|| "text/plain".to_owned())),
        id: text(data, "id"),
        extras: extras.map(|(name, value)| (name.to_owned(), value)).collect(),
        ..PlainTextBlock::default()
    }))
}

fn file(data: &Map<String, Value>, inner: &Map<String, Value>) -> Option<StandardBlock> {
    let mut media;
    if let Some(id) = text(inner, "file_id") {
        media = MediaBlock::file_id(id);
        media.extras = extras(data, inner, "file", &["file_id"]);
    } else {
        let url = text(inner, "file_data")?;
        let (mime_type, content) = data_url(&url)?;
        media = MediaBlock::base64(content, mime_type);
        media.extras = extras(data, inner, "file", &["file_data", "filename"]);
        // LangChain keeps the file name among the extras.
        media.extras.extend(text(inner, "filename").map(|name| ("filename".to_owned(), name.into())));
    }
    Some(StandardBlock::File(media))
}

/// Collects the remaining members of a part and of the inner object named after its type.
fn extras(
    data: &Map<String, Value>,
    inner: &Map<String, Value>,
    prefix: &str,
    known: &[&str],
) -> Map<String, Value> {
    let outer = others(data, &["type", "image_url", "input_audio", "file"]);
    let outer = outer.map(|(name, value)| (name.to_owned(), value));
    let inner = others(inner, known).map(|(name, value)| match name {
        "detail" => ("detail".to_owned(), value),
        name => (format!("{prefix}_{name}"), value),
    });
    outer.chain(inner).collect()
}

/// Splits a Base64 `data:` URL into its MIME type and content.
pub(super) fn data_url(url: &str) -> Option<(&str, &str)> {
    let (mime_type, content) = url.strip_prefix("data:")?.split_once(";base64,")?;
    (!mime_type.is_empty() && !mime_type.contains(';') && !content.is_empty()).then_some((mime_type, content))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(block: Value, expected: Value) {
        let block = ContentBlock::from_value(block).expect("a block");
        assert_eq!(serde_json::to_value(standard(&block, |_| None)).expect("JSON"), expected);
    }

    #[test]
    fn parts_of_openai_become_standard() {
        check(json!("hi"), json!({"type": "text", "text": "hi"}));
        check(
            json!({"type": "image_url", "image_url": {"url": "https://e.org/x.png", "detail": "low", "z": 1}}),
            json!({"type": "image", "url": "https://e.org/x.png", "extras": {"detail": "low", "image_url_z": 1}}),
        );
        check(
            json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,QQ=="}}),
            json!({"type": "image", "base64": "QQ==", "mime_type": "image/png"}),
        );
        check(
            json!({"type": "input_audio", "input_audio": {"data": "QQ==", "format": "wav"}}),
            json!({"type": "audio", "base64": "QQ==", "mime_type": "audio/wav"}),
        );
        check(
            json!({"type": "file", "file": {"file_data": "data:application/pdf;base64,QQ==", "filename": "a.pdf"}}),
            json!({"type": "file", "base64": "QQ==", "mime_type": "application/pdf", "extras": {"filename": "a.pdf"}}),
        );
        check(
            json!({"type": "image", "source": {"type": "base64", "data": "QQ==", "media_type": "image/png"}}),
            json!({"type": "image", "base64": "QQ==", "mime_type": "image/png"}),
        );
        check(
            json!({"type": "document", "source": {"type": "text", "data": "d"}, "title": "T", "z": 1}),
            json!({"type": "text-plain", "text": "d", "mime_type": "text/plain", "extras": {"title": "T", "z": 1}}),
        );
        let without_text = json!({"type": "document", "source": {"type": "text"}});
        check(without_text.clone(), json!({"type": "non_standard", "value": without_text}));
        check(json!({"type": "file", "file": {"file_id": "f"}}), json!({"type": "file", "file_id": "f"}));
    }

    #[test]
    fn blocks_of_one_provider_are_read_where_the_answer_is_its() {
        let blocks = json!([
            {"type": "thinking", "thinking": "hm", "signature": "s"},
            {"type": "tool_use", "id": "c1", "name": "f", "input": {"a": 1}},
        ]);
        let mut answer = AiMessage::new(serde_json::from_value::<Content>(blocks.clone()).expect("content"))
            .with_tool_calls([ToolCall::new("f", [("a", 1)]).with_id("c1")]);
        let kinds = |answer: &AiMessage| -> Vec<_> {
            answer.content_blocks().iter().map(StandardBlock::kind).collect()
        };
        assert_eq!(kinds(&answer), ["non_standard", "non_standard", "tool_call"]);
        answer.metadata.extra.insert("model_provider".into(), "anthropic".into());
        assert_eq!(kinds(&answer), ["reasoning", "tool_call"]);
        answer.metadata.extra.insert("model_provider".into(), "openai".into());
        assert_eq!(kinds(&answer), ["non_standard", "non_standard"]);
    }

    #[test]
    fn blocks_of_earlier_versions_become_standard() {
        check(
            json!({"type": "image", "source_type": "base64", "data": "QQ==", "mime_type": "image/png", "cache": 1}),
            json!({"type": "image", "base64": "QQ==", "mime_type": "image/png", "extras": {"cache": 1}}),
        );
        check(
            json!({"type": "audio", "source_type": "url", "url": "u", "id": "b"}),
            json!({"type": "audio", "url": "u", "id": "b"}),
        );
        check(
            json!({"type": "file", "source_type": "id", "id": "f"}),
            json!({"type": "file", "file_id": "f"}),
        );
        check(
            json!({"type": "file", "source_type": "text", "url": "some text"}),
            json!({"type": "text-plain", "text": "some text", "mime_type": "text/plain"}),
        );
    }

    #[test]
    fn what_nobody_knows_is_kept_as_it_is() {
        let block = json!({"type": "zzz", "x": 1});
        check(block.clone(), json!({"type": "non_standard", "value": block}));
        let image = json!({"type": "image_url", "image_url": "https://e.org/x.png"});
        check(image.clone(), json!({"type": "non_standard", "value": image}));
    }
}
