//! Graphs as Mermaid text.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;

use serde_json::{Map, Value};

use super::mermaid_text::{edge_label, node_label, safe_id};
use super::subgraphs::{Event, Groups};
use super::{Edge, Graph, NodeId, frontmatter};

/// How edges are curved.
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

/// The looks of nodes, as Mermaid's `classDef` takes them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeStyles {
    /// Of all others.
    pub default: String,
    /// Of the first node.
    pub first: String,
    /// Of the last node.
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

/// How a graph is drawn as Mermaid.
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
    /// Draws nodes with their looks; otherwise there are only edges between ids.
    pub with_styles: bool,
    /// How edges are curved.
    pub curve_style: CurveStyle,
    /// The looks of nodes.
    pub node_styles: NodeStyles,
    /// How many words of an edge's label stand on one line.
    pub wrap_label_n_words: usize,
    /// Further configuration, put in front: `{"config": {"theme": "neutral"}}`.
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
    /// Styles, straight edges, nine words on a line.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether nodes are drawn with their looks.
    #[must_use]
    pub fn with_styles(mut self, with_styles: bool) -> Self {
        self.with_styles = with_styles;
        self
    }

    /// How edges are curved.
    #[must_use]
    pub fn with_curve_style(mut self, style: CurveStyle) -> Self {
        self.curve_style = style;
        self
    }

    /// The looks of nodes.
    #[must_use]
    pub fn with_node_styles(mut self, styles: NodeStyles) -> Self {
        self.node_styles = styles;
        self
    }

    /// How many words of an edge's label stand on one line.
    #[must_use]
    pub fn with_wrap_label_n_words(mut self, words: usize) -> Self {
        self.wrap_label_n_words = words;
        self
    }

    /// Further configuration, put in front.
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

/// The object of this name, made if it is not there.
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
    /// The graph as Mermaid text.
    ///
    /// Nodes without a name of their own go by what they are called, numbered where two are called alike.
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

    /// [`draw_mermaid`](Graph::draw_mermaid) with options.
    pub fn draw_mermaid_with(&self, options: &MermaidOptions) -> String {
        Drawing { graph: self, options, ids: unique_ids(self), text: String::new() }.draw()
    }
}

/// A readable id for every node.
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
