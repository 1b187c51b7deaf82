//! A parsed template of any language.

use serde_json::Value;

use super::TemplateFormat;
use super::field_value::FieldValue;
use super::fstring::FString;
#[cfg(feature = "jinja2")]
use super::jinja2::Jinja2;
#[cfg(feature = "mustache")]
use super::mustache::MustacheTemplate;
use super::values::Values;
use crate::{Error, ErrorKind, Result};

/// The name reserved for a model's stop sequences.
const RESERVED: &str = "stop";

/// A text with variables.
#[derive(Debug, Clone)]
pub(super) struct Template {
    source: String,
    variables: Vec<String>,
    parsed: Parsed,
}

#[derive(Debug, Clone)]
enum Parsed {
    FString(FString),
    #[cfg(feature = "mustache")]
    Mustache(MustacheTemplate),
    #[cfg(feature = "jinja2")]
    Jinja2(Jinja2),
}

impl Template {
    pub(super) fn parse(source: impl Into<String>, format: TemplateFormat) -> Result<Self> {
        let source = source.into();
        let parsed = Parsed::parse(&source, format)?;
        let variables = parsed.variables();
        if variables.iter().any(|name| name == RESERVED) {
            let message =
                format!("the variable name `{RESERVED}` is reserved for the stop sequences of a model");
            return Err(Error::new(ErrorKind::Template, message));
        }
        Ok(Self { source, variables, parsed })
    }

    /// Returns the source text.
    pub(super) fn source(&self) -> &str {
        &self.source
    }

    /// Returns the names of the variables, in order of first appearance.
    pub(super) fn variables(&self) -> &[String] {
        &self.variables
    }

    pub(super) fn format(&self) -> TemplateFormat {
        match self.parsed {
            Parsed::FString(_) => TemplateFormat::FString,
            #[cfg(feature = "mustache")]
            Parsed::Mustache(_) => TemplateFormat::Mustache,
            #[cfg(feature = "jinja2")]
            Parsed::Jinja2(_) => TemplateFormat::Jinja2,
        }
    }

    #[inline]
    pub(super) fn fill(&self, values: Values<'_>) -> Result<String> {
        match &self.parsed {
            Parsed::FString(parsed) => parsed.fill(values),
            #[cfg(feature = "mustache")]
            Parsed::Mustache(parsed) => parsed.fill(values),
            #[cfg(feature = "jinja2")]
            Parsed::Jinja2(parsed) => parsed.fill(values),
        }
    }

    /// Returns the text with these values, given in the order of the variables.
    pub(super) fn fill_in_order(&self, values: &[FieldValue<'_>]) -> Result<String> {
        match &self.parsed {
            Parsed::FString(parsed) => parsed.fill_in_order(values),
            #[cfg(any(feature = "mustache", feature = "jinja2"))]
            _ => {
                let names = self.variables.iter().map(String::as_str);
                let record: crate::Record = names.zip(values.iter().map(FieldValue::to_data)).collect();
                self.fill(Values::new(&record.into(), &self.variables))
            }
        }
    }

    /// Returns the schema of the input if it says more than the names of the variables.
    pub(super) fn input_schema(&self) -> Option<Value> {
        match &self.parsed {
            #[cfg(feature = "mustache")]
            Parsed::Mustache(parsed) => Some(parsed.input_schema()),
            _ => None,
        }
    }

    /// Concatenates two templates of the same language.
    pub(super) fn concat(&self, next: &Self) -> Result<Self> {
        if self.format() != next.format() {
            let message = format!(
                "cannot join a {} template to a {} template: both must have the same format",
                next.format(),
                self.format()
            );
            return Err(Error::new(ErrorKind::Config, message));
        }
        Self::parse(format!("{}{}", self.source, next.source), self.format())
    }
}

/// Templates are equal if their source text and language are.
impl PartialEq for Template {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source && self.format() == other.format()
    }
}

impl Eq for Template {}

impl Parsed {
    fn parse(source: &str, format: TemplateFormat) -> Result<Self> {
        match format {
            TemplateFormat::FString => FString::parse(source).map(Self::FString),
            #[cfg(feature = "mustache")]
            TemplateFormat::Mustache => MustacheTemplate::new(source).map(Self::Mustache),
            #[cfg(feature = "jinja2")]
            TemplateFormat::Jinja2 => Jinja2::new(source).map(Self::Jinja2),
            #[cfg(not(all(feature = "mustache", feature = "jinja2")))]
            missing => Err(Error::new(
                ErrorKind::Unsupported,
                format!(
                    "{missing} templates require the feature `{missing}` of catena: enable it in Cargo.toml"
                ),
            )),
        }
    }

    fn variables(&self) -> Vec<String> {
        match self {
            Self::FString(parsed) => parsed.names(),
            #[cfg(feature = "mustache")]
            Self::Mustache(parsed) => unique(parsed.names()),
            #[cfg(feature = "jinja2")]
            Self::Jinja2(parsed) => parsed.names(),
        }
    }
}

/// Removes duplicates; each name stays where it first appears.
pub(super) fn unique<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    names.into_iter().filter(|name| seen.insert(*name)).map(str::to_owned).collect()
}
