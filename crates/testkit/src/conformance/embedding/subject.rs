//! Whose vectors are examined.

use std::sync::Arc;

use catena_core::{Embeddings, Error, ErrorKind, Result};

use super::super::Setup;
use super::EmbeddingWire;

/// A provider's embedding model, to be examined: how to build it, and how its service puts things.
///
/// # Example
/// See the guide for authors of providers, `docs/writing-a-provider.md`.
pub trait EmbeddingSubject: Send + Sync {
    /// A model that is set up like this.
    ///
    /// # Errors
    /// What the provider complains about; the behaviour fails with it.
    fn model(&self, setup: &EmbeddingSetup) -> Result<Arc<dyn Embeddings>>;

    /// The wire format of its service.
    fn wire(&self) -> &dyn EmbeddingWire;

    /// What `Debug` prints of the model and of what it is built with: anything that holds the key.
    fn shown(&self, setup: &EmbeddingSetup) -> String;

    /// What can be set on the model. A behaviour that needs something else does not apply.
    fn options(&self) -> &[EmbeddingOption] {
        &[]
    }

    /// Behaviours that it cannot show, each with the reason. They are not run, and the reason is printed.
    fn skips(&self) -> &[(&str, &str)] {
        &[]
    }

    /// The environment variable that, set to `1`, has the live service asked too: `CATENA_LIVE_` and the provider's name.
    fn live_switch(&self) -> Option<&str> {
        None
    }

    /// A model of the live service, with the key from the environment.
    ///
    /// # Errors
    /// What the provider complains about, such as a missing key.
    fn live_model(&self) -> Result<Arc<dyn Embeddings>> {
        Err(Error::new(ErrorKind::Unsupported, "the subject knows no live service"))
    }
}

/// Something that not every embedding model lets its users set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EmbeddingOption {
    /// How many texts a request holds, at most: [`EmbeddingSetup::batch_size`].
    BatchSize,
    /// The length of the vectors: [`EmbeddingSetup::dimensions`].
    Dimensions,
}

/// How an embedding model is to be set up. A subject passes on all of it, but for what it does not declare as an
/// [option](EmbeddingSubject::options).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct EmbeddingSetup {
    /// What concerns the connection.
    pub connection: Setup,
    /// The most texts of a request. Without it the provider's default holds.
    pub batch_size: Option<usize>,
    /// The length of the vectors. Without it the model's own.
    pub dimensions: Option<u32>,
}

impl From<Setup> for EmbeddingSetup {
    fn from(connection: Setup) -> Self {
        Self { connection, batch_size: None, dimensions: None }
    }
}
