//! Formatting of floats, with and without a format.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::integer::no_grouping;
use super::number::Pieces;
use super::{FormatSpec, Kind, Unfit};

/// The default precision of `f`, `e`, `g` and `%`.
const DEFAULT_PRECISION: usize = 6;

/// Without a precision, exponents are used from 1e16 on and below 1e-4.
const EXPONENT_FROM: i32 = 16;
const EXPONENT_BELOW: i32 = -4;

/// Formats a number as Python does: with the fewest digits that identify it, `1.0`, `1e+16`.
pub(crate) fn shortest(value: f64) -> String {
    let mut out = String::new();
    if value.is_sign_negative() && !value.is_nan() {
        out.push('-');
    }
    out.push_str(&digits(&FormatSpec::default(), value.abs()));
    out
}

pub(super) fn write(spec: &FormatSpec, value: f64, out: &mut String) -> Result<(), Unfit> {
    match (spec.kind, spec.grouping) {
        (Some(kind @ Kind::Localized), Some(grouping)) => return Err(no_grouping(grouping, kind)),
        (Some(kind), _) if !kind.is_float() && kind != Kind::Localized => {
            return Err(spec.unknown_kind("a floating-point number"));
        }
        _ => {}
    }
    let percent = spec.kind == Some(Kind::Percent);
    let value = if percent { value * 100.0 } else { value };
    let mut written = digits(spec, value.abs());
    if percent {
        written.to_mut().push('%');
    }
    let is_zero =
        || written.bytes().take_while(|byte| !matches!(byte, b'e' | b'E')).all(|b| !matches!(b, b'1'..=b'9'));
    let negative = value.is_sign_negative()
        && !value.is_nan()
        && !(spec.no_negative_zero && value.is_finite() && is_zero());
    // Letters are not digits: `inf` and `nan` are padded, but never grouped.
    let split = written.find(|char: char| !char.is_ascii_digit()).filter(|_| value.is_finite());
    let (digits, rest) = written.split_at(split.unwrap_or(written.len()));
    let mut ungrouped = spec.clone();
    let spec = if value.is_finite() {
        spec
    } else {
        ungrouped.grouping = None;
        &ungrouped
    };
    Pieces { negative, prefix: "", digits, group: 3, rest }.write(spec, out);
    Ok(())
}

/// Returns the digits, decimal point and exponent of a number without its sign.
fn digits(spec: &FormatSpec, value: f64) -> Cow<'static, str> {
    let upper = matches!(
        spec.kind,
        Some(Kind::Exponent { upper: true } | Kind::Fixed { upper: true } | Kind::General { upper: true })
    );
    if !value.is_finite() {
        let word = if value.is_nan() { ("nan", "NAN") } else { ("inf", "INF") };
        return if upper { word.1 } else { word.0 }.into();
    }
    let precision = spec.precision.unwrap_or(DEFAULT_PRECISION);
    let letter = if upper { 'E' } else { 'e' };
    match (spec.kind, spec.precision) {
        (Some(Kind::Exponent { .. }), _) => {
            let (digits, exponent) = rounded(value, precision);
            scientific(&digits, exponent, letter, spec.alternate)
        }
        (Some(Kind::Fixed { .. } | Kind::Percent), _) => {
            let point = if precision == 0 && spec.alternate { "." } else { "" };
            format!("{value:.precision$}{point}")
        }
        (None, None) => {
            let (digits, exponent) = fewest(value);
            let exponential = !(EXPONENT_BELOW..EXPONENT_FROM).contains(&exponent);
            general(&digits, exponent, exponential, letter, spec.alternate, true)
        }
        (kind, _) => {
            let precision = precision.max(1);
            let (mut digits, exponent) = rounded(value, precision - 1);
            let limit = i32::try_from(precision).unwrap_or(i32::MAX) - i32::from(kind.is_none());
            let exponential = exponent < EXPONENT_BELOW || exponent >= limit;
            if !spec.alternate {
                digits.truncate(digits.trim_end_matches('0').len().max(1));
            }
            general(&digits, exponent, exponential, letter, spec.alternate, kind.is_none())
        }
    }
    .into()
}

/// Returns one digit before the decimal point and `precision` digits after it, rounded half to even, and the exponent.
fn rounded(value: f64, precision: usize) -> (String, i32) {
    split_exponent(&format!("{value:.precision$e}"))
}

/// Returns the fewest digits that identify the number, and the exponent.
fn fewest(value: f64) -> (String, i32) {
    let (digits, exponent) = split_exponent(&format!("{value:e}"));
    // Of two equally near candidates, the even one is used if it also identifies the number. Only long ones can be
    // equally near.
    if digits.len() >= 15 {
        let even = format!("{value:.*e}", digits.len() - 1);
        if even.parse() == Ok(value) {
            return split_exponent(&even);
        }
    }
    (digits, exponent)
}

fn split_exponent(written: &str) -> (String, i32) {
    let (digits, exponent) = written.split_once('e').unwrap_or((written, "0"));
    (digits.replace('.', ""), exponent.parse().unwrap_or(0))
}

/// Formats a number as `1.5e+03`.
fn scientific(digits: &str, exponent: i32, letter: char, point: bool) -> String {
    let (first, fraction) = digits.split_at(1);
    let point = if fraction.is_empty() && !point { "" } else { "." };
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{first}{point}{fraction}{letter}{sign}{:02}", exponent.unsigned_abs())
}

/// Formats a number with or without an exponent; `whole` adds `.0` to a number without a fraction.
fn general(digits: &str, exponent: i32, exponential: bool, letter: char, point: bool, whole: bool) -> String {
    if exponential {
        return scientific(digits, exponent, letter, point);
    }
    let mut out = String::new();
    let before = usize::try_from(exponent + 1).unwrap_or(0);
    if before == 0 {
        // Writing to a string cannot fail.
        let _ = write!(out, "0.{:0>1$}", digits, digits.len() + exponent.unsigned_abs() as usize - 1);
    } else if digits.len() <= before {
        let _ = write!(out, "{digits:0<before$}");
        out.push_str(if whole {
            ".0"
        } else if point {
            "."
        } else {
            ""
        });
    } else {
        let (before, fraction) = digits.split_at(before);
        let _ = write!(out, "{before}.{fraction}");
    }
    out
}
