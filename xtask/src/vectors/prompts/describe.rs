//! What a prompt says of itself.

use catena::{Data, Result};

use super::node::Node;
use super::{record, unknown};

pub(super) fn describe(node: &Node) -> Result<Data> {
    Ok(match node {
        Node::Text(prompt) => described([
            ("input_variables", sorted(prompt.variables().iter().map(String::as_str))),
            ("partial_variables", sorted(prompt.partial_variables())),
            ("template", prompt.template().into()),
        ]),
        Node::Chat(prompt) => described([
            ("input_variables", sorted(prompt.variables().iter().map(String::as_str))),
            ("optional_variables", sorted(prompt.optional_variables().iter().map(String::as_str))),
            ("partial_variables", sorted(prompt.partial_variables())),
            ("message_count", prompt.len().into()),
        ]),
        Node::FewShot(prompt) => described([
            ("input_variables", sorted(prompt.variables().iter().map(String::as_str))),
            ("partial_variables", sorted(prompt.partial_variables())),
        ]),
        Node::Dict(prompt) => {
            described([("input_variables", sorted(prompt.variables().iter().map(String::as_str)))])
        }
        Node::Image(prompt) => {
            described([("input_variables", sorted(prompt.variables().iter().map(String::as_str)))])
        }
        Node::FewShotChat(_) => return Err(unknown("description of examples")),
    })
}

/// Without the lists that are left out when they are empty.
fn described<const N: usize>(members: [(&'static str, Data); N]) -> Data {
    let empty = Data::List(Vec::new());
    record(members.into_iter().filter(|(name, value)| *name == "input_variables" || *value != empty))
}

pub(super) fn sorted<'a>(names: impl Iterator<Item = &'a str>) -> Data {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names.into()
}
