//! Splits text into pieces about the size of a language model's tokens.

/// Returns the pieces of a text, whose concatenation is the text: words with the space before them, split at inner
/// capitals, and long ones in two; punctuation and line breaks separately.
pub(super) fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let end = at + character.len_utf8();
        let next = characters.peek().map(|(_, next)| *next);
        if next.is_none_or(|next| cuts(character, next)) {
            push_word(&mut pieces, &text[start..end]);
            start = end;
        }
    }
    pieces
}

/// Estimates the number of tokens of a text.
pub(super) fn count(text: &str) -> usize {
    pieces(text).len()
}

/// Returns whether a token ends between the two characters.
fn cuts(character: char, next: char) -> bool {
    match (character, next) {
        (' ', next) => !next.is_alphanumeric(),
        ('\n', '\n') => false,
        (before, after) if before.is_alphanumeric() && after.is_alphanumeric() => {
            before.is_lowercase() && after.is_uppercase()
        }
        _ => true,
    }
}

fn push_word<'a>(pieces: &mut Vec<&'a str>, word: &'a str) {
    let length = word.chars().count();
    match word.char_indices().nth(length.div_ceil(2)) {
        Some((middle, _)) if length > 7 => pieces.extend([&word[..middle], &word[middle..]]),
        _ => pieces.push(word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        assert_eq!(pieces(text), expected);
        assert_eq!(pieces(text).concat(), text);
    }

    #[test]
    fn text_is_cut_into_pieces() {
        check("", &[]);
        check("\n\nBrushWise Toothpaste Co.", &["\n\n", "Brush", "Wise", " Tooth", "paste", " Co", "."]);
        check("a, b", &["a", ",", " b"]);
        check("größe 東京", &["größe", " 東京"]);
        check("  two", &[" ", " two"]);
    }
}
