//! Whether time is in proportion to the input: the same text repeated eight times as often.

use std::time::{Duration, Instant};

use super::mutate;
use super::random::Random;

const TIMES: usize = 8;
/// How much longer eight times the input may take. Quadratic time is sixty-four times as long.
const MOST: u32 = 24;
/// What a run may take whatever its size: the noise of other programs.
const NOISE: Duration = Duration::from_millis(20);
/// How often a slow run is repeated before it is believed: others may have used the processor.
const ATTEMPTS: usize = 4;

/// An input that can be made longer.
pub(crate) struct Growing {
    head: Vec<u8>,
    motif: Vec<u8>,
    tail: Vec<u8>,
}

impl Growing {
    pub(crate) fn new(random: &mut Random, corpus: &[Vec<u8>], words: &[&str]) -> Self {
        let base = random.pick(corpus).cloned().unwrap_or_default();
        let motif = mutate::motif(random, &base, words);
        let (head, tail) = base.split_at(random.below(base.len() + 1));
        let part =
            |part: &[u8], random: &mut Random| if random.one_in(2) { part.to_vec() } else { Vec::new() };
        Self { head: part(head, random), tail: part(tail, random), motif }
    }

    /// An input of about this length. Small pieces, so that what happens for each piece shows.
    pub(crate) fn of(&self, length: usize) -> Vec<u8> {
        let repeated = self.motif.repeat(length / self.motif.len().max(1) + 1);
        [&[13][..], &self.head, &repeated, &self.tail].concat()
    }

    /// How long both sizes take, if that is out of proportion every time.
    pub(crate) fn out_of_proportion(
        &self,
        length: usize,
        run: impl Fn(&[u8]),
    ) -> Option<(Duration, Duration)> {
        let (short, long) = (self.of(length), self.of(TIMES * length));
        let mut best = (Duration::MAX, Duration::MAX);
        for _ in 0..ATTEMPTS {
            best = (best.0.min(time(&short, &run)), best.1.min(time(&long, &run)));
            if best.1 <= best.0 * MOST + NOISE {
                return None;
            }
        }
        Some(best)
    }
}

fn time(input: &[u8], run: impl Fn(&[u8])) -> Duration {
    let start = Instant::now();
    run(input);
    start.elapsed()
}
