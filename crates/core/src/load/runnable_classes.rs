//! Parsers and chains from what their constructors take.

use std::time::Duration;

use serde_json::Value;

use super::condition::Condition;
use super::config::{count, json, read, texts};
use super::{Kwargs, Loaded};
use crate::runnables::{ONLY_RETRYABLE, SAVED_MAX_RETRY_AFTER};
use crate::{
    CommaSeparatedListOutputParser, Data, DynRunnable, Error, ErrorKind, JsonOutputParser,
    MarkdownListOutputParser, NumberedListOutputParser, Result, RetryPolicy, RouterRunnable, RunConfig,
    RunnableAssign, RunnableBranch, RunnableExt, RunnableParallel, RunnablePassthrough, RunnablePick,
    StrOutputParser,
};

pub(super) fn parser(class: &str, _kwargs: Kwargs) -> Result<Loaded> {
    Ok(Loaded::Runnable(match class {
        "CommaSeparatedListOutputParser" => CommaSeparatedListOutputParser.dynamic(),
        "NumberedListOutputParser" => NumberedListOutputParser.dynamic(),
        "MarkdownListOutputParser" => MarkdownListOutputParser.dynamic(),
        "StrOutputParser" => StrOutputParser.dynamic(),
        _ => JsonOutputParser.dynamic(),
    }))
}

pub(super) fn passthrough(_class: &str, mut kwargs: Kwargs) -> Result<Loaded> {
    // A function in there is code, which was not written.
    kwargs.take("func");
    Ok(RunnablePassthrough::<Data>::new().boxed().into())
}

pub(super) fn pick(_class: &str, mut kwargs: Kwargs) -> Result<Loaded> {
    match kwargs.need("keys")? {
        Loaded::Data(Data::Text(name)) => Ok(RunnablePick::one(name).boxed().into()),
        keys => {
            let mut keys = Kwargs::new(kwargs.class(), vec![("keys".to_owned(), keys)]);
            Ok(RunnablePick::many(texts(&mut keys, "keys")?).boxed().into())
        }
    }
}

/// Runnables by name.
fn named_runnables(kwargs: &mut Kwargs, argument: &str) -> Result<Vec<(String, DynRunnable)>> {
    let named = match kwargs.need(argument)? {
        Loaded::Record(named) => named,
        Loaded::Data(Data::Record(named)) if named.is_empty() => Vec::new(),
        other => return Err(kwargs.unfit(argument, "a record of runnables", other.kind())),
    };
    let runnable = |(name, loaded): (String, Loaded)| match loaded.into_runnable() {
        Ok(runnable) => Ok((name, runnable)),
        Err(error) => Err(kwargs.within(&name, &error)),
    };
    named.into_iter().map(runnable).collect()
}

fn branches(mut kwargs: Kwargs) -> Result<RunnableParallel> {
    let steps = named_runnables(&mut kwargs, "steps__")?;
    Ok(steps.into_iter().fold(RunnableParallel::new(), |parallel, (name, step)| parallel.with(name, step)))
}

pub(super) fn parallel(_class: &str, kwargs: Kwargs) -> Result<Loaded> {
    branches(kwargs).map(Loaded::Parallel)
}

pub(super) fn assign(_class: &str, mut kwargs: Kwargs) -> Result<Loaded> {
    match kwargs.need("mapper")? {
        Loaded::Parallel(mapper) => Ok(RunnableAssign::new(mapper).boxed().into()),
        other => Err(kwargs.unfit("mapper", "a RunnableParallel", other.kind())),
    }
}

pub(super) fn sequence(_class: &str, mut kwargs: Kwargs) -> Result<Loaded> {
    let mut steps = vec![kwargs.runnable("first")?];
    for step in kwargs.list("middle")? {
        steps.push(step.into_runnable().map_err(|error| kwargs.within("middle", &error))?);
    }
    steps.push(kwargs.runnable("last")?);
    let sequence = join(&steps);
    Ok(Loaded::Runnable(match kwargs.text("name")? {
        Some(name) => sequence.with_config(RunConfig::new().with_name(name)).boxed(),
        None => sequence,
    }))
}

/// Joins steps as a balanced tree: a call goes only a few levels deep, however many there are.
fn join(steps: &[DynRunnable]) -> DynRunnable {
    match steps {
        [step] => step.clone(),
        steps => {
            let (first, second) = steps.split_at(steps.len() / 2);
            join(first).pipe(join(second)).boxed()
        }
    }
}

pub(super) fn each(_class: &str, mut kwargs: Kwargs) -> Result<Loaded> {
    Ok(kwargs.runnable("bound")?.map().dynamic().into())
}

