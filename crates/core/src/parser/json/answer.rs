//! The answer of a model with JSON somewhere in it.

use std::sync::{Arc, Mutex, PoisonError};

use super::mark::{Failure, Mark};
use super::scanner::Scanner;
use super::tolerance::Tolerance;
use super::value::{Json, Prefix};
use crate::Result;
use crate::parser::failure::boundary;

const FENCE: &str = "```";
const LANGUAGE: &str = "json";

/// An answer as it comes: JSON, or prose with JSON behind the first fence.
#[derive(Debug)]
pub(in crate::parser) struct Answer {
    text: Arc<Mutex<String>>,
    reader: Reader,
}

/// A value that can be read off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::parser) struct Piece {
    pub(in crate::parser) start: usize,
    pub(in crate::parser) mark: Mark,
}

impl Piece {
    /// True when both are the same value, to those who saw the one before.
    pub(in crate::parser) fn says_the_same(&self, other: &Self) -> bool {
        (self.start, self.mark.seen) == (other.start, other.mark.seen)
    }
}

impl Answer {
    /// An answer; see [`Tolerance::hold`].
    pub(in crate::parser) fn new(hold: bool) -> Self {
        let tolerance = Tolerance { trim: true, strict: false, tail: true, hold };
        Self { text: Arc::default(), reader: Reader::new(tolerance) }
    }

    /// Takes in what came, and gives what can be read off now.
    pub(in crate::parser) fn push(&mut self, text: &str) -> Option<Piece> {
        if !self.reader.whole.is_done() {
            let mut all = self.text.lock().unwrap_or_else(PoisonError::into_inner);
            all.push_str(text);
            return self.reader.read(&all);
        }
        self.reader.piece
    }

    /// What can be read off at the end of the answer.
    pub(in crate::parser) fn end(&self) -> Result<Piece> {
        let text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        self.reader.piece.ok_or_else(|| self.reader.failure().error(&text))
    }

    /// The value of an approved part.
    pub(in crate::parser) fn value(&self, start: usize, cut: usize) -> Json {
        Json::lazy(Prefix { text: Arc::clone(&self.text), start, cut })
    }

    /// Looks at the text so far.
    pub(in crate::parser) fn with_text<T>(&self, look: impl FnOnce(&str) -> T) -> T {
        look(&self.text.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Reads the whole text as JSON, and what is behind the first fence where the whole text is none.
#[derive(Debug)]
pub(super) struct Reader {
    whole: Scanner,
    fence: Fence,
    tolerance: Tolerance,
    /// What could be read off last.
    piece: Option<Piece>,
}

#[derive(Debug)]
enum Fence {
    /// No fence before this byte.
    Before(usize),
    /// Behind a fence at this byte, where a language may follow.
    Language(usize),
    Inside(Scanner),
}

impl Reader {
    pub(super) fn new(tolerance: Tolerance) -> Self {
        Self { whole: Scanner::new(0, tolerance), fence: Fence::Before(0), tolerance, piece: None }
    }

    /// Reads on to the end of the text.
    pub(super) fn read(&mut self, text: &str) -> Option<Piece> {
        self.whole.read(text);
        self.piece = piece(&self.whole, text).or_else(|| self.fence.read(text, self.tolerance));
        self.piece
    }

    /// True when there is nothing but a bracket that closes what is not open.
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
                // Half a fence may stand at the end.
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
