//! Incremental scanning of JSON: up to where a value can be read, and where the text stops being JSON.
//!
//! Every byte is scanned once. No value is built here; a readable value is identified by a prefix of the text.

use super::mark::{Failure, Mark};
use super::number::NumberState;
use super::text::{Escape, TextState};
use super::tolerance::Tolerance;

/// The maximum nesting depth, as in `serde_json`: dropping, cloning and printing a value are recursive.
pub(super) const MAX_DEPTH: usize = 128;

/// An open object or list.
#[derive(Debug)]
struct Frame {
    close: u8,
    /// The prefix without the incomplete content of this frame.
    safe: Mark,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// Before the outermost value.
    Start,
    /// Before an item of a list; instead of the first, the list may end.
    Item { first: bool },
    /// Before a name in an object; instead of the first, the object may end.
    Name { first: bool },
    /// After a name.
    Colon,
    /// Before the value of a name.
    Member,
    /// After a value in a list or object.
    After,
    /// In a string that is a value or a name.
    Text { name: bool, text: TextState },
    /// In a number.
    Number(NumberState),
    /// In `true`, `false` or `null`.
    Literal { rest: &'static [u8] },
    /// After the outermost value.
    Done,
    /// After the first byte that is not JSON; only strings and brackets are tracked.
    Broken { in_text: bool, escaped: bool },
    /// After an unmatched closing bracket.
    Stray,
}

/// The state of the scanner.
#[derive(Debug)]
pub(super) struct Scanner {
    tolerance: Tolerance,
    /// The next byte to scan.
    at: usize,
    /// The start of the outermost value.
    start: usize,
    state: State,
    frames: Vec<Frame>,
    /// The outermost value, once complete.
    root: Option<Mark>,
    /// The bracket that closed the last value, if it was a list or object.
    ended: Option<u8>,
    /// The closing brackets still expected for those opened after the syntax error.
    surplus: Vec<u8>,
    failure: Option<Failure>,
}

impl Scanner {
    /// Creates a scanner that starts at this byte.
    pub(super) fn new(from: usize, tolerance: Tolerance) -> Self {
        Self {
            tolerance,
            at: from,
            start: from,
            state: State::Start,
            frames: Vec::new(),
            root: None,
            ended: None,
            surplus: Vec::new(),
            failure: None,
        }
    }

    /// Continues to the end of the text, which must start with what was scanned before.
    pub(super) fn read(&mut self, text: &str) {
        let bytes = text.as_bytes();
        while self.at < bytes.len() {
            if self.tolerance.tail && self.is_done() {
                self.at = bytes.len();
                return;
            }
            if let State::Text { text, .. } = &mut self.state {
                self.at = text.skip_plain(bytes, self.at, self.tolerance.trim);
            }
            if self.at < bytes.len() {
                self.byte(bytes);
                self.at += 1;
            }
        }
    }

    /// Returns the start of the value.
    pub(super) fn start(&self) -> usize {
        self.start
    }

    /// Returns whether the outermost value is complete.
    pub(super) fn is_done(&self) -> bool {
        self.root.is_some()
    }

    /// Returns whether the text is a single value and nothing else.
    pub(super) fn is_whole(&self) -> bool {
        let ends = match self.state {
            State::Done => true,
            State::Number(number) => self.frames.is_empty() && number.is_complete(),
            _ => false,
        };
        ends && self.failure.is_none()
    }

    /// Returns whether an unmatched closing bracket was found.
    pub(super) fn is_stray(&self) -> bool {
        matches!(self.state, State::Stray)
    }

