//! A parser for YAML.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::character::is_space;
use super::failure::{failed, failed_at};
use super::whole::whole_parser;
use crate::{Chunk, Data, OutputParser, Result};

const FENCE: &str = "```";

/// The maximum number of nodes that all aliases together may expand to.
const MAX_REPEATED: usize = 10_000;

/// The maximum length of the text of a source error, in bytes.
const LONGEST_SOURCE: usize = 4_000;

/// Parses the YAML of a model's answer as a Rust type: the whole answer, or the content of its first code fence at the
/// start of a line.
///
/// Words such as `yes` and `off` are texts unless the type expects a boolean. If a key is repeated, the last value is
/// used, as in JSON. Aliases and nesting are limited.
///
/// # Errors
/// [`Parse`](crate::ErrorKind::Parse) with the answer and the cause, when it is not YAML or does not match the type.
///
/// # Example
/// ```
/// use catena_core::{Chunk, RunnableExt, YamlOutputParser};
/// # futures_executor::block_on(async {
/// #[derive(Debug, Clone, PartialEq, serde::Deserialize)]
/// struct Person {
///     name: String,
///     age: u32,
/// }
/// impl Chunk for Person {}
///
/// let person = YamlOutputParser::<Person>::new().invoke("```yaml\nname: Al\nage: 3\n```").await?;
/// assert_eq!(person, Person { name: "Al".into(), age: 3 });
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
pub struct YamlOutputParser<T = Data> {
    schema: Option<Value>,
    output: PhantomData<fn() -> T>,
}

impl<T: Chunk + DeserializeOwned> YamlOutputParser<T> {
    /// Creates a parser for a type.
    pub fn new() -> Self {
        Self { schema: None, output: PhantomData }
    }

    /// Sets the JSON Schema shown to the model. It is not enforced; only the type is.
    #[must_use]
    pub fn with_schema(mut self, schema: Value) -> Self {
        self.schema = Some(schema);
        self
    }

    /// Parses a complete answer.
    ///
    /// # Errors
    /// [`Parse`](crate::ErrorKind::Parse) when it is not YAML or does not match the type.
    pub fn parse(&self, answer: &str) -> Result<T> {
        let inside = inside_fence(answer);
        let part = &answer[inside.clone()];
        // Where any type is accepted, `no` is a text (it may be Norway); where a boolean is required, that fails.
        read(part, true).or_else(|_| read(part, false)).map_err(|error| {
            let text = error.to_string();
            let reason = text.lines().next().unwrap_or_default();
            let expected = format!("YAML that fits the type ({reason:.200})");
            let failure = match place(&error, part) {
                Some(at) => failed_at("YAML", answer, inside.start + at, expected),
                None => failed("YAML", answer, expected),
            };
            // It may contain the whole answer.
            if text.len() <= LONGEST_SOURCE { failure.with_source(error) } else { failure }
        })
    }
}

/// Deserializes YAML. Unless `strict`, words such as `yes` are booleans wherever they can be.
fn read<T: DeserializeOwned>(text: &str, strict: bool) -> Result<T, serde_saphyr::Error> {
    let options = serde_saphyr::options! {
        duplicate_keys: serde_saphyr::DuplicateKeyPolicy::LastWins,
        strict_booleans: strict,
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: MAX_REPEATED },
    };
    serde_saphyr::from_str_with_options(text, options)
}

/// Returns the byte offset of the failure, if the error has a line and column.
fn place(error: &serde_saphyr::Error, text: &str) -> Option<usize> {
    let location = error.location()?;
    let line = usize::try_from(location.line()).ok()?.checked_sub(1)?;
    let column = usize::try_from(location.column()).ok()?.checked_sub(1)?;
    let begin = match line {
        0 => 0,
        line => text.match_indices('\n').nth(line - 1)?.0 + 1,
    };
    let rest = &text[begin..];
    Some(begin + rest.char_indices().nth(column).map_or(rest.len(), |(at, _)| at))
}

