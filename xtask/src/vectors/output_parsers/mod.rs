//! Area `output_parsers`: from what a model says to what a program needs.

mod answers;
mod functions;
mod json;
mod repair;
mod schema;
mod text;
mod tools;
mod typed;

use catena::prelude::*;
use catena::{DynRunnable, Error, ErrorKind, Record, Result};
use futures_util::stream;

use super::area::Evaluated;
use super::tagged;
use super::vector::Vector;

/// Builds a parser of its options.
type Build = fn(&Record) -> Result<DynRunnable>;

/// The kinds of parsers: one line each.
const KINDS: &[(&str, Build)] = &[
    ("boolean", answers::boolean),
    ("combining", answers::combining),
    ("comma_list", text::comma_list),
    ("datetime", answers::datetime),
    ("enum", answers::enumeration),
    ("fixing", repair::fixing),
    ("functions", functions::functions),
    ("json", json::json),
    ("json_functions", functions::json_functions),
    ("json_key_functions", functions::json_key_functions),
    ("json_key_tools", tools::json_key_tools),
    ("json_tools", tools::json_tools),
    ("markdown_list", text::markdown_list),
    ("numbered_list", text::numbered_list),
    ("pydantic", typed::pydantic),
    ("pydantic_tools", tools::pydantic_tools),
    ("regex", answers::regex),
    ("regex_dict", answers::regex_dict),
    ("retry", repair::without_prompt),
    ("retry_with_error", repair::without_prompt),
    ("str", text::str),
    ("structured", answers::structured),
    ("xml", text::xml),
    ("yaml", typed::yaml),
];

/// Runs an operation without a parser object.
type Operate = fn(&Record) -> Result<Data>;

/// The operations that are functions: one line each.
const FUNCTIONS: &[(&str, Operate)] = &[
    ("format_schema", typed::format_schema),
    ("parse_check_json_markdown", json::check_markdown),
    ("parse_fixing", repair::parse_fixing),
    ("parse_json_markdown", json::markdown),
    ("parse_partial_json", json::partial),
    ("parse_tool_call", tools::tool_call),
    ("parse_tool_calls", tools::tool_calls),
    ("parse_with_prompt", repair::parse_with_prompt),
];

pub(super) fn run(vector: &Vector) -> Evaluated {
    let input = &vector.input;
    if let Some((_, operate)) = FUNCTIONS.iter().find(|(op, _)| *op == vector.op()) {
        return Evaluated::Got(operate(input));
    }
    let Some(parser) = input.get("parser").and_then(build) else { return Evaluated::Unsupported };
    let given = |name: &str| input.get(name).map(tagged::decode).unwrap_or_default();
    match vector.op() {
        "parse" => Evaluated::Got(parser.and_then(|parser| invoke(&parser, given("text")))),
        "parse_message" => Evaluated::Got(parser.and_then(|parser| invoke(&parser, given("message")))),
        "parse_invoke" => Evaluated::Got(parser.and_then(|parser| invoke(&parser, given("input")))),
        "transform_parse" => transform(vector, parser, given("chunks")),
        _ => Evaluated::Unsupported,
    }
}

/// The parser that a node stands for. `None` for a kind that is not known.
fn build(node: &Data) -> Option<Result<DynRunnable>> {
    let (kind, options) = (kind(node)?, node.as_record().cloned().unwrap_or_default());
    let (_, build) = KINDS.iter().find(|(known, _)| *known == kind)?;
    Some(build(&options))
}

/// The kind of parser that a node names.
pub(super) fn kind(node: &Data) -> Option<&str> {
    node.get("kind").unwrap_or(node).as_text()
}

fn invoke(parser: &DynRunnable, input: Data) -> Result<Data> {
    smol::block_on(parser.invoke(input))
}

/// Feeds a stream: everything that came, or the error if all before it is as expected.
fn transform(vector: &Vector, parser: Result<DynRunnable>, chunks: Data) -> Evaluated {
    let Data::List(chunks) = chunks else { return Evaluated::Unsupported };
    let parser = match parser {
        Ok(parser) => parser,
        Err(error) => return Evaluated::Got(Err(error)),
    };
    let all = vector.input.get("parser").and_then(kind).and_then(|kind| text::transform(kind, &chunks));
    let all = all.unwrap_or_else(|| {
        let chunks = stream::iter(chunks.into_iter().map(Ok)).boxed();
        smol::block_on(parser.transform_with(chunks, &RunConfig::default()).collect())
    });
    let mut came = Vec::new();
    let mut failed = None;
    for chunk in all {
        match chunk {
            Ok(chunk) => came.push(chunk),
            Err(error) => failed = Some(error),
        }
    }
    let came = Data::List(came);
    let Some(error) = failed else { return Evaluated::Got(Ok(Data::from([("chunks", came)]))) };
    let before = vector.expected.get("error").and_then(|error| error.get("chunks_before"));
    let came = tagged::canonical(tagged::encode(came));
    match before.cloned().map(tagged::canonical) {
        Some(before) if before != came => {
            Evaluated::Disagree(format!("{came:?} came before the error, not {before:?}"))
        }
        _ => Evaluated::Got(Err(error)),
    }
}

/// The text of a field; vectors without it are malformed.
fn need<'a>(fields: &'a Record, name: &str) -> Result<&'a str> {
    fields.get(name).and_then(Data::as_text).ok_or_else(|| unknown(&format!("no text `{name}`")))
}

/// The items of a field; none if it is not there.
fn items<'a>(fields: &'a Record, name: &str) -> &'a [Data] {
    match fields.get(name) {
        Some(Data::List(items)) => items,
        _ => &[],
    }
}

/// The texts of a field; none if it is not there.
fn texts<'a>(fields: &'a Record, name: &str) -> Vec<&'a str> {
    items(fields, name).iter().filter_map(Data::as_text).collect()
}

/// The error for a vector that is malformed, or beyond what is known of them.
fn unknown(what: &str) -> Error {
    Error::new(ErrorKind::Other, format!("the vector has {what}"))
}

/// True if the field is set.
fn flag(fields: &Record, name: &str) -> bool {
    fields.get(name) == Some(&Data::Bool(true))
}
