//! Provider-specific response members without a field of their own.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::OnceLock;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// The members of a JSON object that have no field of their own. It dereferences to a [`Map`], parsed on first access:
/// until then, members [added](Self::push_json) by a codec are kept as JSON text, since most programs never read them.
///
/// # Example
/// ```
/// use catena_core::ExtraMembers;
/// use serde_json::json;
/// let mut extra = ExtraMembers::default();
/// extra.push_json("system_fingerprint", r#""fp_1""#);
/// extra.push_json("created", "1720000000");
/// assert_eq!(extra["system_fingerprint"], "fp_1");
/// extra.insert("region".to_owned(), json!("eu"));
/// assert_eq!(extra.len(), 3);
/// ```
#[derive(Clone, Default)]
pub struct ExtraMembers {
    /// The members as JSON text, each followed by a comma. Unused once parsed.
    unread: String,
    /// Boxed, because it is rarely used and the struct is moved often.
    read: OnceLock<Box<Map<String, Value>>>,
}

/// The typical size of the members of an answer, in bytes.
const USUAL: usize = 96;

impl ExtraMembers {
    /// Creates an empty set of members.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds or replaces a member whose value is JSON text; `null` is ignored. The caller must pass valid JSON: if it is
    /// invalid, it and all other members not yet parsed are lost on first access.
    pub fn push_json(&mut self, name: &str, json: &str) {
        if json == "null" {
            return;
        }
        if let Some(read) = self.read.get_mut() {
            let value = serde_json::from_str(json).ok();
            read.extend(value.map(|value| (name.to_owned(), value)));
            return;
        }
        if self.unread.is_empty() {
            self.unread.reserve(USUAL);
        }
        push_string(&mut self.unread, name);
        self.unread.push(':');
        self.unread.push_str(json);
        self.unread.push(',');
    }

    /// Returns the value of a member. Nothing is parsed if the name does not occur at all.
    pub fn get(&self, name: &str) -> Option<&Value> {
        // With escapes, the written name may differ from the requested one.
        let is_absent =
            self.read.get().is_none() && !self.unread.contains('\\') && !self.unread.contains(name);
        if is_absent { None } else { self.members().get(name) }
    }

    /// Returns whether there is a member with this name.
    pub fn contains_key(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Adds all members of `next` except nulls, replacing those with the same name.
    pub(super) fn merge(&mut self, next: Self) {
        if self.read.get().is_none() && next.read.get().is_none() {
            self.unread.push_str(&next.unread);
            return;
        }
        self.extend(Map::from(next).into_iter().filter(|(_, value)| !value.is_null()));
    }

    /// Returns the members, parsing them on first access.
    fn members(&self) -> &Map<String, Value> {
        self.read.get_or_init(|| Box::new(read(&self.unread)))
    }
}

/// Parses members that are each followed by a comma.
fn read(members: &str) -> Map<String, Value> {
    let Some(members) = members.strip_suffix(',') else { return Map::new() };
    serde_json::from_str(&format!("{{{members}}}")).map_or_else(|_| Map::new(), |Readable(members)| members)
}

/// Members that are parsed independently, so that one nested too deeply does not lose the others.
struct Readable(Map<String, Value>);

impl<'de> Deserialize<'de> for Readable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ReadableVisitor)
    }
}

struct ReadableVisitor;

impl<'de> Visitor<'de> for ReadableVisitor {
    type Value = Readable;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Readable, A::Error> {
        let mut members = Map::new();
        while let Some((name, json)) = object.next_entry::<String, &RawValue>()? {
            if let Ok(value) = serde_json::from_str(json.get()) {
                members.insert(name, value);
            }
        }
        Ok(Readable(members))
    }
}

fn push_string(json: &mut String, text: &str) {
    // Checks all bytes without an early exit, which is faster.
    let is_special = |byte: u8| (byte < 0x20) | (byte == b'"') | (byte == b'\\');
    if text.bytes().fold(false, |found, byte| found | is_special(byte)) {
        json.push_str(&Value::from(text).to_string());
    } else {
        json.push('"');
        json.push_str(text);
        json.push('"');
    }
}

impl Deref for ExtraMembers {
    type Target = Map<String, Value>;

