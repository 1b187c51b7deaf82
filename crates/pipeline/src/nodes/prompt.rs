//! `prompt`: what fills a text with the input's values.

use catena_core::{Data, DynRunnable, PromptTemplate, Result, RunnableExt};

use crate::Spec;

pub(super) fn prompt(spec: &Spec<'_>) -> Result<DynRunnable> {
    let template = match spec.data() {
        Data::Text(_) => spec.clone(),
        Data::Record(_) => {
            spec.only(&["template", "format"])?;
            if let Some(format) = spec.get("format").filter(|format| format.data().as_text() != Some("f-string")) {
                return Err(format.error("the format of templates is `f-string`"));
            }
            spec.required("template")?
        }
        _ => return Err(spec.unfit("a template or an object with one")),
    };
    let prompt = PromptTemplate::new(template.text()?).map_err(|error| template.locate(error))?;
    Ok(prompt.dynamic())
}
