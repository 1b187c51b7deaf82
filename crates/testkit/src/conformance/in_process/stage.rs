//! An in-process model and its answers.

use std::sync::Arc;

use catena_core::{Capability, PromptValue, Result, RunnableExt};

use super::super::subject::{Answered, Model};
use super::super::verdict::ensure;
use super::super::{Fault, InProcess};

/// A subject, and what is needed to test it.
pub(crate) struct InProcessStage<O> {
    subject: Arc<dyn InProcess<Output = O>>,
}

/// A prompt, and the model's answer to it.
pub(super) struct Known {
    pub(super) prompt: PromptValue,
    pub(super) text: String,
}

impl<O: Answered> InProcessStage<O> {
    pub(super) fn new(subject: Arc<dyn InProcess<Output = O>>) -> Self {
        Self { subject }
    }

    pub(super) fn model(&self) -> Result<Model<O>> {
        self.subject.model()
    }

    /// Returns the first prompt and its expected answer.
    pub(super) async fn known(&self, model: &Model<O>) -> Result<Known, Fault> {
        self.known_of(model, 0).await
    }

    /// Returns both prompts and their expected answers.
    pub(super) async fn both(&self, model: &Model<O>) -> Result<[Known; 2], Fault> {
        Ok([self.known_of(model, 0).await?, self.known_of(model, 1).await?])
    }

    async fn known_of(&self, model: &Model<O>, which: usize) -> Result<Known, Fault> {
        let prompt = PromptValue::from(self.subject.prompts()[which]);
        let text = model.invoke(prompt.clone()).await?.said();
        ensure!(!text.trim().is_empty(), "the model says nothing to {prompt}");
        Ok(Known { prompt, text })
    }

    /// Returns a model that declares the capability.
    pub(super) fn able(&self, capability: Capability) -> Result<Model<O>, Fault> {
        let model = self.model()?;
        if model.capabilities().has(capability) {
            return Ok(model);
        }
        Err(Fault::NotApplicable(format!("the model does not declare {capability:?}")))
    }
}

impl<O> std::fmt::Debug for InProcessStage<O> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InProcessStage").finish_non_exhaustive()
    }
}
