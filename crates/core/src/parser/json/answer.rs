//! A model's answer that contains JSON.

use std::sync::{Arc, Mutex, PoisonError};

use super::mark::{Failure, Mark};
use super::scanner::Scanner;
use super::tolerance::Tolerance;
use super::value::{Json, Prefix};
use crate::Result;
use crate::parser::failure::boundary;

const FENCE: &str = "```";
const LANGUAGE: &str = "json";

/// An answer while it is streamed: JSON, or prose with JSON after the first code fence.
#[derive(Debug)]
pub(in crate::parser) struct Answer {
    text: Arc<Mutex<String>>,
    reader: Reader,
}

/// A value that can be read so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::parser) struct Piece {
    pub(in crate::parser) start: usize,
    pub(in crate::parser) mark: Mark,
}

impl Piece {
    /// Returns whether both are the same value for a consumer that has seen the earlier one.
    pub(in crate::parser) fn says_the_same(&self, other: &Self) -> bool {
        (self.start, self.mark.seen) == (other.start, other.mark.seen)
    }
}

impl Answer {
    /// Creates an empty answer; see [`Tolerance::hold`].
    pub(in crate::parser) fn new(hold: bool) -> Self {
        let tolerance = Tolerance { trim: true, strict: false, tail: true, hold };
        Self { text: Arc::default(), reader: Reader::new(tolerance) }
    }

    /// Appends text, and returns the value that can be read now.
    pub(in crate::parser) fn push(&mut self, text: &str) -> Option<Piece> {
        // Text after the value is not parsed, but errors about the value show it.
        let mut all = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        all.push_str(text);
        if self.reader.whole.is_done() { self.reader.piece } else { self.reader.read(&all) }
    }

    /// Returns the value that can be read at the end of the answer.
    pub(in crate::parser) fn end(&self) -> Result<Piece> {
        let text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        self.reader.piece.ok_or_else(|| self.reader.failure().error(&text))
    }

    /// Returns the value of a prefix that the scanner has validated.
    pub(in crate::parser) fn value(&self, start: usize, cut: usize) -> Json {
        Json::lazy(Prefix { text: Arc::clone(&self.text), start, cut })
    }

    /// Calls a function with the text so far.
    pub(in crate::parser) fn with_text<T>(&self, look: impl FnOnce(&str) -> T) -> T {
        look(&self.text.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Parses the whole text as JSON or, if it is not JSON, the text after the first code fence.
#[derive(Debug)]
pub(super) struct Reader {
    whole: Scanner,
    fence: Fence,
    tolerance: Tolerance,
    /// The last value that could be read.
    piece: Option<Piece>,
}

#[derive(Debug)]
enum Fence {
    /// There is no fence before this byte.
    Before(usize),
    /// After a fence at this byte, where a language tag may follow.
    Language(usize),
    Inside(Scanner),
}

impl Reader {
    pub(super) fn new(tolerance: Tolerance) -> Self {
        Self { whole: Scanner::new(0, tolerance), fence: Fence::Before(0), tolerance, piece: None }
    }

    /// Continues to the end of the text.
    pub(super) fn read(&mut self, text: &str) -> Option<Piece> {
        self.whole.read(text);
        self.piece = piece(&self.whole, text).or_else(|| self.fence.read(text, self.tolerance));
        self.piece
    }

    /// Returns whether the only error is an unmatched closing bracket.
    pub(super) fn is_stray(&self) -> bool {
        self.whole.is_stray() || matches!(&self.fence, Fence::Inside(inside) if inside.is_stray())
    }

    pub(super) fn failure(&self) -> Failure {
        match &self.fence {
            Fence::Inside(inside) => inside.failure(),
            _ => self.whole.failure(),
        }
    }
}

impl Fence {
    fn read(&mut self, text: &str, tolerance: Tolerance) -> Option<Piece> {
        if let Self::Before(start) = *self {
            *self = match text[start..].find(FENCE) {
                Some(at) => Self::Language(start + at + FENCE.len()),
                // The text may end within a fence.
                None => Self::Before(boundary(text, text.len().saturating_sub(FENCE.len() - 1))),
            };
        }
        if let Self::Language(at) = *self {
            let behind = &text[at..];
            if behind.starts_with(LANGUAGE) {
                *self = Self::Inside(Scanner::new(at + LANGUAGE.len(), tolerance));
            } else if !LANGUAGE.starts_with(behind) {
                *self = Self::Inside(Scanner::new(at, tolerance));
            }
        }
        let Self::Inside(inside) = self else { return None };
        inside.read(text);
        piece(inside, text)
    }
}

fn piece(scanner: &Scanner, text: &str) -> Option<Piece> {
    Some(Piece { start: scanner.start(), mark: scanner.mark(text)? })
}
