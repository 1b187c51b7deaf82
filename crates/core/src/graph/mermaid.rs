//! Rendering of graphs as Mermaid text.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;

use serde_json::{Map, Value};

use super::mermaid_text::{edge_label, node_label, safe_id};
use super::subgraphs::{Event, Groups};
use super::{Edge, Graph, NodeId, frontmatter};

/// The curve style of edges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the names are those of the curves in Mermaid")]
pub enum CurveStyle {
    Basis,
    BumpX,
    BumpY,
    Cardinal,
    CatmullRom,
    #[default]
    Linear,
    MonotoneX,
    MonotoneY,
    Natural,
    Step,
    StepAfter,
    StepBefore,
}

impl CurveStyle {
    fn name(self) -> &'static str {
        match self {
            Self::Basis => "basis",
            Self::BumpX => "bumpX",
            Self::BumpY => "bumpY",
            Self::Cardinal => "cardinal",
            Self::CatmullRom => "catmullRom",
            Self::Linear => "linear",
            Self::MonotoneX => "monotoneX",
            Self::MonotoneY => "monotoneY",
            Self::Natural => "natural",
            Self::Step => "step",
            Self::StepAfter => "stepAfter",
            Self::StepBefore => "stepBefore",
        }
    }
}

/// The styles of nodes, in the syntax of Mermaid's `classDef`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeStyles {
    /// The style of all other nodes.
    pub default: String,
    /// The style of the first node.
    pub first: String,
    /// The style of the last node.
    pub last: String,
}

impl Default for NodeStyles {
    fn default() -> Self {
        Self {
            default: "fill:#f2f0ff,line-height:1.2".to_owned(),
            first: "fill-opacity:0".to_owned(),
            last: "fill:#bfb6fc".to_owned(),
        }
    }
}

/// Options for rendering a graph as Mermaid text.
///
/// # Example
/// ```
/// use catena_core::graph::{CurveStyle, MermaidOptions};
/// use catena_core::{lambda, RunnableExt};
/// let graph = lambda(|x: i64| x + 1).with_name("add").graph();
/// let curved = MermaidOptions::new().with_curve_style(CurveStyle::Basis);
/// assert!(graph.draw_mermaid_with(&curved).contains("curve: basis"));
/// let plain = graph.draw_mermaid_with(&MermaidOptions::new().with_styles(false));
/// assert_eq!(plain, "graph TD;\n\tadd_input --> add;\n\tadd --> add_output;\n");
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct MermaidOptions {
    /// Whether nodes are declared with their styles; otherwise there are only edges between ids.
    pub with_styles: bool,
    /// The curve style of edges.
    pub curve_style: CurveStyle,
    /// The styles of nodes.
    pub node_styles: NodeStyles,
    /// The maximum number of words per line of an edge's label.
    pub wrap_label_n_words: usize,
    /// Configuration for the front matter: `{"config": {"theme": "neutral"}}`.
    pub frontmatter_config: Map<String, Value>,
}

impl Default for MermaidOptions {
    fn default() -> Self {
        Self {
            with_styles: true,
            curve_style: CurveStyle::default(),
            node_styles: NodeStyles::default(),
            wrap_label_n_words: 9,
            frontmatter_config: Map::new(),
        }
    }
}

impl MermaidOptions {
    /// Creates the default options: styles, straight edges, nine words per line.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets whether nodes are declared with their styles.
    #[must_use]
    pub fn with_styles(mut self, with_styles: bool) -> Self {
        self.with_styles = with_styles;
        self
    }

    /// Sets the curve style of edges.
    #[must_use]
    pub fn with_curve_style(mut self, style: CurveStyle) -> Self {
        self.curve_style = style;
        self
    }

    /// Sets the styles of nodes.
    #[must_use]
    pub fn with_node_styles(mut self, styles: NodeStyles) -> Self {
        self.node_styles = styles;
        self
    }

    /// Sets the maximum number of words per line of an edge's label.
    #[must_use]
    pub fn with_wrap_label_n_words(mut self, words: usize) -> Self {
        self.wrap_label_n_words = words;
        self
    }

    /// Sets the configuration for the front matter.
    #[must_use]
    pub fn with_frontmatter_config(mut self, config: Map<String, Value>) -> Self {
        self.frontmatter_config = config;
        self
    }

    fn frontmatter(&self) -> String {
        let mut all = self.frontmatter_config.clone();
        let config = member(&mut all, "config");
        member(config, "flowchart").insert("curve".to_owned(), self.curve_style.name().into());
        frontmatter::to_yaml(&all)
    }
}

