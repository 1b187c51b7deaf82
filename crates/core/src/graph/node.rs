//! The nodes and edges of a graph.

use std::fmt;

use serde_json::Value;

use crate::{Data, Record};

/// The identifier of a node within its graph: a number, or a name in graphs built by hand.
///
/// # Example
/// ```
/// use catena_core::graph::NodeId;
/// assert_eq!(NodeId::from("start").to_string(), "start");
/// assert_eq!(NodeId::from(3).to_string(), "3");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodeId {
    /// A number without further meaning.
    Number(usize),
    /// A name. Colons put the node into a subgraph: `sub:a` is `a` in `sub`.
    Name(String),
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

impl From<usize> for NodeId {
    fn from(number: usize) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for NodeId {
    fn from(name: &str) -> Self {
        Self::Name(name.to_owned())
    }
}

impl From<String> for NodeId {
    fn from(name: String) -> Self {
        Self::Name(name)
    }
}

/// The kind of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NodeKind {
    /// A step.
    Runnable,
    /// The input or output of a chain.
    Schema,
    /// A node of a graph built by hand, with no particular meaning.
    Plain,
}

/// A node of a [`Graph`](super::Graph).
///
/// # Example
/// ```
/// use catena_core::graph::Node;
/// let node = Node::new("retrieve").with_name("Retrieve documents").with_metadata("top", 3);
/// assert_eq!(node.name, "Retrieve documents");
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Node {
    /// The identifier within the graph.
    pub id: NodeId,
    /// The display name.
    pub name: String,
    /// The kind of node.
    pub kind: NodeKind,
    /// The JSON Schema, for a node that represents one.
    pub schema: Option<Value>,
    /// Metadata to display, in order.
    pub metadata: Record,
}

impl Node {
    /// Creates a plain node, with its id as its name.
    pub fn new(id: impl Into<NodeId>) -> Self {
        let id = id.into();
        let name = id.to_string();
        Self { id, name, kind: NodeKind::Plain, schema: None, metadata: Record::new() }
    }

    /// Sets the display name.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Sets the kind of node.
    #[must_use]
    pub fn with_kind(mut self, kind: NodeKind) -> Self {
        self.kind = kind;
        self
    }

    /// Makes the node represent this JSON Schema.
    #[must_use]
    pub fn with_schema(mut self, schema: Value) -> Self {
        self.schema = Some(schema);
        self.with_kind(NodeKind::Schema)
    }

    /// Adds metadata to display.
    #[must_use]
    pub fn with_metadata(mut self, key: impl Into<String>, value: impl Into<Data>) -> Self {
        self.metadata.insert(key, value);
        self
    }
}

/// An edge of a [`Graph`](super::Graph).
///
/// # Example
/// ```
/// use catena_core::graph::Edge;
/// let edge = Edge::new("question", "search").with_label("unknown").conditional();
/// assert!(edge.conditional);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Edge {
    /// The node at which it starts.
    pub source: NodeId,
    /// The node at which it ends.
    pub target: NodeId,
    /// The label in diagrams.
    pub label: Option<String>,
    /// Whether the edge is taken only under a condition.
    pub conditional: bool,
}

impl Edge {
    /// Creates an unconditional edge.
    pub fn new(source: impl Into<NodeId>, target: impl Into<NodeId>) -> Self {
        Self { source: source.into(), target: target.into(), label: None, conditional: false }
    }

    /// Sets the label in diagrams.
    #[must_use]
    pub fn with_label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Makes the edge conditional.
    #[must_use]
    pub fn conditional(mut self) -> Self {
        self.conditional = true;
        self
    }
}