/// Returns the range between the first fence at the start of a line and the next backtick; the whole answer if there is
/// none.
fn inside_fence(answer: &str) -> Range<usize> {
    let begin = answer.len() - answer.trim_start_matches(is_space).len();
    let fences = answer.match_indices(FENCE).map(|(at, _)| at);
    let mut fences = fences.filter(|at| *at == begin || answer[..*at].ends_with('\n'));
    let Some(behind) = fences.next().map(|at| at + FENCE.len()) else { return 0..answer.len() };
    let languages = ["yaml", "yml"].into_iter();
    let language = languages.filter(|name| answer[behind..].starts_with(name)).map(str::len).next();
    let start = behind + language.unwrap_or(0);
    start
        ..answer[start..]
            .find('`')
            .map_or(answer.trim_end_matches(is_space).len().max(start), |end| start + end)
}

whole_parser!(impl [T: Chunk + DeserializeOwned] YamlOutputParser<T> => T);

impl<T: Chunk + DeserializeOwned> OutputParser for YamlOutputParser<T> {
    fn format_instructions(&self) -> String {
        let schema = match &self.schema {
            Some(schema) => format!(" It must match this JSON Schema:\n\n```\n{schema}\n```"),
            None => String::new(),
        };
        format!(
            "Answer with YAML in a code block, from \"```yaml\" to \"```\", indented by two spaces, and nothing else.{schema}"
        )
    }
}

impl<T: Chunk + DeserializeOwned> Default for YamlOutputParser<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Clone for YamlOutputParser<T> {
    fn clone(&self) -> Self {
        Self { schema: self.schema.clone(), output: PhantomData }
    }
}

impl<T> fmt::Debug for YamlOutputParser<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("YamlOutputParser").field("schema", &self.schema).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(answer: &str, expected: Option<&str>) {
        let parsed = YamlOutputParser::<Data>::new().parse(answer).ok();
        let parsed = parsed.map(|data| serde_json::to_string(&data).expect("JSON"));
        assert_eq!(parsed.as_deref(), expected, "{answer:?}");
    }

    #[test]
    fn answers() {
        check("b: 1\na: [x, 2.5]", Some(r#"{"b":1,"a":["x",2.5]}"#));
        check("So:\n```yaml\na: yes\n```\nDone.\n```\nb: 1\n```", Some(r#"{"a":"yes"}"#));
        check("```yml\n- 1\n- true", Some("[1,true]"));
        check(" ```\na: null\n```", Some(r#"{"a":null}"#));
        check("a: 1\nb: 2\na: 3", Some(r#"{"a":3,"b":2}"#));
        check("a: [1", None);
        check("a: b: c", None);
    }

    #[test]
    fn words_are_truth_values_where_the_type_asks_for_them() {
        #[derive(Debug, Clone, PartialEq, serde::Deserialize)]
        struct Country {
            code: String,
            member: bool,
        }
        impl Chunk for Country {}
        let country = YamlOutputParser::<Country>::new().parse("code: no\nmember: yes").expect("a country");
        assert_eq!(country, Country { code: "no".into(), member: true });
        assert!(YamlOutputParser::<Country>::new().parse("code: no\nmember: maybe").is_err());
    }

    #[test]
    fn errors_are_bounded() {
        let error =
            YamlOutputParser::<Data>::new().parse(&"2".repeat(10_000)).expect_err("too large a number");
        let source = std::error::Error::source(&error).map(ToString::to_string);
        assert!(
            error.to_string().len() < 1_000 && source.is_none_or(|source| source.len() <= LONGEST_SOURCE)
        );
    }

    #[test]
    fn bombs_are_refused() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
            bomb.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
        }
        check(&bomb, None);
        check(&"[".repeat(10_000), None);
    }

    #[test]
    fn the_error_says_what_does_not_fit() {
        let error = YamlOutputParser::<Vec<u8>>::new().parse("[1, x]").expect_err("no number");
        assert!(
            error.message().starts_with("invalid YAML output: expected YAML that fits the type ("),
            "{error}"
        );
        assert!(error.message().ends_with("found `x` at line 1, column 5 of: [1, x]"), "{error}");
    }
}
