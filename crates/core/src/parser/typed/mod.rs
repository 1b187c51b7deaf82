//! Answers parsed as Rust types or according to a schema.

mod instructions;
mod parsed;
mod reader;
mod schema_output_parser;
mod tracked;
mod typed_output_parser;

pub use parsed::Parsed;
pub(super) use reader::FormReader;
pub use schema_output_parser::JsonSchemaOutputParser;
pub(super) use tracked::{Place, Tracked, Variant, at, read_tracked};
pub use typed_output_parser::TypedOutputParser;
#[cfg(feature = "schemars")]
pub use typed_output_parser::parse;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::schema::{Violation, coerce, listed, violations};

/// A validation rule in addition to the schema.
pub(super) type Check<T> = std::sync::Arc<dyn Fn(&T) -> Result<(), String> + Send + Sync>;

/// Converts the value to a `T`, or returns what was expected.
///
/// What serde accepts is decisive, so that a type with lenient deserialization stays lenient. The schema adds its
/// bounds and the descriptions of errors.
pub(crate) fn read_as<T: DeserializeOwned>(value: &Value, schema: Option<&Value>) -> Result<T, String> {
    let violations = |keep: fn(&Violation) -> bool| -> Vec<Violation> {
        let all = schema.map(|schema| violations(schema, value)).unwrap_or_default();
        all.into_iter().filter(keep).collect()
    };
    match read_tracked(value) {
        Ok(read) => match &violations(|violation| violation.bound)[..] {
            [] => Ok(read),
            broken => Err(listed(broken)),
        },
        Err(why) => match &violations(|_| true)[..] {
            [] => Err(format!("a value of the target type: {why}")),
            broken => Err(listed(broken)),
        },
    }
}

/// Like [`read_as`]. A value that is rejected is tried once more with its scalars [coerced](coerce) to the types of the
/// schema; the error is that of the value as it is.
pub(super) fn read_leniently<T: DeserializeOwned>(
    value: &Value,
    schema: Option<&Value>,
) -> Result<T, String> {
    read_as(value, schema).or_else(|error| {
        let Some(schema) = schema else { return Err(error) };
        let mut coerced = value.clone();
        coerce(schema, &mut coerced);
        if coerced == *value { Err(error) } else { read_as(&coerced, Some(schema)).map_err(|_| error) }
    })
}

/// Returns the title of a schema.
pub(in crate::parser) fn title(schema: Option<&Value>) -> Option<&str> {
    schema?.get("title")?.as_str()
}
