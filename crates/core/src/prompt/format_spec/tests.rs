//! Formatted values, compared with Python's.

use super::*;
use serde_json::{Value, json};

#[track_caller]
fn check(value: Value, cases: &[(&str, &str)]) {
    for (spec, expected) in cases {
        let mut out = String::new();
        let written =
            FormatSpec::parse(spec).and_then(|spec| spec.write(&Data::from(value.clone()), &mut out));
        let shown = written.map_or_else(|why| format!("! {why}"), |()| out);
        assert_eq!(shown, *expected, "{value} as {spec:?}");
    }
}

#[test]
fn texts() {
    check(
        json!("abc"),
        &[
            ("", "abc"),
            ("s", "abc"),
            ("8", "abc     "),
            (">8", "     abc"),
            ("-^9", "---abc---"),
            ("^6", " abc  "),
            (".2", "ab"),
            ("6.2", "ab    "),
            ("06", "abc000"),
            ("2", "abc"),
            ("é<4", "abcé"),
            ("+", "! a sign is not allowed for a string"),
            ("#", "! `#` is not allowed for a string"),
            ("=9", "! `=` alignment is not allowed for a string"),
            (",", "! digit grouping is not allowed for a string"),
            ("z", "! `z` is not allowed for a string"),
            ("d", "! the format type `d` is not supported for a string"),
        ],
    );
    check(json!("日本"), &[("4", "日本  "), (".1", "日")]);
}

#[test]
fn integers() {
    check(
        json!(42),
        &[
            ("", "42"),
            ("d", "42"),
            ("6", "    42"),
            ("<6", "42    "),
            ("^5", " 42  "),
            ("06", "000042"),
            ("+", "+42"),
            (" ", " 42"),
            ("-", "42"),
            ("x", "2a"),
            ("X", "2A"),
            ("#x", "0x2a"),
            ("#X", "0X2A"),
            ("b", "101010"),
            ("#o", "0o52"),
            ("#010x", "0x0000002a"),
            ("c", "*"),
            ("n", "42"),
            (".2f", "42.00"),
            ("e", "4.200000e+01"),
            ("%", "4200.000000%"),
            ("x<06", "42xxxx"),
            ("<06", "420000"),
            (".2", "! a precision is not allowed for an integer"),
            (".2d", "! a precision is not allowed for an integer"),
            ("s", "! the format type `s` is not supported for an integer"),
            ("z", "! `z` is not allowed for an integer"),
            ("+c", "! a sign is not allowed with the format type `c`"),
            ("#c", "! `#` is not allowed with the format type `c`"),
        ],
    );
    check(
        json!(-1234567),
        &[
            (",", "-1,234,567"),
            ("_", "-1_234_567"),
            ("015,d", "-00,001,234,567"),
            ("_x", "-12_d687"),
            ("013,", "-0,001,234,567"),
            ("=+12", "-    1234567"),
            ("c", "! -1234567 is not a valid character code"),
            (",x", "! `,` is not allowed with the format type `x`"),
            (",n", "! `,` is not allowed with the format type `n`"),
        ],
    );
    check(json!(u64::MAX), &[("", "18446744073709551615"), ("x", "ffffffffffffffff")]);
    check(json!(true), &[("", "true"), ("d", "1"), ("5", "true ")]);
}

#[test]
fn floats() {
    check(
        json!(1234.5678),
        &[
            ("", "1234.5678"),
            (".2f", "1234.57"),
            ("f", "1234.567800"),
            ("e", "1.234568e+03"),
            ("G", "1234.57"),
            (".3", "1.23e+03"),
            (".2%", "123456.78%"),
            (",.1f", "1,234.6"),
            ("012,.1f", "00,001,234.6"),
            ("10.1f", "    1234.6"),
            ("n", "1234.57"),
            ("#.0f", "1235."),
            ("_", "1_234.5678"),
            ("d", "! the format type `d` is not supported for a floating-point number"),
            (",n", "! `,` is not allowed with the format type `n`"),
        ],
    );
    check(json!(2.5), &[(".0f", "2"), (".0e", "2e+00"), ("8", "     2.5"), ("g", "2.5"), ("#g", "2.50000")]);
    check(json!(0.125), &[(".2f", "0.12"), (".1e", "1.2e-01"), ("%", "12.500000%")]);
    check(json!(-0.01), &[(".1f", "-0.0"), ("z.1f", "0.0"), ("+z.1f", "+0.0"), ("06.2f", "-00.01")]);
    check(json!(0.0), &[("", "0.0"), ("g", "0"), (".3", "0.0"), ("e", "0.000000e+00")]);
    check(json!(1e16), &[("", "1e+16"), ("g", "1e+16"), (".1f", "10000000000000000.0"), (",", "1e+16")]);
    check(json!(1e-5), &[("", "1e-05"), ("g", "1e-05"), (".3", "1e-05")]);
    check(json!(1e300), &[("", "1e+300"), (".2E", "1.00E+300")]);
    check(json!(123.0), &[(".3", "1.23e+02"), (".4", "123.0"), ("#.3g", "123.")]);
    check(json!(1e308), &[("%", "inf%"), ("08%", "0000inf%")]);
}

#[test]
fn malformed() {
    check(
        json!(1),
        &[
            ("q", "! unknown format type `q`"),
            ("5dd", "! unknown format type `dd`"),
            (".", "! missing digits after `.`"),
            (",_", "! `,` and `_` cannot be combined"),
            ("_,", "! `,` and `_` cannot be combined"),
            ("99999999999999999999", "! the width exceeds 65535"),
            (".70000f", "! the precision exceeds 65535"),
        ],
    );
}
