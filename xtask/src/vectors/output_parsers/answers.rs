//! Parsers that read a complete answer.

use catena::prelude::*;
use catena::{
    BooleanOutputParser, CombiningOutputParser, Datetime, DatetimeOutputParser, DynOutputParser, DynRunnable,
    EnumOutputParser, Record, RegexDictParser, RegexParser, ResponseSchema, Result, StructuredOutputParser,
};

use super::super::raised::raise;
use super::{build, items, need, texts, unknown};

pub(super) fn boolean(options: &Record) -> Result<DynRunnable> {
    let word = |name: &str, or: &str| options.get(name).and_then(Data::as_text).unwrap_or(or).to_owned();
    Ok(BooleanOutputParser::new().with_words(word("true_val", "YES"), word("false_val", "NO")).dynamic())
}

pub(super) fn combining(options: &Record) -> Result<DynRunnable> {
    let parsers = items(options, "parsers").iter().map(|node| {
        let parser = build(node).ok_or_else(|| unknown("a parser to combine"))??;
        Ok(DynOutputParser::from_runnable(parser, ""))
    });
    CombiningOutputParser::new(parsers.collect::<Result<Vec<_>>>()?).map(RunnableExt::dynamic)
}

pub(super) fn datetime(options: &Record) -> Result<DynRunnable> {
    let parser = match options.get("format").and_then(Data::as_text) {
        // LangChain takes any format, and fails to read with one that has an unknown directive.
        Some(format) => DatetimeOutputParser::with_format(format)
            .map_err(|error| raise("output_parser", error.message().to_owned()))?,
        None => DatetimeOutputParser::new(),
    };
    let tagged = lambda(|datetime: Datetime| Data::from([("$datetime", datetime.to_string())]));
    Ok((parser | tagged).dynamic())
}

pub(super) fn enumeration(options: &Record) -> Result<DynRunnable> {
    let parser: EnumOutputParser<String> = texts(options, "values").into_iter().collect();
    Ok((parser | lambda(|value: String| Data::from([("$enum", value)]))).dynamic())
}

pub(super) fn regex(options: &Record) -> Result<DynRunnable> {
    let parser = RegexParser::new(need(options, "regex")?, texts(options, "output_keys"))?;
    Ok(match options.get("default_output_key").and_then(Data::as_text) {
        Some(key) => parser.with_default_output_key(key).dynamic(),
        None => parser.dynamic(),
    })
}

pub(super) fn regex_dict(options: &Record) -> Result<DynRunnable> {
    let labels = options.get("output_key_to_format").and_then(Data::as_record);
    let labels = labels.ok_or_else(|| unknown("a regex_dict without labels"))?;
    let parser =
        RegexDictParser::new(labels.iter().map(|(name, label)| (name, label.as_text().unwrap_or_default())));
    Ok(match options.get("no_update_value").and_then(Data::as_text) {
        Some(value) => parser.with_no_update_value(value).dynamic(),
        None => parser.dynamic(),
    })
}

pub(super) fn structured(options: &Record) -> Result<DynRunnable> {
    let schemas = items(options, "response_schemas").iter().map(|schema| {
        let schema = schema.as_record().ok_or_else(|| unknown("a schema that is no object"))?;
        let made = ResponseSchema::new(need(schema, "name")?, need(schema, "description")?);
        Ok(match schema.get("type").and_then(Data::as_text) {
            Some(type_name) => made.with_type(type_name),
            None => made,
        })
    });
    Ok(StructuredOutputParser::new(schemas.collect::<Result<Vec<_>>>()?).dynamic())
}
