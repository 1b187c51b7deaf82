//! `chat_prompt`: chat prompt templates.

use catena_core::{ChatPromptTemplate, Data, DynRunnable, MessagesPlaceholder, Result, RunnableExt};

use crate::{Spec, message};

pub(super) fn load(spec: &Spec<'_>) -> Result<DynRunnable> {
    let mut prompt = ChatPromptTemplate::default();
    let messages = match spec.data() {
        Data::Record(_) => {
            spec.only(&["messages", "format"])?;
            prompt = prompt.with_template_format(super::prompt::format(spec)?);
            spec.required("messages")?
        }
        _ => spec.clone(),
    };
    let prompt = messages.items()?.iter().try_fold(prompt, add)?;
    Ok(prompt.dynamic())
}

fn add(prompt: ChatPromptTemplate, entry: &Spec<'_>) -> Result<ChatPromptTemplate> {
    match entry.data() {
        Data::Text(_) => with_template(prompt, entry, "human", entry),
        Data::List(_) => match entry.items()?.as_slice() {
            [role, content] if role.text()? == "placeholder" => placeholder_pair(prompt, content),
            [role, content] => with_template(prompt, entry, role.text()?, content),
            _ => Err(entry.error("expected a message of a role and a template")),
        },
        Data::Record(record) if record.contains("$message") => Ok(prompt.with_message(message::read(entry)?)),
        Data::Record(record) if record.contains("placeholder") => {
            entry.only(&["placeholder"])?;
            Ok(prompt.with_placeholder(placeholder(&entry.required("placeholder")?)?))
        }
        _ => {
            entry.only(&["role", "content"])?;
            with_template(prompt, entry, entry.required("role")?.text()?, &entry.required("content")?)
        }
    }
}

fn with_template(
    prompt: ChatPromptTemplate,
    entry: &Spec<'_>,
    role: &str,
    template: &Spec<'_>,
) -> Result<ChatPromptTemplate> {
    prompt.with_template(role, template.text()?).map_err(|error| entry.locate(error))
}

/// Reads `"{name}"`, which is optional, or `["{name}", optional]`.
fn placeholder_pair(prompt: ChatPromptTemplate, content: &Spec<'_>) -> Result<ChatPromptTemplate> {
    let (name, optional) = match content.data() {
        Data::List(_) => match content.items()?.as_slice() {
            [name, optional] => (name.clone(), optional.flag()?),
            _ => {
                return Err(content.error(
                    "expected a placeholder of a variable name and a boolean (whether it is optional)",
                ));
            }
        },
        _ => (content.clone(), true),
    };
    if optional {
        return with_template(prompt, content, "placeholder", &name);
    }
    let variable = name.text()?.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
    let variable = variable.ok_or_else(|| name.error("a placeholder must be one variable name in braces"))?;
    Ok(prompt.with_placeholder(MessagesPlaceholder::new(variable)))
}

/// Reads `{"name", "optional"?, "n_messages"?}`.
fn placeholder(spec: &Spec<'_>) -> Result<MessagesPlaceholder> {
    spec.only(&["name", "optional", "n_messages"])?;
    let mut placeholder = MessagesPlaceholder::new(spec.required("name")?.text()?);
    if spec.get("optional").map(|flag| flag.flag()).transpose()?.unwrap_or_default() {
        placeholder = placeholder.optional();
    }
    if let Some(limit) = spec.get("n_messages") {
        placeholder = placeholder.with_limit(limit.count()?);
    }
    Ok(placeholder)
}
