//! The graph type: construction, end nodes and trimming.

use std::collections::{HashMap, HashSet};

use super::{Edge, Node, NodeId};
use crate::{Error, ErrorKind, Result};

/// A graph of steps and their connections. Created from a runnable with [`graph`](crate::RunnableExt::graph), or by
/// hand.
///
/// The graph of a chain has a node for its input, one for its output, and its steps between them. Parallel branches
/// start at the input of their parallel step and end at its output. Branches, routers and fallbacks are a single node,
/// and alternatives are drawn as their default; [`expanded_graph`](crate::RunnableExt::expanded_graph) draws their
/// contents.
///
/// # Errors
/// Adding a node whose id exists, or an edge to a node that does not, fails with [`ErrorKind::Config`].
///
/// # Example
/// ```
/// use catena_core::graph::{Edge, Graph, Node};
/// let graph = Graph::new()
///     .add_node(Node::new("ask"))?
///     .add_node(Node::new("answer"))?
///     .add_edge(Edge::new("ask", "answer").with_label("quickly"))?;
/// assert_eq!(graph.first_node().map(|node| node.name.as_str()), Some("ask"));
/// assert!(graph.draw_mermaid().contains("ask -- &nbsp;quickly&nbsp; --> answer;"));
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Graph {
    nodes: Vec<Node>,
    edges: Vec<Edge>,
    /// The index of each node.
    places: HashMap<NodeId, usize>,
}

impl Graph {
    /// Creates an empty graph.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a node.
    pub fn add_node(mut self, node: Node) -> Result<Self> {
        if self.places.contains_key(&node.id) {
            return Err(Error::new(ErrorKind::Config, format!("duplicate node id `{}`", node.id)));
        }
        self.push_node(node);
        Ok(self)
    }

    /// Adds an edge between two existing nodes.
    pub fn add_edge(mut self, edge: Edge) -> Result<Self> {
        for id in [&edge.source, &edge.target] {
            if !self.places.contains_key(id) {
                return Err(Error::new(
                    ErrorKind::Config,
                    format!("the edge refers to an unknown node `{id}`"),
                ));
            }
        }
        self.push_edge(edge);
        Ok(self)
    }

    pub(super) fn push_node(&mut self, node: Node) {
        self.places.insert(node.id.clone(), self.nodes.len());
        self.nodes.push(node);
    }

    pub(super) fn push_edge(&mut self, edge: Edge) {
        self.edges.push(edge);
    }

    /// Returns the nodes, in insertion order.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Returns the edges, in insertion order.
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// Returns the node with this id.
    pub fn node(&self, id: &NodeId) -> Option<&Node> {
        self.places.get(id).map(|place| &self.nodes[*place])
    }

    /// Returns the edges as pairs of node indices.
    pub(super) fn links(&self) -> impl Iterator<Item = (usize, usize)> {
        let places = &self.places;
        self.edges.iter().filter_map(|edge| Some((*places.get(&edge.source)?, *places.get(&edge.target)?)))
    }

    /// Returns the only node without incoming edges. `None` if there is none, or more than one.
    pub fn first_node(&self) -> Option<&Node> {
        self.end(|edge| (&edge.target, &edge.source), None)
    }

    /// Returns the only node without outgoing edges. `None` if there is none, or more than one.
    pub fn last_node(&self) -> Option<&Node> {
        self.end(|edge| (&edge.source, &edge.target), None)
    }

    /// Removes the first node, if it has exactly one outgoing edge and there is then another first node.
    pub fn trim_first_node(&mut self) {
        self.trim(|edge| (&edge.target, &edge.source));
    }

    /// Removes the last node, if it has exactly one incoming edge and there is then another last node.
    pub fn trim_last_node(&mut self) {
        self.trim(|edge| (&edge.source, &edge.target));
    }

    /// Returns the only node that is not the near end of an edge, ignoring the node `without` and its edges.
    fn end(&self, ends: fn(&Edge) -> (&NodeId, &NodeId), without: Option<&NodeId>) -> Option<&Node> {
        let touched: HashSet<&NodeId> = self
            .edges
            .iter()
            .map(ends)
            .filter(|(_, far)| Some(*far) != without)
            .map(|(near, _)| near)
            .collect();
        let mut found =
            self.nodes.iter().filter(|node| Some(&node.id) != without && !touched.contains(&node.id));
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }

    fn trim(&mut self, ends: fn(&Edge) -> (&NodeId, &NodeId)) {
        let Some(end) = self.end(ends, None).map(|node| node.id.clone()) else { return };
        let leaving: HashSet<&Edge> = self.edges.iter().filter(|edge| *ends(edge).1 == end).collect();
        if leaving.len() == 1 && self.end(ends, Some(&end)).is_some() {
            self.remove_node(&end);
        }
    }

    /// Removes a node and its edges.
    pub fn remove_node(&mut self, id: &NodeId) {
        self.nodes.retain(|node| node.id != *id);
        self.edges.retain(|edge| edge.source != *id && edge.target != *id);
        self.places = self.nodes.iter().enumerate().map(|(place, node)| (node.id.clone(), place)).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn graph(nodes: &[&str], edges: &[(&str, &str)]) -> Graph {
        let graph = nodes.iter().try_fold(Graph::new(), |graph, id| graph.add_node(Node::new(*id)));
        let add = |graph: Graph, (from, to): &(&str, &str)| graph.add_edge(Edge::new(*from, *to));
        edges.iter().try_fold(graph.expect("nodes"), add).expect("edges")
    }

    #[track_caller]
    fn check(nodes: &[&str], edges: &[(&str, &str)], ends: [Option<&str>; 2], trimmed: &[&str]) {
        let mut graph = graph(nodes, edges);
        let names = [graph.first_node(), graph.last_node()].map(|node| node.map(|node| node.name.clone()));
        assert_eq!(names.each_ref().map(Option::as_deref), ends);
        graph.trim_first_node();
        graph.trim_last_node();
        assert_eq!(graph.nodes().iter().map(|node| node.name.as_str()).collect::<Vec<_>>(), trimmed);
    }

    #[test]
    fn ends_and_trimming() {
        check(&[], &[], [None, None], &[]);
        check(&["a"], &[], [Some("a"), Some("a")], &["a"]);
        check(&["a", "b"], &[("a", "b")], [Some("a"), Some("b")], &["b"]);
        check(&["i", "x", "o"], &[("i", "x"), ("x", "o")], [Some("i"), Some("o")], &["x"]);
        check(&["a", "b", "c"], &[("a", "c"), ("b", "c")], [None, Some("c")], &["a", "b", "c"]);
        check(&["a", "b"], &[("a", "b"), ("b", "a")], [None, None], &["a", "b"]);
        check(
            &["i", "a", "b", "o"],
            &[("i", "a"), ("i", "b"), ("a", "o"), ("b", "o")],
            [Some("i"), Some("o")],
            &["i", "a", "b", "o"],
        );
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let twice = graph(&["a"], &[]).add_node(Node::new("a"));
        assert_eq!(twice.unwrap_err().to_string(), "duplicate node id `a`");
        let nowhere = graph(&["a"], &[]).add_edge(Edge::new("a", "b"));
        assert_eq!(nowhere.unwrap_err().to_string(), "the edge refers to an unknown node `b`");
    }
}
