//! Cache keys.

use std::fmt;

use catena_core::PromptValue;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// Version of the key derivation and of the entry format. Changing it invalidates older entries.
const VERSION: &[u8] = b"catena-cache 1\n";

/// A cache key: the SHA-256 of everything that determines an answer.
///
/// That is the model's provider, name and parameters, the arguments bound to the call, and the prompt, without message
/// IDs that are unknown to the service.
///
/// # Example
/// ```
/// use catena_cache::{Cached, CacheKey, MemoryStore};
/// use catena_core::{fakes::FakeLlm, Context};
/// use std::sync::Arc;
/// let model = Cached::new(Arc::new(FakeLlm::new(["Hi"])), Arc::new(MemoryStore::new(10)));
/// let key: CacheKey = model.key(&"Hello".into(), &Context::default())?;
/// assert_eq!(key.to_string().len(), 64);
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CacheKey([u8; 32]);

impl CacheKey {
    /// Derives the key of these parts.
    pub(crate) fn new(
        model: &Map<String, Value>,
        arguments: Option<&Map<String, Value>>,
        prompt: &PromptValue,
    ) -> Self {
        let mut hash = Sha256::new_with_prefix(VERSION);
        hash_members(&mut hash, model);
        hash_members(&mut hash, arguments.unwrap_or(&Map::new()));
        match prompt {
            PromptValue::Text(text) => hash_text(&mut hash, text),
            other => hash_value(&mut hash, &without_ids(catena_core::Chunk::to_json(other))),
        }
        Self(hash.finalize().into())
    }

    /// Returns the bytes of the hash.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Formats the key as lower-case hexadecimal digits.
impl fmt::Display for CacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for CacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CacheKey({self})")
    }
}

/// The prefix of OpenAI's response IDs.
const KEPT_BY_SERVICE: &str = "resp_";

/// Removes the IDs of a prompt's messages, which are different each time and carry no meaning. Exempt are IDs of
/// responses that the service stores: a request may refer to one (`use_previous_response_id`), and then contains
/// nothing else of the conversation before it.
fn without_ids(mut prompt: Value) -> Value {
    let messages = prompt.get_mut("messages").and_then(Value::as_array_mut);
    for message in messages.into_iter().flatten().filter_map(Value::as_object_mut) {
        if !message.get("id").and_then(Value::as_str).is_some_and(|id| id.starts_with(KEPT_BY_SERVICE)) {
            message.remove("id");
        }
    }
    prompt
}

/// Every value is prefixed with a type tag and, if it has a length, with its length, so the encoding is unambiguous.
fn hash_value(hash: &mut Sha256, value: &Value) {
    match value {
        Value::Null => hash.update(b"n"),
        Value::Bool(value) => hash.update(if *value { b"t" } else { b"f" }),
        Value::Number(number) => {
            hash.update(b"d");
            hash_text(hash, &number.to_string());
        }
        Value::String(text) => hash_text(hash, text),
        Value::Array(values) => {
            hash.update(b"a");
            hash_length(hash, values.len());
            values.iter().for_each(|value| hash_value(hash, value));
        }
        Value::Object(members) => hash_members(hash, members),
    }
}

/// Hashes members sorted by name, because their order carries no meaning.
fn hash_members(hash: &mut Sha256, members: &Map<String, Value>) {
    let mut members: Vec<_> = members.iter().collect();
    members.sort_unstable_by_key(|(name, _)| *name);
    hash.update(b"o");
    hash_length(hash, members.len());
    for (name, value) in members {
        hash_text(hash, name);
        hash_value(hash, value);
    }
}

fn hash_text(hash: &mut Sha256, text: &str) {
    hash.update(b"s");
    hash_length(hash, text.len());
    hash.update(text);
}

fn hash_length(hash: &mut Sha256, length: usize) {
    hash.update((length as u64).to_le_bytes());
}

#[cfg(test)]
mod tests {
    use catena_core::Message;
    use serde_json::json;

    use super::*;

    fn key(model: Value, arguments: Value, prompt: impl Into<PromptValue>) -> CacheKey {
        let object = |value: Value| value.as_object().cloned().unwrap_or_default();
        CacheKey::new(&object(model), Some(&object(arguments)), &prompt.into())
    }

    #[test]
    fn what_shapes_an_answer_shapes_the_key() {
        let base = key(json!({"model": "m", "temperature": 0.5}), json!({}), "Hi");
        let same = key(json!({"temperature": 0.5, "model": "m"}), json!({}), "Hi");
        assert_eq!(base, same);
        let others = [
            key(json!({"model": "m", "temperature": 0.6}), json!({}), "Hi"),
            key(json!({"model": "n", "temperature": 0.5}), json!({}), "Hi"),
            key(json!({"model": "m", "temperature": 0.5}), json!({"stop": ["x"]}), "Hi"),
            key(json!({"model": "m", "temperature": 0.5}), json!({}), "Ho"),
            key(json!({"model": "m", "temperature": 0.5}), json!({}), Message::human("Hi")),
            key(json!({"model": "m", "temperature": 0.5}), json!({}), Message::system("Hi")),
        ];
        for (index, other) in others.iter().enumerate() {
            assert_ne!(*other, base, "case {index}");
        }
    }

    #[test]
    fn values_that_look_alike_differ() {
        let pairs = [
            (json!({"a": "1"}), json!({"a": 1})),
            (json!({"a": [["x"], "y"]}), json!({"a": [["x", "y"]]})),
            (json!({"a": "bc"}), json!({"ab": "c"})),
            (json!({"a": null}), json!({})),
            (json!({"a": {"b": 1}}), json!({"a": {}, "b": 1})),
        ];
        for (left, right) in pairs {
            assert_ne!(
                key(left.clone(), json!({}), "Hi"),
                key(right.clone(), json!({}), "Hi"),
                "{left} {right}"
            );
        }
    }

    #[test]
    fn ids_of_messages_say_nothing() {
        let message = |id: &str| {
            let message = json!({"type": "human", "data": {"content": "Hi", "id": id}});
            catena_core::messages_from_dict([message]).expect("a message")
        };
        assert_eq!(key(json!({}), json!({}), message("a")), key(json!({}), json!({}), message("b")));
        assert_ne!(
            key(json!({}), json!({}), message("resp_a")),
            key(json!({}), json!({}), message("resp_b"))
        );
    }
}
