//! The order and horizontal positions of the items of each layer.

use super::layout::{Item, Layout};

/// The number of passes over the layers, down and up.
const ROUNDS: usize = 4;

/// Orders the items of each layer by the positions of their neighbours, so that few edges cross.
pub(super) fn order(layout: &mut Layout) {
    let mut position = vec![0.0; layout.items.len()];
    let number = |layer: &[usize], position: &mut Vec<f64>| {
        layer.iter().enumerate().for_each(|(at, item)| position[*item] = at as f64);
    };
    layout.layers.iter().for_each(|layer| number(layer, &mut position));
    for _ in 0..ROUNDS {
        for downward in [true, false] {
            for at in 0..layout.layers.len() {
                let at = if downward { at } else { layout.layers.len() - 1 - at };
                let wish = |item: &usize| {
                    let Item { above, below, .. } = &layout.items[*item];
                    let others = if downward { above } else { below };
                    let sum: f64 = others.iter().map(|other| position[*other]).sum();
                    if others.is_empty() { position[*item] } else { sum / others.len() as f64 }
                };
                let mut wished: Vec<(f64, usize)> =
                    layout.layers[at].iter().map(|item| (wish(item), *item)).collect();
                wished.sort_by(|(a, _), (b, _)| a.total_cmp(b));
                layout.layers[at] = wished.into_iter().map(|(_, item)| item).collect();
                number(&layout.layers[at], &mut position);
            }
        }
    }
}

/// Centres items below their neighbours above and above their neighbours below, at least `gap` apart.
pub(super) fn place(layout: &mut Layout, gap: f64) {
    let mut x = vec![0.0; layout.items.len()];
    {
        let mut placing = Placing { items: &layout.items, layers: &layout.layers, gap, x: &mut x };
        let down = 0..layout.layers.len();
        for round in 0..=ROUNDS {
            down.clone().for_each(|at| placing.settle(at, |item| Some(&item.above)));
            if round < ROUNDS {
                down.clone().rev().for_each(|at| placing.settle(at, |item| Some(&item.below)));
            }
        }
        // An item without incoming links is placed above what it leads to.
        down.rev().for_each(|at| placing.settle(at, |item| item.above.is_empty().then_some(&item.below)));
    }
    let start = layout.layers.first().and_then(|layer| layer.first()).map_or(0.0, |item| x[*item]);
    layout.items.iter_mut().zip(x).for_each(|(item, x)| item.x = x - start);
}

struct Placing<'a> {
    items: &'a [Item],
    layers: &'a [Vec<usize>],
    gap: f64,
    x: &'a mut [f64],
}

/// A run of items placed as close to each other as possible.
struct Run {
    /// The sum of the preferred positions of its items.
    wishes: f64,
    count: usize,
    /// The distance from the centre of the first item to that of the last.
    length: f64,
    first_half: f64,
    last_half: f64,
}

impl Run {
    /// Returns the centre of its first item.
    fn start(&self) -> f64 {
        self.wishes / self.count as f64 - self.length / 2.0
    }

    /// Returns the minimum distance between the centres of its last item and of the next run's first.
    fn step_to(&self, next: &Self, gap: f64) -> f64 {
        self.last_half + gap + next.first_half
    }

    fn too_close(&self, next: &Self, gap: f64) -> bool {
        self.start() + self.length + self.step_to(next, gap) > next.start()
    }

    fn joined(self, next: &Self, gap: f64) -> Self {
        Self {
            wishes: self.wishes + next.wishes,
            count: self.count + next.count,
            length: self.length + self.step_to(next, gap) + next.length,
            first_half: self.first_half,
            last_half: next.last_half,
        }
    }
}

impl Placing<'_> {
    /// Moves each item of a layer to the centre of its `others`. Items that would overlap share the space.
    fn settle<'a>(&mut self, at: usize, others: impl Fn(&'a Item) -> Option<&'a Vec<usize>>)
    where
        Self: 'a,
    {
        let mut runs: Vec<Run> = Vec::new();
        for place in &self.layers[at] {
            let item = &self.items[*place];
            let half = item.width / 2.0;
            let wish = others(item).and_then(|others| self.middle(others)).unwrap_or(self.x[*place]);
            let mut run = Run { wishes: wish, count: 1, length: 0.0, first_half: half, last_half: half };
            while let Some(left) = runs.pop_if(|left| left.too_close(&run, self.gap)) {
                run = left.joined(&run, self.gap);
            }
            runs.push(run);
        }
        let mut places = self.layers[at].iter();
        for run in runs {
            let (mut x, mut before) = (run.start(), None);
            for place in places.by_ref().take(run.count) {
                let half = self.items[*place].width / 2.0;
                x += before.map_or(0.0, |before| before + self.gap + half);
                self.x[*place] = x;
                before = Some(half);
            }
        }
    }

    /// Returns the midpoint between the leftmost and the rightmost.
    fn middle(&self, places: &[usize]) -> Option<f64> {
        let all = || places.iter().map(|place| self.x[*place]);
        Some(f64::midpoint(all().reduce(f64::min)?, all().reduce(f64::max)?))
    }
}

#[cfg(test)]
mod tests {
    use crate::graph::layout::Layout;

    #[track_caller]
    fn check(widths: &[f64], links: &[(usize, usize)], expected: &[f64]) {
        let layout = Layout::new(widths, links);
        assert_eq!(layout.items.iter().map(|item| item.x).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn places() {
        check(&[9.0, 5.0, 7.0], &[(0, 1), (1, 2)], &[0.0, 0.0, 0.0]);
        check(&[22.0, 11.0, 10.0, 23.0], &[(0, 1), (0, 2), (1, 3), (2, 3)], &[0.0, -10.25, 10.25, 0.0]);
        check(&[6.0, 6.0], &[], &[0.0, 12.0]);
        // An edge that passes through a layer keeps its distance.
        check(&[6.0, 6.0, 6.0], &[(0, 1), (1, 2), (0, 2)], &[0.0, -6.0, 0.0, 6.0]);
    }

    #[test]
    fn edges_do_not_cross_without_need() {
        let layout = Layout::new(&[5.0; 4], &[(0, 3), (1, 2)]);
        let [a, b, c, d] = [0, 1, 2, 3].map(|item| layout.items[item].x);
        assert_eq!(a < b, d < c);
    }
}