    /// Returns the prefix that can be read now, if any.
    pub(super) fn mark(&self, text: &str) -> Option<Mark> {
        let safe = self.frames.last().map_or(self.root, |frame| Some(frame.safe));
        match self.state {
            State::Stray => None,
            State::Broken { .. } if !self.surplus.is_empty() => {
                // If the open value appears to be of the same kind as the last one, the last one is complete either
                // way.
                safe.filter(
                    |_| matches!((self.ended, &self.surplus[..]), (Some(last), [open]) if last == *open),
                )
            }
            State::Text { name: false, text } if self.tolerance.hold || !text.is_cut_in_code() => {
                Some(Mark { cut: text.shown, seen: text.shown })
            }
            State::Number(number) => number.mark(text.as_bytes()).or(safe),
            _ => safe,
        }
    }

    /// Returns where the text stopped being JSON or, if it did not, what is missing at its end.
    pub(super) fn failure(&self) -> Failure {
        self.failure.unwrap_or(Failure { at: self.at, expected: self.expected() })
    }

    /// Scans the byte at `self.at`.
    fn byte(&mut self, bytes: &[u8]) {
        let byte = bytes[self.at];
        match self.state {
            State::Text { name, text } => self.in_text(name, text, byte),
            State::Number(number) => self.in_number(number, bytes),
            State::Literal { rest } => self.in_literal(rest, byte),
            State::Broken { in_text, escaped } => self.in_broken(in_text, escaped, byte),
            State::Stray => {}
            _ if matches!(byte, b' ' | b'\n' | b'\r' | b'\t') => {}
            State::Start if self.tolerance.trim && matches!(byte, b'`' | b'\x0b' | b'\x0c') => {}
            State::Done if self.tolerance.tail => {}
            State::Done => self.fail(byte),
            _ if matches!(byte, b']' | b'}') => self.close(byte),
            State::Start | State::Item { .. } | State::Member => self.begin(byte),
            State::Name { .. } if byte == b'"' => {
                self.state = State::Text { name: true, text: TextState::new(self.at + 1) };
            }
            State::Colon if byte == b':' => self.state = State::Member,
            State::After if byte == b',' => self.state = self.next_in_frame(),
            State::Name { .. } | State::Colon | State::After => self.fail(byte),
        }
    }

    /// Starts a value.
    fn begin(&mut self, byte: u8) {
        if self.frames.is_empty() {
            self.start = self.at;
        }
        self.state = match byte {
            b'{' | b'[' if self.frames.len() == MAX_DEPTH => {
                return self.fail_expecting("at most 128 nested arrays and objects", byte);
            }
            b'{' => self.open(b'}', State::Name { first: true }),
            b'[' => self.open(b']', State::Item { first: true }),
            b'"' => State::Text { name: false, text: TextState::new(self.at + 1) },
            b'-' | b'0'..=b'9' => State::Number(NumberState::new(self.at, byte)),
            b't' => State::Literal { rest: b"rue" },
            b'f' => State::Literal { rest: b"alse" },
            b'n' => State::Literal { rest: b"ull" },
            _ => return self.fail(byte),
        };
    }

    fn open(&mut self, close: u8, inside: State) -> State {
        let end = self.at + 1;
        self.ended = None;
        self.frames.push(Frame { close, safe: Mark { cut: end, seen: end } });
        inside
    }

    fn close(&mut self, byte: u8) {
        let may_end =
            matches!(self.state, State::After | State::Item { first: true } | State::Name { first: true });
        if self.frames.last().is_none_or(|frame| frame.close != byte) || !may_end {
            return self.fail(byte);
        }
        if let Some(frame) = self.frames.pop() {
            self.complete(Mark { cut: self.at + 1, seen: frame.safe.seen });
            self.ended = Some(byte);
        }
    }

    /// Completes a value.
    fn complete(&mut self, mark: Mark) {
        self.ended = None;
        match self.frames.last_mut() {
            Some(frame) => {
                frame.safe = mark;
                self.state = State::After;
            }
            None => {
                self.root = Some(mark);
                self.state = State::Done;
            }
        }
    }

    fn next_in_frame(&self) -> State {
        match self.frames.last() {
            Some(Frame { close: b'}', .. }) => State::Name { first: false },
            _ => State::Item { first: false },
        }
    }

