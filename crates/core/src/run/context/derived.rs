//! Contexts derived from another: for the next step, another attempt, or a part of a chain with its own options.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Context, Next, Run, Shared};
use crate::RunConfig;

impl Context {
    pub(crate) fn steps_before(&self) -> usize {
        self.steps_before
    }

    /// Returns this context for the part of a sequence that begins this many steps later.
    pub(crate) fn after_steps(&self, steps: usize) -> Self {
        Self { run: self.without_next().into_owned().run, steps_before: self.steps_before + steps }
    }

    /// Returns this context for another run alongside the first, without the configured run id.
    pub(crate) fn without_run_id(&self) -> Self {
        let Some(run) = &self.run else { return self.clone() };
        let mut run = Run::clone(run);
        run.next.id = None;
        Self { run: Some(Arc::new(run)), steps_before: self.steps_before }
    }

    /// Returns this context with its time limit starting now, for an item of a batch.
    pub(crate) fn restarted(&self) -> Self {
        let (Some(run), Some(timeout)) = (&self.run, self.timeout()) else { return self.clone() };
        let deadline = self.timer().now().checked_add(timeout);
        let shared = Shared { deadline, ..Shared::clone(&run.shared) };
        Self { run: Some(Arc::new(Run { shared: Arc::new(shared), ..Run::clone(run) })), ..self.clone() }
    }

    /// Returns this context with `config` merged under the caller's. Limits of both apply.
    pub(crate) fn configured(&self, config: &RunConfig) -> Self {
        let Some(run) = &self.run else { return Self::new(config) };
        let callers = &run.shared.config;
        let mut merged = config.clone().merged_under(callers);
        // The caller's limits are inherited through the parent context.
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

    /// Returns this context with another recursion limit for all runs below.
    pub(crate) fn with_recursion_limit(&self, limit: usize) -> Self {
        self.configured_over(&RunConfig::new().with_recursion_limit(limit))
    }

    /// Returns this context with `config` merged over the caller's.
    pub(crate) fn configured_over(&self, config: &RunConfig) -> Self {
        let Some(run) = &self.run else { return Self::new(config) };
        let mut merged = run.shared.config.clone().merged_under(config);
        merged.timeout = None;
        Self::from_parts(merged, Some(self), run.next.clone(), run.info.clone())
    }

    /// Returns this context with a tag for the next run opened.
    pub(crate) fn tagged(&self, tag: Option<String>) -> Cow<'_, Self> {
        let (Some(tag), Some(run)) = (tag, &self.run) else { return Cow::Borrowed(self) };
        let mut run = Run::clone(run);
        run.next.tags.push(tag);
        Cow::Owned(Self { run: Some(Arc::new(run)), steps_before: 0 })
    }

    /// Returns this context with call arguments for the runnable called next; arguments bound further out take
    /// precedence.
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

    /// Returns this context for the execution of a tool call.
    pub(crate) fn with_tool_call(&self, id: Option<&str>) -> Cow<'_, Self> {
        if self.tool_call_id() == id {
            return Cow::Borrowed(self);
        }
        let mut run = self.run.as_deref().cloned().unwrap_or_default();
        Arc::make_mut(&mut run.shared).tool_call_id = id.map(Arc::from);
        Cow::Owned(Self { run: Some(Arc::new(run)), steps_before: self.steps_before })
    }

    /// Returns this context without the state that applies to a single runnable.
    pub(crate) fn without_next(&self) -> Cow<'_, Self> {
        match &self.run {
            Some(run) if !run.next.is_empty() => {
                let run = Run { next: Next::default(), ..Run::clone(run) };
                Cow::Owned(Self { run: Some(Arc::new(run)), steps_before: self.steps_before })
            }
            _ => Cow::Borrowed(self),
        }
    }

    /// Returns this context without the state that applies to a single run, but with the call arguments: a retry or a
    /// fallback receives the same arguments.
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
