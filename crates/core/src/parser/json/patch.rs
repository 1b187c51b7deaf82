//! Changes to a JSON value.

use serde::Serialize;
use serde_json::Value;

use super::value::Json;
use crate::{Chunk, Error, ErrorKind, Result};

/// Changes to a JSON value in the form of a JSON Patch (RFC 6902). It serializes to a list of operations.
///
/// When chunks are merged, patches are combined: if the first operation sets the whole value, later operations are
/// applied to that value. All chunks of an answer therefore merge to a single operation that sets its value.
///
/// # Example
/// ```
/// use catena_core::{Chunk, JsonOutputParser, JsonPatch, RunnableExt};
/// use serde_json::{json, Value};
/// # futures_executor::block_on(async {
/// let patch = JsonOutputParser.diff().invoke(r#"{"title": "Long road"}"#).await?;
/// assert_eq!(json!(patch), json!([{"op": "replace", "path": "", "value": {"title": "Long road"}}]));
/// let mut value = Value::Null;
/// patch.apply(&mut value)?;
/// assert_eq!(value["title"], "Long road");
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(transparent)]
pub struct JsonPatch(Vec<JsonPatchOperation>);

/// A change to a JSON value. Paths are JSON Pointers (RFC 6901).
///
/// # Example
/// ```
/// use catena_core::JsonPatchOperation;
/// use serde_json::json;
/// let add = JsonPatchOperation::Add { path: "/tags/0".into(), value: json!("new").into() };
/// assert_eq!(json!(add), json!({"op": "add", "path": "/tags/0", "value": "new"}));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "op", rename_all = "lowercase")]
#[non_exhaustive]
pub enum JsonPatchOperation {
    /// Sets a member of an object, or inserts an item into a list before this index.
    Add {
        /// The location.
        path: String,
        /// The member or item.
        value: Json,
    },
    /// Replaces a value.
    Replace {
        /// The location; the empty path is the whole value.
        path: String,
        /// The new value.
        value: Json,
    },
}

impl JsonPatch {
    pub(super) fn new(operations: Vec<JsonPatchOperation>) -> Self {
        Self(operations)
    }

    /// Returns the operations, in order.
    pub fn operations(&self) -> &[JsonPatchOperation] {
        &self.0
    }

    /// Applies the operations to a value.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when a location does not exist in the value; earlier operations remain applied.
    pub fn apply(&self, target: &mut Value) -> Result<()> {
        self.0.iter().try_for_each(|operation| operation.apply(target))
    }

    fn push(&mut self, operation: JsonPatchOperation) {
        if let JsonPatchOperation::Replace { path, .. } = &operation
            && path.is_empty()
        {
            self.0.clear();
        } else if let [JsonPatchOperation::Replace { path, value }] = &mut self.0[..]
            && path.is_empty()
        {
            let mut whole = std::mem::replace(value, Value::Null.into()).into_value();
            let applied = operation.apply(&mut whole).is_ok();
            *value = whole.into();
            if applied {
                return;
            }
        }
        self.0.push(operation);
    }
}

impl Chunk for JsonPatch {
    fn merge(&mut self, next: Self) {
        next.0.into_iter().for_each(|operation| self.push(operation));
    }

    fn empty() -> Option<Self> {
        Some(Self::default())
    }

    fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

impl JsonPatchOperation {
    pub(super) fn path(&self) -> &str {
        match self {
            Self::Add { path, .. } | Self::Replace { path, .. } => path,
        }
    }

    fn apply(&self, target: &mut Value) -> Result<()> {
        let (path, done) = match self {
            Self::Add { path, value } => (path, add(target, path, value)),
            Self::Replace { path, value } => {
                (path, target.pointer_mut(path).map(|place| *place = value.value().clone()))
            }
        };
        let missing = || {
            Error::new(
                ErrorKind::InvalidInput,
                format!("the value has no member or element at the path `{path:.200}`"),
            )
        };
        done.ok_or_else(missing)
    }
}

fn add(target: &mut Value, path: &str, value: &Json) -> Option<()> {
    let Some((parent, name)) = path.rsplit_once('/') else {
        *target = value.value().clone();
        return Some(());
    };
    match target.pointer_mut(parent)? {
        Value::Object(members) => {
            members.insert(name.replace("~1", "/").replace("~0", "~"), value.value().clone());
        }
        Value::Array(items) => {
            let index = if name == "-" { items.len() } else { name.parse().ok()? };
            if index > items.len() {
                return None;
            }
            items.insert(index, value.value().clone());
        }
        _ => return None,
    }
    Some(())
}
