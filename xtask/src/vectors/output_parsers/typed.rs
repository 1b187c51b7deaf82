//! The parser for what a model describes.

use catena::prelude::*;
use catena::{
    ChunkStream, DynRunnable, JsonSchemaOutputParser, OutputParser, Record, Result, YamlOutputParser,
    generator,
};

use super::schema::Model;
use super::unknown;

pub(super) fn pydantic(options: &Record) -> Result<DynRunnable> {
    let model = Model::read(options.get("schema"))?;
    let parser = JsonSchemaOutputParser::new(model.schema())?.with_defaults().lenient();
    Ok((parser.dynamic() | each(move |value| Ok(model.tagged(value)))).dynamic())
}

/// YAML, read as JSON of the same value.
pub(super) fn yaml(options: &Record) -> Result<DynRunnable> {
    let json = |data: Data| data.into_json().to_string();
    Ok((YamlOutputParser::<Data>::new() | lambda(json) | pydantic(options)?).dynamic())
}

/// A step that changes each chunk.
pub(super) fn each(change: impl Fn(Data) -> Result<Data> + Clone + Send + Sync + 'static) -> DynRunnable {
    // The type of a closure has to say that it takes streams of any lifetime.
    fn of_streams<F>(function: F) -> F
    where
        F: for<'a> Fn(ChunkStream<'a, Data>) -> ChunkStream<'a, Data>,
    {
        function
    }
    generator(of_streams(move |values| {
        let change = change.clone();
        values.map(move |value| value.and_then(&change)).boxed()
    }))
    .dynamic()
}

/// The schema in what the parser tells the model.
pub(super) fn format_schema(fields: &Record) -> Result<Data> {
    let parser = fields.get("parser").and_then(|parser| parser.get("schema"));
    let instructions = JsonSchemaOutputParser::new(Model::read(parser)?.schema())?.format_instructions();
    let schema = instructions.rsplit("```").nth(1).ok_or_else(|| unknown("instructions without a schema"))?;
    serde_json::from_str(schema).map_err(catena::Error::other)
}
