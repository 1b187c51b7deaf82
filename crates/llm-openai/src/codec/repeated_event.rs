//! A fast path for events that equal the previous one except for their text, which are most of a stream: they need not
//! be parsed again.

use std::borrow::Cow;
use std::ops::Range;

/// The maximum length of an event that is kept, to bound memory.
const LONGEST: usize = 16 << 10;

/// A parsed event, and the positions of the texts that change from event to event.
#[derive(Debug, Default)]
pub(super) struct RepeatedEvent {
    known: String,
    gaps: Vec<Gap>,
}

/// The position of a JSON string, without its quotes.
#[derive(Debug)]
struct Gap {
    place: Range<usize>,
    /// Whether it is content; otherwise it is padding.
    is_content: bool,
}

impl RepeatedEvent {
    /// Records an event that held `content` and nothing else. `padding` may change too. Both must be borrowed from
    /// `event`; a text that is not cannot be located, and counts as fixed.
    pub(super) fn learn(&mut self, event: &str, content: &str, padding: Option<&str>) {
        self.forget();
        if event.len() > LONGEST {
            return;
        }
        let content = place_of(content, event).map(|place| Gap { place, is_content: true });
        let Some(content) = content else { return };
        let padding = padding.and_then(|padding| place_of(padding, event));
        self.gaps.push(content);
        self.gaps.extend(padding.map(|place| Gap { place, is_content: false }));
        self.gaps.sort_unstable_by_key(|gap| gap.place.start);
        self.known.push_str(event);
    }

    /// Forgets the recorded event.
    pub(super) fn forget(&mut self) {
        self.known.clear();
        self.gaps.clear();
    }

    /// Returns the content of an event that equals the recorded one except for its texts. `None` if it has to be
    /// parsed.
    pub(super) fn content_of<'a>(&self, event: &'a str) -> Option<Cow<'a, str>> {
        let (mut at, mut read, mut content) = (0, 0, None);
        for gap in &self.gaps {
            let same = &self.known[read..gap.place.start];
            let rest = event.get(at..)?.strip_prefix(same)?;
            at += same.len();
            let end = at + string_length(rest)?;
            let text = unescaped(&event[at - 1..=end])?;
            if gap.is_content {
                content = Some(text);
            }
            (at, read) = (end, gap.place.end);
        }
        (event[at..] == self.known[read..]).then_some(content).flatten()
    }
}

/// Returns the position of a part that was borrowed from an event as a string.
fn place_of(part: &str, event: &str) -> Option<Range<usize>> {
    let start = part.as_ptr().addr().checked_sub(event.as_ptr().addr())?;
    let place = start..start.checked_add(part.len())?;
    let quoted = event.get(start.checked_sub(1)?..=place.end)?;
    (quoted.len() >= 2 && quoted.starts_with('"') && quoted.ends_with('"')).then_some(place)
}

/// Returns the length of a string up to its closing quote.
fn string_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// Unescapes a quoted string.
fn unescaped(quoted: &str) -> Option<Cow<'_, str>> {
    let text = &quoted[1..quoted.len() - 1];
    if text.bytes().any(|byte| byte == b'\\' || byte < b' ') {
        return serde_json::from_str(quoted).ok().map(Cow::Owned);
    }
    Some(Cow::Borrowed(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &str = r#"{"c":"one","x":1,"pad":"ab"}"#;

    /// Checks what is read in `event` when the known one was learned with gaps at `one` and `ab`.
    #[track_caller]
    fn check(event: &str, expected: Option<&str>) {
        let mut repeated = RepeatedEvent::default();
        assert_eq!(repeated.content_of(event), None, "nothing is known");
        repeated.learn(KNOWN, &KNOWN[6..9], Some(&KNOWN[24..26]));
        assert_eq!(repeated.content_of(KNOWN).as_deref(), Some("one"));
        assert_eq!(repeated.content_of(event).as_deref(), expected, "{event}");
        repeated.forget();
        assert_eq!(repeated.content_of(KNOWN), None);
    }

    #[test]
    fn only_texts_may_change() {
        check(r#"{"c":"two","x":1,"pad":"cde"}"#, Some("two"));
        check(r#"{"c":"","x":1,"pad":""}"#, Some(""));
        check(r#"{"c":"é🦀","x":1,"pad":"é"}"#, Some("é🦀"));
        check(r#"{"c":"a\n\"b\\\u00e9","x":1,"pad":"\""}"#, Some("a\n\"b\\é"));
        for other in [
            "",
            "{",
            r#"{"c":"two"#,
            r#"{"c":"two\"#,
            r#"{"c":"two\""#,
            r#"{"c":"two","x":2,"pad":"cde"}"#,
            r#"{"c":"two","x":1,"pad":"cde"} "#,
            r#"{"c":"two","x":1,"pad":"cde""#,
            r#"{"c":"two","y":"","x":1,"pad":"cde"}"#,
            r#"{"c":null,"x":1,"pad":"cde"}"#,
            r#"{"c":"bad \é","x":1,"pad":"cde"}"#,
            r#"{"c":"half \ud83e","x":1,"pad":"cde"}"#,
            "{\"c\":\"a\nb\",\"x\":1,\"pad\":\"cde\"}",
            "{\"c\":\"ab\",\"x\":1,\"pad\":\"c\u{1}de\"}",
        ] {
            check(other, None);
        }
    }

    #[test]
    fn what_is_no_part_of_the_event_is_not_learned() {
        for part in ["one", "", &KNOWN[5..9], &KNOWN[6..8], KNOWN] {
            let mut repeated = RepeatedEvent::default();
            repeated.learn(KNOWN, part, None);
            assert_eq!(repeated.content_of(KNOWN), None, "{part}");
        }
    }

    #[test]
    fn a_long_event_is_not_kept() {
        for (length, kept) in [(LONGEST, true), (LONGEST + 1, false)] {
            let event = format!("{{\"c\":\"{}\"}}", "x".repeat(length - 8));
            let mut repeated = RepeatedEvent::default();
            repeated.learn(&event, &event[6..length - 2], None);
            assert_eq!(repeated.content_of(&event).is_some(), kept, "{length}");
        }
    }

    #[test]
    fn the_padding_may_come_first() {
        let event = r#"{"pad":"ab","c":"one"}"#;
        let mut repeated = RepeatedEvent::default();
        repeated.learn(event, &event[17..20], Some(&event[8..10]));
        assert_eq!(repeated.content_of(r#"{"pad":"","c":"two"}"#).as_deref(), Some("two"));
    }
}
