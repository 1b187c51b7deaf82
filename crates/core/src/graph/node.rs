//! The nodes and edges of a graph.

use std::fmt;

use serde_json::Value;

use crate::{Data, Record};

/// What a node is called within its graph: a number, or a name in graphs built by hand.
///
/// # Example
/// ```
/// use catena_core::graph::NodeId;
/// assert_eq!(NodeId::from("start").to_string(), "start");
/// assert_eq!(NodeId::from(3).to_string(), "3");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodeId {
    /// A number, which says nothing.
    Number(usize),
    /// A name. Colons in it put the node into a subgraph: `sub:a` is `a` in `sub`.
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

/// What a node stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NodeKind {
    /// A step.
    Runnable,
    /// What goes into a chain or comes out of it.
    Schema,
    /// Whatever the maker of the graph means by it.
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
    /// What it is called within the graph.
    pub id: NodeId,
    /// What it is called in drawings.
    pub name: String,
    /// What it stands for.
    pub kind: NodeKind,
    /// The JSON Schema, of a node that stands for one.
    pub schema: Option<Value>,
    /// Facts to show with it, in order.
    pub metadata: Record,
}

impl Node {
    /// A plain node, named like its id.
    pub fn new(id: impl Into<NodeId>) -> Self {
        let id = id.into();
        let name = id.to_string();
        Self { id, name, kind: NodeKind::Plain, schema: None, metadata: Record::new() }
    }

    /// Another name for drawings.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// What it stands for.
    #[must_use]
    pub fn with_kind(mut self, kind: NodeKind) -> Self {
        self.kind = kind;
        self
    }

    /// The JSON Schema that it stands for.
    #[must_use]
    pub fn with_schema(mut self, schema: Value) -> Self {
        self.schema = Some(schema);
        self.with_kind(NodeKind::Schema)
    }

    /// A fact to show with it.
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
    /// Where it begins.
    pub source: NodeId,
    /// Where it ends.
    pub target: NodeId,
    /// What stands beside it in drawings.
    pub label: Option<String>,
    /// True if the way is not always taken.
    pub conditional: bool,
}

impl Edge {
    /// An edge that is always taken.
    pub fn new(source: impl Into<NodeId>, target: impl Into<NodeId>) -> Self {
        Self { source: source.into(), target: target.into(), label: None, conditional: false }
    }

    /// What stands beside it in drawings.
    #[must_use]
    pub fn with_label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Marks an edge that is not always taken.
    #[must_use]
    pub fn conditional(mut self) -> Self {
        self.conditional = true;
        self
    }
}
