//! The JSON parser, and reading JSON with functions.

use catena::prelude::*;
use catena::{Chunk, ChunkStream, DynRunnable, JsonOutputParser, JsonPatch, Record, Result, generator};

use super::{flag, need, texts};

pub(super) fn json(options: &Record) -> Result<DynRunnable> {
    Ok(if flag(options, "diff") {
        (JsonOutputParser.diff() | generator(operations)).dynamic()
    } else {
        JsonOutputParser.dynamic()
    })
}

/// Patches as the lists that they are in JSON.
fn operations(patches: ChunkStream<'_, JsonPatch>) -> ChunkStream<'_, Data> {
    patches.map(|patch| Ok(patch?.to_json().into())).boxed()
}

pub(super) fn partial(fields: &Record) -> Result<Data> {
    catena::parse_partial_json(need(fields, "text")?, flag(fields, "strict")).map(Data::from)
}

pub(super) fn markdown(fields: &Record) -> Result<Data> {
    catena::parse_json_markdown(need(fields, "text")?).map(Data::from)
}

pub(super) fn check_markdown(fields: &Record) -> Result<Data> {
    let expected = texts(fields, "expected_keys");
    catena::parse_and_check_json_markdown(need(fields, "text")?, &expected).map(Data::from)
}
