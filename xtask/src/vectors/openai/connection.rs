//! Settings of the connection, which all clients share.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use catena::openai::{ApiKey, Azure};
use serde_json::Value;

/// Applies one member of `config` to a builder with settings of the connection: `Ok` with the builder, or what it is that
/// no builder knows.
///
/// The builders are types of their own, so this is a macro.
macro_rules! connection_setting {
    ($builder:ident, $case:expr, $name:expr, $value:expr) => {{
        use $crate::vectors::openai::connection::{azure, count, keys, pairs, seconds, text};
        match $name {
            "api_key" => Ok($builder.with_api_key(text($value))),
            "api_key_callable" => Ok($builder.with_api_key(keys($value))),
            "base_url" => Ok($builder.with_base_url(text($value))),
            "organization" => Ok($builder.with_organization(text($value))),
            "project" => Ok($builder.with_project(text($value))),
            "timeout" => Ok($builder
                .with_connect_timeout(seconds($value))
                .with_first_byte_timeout(seconds($value))
                .with_idle_timeout(seconds($value))),
            "max_retries" => Ok($builder.with_max_retries(count($value))),
            "default_headers" => Ok(pairs($value)
                .into_iter()
                .fold($builder, |builder, (name, value)| builder.with_header(name, value))),
            "default_query" => Ok(pairs($value)
                .into_iter()
                .fold($builder, |builder, (name, value)| builder.with_query(name, value))),
            "openai_proxy" => Ok($builder.with_proxy(catena::openai::Proxy::url(text($value)))),
            "azure_endpoint" | "azure_deployment" | "api_version" | "azure_ad_token" => {
                Ok($builder.with_azure(azure($case.input)))
            }
            other => Err(format!("the setting `{other}` is not applied")),
        }
    }};
}
pub(super) use connection_setting;

/// The variables that a recording sets, and none else.
pub(super) fn environment(input: &Value) -> impl Fn(&str) -> Option<String> + Send + Sync + 'static {
    let variables = pairs(&input["env"]);
    move |name| variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
}

/// Keys that are given out one after the other; the last one from then on.
pub(super) fn keys(value: &Value) -> ApiKey {
    let keys = value.as_array().cloned().unwrap_or_default();
    let next = AtomicUsize::new(0);
    ApiKey::from_fn(move || {
        let key = keys.get(next.fetch_add(1, Ordering::Relaxed)).or(keys.last());
        Ok(key.map(text).unwrap_or_default().into())
    })
}

/// Azure's settings in `config`.
pub(super) fn azure(input: &Value) -> Azure {
    let config = &input["config"];
    let mut azure = Azure::new();
    if let Some(endpoint) = config["azure_endpoint"].as_str() {
        azure = azure.with_endpoint(endpoint);
    }
    if let Some(deployment) = config["azure_deployment"].as_str() {
        azure = azure.with_deployment(deployment);
    }
    if let Some(version) = config["api_version"].as_str() {
        azure = azure.with_api_version(version);
    }
    if let Some(token) = config["azure_ad_token"].as_str() {
        azure = azure.with_ad_token(token);
    }
    azure
}

/// The members of an object whose values are texts, or as good as texts.
pub(super) fn pairs(value: &Value) -> Vec<(String, String)> {
    let members = value.as_object().into_iter().flatten();
    let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    members.map(|(name, value)| (name.clone(), plain(value))).collect()
}

pub(super) fn count(value: &Value) -> usize {
    value.as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or_default()
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

pub(super) fn seconds(value: &Value) -> Duration {
    Duration::from_secs_f64(value.as_f64().unwrap_or_default())
}
