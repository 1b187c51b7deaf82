//! The setup of an embedding model with a scripted service.

use std::sync::Arc;

use catena_core::{Embeddings, Result};

use super::super::{Fault, Setup, Stage, Verdict};
use super::as_text::AsText;
use super::scripted::ScriptedVectors;
use super::{AskedVectors, EmbeddingOption, EmbeddingSetup, EmbeddingSubject, EmbeddingWire};
use crate::{Reply, Server};

/// A subject, and what is needed to test it.
#[derive(Clone)]
pub(crate) struct EmbeddingStage {
    subject: Arc<dyn EmbeddingSubject>,
}

impl EmbeddingStage {
    pub(super) fn new(subject: Arc<dyn EmbeddingSubject>) -> Self {
        Self { subject }
    }

    pub(super) fn wire(&self) -> &dyn EmbeddingWire {
        self.subject.wire()
    }

    /// Starts a service that sends each text's vector.
    pub(super) fn serving(&self) -> Server {
        self.changing(|_, vectors| vectors)
    }

    /// Like [`serving`](Self::serving), with changed responses.
    pub(super) fn changing(
        &self,
        change: impl Fn(&AskedVectors, ScriptedVectors) -> ScriptedVectors + Send + Sync + 'static,
    ) -> Server {
        self.replying(move |stage, asked| {
            let vectors = change(asked, ScriptedVectors::answering(asked));
            Reply::json(200, stage.wire().answer(&vectors))
        })
    }

    /// Starts a service with these replies.
    pub(super) fn replying(
        &self,
        reply: impl Fn(&Self, &AskedVectors) -> Reply + Send + Sync + 'static,
    ) -> Server {
        let stage = self.clone();
        Server::start(move |request| reply(&stage, &stage.wire().read(request)))
    }

    /// Returns the reply with the requested vectors.
    pub(super) fn fitting(&self, asked: &AskedVectors) -> Reply {
        Reply::json(200, self.wire().answer(&ScriptedVectors::answering(asked)))
    }

    /// Returns an error reply with this status.
    pub(super) fn refusal(&self, status: u16) -> Reply {
        Reply::json(status, self.wire().failure(status, "because of the weather"))
    }

    /// Returns a model of this server that does not retry.
    pub(super) fn model(&self, server: &Server) -> Result<Arc<dyn Embeddings>> {
        self.model_of(&Setup::of(server).into())
    }

    pub(super) fn model_of(&self, setup: &EmbeddingSetup) -> Result<Arc<dyn Embeddings>> {
        self.subject.model(setup)
    }

    /// Like [`model`](Self::model), with a batch size.
    pub(super) fn batching(&self, server: &Server, batch_size: usize) -> Result<Arc<dyn Embeddings>> {
        self.model_of(&EmbeddingSetup { batch_size: Some(batch_size), ..Setup::of(server).into() })
    }

    /// Returns the decoded requests.
    pub(super) fn asked(&self, server: &Server) -> Vec<AskedVectors> {
        server.requests().iter().map(|request| self.wire().read(request)).collect()
    }

    /// Succeeds if this option can be set.
    pub(super) fn needs(&self, option: EmbeddingOption) -> Verdict {
        if self.subject.options().contains(&option) {
            return Ok(());
        }
        Err(Fault::NotApplicable(format!("the subject does not declare the option {option:?}")))
    }

    /// Returns a model of the live service, if it is to be tested.
    pub(super) fn live(&self) -> Result<Arc<dyn Embeddings>, Fault> {
        super::super::stage::live_is_on(self.subject.live_switch())?;
        Ok(self.subject.live_model()?)
    }

    /// Returns the stage of the model adapted to a text model.
    pub(super) fn of_texts(&self) -> Stage<String> {
        Stage::new(Arc::new(AsText(Arc::clone(&self.subject))))
    }
}
