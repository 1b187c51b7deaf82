//! Incremental parsing of a JSON number.

use super::mark::Mark;

/// The maximum length of a number; longer ones exceed 64 bits or have pointless precision.
const MAX_LENGTH: usize = 400;

/// A number with at most this many digits and no exponent is always in range.
const IN_RANGE: usize = 300;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Minus,
    Zero,
    Integer,
    Point,
    Fraction,
    E,
    Sign,
    Exponent,
}

/// The state of parsing a number.
#[derive(Debug, Clone, Copy)]
pub(super) struct NumberState {
    start: usize,
    phase: Phase,
    /// The end of the longest prefix that is a number; `start` if there is none.
    end: usize,
    seen: usize,
}

impl NumberState {
    /// Creates the state of a number that starts with this byte.
    pub(super) fn new(start: usize, byte: u8) -> Self {
        let (phase, end) = match byte {
            b'-' => (Phase::Minus, start),
            b'0' => (Phase::Zero, start + 1),
            _ => (Phase::Integer, start + 1),
        };
        Self { start, phase, end, seen: end }
    }

    /// Consumes a byte; returns false if it does not belong to the number.
    pub(super) fn byte(&mut self, byte: u8, at: usize) -> bool {
        use Phase::{E, Exponent, Fraction, Integer, Minus, Point, Sign, Zero};
        let next = match (self.phase, byte) {
            _ if at - self.start >= MAX_LENGTH => return false,
            (Minus, b'0') => Zero,
            (Minus | Integer, b'0'..=b'9') => Integer,
            (Zero | Integer, b'.') => Point,
            (Zero | Integer | Fraction, b'e' | b'E') => E,
            (Point | Fraction, b'0'..=b'9') => Fraction,
            (E, b'+' | b'-') => Sign,
            (E | Sign | Exponent, b'0'..=b'9') => Exponent,
            _ => return false,
        };
        // A trailing zero after the decimal point does not change the value.
        let changes = !(self.phase == Fraction && byte == b'0');
        self.phase = next;
        if self.is_complete() {
            self.end = at + 1;
            self.seen = if changes { self.end } else { self.seen };
        }
        true
    }

    /// Returns whether everything consumed is a complete number.
    pub(super) fn is_complete(&self) -> bool {
        matches!(self.phase, Phase::Zero | Phase::Integer | Phase::Fraction | Phase::Exponent)
    }

    /// Returns the number without an incomplete end, if it is representable.
    pub(super) fn mark(&self, bytes: &[u8]) -> Option<Mark> {
        let digits = bytes.get(self.start..self.end).filter(|digits| !digits.is_empty())?;
        let may_overflow = digits.len() > IN_RANGE || self.phase == Phase::Exponent;
        if may_overflow {
            std::str::from_utf8(digits).ok()?.parse().ok().filter(|number: &f64| number.is_finite())?;
        }
        Some(Mark { cut: self.end, seen: self.seen })
    }

    /// Returns what has to follow.
    pub(super) fn expected(&self) -> &'static str {
        if self.is_complete() { "a number in the range of 64 bits" } else { "a digit" }
    }
}
