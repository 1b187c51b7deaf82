//! The template languages.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Error, ErrorKind};

/// The language of a template.
///
/// # Example
/// ```
/// use catena_core::TemplateFormat;
/// assert_eq!("f-string".parse::<TemplateFormat>()?, TemplateFormat::FString);
/// assert!("erb".parse::<TemplateFormat>().is_err());
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub enum TemplateFormat {
    /// `{name}`, with Python's format specifications: `{price:.2f}`.
    #[default]
    #[serde(rename = "f-string")]
    FString,
    /// `{{name}}`, with sections. Requires the `mustache` feature.
    #[serde(rename = "mustache")]
    Mustache,
    /// `{{ name }}`, with conditions, loops and filters. Requires the `jinja2` feature.
    #[serde(rename = "jinja2")]
    Jinja2,
}

impl fmt::Display for TemplateFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FString => "f-string",
            Self::Mustache => "mustache",
            Self::Jinja2 => "jinja2",
        })
    }
}

impl FromStr for TemplateFormat {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        match name {
            "f-string" => Ok(Self::FString),
            "mustache" => Ok(Self::Mustache),
            "jinja2" => Ok(Self::Jinja2),
            other => Err(Error::new(
                ErrorKind::Config,
                format!("unknown template format `{other:.40}`: use `f-string`, `mustache` or `jinja2`"),
            )),
        }
    }
}
