//! Formatting of integers.

use super::number::Pieces;
use super::{Align, FormatSpec, Grouping, Kind, Unfit, float, repeat};

pub(super) fn write(spec: &FormatSpec, value: i128, out: &mut String) -> Result<(), Unfit> {
    let kind = spec.kind.unwrap_or(Kind::Decimal);
    if kind.is_float() {
        // Python also converts an integer to a float here.
        return float::write(spec, value as f64, out);
    }
    if let Some(why) = unfit(spec, kind) {
        return Err(why);
    }
    let size = value.unsigned_abs();
    let (digits, prefix, group) = match kind {
        Kind::Character => return write_character(spec, value, out),
        Kind::Binary => (format!("{size:b}"), "0b", 4),
        Kind::Octal => (format!("{size:o}"), "0o", 4),
        Kind::Hex { upper: false } => (format!("{size:x}"), "0x", 4),
        Kind::Hex { upper: true } => (format!("{size:X}"), "0X", 4),
        _ => (size.to_string(), "", 3),
    };
    let prefix = if spec.alternate { prefix } else { "" };
    Pieces { negative: value < 0, prefix, digits: &digits, group, rest: "" }.write(spec, out);
    Ok(())
}

fn write_character(spec: &FormatSpec, value: i128, out: &mut String) -> Result<(), Unfit> {
    let character = u32::try_from(value).ok().and_then(char::from_u32);
    let character = character.ok_or_else(|| format!("{value} is not a valid character code"))?;
    let (fill, align) = spec.padding(Align::Right);
    let missing = spec.width.saturating_sub(1);
    let before = match align {
        Align::Left => 0,
        Align::Center => missing / 2,
        Align::Right | Align::AfterSign => missing,
    };
    repeat(out, fill, before);
    out.push(character);
    repeat(out, fill, missing - before);
    Ok(())
}

fn unfit(spec: &FormatSpec, kind: Kind) -> Option<Unfit> {
    if kind == Kind::Text {
        return Some(spec.unknown_kind("an integer"));
    }
    if let Some(grouping) = spec.grouping.filter(|grouping| !may_group(*grouping, kind)) {
        return Some(no_grouping(grouping, kind));
    }
    let character = kind == Kind::Character;
    let why = if spec.precision.is_some() {
        "a precision is not allowed for an integer"
    } else if spec.no_negative_zero {
        "`z` is not allowed for an integer"
    } else if character && spec.sign.is_some() {
        "a sign is not allowed with the format type `c`"
    } else if character && spec.alternate {
        "`#` is not allowed with the format type `c`"
    } else {
        return None;
    };
    Some(why.into())
}

fn may_group(grouping: Grouping, kind: Kind) -> bool {
    match kind {
        Kind::Decimal => true,
        Kind::Binary | Kind::Octal | Kind::Hex { .. } => grouping == Grouping::Underscore,
        _ => false,
    }
}

pub(super) fn no_grouping(grouping: Grouping, kind: Kind) -> Unfit {
    format!("`{}` is not allowed with the format type `{}`", grouping.symbol(), kind.letter()).into()
}