    fn deref(&self) -> &Map<String, Value> {
        self.members()
    }
}

impl DerefMut for ExtraMembers {
    #[expect(clippy::expect_used, reason = "they were read on the line above")]
    fn deref_mut(&mut self) -> &mut Map<String, Value> {
        self.members();
        self.read.get_mut().expect("members that were read")
    }
}

impl From<Map<String, Value>> for ExtraMembers {
    fn from(members: Map<String, Value>) -> Self {
        Self { unread: String::new(), read: OnceLock::from(Box::new(members)) }
    }
}

impl FromIterator<(String, Value)> for ExtraMembers {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(members: I) -> Self {
        Map::from_iter(members).into()
    }
}

impl From<ExtraMembers> for Map<String, Value> {
    fn from(members: ExtraMembers) -> Self {
        let ExtraMembers { unread, read: known } = members;
        known.into_inner().map_or_else(|| read(&unread), |known| *known)
    }
}

impl From<ExtraMembers> for Value {
    fn from(members: ExtraMembers) -> Self {
        Self::Object(members.into())
    }
}

impl IntoIterator for ExtraMembers {
    type Item = (String, Value);
    type IntoIter = serde_json::map::IntoIter;

    fn into_iter(self) -> Self::IntoIter {
        Map::from(self).into_iter()
    }
}

impl<'a> IntoIterator for &'a ExtraMembers {
    type Item = (&'a String, &'a Value);
    type IntoIter = serde_json::map::Iter<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.members().iter()
    }
}

impl PartialEq for ExtraMembers {
    fn eq(&self, other: &Self) -> bool {
        let unread = self.read.get().is_none() && other.read.get().is_none();
        (unread && self.unread == other.unread) || self.members() == other.members()
    }
}

impl fmt::Debug for ExtraMembers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.members().fmt(f)
    }
}

impl Serialize for ExtraMembers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.members().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ExtraMembers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Map::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(members: &[(&str, &str)]) -> ExtraMembers {
        let mut extra = ExtraMembers::new();
        members.iter().for_each(|(name, json)| extra.push_json(name, json));
        extra
    }

    #[track_caller]
    fn check(extra: &ExtraMembers, expected: Value) {
        assert_eq!(Value::from(extra.clone()), expected);
        assert_eq!(serde_json::to_value(extra).expect("JSON"), expected);
        assert_eq!(extra, &serde_json::from_value::<ExtraMembers>(expected).expect("members"));
    }

    #[test]
    fn members_are_read_as_they_were_written() {
        check(&of(&[]), json!({}));
        check(
            &of(&[("a", "1"), ("b\"\n", r#"{"c": [1, "}"]}"#), ("n", "null")]),
            json!({"a": 1, "b\"\n": {"c": [1, "}"]}}),
        );
        check(&of(&[("a", "1"), ("a", " 2 ")]), json!({"a": 2}));
    }

    #[test]
    fn one_that_cannot_be_read_leaves_the_others() {
        let deep = format!("{}{}", "[".repeat(500), "]".repeat(500));
        check(&of(&[("a", "1"), ("deep", &deep), ("b", "2")]), json!({"a": 1, "b": 2}));
    }

    #[test]
    fn a_look_makes_no_difference() {
        let both = json!({"a": 2, "b": 1});
        for (looked, at_next) in [(false, false), (false, true), (true, false), (true, true)] {
            let (mut extra, mut next) = (of(&[("a", "1"), ("b", "1")]), of(&[("a", "2")]));
            assert!(!looked || extra.len() == 2);
            if at_next {
                next.insert("b".to_owned(), Value::Null);
            }
            extra.merge(next);
            check(&extra, both.clone());
            extra.push_json("a", "3");
            extra.push_json("a", "null");
            check(&extra, json!({"a": 3, "b": 1}));
        }
    }

    #[test]
    fn a_change_is_kept() {
        let mut extra = of(&[("a", "1")]);
        extra.insert("b".to_owned(), json!(2));
        extra.remove("a");
        check(&extra, json!({"b": 2}));
        assert_eq!(format!("{extra:?}"), format!("{:?}", extra.members()));
        assert_eq!((&extra).into_iter().count(), 1);
    }
}
