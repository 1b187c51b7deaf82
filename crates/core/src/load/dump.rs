//! Writing.

use serde_json::{Map, Value, json};

use super::{Constructor, Serializable};
use crate::{Outline, OutlineParts};

/// What is written, as JSON.
///
/// # Example
/// See [`dumps`].
pub fn dumpd(value: &(impl Serializable + ?Sized)) -> Value {
    value.to_lc()
}

/// What is written, as text.
///
/// # Example
/// ```
/// use catena_core::load::{dumps, loads};
/// use catena_core::{PromptTemplate, PromptValue, StrOutputParser, lambda};
/// let chain = PromptTemplate::new("Tell me of {topic}")? | lambda(|prompt: PromptValue| prompt.to_string()) | StrOutputParser;
/// let text = dumps(&chain);
/// assert!(text.contains("PromptTemplate") && text.contains("not_implemented"));
/// assert!(loads(&text).is_err(), "a function is code");
/// # Ok::<(), catena_core::Error>(())
/// ```
pub fn dumps(value: &(impl Serializable + ?Sized)) -> String {
    value.to_lc().to_string()
}

/// What is written, as text for people to read.
#[doc(alias = "dumps(pretty=True)")]
pub fn dumps_pretty(value: &(impl Serializable + ?Sized)) -> String {
    format!("{:#}", value.to_lc())
}

/// A runnable as its outline says.
pub(super) fn outline_lc(outline: &Outline) -> Value {
    let mut lc = match &outline.constructor {
        Some(made) => with_parts(made.clone(), &outline.parts).into_lc(),
        None => not_implemented(&outline.name),
    };
    lc.insert("name".to_owned(), outline.name.clone().into());
    lc.into()
}

fn not_implemented(name: &str) -> Map<String, Value> {
    let lc = json!({"lc": 1, "type": "not_implemented", "id": [name], "repr": name});
    match lc {
        Value::Object(lc) => lc,
        // The macro makes an object of braces.
        _ => Map::new(),
    }
}

/// The arguments that are runnables themselves.
fn with_parts(made: Constructor, parts: &OutlineParts) -> Constructor {
    let all = |parts: &[Outline]| parts.iter().map(outline_lc).collect::<Value>();
    let named = |parts: &[(String, Outline)]| -> Value {
        parts.iter().map(|(name, part)| (name.clone(), outline_lc(part))).collect()
    };
    match parts {
        OutlineParts::Sequence(steps) => match steps.as_slice() {
            [first, middle @ .., last] => {
                let made = made.with_written("first", outline_lc(first));
                let made = if middle.is_empty() { made } else { made.with_written("middle", all(middle)) };
                made.with_written("last", outline_lc(last))
            }
            _ => made,
        },
        OutlineParts::Parallel(branches) => made.with_written("steps__", named(branches)),
        OutlineParts::Assign(branches) => {
            let names: Vec<&str> = branches.iter().map(|(name, _)| name.as_str()).collect();
            let name = format!("RunnableParallel<{}>", names.join(","));
            let mapper = Outline::parallel(name, branches.iter().cloned());
            made.with_written("mapper", outline_lc(&mapper))
        }
        OutlineParts::Pick { names, single: true } => made.with("keys", names.concat()),
        OutlineParts::Pick { names, single: false } => made.with("keys", names.clone()),
        OutlineParts::Choice(routes) => made.with_written("runnables", named(routes)),
        OutlineParts::Fallbacks(choices) => match choices.split_first() {
            Some((primary, rest)) => {
                made.with_written("runnable", outline_lc(primary)).with_written("fallbacks", all(rest))
            }
            None => made,
        },
        OutlineParts::Branch { arms, default } => {
            let arms = arms.iter().map(|(condition, arm)| json!([outline_lc(condition), outline_lc(arm)]));
            made.with_written("branches", arms.collect()).with_written("default", outline_lc(default))
        }
        OutlineParts::Each(part) | OutlineParts::Wrapper(part) => {
            made.with_written("bound", outline_lc(part))
        }
        OutlineParts::Leaf | OutlineParts::Passthrough | OutlineParts::Alternatives(_) => made,
    }
}
