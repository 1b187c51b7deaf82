//! `prompt`: prompt templates.

use catena_core::{Data, DynRunnable, PromptTemplate, Result, RunnableExt, TemplateFormat};

use crate::Spec;

pub(super) fn load(spec: &Spec<'_>) -> Result<DynRunnable> {
    read(spec).map(RunnableExt::dynamic)
}

/// Reads a template, or `{"template", "format"?, "partials"?}`.
pub(super) fn read(spec: &Spec<'_>) -> Result<PromptTemplate> {
    match spec.data() {
        Data::Text(_) => parse(spec, TemplateFormat::default()),
        Data::Record(_) => {
            spec.only(&["template", "format", "partials"])?;
            let prompt = parse(&spec.required("template")?, format(spec)?)?;
            let partials = spec.get("partials").map(|partials| partials.members()).transpose()?;
            let partials = partials.unwrap_or_default().into_iter();
            Ok(partials.fold(prompt, |prompt, (name, value)| prompt.with_partial(name, value.data().clone())))
        }
        _ => Err(spec.unfit("a template string, or an object with `template`")),
    }
}

fn parse(template: &Spec<'_>, format: TemplateFormat) -> Result<PromptTemplate> {
    PromptTemplate::parse(template.text()?, format).map_err(|error| template.locate(error))
}

/// Reads the language of a node's templates.
pub(super) fn format(spec: &Spec<'_>) -> Result<TemplateFormat> {
    let Some(format) = spec.get("format") else { return Ok(TemplateFormat::default()) };
    match format.text()?.parse().map_err(|error| format.locate(error))? {
        TemplateFormat::Jinja2 if !spec.loader().allows_jinja2() => Err(format.error(
            "a jinja2 template is not loaded by default, as it is a program; see `PipelineLoader::allow_jinja2`",
        )),
        language => Ok(language),
    }
}
