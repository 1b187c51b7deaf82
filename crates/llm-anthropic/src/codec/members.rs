//! Objects that are sent without some of their members.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

/// An object without its `index`, the merge key of stream chunks.
pub(super) struct Members<'a> {
    members: &'a Map<String, Value>,
    without: &'static [&'static str],
}

impl<'a> Members<'a> {
    /// The members of a block in the service's own format.
    pub(super) fn of_block(members: &'a Map<String, Value>) -> Self {
        Self { members, without: &["index"] }
    }

    /// The `type` of the block.
    pub(super) fn kind(&self) -> Option<&str> {
        self.members.get("type")?.as_str()
    }

    /// Also omits cache marks.
    pub(super) fn leave_out_marks(&mut self) {
        self.without = &["index", "cache_control"];
    }
}

impl Serialize for Members<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.members.iter().filter(|(name, _)| !self.without.contains(&name.as_str())) {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}
