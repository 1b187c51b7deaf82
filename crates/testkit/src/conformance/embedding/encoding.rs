//! The encodings of vectors.

use serde_json::Value;

/// How a service encodes a vector.
///
/// # Example
/// ```
/// use catena_testkit::conformance::Encoding;
/// use serde_json::json;
/// assert_eq!(Encoding::Numbers.value(&[0.5, -0.25]), json!([0.5, -0.25]));
/// assert_eq!(Encoding::Base64.value(&[0.5, -0.25]), json!("AAAAPwAAgL4="));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Encoding {
    /// An array of numbers.
    #[default]
    Numbers,
    /// Base64 of 32-bit floats, little-endian.
    Base64,
}

impl Encoding {
    /// Encodes the vector as JSON.
    pub fn value(self, vector: &[f32]) -> Value {
        match self {
            Self::Numbers => vector.iter().map(|number| Value::from(*number)).collect(),
            Self::Base64 => {
                base64(&vector.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<_>>()).into()
            }
        }
    }
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * at)) as usize & 63];
            text.push(if at > group.len() { '=' } else { char::from(digit) });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_rfc_4648() {
        for (text, expected) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(text.as_bytes()), expected);
        }
        assert_eq!(base64(&[0xff, 0xef, 0xbe]), "/+++");
    }
}
