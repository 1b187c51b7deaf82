//! The token cost of images: <https://platform.openai.com/docs/guides/images-vision#calculating-costs>.

use serde_json::Value;

use crate::image_size::image_size;

/// The base cost of every image, and the total cost at detail `low`.
const BASE: usize = 85;
const PER_TILE: usize = 170;
const TILE: usize = 512;

/// The limits to which an image is scaled down: first its longer side, then its shorter one.
const LONGEST: usize = 2048;
const SHORTEST: usize = 768;

/// Counts the tokens of `{"url", "detail"?}`.
pub(crate) fn image_tokens(image: &Value, unknown: usize) -> usize {
    if image["detail"] == "low" {
        return BASE;
    }
    match image["url"].as_str().and_then(image_size) {
        Some((width, height)) => tile_tokens(width, height),
        None => unknown,
    }
}

fn tile_tokens(width: usize, height: usize) -> usize {
    let (short, long) = (width.min(height), width.max(height));
    let (short, long) = if long > LONGEST { (short * LONGEST / long, LONGEST) } else { (short, long) };
    let (short, long) = if short > SHORTEST { (SHORTEST, long * SHORTEST / short) } else { (short, long) };
    BASE + PER_TILE * short.div_ceil(TILE) * long.div_ceil(TILE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles() {
        for (width, height, tokens) in [
            (1, 1, 255),
            (512, 512, 255),
            (513, 512, 425),
            (1024, 1024, 765),
            (2048, 4096, 1105),
            (4096, 2048, 1105),
            (100_000, 1, 85),
            (3000, 500, 85 + 170 * 4),
        ] {
            assert_eq!(tile_tokens(width, height), tokens, "{width} x {height}");
        }
    }
}
