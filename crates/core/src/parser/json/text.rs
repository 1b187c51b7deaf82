//! Incremental parsing of a JSON string.

use super::tolerance::Tolerance;

/// The position within an escape sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Escape {
    None,
    Backslash,
    /// After `\u` and this many digits.
    Code {
        digits: u8,
        code: u32,
    },
}

/// The state of parsing a string.
#[derive(Debug, Clone, Copy)]
pub(super) struct TextState {
    /// The end of what can be emitted: before an incomplete escape, and before white space that may be trimmed.
    pub(super) shown: usize,
    pub(super) escape: Escape,
}

impl TextState {
    /// Creates the state of a string whose first character is at this byte.
    pub(super) fn new(start: usize) -> Self {
        Self { shown: start, escape: Escape::None }
    }

    /// Returns whether the string ends within a `\u` escape; like other incomplete values, it is then not emitted.
    pub(super) fn is_cut_in_code(&self) -> bool {
        matches!(self.escape, Escape::Code { .. })
    }

    /// Skips ordinary characters; returns the position of the first byte that may be special.
    pub(super) fn skip_plain(&mut self, bytes: &[u8], at: usize, trim: bool) -> usize {
        if self.escape != Escape::None {
            return at;
        }
        let has_meaning = |byte: &u8| matches!(byte, b'"' | b'\\' | ..b' ');
        let end = bytes[at..].iter().position(has_meaning).map_or(bytes.len(), |length| at + length);
        if let Some(last) = bytes[at..end].iter().rposition(|byte| !(trim && is_trimmed(*byte))) {
            self.show(at + last + 1);
        }
        end
    }

    /// Consumes a byte; returns true if it ends the string. An error says what was expected.
    pub(super) fn byte(&mut self, byte: u8, at: usize, tolerance: Tolerance) -> Result<bool, &'static str> {
        match self.escape {
            Escape::None => match byte {
                b'"' => return Ok(true),
                b'\\' => self.escape = Escape::Backslash,
                ..b' ' if tolerance.strict && byte != b'\n' => return Err("an escaped control character"),
                _ if tolerance.trim && is_trimmed(byte) => {}
                _ => self.show(at + 1),
            },
            Escape::Backslash => match byte {
                b'u' => self.escape = Escape::Code { digits: 0, code: 0 },
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => self.show(at + 1),
                _ => return Err("an escape sequence: one of `\"`, `\\`, `/`, `b`, `f`, `n`, `r`, `t`, `u`"),
            },
            Escape::Code { digits, code } => {
                let digit = char::from(byte).to_digit(16).ok_or("four hexadecimal digits")?;
                let code = code * 16 + digit;
                match digits {
                    3 => self.end_code(code, at + 1),
                    _ => self.escape = Escape::Code { digits: digits + 1, code },
                }
            }
        }
        Ok(false)
    }

    fn show(&mut self, end: usize) {
        *self = Self::new(end);
    }

    fn end_code(&mut self, code: u32, end: usize) {
        self.escape = Escape::None;
        // A high surrogate is not emitted before its low surrogate has arrived.
        if !is_high(code) {
            self.show(end);
        }
    }
}

/// Returns whether this is a high surrogate.
pub(super) fn is_high(code: u32) -> bool {
    (0xD800..0xDC00).contains(&code)
}

/// Returns whether this byte is trimmed from the end of an unfinished string, since it may belong to the enclosing
/// fence.
fn is_trimmed(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t' | b'`')
}
