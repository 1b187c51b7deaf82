//! Merges adjacent symbols, best pair first, until no pair can be merged: the core of every byte-pair encoding.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Merges adjacent symbols. `pair` returns whether two can be merged, with which priority (lower is first), and the
/// result. Of pairs with equal priority the leftmost comes first. Takes O(n log n) for n symbols.
pub(super) fn merge<R: Ord + Copy>(
    symbols: Vec<u32>,
    pair: impl Fn(u32, u32) -> Option<(R, u32)>,
) -> impl Iterator<Item = u32> {
    let mut chain = Chain::new(symbols);
    let mut queue = BinaryHeap::new();
    let offer = |chain: &Chain, queue: &mut BinaryHeap<_>, left: usize| {
        let Some(right) = chain.after(left) else { return };
        let (first, second) = (chain.symbols[left], chain.symbols[right]);
        if let Some((rank, merged)) = pair(first, second) {
            queue.push(Reverse((rank, left, right, [first, second, merged])));
        }
    };
    for left in 0..chain.symbols.len() {
        offer(&chain, &mut queue, left);
    }
    while let Some(Reverse((_, left, right, [first, second, merged]))) = queue.pop() {
        // A pair is stale if one of its symbols has since been merged with another.
        let current = chain.alive[left] && chain.after(left) == Some(right);
        if !current || chain.symbols[left] != first || chain.symbols[right] != second {
            continue;
        }
        chain.join(left, right, merged);
        offer(&chain, &mut queue, left);
        if let Some(before) = chain.before(left) {
            offer(&chain, &mut queue, before);
        }
    }
    let Chain { symbols, alive, .. } = chain;
    symbols.into_iter().zip(alive).filter_map(|(symbol, alive)| alive.then_some(symbol))
}

/// A linked list of symbols. The left one of two merged symbols takes their place.
struct Chain {
    symbols: Vec<u32>,
    alive: Vec<bool>,
    next: Vec<usize>,
    previous: Vec<usize>,
}

/// No neighbour.
const NONE: usize = usize::MAX;

impl Chain {
    fn new(symbols: Vec<u32>) -> Self {
        let count = symbols.len();
        let next = (1..=count).map(|index| if index == count { NONE } else { index }).collect();
        let previous = (0..count).map(|index| index.checked_sub(1).unwrap_or(NONE)).collect();
        Self { symbols, alive: vec![true; count], next, previous }
    }

    fn after(&self, index: usize) -> Option<usize> {
        Some(self.next[index]).filter(|next| *next != NONE)
    }

    fn before(&self, index: usize) -> Option<usize> {
        Some(self.previous[index]).filter(|previous| *previous != NONE)
    }

    fn join(&mut self, left: usize, right: usize, merged: u32) {
        self.symbols[left] = merged;
        self.alive[right] = false;
        self.next[left] = self.next[right];
        if let Some(next) = self.after(left) {
            self.previous[next] = left;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Symbols are numbers; equal neighbours make their double, the smaller the sooner.
    fn doubled(symbols: &[u32]) -> Vec<u32> {
        merge(symbols.to_vec(), |left, right| (left == right).then_some((left, left * 2))).collect()
    }

    #[test]
    fn the_most_urgent_and_leftmost_pair_goes_first() {
        let check = |symbols: &[u32], expected: &[u32]| assert_eq!(doubled(symbols), expected, "{symbols:?}");
        check(&[], &[]);
        check(&[1], &[1]);
        check(&[1, 2], &[1, 2]);
        check(&[1, 1, 1], &[2, 1]);
        check(&[1, 1, 1, 1], &[4]);
        check(&[2, 1, 1], &[4]);
        check(&[2, 2, 1, 1, 3], &[4, 2, 3]);
    }

    #[test]
    fn a_million_equal_symbols_take_no_time() {
        assert_eq!(doubled(&vec![1; 1 << 20]), [1 << 20]);
    }
}
