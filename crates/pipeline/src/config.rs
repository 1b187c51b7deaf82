//! Run configs in pipelines.

use std::sync::Arc;
use std::time::Duration;

use catena_core::{Data, Result, RunConfig};
use serde_json::{Map, Value};

use crate::Spec;

const OPTIONS: [&str; 8] = [
    "tags",
    "metadata",
    "run_name",
    "max_concurrency",
    "recursion_limit",
    "configurable",
    "timeout",
    "handlers",
];

pub(crate) fn read(spec: &Spec<'_>) -> Result<RunConfig> {
    spec.only(&OPTIONS)?;
    let mut config = RunConfig::new();
    if let Some(tags) = spec.get("tags") {
        config.tags = tags.texts()?.into_iter().map(str::to_owned).collect();
    }
    config.metadata = object(spec, "metadata")?;
    config.configurable = object(spec, "configurable")?;
    config.name = spec.get("run_name").map(|name| name.text()).transpose()?.map(str::to_owned);
    config.max_concurrency = spec.get("max_concurrency").map(|limit| limit.count()).transpose()?;
    config.recursion_limit = spec.get("recursion_limit").map(|limit| limit.count()).transpose()?;
    config.timeout = spec.get("timeout").map(|limit| duration(&limit)).transpose()?;
    for handler in spec.get("handlers").map(|handlers| handlers.items()).transpose()?.unwrap_or_default() {
        config.observers.push(Arc::clone(spec.loader().observer(&handler)?));
    }
    Ok(config)
}

fn object(spec: &Spec<'_>, name: &str) -> Result<Map<String, Value>> {
    match spec.get(name) {
        None => Ok(Map::new()),
        Some(member) => {
            let members = member.record()?.iter();
            Ok(members.map(|(name, data)| (name.to_owned(), Data::clone(data).into_json())).collect())
        }
    }
}

/// Reads a duration in seconds.
pub(crate) fn duration(spec: &Spec<'_>) -> Result<Duration> {
    Duration::try_from_secs_f64(spec.number()?)
        .map_err(|_| spec.error("expected a non-negative number of seconds"))
}
