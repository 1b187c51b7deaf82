//! Templates of a message's content: a text or a list of blocks.

use serde_json::Value;

use super::values::Values;
use super::{DictPromptTemplate, ImagePromptTemplate, PromptTemplate, TemplateFormat};
use crate::{Content, ContentBlock, Data, Error, ErrorKind, Record, Result};

#[derive(Debug, Clone, PartialEq)]
pub(super) enum ContentTemplate {
    Text(PromptTemplate),
    Blocks(Vec<Block>),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Block {
    /// Omitted if it comes out empty.
    Text(PromptTemplate),
    Image(ImagePromptTemplate),
    /// Any other block; every text in it is a template.
    Other(DictPromptTemplate),
}

impl ContentTemplate {
    /// Parses a text, or a list of texts and blocks.
    pub(super) fn parse(content: Data, format: TemplateFormat) -> Result<Self> {
        match content.into_plain() {
            Data::Text(text) => PromptTemplate::parse(text, format).map(Self::Text),
            Data::List(blocks) => blocks
                .into_iter()
                .map(|block| Block::parse(block, format))
                .collect::<Result<_>>()
                .map(Self::Blocks),
            other => failed(&format!(
                "the content of a message must be a string or a list of blocks, not {}",
                other.kind()
            )),
        }
    }

    pub(super) fn variables(&self) -> Vec<&str> {
        let names = match self {
            Self::Text(template) => template.variables().iter().collect::<Vec<_>>(),
            Self::Blocks(blocks) => blocks.iter().flat_map(Block::variables).collect(),
        };
        names.into_iter().map(String::as_str).collect()
    }

    /// Returns whether it can be filled while values are missing: mustache and jinja2 render them as empty, and empty
    /// text blocks are omitted.
    pub(super) fn is_lenient(&self) -> bool {
        match self {
            Self::Text(template) => template.template_format() != TemplateFormat::FString,
            Self::Blocks(_) => true,
        }
    }

    pub(super) fn fill(&self, values: Values<'_>) -> Result<Content> {
        match self {
            Self::Text(template) => template.fill(values).map(Content::from),
            Self::Blocks(blocks) => {
                let filled = blocks.iter().filter_map(|block| block.fill(values).transpose());
                filled.collect::<Result<Vec<ContentBlock>>>().map(Content::from)
            }
        }
    }

    /// Renders the content for display: a text with variable names in braces, blocks by their content.
    pub(super) fn pretty(&self) -> String {
        match self {
            Self::Text(template) => template.pretty(),
            Self::Blocks(blocks) => blocks.iter().map(Block::pretty).collect::<Vec<_>>().join("\n\n"),
        }
    }
}

impl Block {
    fn parse(block: Data, format: TemplateFormat) -> Result<Self> {
        let block = match block.into_plain() {
            Data::Text(text) => return PromptTemplate::parse(text, format).map(Self::Text),
            block => block,
        };
        let Some(record) = block.as_record() else {
            return failed(&format!("a content block must be a string or a record, not {}", block.kind()));
        };
        match (record.get("type").and_then(Data::as_text), record.get("text"), record.get("image_url")) {
            (Some("text") | None, Some(text), _) if has_only(record, "text") => match text.as_text() {
                Some(text) => PromptTemplate::parse(text, format).map(Self::Text),
                None => {
                    failed(&format!("the `text` of a content block must be a string, not {}", text.kind()))
                }
            },
            (Some("image_url") | None, _, Some(image)) if has_only(record, "image_url") => {
                image_template(image, format).map(Self::Image)
            }
            _ => DictPromptTemplate::parse(block, format).map(Self::Other),
        }
    }

    fn format(&self) -> TemplateFormat {
        match self {
            Self::Text(template) => template.template_format(),
            Self::Image(template) => template.format_name(),
            Self::Other(template) => template.template_format(),
        }
    }

    fn variables(&self) -> &[String] {
        match self {
            Self::Text(template) => template.variables(),
            Self::Image(template) => template.variables(),
            Self::Other(template) => template.variables(),
        }
    }

    /// Unlike a text on its own, a block requires all its variables in every template language.
    fn fill(&self, values: Values<'_>) -> Result<Option<ContentBlock>> {
        if self.format() != TemplateFormat::FString {
            self.variables().iter().try_for_each(|name| values.get(name).map(|_| ()))?;
        }
        let data = match self {
            Self::Text(template) => match template.fill(values)? {
                text if text.is_empty() => return Ok(None),
                text => return Ok(Some(ContentBlock::text(text))),
            },
            Self::Image(template) => {
                Data::from([("type", "image_url".into()), ("image_url", template.fill(values)?)])
            }
            Self::Other(template) => template.fill(values)?,
        };
        block_of(data.into_json()).map(Some)
    }

