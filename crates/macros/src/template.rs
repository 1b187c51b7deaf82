//! The part of the f-string template language that the macros need: variables and syntax errors.
//!
//! It must agree with `PromptTemplate::new`; the tests compare the two.

use std::fmt;

use crate::format_spec;

/// The name reserved for a model's stop sequences.
const RESERVED: &str = "stop";

/// A variable at its first occurrence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Variable {
    pub(crate) name: String,
    /// The position of its opening brace, in characters from 1.
    pub(crate) position: usize,
}

/// A syntax error and its position.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed {
    position: usize,
    what: String,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "template, character {}: {}", self.position, self.what)
    }
}

/// Returns the variables of a template, each once.
pub(crate) fn variables(template: &str) -> Result<Vec<Variable>, Malformed> {
    let mut found: Vec<Variable> = Vec::new();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        let before = template.len() - rest.len() + at;
        let position = template[..before].chars().count() + 1;
        let (brace, after) = rest[at..].split_at(1);
        if let Some(after) = after.strip_prefix(brace) {
            rest = after;
            continue;
        }
        let read = if brace == "{" {
            field(after)
        } else {
            Err("unmatched `}`; write `}}` for a literal brace".into())
        };
        let (name, after) = read.map_err(|what| Malformed { position, what })?;
        if found.iter().all(|known| known.name != name) {
            found.push(Variable { name: name.to_owned(), position });
        }
        rest = after;
    }
    none_is_reserved(&found)?;
    Ok(found)
}

/// Checked last, as core checks names only in a well-formed template.
fn none_is_reserved(variables: &[Variable]) -> Result<(), Malformed> {
    let Some(variable) = variables.iter().find(|variable| variable.name == RESERVED) else { return Ok(()) };
    let what = format!("the variable name `{RESERVED}` is reserved for the stop sequences of a model");
    Err(Malformed { position: variable.position, what })
}

/// Parses the name of a field after its opening brace, and returns it with the text after the field.
fn field(text: &str) -> Result<(&str, &str), String> {
    let unclosed = "unclosed `{`; write `{{` for a literal brace";
    let end = text.find(['{', '}']).ok_or(unclosed)?;
    let field = &text[..end];
    if text[end..].starts_with('{') {
        let nested = field.contains(':');
        return Err(if nested { "a format cannot contain variables" } else { unclosed }.into());
    }
    let (name, rest) = field.split_at(field.find([':', '!']).unwrap_or(end));
    check_name(name, field)?;
    let spec = match rest.strip_prefix('!') {
        Some(rest) => behind_conversion(rest)?,
        None => rest,
    };
    let spec = spec.strip_prefix(':').unwrap_or_default();
    format_spec::check(spec).map_err(|why| format!("in `{{{field}}}`: {why}"))?;
    Ok((name, &text[end + 1..]))
}

fn check_name(name: &str, field: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err(format!("missing variable name in `{{{field}}}`"));
    }
    if name.contains(['.', '[', ']']) || name.chars().all(char::is_numeric) {
        return Err(format!("`{{{field}}}` is not a plain variable name"));
    }
    Ok(())
}

/// Checks the text after the letter of a conversion: nothing, or a colon and a format.
fn behind_conversion(text: &str) -> Result<&str, String> {
    let letter = text.chars().next().ok_or("expected `r`, `s` or `a` after `!`")?;
    if !matches!(letter, 'r' | 's' | 'a') {
        return Err(format!("unknown conversion `!{letter}`; expected `!r`, `!s` or `!a`"));
    }
    let rest = &text[letter.len_utf8()..];
    if rest.is_empty() || rest.starts_with(':') {
        return Ok(rest);
    }
    Err(format!("unexpected `{rest:.40}` after the conversion; expected `:`"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use catena::PromptTemplate;

    /// Checks that this module and core agree on a template.
    #[track_caller]
    fn agree(template: &str) {
        match (variables(template), PromptTemplate::new(template)) {
            (Ok(ours), Ok(theirs)) => {
                let ours: Vec<_> = ours.into_iter().map(|variable| variable.name).collect();
                assert_eq!(ours, theirs.variables(), "{template:?}");
            }
            // Core does not report the position of a reserved name.
            (Err(ours), Err(theirs)) if ours.to_string().ends_with(theirs.message()) => {}
            (ours, theirs) => panic!("{template:?}: here {ours:?}, in core {theirs:?}"),
        }
    }

    #[test]
    fn core_agrees_on_templates() {
        for template in [
            "",
            "plain",
            "a {b} c {d}{b}",
            "{{a}} {a} {{{a}}}",
            "né {é} }}{{",
            "{a b} {a-b} {é}",
            "{a:>3}{b!r}{c!s:.2}{d:}{e!a:}",
            "{price:*^+z#12,.2f}",
            "é{b",
            "é}b",
            "{a{b}",
            "{a:{b}}",
            "{}",
            "{:>3}",
            "{!r}",
            "{a.b}",
            "{a[0]}",
            "{0}",
            "{½}",
            "{a!}",
            "{a!x}",
            "{a!é}",
            "{a!r",
            "{a!rr}",
            "{a!r>5}",
            "{a:>>>}",
            "{a:65535}{a:65536}",
            "{a:.99999999999999999999999}",
            "{stop}",
            "{stop} {",
            "{a} {stop} {b}",
            "{a:é<5}{a:éé}",
        ] {
            agree(template);
        }
    }

    /// Calls a function with every text of these characters up to a length.
    fn each_text(alphabet: &[char], length: usize, check: &mut dyn FnMut(&str)) {
        let mut texts = vec![String::new()];
        for _ in 0..=length {
            texts.iter().for_each(|text| check(text));
            texts = texts
                .iter()
                .flat_map(|text| alphabet.iter().map(move |char| format!("{text}{char}")))
                .collect();
        }
    }

    #[test]
    fn core_agrees_on_every_short_template() {
        each_text(&['{', '}', 'a', ':', '!', 'r', '.', '1'], 5, &mut agree);
    }

    #[test]
    fn core_agrees_on_every_short_format() {
        let alphabet = ['<', '=', '+', ' ', 'z', '#', '0', '7', ',', '_', '.', 'd', 'X', '%', 'q'];
        each_text(&alphabet, 3, &mut |spec| agree(&format!("{{a:{spec}}}")));
    }

    #[test]
    fn positions_are_those_of_the_first_appearance() {
        let found = variables("é{{ {b} {a} {b}").expect("a template");
        let found: Vec<_> =
            found.iter().map(|variable| (variable.name.as_str(), variable.position)).collect();
        assert_eq!(found, [("b", 5), ("a", 9)]);
        let malformed = variables("é {a} {stop}").expect_err("a reserved name");
        assert!(
            malformed.to_string().starts_with("template, character 7: the variable name `stop` is reserved"),
            "{malformed}"
        );
    }
}
