//! Composition of text prompts: concatenation, partial variables, validation, display.

use std::ops::Add;
use std::sync::Arc;

use super::values::list;
use super::{PromptTemplate, TemplateFormat};
use crate::{Data, Error, ErrorKind, Record, Result};

impl PromptTemplate {
    /// Fills a variable in advance. A value in the input overrides it.
    ///
    /// # Example
    /// ```
    /// use catena_core::{vars, PromptTemplate};
    /// let prompt = PromptTemplate::new("{greeting}, {name}!")?.with_partial("greeting", "Hello");
    /// assert_eq!(prompt.format("Ann")?, "Hello, Ann!");
    /// assert_eq!(prompt.format(vars! { name: "Ann", greeting: "Bye" })?, "Bye, Ann!");
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    #[doc(alias = "partial")]
    #[must_use]
    pub fn with_partial(mut self, name: impl Into<String>, value: impl Into<Data>) -> Self {
        self.partials.set(name.into(), value.into());
        self.find_variables();
        self
    }

    /// Fills a variable in advance with the result of a function, which is called each time the prompt is filled.
    ///
    /// # Example
    /// ```
    /// use std::sync::atomic::{AtomicU32, Ordering};
    /// use catena_core::{vars, PromptTemplate};
    /// let count = AtomicU32::new(1);
    /// let prompt = PromptTemplate::new("No. {n}")?.with_partial_fn("n", move || count.fetch_add(1, Ordering::Relaxed));
    /// assert_eq!(prompt.format(vars! {})?, "No. 1");
    /// assert_eq!(prompt.format(vars! {})?, "No. 2");
    /// # Ok::<(), catena_core::Error>(())
    /// ```
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
    ///
    /// # Example
    /// ```
    /// use catena_core::PromptTemplate;
    /// let prompt = PromptTemplate::new("{a} {b}")?.with_partial("b", 1);
    /// assert!(prompt.variables() == ["a"] && prompt.partial_variables().eq(["b"]));
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn partial_variables(&self) -> impl Iterator<Item = &str> {
        self.partials.names()
    }

    /// Checks that every variable of the template is declared or filled in advance.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] naming those that are not; always for a mustache template, in which missing variables are
    /// allowed by design.
    ///
    /// # Example
    /// ```
    /// use catena_core::PromptTemplate;
    /// let prompt = PromptTemplate::new("{a} {b}")?;
    /// assert!(prompt.validate(["a", "b"]).is_ok());
    /// assert!(prompt.validate(["a"]).is_err());
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    #[doc(alias = "validate_template")]
    pub fn validate<S: AsRef<str>>(&self, declared: impl IntoIterator<Item = S>) -> Result<()> {
        check_declared(self.template_format(), self.variables(), declared)
    }

    /// Renders the prompt for display, with the names of unfilled variables in braces.
    ///
    /// # Example
    /// ```
    /// use catena_core::PromptTemplate;
    /// let prompt = PromptTemplate::new("{n}. Tell {who:>10} {{this}}.")?.with_partial("n", 1);
    /// assert_eq!(prompt.pretty(), "1. Tell      {who} {this}.");
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    #[doc(alias = "pretty_repr")]
    pub fn pretty(&self) -> String {
        let names = self.variables().iter().map(|name| (name.as_str(), format!("{{{name}}}")));
        // A format may accept only numbers, and a loop only lists.
        self.format(names.collect::<Record>()).unwrap_or_else(|_| self.template().to_owned())
    }

    /// Concatenates two templates, as `+` does.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if their languages differ, or if both fill the same variable in advance.
    ///
    /// # Example
    /// ```
    /// use catena_core::{vars, PromptTemplate};
    /// let prompt = PromptTemplate::new("Say {a}. ")?.concat(&PromptTemplate::new("Say {b}.")?)?;
    /// let same = (PromptTemplate::new("Say {a}. ")? + "Say {b}.")?;
    /// assert!(prompt == same && prompt.format(vars! { a: 1, b: 2 })? == "Say 1. Say 2.");
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn concat(&self, next: &Self) -> Result<Self> {
        if let Some(twice) = next.partials.names().find(|name| self.partials.contains(name)) {
            let message = format!("both templates have a value for `{twice}`: remove one of them");
            return Err(Error::new(ErrorKind::Config, message));
        }
        let mut partials = self.partials.clone();
        partials.extend(&next.partials);
        Ok(Self::with(self.template.concat(&next.template)?, partials))
    }
}

impl Add for PromptTemplate {
    type Output = Result<Self>;

    fn add(self, next: Self) -> Result<Self> {
        self.concat(&next)
    }
}

/// Parses the text as a template of the same language.
impl Add<&str> for PromptTemplate {
    type Output = Result<Self>;

    fn add(self, next: &str) -> Result<Self> {
        self.concat(&Self::parse(next, self.template_format())?)
    }
}

/// Parses the text as a template of the same language.
impl Add<String> for PromptTemplate {
    type Output = Result<Self>;

    fn add(self, next: String) -> Result<Self> {
        self + next.as_str()
    }
}

/// Fails if a variable is not declared.
pub(super) fn check_declared<S: AsRef<str>>(
    format: TemplateFormat,
    variables: &[String],
    declared: impl IntoIterator<Item = S>,
) -> Result<()> {
    if format == TemplateFormat::Mustache {
        let message = "a mustache template cannot be validated: missing variables render as empty by design";
        return Err(Error::new(ErrorKind::Config, message));
    }
    let declared: Vec<S> = declared.into_iter().collect();
    let is_declared = |name: &str| declared.iter().any(|declared| declared.as_ref() == name);
    let unknown: Vec<&String> = variables.iter().filter(|name| !is_declared(name)).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let message = format!("the template uses {}, which the prompt does not declare", list(&unknown));
    Err(Error::new(ErrorKind::Config, message))
}
