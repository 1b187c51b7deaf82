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
        return Some(spec.unknown_kind("a text"));
    }
    let why = if spec.sign.is_some() {
        "a text has no sign"
    } else if spec.no_negative_zero {
        "a text is not negative"
    } else if spec.alternate {
        "a text has no alternate form"
    } else if align == Align::AfterSign {
        "a text has no sign to fill up behind"
    } else if spec.grouping.is_some() {
        "a text has no digits to group"
    } else {
        return None;
    };
    Some(why.into())
}
