//! Construction of the graph of a runnable.

use serde_json::{Map, Value};

use super::{Edge, Graph, Node, NodeKind};
use crate::{Data, Outline, OutlineParts, RunKind, schema};

impl Graph {
    /// Creates the graph of a runnable from its outline.
    pub fn from_outline(outline: &Outline) -> Self {
        Self::build(outline, false)
    }

    /// Creates the graph with the contents of branches, routers, alternatives and fallbacks expanded.
    pub fn expanded(outline: &Outline) -> Self {
        Self::build(outline, true)
    }

    fn build(outline: &Outline, expanded: bool) -> Self {
        let mut builder = Builder { graph: Self::new(), expanded };
        builder.add(outline, Cut::default(), &Map::new());
        builder.graph
    }
}

/// Which end nodes to omit: those inside a sequence.
///
/// An end with several edges is kept, since it joins them.
#[derive(Debug, Clone, Copy, Default)]
struct Cut {
    input: bool,
    output: bool,
}

/// The indices of the first and the last node of a part.
type Ends = (usize, usize);

struct Builder {
    graph: Graph,
    expanded: bool,
}

/// A path through a part: the edge that leads to it, and the part itself.
struct Way<'a> {
    label: Option<String>,
    conditional: bool,
    part: &'a Outline,
}

impl Builder {
    /// Adds the nodes of a part. `metadata` is what enclosing configs attach to its steps.
    fn add(&mut self, outline: &Outline, cut: Cut, metadata: &Map<String, Value>) -> Ends {
        let metadata = &merged(&outline.metadata, metadata);
        match &outline.parts {
            OutlineParts::Sequence(steps) if !steps.is_empty() => self.add_sequence(steps, cut, metadata),
            OutlineParts::Parallel(branches) => self.add_parallel(outline, branches, None, cut),
            OutlineParts::Assign(branches) => {
                let passthrough = passthrough();
                self.add_parallel(outline, branches, Some(&passthrough), cut)
            }
            OutlineParts::Each(inner) | OutlineParts::Wrapper(inner) => {
                self.add_inner(outline, inner, cut, metadata)
            }
            OutlineParts::Alternatives(ways) if !self.expanded && !ways.is_empty() => {
                self.add(&ways[0].1, cut, metadata)
            }
            OutlineParts::Branch { arms, default } if self.expanded => {
                let arms = arms.iter().map(|(condition, arm)| way(short_name(&condition.name), arm));
                let ways: Vec<Way<'_>> = arms.chain([way("default", default)]).collect();
                self.add_choice(outline, &ways, cut, metadata)
            }
            OutlineParts::Choice(routes) | OutlineParts::Alternatives(routes) if self.expanded => {
                let ways: Vec<Way<'_>> = routes.iter().map(|(key, route)| way(key, route)).collect();
                self.add_choice(outline, &ways, cut, metadata)
            }
            OutlineParts::Fallbacks(choices) if self.expanded => {
                let ways: Vec<Way<'_>> =
                    choices.iter().enumerate().map(|(at, part)| fallback(at, part)).collect();
                self.add_choice(outline, &ways, cut, metadata)
            }
            _ => self.add_leaf(outline, cut, metadata),
        }
    }

    fn add_leaf(&mut self, outline: &Outline, cut: Cut, metadata: &Map<String, Value>) -> Ends {
        let input = (!cut.input).then(|| self.add_schema(schema::input_schema(outline)));
        let step = self.add_step(outline, metadata);
        let output = (!cut.output).then(|| self.add_schema(schema::output_schema(outline)));
        input.iter().for_each(|input| self.connect(*input, step));
        output.iter().for_each(|output| self.connect(step, *output));
        (input.unwrap_or(step), output.unwrap_or(step))
    }

    fn add_sequence(&mut self, steps: &[Outline], cut: Cut, metadata: &Map<String, Value>) -> Ends {
        let last = steps.len() - 1;
        let mut ends: Option<Ends> = None;
        for (at, step) in steps.iter().enumerate() {
            let cut = Cut { input: at > 0 || cut.input, output: at < last || cut.output };
            let (first, last) = self.add(step, cut, metadata);
            ends = Some(match ends {
                Some((start, end)) => {
                    self.connect(end, first);
                    (start, last)
                }
                None => (first, last),
            });
        }
        // Unreachable: a sequence without steps is drawn as a single node.
        ends.unwrap_or_default()
    }

    /// Adds the content of a wrapper, with the wrapper's own schemas if it has any.
    fn add_inner(
        &mut self,
        outline: &Outline,
        inner: &Outline,
        cut: Cut,
        metadata: &Map<String, Value>,
    ) -> Ends {
        if outline.input_schema.is_none() && outline.output_schema.is_none() {
            return self.add(inner, cut, metadata);
        }
        let own = Cut {
            input: cut.input || outline.input_schema.is_some(),
            output: cut.output || outline.output_schema.is_some(),
        };
        let input = (own.input && !cut.input).then(|| self.add_schema(schema::input_schema(outline)));
        let (first, last) = self.add(inner, own, metadata);
        let output = (own.output && !cut.output).then(|| self.add_schema(schema::output_schema(outline)));
        input.iter().for_each(|input| self.connect(*input, first));
        output.iter().for_each(|output| self.connect(last, *output));
        (input.unwrap_or(first), output.unwrap_or(last))
    }

