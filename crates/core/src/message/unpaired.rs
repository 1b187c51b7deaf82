//! Escapes in JSON that are half of a surrogate pair.

use std::borrow::Cow;

/// The length of `\ud83d`.
const ESCAPE: usize = 6;

/// Replaces unpaired surrogates in a JSON text, such as `\ud83d` without its `\ude00`, by the replacement character.
pub(super) fn replace_unpaired(json: &str) -> Cow<'_, str> {
    let (mut replaced, mut copied, mut at) = (String::new(), 0, 0);
    while let Some(found) = json.get(at..).and_then(|rest| rest.find('\\')) {
        at += found;
        match (code(json, at), code(json, at + ESCAPE)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => at += 2 * ESCAPE,
            (Some(0xD800..=0xDFFF), _) => {
                replaced.push_str(&json[copied..at]);
                replaced.push(char::REPLACEMENT_CHARACTER);
                at += ESCAPE;
                copied = at;
            }
            _ => at += 1 + json[at + 1..].chars().next().map_or(0, char::len_utf8),
        }
    }
    match copied {
        0 => json.into(),
        _ => (replaced + &json[copied..]).into(),
    }
}

/// Returns the code unit of an escape such as `\ud83d`.
fn code(json: &str, at: usize) -> Option<u32> {
    let digits = json.get(at..at + ESCAPE)?.strip_prefix("\\u")?;
    let is_code = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_code.then(|| u32::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_unpaired_is_replaced() {
        for whole in [
            "",
            r#""\ud83d\ude00 \uD83D\uDE00""#,
            r"\\ud83d",
            r"\u00e9 \n",
            r"\ud8",
            r"\u+83d",
            "\\",
            "\\é\\",
        ] {
            assert_eq!(replace_unpaired(whole), whole);
        }
        assert_eq!(replace_unpaired(r"a\ud83db\uDE00"), "a\u{FFFD}b\u{FFFD}");
        assert_eq!(replace_unpaired(r"\ud83d\ud83d\ude00\\\ude00"), "\u{FFFD}\\ud83d\\ude00\\\\\u{FFFD}");
    }
}
