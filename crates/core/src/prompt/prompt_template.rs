//! A prompt that is one text with variables.

use super::fstring::{self, Part};
use crate::{Chunk, Data, Error, ErrorKind, Prompt, PromptValue, Result};

/// A text with variables in braces. Parsed once; values are never parsed.
///
/// `{{` and `}}` stand for braces. A prompt with one variable also takes a bare value.
///
/// # Errors
/// Filling it fails with [`ErrorKind::MissingKey`] when a variable has no value, and with
/// [`ErrorKind::InvalidInput`] when a bare value is given to a prompt that has not exactly one variable.
///
/// # Example
/// ```
/// use catena_core::{vars, PromptTemplate};
/// let prompt = PromptTemplate::new("Tell me a {adjective} joke about {topic}.")?;
/// assert_eq!(prompt.variables(), ["adjective", "topic"]);
/// assert_eq!(prompt.format(vars! { adjective: "dry", topic: "tea" })?, "Tell me a dry joke about tea.");
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptTemplate {
    parts: Vec<Part>,
    variables: Vec<String>,
}

impl PromptTemplate {
    /// Parses a template.
    ///
    /// # Errors
    /// [`ErrorKind::Template`] with the position of what is malformed.
    #[doc(alias = "from_template")]
    pub fn new(template: &str) -> Result<Self> {
        let parts = fstring::parse(template)?;
        let mut variables: Vec<String> = Vec::new();
        for part in &parts {
            if let Part::Variable(name) = part
                && !variables.contains(name)
            {
                variables.push(name.clone());
            }
        }
        Ok(Self { parts, variables })
    }

    /// The names of the variables, in the order in which they first appear.
    #[doc(alias = "input_variables")]
    pub fn variables(&self) -> &[String] {
        &self.variables
    }

    /// The filled text.
    pub fn format(&self, vars: impl Into<Data>) -> Result<String> {
        self.fill(&vars.into())
    }

    fn fill(&self, vars: &Data) -> Result<String> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Variable(name) => push_value(&mut text, self.value_of(name, vars)?),
            }
        }
        Ok(text)
    }

    fn value_of<'a>(&self, name: &str, vars: &'a Data) -> Result<&'a Data> {
        match vars {
            Data::Record(record) => record.get(name).ok_or_else(|| self.missing(name, vars)),
            bare if self.variables.len() == 1 => Ok(bare),
            _ => Err(Error::new(
                ErrorKind::InvalidInput,
                format!(
                    "a bare value fills one variable, but this prompt has {}: name them",
                    list(&self.variables)
                ),
            )),
        }
    }

    fn missing(&self, name: &str, vars: &Data) -> Error {
        let received: Vec<&str> = vars.as_record().map(|record| record.names().collect()).unwrap_or_default();
        let received = if received.is_empty() { "nothing".to_owned() } else { list(&received) };
        let message = format!(
            "missing variable `{name}`: the prompt needs {}, the input has {received}; \
             if `{{{name}}}` is meant as text, write `{{{{{name}}}}}`",
            list(&self.variables)
        );
        Error::new(ErrorKind::MissingKey, message)
    }
}

impl Prompt for PromptTemplate {
    type Input = Data;

    fn format_prompt(&self, vars: &Data) -> Result<PromptValue> {
        self.fill(vars).map(PromptValue::Text)
    }
}

crate::impl_prompt_runnable!(PromptTemplate);

/// Text goes in as it is, everything else as JSON.
fn push_value(text: &mut String, value: &Data) {
    match value {
        Data::Text(value) => text.push_str(value),
        value => text.push_str(&value.to_json().to_string()),
    }
}

fn list<S: AsRef<str>>(names: &[S]) -> String {
    names.iter().map(|name| format!("`{}`", name.as_ref())).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vars;
    use serde_json::json;

    #[track_caller]
    fn check(template: &str, vars: impl Into<Data>, expected: &str) {
        let result = PromptTemplate::new(template).and_then(|prompt| prompt.format(vars));
        assert_eq!(result.unwrap_or_else(|error| error.to_string()), expected, "{template}");
    }

    #[test]
    fn filling() {
        check("a {b} c", "x", "a x c");
        check("{b}{b}", "x", "xx");
        check("{a} {b}", vars! { a: 1, b: json!([1, "x"]) }, r#"1 [1,"x"]"#);
        check("{a}", vars! { a: "{b} {{c}}" }, "{b} {{c}}");
        check("{a}", vars! { a: "x", zzz: "ignored" }, "x");
        check(
            "{a} {b}",
            vars! { a: 1 },
            "missing variable `b`: the prompt needs `a`, `b`, the input has `a`; \
             if `{b}` is meant as text, write `{{b}}`",
        );
        check("{a} {b}", "x", "a bare value fills one variable, but this prompt has `a`, `b`: name them");
    }
}