    fn pretty(&self) -> String {
        match self {
            Self::Text(template) => template.pretty(),
            Self::Image(template) => format!("[an image: {}]", template.url()),
            Self::Other(_) => "[a block]".to_owned(),
        }
    }
}

/// Returns whether the block has no members besides `type` and this one.
fn has_only(record: &Record, content: &str) -> bool {
    record.names().all(|name| name == "type" || name == content)
}

fn failed<T>(message: &str) -> Result<T> {
    Err(Error::new(ErrorKind::Config, message.to_owned()))
}

/// Parses the URL of an image, or a record of its `url` and `detail`.
fn image_template(image: &Data, format: TemplateFormat) -> Result<ImagePromptTemplate> {
    if let Some(url) = image.as_text() {
        let template = ImagePromptTemplate::parse(url, format)?;
        if template.variables().len() > 1 {
            return failed("an image URL may have at most one variable; use a record with `url` for more");
        }
        return Ok(template);
    }
    if image.get("path").is_some() {
        return failed("the `path` of an image is not supported: read the file, and pass a `data:` URL");
    }
    let Some(url) = image.get("url").and_then(Data::as_text) else {
        return failed("an image requires a URL: a string, or a record with `url`");
    };
    let template = ImagePromptTemplate::parse(url, format)?;
    match image.get("detail") {
        None | Some(Data::Null) => Ok(template),
        Some(Data::Text(detail)) => template.with_detail(detail),
        Some(other) => failed(&format!("the `detail` of an image must be a string, not {}", other.kind())),
    }
}

/// Parses a content block.
pub(super) fn block_of(data: Value) -> Result<ContentBlock> {
    serde_json::from_value(data)
        .map_err(|error| Error::new(ErrorKind::InvalidInput, format!("invalid content block: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Chunk, vars};
    use serde_json::json;

    #[track_caller]
    fn check(block: Value, expected: Value) {
        let vars = vars! { a: "A", b: "B" };
        let filled = ContentTemplate::parse(json!([block]).into(), TemplateFormat::FString)
            .and_then(|template| template.fill(Values::new(&vars, &[])));
        let shown =
            filled.map_or_else(|error| json!(error.to_string()), |content| content.to_json()[0].clone());
        assert_eq!(shown, expected);
    }

    #[test]
    fn blocks_keep_what_they_say_beside_their_content() {
        check(json!("{a}"), json!({"type": "text", "text": "A"}));
        check(json!({"text": "{a}"}), json!({"type": "text", "text": "A"}));
        check(
            json!({"type": "text", "text": "{a}", "cache_control": {"type": "{b}"}}),
            json!({"type": "text", "text": "A", "cache_control": {"type": "B"}}),
        );
        check(json!({"image_url": "{a}"}), json!({"type": "image_url", "image_url": {"url": "A"}}));
        check(
            json!({"type": "image_url", "image_url": {"url": "{a}", "detail": "{b}"}}),
            json!({"type": "image_url", "image_url": {"url": "A", "detail": "B"}}),
        );
        check(
            json!({"type": "image_url", "image_url": {"url": "{a}"}, "cache_control": {"type": "{b}"}}),
            json!({"type": "image_url", "image_url": {"url": "A"}, "cache_control": {"type": "B"}}),
        );
    }

    #[cfg(feature = "mustache")]
    #[test]
    fn a_block_needs_its_variables_in_every_language() {
        let missing = |block: Value| {
            let template =
                ContentTemplate::parse(json!([block]).into(), TemplateFormat::Mustache).expect("a template");
            let vars = vars! { a: "A" };
            template.fill(Values::new(&vars, &[])).map_err(|error| error.kind())
        };
        assert!(missing(json!({"type": "x", "v": "{{a}}"})).is_ok());
        for block in
            [json!("{{b}}"), json!({"type": "x", "v": ["{{a}}{{b}}"]}), json!({"image_url": "{{b}}"})]
        {
            assert_eq!(missing(block).expect_err("a value is missing"), ErrorKind::MissingKey);
        }
    }

    #[test]
    fn what_is_no_block_is_refused() {
        check(json!(5), json!("a content block must be a string or a record, not a number"));
        check(
            json!({"type": "text", "text": 5}),
            json!("the `text` of a content block must be a string, not a number"),
        );
        check(
            json!({"image_url": {"url": "u", "detail": 5}}),
            json!("the `detail` of an image must be a string, not a number"),
        );
        check(
            json!({"image_url": "{url}"}),
            json!(
                "`url` cannot be a variable of an image, because it is the name of a field: rename the variable"
            ),
        );
        check(
            json!({"image_url": {"url": "x", "detail": "{detail}"}}),
            json!(
                "`detail` cannot be a variable of an image, because it is the name of a field: rename the variable"
            ),
        );
    }
}
