//! A prompt that shows how it is done before it asks.

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

/// A text of a prefix, examples and a suffix, with a separator between them: an empty line if not set.
///
/// All templates are parsed once: braces in the examples' values are text.
///
/// # Errors
/// Filling it fails with [`MissingKey`](ErrorKind::MissingKey) when a variable or a value of an example is missing,
/// with [`InvalidInput`](ErrorKind::InvalidInput) when values do not suit, and as its selector does.
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
    /// Examples, each written as `example_prompt` says, and what comes behind them.
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

    /// Sets what comes before the examples.
    #[must_use]
    pub fn with_prefix(mut self, prefix: PromptTemplate) -> Self {
        self.prefix = Some(prefix);
        self.find_variables();
        self
    }

    /// Sets what stands between prefix, examples and suffix.
    #[must_use]
    pub fn with_separator(mut self, separator: impl Into<String>) -> Self {
        self.separator = separator.into();
        self
    }

    /// Fills a variable beforehand. A value of the input takes its place.
    #[doc(alias = "partial")]
    #[must_use]
    pub fn with_partial(mut self, name: impl Into<String>, value: impl Into<Data>) -> Self {
        self.partials.set(name.into(), value.into());
        self.find_variables();
        self
    }

    /// Fills a variable beforehand with what a function gives each time the prompt is filled.
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

    /// The names of the variables that are filled beforehand.
    pub fn partial_variables(&self) -> impl Iterator<Item = &str> {
        self.partials.names()
    }

    fn find_variables(&mut self) {
        let templates = self.prefix.iter().chain([&self.suffix]);
        let names = templates.flat_map(PromptTemplate::variables).map(String::as_str);
        self.variables = unique(names.filter(|name| !self.partials.contains(name)));
    }

    /// The names of the variables that are still to be filled, in the order in which they first appear.
    #[doc(alias = "input_variables")]
    pub fn variables(&self) -> &[String] {
        &self.variables
    }

    /// Checks that the prefix and the suffix use only variables that are declared. More may be declared than they use.
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

    /// The filled text.
    ///
    /// # Errors
    /// Those of the type, and [`ErrorKind::Unsupported`] if the selector has to wait for something: then
    /// [`format_async`](FewShotPromptTemplate::format_async) is the way.
    pub fn format(&self, vars: impl Into<Data>) -> Result<String> {
        at_once(self.fill(&vars.into()))
    }

    /// The filled text, once the selector has chosen the examples.
    ///
    /// # Errors
    /// Those of the type.
    #[doc(alias = "aformat")]
    pub async fn format_async(&self, vars: impl Into<Data>) -> Result<String> {
        self.fill(&vars.into()).await
    }

    /// The prompt with names in braces for what is still to be filled, for people to read.
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
        // An empty template leaves no gap; one that comes out empty does.
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

    /// Fails if one of the variables has no value: mustache and jinja2 templates do not.
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

/// It waits for its selector.
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

/// The result of what need not wait.
pub(super) fn at_once<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    future.now_or_never().unwrap_or_else(|| {
        let message =
            "the example selector must be awaited: use the prompt as a step of a chain, or an async method";
        Err(Error::new(ErrorKind::Unsupported, message))
    })
}

/// The input as a record, for a selector: with what is filled beforehand, and a bare value under its name.
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
