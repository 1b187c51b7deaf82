//! Syntax of format specifications: `[[fill]align][sign][z][#][0][width][grouping][.precision][type]`.

/// The maximum width and precision, as in core.
const MOST: usize = 65_535;

/// Checks the text after the colon of a field. Whether a value fits the format is known only when the template is
/// filled.
pub(crate) fn check(spec: &str) -> Result<(), String> {
    let (rest, filled) = behind_alignment(spec);
    let rest = rest.strip_prefix(['+', '-', ' ']).unwrap_or(rest);
    let rest = rest.strip_prefix('z').unwrap_or(rest);
    let rest = rest.strip_prefix('#').unwrap_or(rest);
    // After an explicit fill character, a zero is part of the width.
    let rest = if filled { rest } else { rest.strip_prefix('0').unwrap_or(rest) };
    let (_, rest) = number(rest, "width")?;
    let rest = behind_grouping(rest)?;
    let rest = match rest.strip_prefix('.') {
        Some(rest) => match number(rest, "precision")? {
            (true, rest) => rest,
            (false, _) => return Err("missing digits after `.`".into()),
        },
        None => rest,
    };
    check_type(rest)
}

/// Returns the text after the alignment, and whether there was a fill character.
fn behind_alignment(spec: &str) -> (&str, bool) {
    let is_alignment = |char: &char| matches!(char, '<' | '>' | '^' | '=');
    let mut chars = spec.chars();
    let first = chars.next();
    let behind_first = chars.as_str();
    if chars.next().as_ref().is_some_and(is_alignment) {
        return (chars.as_str(), true);
    }
    (if first.as_ref().is_some_and(is_alignment) { behind_first } else { spec }, false)
}

/// Returns whether there is a number, and the text after it.
fn number<'a>(text: &'a str, what: &str) -> Result<(bool, &'a str), String> {
    let rest = text.trim_start_matches(|char: char| char.is_ascii_digit());
    let digits = &text[..text.len() - rest.len()];
    // Digits that do not parse are too many.
    if !digits.is_empty() && digits.parse().map_or(true, |number: usize| number > MOST) {
        return Err(format!("the {what} exceeds {MOST}"));
    }
    Ok((!digits.is_empty(), rest))
}

fn behind_grouping(text: &str) -> Result<&str, String> {
    match text.strip_prefix([',', '_']) {
        Some(rest) if rest.starts_with([',', '_']) => Err("`,` and `_` cannot be combined".into()),
        Some(rest) => Ok(rest),
        None => Ok(text),
    }
}

fn check_type(text: &str) -> Result<(), String> {
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (None, _) => Ok(()),
        (Some(letter), None) if "sbcdoxXneEfFgG%".contains(letter) => Ok(()),
        (Some(letter), None) => Err(format!("unknown format type `{letter}`")),
        (Some(_), Some(_)) => Err(format!("unknown format type `{text:.40}`")),
    }
}
