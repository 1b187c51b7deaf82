//! Where in a complete answer the XML is.

use std::ops::Range;

use crate::parser::character::is_space;

const FENCE: &str = "```";
const LANGUAGE: &str = "xml";

/// The part of the answer that should be XML: what is between the first fence and the last, if there are two, and then
/// what is behind a declaration of an encoding on a line of its own, without white space around it.
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

/// Where the text behind the first tag with the word `encoding` begins, if it ends its line.
fn behind_encoding(text: &str) -> usize {
    let mut at = 0;
    while let Some(end) = text[at..].find(">\n").map(|length| at + length) {
        // A tag has no `>` within it; all of it but the last piece is passed over.
        let tag = text[at..end].rsplit('>').next().unwrap_or_default();
        if tag.split_once('<').is_some_and(|(_, inner)| inner.contains("encoding")) {
            return end + 2;
        }
        at = end + 2;
    }
    0
}
