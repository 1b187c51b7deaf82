//! Prompts from what their constructors take.

use super::config::{count, json};
use super::{Kwargs, Loaded};
use crate::prompt::{TextOrBlock, message_prompt};
use crate::{
    ChatPromptTemplate, Data, DictPromptTemplate, Examples, FewShotChatMessagePromptTemplate,
    FewShotPromptTemplate, ImagePromptTemplate, Message, MessagesPlaceholder, PromptTemplate, PromptValue,
    Result, StructuredPrompt, TemplateFormat,
};

fn format_of(kwargs: &mut Kwargs) -> Result<TemplateFormat> {
    kwargs.text("template_format")?.map_or(Ok(TemplateFormat::FString), |name| name.parse())
}

pub(super) fn string_prompt_value(_class: &str, mut kwargs: Kwargs) -> Result<Loaded> {
    let text = kwargs.text("text")?.unwrap_or_default();
    Ok(Loaded::Data(Data::from(PromptValue::from(text))))
}

pub(super) fn chat_prompt_value(_class: &str, mut kwargs: Kwargs) -> Result<Loaded> {
    let messages: Vec<Message> = kwargs.need("messages")?.try_into()?;
    Ok(Loaded::Data(Data::from(PromptValue::from(messages))))
}

pub(super) fn prompt_template(_class: &str, mut kwargs: Kwargs) -> Result<Loaded> {
    let format = format_of(&mut kwargs)?;
    let Some(template) = kwargs.text("template")? else { return kwargs.need("template") };
    let prompt = PromptTemplate::parse(template, format)?;
    let partials = kwargs.record("partial_variables")?;
    let prompt = partials.into_iter().fold(prompt, |prompt, (name, value)| prompt.with_partial(name, value));
    Ok(Loaded::Prompt(prompt))
}

pub(super) fn chat_prompt_template(_class: &str, mut kwargs: Kwargs) -> Result<Loaded> {
    chat_prompt(&mut kwargs).map(Loaded::Chat)
}

fn chat_prompt(kwargs: &mut Kwargs) -> Result<ChatPromptTemplate> {
    let mut prompt = ChatPromptTemplate::default().with_template_format(format_of(kwargs)?);
    for message in kwargs.list("messages")? {
        prompt = match message {
            Loaded::Data(Data::Message(message)) => prompt.with_message(*message),
            Loaded::Chat(template) => prompt.concat(template),
            Loaded::Placeholder(placeholder) => prompt.with_placeholder(placeholder),
            Loaded::FewShotChat(examples) => prompt.with_examples(examples),
            other => {
                return Err(kwargs.unfit(
                    "messages",
                    "a list of messages and message templates",
                    other.kind(),
                ));
            }
        };
    }
    for (name, value) in kwargs.record("partial_variables")? {
        // LangChain fills optional placeholders with no messages beforehand.
        let stands_for_nothing = matches!(&value, Data::List(items) if items.is_empty())
            && prompt.optional_variables().contains(&name);
        if !stands_for_nothing {
            prompt = prompt.with_partial(name, value);
        }
    }
    Ok(prompt)
}

pub(super) fn structured_prompt(_class: &str, mut kwargs: Kwargs) -> Result<Loaded> {
    let schema = match kwargs.data("schema_")? {
        Some(schema) => schema,
        None => kwargs.need("schema")?.try_into()?,
    };
    let settings = json(kwargs.record("structured_output_kwargs")?);
    let prompt = StructuredPrompt::new(chat_prompt(&mut kwargs)?, schema.into_json())?;
    let prompt = prompt.with_kwargs(settings)?;
    Ok(match prompt.wants_raw() {
        true => Loaded::StructuredRaw(Box::new(prompt.include_raw())),
        false => Loaded::Structured(Box::new(prompt)),
    })
}

pub(super) fn message_template(class: &str, mut kwargs: Kwargs) -> Result<Loaded> {
    let role = match class {
        "SystemMessagePromptTemplate" => "system".to_owned(),
        "HumanMessagePromptTemplate" => "human".to_owned(),
        "AIMessagePromptTemplate" => "ai".to_owned(),
        _ => String::new(),
    };
    let speaker = kwargs.text("role")?;
    let content = match kwargs.need("prompt")? {
        Loaded::Prompt(template) => TextOrBlock::Text(template),
        Loaded::Data(Data::List(blocks)) if blocks.is_empty() => TextOrBlock::Blocks(Vec::new()),
        Loaded::List(blocks) => TextOrBlock::Blocks(
            blocks.into_iter().map(|block| block_of(&kwargs, block)).collect::<Result<_>>()?,
        ),
        other => return Err(kwargs.unfit("prompt", "a template or a list of templates", other.kind())),
    };
    let more = json(kwargs.record("additional_kwargs")?);
    message_prompt(&role, speaker, content, more).map(Loaded::Chat)
}

