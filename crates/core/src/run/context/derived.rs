//! Contexts made of another: for the next step, another attempt, a part of a chain with options of its own.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Context, Next, Run, Shared};
use crate::RunConfig;

impl Context {
    pub(crate) fn steps_before(&self) -> usize {
        self.steps_before
    }

    /// This context for the part of a sequence that begins after so many more steps.
    pub(crate) fn after_steps(&self, steps: usize) -> Self {
        Self { run: self.without_next().into_owned().run, steps_before: self.steps_before + steps }
    }

    /// This context for another run beside the first: its id is its own.
    pub(crate) fn without_run_id(&self) -> Self {
        let Some(run) = &self.run else { return self.clone() };
        let mut run = Run::clone(run);
        run.next.id = None;
        Self { run: Some(Arc::new(run)), steps_before: self.steps_before }
    }

    /// This context with its time limit counted from now: for an item of a batch.
    pub(crate) fn restarted(&self) -> Self {
        let (Some(run), Some(timeout)) = (&self.run, self.timeout()) else { return self.clone() };
        let deadline = self.timer().now().checked_add(timeout);
        let shared = Shared { deadline, ..Shared::clone(&run.shared) };
        Self { run: Some(Arc::new(Run { shared: Arc::new(shared), ..Run::clone(run) })), ..self.clone() }
    }

    /// This context with `config` laid under what the caller said. Of what limits a run both count.
    pub(crate) fn configured(&self, config: &RunConfig) -> Self {
        let Some(run) = &self.run else { return Self::new(config) };
        let callers = &run.shared.config;
        let mut merged = config.clone().merged_under(callers);
        // The caller's own are inherited.
        (merged.timeout, merged.cancel) = (config.timeout, config.cancel.clone());
        merged.admission = config.admission.clone();
        merged.retry_budget = match (&callers.retry_budget, &config.retry_budget) {
            (Some(callers), Some(own)) => Some(own.within(callers)),
            (callers, own) => callers.as_ref().or(own.as_ref()).cloned(),
        };
        let mut next = run.next.clone();
        next.name = next.name.or(merged.name.take());
        Self::from_parts(merged, Some(self), next, run.info.clone())
    }

    /// Changes what all runs below inherit.
    pub(crate) fn with_recursion_limit(&self, limit: usize) -> Self {
        self.configured_over(&RunConfig::new().with_recursion_limit(limit))
    }

    /// This context with `config` laid over what the caller said.
    pub(crate) fn configured_over(&self, config: &RunConfig) -> Self {
        let Some(run) = &self.run else { return Self::new(config) };
        let mut merged = run.shared.config.clone().merged_under(config);
        merged.timeout = None;
        Self::from_parts(merged, Some(self), run.next.clone(), run.info.clone())
    }

    /// This context with a tag for the next run that is opened.
    pub(crate) fn tagged(&self, tag: Option<String>) -> Cow<'_, Self> {
        let (Some(tag), Some(run)) = (tag, &self.run) else { return Cow::Borrowed(self) };
        let mut run = Run::clone(run);
        run.next.tags.push(tag);
        Cow::Owned(Self { run: Some(Arc::new(run)), steps_before: 0 })
    }

    /// This context with call arguments for the runnable that is called next, under those bound further out.
    pub(crate) fn with_arguments(&self, arguments: &Arc<Map<String, Value>>) -> Self {
        let mut run = self.run.as_deref().cloned().unwrap_or_default();
        run.next.arguments = Some(match run.next.arguments {
            None => Arc::clone(arguments),
            Some(outer) => {
                let mut merged = Map::clone(arguments);
                merged.extend(Map::clone(&outer));
                Arc::new(merged)
            }
        });
        Self { run: Some(Arc::new(run)), steps_before: self.steps_before }
    }

    /// This context within the call of a tool.
    pub(crate) fn with_tool_call(&self, id: Option<&str>) -> Cow<'_, Self> {
        if self.tool_call_id() == id {
            return Cow::Borrowed(self);
        }
        let mut run = self.run.as_deref().cloned().unwrap_or_default();
        Arc::make_mut(&mut run.shared).tool_call_id = id.map(Arc::from);
        Cow::Owned(Self { run: Some(Arc::new(run)), steps_before: self.steps_before })
    }

    /// This context without what was meant for one runnable only.
    pub(crate) fn without_next(&self) -> Cow<'_, Self> {
        match &self.run {
            Some(run) if !run.next.is_empty() => {
                let run = Run { next: Next::default(), ..Run::clone(run) };
                Cow::Owned(Self { run: Some(Arc::new(run)), steps_before: self.steps_before })
            }
            _ => Cow::Borrowed(self),
        }
    }

    /// This context without what was meant for one run only: what is called again, or instead, has the same arguments.
    pub(crate) fn without_run(&self) -> Cow<'_, Self> {
        let Some(arguments) = self.run.as_ref().and_then(|run| run.next.arguments.clone()) else {
            return self.without_next();
        };
        let mut cx = self.without_next().into_owned();
        if let Some(run) = &mut cx.run {
            let next = Next { arguments: Some(arguments), ..Next::default() };
            *run = Arc::new(Run { next, ..Run::clone(run) });
        }
        Cow::Owned(cx)
    }
}
