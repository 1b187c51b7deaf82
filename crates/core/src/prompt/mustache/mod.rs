//! The mustache template language, according to its specification.

mod parse;
mod render;
mod schema;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use serde_json::Value;

use super::values::Values;
use crate::{Data, Result};

/// The maximum nesting depth of sections, partials and the parts of a name.
const MOST_NESTED: usize = 100;

/// A mustache template with partials, parsed once.
///
/// `{{name}}` is replaced by a value, escaped for HTML; `{{{name}}}` and `{{&name}}` by the unescaped value; `{{a.b}}`
/// by a value in a record or list. `{{#name}}..{{/name}}` is repeated for each element of a list, and rendered once for
/// any other value that is not false, null, zero or empty; `{{^name}}..{{/name}}` is rendered if the former is not.
/// `{{>name}}` is a partial, `{{! .. }}` a comment, and `{{=<% %>=}}` changes the delimiters. Missing values are empty.
///
/// Prompts use it, without partials, as [`TemplateFormat::Mustache`](crate::TemplateFormat::Mustache).
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

/// A part of a template.
#[derive(Debug, Clone, PartialEq)]
enum Node {
    Text(String),
    /// The start of a line; the lines of a partial are indented like its tag.
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

/// The parts of a dotted name; empty for `.`, the current value.
type Path = Vec<String>;

impl MustacheTemplate {
    /// Parses a template.
    ///
    /// # Errors
    /// [`Template`](crate::ErrorKind::Template) with the position of the syntax error.
    pub fn new(template: &str) -> Result<Self> {
        Ok(Self { nodes: parse::parse(template, false)?, partials: HashMap::new() })
    }

    /// Adds a partial, which the template and its partials can use by this name.
    ///
    /// # Errors
    /// [`Template`](crate::ErrorKind::Template) with the position of the syntax error.
    pub fn with_partial(mut self, name: impl Into<String>, template: &str) -> Result<Self> {
        self.partials.insert(name.into(), parse::parse(template, true)?);
        Ok(self)
    }

    /// Renders the template with some data.
    ///
    /// # Errors
    /// [`Template`](crate::ErrorKind::Template) if partials recurse without end.
    pub fn render(&self, data: impl Into<Data>) -> Result<String> {
        self.fill(Values::new(&data.into(), &[]))
    }

    pub(super) fn fill(&self, values: Values<'_>) -> Result<String> {
        render::render(self, values)
    }

    /// Returns the names required of the input, once per occurrence. Names in sections are omitted, since the value of
    /// the section may have them.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.nodes.iter().filter_map(|node| match node {
            Node::Variable { path, .. } | Node::Section { path, .. } => path.first().map(String::as_str),
            Node::Text(_) | Node::LineStart | Node::Partial { .. } => None,
        })
    }

    /// Returns the JSON Schema of the input, as far as the names determine it.
    pub(super) fn input_schema(&self) -> Value {
        schema::input_schema(&self.nodes)
    }
}
