//! The alphabet of byte-level vocabularies, in which every byte is a visible character.

use std::sync::LazyLock;

/// Printable bytes stand for themselves; the others, in order, are mapped to the characters from U+0100 on. As in
/// GPT-2.
static LETTERS: LazyLock<[char; 256]> = LazyLock::new(|| {
    let mut next = 0x100..;
    std::array::from_fn(|byte| {
        let byte = byte as u8;
        match byte {
            b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF => byte.into(),
            // The range is unbounded, and its first characters are all valid.
            _ => next.next().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER),
        }
    })
});

/// Returns the character of a byte.
pub(super) fn letter(byte: u8) -> char {
    LETTERS[usize::from(byte)]
}

/// Returns the bytes of a token; `None` if it has a character outside the alphabet.
pub(super) fn bytes(token: &str) -> Option<Vec<u8>> {
    let byte = |letter: char| match letter {
        '!'..='~' | '\u{A1}'..='\u{AC}' | '\u{AE}'..='\u{FF}' => Some(letter as u8),
        '\u{100}'..'\u{200}' => LETTERS.iter().position(|known| *known == letter).map(|byte| byte as u8),
        _ => None,
    };
    token.chars().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_a_letter_of_its_own() {
        let all: Vec<u8> = (0..=255).collect();
        let letters: String = all.iter().copied().map(letter).collect();
        assert_eq!(bytes(&letters), Some(all));
        assert_eq!((letter(b' '), letter(b'\n'), letter(b'a')), ('Ġ', 'Ċ', 'a'));
        assert_eq!(bytes("Ġthe"), Some(b" the".to_vec()));
        assert_eq!(bytes("<|im_end|>\u{2581}"), None);
    }
}
