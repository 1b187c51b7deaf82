//! Inputs made of good ones.

use super::random::Random;

/// What troubles readers of any kind.
const ODD: [&[u8]; 14] = [
    b"\0",
    b"\xff",
    b"\xed\xa0\x80",
    b"\xf0\x9f\xa6\x80",
    b"\xf0\x9f",
    b"\xef\xbb\xbf",
    b"\r\n",
    b"\xe2\x80\xa8",
    b"\x1b",
    b"18446744073709551616",
    b"-9223372036854775809",
    b"1e308",
    b"\\u0000",
    b"\xcc\x81",
];

/// The next input: a byte that says how it is cut, and a good input with some changes.
pub(crate) fn next(random: &mut Random, corpus: &[Vec<u8>], words: &[&str], longest: usize) -> Vec<u8> {
    let mut bytes = random.pick(corpus).cloned().unwrap_or_default();
    for _ in 0..random.below(6) {
        change(random, &mut bytes, corpus, words, longest);
    }
    bytes.truncate(longest);
    bytes.insert(0, random.next().to_le_bytes()[0]);
    bytes
}

fn change(random: &mut Random, bytes: &mut Vec<u8>, corpus: &[Vec<u8>], words: &[&str], longest: usize) {
    let at = random.below(bytes.len() + 1);
    match random.below(10) {
        0 => bytes.truncate(at),
        1 => drop(bytes.drain(at..(at + 1 + random.below(8)).min(bytes.len()))),
        2 => put(bytes, at, &[random.next().to_le_bytes()[0]]),
        3 => put(bytes, at, random.pick(&ODD).copied().unwrap_or_default()),
        4 | 5 => put(bytes, at, random.pick(words).copied().unwrap_or_default().as_bytes()),
        6 => {
            let other = random.pick(corpus).map(Vec::as_slice).unwrap_or_default();
            put(bytes, at, random.slice(other));
        }
        7 => {
            let own = random.slice(bytes).to_vec();
            put(bytes, at, &own);
        }
        8 => {
            let motif = motif(random, bytes, words);
            let times = 1 + random.below(longest / motif.len().max(1) + 1);
            put(bytes, at, &motif.repeat(if random.one_in(4) { times } else { times.min(20) }));
        }
        _ => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << random.below(8);
            }
        }
    }
}

/// A short text to repeat.
pub(crate) fn motif(random: &mut Random, bytes: &[u8], words: &[&str]) -> Vec<u8> {
    let mut motif = Vec::new();
    for _ in 0..=random.below(2) {
        match random.below(3) {
            0 => motif.extend_from_slice(random.slice(&bytes[..bytes.len().min(64)])),
            _ => motif.extend_from_slice(random.pick(words).copied().unwrap_or_default().as_bytes()),
        }
    }
    if motif.is_empty() { vec![b' '] } else { motif }
}

fn put(bytes: &mut Vec<u8>, at: usize, more: &[u8]) {
    bytes.splice(at..at, more.iter().copied());
}
