//! `graph`, `mermaid`, `ascii` and `graph_build`.

use catena::graph::{Edge, Graph, MermaidOptions, Node, NodeId, NodeKind};
use catena::prelude::*;
use catena::{Record, Result};

use super::bench::{Bench, Caller};

pub(super) fn graph(bench: &Bench, _: Caller) -> Result<Data> {
    let graph = bench.runnable()?.graph();
    let nodes = graph.nodes().iter().map(|node| describe_node(&graph, node)).collect();
    let edges = graph.edges().iter().map(|edge| describe_edge(edge, &|id| number(&graph, id))).collect();
    let end = |node: Option<&Node>| node.map_or(Data::Null, |node| number(&graph, &node.id));
    Ok(Data::from([
        ("nodes", Data::List(nodes)),
        ("edges", Data::List(edges)),
        ("first", end(graph.first_node())),
        ("last", end(graph.last_node())),
    ]))
}

/// The place of a node among those of its graph.
fn number(graph: &Graph, id: &NodeId) -> Data {
    graph.nodes().iter().position(|node| node.id == *id).into()
}

fn describe_node(graph: &Graph, node: &Node) -> Data {
    let kind = if node.kind == NodeKind::Schema { "schema" } else { "runnable" };
    let mut members = Record::from_iter([("id", number(graph, &node.id))]);
    members.insert("name", node.name.as_str());
    members.insert("kind", kind);
    if !node.metadata.is_empty() {
        members.insert("metadata", node.metadata.clone());
    }
    members.into()
}

fn describe_edge(edge: &Edge, id: &dyn Fn(&NodeId) -> Data) -> Data {
    let mut members = Record::from_iter([("source", id(&edge.source)), ("target", id(&edge.target))]);
    if let Some(label) = &edge.label {
        members.insert("label", label.as_str());
    }
    if edge.conditional {
        members.insert("conditional", true);
    }
    members.into()
}

pub(super) fn mermaid(bench: &Bench, _: Caller) -> Result<Data> {
    let with_styles = bench.field("options").and_then(|options| options.get("with_styles"));
    let options = match with_styles {
        Some(Data::Bool(false)) => MermaidOptions::new().with_styles(false),
        _ => MermaidOptions::new(),
    };
    Ok(bench.runnable()?.graph().draw_mermaid_with(&options).into())
}

pub(super) fn ascii(bench: &Bench, _: Caller) -> Result<Data> {
    Ok(bench.runnable()?.graph().draw_ascii().into())
}

pub(super) fn build(bench: &Bench, _: Caller) -> Result<Data> {
    let mut graph = built(bench)?;
    let name = |id: &NodeId| Data::from(id.to_string());
    let end = |node: Option<&Node>| node.map_or(Data::Null, |node| name(&node.id));
    Ok(match bench.field("draw").and_then(Data::as_text) {
        Some("ends") => Data::from([("first", end(graph.first_node())), ("last", end(graph.last_node()))]),
        Some("trimmed") => {
            graph.trim_first_node();
            graph.trim_last_node();
            let nodes = graph.nodes().iter().map(|node| name(&node.id)).collect();
            let edges = graph.edges().iter().map(|edge| describe_edge(edge, &name)).collect();
            Data::from([("nodes", Data::List(nodes)), ("edges", Data::List(edges))])
        }
        _ => graph.draw_mermaid().into(),
    })
}

fn built(bench: &Bench) -> Result<Graph> {
    let text =
        |part: &Data, name: &str| part.get(name).and_then(Data::as_text).unwrap_or_default().to_owned();
    let mut graph = Graph::new();
    for part in bench.list("nodes") {
        let metadata = part.get("metadata").and_then(Data::as_record).cloned().unwrap_or_default();
        let node = metadata
            .into_iter()
            .fold(Node::new(text(&part, "id")), |node, (key, value)| node.with_metadata(key, value));
        graph = graph.add_node(node)?;
    }
    for part in bench.list("edges") {
        let mut edge = Edge::new(text(&part, "source"), text(&part, "target"));
        if let Some(label) = part.get("label").and_then(Data::as_text) {
            edge = edge.with_label(label);
        }
        if part.get("conditional") == Some(&Data::Bool(true)) {
            edge = edge.conditional();
        }
        graph = graph.add_edge(edge)?;
    }
    Ok(graph)
}
