//! Areas `fstring`, `mustache`, `jinja2` and `chat_prompts`: templates, and prompts made of them.

mod chat;
mod describe;
mod few_shot;
mod fields;
mod node;
mod string;

use catena::{
    BufferString, Data, Document, Error, ErrorKind, ExampleSelector, FromData, MustacheTemplate, Outline,
    PromptTemplate, PromptValue, Record, Result, Runnable, RunnableExt, TemplateFormat,
};

use super::area::Evaluated;
use super::raised::raise;
use super::runnables::without_habits;
use super::tagged;
use super::vector::Vector;
use fields::Fields;
pub(super) use node::{Node, build as build_node};

pub(super) fn run(vector: &Vector) -> Evaluated {
    let input = Fields(&vector.input);
    Evaluated::Got(match vector.op() {
        "format" => built(input).and_then(|node| node.format(input.values("values"))),
        "format_messages" => built(input).and_then(|node| node.messages(input.values("values"))),
        "construct" => built(input).map(|_| "constructed".into()),
        "describe" => built(input).and_then(|node| describe::describe(&node)),
        "pretty_repr" => built(input).and_then(|node| node.pretty()).map(Data::from),
        "invoke" => invoke(input),
        "batch" => batch(input),
        "prompt_to_string" => prompt_value(input).map(|value| value.to_string().into()),
        "prompt_to_messages" => prompt_value(input).map(|value| value.into_messages().into()),
        "select_examples" => select_examples(input),
        "template_variables" => template_variables(input),
        "template_schema" => return Evaluated::Ordered(template_schema(input), schema_in_one_piece),
        "mustache_render" => mustache_render(input),
        "stringify" => {
            input.need("value").map(|value| catena::stringify_value(&tagged::decode(value)).into())
        }
        "buffer_string" => buffer_string(input),
        "format_document" => format_document(input),
        _ => return Evaluated::Unsupported,
    })
}

/// What a prompt makes of values.
pub(super) fn fill(prompt: &Data, values: Data) -> Result<Data> {
    node::build(prompt)?.invoke(values)
}

fn built(input: Fields<'_>) -> Result<Node> {
    node::build(input.need("prompt")?)
}

fn invoke(input: Fields<'_>) -> Result<Data> {
    node::build(input.need("runnable")?)?.invoke(tagged::decode(input.need("input")?))
}

fn batch(input: Fields<'_>) -> Result<Data> {
    let node = node::build(input.need("runnable")?)?;
    let inputs = input.items("inputs").iter().map(tagged::decode);
    inputs.map(|input| node.invoke(input)).collect::<Result<Vec<_>>>().map(Data::List)
}

fn prompt_value(input: Fields<'_>) -> Result<PromptValue> {
    let value = built(input)?.invoke(tagged::decode(input.need("input")?))?;
    catena::FromData::from_data(value)
}

fn select_examples(input: Fields<'_>) -> Result<Data> {
    let selector = few_shot::selector(input.need("selector")?)?;
    smol::block_on(selector.select_examples(&input.values("values"))).map(Data::List)
}

fn template_variables(input: Fields<'_>) -> Result<Data> {
    let format: TemplateFormat = input.text("format").unwrap_or("f-string").parse()?;
    let prompt = PromptTemplate::parse(input.text("template").unwrap_or_default(), format)?;
    Ok(describe::sorted(prompt.variables().iter().map(String::as_str)))
}

fn template_schema(input: Fields<'_>) -> Result<Data> {
    let prompt = PromptTemplate::parse(input.text("template").unwrap_or_default(), TemplateFormat::Mustache)?;
    let Outline { input_schema, .. } = prompt.outline();
    Ok(input_schema.unwrap_or_default().into())
}

/// A schema with its definitions where they are used, and without what are only habits of a library.
fn schema_in_one_piece(schema: Data) -> Data {
    let definitions = schema.get("$defs").cloned().unwrap_or_default();
    match without_habits(with_definitions(schema, &definitions, 0)) {
        Data::Record(schema) => {
            schema.into_iter().filter(|(name, _)| name != "$defs").collect::<Record>().into()
        }
        other => other,
    }
}

/// A definition that uses itself stays a reference at some depth.
fn with_definitions(schema: Data, definitions: &Data, depth: usize) -> Data {
    let Data::Record(record) = schema else { return schema };
    let used = record.get("$ref").and_then(Data::as_text).and_then(|used| used.strip_prefix("#/$defs/"));
    match used.and_then(|used| definitions.get(used)).filter(|_| depth < 20) {
        Some(definition) => with_definitions(definition.clone(), definitions, depth + 1),
        None => {
            let members = record.into_iter();
            let members =
                members.map(|(name, value)| (name, with_definitions(value, definitions, depth + 1)));
            members.collect::<Record>().into()
        }
    }
}

fn mustache_render(input: Fields<'_>) -> Result<Data> {
    let mut template = MustacheTemplate::new(input.text("template").unwrap_or_default())?;
    for (name, partial) in input.record("partials").iter().flat_map(|partials| partials.iter()) {
        template = template.with_partial(name, partial.as_text().unwrap_or_default())?;
    }
    template.render(input.need("data")?.clone()).map(Data::from)
}

fn buffer_string(input: Fields<'_>) -> Result<Data> {
    let messages = catena::convert_to_messages(input.items("messages").iter().map(tagged::decode))?;
    let mut buffer = BufferString::new();
    for (name, value) in input.record("options").iter().flat_map(|options| options.iter()) {
        let value = value.as_text().unwrap_or_default();
        buffer = match name {
            "human_prefix" => buffer.with_human_prefix(value),
            "ai_prefix" => buffer.with_ai_prefix(value),
            "system_prefix" => buffer.with_system_prefix(value),
            "function_prefix" => buffer.with_function_prefix(value),
            "tool_prefix" => buffer.with_tool_prefix(value),
            "message_separator" => buffer.with_separator(value),
            "format" => buffer.with_format(value.parse()?),
            other => return Err(unknown(&format!("option {other}"))),
        };
    }
    Ok(buffer.write(&messages).into())
}

fn format_document(input: Fields<'_>) -> Result<Data> {
    let document = input.need("document")?;
    let document = Document::from_data(document.get("$document").unwrap_or(document).clone())?;
    let text = catena::format_document(&document, &string::build(input.need("prompt")?)?);
    // LangChain has no kind of its own for metadata that is missing.
    text.map(Data::from).map_err(|error| match error.kind() {
        ErrorKind::MissingKey => raise("value_error", error.message()),
        _ => error,
    })
}

/// Something that vectors may have and this runner does not know.
fn unknown(what: &str) -> Error {
    Error::new(ErrorKind::Other, format!("unknown {what}"))
}

/// Calls a prompt as a step of a chain.
fn call<R>(runnable: &R, input: Data) -> Result<Data>
where
    R: Runnable<Input = Data>,
    R::Output: Into<Data>,
{
    smol::block_on(runnable.invoke(input)).map(Into::into)
}

/// A record of such names and values.
fn record(values: impl IntoIterator<Item = (&'static str, Data)>) -> Data {
    values.into_iter().collect::<Record>().into()
}
