//! Python's format mini-language, with Rust's formatting as the second opinion.

use catena_core::{PromptTemplate, vars};
use serde_json::{Value, json};

use crate::input::Input;
use crate::law::checked;

pub(super) const WORDS: &[&str] = &[
    "<",
    ">",
    "^",
    "=",
    "+",
    "-",
    " ",
    "z",
    "#",
    "0",
    "10",
    "65535",
    "65536",
    "99999999999999999999",
    ",",
    "_",
    ".0",
    ".3",
    ".17",
    ".400",
    "d",
    "n",
    "x",
    "X",
    "o",
    "b",
    "c",
    "s",
    "e",
    "E",
    "f",
    "F",
    "g",
    "G",
    "%",
    "é",
    "*<",
    "{",
    "}",
];

/// A format, and a value made of the last bytes.
pub(super) fn format_spec(data: &[u8]) {
    let input = Input::new(data);
    let (spec, number) = input.bytes.split_at(input.bytes.len().saturating_sub(8));
    let mut bytes = [0; 8];
    bytes[..number.len()].copy_from_slice(number);
    let bits = u64::from_le_bytes(bytes);
    let float = f64::from_bits(bits);
    let spec = String::from_utf8_lossy(spec);
    let value = match input.control % 5 {
        0 => json!(bits),
        1 => json!(bits.cast_signed() >> (bits % 64)),
        2 => json!(bits.is_multiple_of(2)),
        3 => json!(spec.chars().rev().collect::<String>()),
        _ => json!(float),
    };
    if let Some(text) = written(&spec, &value) {
        assert!(
            text.len() <= 4 * 65_535 + 2_000 + spec.len(),
            "{} bytes for {value} with {spec:?}",
            text.len()
        );
    }
    integers(bits.cast_signed() >> (input.control % 64));
    if float.is_finite() {
        floats(float, usize::from(input.control));
    }
}

fn integers(number: i64) {
    let check = |spec: &str, expected: String| same(spec, &json!(number), &expected);
    check("", number.to_string());
    check("d", number.to_string());
    check("12", format!("{number:12}"));
    check("<+22", format!("{number:<+22}"));
    check("^022", format!("{number:0^22}"));
    let sign = if number < 0 { "-" } else { "" };
    let size = number.unsigned_abs();
    check("x", format!("{sign}{size:x}"));
    check("#X", format!("{sign}0X{size:X}"));
    check("o", format!("{sign}{size:o}"));
    check("b", format!("{sign}{size:b}"));
}

fn floats(number: f64, precision: usize) {
    let value = json!(number);
    for spec in ["", "!r", ":.17g", ":.16e"] {
        let template = format!("{{x{spec}}}");
        let text =
            PromptTemplate::new(&template).and_then(|template| template.format(vars! { x: value.clone() }));
        let text = text.unwrap_or_else(|error| panic!("{template} of {number:?}: {error}"));
        assert_eq!(
            text.parse::<f64>().map(f64::to_bits),
            Ok(number.to_bits()),
            "{template} of {number:?}: {text}"
        );
    }
    same(&format!(".{precision}f"), &value, &format!("{number:.precision$}"));
    same(&format!("+.{precision}f"), &value, &format!("{number:+.precision$}"));
    // Rust writes `1e-7` where Python writes `1e-07`.
    let rust = format!("{number:.precision$e}");
    let (digits, exponent) = rust.split_once('e').unwrap_or((&rust, "0"));
    let (sign, size) = exponent.strip_prefix('-').map_or(("+", exponent), |size| ("-", size));
    same(&format!(".{precision}e"), &value, &format!("{digits}e{sign}{size:0>2}"));
}

#[track_caller]
fn same(spec: &str, value: &Value, expected: &str) {
    assert_eq!(written(spec, value).as_deref(), Some(expected), "{value} with {spec:?}");
}

fn written(spec: &str, value: &Value) -> Option<String> {
    let template = checked(PromptTemplate::new(&format!("{{x:{spec}}}")))?;
    checked(template.format(vars! { x: value.clone() }))
}
