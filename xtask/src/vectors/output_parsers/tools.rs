//! Parsers of tool calls.

use catena::prelude::*;
use catena::{DynRunnable, Error, JsonOutputKeyToolsParser, JsonOutputToolsParser, Record, Result, ToolCall};
use futures_util::TryStreamExt;

use super::super::raised::raise;
use super::schema::Model;
use super::{flag, items, need, typed};

pub(super) fn json_tools(options: &Record) -> Result<DynRunnable> {
    Ok(with_flags(options).dynamic())
}

fn with_flags(options: &Record) -> JsonOutputToolsParser {
    let mut parser = JsonOutputToolsParser::new();
    if flag(options, "return_id") {
        parser = parser.with_id();
    }
    if flag(options, "first_tool_only") {
        parser = parser.first_tool_only();
    }
    parser
}

pub(super) fn json_key_tools(options: &Record) -> Result<DynRunnable> {
    let mut parser = JsonOutputKeyToolsParser::new(need(options, "key_name")?);
    if flag(options, "return_id") {
        parser = parser.with_id();
    }
    if flag(options, "first_tool_only") {
        parser = parser.first_tool_only();
    }
    Ok(parser.dynamic())
}

pub(super) fn pydantic_tools(options: &Record) -> Result<DynRunnable> {
    let models = items(options, "schemas").iter().map(|schema| Model::read(Some(schema)));
    let models: Vec<Model> = models.collect::<Result<_>>()?;
    let parser = models
        .iter()
        .try_fold(with_flags(options), |parser, model| parser.with_tool(model.name(), model.schema()))?;
    let tag = move |call: Data| {
        let name = call.get("type").and_then(Data::as_text);
        match models.iter().find(|model| Some(model.name()) == name) {
            Some(model) => model.tagged(call.get("args").cloned().unwrap_or_default()),
            None => call,
        }
    };
    let first = flag(options, "first_tool_only");
    let tagged = typed::each(move |calls| {
        Ok(match calls.into_plain() {
            Data::List(calls) if first && calls.is_empty() => Data::Null,
            Data::List(calls) => Data::List(calls.into_iter().map(&tag).collect()),
            call => tag(call),
        })
    });
    Ok((Misfits(parser.dynamic()) | tagged).dynamic())
}

/// Arguments that do not fit fail like objects that are built of them.
struct Misfits(DynRunnable);

fn misfit(error: Error) -> Error {
    let expected = error.parse_failure().map(catena::ParseFailure::expected).unwrap_or_default();
    let before_types = ["a call of one of the tools", "arguments that are a JSON object"];
    if expected.is_empty() || before_types.iter().any(|begin| expected.starts_with(begin)) {
        return error;
    }
    raise("validation", error.message().to_owned())
}

#[catena::async_trait]
impl Runnable for Misfits {
    type Input = Data;
    type Output = Data;

    async fn call(&self, input: Data, cx: &catena::Context) -> Result<Data> {
        self.0.call(input, cx).await.map_err(misfit)
    }

    fn transform<'a>(
        &'a self,
        input: catena::ChunkStream<'a, Data>,
        cx: catena::Context,
    ) -> catena::ChunkStream<'a, Data> {
        Box::pin(self.0.transform(input, cx).map_err(misfit))
    }
}

catena::impl_pipe!(Misfits);

pub(super) fn tool_call(fields: &Record) -> Result<Data> {
    let raw = fields.get("tool_call").cloned().unwrap_or_default().into_json();
    let call = catena::parse_tool_call(&raw, flag(fields, "partial"), flag(fields, "strict"))?;
    Ok(call.map_or(Data::Null, |call| written(fields, &call)))
}

pub(super) fn tool_calls(fields: &Record) -> Result<Data> {
    let raw: Vec<_> = items(fields, "tool_calls").iter().map(|raw| raw.clone().into_json()).collect();
    let calls = catena::parse_tool_calls(&raw, flag(fields, "partial"), flag(fields, "strict"))?;
    Ok(Data::List(calls.iter().map(|call| written(fields, call)).collect()))
}

fn written(fields: &Record, call: &ToolCall) -> Data {
    let mut written = Record::new();
    written.insert("name", call.name.clone());
    written.insert("args", Data::Record(call.args.clone()));
    if fields.get("return_id") != Some(&Data::Bool(false)) {
        written.insert("id", call.id.clone().map_or(Data::Null, Data::from));
        written.insert("type", "tool_call");
    }
    Data::Record(written)
}
