//! `bind` and `with_config`: bound arguments and configs.

use catena_core::{Data, DynRunnable, Result, RunnableExt};

use crate::Spec;

pub(super) fn bind(options: &Spec<'_>) -> Result<DynRunnable> {
    options.only(&["runnable", "kwargs"])?;
    let arguments = options.required("kwargs")?.record()?.iter();
    let arguments = arguments.map(|(name, value)| (name.to_owned(), Data::clone(value).into_json()));
    Ok(options.required("runnable")?.load()?.bind_all(arguments.collect()).boxed())
}

pub(super) fn with_config(options: &Spec<'_>) -> Result<DynRunnable> {
    options.only(&["runnable", "config"])?;
    let config = options.required("config")?.config()?;
    Ok(options.required("runnable")?.load()?.with_config(config).boxed())
}
