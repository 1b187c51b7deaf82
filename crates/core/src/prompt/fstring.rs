//! The f-string template language: literal text, `{name}`, and `{{` `}}` for braces.

use crate::{Error, ErrorKind, Result};

/// A piece of a parsed template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// Text that stands for itself.
    Literal(String),
    /// The name of a variable whose value goes here.
    Variable(String),
}

/// Parses a template. Errors name the character position, counted from 1.
pub(super) fn parse(template: &str) -> Result<Vec<Part>> {
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        literal.push_str(&rest[..at]);
        let (brace, after) = (rest.as_bytes()[at], &rest[at + 1..]);
        let position = || template[..template.len() - after.len()].chars().count();
        if after.as_bytes().first() == Some(&brace) {
            literal.push(char::from(brace));
            rest = &after[1..];
        } else if brace == b'}' {
            return Err(malformed(position(), "`}` without `{`; write `}}` for a brace"));
        } else {
            let Some(end) = after.find(['{', '}']).filter(|end| after.as_bytes()[*end] == b'}') else {
                return Err(malformed(position(), "`{` without `}`; write `{{` for a brace"));
            };
            if !literal.is_empty() {
                parts.push(Part::Literal(std::mem::take(&mut literal)));
            }
            parts.push(Part::Variable(variable_name(&after[..end], position())?));
            rest = &after[end + 1..];
        }
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        parts.push(Part::Literal(literal));
    }
    Ok(parts)
}

fn variable_name(field: &str, position: usize) -> Result<String> {
    if field.is_empty() {
        return Err(malformed(position, "`{}` names no variable"));
    }
    if field.contains([':', '!']) {
        let message =
            format!("template, character {position}: `{{{field}}}` has a format, which is not supported");
        return Err(Error::new(ErrorKind::Unsupported, message));
    }
    if field.contains(['.', '[', ']']) || field.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(malformed(position, &format!("`{{{field}}}` is no plain variable name")));
    }
    Ok(field.to_owned())
}

fn malformed(position: usize, what: &str) -> Error {
    Error::new(ErrorKind::Template, format!("template, character {position}: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(template: &str, expected: &str) {
        let shown = match parse(template) {
            Ok(parts) => parts
                .iter()
                .map(|part| match part {
                    Part::Literal(text) => format!("'{text}'"),
                    Part::Variable(name) => format!("<{name}>"),
                })
                .collect(),
            Err(error) => error.to_string(),
        };
        assert_eq!(shown, expected, "{template}");
    }

    #[test]
    fn templates() {
        check("", "");
        check("plain", "'plain'");
        check("a {b} c", "'a '<b>' c'");
        check("{a}{b}", "<a><b>");
        check("{{a}} {a}", "'{a} '<a>");
        check("{{{a}}}", "'{'<a>'}'");
        check("né {é}", "'né '<é>");
        check("a {b", "template, character 3: `{` without `}`; write `{{` for a brace");
        check("é}b", "template, character 2: `}` without `{`; write `}}` for a brace");
        check("{a{b}", "template, character 1: `{` without `}`; write `{{` for a brace");
        check("{}", "template, character 1: `{}` names no variable");
        check("{a.b}", "template, character 1: `{a.b}` is no plain variable name");
        check("{0}", "template, character 1: `{0}` is no plain variable name");
        check("{a:>3}", "template, character 1: `{a:>3}` has a format, which is not supported");
    }
}
