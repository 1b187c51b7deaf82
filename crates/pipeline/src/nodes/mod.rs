//! The built-in kinds of nodes.

mod branch;
mod chat_prompt;
mod configurable;
mod function;
mod history;
mod parallel;
mod parser;
mod prompt;
mod recovery;
mod sequence;
mod wrapper;

use catena_core::{DynRunnable, Record, Result};

use crate::Spec;
use crate::named::named;

/// A kind of node: the function that builds it from its value, and the options allowed beside it.
struct Kind {
    name: &'static str,
    build: fn(&Spec<'_>, &Spec<'_>) -> Result<DynRunnable>,
    options: &'static [&'static str],
}

/// Creates a kind without options.
const fn plain(name: &'static str, build: fn(&Spec<'_>, &Spec<'_>) -> Result<DynRunnable>) -> Kind {
    Kind { name, build, options: &[] }
}

/// Each `build` receives the value of the member that names the kind, and the whole node.
const KINDS: [Kind; 20] = [
    Kind { name: "seq", build: |steps, _| sequence::load(steps), options: &["name"] },
    Kind { name: "lambda", build: function::lambda, options: &["name", "args"] },
    Kind { name: "gen", build: function::generator, options: &["name", "args"] },
    plain("parallel", |branches, _| parallel::parallel(branches)),
    plain("assign", |branches, _| parallel::assign(branches)),
    plain("passthrough", |options, _| parallel::passthrough(options)),
    plain("pick", |names, _| parallel::pick(names)),
    plain("map", |node, _| parallel::map(node)),
    plain("branch", |options, _| branch::branch(options)),
    plain("router", |routes, _| branch::router(routes)),
    plain("fallbacks", |options, _| recovery::fallbacks(options)),
    plain("retry", |options, _| recovery::retry(options)),
    plain("bind", |options, _| wrapper::bind(options)),
    plain("with_config", |options, _| wrapper::with_config(options)),
    plain("configurable_fields", |options, _| configurable::fields(options)),
    plain("configurable_alternatives", |options, _| configurable::alternatives(options)),
    plain("with_history", |options, _| history::load(options)),
    plain("prompt", |template, _| prompt::load(template)),
    plain("chat_prompt", |messages, _| chat_prompt::load(messages)),
    plain("parser", |parser, _| parser::load(parser)),
];

/// Members of a node besides the one that names its kind.
const OPTIONS: [&str; 2] = ["name", "args"];

/// Loads a node of any kind.
pub(crate) fn load(node: &Spec<'_>) -> Result<DynRunnable> {
    let kind = kind_of(node)?;
    let value = node.record()?.get(kind).ok_or_else(|| node.error("missing node kind"))?;
    let value = node.member(kind, value);
    if let Some(build) = node.loader().node(kind) {
        beside(node, kind, &[])?;
        return build(&value).map_err(|error| value.locate(error));
    }
    match KINDS.iter().find(|known| known.name == kind) {
        Some(known) => {
            beside(node, kind, known.options)?;
            let name = node.get("name").filter(|_| known.options.contains(&"name"));
            let name = name.map(|name| name.text()).transpose()?;
            Ok(named((known.build)(&value, node)?, name))
        }
        None => Err(unknown(node, kind)),
    }
}

/// Returns the member that names the kind of the node.
pub(crate) fn kind_of<'a>(node: &Spec<'a>) -> Result<&'a str> {
    let Some(record) = node.data().as_record() else {
        return Err(node.error(format_args!("expected a node (an object), got {}", node.data().kind())));
    };
    let mut kinds = record.names().filter(|name| is_kind(node, name));
    match (kinds.next(), kinds.next()) {
        (Some(kind), None) => Ok(kind),
        (Some(one), Some(other)) => {
            Err(node
                .error(format_args!("a node must have exactly one kind, this one has `{one}` and `{other}`")))
        }
        _ => Err(no_kind(node, record)),
    }
}

fn is_kind(node: &Spec<'_>, name: &str) -> bool {
    KINDS.iter().any(|kind| kind.name == name) || node.loader().node(name).is_some()
}

fn no_kind(node: &Spec<'_>, record: &Record) -> catena_core::Error {
    match record.names().find(|name| !OPTIONS.contains(name)) {
        Some(name) => unknown(node, name),
        None => node.error("missing node kind"),
    }
}

fn unknown(node: &Spec<'_>, kind: &str) -> catena_core::Error {
    let mut known: Vec<&str> = KINDS.iter().map(|kind| kind.name).chain(node.loader().node_kinds()).collect();
    known.sort_unstable();
    known.dedup();
    node.error(format_args!("unknown node `{kind:.80}`; known: {}", known.join(", ")))
}

/// Fails for options that the kind does not have.
fn beside(node: &Spec<'_>, kind: &str, options: &[&str]) -> Result<()> {
    let unknown = node.record()?.names().find(|name| *name != kind && !options.contains(name));
    match unknown {
        None => Ok(()),
        Some(name) if options.is_empty() => {
            Err(node.error(format_args!("unknown option `{name:.80}`; `{kind}` has no options")))
        }
        Some(name) => Err(node.error(format_args!(
            "unknown option `{name:.80}`; `{kind}` has the options: {}",
            options.join(", ")
        ))),
    }
}