fn block_of(kwargs: &Kwargs, block: Loaded) -> Result<crate::prompt::Block> {
    match block {
        Loaded::Prompt(template) => Ok(template.into()),
        Loaded::Image(template) => Ok(template.into()),
        Loaded::Dict(template) => Ok(template.into()),
        other => Err(kwargs.unfit("prompt", "a template or a list of templates", other.kind())),
    }
}

pub(super) fn messages_placeholder(_class: &str, mut kwargs: Kwargs) -> Result<Loaded> {
    let Some(variable) = kwargs.text("variable_name")? else { return kwargs.need("variable_name") };
    let mut placeholder = MessagesPlaceholder::new(variable);
    if kwargs.data("optional")? == Some(Data::Bool(true)) {
        placeholder = placeholder.optional();
    }
    if let Some(limit) = count(&mut kwargs, "n_messages")? {
        placeholder = placeholder.with_limit(limit);
    }
    Ok(Loaded::Placeholder(placeholder))
}

/// The examples that are data; a selector is code.
fn examples(kwargs: &mut Kwargs) -> Result<Examples> {
    match kwargs.data("examples")? {
        Some(Data::List(examples)) => Ok(Examples::new(examples)),
        Some(other) => Err(kwargs.unfit("examples", "a list", other.kind())),
        None => kwargs.need("examples").map(|_| Examples::new::<Data>([])),
    }
}

/// A template, or the text of one.
fn part(kwargs: &mut Kwargs, name: &str, format: TemplateFormat) -> Result<Option<PromptTemplate>> {
    match kwargs.take(name) {
        None => Ok(None),
        Some(Loaded::Prompt(template)) => Ok(Some(template)),
        Some(Loaded::Data(Data::Text(text))) => PromptTemplate::parse(text, format).map(Some),
        Some(other) => Err(kwargs.unfit(name, "a template", other.kind())),
    }
}

pub(super) fn few_shot(_class: &str, mut kwargs: Kwargs) -> Result<Loaded> {
    let format = format_of(&mut kwargs)?;
    let example: PromptTemplate = kwargs.need("example_prompt")?.try_into()?;
    let Some(suffix) = part(&mut kwargs, "suffix", format)? else { return kwargs.need("suffix") };
    let mut prompt = FewShotPromptTemplate::new(examples(&mut kwargs)?, example, suffix);
    if let Some(prefix) = part(&mut kwargs, "prefix", format)? {
        prompt = prompt.with_prefix(prefix);
    }
    if let Some(separator) = kwargs.text("example_separator")? {
        prompt = prompt.with_separator(separator);
    }
    let partials = kwargs.record("partial_variables")?;
    let prompt = partials.into_iter().fold(prompt, |prompt, (name, value)| prompt.with_partial(name, value));
    Ok(Loaded::FewShot(Box::new(prompt)))
}

pub(super) fn few_shot_chat(_class: &str, mut kwargs: Kwargs) -> Result<Loaded> {
    let example: ChatPromptTemplate = kwargs.need("example_prompt")?.try_into()?;
    Ok(Loaded::FewShotChat(FewShotChatMessagePromptTemplate::new(examples(&mut kwargs)?, example)))
}

pub(super) fn image(_class: &str, mut kwargs: Kwargs) -> Result<Loaded> {
    let format = format_of(&mut kwargs)?;
    let mut template = kwargs.record("template")?;
    let mut text = |name: &str| {
        template.get_mut(name).map(std::mem::take).and_then(|text| match text {
            Data::Text(text) => Some(text),
            _ => None,
        })
    };
    let (url, detail) = (text("url"), text("detail"));
    let Some(url) = url else {
        return Err(kwargs.unfit("template", "a record with `url`", "a record without `url`"));
    };
    let image = ImagePromptTemplate::parse(&url, format)?;
    Ok(Loaded::Image(match detail {
        Some(detail) => image.with_detail(&detail)?,
        None => image,
    }))
}

pub(super) fn dict(_class: &str, mut kwargs: Kwargs) -> Result<Loaded> {
    let format = format_of(&mut kwargs)?;
    let template = Data::from(kwargs.record("template")?);
    DictPromptTemplate::parse(template, format).map(Loaded::Dict)
}
