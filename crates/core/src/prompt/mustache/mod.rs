//! The mustache template language, as its specification has it.

mod parse;
mod render;
mod schema;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use serde_json::Value;

use super::values::Values;
use crate::{Data, Result};

/// How deep sections, partials and the parts of a name may be nested.
const MOST_NESTED: usize = 100;

/// A mustache template with partials, parsed once.
///
/// `{{name}}` stands for a value, escaped for HTML; `{{{name}}}` and `{{&name}}` for the value as it is; `{{a.b}}` for a
/// value in a record or list. `{{#name}}..{{/name}}` repeats for each element of a list, or stands once for any other
/// value that is not false, null, zero or empty; `{{^name}}..{{/name}}` stands if the other would not. `{{>name}}` is a
/// partial, `{{! .. }}` a comment, `{{=<% %>=}}` changes the delimiters. What is missing is empty.
///
/// In a prompt this is [`TemplateFormat::Mustache`](crate::TemplateFormat::Mustache), without partials.
///
/// # Example
/// ```
/// use catena_core::{vars, MustacheTemplate};
/// use serde_json::json;
/// let template = MustacheTemplate::new("{{#menu}}\n{{>row}}\n{{/menu}}")?.with_partial("row", "- {{name}}: {{price}}\n")?;
/// let menu = json!([{"name": "Tea", "price": 2}, {"name": "Fish & chips", "price": 9.5}]);
/// assert_eq!(template.render(vars! { menu: menu })?, "- Tea: 2\n- Fish &amp; chips: 9.5\n");
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct MustacheTemplate {
    nodes: Vec<Node>,
    partials: HashMap<String, Vec<Node>>,
}

/// A piece of a template.
#[derive(Debug, Clone, PartialEq)]
enum Node {
    Text(String),
    /// Here a line begins; the lines of a partial are indented as its tag is.
    LineStart,
    Variable {
        path: Path,
        escaped: bool,
    },
    Section {
        path: Path,
        inverted: bool,
        nodes: Vec<Node>,
    },
    Partial {
        name: String,
        indent: String,
    },
}

/// The parts of a dotted name; none for `.`, the value at hand.
type Path = Vec<String>;

impl MustacheTemplate {
    /// Parses a template.
    ///
    /// # Errors
    /// [`Template`](crate::ErrorKind::Template) with the position of what is malformed.
    pub fn new(template: &str) -> Result<Self> {
        Ok(Self { nodes: parse::parse(template, false)?, partials: HashMap::new() })
    }

    /// Adds a template that others, and it itself, may use by its name.
    ///
    /// # Errors
    /// [`Template`](crate::ErrorKind::Template) with the position of what is malformed.
    pub fn with_partial(mut self, name: impl Into<String>, template: &str) -> Result<Self> {
        self.partials.insert(name.into(), parse::parse(template, true)?);
        Ok(self)
    }

    /// The text for some data.
    ///
    /// # Errors
    /// [`Template`](crate::ErrorKind::Template) if partials use each other without an end.
    pub fn render(&self, data: impl Into<Data>) -> Result<String> {
        self.fill(Values::new(&data.into(), &[]))
    }

    pub(super) fn fill(&self, values: Values<'_>) -> Result<String> {
        render::render(self, values)
    }

    /// The names that the input has to have, as often as they appear: not those in sections, which the section's
    /// value may have.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.nodes.iter().filter_map(|node| match node {
            Node::Variable { path, .. } | Node::Section { path, .. } => path.first().map(String::as_str),
            Node::Text(_) | Node::LineStart | Node::Partial { .. } => None,
        })
    }

    /// The JSON Schema of the input, as far as names tell it.
    pub(super) fn input_schema(&self) -> Value {
        schema::input_schema(&self.nodes)
    }
}
