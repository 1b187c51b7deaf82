//! How bytes become an input.

use std::borrow::Cow;

/// The first byte says how the rest is cut; the rest is the input.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Input<'a> {
    pub(crate) control: u8,
    pub(crate) bytes: &'a [u8],
}

impl<'a> Input<'a> {
    pub(crate) fn new(data: &'a [u8]) -> Self {
        let (control, bytes) = data.split_first().map_or((0, data), |(control, bytes)| (*control, bytes));
        Self { control, bytes }
    }

    pub(crate) fn text(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.bytes)
    }

    /// The text before the first NUL, and what is behind it.
    pub(crate) fn two_texts(&self) -> (Cow<'a, str>, Cow<'a, str>) {
        let end = self.bytes.iter().position(|byte| *byte == 0).unwrap_or(self.bytes.len());
        let (first, rest) = self.bytes.split_at(end);
        (String::from_utf8_lossy(first), String::from_utf8_lossy(rest.get(1..).unwrap_or_default()))
    }

    /// The bytes in pieces: single ones, all of the same length, or of changing lengths; now and then an empty one.
    pub(crate) fn pieces(&self) -> Vec<&'a [u8]> {
        let mut lengths = Lengths { control: self.control, state: u32::from(self.control) };
        let (mut pieces, mut rest) = (Vec::new(), self.bytes);
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(lengths.next().min(rest.len()));
            pieces.push(piece);
            rest = after;
        }
        if pieces.is_empty() {
            pieces.push(rest);
        }
        pieces
    }

    /// The same of a text, between characters.
    pub(crate) fn text_pieces(&self, text: &str) -> Vec<String> {
        let mut lengths = Lengths { control: self.control, state: u32::from(self.control) };
        let (mut pieces, mut rest) = (Vec::new(), text);
        while !rest.is_empty() {
            let mut end = lengths.next().min(rest.len());
            while !rest.is_char_boundary(end) {
                end += 1;
            }
            let (piece, after) = rest.split_at(end);
            pieces.push(piece.to_owned());
            rest = after;
        }
        if pieces.is_empty() {
            pieces.push(String::new());
        }
        pieces
    }
}

/// How long pieces are.
struct Lengths {
    control: u8,
    state: u32,
}

impl Lengths {
    fn next(&mut self) -> usize {
        self.state = self.state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        match self.control % 4 {
            0 => 1,
            1 => 1 + usize::from(self.control / 4),
            2 => (self.state >> 29) as usize,
            _ => 1 + (self.state >> 26) as usize,
        }
    }
}
