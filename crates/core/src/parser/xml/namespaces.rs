//! Resolution of namespace prefixes.

use std::borrow::Cow;
use std::collections::HashMap;

use super::Failure;
use super::tag::Attribute;

/// The maximum length of a namespace in bytes, as it is repeated in every name that belongs to it.
const LONGEST: usize = 128;

/// The namespace of the predeclared prefix `xml`.
const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// The namespaces in scope.
#[derive(Debug, Default)]
pub(super) struct Namespaces {
    /// The declarations of each prefix, the innermost last. The default namespace has the empty prefix.
    declared: HashMap<String, Vec<String>>,
    /// The prefixes declared by the open elements, each with the depth of its element.
    scopes: Vec<(usize, String)>,
}

impl Namespaces {
    /// Adds the declarations of the element at this depth, and checks the names of its attributes.
    pub(super) fn enter(&mut self, depth: usize, attributes: &[Attribute<'_>]) -> Result<(), Failure> {
        for attribute in attributes {
            if let Some(prefix) = declares(attribute.name) {
                let namespace = checked(prefix, attribute)?;
                self.declared.entry(prefix.to_owned()).or_default().push(namespace);
                self.scopes.push((depth, prefix.to_owned()));
            }
        }
        let others = attributes.iter().filter(|attribute| declares(attribute.name).is_none());
        for attribute in others {
            if let (Some(prefix), _) = split(attribute.name, attribute.at)? {
                self.namespace(prefix, attribute.at)?;
            }
        }
        Ok(())
    }

    /// Removes the declarations of the element at this depth.
    pub(super) fn leave(&mut self, depth: usize) {
        while let Some((_, prefix)) = self.scopes.pop_if(|(declared, _)| *declared >= depth) {
            self.declared.get_mut(&prefix).and_then(Vec::pop);
        }
    }

    /// Returns the name of an element at the byte `at` with its namespace: `{namespace}name`.
    pub(super) fn expand<'a>(&self, name: &'a str, at: usize) -> Result<Cow<'a, str>, Failure> {
        let (prefix, local) = split(name, at)?;
        Ok(match self.namespace(prefix.unwrap_or_default(), at)? {
            "" => Cow::Borrowed(local),
            namespace => Cow::Owned(format!("{{{namespace}}}{local}")),
        })
    }

    fn namespace(&self, prefix: &str, at: usize) -> Result<&str, Failure> {
        match (self.declared.get(prefix).and_then(|declared| declared.last()), prefix) {
            (Some(namespace), _) => Ok(namespace.as_str()),
            (None, "") => Ok(""),
            (None, "xml") => Ok(XML),
            (None, _) => Err(Failure::new(at, "a declared namespace prefix or none")),
        }
    }
}

/// Returns the prefix declared by an attribute with this name.
fn declares(name: &str) -> Option<&str> {
    match name.strip_prefix("xmlns")? {
        "" => Some(""),
        rest => rest.strip_prefix(':').filter(|prefix| !prefix.is_empty()),
    }
}

/// Returns the namespace declared by an attribute, if it is valid.
fn checked(prefix: &str, attribute: &Attribute<'_>) -> Result<String, Failure> {
    let namespace = &attribute.value;
    let expected = match prefix {
        "" => None,
        "xml" => (namespace != XML).then_some("the standard namespace for the prefix `xml`"),
        "xmlns" => Some("a prefix other than `xmlns`"),
        _ => namespace.is_empty().then_some("a non-empty namespace"),
    };
    let expected = match expected {
        None if namespace.len() > LONGEST => Some("a namespace of at most 128 bytes"),
        None if namespace.contains('}') => Some("a namespace without `}`"),
        expected => expected,
    };
    match expected {
        None => Ok(namespace.clone()),
        Some(expected) => Err(Failure::new(attribute.at, expected)),
    }
}

/// Splits a name into its prefix and local name.
fn split(name: &str, at: usize) -> Result<(Option<&str>, &str), Failure> {
    match name.split_once(':') {
        None => Ok((None, name)),
        Some((prefix, local)) if !prefix.is_empty() && !local.is_empty() && !local.contains(':') => {
            Ok((Some(prefix), local))
        }
        Some(_) => Err(Failure::new(at, "a name with at most one prefix before a `:`")),
    }
}
