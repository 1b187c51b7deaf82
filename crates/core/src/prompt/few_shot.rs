//! A text prompt with few-shot examples.

use std::borrow::Cow;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::FutureExt;

use super::example_selector::Examples;
use super::partials::Partials;
use super::prompt_composition::check_declared;
use super::template::unique;
use super::values::Values;
use crate::schema::Object;
use crate::{
    Context, Data, Error, ErrorKind, Outline, Prompt, PromptTemplate, PromptValue, Record, Result, RunKind,
    Runnable,
};

/// A few-shot prompt: a prefix, examples and a suffix, joined by a separator (by default a blank line).
///
/// All templates are parsed once; braces in the values of examples are literal.
///
/// # Errors
/// Filling it fails with [`MissingKey`](ErrorKind::MissingKey) when a variable or a value of an example is missing,
/// with [`InvalidInput`](ErrorKind::InvalidInput) when a value does not fit, and with the errors of its selector.
///
/// # Example
/// ```
/// use catena_core::{vars, Examples, FewShotPromptTemplate, PromptTemplate};
/// let examples = Examples::new([vars! { q: "2+2", a: "4" }, vars! { q: "3+3", a: "6" }]);
/// let row = PromptTemplate::new("Q: {q}\nA: {a}")?;
/// let prompt = FewShotPromptTemplate::new(examples, row, PromptTemplate::new("Q: {input}\nA:")?)
///     .with_prefix(PromptTemplate::new("Answer.")?);
/// assert_eq!(prompt.format("5+5")?, "Answer.\n\nQ: 2+2\nA: 4\n\nQ: 3+3\nA: 6\n\nQ: 5+5\nA:");
/// # Ok::<(), catena_core::Error>(())
/// ```
#[doc(alias = "FewShotPromptWithTemplates")]
#[derive(Debug, Clone)]
pub struct FewShotPromptTemplate {
    pub(super) examples: Examples,
    pub(super) example_prompt: PromptTemplate,
    pub(super) prefix: Option<PromptTemplate>,
    pub(super) suffix: PromptTemplate,
    pub(super) separator: String,
    pub(super) partials: Partials,
    variables: Vec<String>,
}

impl FewShotPromptTemplate {
    /// Creates a prompt of examples, each formatted with `example_prompt`, followed by the suffix.
    pub fn new(examples: Examples, example_prompt: PromptTemplate, suffix: PromptTemplate) -> Self {
        let mut prompt = Self {
            examples,
            example_prompt,
            prefix: None,
            suffix,
            separator: "\n\n".to_owned(),
            partials: Partials::default(),
            variables: Vec::new(),
        };
        prompt.find_variables();
        prompt
    }

    /// Sets the text before the examples.
    #[must_use]
    pub fn with_prefix(mut self, prefix: PromptTemplate) -> Self {
        self.prefix = Some(prefix);
        self.find_variables();
        self
    }

    /// Sets the separator between prefix, examples and suffix.
    #[must_use]
    pub fn with_separator(mut self, separator: impl Into<String>) -> Self {
        self.separator = separator.into();
        self
    }

    /// Fills a variable in advance. A value in the input overrides it.
    #[doc(alias = "partial")]
    #[must_use]
    pub fn with_partial(mut self, name: impl Into<String>, value: impl Into<Data>) -> Self {
        self.partials.set(name.into(), value.into());
        self.find_variables();
        self
    }

    /// Fills a variable in advance with the result of a function, which is called each time the prompt is filled.
    #[doc(alias = "partial")]
    #[must_use]
    pub fn with_partial_fn<T: Into<Data>>(
        mut self,
        name: impl Into<String>,
        value: impl Fn() -> T + Send + Sync + 'static,
    ) -> Self {
        self.partials.set_function(name.into(), Arc::new(move || value().into()));
        self.find_variables();
        self
    }

    /// Returns the names of the variables that are filled in advance.
    pub fn partial_variables(&self) -> impl Iterator<Item = &str> {
        self.partials.names()
    }

    fn find_variables(&mut self) {
        let templates = self.prefix.iter().chain([&self.suffix]);
        let names = templates.flat_map(PromptTemplate::variables).map(String::as_str);
        self.variables = unique(names.filter(|name| !self.partials.contains(name)));
    }

    /// Returns the names of the variables still to be filled, in order of first appearance.
    #[doc(alias = "input_variables")]
    pub fn variables(&self) -> &[String] {
        &self.variables
    }

    /// Checks that the prefix and the suffix use only declared variables. Declared variables may be unused.
    ///
    /// # Errors
    /// Those of [`PromptTemplate::validate`].
    ///
    /// # Example
    /// ```
    /// use catena_core::{vars, Examples, FewShotPromptTemplate, PromptTemplate};
    /// let prompt = FewShotPromptTemplate::new(
    ///     Examples::new([vars! { q: "2+2" }]),
    ///     PromptTemplate::new("{q}")?,
    ///     PromptTemplate::new("{s}")?,
    /// );
    /// assert!(prompt.validate(["s", "more"]).is_ok());
    /// assert!(prompt.validate(["t"]).is_err());
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    #[doc(alias = "validate_template")]
    pub fn validate<S: AsRef<str>>(&self, declared: impl IntoIterator<Item = S>) -> Result<()> {
        check_declared(self.suffix.template_format(), &self.variables, declared)
    }

