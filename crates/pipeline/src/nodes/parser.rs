//! `parser`: what makes sense of a model's answer.

use catena_core::{
    CommaSeparatedListOutputParser, Data, DynRunnable, JsonOutputParser, MarkdownListOutputParser,
    NumberedListOutputParser, Result, RunnableExt, StrOutputParser,
};

use crate::Spec;

/// A kind of parser. None of them has options.
type Kind = (&'static str, fn() -> DynRunnable);

const KINDS: [Kind; 5] = [
    ("comma_list", || CommaSeparatedListOutputParser.dynamic()),
    ("json", || JsonOutputParser.dynamic()),
    ("markdown_list", || MarkdownListOutputParser.dynamic()),
    ("numbered_list", || NumberedListOutputParser.dynamic()),
    ("str", || StrOutputParser.dynamic()),
];

pub(super) fn load(spec: &Spec<'_>) -> Result<DynRunnable> {
    let kind = match spec.data() {
        Data::Text(_) => spec.clone(),
        Data::Record(_) => {
            spec.only(&["kind"])?;
            spec.required("kind")?
        }
        _ => return Err(spec.unfit("a kind of parser or an object with one")),
    };
    let name = kind.text()?;
    match KINDS.iter().find(|(known, _)| *known == name) {
        Some((_, build)) => Ok(build()),
        None => {
            let known: Vec<&str> = KINDS.iter().map(|(known, _)| *known).collect();
            Err(kind.error(format_args!("unknown parser `{name:.80}`; known: {}", known.join(", "))))
        }
    }
}
