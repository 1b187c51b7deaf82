//! Repairs characters that were split in transit.

use catena_core::{ErrorKind, Result};
use memchr::memchr;

use super::dialect::StreamDecoder;
use super::origin::Origin;

/// Parses JSON and, if that fails, retries with invalid text repaired.
///
/// Invalid text is an escape that is half of a surrogate pair, such as `\ud83d` without its `\ude00`, and bytes that
/// are not UTF-8. Both are replaced by the replacement character. Services and gateways that count in UTF-16 truncate
/// texts there, which is no reason to lose a response.
///
/// # Errors
/// Those of `read`.
///
/// # Example
/// ```
/// use catena_core::{Error, ErrorKind, Result};
/// use catena_http::service::read_mended;
/// let read = |json: &[u8]| -> Result<String> {
///     serde_json::from_slice(json).map_err(|error| Error::new(ErrorKind::Decode, error.to_string()))
/// };
/// assert_eq!(read_mended(br#""one \ud83d\ude00, and half of one: \ud83d""#, read)?, "one 😀, and half of one: \u{FFFD}");
/// # Ok::<(), catena_core::Error>(())
/// ```
pub fn read_mended<T>(json: &[u8], mut read: impl FnMut(&[u8]) -> Result<T>) -> Result<T> {
    let found = read(json);
    if !is_unreadable(&found) {
        return found;
    }
    let text = String::from_utf8_lossy(json);
    match mend(&text, None, false) {
        Some(mended) => read(mended.json.as_bytes()),
        None if text.as_bytes() != json => read(text.as_bytes()),
        None => found,
    }
}

/// A decoder that [repairs](read_mended) events that the inner decoder cannot read, and passes them to it again. A
/// character that was split across two events is delivered whole with the second.
///
/// Every [stream](super::Service::stream) of a service is decoded this way.
///
/// # Example
/// ```
/// use catena_core::{Error, ErrorKind, Result};
/// use catena_http::service::{Mended, Origin, StreamDecoder};
///
/// /// Each event is a text in JSON.
/// struct Texts;
///
/// impl StreamDecoder for Texts {
///     type Chunk = String;
///     fn event(&mut self, _name: Option<&str>, data: &str, _origin: &Origin) -> Result<Option<String>> {
///         serde_json::from_str(data).map_err(|error| Error::new(ErrorKind::Decode, error.to_string()))
///     }
///     fn end(&mut self, _marked: bool, _origin: &Origin) -> Result<Option<String>> {
///         Ok(None)
///     }
///     fn whole(&mut self, body: &[u8], _origin: &Origin) -> Result<String> {
///         Ok(String::from_utf8_lossy(body).into_owned())
///     }
/// }
///
/// let (mut texts, origin) = (Mended::new(Texts), Origin::default());
/// assert_eq!(texts.event(None, r#""smile \ud83d""#, &origin)?.as_deref(), Some("smile "));
/// assert_eq!(texts.event(None, r#""\ude00!""#, &origin)?.as_deref(), Some("😀!"));
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Mended<D> {
    decoder: D,
    /// The high surrogate that a text in an earlier event ended with.
    held: Option<u32>,
}

impl<D: StreamDecoder> Mended<D> {
    /// Wraps a decoder.
    pub fn new(decoder: D) -> Self {
        Self { decoder, held: None }
    }
}

impl<D: StreamDecoder> StreamDecoder for Mended<D> {
    type Chunk = D::Chunk;

    fn event(&mut self, name: Option<&str>, data: &str, origin: &Origin) -> Result<Option<D::Chunk>> {
        let found = self.decoder.event(name, data, origin);
        if !is_unreadable(&found) {
            if matches!(found, Ok(Some(_))) {
                // The text continued without a low surrogate.
                self.held = None;
            }
            return found;
        }
        match mend(data, self.held, true) {
            Some(mended) => {
                self.held = mended.held;
                self.decoder.event(name, &mended.json, origin)
            }
            None => found,
        }
    }

    fn is_complete(&self) -> bool {
        self.decoder.is_complete()
    }

    fn end(&mut self, marked: bool, origin: &Origin) -> Result<Option<D::Chunk>> {
        self.decoder.end(marked, origin)
    }

    fn whole(&mut self, body: &[u8], origin: &Origin) -> Result<D::Chunk> {
        read_mended(body, |body| self.decoder.whole(body, origin))
    }
}

fn is_unreadable<T>(found: &Result<T>) -> bool {
    let unreadable = [ErrorKind::Decode, ErrorKind::InvalidResponse];
    found.as_ref().is_err_and(|error| unreadable.contains(&error.kind()))
}

/// JSON without unpaired surrogates.
struct WithoutHalves {
    json: String,
    /// A high surrogate whose low surrogate has not arrived yet.
    held: Option<u32>,
}

