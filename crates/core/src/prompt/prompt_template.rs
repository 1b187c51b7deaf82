//! A prompt that is a single text with variables.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::partials::Partials;
use super::template::Template;
use super::values::Values;
use super::{Prompt, PromptValue, TemplateFormat};
use crate::schema::Object;
use crate::{Data, Error, ErrorKind, Outline, Result};

/// A text template with variables in braces. It is parsed once; inserted values are never parsed.
///
/// `{name}` stands for the value of `name`; `{{` and `}}` stand for literal braces. The name may be followed by a
/// conversion (`!r` quotes texts) and a Python format specification: `{price:>10,.2f}`. Texts are inserted as they are,
/// numbers as Python writes them (`1.0`, `1e+16`), messages as their text; `true`, `false`, `null`, lists and records
/// are inserted as JSON. A prompt with exactly one variable also accepts a bare value instead of a record.
///
/// For other template languages, see [`parse`](PromptTemplate::parse).
///
/// # Errors
/// Filling it fails with [`MissingKey`](ErrorKind::MissingKey) when a variable has no value, and with
/// [`InvalidInput`](ErrorKind::InvalidInput) when a bare value is given to a prompt that does not have exactly one
/// variable, or when a value does not fit its format.
///
/// # Example
/// ```
/// use catena_core::{vars, PromptTemplate};
/// let prompt = PromptTemplate::new("Tell me a {adjective} joke about {topic}.")?;
/// assert_eq!(prompt.variables(), ["adjective", "topic"]);
/// assert_eq!(prompt.format(vars! { adjective: "dry", topic: "tea" })?, "Tell me a dry joke about tea.");
///
/// let bill = PromptTemplate::new("{item:<8}|{price:>8.2f}")?;
/// assert_eq!(bill.format(vars! { item: "tea", price: 2.5 })?, "tea     |    2.50");
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct PromptTemplate {
    pub(super) template: Arc<Template>,
    pub(super) partials: Partials,
    /// The variables not filled by `partials`.
    variables: Vec<String>,
}

impl PromptTemplate {
    /// Parses an f-string template.
    ///
    /// # Errors
    /// [`ErrorKind::Template`] with the position of the syntax error.
    #[doc(alias = "from_template")]
    pub fn new(template: &str) -> Result<Self> {
        Self::parse(template, TemplateFormat::FString)
    }

    /// Parses a template of the given language.
    ///
    /// In mustache and jinja2 templates, [`format`](PromptTemplate::format) renders missing values as empty; as a step
    /// of a chain, the prompt requires all of its [`variables`](PromptTemplate::variables).
    ///
    /// # Errors
    /// [`ErrorKind::Template`] with the position of the syntax error; [`ErrorKind::Unsupported`] for a language whose
    /// cargo feature is disabled.
    ///
    /// # Example
    /// ```
    /// # #[cfg(feature = "mustache")] {
    /// use catena_core::{vars, PromptTemplate, TemplateFormat};
    /// let prompt = PromptTemplate::parse("{{#tags}}#{{.}} {{/tags}}", TemplateFormat::Mustache)?;
    /// assert_eq!(prompt.format(vars! { tags: vec!["tea", "cake"] })?, "#tea #cake ");
    /// # }
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn parse(template: impl Into<String>, format: TemplateFormat) -> Result<Self> {
        Template::parse(template, format).map(|template| Self::with(template, Partials::default()))
    }

