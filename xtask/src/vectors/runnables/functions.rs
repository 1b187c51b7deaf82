//! The test functions that look at their input only.

use std::sync::Arc;

use catena::pipeline::PipelineLoader;
use catena::{Data, Record, Result, RunnableExt, lambda};
use serde_json::Value;

use super::super::raised::{self, raise};
use super::super::tagged::sorted_text;
use super::bench::LABEL;
use super::probes::Probes;

type Function = fn(&Data, &Record) -> Result<Data>;

const FUNCTIONS: [(&str, Function); 23] = [
    ("identity", |x, _| Ok(x.clone())),
    ("add_one", |x, _| sum(x, &1.into())),
    ("double", |x, _| sum(x, x)),
    ("negate", |x, _| negated(x)),
    ("upper", |x, _| text(x).map(|x| x.to_uppercase().into())),
    ("lower", |x, _| text(x).map(|x| x.to_lowercase().into())),
    ("reverse", |x, _| text(x).map(|x| x.chars().rev().collect::<String>().into())),
    ("length", |x, _| length(x)),
    ("join_words", |x, _| join_words(x)),
    ("constant", |_, args| Ok(arg(args, "value"))),
    ("get_key", get_key),
    ("wrap", |x, _| Ok(Data::from([("value", x.clone())]))),
    ("is_positive", |x, _| number(x).map(|x| (x > 0.0).into())),
    ("greater_than", |x, args| Ok((number(x)? > number(&arg(args, "n"))?).into())),
    ("starts_with", |x, args| Ok(text(x)?.starts_with(text(&arg(args, "text"))?).into())),
    ("key_equals", |x, args| Ok((x.get(&key(args)?) == args.get("value")).into())),
    ("json_dumps", |x, _| Ok(sorted_text(x).into())),
    ("content_of", |x, _| content_of(x)),
    ("raise_error", |_, args| Err(failure(args, "always fails"))),
    ("raise_if_odd", |x, args| unless(integer(x)? % 2 != 0, x, args)),
    ("raise_if_negative", |x, args| unless(number(x)? < 0.0, x, args)),
    ("raise_if_equals", |x, args| unless(Some(x) == args.get("value"), x, args)),
    ("error_kind_at", |x, args| error_kind_at(x, &key(args)?)),
];

pub(super) fn register(loader: PipelineLoader, probes: &Arc<Probes>) -> PipelineLoader {
    FUNCTIONS.into_iter().fold(loader, |loader, (name, function)| {
        let probes = Arc::clone(probes);
        loader.with_function(name, move |args| {
            let (args, probes) = (own(args.data()), Arc::clone(&probes));
            let label = label(&args, name);
            let call = move |x: Data| {
                probes.count(&label);
                function(&x.into_plain(), &args)
            };
            Ok(lambda(call).with_name(name).dynamic())
        })
    })
}

/// The arguments, to keep.
pub(super) fn own(args: &Data) -> Record {
    args.as_record().cloned().unwrap_or_default()
}

/// Under which name calls are counted.
pub(super) fn label(args: &Record, name: &str) -> String {
    args.get(LABEL).and_then(Data::as_text).unwrap_or(name).to_owned()
}

/// The error that a function fails with.
pub(super) fn failure(args: &Record, message: &str) -> catena::Error {
    raise(args.get("kind").and_then(Data::as_text).unwrap_or("value_error"), message)
}

pub(super) fn arg(args: &Record, name: &str) -> Data {
    args.get(name).cloned().unwrap_or_default()
}

fn key(args: &Record) -> Result<String> {
    text(&arg(args, "key")).map(str::to_owned)
}

fn unless(fails: bool, x: &Data, args: &Record) -> Result<Data> {
    if fails { Err(failure(args, &format!("does not take {x:?}"))) } else { Ok(x.clone()) }
}

pub(super) fn text(x: &Data) -> Result<&str> {
    x.as_text().ok_or_else(|| unfit(x, "a string"))
}

pub(super) fn integer(x: &Data) -> Result<i64> {
    match x {
        Data::Number(number) => number.as_i64().ok_or_else(|| unfit(x, "an integer")),
        _ => Err(unfit(x, "an integer")),
    }
}

fn number(x: &Data) -> Result<f64> {
    match x {
        Data::Number(number) => number.as_f64().ok_or_else(|| unfit(x, "a number")),
        _ => Err(unfit(x, "a number")),
    }
}

/// Integers stay integers.
pub(super) fn sum(a: &Data, b: &Data) -> Result<Data> {
    match (integer(a), integer(b)) {
        (Ok(a), Ok(b)) => Ok((a + b).into()),
        _ => Ok((number(a)? + number(b)?).into()),
    }
}

fn negated(x: &Data) -> Result<Data> {
    match integer(x) {
        Ok(x) => Ok((-x).into()),
        Err(_) => Ok((-number(x)?).into()),
    }
}

fn unfit(x: &Data, wanted: &str) -> catena::Error {
    raise("type_error", format!("expected {wanted}, got {}", x.kind()))
}

fn length(x: &Data) -> Result<Data> {
    match x {
        Data::Text(text) => Ok(text.chars().count().into()),
        Data::List(items) => Ok(items.len().into()),
        Data::Record(record) => Ok(record.len().into()),
        other => Err(unfit(other, "something with a length")),
    }
}

fn join_words(x: &Data) -> Result<Data> {
    match x {
        Data::List(items) => Ok(items.iter().map(text).collect::<Result<Vec<_>>>()?.join(" ").into()),
        other => Err(unfit(other, "a list of strings")),
    }
}

fn get_key(x: &Data, args: &Record) -> Result<Data> {
    let key = key(args)?;
    x.get(&key).cloned().ok_or_else(|| raise("missing_key", format!("no `{key}`")))
}

fn content_of(x: &Data) -> Result<Data> {
    match x {
        Data::Message(message) => {
            Ok(Data::from(serde_json::to_value(message.content()).unwrap_or(Value::Null)))
        }
        other => Err(unfit(other, "a message")),
    }
}

fn error_kind_at(x: &Data, key: &str) -> Result<Data> {
    Ok(match x.get(key) {
        Some(Data::Error(error)) => raised::name(error).into(),
        _ => Data::Null,
    })
}