    fn add_parallel(
        &mut self,
        outline: &Outline,
        branches: &[(String, Outline)],
        beside: Option<&Outline>,
        cut: Cut,
    ) -> Ends {
        let parts: Vec<&Outline> = branches.iter().map(|(_, branch)| branch).chain(beside).collect();
        // The output is kept if there are no branches, since nothing else would be left. The ends of an assign are
        // named after its inner parallel step.
        let name = |schema: &Value, suffix| match outline.parts {
            OutlineParts::Assign(_) => schema::parallel_name(branches, suffix),
            _ => title(schema),
        };
        let input = (!cut.input || parts.len() > 1).then(|| {
            let schema = schema::input_schema(outline);
            self.add_named_schema(&name(&schema, "input"), schema)
        });
        let output = (!cut.output || parts.len() != 1).then(|| {
            let schema = schema::output_schema(outline);
            self.add_named_schema(&name(&schema, "output"), schema)
        });
        let mut ends = None;
        for part in parts {
            // Metadata attached to the step as a whole is not shown on its branches.
            let (first, last) = self.add(part, Cut { input: true, output: true }, &Map::new());
            input.iter().for_each(|input| self.connect(*input, first));
            output.iter().for_each(|output| self.connect(last, *output));
            ends = Some((first, last));
        }
        let (first, last) = ends.or(output.map(|output| (output, output))).unwrap_or_default();
        if let (None, Some(input), Some(output)) = (ends, input, output) {
            self.connect(input, output);
        }
        (input.unwrap_or(first), output.unwrap_or(last))
    }

    /// Adds a node that makes a choice, and the paths it can take.
    fn add_choice(
        &mut self,
        outline: &Outline,
        ways: &[Way<'_>],
        cut: Cut,
        metadata: &Map<String, Value>,
    ) -> Ends {
        let input = (!cut.input).then(|| self.add_schema(schema::input_schema(outline)));
        let step = self.add_choosing(outline, metadata);
        input.iter().for_each(|input| self.connect(*input, step));
        let mut ends = Vec::new();
        for way in ways {
            let (first, last) = self.add(way.part, Cut { input: true, output: true }, metadata);
            let edge =
                Edge { label: way.label.clone(), conditional: way.conditional, ..Edge::new(step, first) };
            self.graph.push_edge(edge);
            ends.push(last);
        }
        let output = match ends[..] {
            [] => step,
            [end] if cut.output => end,
            _ => self.add_schema(schema::output_schema(outline)),
        };
        ends.iter().filter(|end| **end != output).for_each(|end| self.connect(*end, output));
        (input.unwrap_or(step), output)
    }

    fn add_choosing(&mut self, outline: &Outline, metadata: &Map<String, Value>) -> usize {
        match (&outline.parts, outline.fields.first()) {
            // Alternatives have the name of the default; the choice is identified by its field.
            (OutlineParts::Alternatives(_), Some(field)) => {
                self.add_step(&Outline::leaf(field.id.clone(), RunKind::Chain), metadata)
            }
            _ => self.add_step(outline, metadata),
        }
    }

    fn add_step(&mut self, outline: &Outline, metadata: &Map<String, Value>) -> usize {
        let metadata = metadata.iter().map(|(key, value)| (key.clone(), Data::from(value.clone()))).collect();
        let node = Node::new(self.graph.nodes().len()).with_name(short_name(&outline.name));
        self.push(Node { metadata, ..node.with_kind(NodeKind::Runnable) })
    }

    fn add_schema(&mut self, schema: Value) -> usize {
        self.add_named_schema(&title(&schema), schema)
    }

    fn add_named_schema(&mut self, name: &str, schema: Value) -> usize {
        self.push(Node::new(self.graph.nodes().len()).with_name(short_name(name)).with_schema(schema))
    }

    fn push(&mut self, node: Node) -> usize {
        let place = self.graph.nodes().len();
        self.graph.push_node(node);
        place
    }

    fn connect(&mut self, source: usize, target: usize) {
        self.graph.push_edge(Edge::new(source, target));
    }
}

fn way<'a>(label: &str, part: &'a Outline) -> Way<'a> {
    Way { label: Some(label.to_owned()), conditional: true, part }
}

fn fallback(at: usize, part: &Outline) -> Way<'_> {
    if at == 0 {
        return Way { label: None, conditional: false, part };
    }
    way(&format!("fallback {at}"), part)
}

fn passthrough() -> Outline {
    Outline::new("RunnablePassthrough", RunKind::Chain, OutlineParts::Passthrough)
}

fn title(schema: &Value) -> String {
    schema.get("title").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Removes the prefix `Runnable` from a name, since every node in a graph is a runnable.
fn short_name(name: &str) -> &str {
    name.strip_prefix("Runnable").filter(|rest| !rest.is_empty()).unwrap_or(name)
}

/// Merges metadata; the outer config takes precedence.
fn merged(own: &Map<String, Value>, outer: &Map<String, Value>) -> Map<String, Value> {
    let mut all = own.clone();
    all.extend(outer.iter().map(|(key, value)| (key.clone(), value.clone())));
    all
}
