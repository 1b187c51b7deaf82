//! The tag of a choice between objects: the member whose fixed value differs from branch to branch.

use std::collections::HashSet;

use serde_json::Value;

use super::describe::join;
use super::resolve;
use super::walk::{has_type, same};

/// The maximum number of consecutive references that are followed.
const DEPTH: usize = 8;

/// The member that tells the objects of a choice apart.
pub(super) struct Tag<'s> {
    pub(super) name: &'s str,
    /// The branches for objects, with the value of the tag in each.
    branches: Vec<(&'s Value, &'s Value)>,
    /// Whether each of them requires it.
    pub(super) is_required: bool,
}

impl<'s> Tag<'s> {
    /// Returns the tag of a choice. `None` if its branches for objects do not share a member whose value is fixed in
    /// each of them and differs between them.
    pub(super) fn of(root: &'s Value, branches: &'s [Value]) -> Option<Self> {
        let objects: Vec<&Value> = branches.iter().filter(|branch| allows_objects(root, branch)).collect();
        let (first, _) = objects.split_first()?;
        let members = layers(root, first).filter_map(|layer| layer.get("properties")?.as_object()).flatten();
        let tags = members.filter_map(|(name, schema)| {
            fixed(schema)?;
            let values = objects.iter().map(|branch| Some((*branch, value_in(root, branch, name)?)));
            let branches = values.collect::<Option<Vec<_>>>()?;
            let is_required = objects.iter().all(|branch| requires(root, branch, name));
            Some(Self { name, branches, is_required })
        });
        // A member with the same value in all branches, such as a version, is not a tag.
        tags.map(|tag| (tag.distinct(), tag))
            .filter(|(distinct, _)| *distinct > 1)
            .max_by_key(|(distinct, _)| *distinct)
            .map(|(_, tag)| tag)
    }

    /// Returns the branches whose tag has this value.
    pub(super) fn matching(&self, value: &Value) -> Vec<&'s Value> {
        self.branches.iter().filter(|(_, known)| same(known, value)).map(|(branch, _)| *branch).collect()
    }

    /// Describes the values that the tag may have: `"paid", "open" or "overdue"`.
    pub(super) fn described(&self) -> String {
        join(self.branches.iter().map(|(_, value)| value.to_string()).collect())
    }

    fn distinct(&self) -> usize {
        self.branches.iter().map(|(_, value)| value.to_string()).collect::<HashSet<_>>().len()
    }
}

/// Returns the only value that a schema allows.
pub(super) fn fixed(schema: &Value) -> Option<&Value> {
    schema.get("const").or_else(|| match schema.get("enum")?.as_array()?.as_slice() {
        [only] => Some(only),
        _ => None,
    })
}

/// Returns a schema, and the ones that it refers to.
fn layers<'s>(root: &'s Value, schema: &'s Value) -> impl Iterator<Item = &'s Value> {
    std::iter::successors(Some(schema), move |schema| resolve(root, schema)).take(DEPTH)
}

/// Returns whether a branch may be an object, as far as its type is known.
pub(super) fn allows_objects(root: &Value, branch: &Value) -> bool {
    layers(root, branch).all(|layer| has_type(layer.get("type"), &Value::Object(serde_json::Map::new())))
}

fn value_in<'s>(root: &'s Value, branch: &'s Value, name: &str) -> Option<&'s Value> {
    layers(root, branch).find_map(|layer| fixed(layer.get("properties")?.get(name)?))
}

fn requires(root: &Value, branch: &Value, name: &str) -> bool {
    let mut required = layers(root, branch).filter_map(|layer| layer.get("required")?.as_array()).flatten();
    required.any(|required| required.as_str() == Some(name))
}
