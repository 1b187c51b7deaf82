//! A subject with a wrapper around its model.

use std::borrow::Cow;

use catena_core::{
    Capabilities, ChunkStream, Context, LanguageModel, PromptValue, Result, Runnable, async_trait,
};
use futures_util::{FutureExt, StreamExt, stream};
use serde_json::{Map, Value};

use super::subject::{Answered, Model, Setup, Subject};
use super::wire::Wire;

/// A subject with a wrapper around its model, such as a retry, a cache or a custom step, to be tested like the model
/// itself. If the result of wrapping is not a model, [`as_model`] makes it one.
///
/// # Example
/// ```
/// use catena_core::{Result, RetryPolicy, RunnableExt};
/// use catena_testkit::conformance::{Model, Subject, Wrapped, as_model};
///
/// fn retrying<S: Subject>(subject: S) -> impl Subject<Output = S::Output> {
///     Wrapped::new(subject, |model| as_model(model.clone(), model.with_retry(RetryPolicy::new().when(|_| false))))
/// }
/// ```
pub struct Wrapped<S, W> {
    subject: S,
    wrap: W,
    skips: Vec<(&'static str, &'static str)>,
}

impl<S, W> Wrapped<S, W>
where
    S: Subject,
    W: Fn(Model<S::Output>) -> Model<S::Output> + Send + Sync,
{
    /// Wraps the model of a subject with this function.
    pub fn new(subject: S, wrap: W) -> Self {
        Self { subject, wrap, skips: Vec::new() }
    }

    /// Skips a behaviour that the wrapper is meant to change, for this reason.
    #[must_use]
    pub fn skipping(mut self, behaviour: &'static str, reason: &'static str) -> Self {
        self.skips.push((behaviour, reason));
        self
    }
}

impl<S, W> Subject for Wrapped<S, W>
where
    S: Subject,
    W: Fn(Model<S::Output>) -> Model<S::Output> + Send + Sync,
{
    type Output = S::Output;

    fn model(&self, setup: &Setup) -> Result<Model<S::Output>> {
        self.subject.model(setup).map(&self.wrap)
    }

    fn wire(&self) -> &dyn Wire {
        self.subject.wire()
    }

    fn shown(&self, setup: &Setup) -> String {
        self.subject.shown(setup)
    }

    fn live_switch(&self) -> Option<&str> {
        self.subject.live_switch()
    }

    fn live_model(&self) -> Result<Model<S::Output>> {
        self.subject.live_model().map(&self.wrap)
    }

    fn skips(&self) -> &[(&str, &str)] {
        &self.skips
    }

    fn skip_reason(&self, behaviour: &str) -> Option<&str> {
        let own = self.skips.iter().find(|(name, _)| *name == behaviour).map(|(_, reason)| *reason);
        own.or_else(|| self.subject.skip_reason(behaviour))
    }
}

impl<S, W> std::fmt::Debug for Wrapped<S, W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wrapped").field("skips", &self.skips).finish_non_exhaustive()
    }
}

/// Makes a model of a runnable that answers prompts, with the metadata of the model inside it.
///
/// # Example
/// See [`Wrapped`].
pub fn as_model<O, R>(inside: Model<O>, runnable: R) -> Model<O>
where
    O: Answered,
    R: Runnable<Input = PromptValue, Output = O> + 'static,
{
    std::sync::Arc::new(AsModel { inside, runnable })
}

struct AsModel<O, R> {
    inside: Model<O>,
    runnable: R,
}

#[async_trait]
impl<O, R> LanguageModel for AsModel<O, R>
where
    O: Answered,
    R: Runnable<Input = PromptValue, Output = O>,
{
    type Output = O;

    async fn generate(&self, prompt: PromptValue, cx: &Context) -> Result<O> {
        self.runnable.call(prompt, cx).await
    }

    fn generate_stream<'a>(&'a self, prompt: PromptValue, cx: Context) -> ChunkStream<'a, O> {
        self.runnable.transform(stream::once(async { Ok(prompt) }.boxed()).boxed(), cx)
    }

    fn provider(&self) -> Option<&str> {
        self.inside.provider()
    }

    fn model_id(&self) -> Option<&str> {
        self.inside.model_id()
    }

    fn capabilities(&self) -> Capabilities {
        self.inside.capabilities()
    }

    fn parameters(&self) -> Option<Map<String, Value>> {
        self.inside.parameters()
    }

    fn display_name(&self) -> Cow<'_, str> {
        self.inside.display_name()
    }
}