    /// Reads an f-string template from a file.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if the file cannot be read, and those of [`new`](PromptTemplate::new).
    ///
    /// # Example
    /// ```no_run
    /// let prompt = catena_core::PromptTemplate::from_file("prompts/joke.txt")?;
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        Self::parse_file(path, TemplateFormat::FString)
    }

    /// Reads a template of the given language from a file. Because the caller chooses the language, jinja2 is allowed
    /// here: only use files you trust. Data that names its own language (a saved prompt, a pipeline, LangChain's
    /// serialized form) is rejected if it names jinja2.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if the file cannot be read, and those of [`parse`](PromptTemplate::parse).
    ///
    /// # Example
    /// ```no_run
    /// use catena_core::{PromptTemplate, TemplateFormat};
    /// let prompt = PromptTemplate::parse_file("prompts/joke.mustache", TemplateFormat::Mustache)?;
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn parse_file(path: impl AsRef<Path>, format: TemplateFormat) -> Result<Self> {
        let path = path.as_ref();
        let template = fs::read_to_string(path).map_err(|error| {
            let message = format!("cannot read the template {}: {error}", path.display());
            Error::new(ErrorKind::Config, message).with_source(error)
        })?;
        Self::parse(template, format)
            .map_err(|error| Error::new(error.kind(), format!("{}: {}", path.display(), error.message())))
    }

    /// Creates an f-string template by joining a prefix, examples and a suffix with a separator. All of them may
    /// contain variables; for examples given as data, use [`FewShotPromptTemplate`](crate::FewShotPromptTemplate).
    ///
    /// # Errors
    /// Those of [`new`](PromptTemplate::new).
    ///
    /// # Example
    /// ```
    /// use catena_core::PromptTemplate;
    /// let prompt = PromptTemplate::from_examples("Answer.", ["2+2: 4", "1+1: 2"], "{sum}:", "\n")?;
    /// assert_eq!(prompt.format("3+3")?, "Answer.\n2+2: 4\n1+1: 2\n3+3:");
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn from_examples<S: AsRef<str>>(
        prefix: &str,
        examples: impl IntoIterator<Item = S>,
        suffix: &str,
        separator: &str,
    ) -> Result<Self> {
        let mut template = prefix.to_owned();
        for example in examples {
            template.push_str(separator);
            template.push_str(example.as_ref());
        }
        template.push_str(separator);
        template.push_str(suffix);
        Self::parse(template, TemplateFormat::FString)
    }

    pub(super) fn with(template: Template, partials: Partials) -> Self {
        let mut prompt = Self { template: Arc::new(template), partials, variables: Vec::new() };
        prompt.find_variables();
        prompt
    }

    pub(super) fn find_variables(&mut self) {
        let names = self.template.variables().iter();
        self.variables = names.filter(|name| !self.partials.contains(name)).cloned().collect();
    }

    /// Returns the names of the variables still to be filled, in order of first appearance.
    #[doc(alias = "input_variables")]
    pub fn variables(&self) -> &[String] {
        &self.variables
    }

    /// Returns the source text of the template.
    ///
    /// # Example
    /// ```
    /// use catena_core::PromptTemplate;
    /// assert_eq!(PromptTemplate::new("{a:>3} {{}}")?.template(), "{a:>3} {{}}");
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn template(&self) -> &str {
        self.template.source()
    }

    /// Returns the language of the template.
    pub fn template_format(&self) -> TemplateFormat {
        self.template.format()
    }

    /// Fills the template and returns the text.
    ///
    /// # Errors
    /// Those listed on the type.
    pub fn format(&self, vars: impl Into<Data>) -> Result<String> {
        self.fill(Values::new(&vars.into(), &self.variables))
    }

    /// Fills it as part of a larger prompt, whose values these are.
    #[inline]
    pub(super) fn fill(&self, values: Values<'_>) -> Result<String> {
        match self.partials.is_empty() {
            true => self.template.fill(values),
            false => self.template.fill(values.with_partials(&self.partials.resolve())),
        }
    }

    /// Fills it, failing if any variable has no value.
    #[inline]
    pub(super) fn fill_strictly(&self, vars: &Data) -> Result<String> {
        let values = Values::new(vars, &self.variables);
        // An f-string requires every one of its variables by itself.
        match self.template_format() {
            TemplateFormat::FString => values.refuse_stray()?,
            _ => values.require_all()?,
        }
        self.fill(values)
    }
}

