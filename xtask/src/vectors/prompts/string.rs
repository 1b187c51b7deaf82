//! String prompts.

use catena::{Data, PromptTemplate, Result, TemplateFormat};

use super::super::raised::raise;
use super::fields::{Fields, Partial, partials};
use super::node::set_partial;
use super::unknown;

/// Builds a PS of the grammar: a text, or a record with `template`.
pub(super) fn build(data: &Data) -> Result<PromptTemplate> {
    if let Some(text) = data.as_text() {
        return PromptTemplate::new(text);
    }
    let fields = Fields::of(data)?;
    let template = fields.text("template").ok_or_else(|| unknown("template"))?;
    let prompt = PromptTemplate::parse(template, format(fields)?)?;
    let prompt = partials(fields.record("partials")).into_iter().fold(prompt, with_partial);
    if fields.flag("validate") {
        if fields.get("input_variables").is_none() {
            return Err(raise("validation", "nothing is declared to validate"));
        }
        prompt.validate(fields.texts("input_variables"))?;
    }
    Ok(prompt)
}

pub(super) fn format(fields: Fields<'_>) -> Result<TemplateFormat> {
    fields.text("format").unwrap_or("f-string").parse()
}

pub(super) fn from_examples(fields: Fields<'_>) -> Result<PromptTemplate> {
    let text = |name, default| fields.text(name).unwrap_or(default);
    PromptTemplate::from_examples(
        text("prefix", ""),
        fields.texts("examples"),
        text("suffix", ""),
        text("separator", "\n\n"),
    )
}

pub(super) fn with_partial(prompt: PromptTemplate, partial: (String, Partial)) -> PromptTemplate {
    set_partial!(prompt, partial)
}
