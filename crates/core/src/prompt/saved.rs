//! Serialization of prompts.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

use super::{PromptTemplate, TemplateFormat};
use crate::{Data, Record};

/// The serialized form of a prompt.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    template: String,
    #[serde(default, skip_serializing_if = "is_default")]
    template_format: TemplateFormat,
    #[serde(default, skip_serializing_if = "is_null")]
    partial_variables: Data,
}

fn is_default(format: &TemplateFormat) -> bool {
    *format == TemplateFormat::default()
}

fn is_null(data: &Data) -> bool {
    *data == Data::Null
}

/// Writes the template, its language, and the variables filled in advance; fails if a function fills one. A jinja2
/// template is written, but cannot be read back.
impl Serialize for PromptTemplate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let values = self.partials.as_data().map_err(ser::Error::custom)?;
        let partial_variables = if values.is_empty() { Data::Null } else { values.clone().into() };
        let (template, template_format) = (self.template().to_owned(), self.template_format());
        Saved { template, template_format, partial_variables }.serialize(serializer)
    }
}

/// Rejects jinja2 templates: they are programs, and data must not choose to be executed. A caller that trusts the text
/// can parse it with [`PromptTemplate::parse`].
impl<'de> Deserialize<'de> for PromptTemplate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let saved = Saved::deserialize(deserializer)?;
        if saved.template_format == TemplateFormat::Jinja2 {
            return Err(de::Error::custom(
                "a prompt with a jinja2 template is not read from data, as it is a program; see `PromptTemplate::parse`",
            ));
        }
        let values = match saved.partial_variables {
            Data::Null => Record::new(),
            Data::Record(record) => record,
            other => {
                return Err(de::Error::custom(format!(
                    "`partial_variables` must be a record, not {}",
                    other.kind()
                )));
            }
        };
        let prompt = Self::parse(saved.template, saved.template_format).map_err(de::Error::custom)?;
        Ok(values.into_iter().fold(prompt, |prompt, (name, value)| prompt.with_partial(name, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved_is_read_again() {
        let read =
            |text: &str| serde_json::from_str::<PromptTemplate>(text).map_err(|error| error.to_string());
        let prompt = PromptTemplate::new("{a} {b}").expect("good").with_partial("b", 1);
        let text = serde_json::to_string(&prompt).expect("JSON");
        assert_eq!(text, r#"{"template":"{a} {b}","partial_variables":{"b":1}}"#);
        assert_eq!(read(&text), Ok(prompt.clone()));
        assert!(serde_json::to_string(&prompt.with_partial_fn("a", || 1)).is_err());
        assert!(read(r#"{"template":"{"}"#).is_err_and(|error| error.contains("character 1")));
        assert!(read(r#"{"template":"x","tempate":"y"}"#).is_err());
        assert!(read(r#"{"template":"x","partial_variables":[1]}"#).is_err());
        let program = read(r#"{"template":"{{ x }}","template_format":"jinja2"}"#);
        assert!(program.is_err_and(|error| error.contains("it is a program")));
    }
}