/// Removes unpaired surrogates from JSON, in linear time. A low surrogate at the start of a text is combined with
/// `first`, which came earlier. A high surrogate at the end of a text is removed and kept if `hold` is set; all others
/// are replaced. `None` if there are none.
fn mend(json: &str, first: Option<u32>, hold: bool) -> Option<WithoutHalves> {
    let (mut mended, mut copied) = (String::new(), 0);
    let (mut held, mut joined) = (None, false);
    for Half { at, code, begins } in halves(json) {
        mended.push_str(&json[copied..at]);
        copied = at + ESCAPE;
        let ends = json[copied..].starts_with('"');
        match first {
            Some(first) if begins && is_second(code) => {
                mended.push(whole(first, code));
                joined = true;
            }
            _ if hold && ends && !is_second(code) => held = Some(code),
            _ => mended.push(char::REPLACEMENT_CHARACTER),
        }
    }
    if copied == 0 {
        return None;
    }
    mended.push_str(&json[copied..]);
    Some(WithoutHalves { json: mended, held: held.or(first.filter(|_| !joined)) })
}

/// The length of `\ud83d`.
const ESCAPE: usize = 6;

/// An escape that is an unpaired surrogate.
struct Half {
    at: usize,
    code: u32,
    /// It is at the start of a text.
    begins: bool,
}

/// Returns the unpaired surrogates in JSON, in order.
fn halves(json: &str) -> impl Iterator<Item = Half> + '_ {
    let mut next = 0;
    std::iter::from_fn(move || {
        loop {
            let at = next + memchr(b'\\', json.as_bytes().get(next..)?)?;
            let last = std::mem::replace(&mut next, at + 2);
            let Some(code) = code(json, at) else { continue };
            next = at + ESCAPE;
            if is_first(code) && self::code(json, next).is_some_and(is_second) {
                next += ESCAPE;
            } else if is_first(code) || is_second(code) {
                // An escaped quote does not start a text.
                return Some(Half { at, code, begins: at > last && json[..at].ends_with('"') });
            }
        }
    })
}

/// Returns the code unit of an escape such as `\ud83d`.
fn code(json: &str, at: usize) -> Option<u32> {
    let digits = json.get(at..at + ESCAPE)?.strip_prefix("\\u")?;
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    u32::from_str_radix(digits, 16).ok()
}

fn is_first(code: u32) -> bool {
    (0xD800..0xDC00).contains(&code)
}

fn is_second(code: u32) -> bool {
    (0xDC00..0xE000).contains(&code)
}

/// Combines two surrogates to a character.
fn whole(first: u32, second: u32) -> char {
    char::from_u32(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
        .unwrap_or(char::REPLACEMENT_CHARACTER)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELD: u32 = 0xD83D;

    #[track_caller]
    fn check(json: &str, first: Option<u32>, expected: Option<(&str, Option<u32>)>) {
        let mended = mend(json, first, true);
        let mended = mended.as_ref().map(|mended| (mended.json.as_str(), mended.held));
        assert_eq!(mended, expected, "{json}");
    }

    #[test]
    fn only_halves_are_taken_out() {
        for whole in [
            "",
            r#"{"a":"b"}"#,
            r#""\ud83d\ude00 \uD83D\uDE00 \\ud83d \u00e9 \n""#,
            r#""\\\\ude00""#,
            r#""\u12"#,
            r#""\ud8"#,
            r#""\u+83d""#,
            "\"\\",
            "\"\\é\\",
        ] {
            check(whole, Some(HELD), None);
        }
        check(r#"["\ud83d\ud83d\ude00 x","\ud83dx"]"#, None, Some((r#"["�\ud83d\ude00 x","�x"]"#, None)));
        check(r#"["\\\ude00","\"\ude00"]"#, Some(HELD), Some((r#"["\\�","\"�"]"#, Some(HELD))));
        check(r#"["\ude00"]"#, None, Some((r#"["�"]"#, None)));
        check(r#""\uDE00\uD83D"#, None, Some(("\"��", None)));
    }

    #[test]
    fn a_half_at_the_end_waits_for_the_other_half() {
        check(r#"{"a":"x\ud83d"}"#, None, Some((r#"{"a":"x"}"#, Some(HELD))));
        check(r#"{"a":"\ude00y"}"#, Some(HELD), Some((r#"{"a":"😀y"}"#, None)));
        // The same text twice, as in a token and its probability.
        check(r#"["\ud83d","\ud83d"]"#, None, Some((r#"["",""]"#, Some(HELD))));
        check(r#"["\ude00","\ude00"]"#, Some(HELD), Some((r#"["😀","😀"]"#, None)));
        check(r#"["\ude00\ud83e"]"#, Some(HELD), Some((r#"["😀"]"#, Some(0xD83E))));
        check(r#"["x\ude00"]"#, Some(HELD), Some((r#"["x�"]"#, Some(HELD))));
        let answer = mend(r#"["\ud83d"]"#, None, false).expect("a half");
        assert_eq!((answer.json.as_str(), answer.held), (r#"["�"]"#, None), "nothing follows an answer");
    }

    #[test]
    fn what_is_no_utf_8_is_replaced() {
        let read = |json: &[u8]| match std::str::from_utf8(json) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => Err(catena_core::Error::new(ErrorKind::Decode, "no UTF-8")),
        };
        assert_eq!(read_mended(b"a\xFFb", read).expect("a text"), "a\u{FFFD}b");
    }
}
