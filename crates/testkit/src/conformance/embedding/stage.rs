//! Where an embedding model plays against a scripted service.

use std::sync::Arc;

use catena_core::{Embeddings, Result};

use super::super::{Fault, Setup, Stage, Verdict};
use super::as_text::AsText;
use super::scripted::ScriptedVectors;
use super::{AskedVectors, EmbeddingOption, EmbeddingSetup, EmbeddingSubject, EmbeddingWire};
use crate::{Reply, Server};

/// A subject, and what is needed to make it play.
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

    /// A service that gives each text its vector.
    pub(super) fn serving(&self) -> Server {
        self.changing(|_, vectors| vectors)
    }

    /// The same with something done to what it answers.
    pub(super) fn changing(
        &self,
        change: impl Fn(&AskedVectors, ScriptedVectors) -> ScriptedVectors + Send + Sync + 'static,
    ) -> Server {
        self.replying(move |stage, asked| {
            let vectors = change(asked, ScriptedVectors::answering(asked));
            Reply::json(200, stage.wire().answer(&vectors))
        })
    }

    /// A service that replies like this.
    pub(super) fn replying(
        &self,
        reply: impl Fn(&Self, &AskedVectors) -> Reply + Send + Sync + 'static,
    ) -> Server {
        let stage = self.clone();
        Server::start(move |request| reply(&stage, &stage.wire().read(request)))
    }

    /// The reply with what was asked for.
    pub(super) fn fitting(&self, asked: &AskedVectors) -> Reply {
        Reply::json(200, self.wire().answer(&ScriptedVectors::answering(asked)))
    }

    /// The reply that refuses a request with this status.
    pub(super) fn refusal(&self, status: u16) -> Reply {
        Reply::json(status, self.wire().failure(status, "because of the weather"))
    }

    /// A model of this server that does not try again.
    pub(super) fn model(&self, server: &Server) -> Result<Arc<dyn Embeddings>> {
        self.model_of(&Setup::of(server).into())
    }

    pub(super) fn model_of(&self, setup: &EmbeddingSetup) -> Result<Arc<dyn Embeddings>> {
        self.subject.model(setup)
    }

    /// The same with so many texts in a request.
    pub(super) fn batching(&self, server: &Server, batch_size: usize) -> Result<Arc<dyn Embeddings>> {
        self.model_of(&EmbeddingSetup { batch_size: Some(batch_size), ..Setup::of(server).into() })
    }

    /// What the requests asked for.
    pub(super) fn asked(&self, server: &Server) -> Vec<AskedVectors> {
        server.requests().iter().map(|request| self.wire().read(request)).collect()
    }

    /// Goes on if this can be set.
    pub(super) fn needs(&self, option: EmbeddingOption) -> Verdict {
        if self.subject.options().contains(&option) {
            return Ok(());
        }
        Err(Fault::NotApplicable(format!("the subject does not declare the option {option:?}")))
    }

    /// A model of the live service, if it is to be asked.
    pub(super) fn live(&self) -> Result<Arc<dyn Embeddings>, Fault> {
        super::super::stage::live_is_on(self.subject.live_switch())?;
        Ok(self.subject.live_model()?)
    }

    /// The stage of the same model taken for one of texts.
    pub(super) fn of_texts(&self) -> Stage<String> {
        Stage::new(Arc::new(AsText(Arc::clone(&self.subject))))
    }
}
