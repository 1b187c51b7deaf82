//! The text of an answer as its tokens arrive, released in whole characters and without anything that may belong to a
//! stop sequence.

/// Converts the bytes of tokens into text.
#[derive(Debug)]
pub(crate) struct AnswerText {
    stops: Vec<String>,
    /// Bytes of an incomplete character.
    bytes: Vec<u8>,
    /// Text that may be the start of a stop sequence.
    held: String,
}

/// The text that a token added.
#[derive(Debug, PartialEq)]
pub(crate) enum Grown {
    By(String),
    /// A stop sequence was found; this is the text before it.
    Ended(String),
}

impl AnswerText {
    pub(crate) fn new(stops: Vec<String>) -> Self {
        Self { stops, bytes: Vec::new(), held: String::new() }
    }

    /// Adds the bytes of a token.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Grown {
        self.bytes.extend_from_slice(bytes);
        let whole = whole_characters(&self.bytes);
        let text = String::from_utf8_lossy(&self.bytes[..whole]).into_owned();
        self.bytes.drain(..whole);
        self.grow(&text)
    }

    /// Returns the remaining text after the last token.
    pub(crate) fn finish(mut self) -> String {
        let text = String::from_utf8_lossy(&self.bytes).into_owned();
        match self.grow(&text) {
            Grown::By(text) => text + &self.held,
            Grown::Ended(text) => text,
        }
    }

    fn grow(&mut self, text: &str) -> Grown {
        self.held.push_str(text);
        let first = self.stops.iter().filter_map(|stop| self.held.find(stop)).min();
        if let Some(start) = first {
            self.held.truncate(start);
            return Grown::Ended(std::mem::take(&mut self.held));
        }
        let keep = self.stops.iter().map(|stop| begun(&self.held, stop)).max().unwrap_or(0);
        let rest = self.held.split_off(self.held.len() - keep);
        Grown::By(std::mem::replace(&mut self.held, rest))
    }
}

/// Returns the length in bytes of a text's suffix that is a prefix of a stop sequence.
fn begun(text: &str, stop: &str) -> usize {
    let beginnings = stop.char_indices().map(|(length, _)| length).rev();
    beginnings
        .filter(|length| *length <= text.len())
        .find(|length| text.ends_with(&stop[..*length]))
        .unwrap_or(0)
}

/// Returns how many bytes are complete characters or can never become some: all except an incomplete character at the
/// end.
fn whole_characters(bytes: &[u8]) -> usize {
    let last = bytes.len().saturating_sub(3);
    // If the last character is incomplete, its lead byte is among the last three.
    for start in (last..bytes.len()).rev() {
        let wanted = match bytes[start] {
            0xC2..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0..=0xF4 => 4,
            0x80..=0xBF => continue,
            _ => return bytes.len(),
        };
        let begun = std::str::from_utf8(&bytes[start..]).is_err_and(|error| error.error_len().is_none());
        return if bytes.len() - start < wanted && begun { start } else { bytes.len() };
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes out for each token, and at the end.
    #[track_caller]
    fn check(stops: &[&str], tokens: &[&[u8]], expected: &[&str], ends: bool) {
        let mut text = AnswerText::new(stops.iter().map(|stop| (*stop).to_owned()).collect());
        let mut pieces = Vec::new();
        let mut ended = false;
        for token in tokens {
            match text.push(token) {
                Grown::By(piece) => pieces.push(piece),
                Grown::Ended(piece) => {
                    pieces.push(piece);
                    ended = true;
                    break;
                }
            }
        }
        if !ended {
            pieces.push(text.finish());
        }
        assert_eq!(pieces, expected, "{stops:?} {tokens:?}");
        assert_eq!(ended, ends, "{stops:?} {tokens:?}");
    }

    #[test]
    fn characters_come_whole() {
        check(&[], &[b"a", b"b"], &["a", "b", ""], false);
        check(&[], &[b"\xC3", b"\xA4!"], &["", "\u{e4}!", ""], false);
        check(&[], &[b"\xF0\x9F", b"\xA7", b"\xA6"], &["", "", "🧦", ""], false);
        check(&[], &[b"x\xE2\x82"], &["x", "\u{FFFD}"], false);
        check(&[], &[b"\xFF", b"a\x80b", b"\xC3a"], &["\u{FFFD}", "a\u{FFFD}b", "\u{FFFD}a", ""], false);
        check(&[], &[b"\xE0\x80", b"x"], &["\u{FFFD}\u{FFFD}", "x", ""], false);
    }

    #[test]
    fn stop_texts_are_found_across_tokens_and_never_shown() {
        check(&["END"], &[b"a E", b"N", b"D b"], &["a ", "", ""], true);
        check(&["END"], &[b"a E", b"N", b"x"], &["a ", "", "ENx", ""], false);
        check(&["END"], &[b"a EN"], &["a ", "EN"], false);
        check(&["\n\n", "Q:"], &[b"a\n", b"b Q", b":"], &["a", "\nb ", ""], true);
        check(&["aab"], &[b"aa", b"a", b"b"], &["", "a", ""], true);
        check(&["abc", "b"], &[b"xabc"], &["x"], true);
        check(&["abc", "b"], &[b"xab"], &["xa"], true);
        check(&["🧦"], &[b"a\xF0\x9F", b"\xA7\xA6b"], &["a", ""], true);
    }
}
