//! Formatting of texts.

use super::{Align, FormatSpec, Kind, Unfit, repeat};

pub(super) fn write(spec: &FormatSpec, text: &str, out: &mut String) -> Result<(), Unfit> {
    let (fill, align) = spec.padding(Align::Left);
    if let Some(why) = unfit(spec, align) {
        return Err(why);
    }
    let text = match spec.precision {
        Some(most) => text.char_indices().nth(most).map_or(text, |(end, _)| &text[..end]),
        None => text,
    };
    let missing = match spec.width {
        0 => 0,
        width => width.saturating_sub(text.chars().count()),
    };
    let before = match align {
        Align::Right => missing,
        Align::Center => missing / 2,
        Align::Left | Align::AfterSign => 0,
    };
    repeat(out, fill, before);
    out.push_str(text);
    repeat(out, fill, missing - before);
    Ok(())
}

fn unfit(spec: &FormatSpec, align: Align) -> Option<Unfit> {
    if spec.kind.is_some_and(|kind| kind != Kind::Text) {
        return Some(spec.unknown_kind("a string"));
    }
    let why = if spec.sign.is_some() {
        "a sign is not allowed for a string"
    } else if spec.no_negative_zero {
        "`z` is not allowed for a string"
    } else if spec.alternate {
        "`#` is not allowed for a string"
    } else if align == Align::AfterSign {
        "`=` alignment is not allowed for a string"
    } else if spec.grouping.is_some() {
        "digit grouping is not allowed for a string"
    } else {
        return None;
    };
    Some(why.into())
}