    /// Fills the prompt, without waiting.
    ///
    /// # Errors
    /// Those listed on the type, and [`ErrorKind::Unsupported`] if the selector has to wait for something; use
    /// [`format_async`](FewShotPromptTemplate::format_async) in that case.
    pub fn format(&self, vars: impl Into<Data>) -> Result<String> {
        at_once(self.fill(&vars.into()))
    }

    /// Fills the prompt once the selector has chosen the examples.
    ///
    /// # Errors
    /// Those listed on the type.
    #[doc(alias = "aformat")]
    pub async fn format_async(&self, vars: impl Into<Data>) -> Result<String> {
        self.fill(&vars.into()).await
    }

    /// Renders the prompt for display, with the names of unfilled variables in braces.
    ///
    /// # Errors
    /// Those of [`format`](FewShotPromptTemplate::format).
    #[doc(alias = "pretty_repr")]
    pub fn pretty(&self) -> Result<String> {
        let names = self.variables.iter().map(|name| (name.as_str(), format!("{{{name}}}")));
        self.format(names.collect::<Record>())
    }

    async fn fill(&self, vars: &Data) -> Result<String> {
        let partials = self.partials.resolve();
        let values = Values::new(vars, &self.variables).with_partials(&partials);
        let examples = self.examples.of(&named(vars, &self.variables, &partials)).await?;
        let mut pieces = Vec::with_capacity(examples.len() + 2);
        // A prefix or suffix without a template adds no separator; one that renders empty does.
        let shown = |template: &&PromptTemplate| !template.template().is_empty();
        if let Some(prefix) = self.prefix.as_ref().filter(shown) {
            pieces.push(prefix.fill(values)?);
        }
        for (index, example) in examples.iter().enumerate() {
            let text =
                self.example_prompt.fill_strictly(example).map_err(|error| of_example(index, &error))?;
            pieces.extend(Some(text).filter(|text| !text.is_empty()));
        }
        if let Some(suffix) = Some(&self.suffix).filter(shown) {
            pieces.push(suffix.fill(values)?);
        }
        Ok(pieces.join(&self.separator))
    }

    /// Fails if a variable has no value. Mustache and jinja2 templates would not fail by themselves.
    fn require_all(&self, vars: &Data) -> Result<()> {
        Values::new(vars, &self.variables).require_all()
    }
}

impl Prompt for FewShotPromptTemplate {
    type Input = Data;

    fn format_prompt(&self, vars: &Data) -> Result<PromptValue> {
        self.require_all(vars)?;
        at_once(self.fill(vars)).map(PromptValue::Text)
    }

    fn describe(&self, outline: Outline) -> Outline {
        let input = Object::texts(&self.variables).into_schema("PromptInput");
        outline.with_input_schema(input).with_constructor(self.constructor())
    }
}

/// Unlike `format_prompt`, waits for the selector.
#[async_trait]
impl Runnable for FewShotPromptTemplate {
    type Input = Data;
    type Output = PromptValue;

    async fn call(&self, vars: Data, _cx: &Context) -> Result<PromptValue> {
        self.require_all(&vars)?;
        self.fill(&vars).await.map(PromptValue::Text)
    }

    fn kind(&self) -> RunKind {
        RunKind::Prompt
    }

    fn outline(&self) -> Outline {
        self.describe(Outline::of(self))
    }
}

crate::impl_pipe!(FewShotPromptTemplate);

/// Returns the result of a future that is ready when first polled.
pub(super) fn at_once<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    future.now_or_never().unwrap_or_else(|| {
        let message =
            "the example selector must be awaited: use the prompt as a step of a chain, or an async method";
        Err(Error::new(ErrorKind::Unsupported, message))
    })
}

/// Returns the input as a record for the selector: a bare value under its variable's name, and the variables filled in
/// advance.
pub(super) fn named<'a>(vars: &'a Data, variables: &[String], partials: &Record) -> Cow<'a, Data> {
    let mut record = match (vars.as_record(), variables) {
        (Some(_), _) if partials.is_empty() => return Cow::Borrowed(vars),
        (Some(record), _) => record.clone(),
        (None, [name]) => Record::from_iter([(name.as_str(), vars.clone())]),
        (None, _) => Record::new(),
    };
    for (name, value) in partials.iter() {
        if !record.contains(name) {
            record.insert(name, value.clone());
        }
    }
    Cow::Owned(record.into())
}

pub(super) fn of_example(index: usize, error: &Error) -> Error {
    Error::new(error.kind(), format!("example {index}: {}", error.message()))
}
