//! Settings of the connection, which all clients share.

use std::time::Duration;

use serde_json::Value;

/// Applies one member of `config` to a builder with settings of the connection: `Ok` with the builder, or what it is that
/// no builder knows.
///
/// The builders are types of their own, so this is a macro.
macro_rules! connection_setting {
    ($builder:ident, $case:expr, $name:expr, $value:expr) => {{
        use $crate::vectors::openai::connection::{seconds, text};
        match $name {
            "api_key" => Ok($builder.with_api_key(text($value))),
            "base_url" => Ok($builder.with_base_url(text($value))),
            "organization" => Ok($builder.with_organization(text($value))),
            "project" => Ok($builder.with_project(text($value))),
            "timeout" => Ok($builder
                .with_connect_timeout(seconds($value))
                .with_first_byte_timeout(seconds($value))
                .with_idle_timeout(seconds($value))),
            other => Err(format!("the setting `{other}` is not applied")),
        }
    }};
}
pub(super) use connection_setting;

/// Why the surroundings that a recording needs cannot be had.
pub(super) fn lacks(input: &Value) -> Option<String> {
    input.get("env").map(|_| "environment variables are not set".to_owned())
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

pub(super) fn seconds(value: &Value) -> Duration {
    Duration::from_secs_f64(value.as_f64().unwrap_or_default())
}
