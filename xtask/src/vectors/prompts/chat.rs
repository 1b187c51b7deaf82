//! Chat prompts and their entries.

use catena::{ChatPromptTemplate, Data, MessagesPlaceholder, PromptTemplate, Record, Result};

use super::super::raised::raise;
use super::super::tagged::read_message;
use super::fields::{Fields, Partial, partials};
use super::node::{self, Node, set_partial};
use super::{few_shot, string, unknown};

/// Builds a CPS of the grammar: a list of entries, or a record with `messages`.
pub(super) fn build(data: &Data) -> Result<ChatPromptTemplate> {
    if let Data::List(entries) = data {
        return entries.iter().try_fold(ChatPromptTemplate::default(), add);
    }
    let fields = Fields::of(data)?;
    let prompt = ChatPromptTemplate::default().with_template_format(string::format(fields)?);
    let prompt = fields.items("messages").iter().try_fold(prompt, add)?;
    let prompt = partials(fields.record("partials")).into_iter().fold(prompt, with_partial);
    if fields.flag("validate") {
        prompt.validate(fields.texts("input_variables"))?;
    }
    Ok(prompt)
}

pub(super) fn from_template(fields: Fields<'_>) -> Result<ChatPromptTemplate> {
    let template =
        PromptTemplate::parse(fields.text("template").unwrap_or_default(), string::format(fields)?)?;
    // Its template is filled beforehand, not the prompt.
    let template = partials(fields.record("partials")).into_iter().fold(template, string::with_partial);
    ChatPromptTemplate::default().with_prompt("human", template)
}

pub(super) fn slice(fields: Fields<'_>) -> Result<ChatPromptTemplate> {
    let prompt = chat_of(fields)?;
    // A negative number counts from the end.
    let position = |name, default| match fields.get(name).cloned().map(<i64 as catena::FromData>::from_data) {
        Some(Ok(at)) if at < 0 => prompt.len().saturating_sub(at.unsigned_abs() as usize),
        Some(Ok(at)) => at as usize,
        _ => default,
    };
    Ok(prompt.slice(position("start", 0)..position("stop", prompt.len())))
}

pub(super) fn append(fields: Fields<'_>) -> Result<ChatPromptTemplate> {
    fields.items("messages").iter().try_fold(chat_of(fields)?, add)
}

fn chat_of(fields: Fields<'_>) -> Result<ChatPromptTemplate> {
    match node::build(fields.need("prompt")?)? {
        Node::Chat(prompt) => Ok(prompt),
        _ => Err(unknown("prompt that is no chat prompt")),
    }
}

/// True for what is an entry of a chat prompt and no prompt.
pub(super) fn is_entry(record: &Record) -> bool {
    ["$message", "placeholder", "message_template", "role"].iter().any(|name| record.contains(name))
}

/// Adds an MT of the grammar.
pub(super) fn add(prompt: ChatPromptTemplate, entry: &Data) -> Result<ChatPromptTemplate> {
    match entry {
        Data::Text(text) => prompt.with_template("human", text),
        Data::List(pair) => match pair.as_slice() {
            [Data::Text(role), content] => add_pair(prompt, role, content),
            [_, _] => Err(raise("type_error", "a role is a text")),
            _ => Err(raise("value_error", "an entry is a pair of a role and a content")),
        },
        Data::Record(record) => add_record(prompt, record),
        _ => Err(raise("not_implemented", "an entry is a text, a pair or a record")),
    }
}

fn add_pair(prompt: ChatPromptTemplate, role: &str, content: &Data) -> Result<ChatPromptTemplate> {
    match (role, content) {
        (role, Data::Text(text)) => prompt.with_template(role, text),
        ("placeholder", Data::List(pair)) => match pair.as_slice() {
            [Data::Text(name), Data::Bool(optional)] => {
                let name = name.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
                let name = name.ok_or_else(|| raise("value_error", "a placeholder is a name in braces"))?;
                let placeholder = MessagesPlaceholder::new(name);
                Ok(prompt.with_placeholder(if *optional { placeholder.optional() } else { placeholder }))
            }
            _ => Err(raise("value_error", "a placeholder is a name and whether it is optional")),
        },
        (role, content) => prompt.with_content(role, content.clone()),
    }
}

fn add_record(prompt: ChatPromptTemplate, record: &Record) -> Result<ChatPromptTemplate> {
    let fields = Fields(record);
    if let Some(message) = fields.get("$message") {
        let message = read_message(message).ok_or_else(|| unknown("message"))?;
        return Ok(prompt.with_message(message));
    }
    if let Some(placeholder) = fields.get("placeholder") {
        return placeholder_of(Fields::of(placeholder)?)
            .map(|placeholder| prompt.with_placeholder(placeholder));
    }
    if let Some(template) = fields.get("message_template") {
        return add_template(prompt, Fields::of(template)?);
    }
    if let Some(nested) = fields.get("chat_prompt") {
        return build(nested).map(|nested| prompt + nested);
    }
    if let Some(examples) = fields.get("few_shot_chat") {
        return few_shot::build_chat(Fields::of(examples)?).map(|examples| prompt.with_examples(examples));
    }
    match (fields.text("role"), fields.get("content"), record.len()) {
        (Some(role), Some(content), 2) => add_pair(prompt, role, content),
        _ => Err(raise("value_error", "a record that is an entry has `role` and `content`")),
    }
}

fn placeholder_of(fields: Fields<'_>) -> Result<MessagesPlaceholder> {
    let mut placeholder = MessagesPlaceholder::new(fields.text("name").unwrap_or_default());
    if fields.flag("optional") {
        placeholder = placeholder.optional();
    }
    Ok(match fields.number("n_messages") {
        Some(limit) => placeholder.with_limit(limit),
        None => placeholder,
    })
}

fn add_template(prompt: ChatPromptTemplate, fields: Fields<'_>) -> Result<ChatPromptTemplate> {
    let kind = fields.text("kind").unwrap_or_default();
    let format = string::format(fields)?;
    let Some(text) = fields.text("content") else {
        let content = fields.need("content")?.clone();
        return prompt.with_template_format(format).with_content(kind, content);
    };
    let template = PromptTemplate::parse(text, format)?;
    let template = partials(fields.record("partials")).into_iter().fold(template, string::with_partial);
    let prompt = match kind {
        "chat" => prompt.with_speaker(fields.text("chat_role").unwrap_or_default(), template),
        kind => prompt.with_prompt(kind, template)?,
    };
    match fields.record("additional_kwargs") {
        Some(more) => {
            let more = more.iter().map(|(name, value)| (name.to_owned(), value.clone().into_json()));
            prompt.with_additional_kwargs(more)
        }
        None => Ok(prompt),
    }
}

pub(super) fn with_partial(prompt: ChatPromptTemplate, partial: (String, Partial)) -> ChatPromptTemplate {
    set_partial!(prompt, partial)
}
