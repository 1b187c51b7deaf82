//! `input_schema`, `output_schema` and `config_schema`.

use catena::prelude::*;
use catena::{Record, Result};

use super::bench::{Bench, Caller};

pub(super) fn input(bench: &Bench, _: Caller) -> Result<Data> {
    Ok(bench.runnable()?.input_schema().into())
}

pub(super) fn output(bench: &Bench, _: Caller) -> Result<Data> {
    Ok(bench.runnable()?.output_schema().into())
}

pub(super) fn config(bench: &Bench, _: Caller) -> Result<Data> {
    Ok(bench.runnable()?.config_schema()?.into())
}

/// A schema without what are only habits of a library: titles and defaults that are null.
pub(in crate::vectors) fn without_habits(schema: Data) -> Data {
    match schema {
        Data::List(items) => Data::List(items.into_iter().map(without_habits).collect()),
        Data::Record(record) => {
            let says = |name: &str, value: &Data| match name {
                // A property may be called `title`: its value is a schema, no text.
                "title" => value.as_text().is_none(),
                "default" => *value != Data::Null,
                _ => true,
            };
            let kept = record.into_iter().filter(|(name, value)| says(name, value));
            kept.map(|(name, value)| (name, without_habits(value))).collect::<Record>().into()
        }
        other => other,
    }
}
