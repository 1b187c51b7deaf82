//! Prompts with examples, and what chooses them.

use catena::{
    ChatPromptTemplate, Data, Examples, FewShotChatMessagePromptTemplate, FewShotPromptTemplate, FromData,
    LengthBasedExampleSelector, PromptTemplate, Result, TemplateFormat,
};

use super::super::raised::raise;
use super::fields::{Fields, Partial, partials};
use super::node::set_partial;
use super::{chat, string, unknown};

/// Builds an F of the grammar.
pub(super) fn build(fields: Fields<'_>) -> Result<FewShotPromptTemplate> {
    let format = string::format(fields)?;
    let example = string::build(fields.need("example_prompt")?)?;
    let suffix = piece(fields.get("suffix"), format)?;
    let mut prompt = FewShotPromptTemplate::new(examples(fields)?, example, suffix);
    if let Some(prefix) = fields.get("prefix") {
        prompt = prompt.with_prefix(piece(Some(prefix), format)?);
    }
    if let Some(separator) = fields.text("separator") {
        prompt = prompt.with_separator(separator);
    }
    let prompt = partials(fields.record("partials")).into_iter().fold(prompt, with_partial);
    if fields.flag("validate") {
        prompt.validate(fields.texts("input_variables"))?;
    }
    Ok(prompt)
}

/// A prefix or suffix: a text in the language of the whole, or a template of its own.
fn piece(data: Option<&Data>, format: TemplateFormat) -> Result<PromptTemplate> {
    match data {
        Some(data) if data.as_text().is_none() => string::build(data),
        text => PromptTemplate::parse(text.and_then(Data::as_text).unwrap_or_default(), format),
    }
}

pub(super) fn build_chat(fields: Fields<'_>) -> Result<FewShotChatMessagePromptTemplate> {
    let example = fields.need("example_prompt")?;
    let prompt = match example.get("chat_prompt") {
        Some(prompt) => chat::build(prompt)?,
        None => chat::add(ChatPromptTemplate::default(), example)?,
    };
    Ok(FewShotChatMessagePromptTemplate::new(examples(fields)?, prompt))
}

/// There are examples or a selector. Here the type of the argument says so; what offends it is told apart by hand.
fn examples(fields: Fields<'_>) -> Result<Examples> {
    match (fields.get("examples"), fields.get("selector")) {
        (Some(_), None) => Ok(Examples::new(fields.items("examples").to_vec())),
        (None, Some(data)) => selector(data).map(Examples::chosen_by),
        (Some(_), Some(_)) => Err(raise("validation", "examples and a selector")),
        (None, None) => Err(raise("validation", "neither examples nor a selector")),
    }
}

pub(super) fn selector(data: &Data) -> Result<LengthBasedExampleSelector> {
    let fields = Fields::of(data.get("length").ok_or_else(|| unknown("selector"))?)?;
    let example = string::build(fields.need("example_prompt")?)?;
    let mut selector = LengthBasedExampleSelector::new(example, fields.items("examples").to_vec())?;
    if let Some(length) = fields.get("max_length").cloned() {
        // No example is shorter than nothing.
        selector = selector.with_max_length(usize::try_from(i64::from_data(length)?).unwrap_or_default());
    }
    if fields.text("count") == Some("chars") {
        selector = selector.with_measure(|text| text.chars().count())?;
    }
    fields.items("add").iter().try_for_each(|example| selector.add_example(example.clone()))?;
    Ok(selector)
}

pub(super) fn with_partial(
    prompt: FewShotPromptTemplate,
    partial: (String, Partial),
) -> FewShotPromptTemplate {
    set_partial!(prompt, partial)
}
