//! A template of an image's URL.

use super::content_template::block_of;
use super::template::{Template, unique};
use super::values::Values;
use super::{Prompt, PromptValue, TemplateFormat};
use crate::schema::Object;
use crate::{Data, Error, ErrorKind, Message, Outline, Record, Result};

/// An image whose URL has variables. Used as a prompt, it gives a human message with that image.
///
/// # Errors
/// Filling it fails as filling a [`PromptTemplate`](crate::PromptTemplate) does, and with
/// [`InvalidInput`](ErrorKind::InvalidInput) when the URL comes out empty. No variable may be named `url`, `detail` or
/// `path`; non-empty texts named `url` or `detail` in the input override what the templates give.
///
/// # Example
/// ```
/// use catena_core::{vars, ImagePromptTemplate};
/// use serde_json::json;
/// let image = ImagePromptTemplate::new("https://example.com/{id}.png")?.with_detail("high")?;
/// let filled = image.format(vars! { id: 7 })?;
/// assert_eq!(filled, json!({"url": "https://example.com/7.png", "detail": "high"}).into());
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ImagePromptTemplate {
    url: Template,
    detail: Option<Template>,
    variables: Vec<String>,
}

impl ImagePromptTemplate {
    /// Parses the URL as an f-string template.
    ///
    /// # Errors
    /// [`Template`](ErrorKind::Template) with the position of the syntax error, and [`Config`](ErrorKind::Config) for a
    /// variable with a reserved name.
    pub fn new(url: &str) -> Result<Self> {
        Self::parse(url, TemplateFormat::FString)
    }

    /// Parses the URL as a template of the given language.
    ///
    /// # Errors
    /// Those of [`PromptTemplate::parse`](crate::PromptTemplate::parse), and [`Config`](ErrorKind::Config) for a
    /// variable with a reserved name.
    pub fn parse(url: &str, format: TemplateFormat) -> Result<Self> {
        let url = parse(url, format)?;
        let variables = url.variables().to_vec();
        Ok(Self { url, detail: None, variables })
    }

    /// Sets the level of detail at which the model looks at the image: a template that gives `auto`, `low` or `high`.
    ///
    /// # Errors
    /// Those of [`parse`](Self::parse).
    pub fn with_detail(mut self, detail: &str) -> Result<Self> {
        let detail = parse(detail, self.url.format())?;
        self.variables = unique(self.url.variables().iter().chain(detail.variables()).map(String::as_str));
        self.detail = Some(detail);
        Ok(self)
    }

    /// Returns the template of the URL.
    pub(super) fn url(&self) -> &str {
        self.url.source()
    }

    /// Returns the template of the level of detail.
    pub(super) fn detail(&self) -> Option<&str> {
        self.detail.as_ref().map(Template::source)
    }

    /// Returns the language of both templates.
    pub(super) fn format_name(&self) -> TemplateFormat {
        self.url.format()
    }

    /// Returns the names of the variables, in order of first appearance.
    #[doc(alias = "input_variables")]
    pub fn variables(&self) -> &[String] {
        &self.variables
    }

    /// Returns the record of `url` and `detail` that an image content block holds. Non-empty texts of these names in
    /// the input override what the templates give.
    ///
    /// # Errors
    /// Those listed on the type.
    ///
    /// # Example
    /// ```
    /// use catena_core::{vars, ImagePromptTemplate};
    /// let image = ImagePromptTemplate::new("https://example.org/{id}")?;
    /// let given = image.format(vars! { id: 1, url: "https://example.com/" })?;
    /// assert_eq!(given.into_json()["url"], "https://example.com/");
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn format(&self, vars: impl Into<Data>) -> Result<Data> {
        self.fill_or_take(&vars.into())
    }

    fn fill_or_take(&self, vars: &Data) -> Result<Data> {
        let given = |name: &str| match vars.as_record()?.get(name)?.as_text() {
            Some(text) if !text.is_empty() => Some(text.to_owned()),
            _ => None,
        };
        self.record(Values::new(vars, &self.variables), given)
    }

    /// Fills it as part of a larger prompt, whose values these are.
    pub(super) fn fill(&self, values: Values<'_>) -> Result<Data> {
        self.record(values, |_| None)
    }

    fn record(&self, values: Values<'_>, given: impl Fn(&str) -> Option<String>) -> Result<Data> {
        let url = self.url.fill(values)?;
        let url = given("url").unwrap_or(url);
        if url.is_empty() {
            let message =
                format!("the `url` of the image is empty after `{:.80}` was filled in", self.url.source());
            return Err(Error::new(ErrorKind::InvalidInput, message));
        }
        let mut image = Record::from_iter([("url", url)]);
        let detail = self.detail.as_ref().map(|detail| detail.fill(values)).transpose()?;
        if let Some(detail) = given("detail").or(detail) {
            image.insert("detail", detail);
        }
        Ok(image.into())
    }
}

impl Prompt for ImagePromptTemplate {
    type Input = Data;

    fn format_prompt(&self, vars: &Data) -> Result<PromptValue> {
        let values = Values::new(vars, &self.variables);
        values.require_all()?;
        let block = Data::from([("type", Data::from("image_url")), ("image_url", self.fill_or_take(vars)?)]);
        Ok(Message::human(vec![block_of(block.into_json())?]).into())
    }

    fn describe(&self, outline: Outline) -> Outline {
        let input = Object::texts(&self.variables).into_schema("PromptInput");
        outline.with_input_schema(input).with_constructor(self.constructor())
    }
}

crate::impl_prompt_runnable!(ImagePromptTemplate);

/// Parses a template of one member of the image, and rejects variables with reserved names.
fn parse(template: &str, format: TemplateFormat) -> Result<Template> {
    let template = Template::parse(template, format)?;
    match template.variables().iter().find(|name| matches!(name.as_str(), "url" | "detail" | "path")) {
        None => Ok(template),
        Some(name) => {
            let message = format!(
                "`{name}` cannot be a variable of an image, because it is the name of a field: rename the variable"
            );
            Err(Error::new(ErrorKind::Config, message))
        }
    }
}
