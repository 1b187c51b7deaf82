//! The configs of bindings.

use serde_json::{Map, Value};

use super::{Kwargs, Loaded};
use crate::{Data, Record, Result, RunConfig};

/// A config as LangChain writes it, if it is plain data.
pub(crate) fn config_data(config: &RunConfig) -> Option<Map<String, Value>> {
    let code = config.run_id.is_some()
        || config.timeout.is_some()
        || config.cancel.is_some()
        || config.timer.is_some()
        || !config.observers.is_empty();
    let mut data = Map::new();
    let mut set = |name: &str, value: Option<Value>| {
        value.map(|value| data.insert(name.to_owned(), value));
    };
    let some = |values: &Map<String, Value>| (!values.is_empty()).then(|| values.clone().into());
    set("run_name", config.name.clone().map(Value::from));
    set("tags", (!config.tags.is_empty()).then(|| config.tags.clone().into()));
    set("metadata", some(&config.metadata));
    set("configurable", some(&config.configurable));
    set("max_concurrency", config.max_concurrency.map(Value::from));
    set("recursion_limit", config.recursion_limit.map(Value::from));
    (!code).then_some(data)
}

/// Reads a config; what is no data, such as callbacks, is left away.
pub(super) fn read(kwargs: &mut Kwargs) -> Result<RunConfig> {
    let Some(config) = kwargs.take("config") else { return Ok(RunConfig::new()) };
    let members = match config {
        Loaded::Data(Data::Record(record)) => {
            record.into_iter().map(|(name, value)| (name, Loaded::Data(value))).collect()
        }
        Loaded::Record(members) => members,
        other => return Err(kwargs.unfit("config", "a record", other.kind())),
    };
    let mut given = Kwargs::new("config", members);
    let mut config = RunConfig::new();
    config.name = given.text("run_name")?;
    config.tags = texts(&mut given, "tags")?;
    config.metadata = json(given.record("metadata")?);
    config.configurable = json(given.record("configurable")?);
    config.max_concurrency = count(&mut given, "max_concurrency")?;
    config.recursion_limit = count(&mut given, "recursion_limit")?;
    Ok(config)
}

pub(super) fn json(record: Record) -> Map<String, Value> {
    record.into_iter().map(|(name, value)| (name, value.into_json())).collect()
}

pub(super) fn texts(kwargs: &mut Kwargs, name: &str) -> Result<Vec<String>> {
    let items = kwargs.list(name)?;
    let text = |item| match item {
        Loaded::Data(Data::Text(text)) => Ok(text),
        other => Err(kwargs.unfit(name, "a list of strings", other.kind())),
    };
    items.into_iter().map(text).collect()
}

pub(super) fn count(kwargs: &mut Kwargs, name: &str) -> Result<Option<usize>> {
    let Some(value) = kwargs.data(name)? else { return Ok(None) };
    match &value {
        Data::Number(number) => match number.as_u64().and_then(|count| usize::try_from(count).ok()) {
            Some(count) => Ok(Some(count)),
            None => Err(kwargs.unfit(name, "a non-negative integer", "another number")),
        },
        other => Err(kwargs.unfit(name, "a non-negative integer", other.kind())),
    }
}
