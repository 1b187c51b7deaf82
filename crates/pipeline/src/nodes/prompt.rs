//! `prompt`: what fills a text with the input's values.

use catena_core::{Data, DynRunnable, PromptTemplate, Result, RunnableExt};

use crate::Spec;

pub(super) fn load(spec: &Spec<'_>) -> Result<DynRunnable> {
    let template = match spec.data() {
        Data::Text(_) => spec.clone(),
        Data::Record(_) => {
            spec.only(&["template", "format"])?;
            check_format(spec)?;
            spec.required("template")?
        }
        _ => return Err(spec.unfit("a template or an object with one")),
    };
    let prompt = PromptTemplate::new(template.text()?).map_err(|error| template.locate(error))?;
    Ok(prompt.dynamic())
}

/// There is one format so far.
pub(super) fn check_format(spec: &Spec<'_>) -> Result<()> {
    match spec.get("format") {
        Some(format) if format.text()? != "f-string" => {
            Err(format.error("the format of templates is `f-string`"))
        }
        _ => Ok(()),
    }
}
