//! Translation of Python's regular expressions where their syntax differs from that of the engine.

use std::iter::Peekable;
use std::str::Chars;

/// Translates an expression to the engine's syntax: `$`, `[` in character classes, and repetitions without a lower
/// bound.
pub(super) fn translate(pattern: &str) -> String {
    let multiline = sets_multiline(pattern);
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '\\' => escape(&mut rest, &mut out),
            '[' => class(&mut rest, &mut out),
            // Also matches before a newline at the end of the text.
            '$' if !multiline => out.push_str("(?=\\n?\\z)"),
            '{' if rest.peek() == Some(&',') => out.push_str("{0"),
            other => out.push(other),
        }
    }
    out
}

fn escape(rest: &mut Peekable<Chars<'_>>, out: &mut String) {
    match rest.next() {
        Some('Z') => out.push_str("\\z"),
        Some(other) => out.extend(['\\', other]),
        None => out.push('\\'),
    }
}

/// Translates a character class, after its `[`. In the engine's classes, brackets nest, and `&&` and `~~` are
/// operators.
fn class(rest: &mut Peekable<Chars<'_>>, out: &mut String) {
    out.push('[');
    if rest.next_if_eq(&'^').is_some() {
        out.push('^');
    }
    if rest.next_if_eq(&']').is_some() {
        out.push_str("\\]");
    }
    while let Some(character) = rest.next() {
        match character {
            '\\' => escape(rest, out),
            '[' | '&' | '~' => out.extend(['\\', character]),
            ']' => {
                out.push(']');
                return;
            }
            other => out.push(other),
        }
    }
}

/// Returns whether any part has the flag `m`, with which `$` also matches before newlines.
fn sets_multiline(pattern: &str) -> bool {
    pattern.split("(?").skip(1).any(|flags| {
        let end = flags.find(|flag: char| !flag.is_ascii_alphabetic()).unwrap_or(flags.len());
        flags[..end].contains('m') && flags[end..].starts_with([')', ':', '-'])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, text: &str, expected: Option<&str>) {
        let regex = fancy_regex::Regex::new(&translate(pattern)).expect(pattern);
        let found = regex.find(text).expect("a search").map(|found| found.as_str());
        assert_eq!(found, expected, "{pattern} in {text:?}");
    }

    #[test]
    fn expressions_mean_what_they_do_in_python() {
        check("a$", "a\n", Some("a"));
        check("a$", "a\nb", None);
        check("(?m)a$", "a\nb", Some("a"));
        check(r"a\Z", "a\n", None);
        check(r"a\$", "a$", Some("a$"));
        check("[[a]+", "[a[", Some("[a["));
        check("[]a]+", "a]", Some("a]"));
        check("[^]a&&b$]", "&$c", Some("c"));
        check("a{,2}b", "aaab", Some("aab"));
        check(r"(?P<x>.)(?P=x)", "abb", Some("bb"));
        check(r"(?<=a)b(?!c)", "abc ab", Some("b"));
        check("a.b", "a\nb a b", Some("a b"));
        check("(?s)a.b", "a\nb", Some("a\nb"));
        check(r"(?i)É\d+\b", "é٣ x", Some("é٣"));
    }
}
