//! `parser`: output parsers.

mod answers;
mod calls;
mod structures;

use catena_core::{
    CombiningOutputParser, CommaSeparatedListOutputParser, Data, DynOutputParser, DynRunnable, FromData,
    JsonOutputParser, MarkdownListOutputParser, NumberedListOutputParser, OutputParser, Record, Result,
    Runnable, RunnableExt, StrOutputParser,
};

use crate::Spec;

/// A step with its format instructions.
struct Parser {
    step: DynRunnable,
    instructions: String,
}

/// A kind of parser: its options and the function that builds it.
struct Kind {
    name: &'static str,
    options: &'static [&'static str],
    build: fn(&Spec<'_>) -> Result<Parser>,
}

const KINDS: &[Kind] = &[
    Kind { name: "boolean", options: &["true_val", "false_val"], build: answers::boolean },
    Kind { name: "combining", options: &["parsers"], build: combining },
    Kind { name: "comma_list", options: &[], build: |_| Ok(parser(CommaSeparatedListOutputParser)) },
    Kind { name: "datetime", options: &["format"], build: answers::datetime },
    Kind { name: "enum", options: &["values"], build: answers::enumeration },
    Kind { name: "functions", options: &["args_only"], build: calls::functions },
    Kind { name: "json", options: &[], build: |_| Ok(parser(JsonOutputParser)) },
    Kind { name: "json_functions", options: &["args_only", "strict"], build: calls::json_functions },
    Kind { name: "json_key_functions", options: &["key_name"], build: calls::json_key_functions },
    Kind {
        name: "json_key_tools",
        options: &["key_name", "first_tool_only", "return_id"],
        build: calls::json_key_tools,
    },
    Kind { name: "json_schema", options: &["schema", "defaults", "lenient"], build: structures::json_schema },
    Kind {
        name: "json_tools",
        options: &["tools", "first_tool_only", "return_id"],
        build: calls::json_tools,
    },
    Kind { name: "markdown_list", options: &[], build: |_| Ok(parser(MarkdownListOutputParser)) },
    Kind { name: "numbered_list", options: &[], build: |_| Ok(parser(NumberedListOutputParser)) },
    Kind { name: "regex", options: &["regex", "output_keys", "default_output_key"], build: answers::regex },
    Kind {
        name: "regex_dict",
        options: &["output_key_to_format", "no_update_value"],
        build: answers::regex_dict,
    },
    Kind { name: "str", options: &[], build: |_| Ok(parser(StrOutputParser)) },
    Kind { name: "structured", options: &["response_schemas"], build: structures::structured },
    Kind { name: "xml", options: &["tags"], build: structures::xml },
    Kind { name: "yaml", options: &["schema"], build: structures::yaml },
];

pub(super) fn load(spec: &Spec<'_>) -> Result<DynRunnable> {
    Ok(build(spec)?.step)
}

fn build(spec: &Spec<'_>) -> Result<Parser> {
    let none = Data::Record(Record::new());
    let (name, options) = match spec.data() {
        Data::Text(_) => (spec.clone(), spec.replaced(&none)),
        Data::Record(_) => (spec.required("kind")?, spec.clone()),
        _ => return Err(spec.unfit("a parser kind, or an object with `kind`")),
    };
    let text = name.text()?;
    let Some(kind) = KINDS.iter().find(|kind| kind.name == text) else {
        let known: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        return Err(name.error(format_args!("unknown parser `{text:.80}`; known: {}", known.join(", "))));
    };
    options.only(&[&["kind"], kind.options].concat())?;
    (kind.build)(&options).map_err(|error| spec.locate(error))
}

fn parser<P>(parser: P) -> Parser
where
    P: OutputParser + 'static,
    P::Input: FromData,
    P::Output: Into<Data>,
{
    Parser { instructions: parser.format_instructions(), step: parser.dynamic() }
}

/// Wraps a parser of non-text output, which has no format instructions.
fn untold<P>(parser: P) -> Parser
where
    P: Runnable + 'static,
    P::Input: FromData,
    P::Output: Into<Data>,
{
    Parser { instructions: String::new(), step: parser.dynamic() }
}

fn combining(options: &Spec<'_>) -> Result<Parser> {
    let parts = options.required("parsers")?.items()?;
    let parts = parts.iter().map(|part| {
        let Parser { step, instructions } = build(&part.nested()?)?;
        Ok(DynOutputParser::from_runnable(step, instructions))
    });
    let parts = parts.collect::<Result<Vec<_>>>()?;
    CombiningOutputParser::new(parts).map(parser)
}

/// Reads an optional text option.
fn text(options: &Spec<'_>, name: &str) -> Result<Option<String>> {
    options.get(name).map(|text| text.text().map(str::to_owned)).transpose()
}

/// Reads an optional boolean option.
fn flag(options: &Spec<'_>, name: &str, default: bool) -> Result<bool> {
    options.get(name).map_or(Ok(default), |flag| flag.flag())
}

/// Fails for a kind whose cargo feature is disabled.
#[cfg(not(all(feature = "regex", feature = "yaml")))]
fn without(feature: &str, options: &Spec<'_>) -> Result<Parser> {
    Err(options.error(format_args!("this parser requires the feature `{feature}` of catena-pipeline")))
}
