//! Layered layout of nodes, in which edges lead downwards.

use super::placing;

/// A box, or a point that a long edge passes through.
#[derive(Debug, Clone, Default)]
pub(super) struct Item {
    pub(super) width: f64,
    pub(super) layer: usize,
    /// The horizontal centre.
    pub(super) x: f64,
    /// The connected items in the layer above.
    pub(super) above: Vec<usize>,
    /// The connected items in the layer below.
    pub(super) below: Vec<usize>,
}

/// The positions of all items.
#[derive(Debug)]
pub(super) struct Layout {
    /// The nodes, in order, followed by the intermediate points of edges.
    pub(super) items: Vec<Item>,
    pub(super) layers: Vec<Vec<usize>>,
    /// The items along each link, top to bottom. Empty for a self-loop.
    pub(super) routes: Vec<Vec<usize>>,
}

impl Layout {
    /// Lays out nodes with these widths.
    pub(super) fn new(widths: &[f64], links: &[(usize, usize)]) -> Self {
        let downward = without_cycles(widths.len(), links);
        let levels = levels(widths.len(), &downward);
        let mut items: Vec<Item> = widths
            .iter()
            .zip(&levels)
            .map(|(width, layer)| Item { width: *width, layer: *layer, ..Item::default() })
            .collect();
        let mut sorted = widths.to_vec();
        sorted.sort_by(f64::total_cmp);
        let passing = sorted.get(sorted.len() / 2).copied().unwrap_or_default();
        let routes = downward.iter().map(|(from, to)| route(&mut items, *from, *to, passing)).collect();
        let mut layers = vec![Vec::new(); levels.iter().max().map_or(0, |deepest| deepest + 1)];
        items.iter().enumerate().for_each(|(at, item)| layers[item.layer].push(at));
        let mut layout = Self { items, layers, routes };
        placing::order(&mut layout);
        placing::place(&mut layout, sorted.first().copied().unwrap_or_default());
        layout
    }
}

/// Returns the links, with those that would close a cycle reversed.
fn without_cycles(nodes: usize, links: &[(usize, usize)]) -> Vec<(usize, usize)> {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        Not,
        Open,
        Done,
    }
    let mut leaving = vec![Vec::new(); nodes];
    let mut reached = vec![false; nodes];
    for (at, (from, to)) in links.iter().enumerate() {
        leaving[*from].push(at);
        reached[*to] |= from != to;
    }
    let mut links = links.to_vec();
    let mut seen = vec![Seen::Not; nodes];
    // Starts at nodes without incoming links, then at the remaining cycles.
    let (roots, others): (Vec<usize>, Vec<usize>) = (0..nodes).partition(|node| !reached[*node]);
    for root in roots.into_iter().chain(others) {
        if seen[root] != Seen::Not {
            continue;
        }
        seen[root] = Seen::Open;
        let mut path = vec![(root, 0)];
        while let Some((node, next)) = path.last_mut() {
            let Some(link) = leaving[*node].get(*next) else {
                seen[*node] = Seen::Done;
                path.pop();
                continue;
            };
            *next += 1;
            let (from, to) = links[*link];
            match seen[to] {
                Seen::Not => {
                    seen[to] = Seen::Open;
                    path.push((to, 0));
                }
                Seen::Open => links[*link] = (to, from),
                Seen::Done => {}
            }
        }
    }
    links
}

/// Assigns a layer to every node: as high as its links allow, then as low as the nodes below it allow.
fn levels(nodes: usize, links: &[(usize, usize)]) -> Vec<usize> {
    let mut below = vec![Vec::new(); nodes];
    let mut open = vec![0_usize; nodes];
    for (from, to) in links.iter().filter(|(from, to)| from != to) {
        below[*from].push(*to);
        open[*to] += 1;
    }
    let mut levels = vec![0; nodes];
    let mut order: Vec<usize> = (0..nodes).filter(|node| open[*node] == 0).collect();
    let mut at = 0;
    while let Some(node) = order.get(at).copied() {
        at += 1;
        for next in &below[node] {
            levels[*next] = levels[*next].max(levels[node] + 1);
            open[*next] -= 1;
            if open[*next] == 0 {
                order.push(*next);
            }
        }
    }
    for node in order.into_iter().rev() {
        if let Some(nearest) = below[node].iter().map(|next| levels[*next]).min() {
            levels[node] = nearest - 1;
        }
    }
    levels
}

/// Returns the items along a link, adding a point in every layer it passes through.
fn route(items: &mut Vec<Item>, from: usize, to: usize, width: f64) -> Vec<usize> {
    if from == to {
        return Vec::new();
    }
    let mut route = vec![from];
    for layer in items[from].layer + 1..items[to].layer {
        route.push(items.len());
        items.push(Item { width, layer, ..Item::default() });
    }
    route.push(to);
    for pair in route.windows(2) {
        items[pair[0]].below.push(pair[1]);
        items[pair[1]].above.push(pair[0]);
    }
    route
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(nodes: usize, links: &[(usize, usize)], expected: &[usize]) {
        let layout = Layout::new(&vec![5.0; nodes], links);
        assert_eq!(layout.items[..nodes].iter().map(|item| item.layer).collect::<Vec<_>>(), expected);
        for route in &layout.routes {
            assert!(
                route.windows(2).all(|pair| layout.items[pair[0]].layer + 1 == layout.items[pair[1]].layer)
            );
        }
    }

    #[test]
    fn layers() {
        check(0, &[], &[]);
        check(1, &[(0, 0)], &[0]);
        check(3, &[(0, 1), (1, 2)], &[0, 1, 2]);
        check(4, &[(0, 1), (0, 2), (1, 3), (2, 3)], &[0, 1, 1, 2]);
        // A node on a short path stays near its end.
        check(5, &[(0, 1), (1, 2), (2, 4), (0, 3), (3, 4)], &[0, 1, 2, 2, 3]);
        check(2, &[(0, 1), (1, 0)], &[0, 1]);
        check(4, &[(0, 1), (1, 2), (2, 1), (2, 3)], &[0, 1, 2, 3]);
        check(3, &[(0, 1), (0, 1)], &[0, 1, 0]);
    }
}