/// Returns the object with this name, creating it if necessary.
fn member<'a>(object: &'a mut Map<String, Value>, name: &str) -> &'a mut Map<String, Value> {
    let value = object.entry(name).or_insert(Value::Null);
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    match value {
        Value::Object(object) => object,
        _ => unreachable!("it was made an object above"),
    }
}

impl Graph {
    /// Renders the graph as Mermaid text.
    ///
    /// Nodes with a numeric id are identified by their display name, with a number appended if that is not unique.
    ///
    /// # Example
    /// ```
    /// use catena_core::{fakes::FakeLlm, PromptTemplate, RunnableExt};
    /// let chain = PromptTemplate::new("Why {question}?")? | FakeLlm::new(["42"]);
    /// assert!(chain.graph().draw_mermaid().contains("\tPromptTemplate --> FakeLlm;\n"));
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn draw_mermaid(&self) -> String {
        self.draw_mermaid_with(&MermaidOptions::default())
    }

    /// Like [`draw_mermaid`](Graph::draw_mermaid), with options.
    pub fn draw_mermaid_with(&self, options: &MermaidOptions) -> String {
        Drawing { graph: self, options, ids: unique_ids(self), text: String::new() }.draw()
    }
}

/// Returns a readable, unique id for every node.
fn unique_ids(graph: &Graph) -> Vec<String> {
    let mut alike: HashMap<&str, usize> = HashMap::new();
    let mut taken: HashSet<String> = HashSet::new();
    for node in graph.nodes() {
        *alike.entry(&node.name).or_default() += 1;
        if let NodeId::Name(name) = &node.id {
            taken.insert(name.clone());
        }
    }
    let mut counts: HashMap<&str, usize> = HashMap::new();
    let mut ids = Vec::with_capacity(graph.nodes().len());
    for node in graph.nodes() {
        let (name, count) = (&node.name, counts.entry(&node.name).or_default());
        *count += 1;
        ids.push(match &node.id {
            NodeId::Name(id) => id.clone(),
            NodeId::Number(_) if alike[&**name] == 1 && taken.insert(name.clone()) => name.clone(),
            NodeId::Number(_) => loop {
                let id = format!("{name}_{count}");
                if taken.insert(id.clone()) {
                    break id;
                }
                *count += 1;
            },
        });
    }
    ids
}

struct Drawing<'a> {
    graph: &'a Graph,
    options: &'a MermaidOptions,
    /// The id of every node.
    ids: Vec<String>,
    text: String,
}

impl Drawing<'_> {
    fn draw(mut self) -> String {
        if self.options.with_styles {
            self.text = format!("---\n{}---\n", self.options.frontmatter());
        }
        self.text.push_str("graph TD;\n");
        let links: Vec<(usize, usize)> = self.graph.links().collect();
        let groups = Groups::new(&self.ids, &links, self.options.with_styles);
        let ends =
            [self.graph.first_node(), self.graph.last_node()].map(|end| end.map(|node| node.id.clone()));
        for event in groups.events() {
            match event {
                Event::Open(header) => self.line(&format!("subgraph {header}")),
                Event::Node(place) if self.options.with_styles => self.node(place, &ends),
                Event::Node(_) => {}
                Event::Edge(at) => self.edge(&self.graph.edges()[at], links[at]),
                Event::Close => self.line("end"),
            }
        }
        if self.options.with_styles {
            let NodeStyles { default, first, last } = &self.options.node_styles;
            for (class, style) in [("default", default), ("first", first), ("last", last)] {
                self.line(&format!("classDef {class} {style}"));
            }
        }
        self.text
    }

    fn line(&mut self, line: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "\t{line}");
    }

    fn node(&mut self, place: usize, [first, last]: &[Option<NodeId>; 2]) {
        let node = &self.graph.nodes()[place];
        let (id, label) = (safe_id(&self.ids[place]), node_label(node));
        let is = |end: &Option<NodeId>| end.as_ref() == Some(&node.id);
        self.line(&match () {
            () if is(last) => format!("{id}([{label}]):::last"),
            () if is(first) => format!("{id}([{label}]):::first"),
            () => format!("{id}({label})"),
        });
    }

    fn edge(&mut self, edge: &Edge, (source, target): (usize, usize)) {
        let (source, target) = (safe_id(&self.ids[source]), safe_id(&self.ids[target]));
        let label = edge.label.as_deref().map(|label| edge_label(label, self.options.wrap_label_n_words));
        self.line(&match (label, edge.conditional) {
            (Some(label), true) => format!("{source} -. &nbsp;{label}&nbsp; .-> {target};"),
            (Some(label), false) => format!("{source} -- &nbsp;{label}&nbsp; --> {target};"),
            (None, true) => format!("{source} -.-> {target};"),
            (None, false) => format!("{source} --> {target};"),
        });
    }
}
