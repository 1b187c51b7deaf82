//! The fake models, for other areas.

use std::sync::Arc;

use catena::pipeline::PipelineLoader;
use catena::{Data, DynRunnable, Result};

use super::fake_models;
use super::probes::Probes;

/// Loads fake models and knows what they were asked.
pub(in super::super) struct Fakes {
    loader: PipelineLoader,
    probes: Arc<Probes>,
}

impl Fakes {
    pub(in super::super) fn new() -> Self {
        let probes = Arc::new(Probes::default());
        Self { loader: fake_models::register(PipelineLoader::new(), &probes), probes }
    }

    /// The model of a node: `{"fake_chat": R}`, for one.
    pub(in super::super) fn model(&self, node: &Data) -> Result<DynRunnable> {
        self.loader.load(node)
    }

    /// All calls, in order.
    pub(in super::super) fn calls(&self) -> Data {
        self.probes.get("llm_calls")
    }
}
