//! An observer that sums token usage.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::{AiMessage, Observer, RunEvent, RunEventKind, Usage};

/// An observer that sums the token usage of model calls, per model. Cached answers count as zero. Clones share the
/// totals.
///
/// # Example
/// ```
/// use catena_core::{lambda, AiMessage, RunConfig, RunnableExt, Usage, UsageTotals};
/// # futures_executor::block_on(async {
/// let totals = UsageTotals::new();
/// let model = catena_core::fakes::FakeChatModel::new(["hello"]).with_usage(Usage::new(10, 2));
/// let config = RunConfig::new().with_observer(totals.clone());
/// model.invoke_with("hi", &config).await?;
/// model.invoke_with("hi", &config).await?;
/// assert_eq!(totals.total(), Usage::new(20, 4));
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone, Default)]
pub struct UsageTotals(Arc<Mutex<BTreeMap<String, Usage>>>);

impl UsageTotals {
    /// Creates empty totals.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the totals per model, by the name that the service reported, or the name of the run if it reported none.
    pub fn by_model(&self) -> BTreeMap<String, Usage> {
        self.lock().clone()
    }

    /// Returns the totals across all models.
    pub fn total(&self) -> Usage {
        self.lock().values().copied().sum()
    }

    fn add(&self, model: &str, usage: Usage) {
        let mut totals = self.lock();
        match totals.get_mut(model) {
            Some(total) => *total += usage,
            None => {
                totals.insert(model.to_owned(), usage);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Usage>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for UsageTotals {
    fn on_event(&self, event: &RunEvent<'_>) {
        let message = match event.kind {
            RunEventKind::Usage { model, usage } => return self.add(model, usage),
            RunEventKind::End { output: Some(output), .. } if event.run.kind == crate::RunKind::ChatModel => {
                output.downcast_ref::<AiMessage>()
            }
            // An interrupted call is billed too, so its usage counts as far as it is known.
            RunEventKind::Error { partial: Some(partial), .. }
            | RunEventKind::Cancelled { partial: Some(partial) }
                if event.run.kind == crate::RunKind::ChatModel =>
            {
                partial.downcast_ref::<AiMessage>()
            }
            _ => None,
        };
        if let Some(message) = message
            && !message.metadata.cached
            && let Some(usage) = message.usage
        {
            self.add(message.metadata.model.as_deref().unwrap_or(&event.run.name), usage);
        }
    }
}
