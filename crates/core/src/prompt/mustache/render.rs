//! Rendering of a mustache template.

use super::{MOST_NESTED, MustacheTemplate, Node};
use crate::prompt::text_of::text_of;
use crate::prompt::values::Values;
use crate::{Data, Error, ErrorKind, Result};

/// The limit on the work of sections and partials: the number of times one is entered, and of 64-byte units written in
/// one. A section of a list within itself multiplies at every level, as do two partials that use each other twice.
const FUEL: usize = 1_000_000;

pub(super) fn render(template: &MustacheTemplate, values: Values<'_>) -> Result<String> {
    let mut renderer = Renderer {
        template,
        scopes: vec![Scope::Input(values)],
        out: String::new(),
        indent: String::new(),
        nested: 0,
        fuel: FUEL,
    };
    renderer.nodes(&template.nodes)?;
    Ok(renderer.out)
}

struct Renderer<'a> {
    template: &'a MustacheTemplate,
    /// The scopes for name lookup, the innermost last.
    scopes: Vec<Scope<'a>>,
    out: String,
    /// The indentation of every line of the current partial.
    indent: String,
    nested: usize,
    fuel: usize,
}

#[derive(Clone, Copy)]
enum Scope<'a> {
    Input(Values<'a>),
    Value(&'a Data),
}

impl<'a> Scope<'a> {
    fn child(self, name: &str) -> Option<&'a Data> {
        match self {
            // The whole input may be a list.
            Self::Input(values) => values.find(name).or_else(|| child(values.input(), name)),
            Self::Value(value) => child(value, name),
        }
    }

    fn value(self) -> &'a Data {
        match self {
            Self::Input(values) => values.input(),
            Self::Value(value) => value,
        }
    }
}

impl<'a> Renderer<'a> {
    fn nodes(&mut self, nodes: &'a [Node]) -> Result<()> {
        for node in nodes {
            match node {
                Node::Text(text) => {
                    self.spend(text.len() / 64)?;
                    self.out.push_str(text);
                }
                Node::LineStart => self.out.push_str(&self.indent),
                Node::Variable { path, escaped } => self.variable(path, *escaped)?,
                Node::Section { path, inverted, nodes } => self.section(path, *inverted, nodes)?,
                Node::Partial { name, indent } => self.partial(name, indent)?,
            }
        }
        Ok(())
    }

    fn variable(&mut self, path: &[String], escaped: bool) -> Result<()> {
        let Some(value) = self.find(path).filter(|value| shows(value)) else { return Ok(()) };
        let text = text_of(value);
        self.spend(text.len() / 64)?;
        if escaped {
            escape(&text, &mut self.out);
        } else {
            self.out.push_str(&text);
        }
        Ok(())
    }

    /// Consumes fuel; output outside sections and partials is free.
    fn spend(&mut self, steps: usize) -> Result<()> {
        if self.scopes.len() > 1 || self.nested > 0 {
            self.fuel = self.fuel.checked_sub(steps).ok_or_else(|| {
                let message = "the sections and partials of the template repeat too often";
                Error::new(ErrorKind::Template, message)
            })?;
        }
        Ok(())
    }

    fn section(&mut self, path: &[String], inverted: bool, nodes: &'a [Node]) -> Result<()> {
        let value = self.find(path).map(plain).filter(|value| holds(value));
        match value {
            _ if inverted => {
                if value.is_none() {
                    self.nodes(nodes)
                } else {
                    Ok(())
                }
            }
            None => Ok(()),
            Some(Data::List(items)) => items.iter().try_for_each(|item| self.inside(item, nodes)),
            Some(value) => self.inside(value, nodes),
        }
    }

    fn inside(&mut self, value: &'a Data, nodes: &'a [Node]) -> Result<()> {
        self.scopes.push(Scope::Value(value));
        self.spend(1)?;
        self.nodes(nodes)?;
        self.scopes.pop();
        Ok(())
    }

    fn partial(&mut self, name: &str, indent: &str) -> Result<()> {
        let template = self.template;
        let Some(nodes) = template.partials.get(name) else { return Ok(()) };
        self.nested += 1;
        self.spend(1)?;
        if self.nested > MOST_NESTED {
            let message = format!("the partial `{name:.40}` includes itself without end");
            return Err(Error::new(ErrorKind::Template, message));
        }
        let outer = self.indent.len();
        self.indent.push_str(indent);
        self.nodes(nodes)?;
        self.indent.truncate(outer);
        self.nested -= 1;
        Ok(())
    }

    /// The first part of the name determines the scope in which the others are looked up.
    fn find(&self, path: &[String]) -> Option<&'a Data> {
        let Some((first, rest)) = path.split_first() else {
            return self.scopes.last().map(|scope| scope.value());
        };
        let found = self.scopes.iter().rev().find_map(|scope| scope.child(first));
        rest.iter().try_fold(found?, |value, name| child(value, name))
    }
}

/// Returns a member of a record by its name, or an element of a list by its index.
fn child<'a>(value: &'a Data, name: &str) -> Option<&'a Data> {
    match plain(value) {
        Data::Record(record) => record.get(name),
        Data::List(items) => items.get(name.parse::<usize>().ok()?),
        _ => None,
    }
}

/// Returns the plain value of a parser's JSON.
fn plain(value: &Data) -> &Data {
    match value {
        Data::Json(json) => json.data(),
        plain => plain,
    }
}

/// Returns whether a section of the value is rendered.
fn holds(value: &Data) -> bool {
    match plain(value) {
        Data::Null | Data::Bool(false) => false,
        Data::Number(number) => number.as_f64() != Some(0.0),
        Data::Text(text) => !text.is_empty(),
        value => shows(value),
    }
}

/// Returns whether the value has a text.
fn shows(value: &Data) -> bool {
    match plain(value) {
        Data::Null => false,
        Data::List(items) => !items.is_empty(),
        Data::Record(record) => !record.is_empty(),
        _ => true,
    }
}

fn escape(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>', '"']) {
        out.push_str(&rest[..at]);
        out.push_str(match rest.as_bytes()[at] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            _ => "&quot;",
        });
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}
