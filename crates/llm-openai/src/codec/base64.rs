//! Base64 decoding, for vectors.

/// The value of a character; 255 for one outside the alphabet.
const DIGITS: [u8; 256] = digits();

const fn digits() -> [u8; 256] {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut digits = [255; 256];
    let mut at = 0;
    while at < alphabet.len() {
        digits[alphabet[at] as usize] = at as u8;
        at += 1;
    }
    digits
}

/// Decodes a text with or without padding. `None` if it is not Base64.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let text = text.as_bytes();
    let text = text.strip_suffix(b"==").or_else(|| text.strip_suffix(b"=")).unwrap_or(text);
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    // Collects the invalid digits' bits and checks them once, which is faster than checking every group.
    let mut wrong = 0;
    let groups = text.chunks_exact(4);
    let rest = groups.remainder();
    for group in groups {
        let [a, b, c, d] = [group[0], group[1], group[2], group[3]].map(|c| DIGITS[usize::from(c)]);
        wrong |= a | b | c | d;
        bytes.extend_from_slice(&[a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d]);
    }
    match *rest {
        [] => {}
        [a, b] => {
            let [a, b] = [a, b].map(|c| DIGITS[usize::from(c)]);
            wrong |= a | b;
            bytes.push(a << 2 | b >> 4);
        }
        [a, b, c] => {
            let [a, b, c] = [a, b, c].map(|c| DIGITS[usize::from(c)]);
            wrong |= a | b | c;
            bytes.extend_from_slice(&[a << 2 | b >> 4, b << 4 | c >> 2]);
        }
        _ => return None,
    }
    (wrong < 128).then_some(bytes)
}

/// Decodes little-endian 32-bit floats. `None` if the text is not Base64 of such.
pub(super) fn floats(text: &str) -> Option<Vec<f32>> {
    let bytes = decode(text)?;
    let floats = bytes.chunks_exact(4);
    if !floats.remainder().is_empty() {
        return None;
    }
    Some(floats.map(|float| f32::from_le_bytes([float[0], float[1], float[2], float[3]])).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_bytes() {
        for (text, bytes) in [
            ("", Some("")),
            ("YQ==", Some("a")),
            ("YQ", Some("a")),
            ("YWI=", Some("ab")),
            ("YWJj", Some("abc")),
            ("w6/wn5iA", Some("ï😀")),
            ("Y", None),
            ("YQ===", None),
            ("Y%==", None),
            ("YW J", None),
            ("Y=Jj", None),
            ("YWé", None),
        ] {
            assert_eq!(decode(text).as_deref(), bytes.map(str::as_bytes), "{text}");
        }
    }

    #[test]
    fn texts_become_floats() {
        assert_eq!(floats("AAAAPwAAgL4AAIA/"), Some(vec![0.5, -0.25, 1.0]));
        assert_eq!(floats("AAAAPw=="), Some(vec![0.5]));
        assert_eq!(floats("AAAA"), None, "three bytes");
        assert_eq!(floats(""), Some(Vec::new()));
    }
}
