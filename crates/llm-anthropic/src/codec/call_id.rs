//! Tool call ids in the alphabet that the service accepts.

use std::borrow::Cow;
use std::fmt::Write;

/// Returns the id itself if it consists of letters, digits, `_` and `-`; otherwise the same id with all other bytes
/// written as `_` and two hexadecimal digits. So calls of other services keep matching their results.
pub(super) fn wire_id(id: &str) -> Cow<'_, str> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if id.bytes().all(fits) {
        return Cow::Borrowed(id);
    }
    let mut wire = String::with_capacity(id.len() + 8);
    for byte in id.bytes() {
        if fits(byte) {
            wire.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(wire, "_{byte:02x}");
        }
    }
    Cow::Owned(wire)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_other_services_fit_and_stay_apart() {
        for (id, wire) in [
            ("toolu_01A-b", "toolu_01A-b"),
            ("functions.f:0", "functions_2ef_3a0"),
            ("functions:f.0", "functions_3af_2e0"),
            ("é", "_c3_a9"),
            ("", ""),
        ] {
            assert_eq!(wire_id(id), wire);
        }
        assert!(matches!(wire_id("call_1"), Cow::Borrowed("call_1")));
    }
}
