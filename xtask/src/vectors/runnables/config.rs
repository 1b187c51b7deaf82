//! `merge_configs`, `ensure_config`, `patch_config`, `config_list` and `callbacks_seen`.

use catena::prelude::*;
use catena::{Record, Result};

use super::super::raised::raise;
use super::bench::{Bench, Caller};
use super::invoke::call;

pub(super) fn merge(bench: &Bench, _: Caller) -> Result<Data> {
    let mut merged = RunConfig::new();
    for config in bench.list("configs") {
        merged = merged.merged_under(&bench.read_config(&config)?);
    }
    Ok(described(&merged, merged.recursion_limit.filter(|limit| *limit != 25)))
}

pub(super) fn ensure(bench: &Bench, _: Caller) -> Result<Data> {
    bench.config().map(|config| complete(&config))
}

pub(super) fn patch(bench: &Bench, _: Caller) -> Result<Data> {
    let patch = bench.field("patch").map(|patch| bench.read_config(patch)).transpose()?.unwrap_or_default();
    let patched = bench.config()?.merged_under(&patch);
    Ok(complete(&patched))
}

pub(super) fn list(bench: &Bench, _: Caller) -> Result<Data> {
    let length = bench.value("length").into_json().as_u64().and_then(|length| usize::try_from(length).ok());
    let length = length.ok_or_else(|| raise("value_error", "the length is a number, 0 or more"))?;
    let configs = match bench.field("config") {
        Some(Data::List(configs)) => {
            configs.iter().map(|config| bench.read_config(config)).collect::<Result<Vec<_>>>()?
        }
        _ => vec![bench.config()?; length],
    };
    one_for_each(&configs, length)?;
    Ok(Data::List(configs.iter().map(complete).collect()))
}

pub(super) fn one_for_each(configs: &[RunConfig], inputs: usize) -> Result<()> {
    match configs.len() == inputs {
        true => Ok(()),
        false => Err(raise("value_error", format!("{} configs for {inputs} inputs", configs.len()))),
    }
}

pub(super) fn callbacks_seen(bench: &Bench, caller: Caller) -> Result<Data> {
    call(caller, &bench.runnable()?, bench.value("input"), &bench.config()?)?;
    Ok(bench.probes.seen())
}

/// A config with the defaults of what it leaves open.
fn complete(config: &RunConfig) -> Data {
    described(config, Some(config.recursion_limit.unwrap_or(25)))
}

fn described(config: &RunConfig, recursion_limit: Option<usize>) -> Data {
    // Merging sorts the tags and drops doubles.
    let config = config.clone().merged_under(&RunConfig::new());
    let mut members = Record::new();
    members.insert("tags", config.tags);
    members.insert("metadata", config.metadata);
    members.insert("configurable", config.configurable);
    if let Some(limit) = recursion_limit {
        members.insert("recursion_limit", limit);
    }
    if let Some(limit) = config.max_concurrency {
        members.insert("max_concurrency", limit);
    }
    if let Some(name) = config.name {
        members.insert("run_name", name);
    }
    members.into()
}
