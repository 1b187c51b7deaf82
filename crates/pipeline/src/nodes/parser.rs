//! `parser`: what makes sense of a model's answer.

use catena_core::{Data, DynRunnable, Result, RunnableExt, StrOutputParser};

use crate::Spec;

const KNOWN: &str = "str";

pub(super) fn load(spec: &Spec<'_>) -> Result<DynRunnable> {
    let (kind, options) = match spec.data() {
        Data::Text(_) => (spec.clone(), None),
        Data::Record(_) => (spec.required("kind")?, Some(spec)),
        _ => return Err(spec.unfit("a kind of parser or an object with one")),
    };
    let only = |names: &[&str]| match options {
        Some(options) => options.only(&[&["kind"], names].concat()),
        None => Ok(()),
    };
    match kind.text()? {
        "str" => only(&[]).map(|()| StrOutputParser.dynamic()),
        other => Err(kind.error(format_args!("unknown parser `{other:.80}`; known: {KNOWN}"))),
    }
}