    fn in_text(&mut self, name: bool, mut text: TextState, byte: u8) {
        match text.byte(byte, self.at, self.tolerance) {
            Ok(false) => self.state = State::Text { name, text },
            Ok(true) if name => self.state = State::Colon,
            Ok(true) => self.complete(Mark { cut: self.at + 1, seen: self.at }),
            Err(expected) => {
                self.note_failure(expected);
                self.state = State::Broken { in_text: true, escaped: false };
                // The byte after a backslash is consumed, whereas one that is not a hexadecimal digit may end the
                // string.
                if !matches!(text.escape, Escape::Backslash) {
                    self.in_broken(true, false, byte);
                }
            }
        }
    }

    fn in_number(&mut self, mut number: NumberState, bytes: &[u8]) {
        let byte = bytes[self.at];
        if number.byte(byte, self.at) {
            self.state = State::Number(number);
            return;
        }
        match number.mark(bytes) {
            None => self.fail_expecting(number.expected(), byte),
            Some(mark) => {
                self.complete(mark);
                if !number.is_complete() && !self.frames.is_empty() {
                    self.fail_expecting(number.expected(), byte);
                } else {
                    self.byte(bytes);
                }
            }
        }
    }

    fn in_literal(&mut self, rest: &'static [u8], byte: u8) {
        match rest.split_first() {
            Some((next, [])) if *next == byte => {
                self.complete(Mark { cut: self.at + 1, seen: self.at + 1 });
            }
            Some((next, rest)) if *next == byte => self.state = State::Literal { rest },
            _ => self.fail(byte),
        }
    }

    /// Tracks only brackets: as long as the brackets open at the syntax error stay open, the value up to there can be
    /// read. A bracket that closes one of them drops its content.
    fn in_broken(&mut self, mut in_text: bool, mut escaped: bool, byte: u8) {
        match byte {
            b'"' if !in_text => in_text = true,
            b'"' if !escaped => in_text = false,
            _ if in_text => escaped = byte == b'\\' && !escaped,
            b'{' => self.surplus.push(b'}'),
            b'[' => self.surplus.push(b']'),
            b'}' | b']' if self.surplus.last() == Some(&byte) => drop(self.surplus.pop()),
            b'}' | b']' => match self.frames.pop() {
                Some(frame) if frame.close == byte && self.surplus.is_empty() => self.ended = None,
                _ => {
                    self.state = State::Stray;
                    return;
                }
            },
            _ => {}
        }
        let escaped = in_text && escaped;
        self.state = State::Broken { in_text, escaped };
    }

    fn fail(&mut self, byte: u8) {
        self.fail_expecting(self.expected(), byte);
    }

    fn fail_expecting(&mut self, expected: &'static str, byte: u8) {
        self.note_failure(expected);
        self.give_up(byte);
    }

    fn note_failure(&mut self, expected: &'static str) {
        self.failure.get_or_insert(Failure { at: self.at, expected });
    }

    fn give_up(&mut self, byte: u8) {
        self.state = State::Broken { in_text: false, escaped: false };
        self.in_broken(false, false, byte);
    }

    fn expected(&self) -> &'static str {
        let in_object = self.frames.last().is_some_and(|frame| frame.close == b'}');
        match self.state {
            State::Start | State::Member | State::Item { first: false } => "a value",
            State::Item { first: true } => "a value or `]`",
            State::Name { first: true } => "a key in double quotes or `}`",
            State::Name { first: false } => "a key in double quotes",
            State::Colon => "`:`",
            State::After if in_object => "`,` or `}`",
            State::After => "`,` or `]`",
            State::Text { .. } => "the rest of a string",
            State::Number(number) => number.expected(),
            State::Literal { .. } => "`true`, `false` or `null`",
            State::Done | State::Broken { .. } | State::Stray => "the end of the input",
        }
    }
}
