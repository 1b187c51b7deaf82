//! Structured data with templates in it.

use async_trait::async_trait;

use super::TemplateFormat;
use super::template::{Template, unique};
use super::values::Values;
use crate::schema::Object;
use crate::{Context, Data, Outline, Record, Result, RunKind, Runnable};

/// A record or list in which every text value is a template; member names and all other values are kept as they are.
///
/// # Errors
/// Filling it fails as filling a [`PromptTemplate`](crate::PromptTemplate) does.
///
/// # Example
/// ```
/// use catena_core::{vars, Data, DictPromptTemplate};
/// use serde_json::json;
/// let template = json!({"type": "file", "file": {"name": "{name}.pdf", "pages": [1, "{last}"]}});
/// let template = DictPromptTemplate::new(Data::from(template))?;
/// let filled = template.format(vars! { name: "report", last: 9 })?;
/// assert_eq!(filled, json!({"type": "file", "file": {"name": "report.pdf", "pages": [1, "9"]}}).into());
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct DictPromptTemplate {
    root: Node,
    format: TemplateFormat,
    variables: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
enum Node {
    Text(Template),
    List(Vec<Node>),
    Record(Vec<(String, Node)>),
    Value(Data),
}

impl DictPromptTemplate {
    /// Parses the texts in the data as f-string templates.
    ///
    /// # Errors
    /// [`Template`](crate::ErrorKind::Template) with the position of the syntax error.
    pub fn new(template: impl Into<Data>) -> Result<Self> {
        Self::parse(template, TemplateFormat::FString)
    }

    /// Parses the texts in the data as templates of the given language.
    ///
    /// # Errors
    /// Those of [`PromptTemplate::parse`](crate::PromptTemplate::parse).
    pub fn parse(template: impl Into<Data>, format: TemplateFormat) -> Result<Self> {
        let root = Node::parse(template.into(), format)?;
        let mut names = Vec::new();
        root.names(&mut names);
        let variables = unique(names);
        Ok(Self { root, format, variables })
    }

    /// Returns the names of the variables, in order of first appearance.
    #[doc(alias = "input_variables")]
    pub fn variables(&self) -> &[String] {
        &self.variables
    }

    /// Returns the data with its templates filled.
    ///
    /// # Errors
    /// Those listed on the type.
    pub fn format(&self, vars: impl Into<Data>) -> Result<Data> {
        self.fill(Values::new(&vars.into(), &self.variables))
    }

    /// Returns the data with its templates unfilled.
    pub(super) fn template(&self) -> Data {
        self.root.source()
    }

    /// Returns the language of the templates.
    pub(super) fn template_format(&self) -> TemplateFormat {
        self.format
    }

    /// Fills it as part of a larger prompt, whose values these are.
    pub(super) fn fill(&self, values: Values<'_>) -> Result<Data> {
        self.root.fill(values)
    }
}

impl Node {
    fn parse(data: Data, format: TemplateFormat) -> Result<Self> {
        Ok(match data.into_plain() {
            Data::Text(text) => Self::Text(Template::parse(text, format)?),
            Data::List(items) => {
                Self::List(items.into_iter().map(|item| Self::parse(item, format)).collect::<Result<_>>()?)
            }
            Data::Record(record) => {
                let entries = record.into_iter().map(|(name, value)| Ok((name, Self::parse(value, format)?)));
                Self::Record(entries.collect::<Result<_>>()?)
            }
            other => Self::Value(other),
        })
    }

    fn source(&self) -> Data {
        match self {
            Self::Text(template) => template.source().into(),
            Self::List(items) => Data::List(items.iter().map(Self::source).collect()),
            Self::Record(entries) => {
                let entries = entries.iter().map(|(name, value)| (name.as_str(), value.source()));
                Data::Record(entries.collect())
            }
            Self::Value(value) => value.clone(),
        }
    }

    fn names<'a>(&'a self, names: &mut Vec<&'a str>) {
        match self {
            Self::Text(template) => names.extend(template.variables().iter().map(String::as_str)),
            Self::List(items) => items.iter().for_each(|item| item.names(names)),
            Self::Record(entries) => entries.iter().for_each(|(_, value)| value.names(names)),
            Self::Value(_) => {}
        }
    }

    fn fill(&self, values: Values<'_>) -> Result<Data> {
        Ok(match self {
            Self::Text(template) => template.fill(values)?.into(),
            Self::List(items) => {
                Data::List(items.iter().map(|item| item.fill(values)).collect::<Result<_>>()?)
            }
            Self::Record(entries) => {
                let entries = entries.iter().map(|(name, value)| Ok((name.as_str(), value.fill(values)?)));
                Data::Record(entries.collect::<Result<Record>>()?)
            }
            Self::Value(value) => value.clone(),
        })
    }
}

#[async_trait]
impl Runnable for DictPromptTemplate {
    type Input = Data;
    type Output = Data;

    async fn call(&self, vars: Data, _cx: &Context) -> Result<Data> {
        let values = Values::new(&vars, &self.variables);
        values.require_all()?;
        self.fill(values)
    }

    fn kind(&self) -> RunKind {
        RunKind::Prompt
    }

    fn outline(&self) -> Outline {
        let input = Object::texts(&self.variables).into_schema("PromptInput");
        Outline::of(self).with_input_schema(input).with_constructor(self.constructor())
    }
}

crate::impl_pipe!(DictPromptTemplate);
