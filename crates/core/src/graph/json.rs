//! Conversion of graphs to JSON.

use serde_json::{Map, Value, json};

use super::{Graph, Node, NodeId, NodeKind};
use crate::Data;

impl Graph {
    /// Converts the graph to JSON:
    /// `{"nodes": [{"id", "type", "data"}], "edges": [{"source", "target", "data", "conditional"}]}`.
    ///
    /// Numeric ids are renumbered in order. `data` is `{"name"}` for a step, the name of a schema, or the label of an
    /// edge; plain nodes have none. Nodes with metadata also have a member `metadata`.
    ///
    /// # Example
    /// ```
    /// use catena_core::{PromptTemplate, RunnableExt};
    /// let graph = PromptTemplate::new("{question}")?.graph().to_json();
    /// assert_eq!(graph["nodes"][0]["data"], "PromptInput");
    /// assert_eq!(graph["nodes"][1]["data"]["name"], "PromptTemplate");
    /// assert_eq!(graph["edges"][0]["target"], 1);
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn to_json(&self) -> Value {
        self.write_json(|node| Value::String(node.name.clone()))
    }

    /// Like [`to_json`](Graph::to_json), but with JSON Schemas in place of their names.
    pub fn to_json_with_schemas(&self) -> Value {
        self.write_json(|node| node.schema.clone().unwrap_or_else(|| Value::String(node.name.clone())))
    }

    fn write_json(&self, schema: impl Fn(&Node) -> Value) -> Value {
        let ids: Vec<Value> = self.nodes().iter().enumerate().map(|(place, node)| id(place, node)).collect();
        let nodes: Vec<Value> =
            self.nodes().iter().zip(&ids).map(|(node, id)| node_json(node, id, &schema)).collect();
        let edges: Vec<Value> = self
            .edges()
            .iter()
            .zip(self.links())
            .map(|(edge, (source, target))| {
                let mut json = Map::from_iter([
                    ("source".to_owned(), ids[source].clone()),
                    ("target".to_owned(), ids[target].clone()),
                ]);
                json.extend(edge.label.clone().map(|label| ("data".to_owned(), Value::String(label))));
                json.extend(edge.conditional.then(|| ("conditional".to_owned(), Value::Bool(true))));
                Value::Object(json)
            })
            .collect();
        json!({ "nodes": nodes, "edges": edges })
    }
}

fn id(place: usize, node: &Node) -> Value {
    match &node.id {
        NodeId::Number(_) => Value::from(place),
        NodeId::Name(name) => Value::String(name.clone()),
    }
}

fn node_json(node: &Node, id: &Value, schema: &impl Fn(&Node) -> Value) -> Value {
    let mut json = match node.kind {
        NodeKind::Runnable => json!({ "type": "runnable", "data": { "name": node.name } }),
        NodeKind::Schema => json!({ "type": "schema", "data": schema(node) }),
        NodeKind::Plain => json!({}),
    };
    json["id"] = id.clone();
    if !node.metadata.is_empty() {
        json["metadata"] = Data::from(node.metadata.clone()).into_json();
    }
    json
}
