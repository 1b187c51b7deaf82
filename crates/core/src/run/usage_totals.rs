//! An observer that sums token usage.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

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

    /// Returns the totals per model: by the name that the service reported, or else that of the model
    /// [requested](crate::LanguageModel::model_id), or else the name of the run.
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
            let requested = event.run.metadata.get("ls_model_name").and_then(Value::as_str);
            let names = [message.metadata.model.as_deref(), requested];
            let name = names.into_iter().flatten().find(|name| !name.is_empty());
            self.add(name.unwrap_or(&event.run.name), usage);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_executor::block_on;

    use super::*;
    use crate::{ChunkStream, Context, LanguageModel, PromptValue, RunConfig, RunnableExt, gather};

    /// A provider whose service may report the model.
    struct Custom(&'static str, Option<&'static str>);

    #[crate::async_trait]
    impl LanguageModel for Custom {
        type Output = AiMessage;

        fn generate_stream<'a>(&'a self, _prompt: PromptValue, _cx: Context) -> ChunkStream<'a, AiMessage> {
            let mut answer = AiMessage { usage: Some(Usage::new(2, 1)), ..AiMessage::new("Hi") };
            answer.metadata.model = self.1.map(str::to_owned);
            Box::pin(futures_util::stream::iter([Ok(answer)]))
        }

        fn model_id(&self) -> Option<&str> {
            Some(self.0)
        }
    }

    #[track_caller]
    fn check(requested: &'static str, reported: Option<&'static str>, bound: Option<&str>, name: &str) {
        let totals = UsageTotals::new();
        let config = RunConfig::new().with_observer(totals.clone());
        let model = Custom(requested, reported).boxed();
        let model = bound.into_iter().fold(model, |model, bound| model.bind("model", bound).boxed());
        block_on(model.invoke_with("Hi", &config)).expect("an answer");
        block_on(gather(model.stream_with("Hi", &config))).expect("an answer");
        assert_eq!(totals.by_model(), BTreeMap::from([(name.to_owned(), Usage::new(4, 2))]));
    }

    #[test]
    fn a_model_counts_under_the_best_name_there_is() {
        check("gpt-4o", None, None, "gpt-4o");
        check("gpt-4o", Some("gpt-4o-2024-08-06"), None, "gpt-4o-2024-08-06");
        check("gpt-4o", Some(""), None, "gpt-4o");
        check("gpt-4o", None, Some("gpt-4o-mini"), "gpt-4o-mini");
        check("", None, None, "Custom");
    }
}
