//! Characters and references in XML.

use super::Failure;

/// Returns whether a name may start with this character.
pub(super) fn begins_name(character: char) -> bool {
    character.is_alphabetic() || matches!(character, '_' | ':')
}

/// Returns whether a name may contain this character.
fn in_name(character: char) -> bool {
    begins_name(character)
        || character.is_numeric()
        || matches!(character, '-' | '.' | '\u{b7}' | '\u{300}'..='\u{36f}')
}

/// Returns the name at the start of the text, which may be empty.
pub(super) fn name(text: &str) -> &str {
    match text.starts_with(begins_name) {
        true => &text[..text.find(|character| !in_name(character)).unwrap_or(text.len())],
        false => "",
    }
}

pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// Returns whether the text contains anything but white space.
pub(super) fn says_something(text: &str) -> bool {
    !text.chars().all(crate::parser::character::is_space)
}

/// Appends the decoded text of this part of the document, which begins at the byte `at`.
pub(super) fn add_decoded(raw: &str, at: usize, to: &mut String) -> Result<(), Failure> {
    let mut rest = raw;
    while let Some(length) = rest.find('&') {
        add_characters(&rest[..length], at + raw.len() - rest.len(), to)?;
        let begin = at + raw.len() - rest.len() + length;
        let reference = &rest[length + 1..];
        let end = reference.find(';').ok_or_else(|| Failure::new(begin, "`&amp;` for a literal `&`"))?;
        let known = character(&reference[..end]);
        to.push(known.ok_or_else(|| {
            Failure::new(
                begin,
                "a character reference, or one of `&amp;`, `&lt;`, `&gt;`, `&quot;`, `&apos;`",
            )
        })?);
        rest = &reference[end + 1..];
    }
    add_characters(rest, at + raw.len() - rest.len(), to)
}

/// Appends text without references, with line breaks normalised to `\n`.
pub(super) fn add_characters(raw: &str, at: usize, to: &mut String) -> Result<(), Failure> {
    if let Some(bad) = raw.find(|character| !is_allowed(character)) {
        return Err(Failure::new(at + bad, "a character that XML allows"));
    }
    match raw.contains('\r') {
        true => to.push_str(&raw.replace("\r\n", "\n").replace('\r', "\n")),
        false => to.push_str(raw),
    }
    Ok(())
}

fn is_allowed(character: char) -> bool {
    match character {
        '\t' | '\n' | '\r' => true,
        character => character >= ' ' && !matches!(character, '\u{fffe}' | '\u{ffff}'),
    }
}

/// Returns the character of a reference, given the text between `&` and `;`.
fn character(reference: &str) -> Option<char> {
    let code = match reference {
        "amp" => return Some('&'),
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "quot" => return Some('"'),
        "apos" => return Some('\''),
        reference => reference.strip_prefix('#')?,
    };
    let (digits, base) = code.strip_prefix('x').map_or((code, 10), |digits| (digits, 16));
    // Excludes a sign, which `from_str_radix` would accept.
    let digits = Some(digits).filter(|digits| digits.chars().all(|digit| digit.is_digit(base)))?;
    char::from_u32(u32::from_str_radix(digits, base).ok()?).filter(|character| is_allowed(*character))
}