impl Prompt for PromptTemplate {
    type Input = Data;

    fn format_prompt(&self, vars: &Data) -> Result<PromptValue> {
        self.fill_strictly(vars).map(PromptValue::Text)
    }

    fn describe(&self, outline: Outline) -> Outline {
        let schema = self.template.input_schema();
        let schema = schema.unwrap_or_else(|| Object::texts(&self.variables).into_schema("PromptInput"));
        outline.with_input_schema(schema).with_template(self.template()).with_constructor(self.constructor())
    }
}

crate::impl_prompt_runnable!(PromptTemplate);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vars;
    use serde_json::json;

    #[track_caller]
    fn check(prompt: Result<PromptTemplate>, vars: impl Into<Data>, expected: &str) {
        let result = prompt.and_then(|prompt| prompt.format(vars));
        assert_eq!(result.unwrap_or_else(|error| error.to_string()), expected);
    }

    #[test]
    fn filling() {
        let new = PromptTemplate::new;
        check(new("a {b} c"), "x", "a x c");
        check(new("{b}{b}"), "x", "xx");
        check(new("{a} {b}"), vars! { a: 1, b: json!([1, "x"]) }, r#"1 [1,"x"]"#);
        check(new("{a}"), vars! { a: "{b} {{c}}" }, "{b} {{c}}");
        check(new("{a}"), vars! { a: "x", zzz: "ignored" }, "x");
        check(new("plain"), (), "plain");
        check(
            new("{a} {b}"),
            vars! { a: 1 },
            "missing variable `b`: the prompt needs `a`, `b`, the input has `a`; \
             if `{b}` is meant as text, write `{{b}}`",
        );
        check(
            new("{a} {b}"),
            "x",
            "a single value fills only one variable, but this prompt has `a`, `b`: pass a record",
        );
        let needs_none = "a single value was given, but this prompt requires none: \
                          pass a record, such as `vars! {}`";
        for template in [new("c"), new("{a}").map(|prompt| prompt.with_partial("a", "x"))] {
            let stray = template.and_then(|template| template.format_prompt(&"x".into()));
            assert_eq!(stray.expect_err("a value that gets lost").to_string(), needs_none);
        }
        check(new("{stop}"), "x", "the variable name `stop` is reserved for the stop sequences of a model");
    }

    #[test]
    fn partials() {
        let prompt = || PromptTemplate::new("{a} {b}").map(|prompt| prompt.with_partial("b", "{x}"));
        check(prompt(), vars! { a: 1 }, "1 {x}");
        check(prompt(), "x", "x {x}");
        check(prompt(), vars! { a: 1, b: 2 }, "1 2");
        check(prompt().map(|prompt| prompt.with_partial("b", 3)), "x", "x 3");
        check(prompt().map(|prompt| prompt.with_partial_fn("b", || 4)), "x", "x 4");
        check(prompt().map(|prompt| prompt.with_partial_fn("b", || 4).with_partial("b", 5)), "x", "x 5");
        check(prompt().and_then(|prompt| prompt + "{c}"), vars! { a: 1, c: 2 }, "1 {x}2");
        check(prompt().and_then(|prompt| prompt + "{b}{a}"), "x", "x {x}{x}x");
        check(
            prompt().and_then(|prompt| prompt.clone() + prompt),
            (),
            "both templates have a value for `b`: remove one of them",
        );
        check(
            prompt().and_then(|prompt| prompt + "{".to_owned()),
            (),
            "template, character 1: unclosed `{`; write `{{` for a literal brace",
        );
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = PromptTemplate::from_file("no/such/file").expect_err("no file");
        assert!(error.kind() == ErrorKind::Config && error.message().contains("no/such/file"), "{error}");
    }

    #[cfg(not(feature = "mustache"))]
    #[test]
    fn a_language_without_its_feature() {
        let error = PromptTemplate::parse("{{x}}", TemplateFormat::Mustache).expect_err("no mustache");
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }
}
