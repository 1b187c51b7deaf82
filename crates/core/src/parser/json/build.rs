//! Building of values from prefixes that the scanner has validated.

use serde_json::{Map, Number, Value};

use super::text::is_high;
use crate::{Data, Record};

/// A value that can be built from JSON text.
pub(super) trait Node: Sized {
    type Members: Default;

    fn scalar(value: Value) -> Self;
    fn list(items: Vec<Self>) -> Self;
    fn set(members: &mut Self::Members, name: String, value: Self);
    fn object(members: Self::Members) -> Self;
}

impl Node for Value {
    type Members = Map<String, Value>;

    fn scalar(value: Value) -> Self {
        value
    }

    fn list(items: Vec<Self>) -> Self {
        Self::Array(items)
    }

    fn set(members: &mut Self::Members, name: String, value: Self) {
        members.insert(name, value);
    }

    fn object(members: Self::Members) -> Self {
        Self::Object(members)
    }
}

/// Preserves the order of an object's members.
impl Node for Data {
    type Members = Record;

    fn scalar(value: Value) -> Self {
        value.into()
    }

    fn list(items: Vec<Self>) -> Self {
        Self::List(items)
    }

    fn set(members: &mut Self::Members, name: String, value: Self) {
        members.insert(name, value);
    }

    fn object(members: Self::Members) -> Self {
        Self::Record(members)
    }
}

/// Builds the value of a validated prefix, closing whatever is open at its end. The scanner limits the depth.
pub(super) fn build<N: Node>(prefix: &str) -> N {
    Builder { prefix, at: 0 }.value()
}

struct Builder<'a> {
    prefix: &'a str,
    at: usize,
}

impl<'a> Builder<'a> {
    fn value<N: Node>(&mut self) -> N {
        match self.peek() {
            Some(b'{') => self.object(),
            Some(b'[') => self.list(),
            Some(b'"') => N::scalar(Value::String(self.text())),
            Some(b't') => self.literal(4, Value::Bool(true)),
            Some(b'f') => self.literal(5, Value::Bool(false)),
            Some(b'n') => self.literal(4, Value::Null),
            _ => self.number(),
        }
    }

    fn object<N: Node>(&mut self) -> N {
        let mut members = N::Members::default();
        self.at += 1;
        while self.peek() == Some(b'"') {
            let name = self.text();
            self.skip(b':');
            let value = self.value();
            N::set(&mut members, name, value);
            self.skip(b',');
        }
        self.at += 1;
        N::object(members)
    }

    fn list<N: Node>(&mut self) -> N {
        let mut items = Vec::new();
        self.at += 1;
        while !matches!(self.peek(), None | Some(b']')) {
            items.push(self.value());
            self.skip(b',');
        }
        self.at += 1;
        N::list(items)
    }

    fn text(&mut self) -> String {
        let mut text = String::new();
        self.at += 1;
        loop {
            let rest = self.rest();
            let plain = rest.find(['"', '\\']).unwrap_or(rest.len());
            text.push_str(&rest[..plain]);
            self.at += plain + 1;
            match rest.as_bytes().get(plain) {
                Some(b'\\') => self.escape(&mut text),
                _ => return text,
            }
        }
    }

    /// Parses what follows a backslash.
    fn escape(&mut self, text: &mut String) {
        let byte = self.rest().bytes().next().unwrap_or_default();
        self.at += 1;
        text.push(match byte {
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => self.code(),
            other => char::from(other),
        });
    }

    /// Parses four hexadecimal digits, or eight of a surrogate pair. An unpaired surrogate becomes the replacement
    /// character.
    fn code(&mut self) -> char {
        let code = self.digits(0);
        self.at += 4;
        if is_high(code) && self.rest().starts_with("\\u") {
            let low = self.digits(2);
            if (0xDC00..0xE000).contains(&low) {
                self.at += 6;
                return char::from_u32(0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00))
                    .unwrap_or(char::REPLACEMENT_CHARACTER);
            }
        }
        char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
    }

    /// Parses four hexadecimal digits, `ahead` bytes ahead.
    fn digits(&self, ahead: usize) -> u32 {
        let digits = self.rest().get(ahead..ahead + 4);
        digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap_or(0xFFFD)
    }

    fn literal<N: Node>(&mut self, length: usize, value: Value) -> N {
        self.at += length;
        N::scalar(value)
    }

    fn number<N: Node>(&mut self) -> N {
        let rest = self.rest();
        let end = rest
            .find(|c: char| !matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E'))
            .unwrap_or(rest.len())
            // At least one byte, so that a loop around this always makes progress.
            .max(1);
        self.at += end;
        let digits = rest.get(..end).unwrap_or_default();
        let integer = digits.parse().map(|number: i64| number.into());
        let integer = integer.or_else(|_| digits.parse().map(|number: u64| number.into()));
        let number = integer.ok().or_else(|| Number::from_f64(digits.parse().ok()?));
        N::scalar(number.map_or(Value::Null, Value::Number))
    }

    fn rest(&self) -> &'a str {
        self.prefix.get(self.at..).unwrap_or_default()
    }

    /// Returns the next byte that is not white space.
    fn peek(&mut self) -> Option<u8> {
        let blank = |byte: &u8| matches!(byte, b' ' | b'\n' | b'\r' | b'\t');
        self.at += self.rest().bytes().take_while(blank).count();
        self.rest().bytes().next()
    }

    fn skip(&mut self, byte: u8) {
        if self.peek() == Some(byte) {
            self.at += 1;
        }
    }
}
