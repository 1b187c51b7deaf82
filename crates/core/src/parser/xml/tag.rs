//! Tags.

use std::collections::HashSet;

use super::Failure;
use super::text::{add_decoded, is_space, name};

/// The start tag of an element, which may be self-closing.
#[derive(Debug)]
pub(super) struct StartTag<'a> {
    pub(super) name: &'a str,
    pub(super) attributes: Vec<Attribute<'a>>,
    pub(super) is_empty: bool,
}

/// An attribute of a tag.
#[derive(Debug)]
pub(super) struct Attribute<'a> {
    pub(super) name: &'a str,
    pub(super) value: String,
    /// The byte offset at which it begins.
    pub(super) at: usize,
}

/// Parses the text between `<` and `>`, which begins at the byte `at`.
pub(super) fn start(raw: &str, at: usize) -> Result<StartTag<'_>, Failure> {
    let (inner, is_empty) = raw.strip_suffix('/').map_or((raw, false), |inner| (inner, true));
    let name = name(inner);
    if name.is_empty() {
        return Err(Failure::new(at, "an element name"));
    }
    let attributes = attributes(&inner[name.len()..], at + name.len())?;
    Ok(StartTag { name, attributes, is_empty })
}

/// Parses the text between `</` and `>`, which begins at the byte `at`.
pub(super) fn end(raw: &str, at: usize) -> Result<&str, Failure> {
    let name = name(raw);
    if name.is_empty() {
        return Err(Failure::new(at, "an element name"));
    }
    match raw[name.len()..].bytes().position(|byte| !is_space(byte)) {
        None => Ok(name),
        Some(offset) => Err(Failure::new(at + name.len() + offset, "`>`")),
    }
}

fn attributes(raw: &str, at: usize) -> Result<Vec<Attribute<'_>>, Failure> {
    let (mut names, mut read) = (HashSet::new(), Vec::new());
    let mut rest = raw;
    loop {
        let place = |rest: &str| at + raw.len() - rest.len();
        let begin = after_space(rest);
        if begin.is_empty() {
            return Ok(read);
        }
        if begin.len() == rest.len() {
            return Err(Failure::new(place(rest), "whitespace or `>`"));
        }
        let name = name(begin);
        if name.is_empty() || !names.insert(name) {
            return Err(Failure::new(place(begin), "an attribute name or `>`"));
        }
        let after_name = after_space(&begin[name.len()..]);
        let value = after_name.strip_prefix('=').ok_or_else(|| Failure::new(place(after_name), "`=`"))?;
        let (value, mut decoded) = (after_space(value), String::new());
        let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''));
        let quote = quote.ok_or_else(|| Failure::new(place(value), "a quoted attribute value"))?;
        let end = value[1..]
            .find(quote)
            .ok_or_else(|| Failure::new(place(value), "the closing quote of an attribute value"))?;
        add_decoded(&value[1..=end], place(value) + 1, &mut decoded)?;
        read.push(Attribute { name, value: decoded, at: place(begin) });
        rest = &value[end + 2..];
    }
}

fn after_space(text: &str) -> &str {
    text.trim_start_matches([' ', '\t', '\r', '\n'])
}
