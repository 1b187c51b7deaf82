//! Location of the XML in a complete answer.

use std::ops::Range;

use crate::parser::character::is_space;

const FENCE: &str = "```";
const LANGUAGE: &str = "xml";

/// Returns the part of the answer that should be XML, trimmed: the text between the first and last code fence, if there
/// are two, and after an encoding declaration on its own line.
pub(super) fn find(answer: &str) -> Range<usize> {
    let mut range = 0..answer.len();
    if let (Some(first), Some(last)) = (answer.find(FENCE), answer.rfind(FENCE))
        && last >= first + FENCE.len()
    {
        range = first + FENCE.len()..last;
        range.start += if answer[range.clone()].starts_with(LANGUAGE) { LANGUAGE.len() } else { 0 };
    }
    range.start += behind_encoding(&answer[range.clone()]);
    let part = &answer[range.clone()];
    range.start += part.len() - part.trim_start_matches(is_space).len();
    range.end = range.start + answer[range.clone()].trim_end_matches(is_space).len();
    range
}

/// Returns the start of the text after the first tag with the word `encoding`, if that tag ends its line.
fn behind_encoding(text: &str) -> usize {
    let mut at = 0;
    while let Some(end) = text[at..].find(">\n").map(|length| at + length) {
        // A tag contains no `>`; skip everything before the last piece.
        let tag = text[at..end].rsplit('>').next().unwrap_or_default();
        if tag.split_once('<').is_some_and(|(_, inner)| inner.contains("encoding")) {
            return end + 2;
        }
        at = end + 2;
    }
    0
}
