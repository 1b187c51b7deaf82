//! Memories, and calls of them.

use std::sync::Arc;

use catena::chains::{CombinedMemory, ConversationBufferMemory, Memory, ReadOnlyMemory, SimpleMemory};
use catena::{BufferString, Data, Message, Record, Result, get_buffer_string};

use super::node::{Fields, kind, values};
use super::{settled, unknown};

/// How many exchanges a window has, and how many tokens a token buffer, unless a vector says.
const WINDOW: usize = 5;
const TOKENS: usize = 2000;

pub(super) fn build(node: &Data) -> Result<Arc<dyn Memory>> {
    let (kind, fields) = kind(node)?;
    let memory: Arc<dyn Memory> = match kind {
        "simple" => Arc::new(SimpleMemory::new(values(fields.need("memories")?))),
        "readonly" => Arc::new(ReadOnlyMemory::new(build(fields.need("memory")?)?)),
        "combined" => {
            let parts = fields.items("memories").iter();
            Arc::new(parts.map(build).try_fold(CombinedMemory::new(), |all, part| all.with(part?))?)
        }
        _ => Arc::new(conversation(kind, fields)?),
    };
    for exchange in fields.items("initial") {
        smol::block_on(memory.save(&part(exchange, "inputs"), &part(exchange, "outputs")))?;
    }
    Ok(memory)
}

fn conversation(kind: &str, fields: Fields<'_>) -> Result<ConversationBufferMemory> {
    let new = ConversationBufferMemory::new;
    let mut memory = match kind {
        "buffer" => new(),
        "string_buffer" => ConversationBufferMemory::string_buffer(),
        "window" => new().with_window(fields.number("k").unwrap_or(WINDOW)),
        "token_buffer" => new().with_token_limit(fields.number("max_token_limit").unwrap_or(TOKENS), tokens),
        other => return Err(unknown(&format!("memory `{other}`"))),
    };
    let mut text = BufferString::new();
    if let Some(prefix) = fields.text("human_prefix") {
        text = text.with_human_prefix(prefix);
    }
    if let Some(prefix) = fields.text("ai_prefix") {
        text = text.with_ai_prefix(prefix);
    }
    memory = memory.as_text(text);
    if let Some(key) = fields.text("memory_key") {
        memory = memory.with_memory_key(key);
    }
    if fields.flag("return_messages") {
        memory = memory.as_messages();
    }
    if let Some(key) = fields.text("input_key") {
        memory = memory.with_input_key(key);
    }
    if let Some(key) = fields.text("output_key") {
        memory = memory.with_output_key(key);
    }
    Ok(memory)
}

/// The words of the messages, each with the name of its speaker.
fn tokens(messages: &[Message]) -> usize {
    let words =
        |message: &Message| get_buffer_string(std::slice::from_ref(message)).split_whitespace().count();
    messages.iter().map(words).sum()
}

fn part(data: &Data, name: &str) -> Record {
    data.get(name).map(values).unwrap_or_default()
}

pub(super) fn calls(input: Fields<'_>) -> Result<Data> {
    let memory = build(input.need("memory")?)?;
    let results = input.items("calls").iter().map(|each| settled(call(&*memory, each)));
    Ok(Record::from_iter([("results", results.collect::<Vec<_>>())]).into())
}

fn call(memory: &dyn Memory, call: &Data) -> Result<Data> {
    smol::block_on(async {
        match call.get("call").and_then(Data::as_text).unwrap_or_default() {
            "save" => memory.save(&part(call, "inputs"), &part(call, "outputs")).await.map(Data::from),
            "load" => memory.load(&part(call, "inputs")).await.map(Data::from),
            "clear" => memory.clear().await.map(Data::from),
            "variables" => {
                let mut names = memory.variables();
                names.sort_unstable();
                Ok(names.into())
            }
            other => Err(unknown(&format!("call `{other}`"))),
        }
    })
}
