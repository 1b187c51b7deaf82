//! The conversions `!s`, `!r` and `!a`, applied to a value before its format.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::Data;
use crate::prompt::text_of::text_of;

/// The conversion of a value to text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::prompt) enum Conversion {
    /// The text of the value in a prompt.
    Text,
    /// A quoted text, with escapes for non-printable characters.
    Quoted,
    /// A quoted text, with escapes for all non-ASCII characters.
    Ascii,
}

impl Conversion {
    /// Parses the letter after the `!`.
    pub(in crate::prompt) fn parse(letter: char) -> Option<Self> {
        match letter {
            's' => Some(Self::Text),
            'r' => Some(Self::Quoted),
            'a' => Some(Self::Ascii),
            _ => None,
        }
    }

    /// Converts a value.
    pub(in crate::prompt) fn apply(self, value: &Data) -> Cow<'_, str> {
        match value.as_text() {
            Some(text) => self.apply_to_text(text),
            None => self.in_letters(text_of(value)),
        }
    }

    /// Converts a text.
    pub(in crate::prompt) fn apply_to_text(self, text: &str) -> Cow<'_, str> {
        self.in_letters(if self == Self::Text { Cow::Borrowed(text) } else { Cow::Owned(quoted(text)) })
    }

    fn in_letters(self, text: Cow<'_, str>) -> Cow<'_, str> {
        if self == Self::Ascii && !text.is_ascii() { Cow::Owned(ascii(&text)) } else { text }
    }
}

/// Quotes a text in single quotes, or in double quotes if that saves an escape.
pub(crate) fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for char in text.chars() {
        match char {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            char if char == quote => out.extend(['\\', quote]),
            char if prints(char) => out.push(char),
            char => escape(char, &mut out),
        }
    }
    out.push(quote);
    out
}

/// Returns whether the character is printable, according to the standard library's Unicode tables.
fn prints(char: char) -> bool {
    if char.is_ascii() {
        return !char.is_ascii_control();
    }
    // After a letter, since a combining mark at the start of a text is escaped although it is printable.
    let mut buffer = [b'a'; 5];
    let end = 1 + char.encode_utf8(&mut buffer[1..]).len();
    std::str::from_utf8(&buffer[..end]).is_ok_and(|text| text.escape_debug().nth(1) == Some(char))
}

fn ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        if char.is_ascii() {
            out.push(char);
        } else {
            escape(char, &mut out);
        }
    }
    out
}

fn escape(char: char, out: &mut String) {
    // Writing to a string cannot fail.
    let _ = match u32::from(char) {
        code @ 0..=0xff => write!(out, "\\x{code:02x}"),
        code @ 0x100..=0xffff => write!(out, "\\u{code:04x}"),
        code => write!(out, "\\U{code:08x}"),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_as_python_does() {
        for (text, expected) in [
            ("abc", "'abc'"),
            ("it's", "\"it's\""),
            ("'\"", "'\\'\"'"),
            ("a\nb\t\\", "'a\\nb\\t\\\\'"),
            ("é日e\u{301}", "'é日e\u{301}'"),
            ("\0\u{1b}\u{7f}\u{a0}\u{200b}\u{2028}", "'\\x00\\x1b\\x7f\\xa0\\u200b\\u2028'"),
            ("\u{e000}\u{e0001}", "'\\ue000\\U000e0001'"),
        ] {
            assert_eq!(Conversion::Quoted.apply(&Data::from(text)), expected);
        }
        assert_eq!(Conversion::Ascii.apply(&Data::from("é🎉\u{301}")), "'\\xe9\\U0001f389\\u0301'");
        assert_eq!(Conversion::Quoted.apply(&Data::from(1.0)), "1.0");
    }
}