pub(super) fn branch(_class: &str, mut kwargs: Kwargs) -> Result<Loaded> {
    let mut branch = RunnableBranch::<Data, Data>::new(kwargs.runnable("default")?);
    for arm in kwargs.list("branches")? {
        let (condition, arm) = match arm {
            Loaded::List(arm) => match <[Loaded; 2]>::try_from(arm) {
                Ok([condition, arm]) => (condition.into_runnable(), arm.into_runnable()),
                Err(_) => return Err(kwargs.unfit("branches", "a list of pairs", "a list of other lists")),
            },
            other => return Err(kwargs.unfit("branches", "a list of pairs", other.kind())),
        };
        let within = |error| kwargs.within("branches", &error);
        branch = branch.with(Condition(condition.map_err(within)?), arm.map_err(within)?);
    }
    Ok(branch.boxed().into())
}

pub(super) fn router(_class: &str, mut kwargs: Kwargs) -> Result<Loaded> {
    let mut router = RouterRunnable::<Data, Data>::new();
    for (name, route) in named_runnables(&mut kwargs, "runnables")? {
        router = router.with(name, route);
    }
    Ok(router.dynamic().into())
}

pub(super) fn binding(_class: &str, mut kwargs: Kwargs) -> Result<Loaded> {
    let mut runnable = kwargs.runnable("bound")?;
    let arguments = json(kwargs.record("kwargs")?);
    if !arguments.is_empty() {
        runnable = runnable.bind_all(arguments).boxed();
    }
    let config = read(&mut kwargs)?;
    Ok(Loaded::Runnable(if config.is_empty() { runnable } else { runnable.with_config(config).boxed() }))
}

pub(super) fn fallbacks(_class: &str, mut kwargs: Kwargs) -> Result<Loaded> {
    let primary = kwargs.runnable("runnable")?;
    let fallbacks =
        kwargs.list("fallbacks")?.into_iter().map(Loaded::into_runnable).collect::<Result<Vec<_>>>()?;
    any_error(&mut kwargs, "exceptions_to_handle")?;
    let chain = primary.with_fallbacks(fallbacks);
    Ok(Loaded::Runnable(match kwargs.text("exception_key")? {
        Some(key) => chain.with_error_key(key).boxed(),
        None => chain.boxed(),
    }))
}

pub(super) fn retry(_class: &str, mut kwargs: Kwargs) -> Result<Loaded> {
    let bound = kwargs.runnable("bound")?;
    let mut policy = RetryPolicy::new();
    any_error(&mut kwargs, "retry_exception_types")?;
    if kwargs.data(ONLY_RETRYABLE)? != Some(Data::Bool(true)) {
        policy = policy.on_any_error();
    }
    if let Some(attempts) = count(&mut kwargs, "max_attempt_number")? {
        policy = policy.with_max_attempts(attempts);
    }
    if kwargs.data("wait_exponential_jitter")? == Some(Data::Bool(false)) {
        policy = policy.without_delay();
    }
    if let Some(Data::Number(seconds)) = kwargs.data(SAVED_MAX_RETRY_AFTER)?
        && let Some(seconds) = seconds.as_f64()
    {
        policy = policy.with_max_retry_after(longest_wait(seconds)?);
    }
    let params = kwargs.record("exponential_jitter_params")?;
    let seconds = |name: &str| match params.get(name) {
        Some(Data::Number(number)) => number.as_f64(),
        _ => None,
    };
    let duration = |name: &str| seconds(name).and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    policy = duration("initial").map_or(policy.clone(), |delay| policy.with_initial_delay(delay));
    policy = duration("jitter").map_or(policy.clone(), |jitter| policy.with_jitter(jitter));
    policy = duration("max").map_or(policy.clone(), |most| policy.with_max_delay(most));
    policy = seconds("exp_base").map_or(policy.clone(), |base| policy.with_base(base));
    let config = read(&mut kwargs)?;
    let runnable = bound.with_retry(policy).boxed();
    Ok(Loaded::Runnable(if config.is_empty() { runnable } else { runnable.with_config(config).boxed() }))
}

/// A wait of this many seconds; what is too long to count is for ever.
fn longest_wait(seconds: f64) -> Result<Duration> {
    if seconds < 0.0 {
        let message = format!("`{SAVED_MAX_RETRY_AFTER}` of a RunnableRetry must not be negative: {seconds}");
        return Err(Error::new(ErrorKind::InvalidInput, message));
    }
    Ok(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
}

/// Refuses Python's types of errors, but for the one that all errors are of.
fn any_error(kwargs: &mut Kwargs, name: &str) -> Result<()> {
    let Some(types) = kwargs.data(name)? else { return Ok(()) };
    let Value::Array(types) = types.into_json() else { return Ok(()) };
    match types
        .iter()
        .find(|kind| kind["id"].as_array().is_none_or(|id| id.last() != Some(&"Exception".into())))
    {
        Some(kind) => {
            let message = format!(
                "`{name}` of a {}: the Python type {:.200} is not supported",
                kwargs.class(),
                kind.to_string()
            );
            Err(Error::new(ErrorKind::Unsupported, message))
        }
        None => Ok(()),
    }
}
