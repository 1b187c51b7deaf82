//! Rendering of graphs as ASCII art.

use super::Graph;
use super::canvas::Canvas;
use super::layout::{Item, Layout};

/// The distance between layers, in rows.
const STEP: usize = 6;
/// The height of a box, in rows.
const HEIGHT: usize = 3;

impl Graph {
    /// Renders the graph as ASCII art with boxes and lines, top to bottom. Conditional edges are dotted; labels and
    /// self-loops are omitted.
    ///
    /// # Example
    /// ```
    /// use catena_core::{lambda, RunnableExt};
    /// let graph = lambda(|x: i64| x + 1).with_name("add").graph();
    /// let expected = [
    ///     "+-----------+  ",
    ///     "| add_input |  ",
    ///     "+-----------+  ",
    ///     "       *       ",
    ///     "       *       ",
    ///     "       *       ",
    ///     "    +-----+    ",
    ///     "    | add |    ",
    ///     "    +-----+    ",
    ///     "       *       ",
    ///     "       *       ",
    ///     "       *       ",
    ///     "+------------+ ",
    ///     "| add_output | ",
    ///     "+------------+ ",
    /// ];
    /// assert_eq!(graph.draw_ascii(), expected.join("\n"));
    /// ```
    pub fn draw_ascii(&self) -> String {
        // A box has a space and a border on each side of its text.
        let width = |name: &str| (name.chars().count() + 4) as f64;
        let widths: Vec<f64> = self.nodes().iter().map(|node| width(&node.name)).collect();
        if widths.is_empty() {
            return String::new();
        }
        let links: Vec<(usize, usize)> = self.links().collect();
        let layout = Layout::new(&widths, &links);
        let edges = |item: &Item| [item.x - item.width / 2.0, item.x + item.width / 2.0];
        // Points that edges pass through have no width of their own.
        let nodes = layout.items[..widths.len()].iter().flat_map(edges);
        let bounds: Vec<f64> =
            nodes.chain(layout.items[widths.len()..].iter().map(|point| point.x)).collect();
        let left = bounds.iter().copied().reduce(f64::min).unwrap_or_default();
        let right = bounds.iter().copied().reduce(f64::max).unwrap_or_default();
        let columns = (right.ceil() - left.floor()) as usize + 1;
        let mut canvas = Canvas::new(columns, (layout.layers.len() - 1) * STEP + HEIGHT);
        // Boxes are drawn over the ends of lines.
        for (edge, route) in self.edges().iter().zip(&layout.routes) {
            let letter = if edge.conditional { '.' } else { '*' };
            let points: Vec<(i64, i64)> =
                points(&layout, route).map(|(x, y)| (round(x - left), round(y))).collect();
            points.windows(2).for_each(|pair| canvas.line(pair[0], pair[1], letter));
        }
        for (node, item) in self.nodes().iter().zip(&layout.items) {
            let (x, y) = (round(item.x - item.width / 2.0 - left), item.layer * STEP);
            canvas.text_box(x, i64::try_from(y).unwrap_or(i64::MAX), &node.name);
        }
        canvas.into_text()
    }
}

fn round(value: f64) -> i64 {
    value.round_ties_even() as i64
}

/// Returns the points along an edge: from the border of one box, through its intermediate points, to the border of the
/// other.
fn points<'a>(layout: &'a Layout, route: &'a [usize]) -> impl Iterator<Item = (f64, f64)> + 'a {
    let centre = |item: &usize| (layout.items[*item].x, (layout.items[*item].layer * STEP) as f64);
    route.iter().enumerate().map(move |(at, place)| {
        let towards = match at {
            0 => route.get(1),
            _ if at + 1 == route.len() => route.get(at - 1),
            _ => None,
        };
        match towards {
            Some(other) => border(centre(place), layout.items[*place].width, centre(other)),
            None => centre(place),
        }
    })
}

/// Returns where a line from the centre of a box to a point crosses the border.
fn border((x, y): (f64, f64), width: f64, (to_x, to_y): (f64, f64)) -> (f64, f64) {
    let (dx, dy) = (to_x - x, to_y - y);
    // One row above and below the centre; half the width, in whole columns, to either side.
    let share = f64::min((width / 2.0).floor() / dx.abs(), 1.0 / dy.abs());
    (x + dx * share, y + dy * share)
}
