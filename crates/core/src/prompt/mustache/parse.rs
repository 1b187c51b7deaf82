//! Parsing of a mustache template.

use super::{MOST_NESTED, Node, Path};
use crate::{Error, ErrorKind, Result};

/// Parses a template in linear time. The line starts of a partial are marked.
pub(super) fn parse(template: &str, is_partial: bool) -> Result<Vec<Node>> {
    Parser::new(template, is_partial).run()
}

struct Parser<'a> {
    template: &'a str,
    /// The current position.
    at: usize,
    open: String,
    close: String,
    /// Whether the current line is empty so far.
    fresh: bool,
    /// Whether the next node starts a line that is to be marked.
    unmarked: bool,
    is_partial: bool,
    /// The nodes parsed at each level of nesting.
    levels: Vec<Level>,
}

/// The nodes of a section, or of the whole template.
struct Level {
    nodes: Vec<Node>,
    /// The name of the section, whether it is inverted, and its position.
    section: Option<(String, bool, usize)>,
}

/// The content of a tag.
enum Tag<'a> {
    Variable { name: &'a str, escaped: bool },
    Open { name: &'a str, inverted: bool },
    Close(&'a str),
    Partial(&'a str),
    Comment,
    Delimiters(&'a str, &'a str),
}

impl<'a> Parser<'a> {
    fn new(template: &'a str, is_partial: bool) -> Self {
        Self {
            template,
            at: 0,
            open: "{{".to_owned(),
            close: "}}".to_owned(),
            fresh: true,
            unmarked: is_partial,
            is_partial,
            levels: vec![Level { nodes: Vec::new(), section: None }],
        }
    }

    fn run(mut self) -> Result<Vec<Node>> {
        while let Some(found) = self.rest().find(&self.open) {
            let text = &self.rest()[..found];
            self.at += found;
            let start = self.at;
            let tag = self.tag()?;
            match self.standalone(&tag, text) {
                Some((before, indent)) => {
                    self.push_text(before);
                    self.push_tag(tag, indent, start)?;
                }
                None => {
                    self.push_text(text);
                    self.mark_line();
                    self.push_tag(tag, "", start)?;
                }
            }
        }
        let rest = self.rest();
        self.push_text(rest);
        match self.levels.pop() {
            Some(Level { section: Some((name, _, start)), .. }) => {
                Err(self.malformed(start, &format!("the section `{name:.40}` is never closed")))
            }
            whole => Ok(whole.map(|level| level.nodes).unwrap_or_default()),
        }
    }

    fn rest(&self) -> &'a str {
        &self.template[self.at..]
    }

    /// Parses the tag that starts here, and advances past it.
    fn tag(&mut self) -> Result<Tag<'a>> {
        let start = self.at;
        let content = &self.template[start + self.open.len()..];
        let triple = content.starts_with('{');
        let close = if triple { format!("}}{}", self.close) } else { self.close.clone() };
        let Some(end) = content.find(&close) else {
            return Err(
                self.malformed(start, &format!("unclosed `{:.40}`; expected `{close:.40}`", self.open))
            );
        };
        self.at = start + self.open.len() + end + close.len();
        read_tag(content[..end].trim()).map_err(|why| self.malformed(start, &why))
    }

    /// Handles a tag that is alone on its line, which is then removed: the text before it keeps only the lines before,
    /// and the spaces by which the tag is indented are returned.
    fn standalone(&mut self, tag: &Tag<'_>, text: &'a str) -> Option<(&'a str, &'a str)> {
        let line = text.rfind('\n').map_or(0, |newline| newline + 1);
        let (before, blanks) = text.split_at(line);
        let alone = (line > 0 || self.fresh) && blanks.bytes().all(is_blank);
        let end = if alone && !matches!(tag, Tag::Variable { .. }) { self.line_end() } else { None };
        self.fresh = end.is_some();
        self.at = end?;
        Some((before, blanks))
    }

    /// Returns the start of the next line, if the rest of this one is blank.
    fn line_end(&self) -> Option<usize> {
        let rest = self.rest();
        let blanks = rest.bytes().take_while(|byte| is_blank(*byte)).count();
        let newline = match &rest.as_bytes()[blanks..] {
            [] => 0,
            [b'\n', ..] => 1,
            [b'\r', b'\n', ..] => 2,
            _ => return None,
        };
        Some(self.at + blanks + newline)
    }

    fn push_tag(&mut self, tag: Tag<'_>, indent: &str, start: usize) -> Result<()> {
        match tag {
            Tag::Variable { name, escaped } => {
                let path = path(name).map_err(|why| self.malformed(start, &why))?;
                self.push(Node::Variable { path, escaped });
            }
            Tag::Open { name, inverted } => {
                if self.levels.len() > MOST_NESTED {
                    return Err(
                        self.malformed(start, &format!("sections are nested deeper than {MOST_NESTED}"))
                    );
                }
                self.levels
                    .push(Level { nodes: Vec::new(), section: Some((name.to_owned(), inverted, start)) });
            }
            Tag::Close(name) => self.close(name, start)?,
            Tag::Partial(name) => {
                self.push(Node::Partial { name: name.to_owned(), indent: indent.to_owned() });
            }
            Tag::Comment => {}
            Tag::Delimiters(open, close) => (self.open, self.close) = (open.to_owned(), close.to_owned()),
        }
        Ok(())
    }

    fn close(&mut self, name: &str, start: usize) -> Result<()> {
        let why = match self.levels.pop() {
            Some(Level { nodes, section: Some((open, inverted, _)) }) if open == name => {
                let path = path(name).map_err(|why| self.malformed(start, &why))?;
                self.push(Node::Section { path, inverted, nodes });
                return Ok(());
            }
            Some(Level { section: Some((open, ..)), .. }) => {
                format!("`{name:.40}` is closed, but the open section is `{open:.40}`")
            }
            _ => format!("the section `{name:.40}` is closed, but was never opened"),
        };
        Err(self.malformed(start, &why))
    }

    fn push_text(&mut self, text: &str) {
        let mut rest = text;
        while !rest.is_empty() {
            let newline = if self.is_partial { rest.find('\n') } else { None };
            let (piece, after) = rest.split_at(newline.map_or(rest.len(), |newline| newline + 1));
            self.mark_line();
            self.push(Node::Text(piece.to_owned()));
            self.unmarked = newline.is_some();
            rest = after;
        }
    }

    fn mark_line(&mut self) {
        if std::mem::take(&mut self.unmarked) {
            self.push(Node::LineStart);
        }
    }

    fn push(&mut self, node: Node) {
        // The outermost level stays open until the end.
        if let Some(level) = self.levels.last_mut() {
            level.nodes.push(node);
        }
    }

    fn malformed(&self, at: usize, why: &str) -> Error {
        let position = self.template[..at].chars().count() + 1;
        Error::new(ErrorKind::Template, format!("template, character {position}: {why}"))
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Parses the text between the delimiters.
fn read_tag(content: &str) -> Result<Tag<'_>, String> {
    let Some(sigil) = content.chars().next() else { return Err("empty tag".to_owned()) };
    let name = content[sigil.len_utf8()..].trim();
    Ok(match sigil {
        '!' => Tag::Comment,
        '=' => {
            let (open, close) = delimiters(name)?;
            Tag::Delimiters(open, close)
        }
        '#' => Tag::Open { name, inverted: false },
        '^' => Tag::Open { name, inverted: true },
        '/' => Tag::Close(name),
        '>' => Tag::Partial(name),
        '{' | '&' => Tag::Variable { name, escaped: false },
        _ => Tag::Variable { name: content, escaped: true },
    })
}

fn delimiters(content: &str) -> Result<(&str, &str), String> {
    let mut words = content.strip_suffix('=').unwrap_or_default().split_whitespace();
    match (words.next(), words.next(), words.next()) {
        (Some(open), Some(close), None) if !open.contains('=') && !close.contains('=') => Ok((open, close)),
        _ => Err("invalid delimiters; expected the form `{{=<% %>=}}`".to_owned()),
    }
}

fn path(name: &str) -> Result<Path, String> {
    if name == "." {
        return Ok(Path::new());
    }
    let path: Path = name.split('.').map(|part| part.trim().to_owned()).collect();
    if path.iter().any(String::is_empty) {
        return Err(format!("`{name:.40}` is not a valid name"));
    }
    if path.len() > MOST_NESTED {
        return Err(format!("a name has more than {MOST_NESTED} parts"));
    }
    Ok(path)
}
