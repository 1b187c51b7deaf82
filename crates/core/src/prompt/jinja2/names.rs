//! Detection of unknown filters and tests when a template is parsed.

use minijinja::{Environment, ErrorKind as Kind};

use crate::{Error, ErrorKind, Result};

/// Fails for an unknown filter or test. As in Python, those after a condition are left to rendering, since they may
/// never be reached.
/// it may never be asked for.
pub(super) fn check(source: &str, environment: &Environment<'_>) -> Result<()> {
    let mut state = environment.empty_state();
    let mut scanner = Scanner { source, at: 0, conditions: 0 };
    while let Some(tag) = scanner.next_tag() {
        for (what, name, at) in names(tag) {
            let unknown = match what {
                What::Filter => state.apply_filter(name, &[]).is_err_and(|e| e.kind() == Kind::UnknownFilter),
                What::Test => state.perform_test(name, &[]).is_err_and(|e| e.kind() == Kind::UnknownTest),
            };
            if unknown {
                let what = if matches!(what, What::Filter) { "filter" } else { "test" };
                let place = source[..tag.at + at].chars().count() + 1;
                let message = format!("template, character {place}: unknown {what} `{name:.40}`");
                return Err(Error::new(ErrorKind::Template, message));
            }
        }
    }
    Ok(())
}

enum What {
    Filter,
    Test,
}

/// The content of a tag that does not depend on a condition.
#[derive(Clone, Copy)]
struct Tag<'a> {
    content: &'a str,
    at: usize,
}

/// Finds the tags of a well-formed template.
struct Scanner<'a> {
    source: &'a str,
    at: usize,
    /// The number of open conditions.
    conditions: usize,
}

impl<'a> Scanner<'a> {
    fn next_tag(&mut self) -> Option<Tag<'a>> {
        loop {
            let rest = &self.source[self.at..];
            let open = rest.find('{')?;
            let at = self.at + open + 2;
            match rest.as_bytes().get(open + 1)? {
                b'#' => self.skip_behind(at, "#}"),
                b'{' => {
                    let content = self.content(at, "}}");
                    if self.conditions == 0 {
                        return Some(Tag { content, at });
                    }
                }
                b'%' => {
                    let content = self.content(at, "%}");
                    match content.trim_start_matches(['-', '+']).split_whitespace().next() {
                        Some("raw") => self.skip_behind(self.at, "endraw"),
                        Some("if") => self.conditions += 1,
                        Some("endif") => self.conditions = self.conditions.saturating_sub(1),
                        _ if self.conditions == 0 => return Some(Tag { content, at }),
                        _ => {}
                    }
                }
                _ => self.at = at - 1,
            }
        }
    }

    fn skip_behind(&mut self, from: usize, end: &str) {
        self.at = self.source[from..].find(end).map_or(self.source.len(), |found| from + found + end.len());
    }

    /// Returns the content up to the end of the tag, ignoring delimiters inside strings and braces.
    fn content(&mut self, from: usize, end: &str) -> &'a str {
        let rest = &self.source[from..];
        let mut braces = 0_usize;
        let mut at = 0;
        while at < rest.len() {
            match rest.as_bytes()[at] {
                quote @ (b'\'' | b'"') => at = end_of_text(rest, at, quote),
                _ if braces == 0 && rest.as_bytes()[at..].starts_with(end.as_bytes()) => break,
                b'{' => braces += 1,
                b'}' => braces = braces.saturating_sub(1),
                _ => {}
            }
            at += 1;
        }
        let at = at.min(rest.len());
        self.at = (from + at + end.len()).min(self.source.len());
        &rest[..at]
    }
}

/// Finds the quote that ends the string starting here.
fn end_of_text(source: &str, at: usize, quote: u8) -> usize {
    let mut end = at + 1;
    while let Some(byte) = source.as_bytes().get(end) {
        match byte {
            b'\\' => end += 1,
            byte if *byte == quote => break,
            _ => {}
        }
        end += 1;
    }
    end
}

/// Returns the filters and tests named in the tag with their positions; none if the tag contains a condition.
fn names(tag: Tag<'_>) -> Vec<(What, &str, usize)> {
    let words = words(tag.content);
    if words.iter().any(|(_, word)| *word == "if") {
        return Vec::new();
    }
    let mut names = Vec::new();
    for (index, (at, word)) in words.iter().enumerate() {
        let before = |back: usize| index.checked_sub(back).map(|index| words[index].1);
        match (before(1), before(2)) {
            (Some("|"), _) => names.push((What::Filter, *word, *at)),
            (Some("filter"), None) => names.push((What::Filter, *word, *at)),
            (Some("not"), Some("is")) => names.push((What::Test, *word, *at)),
            (Some("is"), dot) if dot != Some(".") && *word != "not" => names.push((What::Test, *word, *at)),
            _ => {}
        }
    }
    names.retain(|(_, name, _)| name.starts_with(|char: char| char == '_' || char.is_alphabetic()));
    names
}

/// Splits the content into words and symbols with their positions, omitting strings.
fn words(content: &str) -> Vec<(usize, &str)> {
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(char) = content[at..].chars().next() {
        let is_name = |char: char| char == '_' || char.is_alphanumeric();
        let length = match char {
            '\'' | '"' => end_of_text(content, at, char as u8).min(content.len() - 1) + 1 - at,
            char if is_name(char) => content[at..].find(|char| !is_name(char)).unwrap_or(content.len() - at),
            char => char.len_utf8(),
        };
        let trims = at == 0 && matches!(char, '-' | '+');
        if !char.is_whitespace() && !trims {
            words.push((at, &content[at..at + length]));
        }
        at += length;
    }
    words
}
