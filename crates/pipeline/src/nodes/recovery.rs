//! `fallbacks` and `retry`: error handling.

use catena_core::{DynRunnable, Result, RunnableExt};

use crate::config::duration;
use crate::{Spec, errors};

pub(super) fn fallbacks(options: &Spec<'_>) -> Result<DynRunnable> {
    options.only(&["primary", "fallbacks", "exceptions", "exception_key"])?;
    let primary = options.required("primary")?.load()?;
    let fallbacks = options.required("fallbacks")?.items()?;
    let fallbacks = fallbacks.iter().map(Spec::load).collect::<Result<Vec<_>>>()?;
    let mut all = primary.with_fallbacks(fallbacks);
    if let Some(kinds) = options.get("exceptions") {
        let test = errors::any_of(&kinds)?;
        all = all.when(move |error| test(error));
    }
    if let Some(key) = options.get("exception_key") {
        all = all.with_error_key(key.text()?);
    }
    Ok(all.boxed())
}

pub(super) fn retry(options: &Spec<'_>) -> Result<DynRunnable> {
    options.only(&["runnable", "max_attempts", "exceptions", "initial_delay", "max_delay", "jitter"])?;
    let mut policy = options.loader().retry_policy().clone();
    if let Some(attempts) = options.get("max_attempts") {
        policy = policy.with_max_attempts(attempts.count()?);
    }
    if let Some(kinds) = options.get("exceptions") {
        let test = errors::any_of(&kinds)?;
        policy = policy.when(move |error| test(error));
    }
    if let Some(delay) = options.get("initial_delay") {
        policy = policy.with_initial_delay(duration(&delay)?);
    }
    if let Some(delay) = options.get("max_delay") {
        policy = policy.with_max_delay(duration(&delay)?);
    }
    if let Some(jitter) = options.get("jitter") {
        policy = policy.with_jitter(duration(&jitter)?);
    }
    Ok(options.required("runnable")?.load()?.with_retry(policy).boxed())
}
