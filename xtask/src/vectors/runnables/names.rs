//! `get_name`, `get_prompts` and `config_specs`: what a runnable says about itself.

use catena::prelude::*;
use catena::{ConfigurableField, Record, Result};

use super::bench::{Bench, Caller};

pub(super) fn get_name(bench: &Bench, _: Caller) -> Result<Data> {
    let runnable = bench.runnable()?;
    Ok(match bench.field("suffix").and_then(Data::as_text) {
        Some(suffix) => runnable.outline().name_with_suffix(suffix).into(),
        None => runnable.name().as_ref().into(),
    })
}

pub(super) fn get_prompts(bench: &Bench, _: Caller) -> Result<Data> {
    let templates = bench.runnable()?.prompts().into_iter().filter_map(|prompt| prompt.template);
    Ok(templates.collect::<Vec<_>>().into())
}

pub(super) fn config_specs(bench: &Bench, _: Caller) -> Result<Data> {
    Ok(Data::List(bench.runnable()?.config_specs()?.iter().map(spec).collect()))
}

fn spec(field: &ConfigurableField) -> Data {
    let mut spec = Record::from_iter([("id", field.id.as_str())]);
    for (member, text) in [("name", &field.name), ("description", &field.description)] {
        if let Some(text) = text {
            spec.insert(member, text.as_str());
        }
    }
    if let Some(default) = &field.default {
        spec.insert("default", default.clone());
    }
    spec.insert("is_shared", field.is_shared);
    if !field.options.is_empty() {
        let mut options = field.options.clone();
        options.sort_unstable();
        spec.insert("options", options);
    }
    spec.into()
}
