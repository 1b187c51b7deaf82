//! Detection of an image's size from the start of its data.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The number of bytes to decode: the size is near the start, in a JPEG after the metadata.
const HEAD: usize = 1 << 20;

/// Returns the width and height in pixels of the image in a `data:` URL.
pub(crate) fn image_size(url: &str) -> Option<(usize, usize)> {
    let (head, data) = url.strip_prefix("data:image/")?.split_once(',')?;
    if !head.ends_with(";base64") {
        return None;
    }
    // Only complete groups of four Base64 characters.
    let length = data.len().min(HEAD) / 4 * 4;
    size_of(&STANDARD.decode(data.as_bytes().get(..length)?).ok()?)
}

fn size_of(data: &[u8]) -> Option<(usize, usize)> {
    let size = match data {
        [0x89, b'P', b'N', b'G', ..] => (big(data, 16, 4)?, big(data, 20, 4)?),
        [b'G', b'I', b'F', ..] => (little(data, 6, 2)?, little(data, 8, 2)?),
        [0xFF, 0xD8, ..] => jpeg(data)?,
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => webp(data)?,
        _ => return None,
    };
    (size.0 > 0 && size.1 > 0).then_some(size)
}

/// Scans the segments up to the frame header.
fn jpeg(data: &[u8]) -> Option<(usize, usize)> {
    let mut at = 2;
    loop {
        if *data.get(at)? != 0xFF {
            return None;
        }
        match *data.get(at + 1)? {
            // Padding.
            0xFF => at += 1,
            // Markers without a segment.
            0x01 | 0xD0..=0xD7 => at += 2,
            // Frame headers; the excluded markers are tables.
            0xC0..=0xCF if !matches!(data[at + 1], 0xC4 | 0xC8 | 0xCC) => {
                return Some((big(data, at + 7, 2)?, big(data, at + 5, 2)?));
            }
            _ => at += 2 + big(data, at + 2, 2)?.max(2),
        }
    }
}

fn webp(data: &[u8]) -> Option<(usize, usize)> {
    match data.get(12..16)? {
        b"VP8 " => Some((little(data, 26, 2)? & 0x3FFF, little(data, 28, 2)? & 0x3FFF)),
        b"VP8L" => {
            let bits = little(data, 21, 4)?;
            Some(((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1))
        }
        b"VP8X" => Some((little(data, 24, 3)? + 1, little(data, 27, 3)? + 1)),
        _ => None,
    }
}

fn big(data: &[u8], at: usize, count: usize) -> Option<usize> {
    let bytes = data.get(at..at.checked_add(count)?)?;
    Some(bytes.iter().fold(0, |number, byte| number << 8 | usize::from(*byte)))
}

fn little(data: &[u8], at: usize, count: usize) -> Option<usize> {
    let bytes = data.get(at..at.checked_add(count)?)?;
    Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        let jpeg = [0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 1, 2, 0xFF, 0xFF, 0xC2, 0, 11, 8, 0, 20, 0, 30];
        assert_eq!(size_of(&jpeg), Some((30, 20)));
        assert_eq!(size_of(b"GIF89a\x05\x00\x07\x00"), Some((5, 7)));
        assert_eq!(size_of(b"RIFF....WEBPVP8X....\0\0\0\0\x09\0\0\x04\0\0"), Some((10, 5)));
        assert_eq!(size_of(b"RIFF....WEBPVP8L....\x2f\x09\x00\x01\x00"), Some((10, 5)));
        // Truncated or empty.
        for length in 0..jpeg.len() {
            assert_eq!(size_of(&jpeg[..length]), None);
        }
        for data in [&b""[..], b"\x89PNG", b"GIF8", b"\xFF\xD8\xFF\xE0\0\0\xFF", b"RIFF....WEBP", b"<svg/>"] {
            assert_eq!(size_of(data), None);
        }
        assert_eq!(image_size("data:image/png;base64,***"), None);
        assert_eq!(image_size("https://example.com/a.png"), None);
    }
}
