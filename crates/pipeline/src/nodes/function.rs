//! `lambda` and `gen`: functions registered by the application.

use catena_core::{Data, DynRunnable, Record, Result};

use crate::Spec;
use crate::loader::Build;

pub(super) fn lambda(name: &Spec<'_>, node: &Spec<'_>) -> Result<DynRunnable> {
    match node.loader().function(name.text()?) {
        Some(build) => call(build, node),
        None => Err(unknown("function", name, node.loader().functions())),
    }
}

pub(super) fn generator(name: &Spec<'_>, node: &Spec<'_>) -> Result<DynRunnable> {
    match node.loader().generator(name.text()?) {
        Some(build) => call(build, node),
        None => Err(unknown("generator", name, node.loader().generators())),
    }
}

fn call(build: &Build, node: &Spec<'_>) -> Result<DynRunnable> {
    let none = Data::Record(Record::new());
    let kind = super::kind_of(node)?;
    let place = node.member(kind, node.data());
    let args = node.get("args").map_or(&none, |args| args.data());
    let args = place.member("args", args);
    build(&args).map_err(|error| args.locate(error))
}

fn unknown<'a>(what: &str, name: &Spec<'_>, known: impl Iterator<Item = &'a str>) -> catena_core::Error {
    let known: Vec<&str> = known.collect();
    let name_text = name.data().as_text().unwrap_or_default();
    match known.is_empty() {
        true => name.error(format_args!("unknown {what} `{name_text:.80}`; none is registered")),
        false => name.error(format_args!("unknown {what} `{name_text:.80}`; known: {}", known.join(", "))),
    }
}
