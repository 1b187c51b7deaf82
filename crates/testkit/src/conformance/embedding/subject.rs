//! The embedding model under test.

use std::sync::Arc;

use catena_core::{Embeddings, Error, ErrorKind, Result};

use super::super::Setup;
use super::EmbeddingWire;

/// A provider's embedding model to be tested: how to build it, and its service's wire format.
///
/// # Example
/// See the guide for provider authors, `docs/writing-a-provider.md`.
pub trait EmbeddingSubject: Send + Sync {
    /// Builds a model with this setup.
    ///
    /// # Errors
    /// An error of the provider; the behaviour fails with it.
    fn model(&self, setup: &EmbeddingSetup) -> Result<Arc<dyn Embeddings>>;

    /// Returns the wire format of the service.
    fn wire(&self) -> &dyn EmbeddingWire;

    /// Returns the `Debug` output of the model and of its builder: of everything that holds the key.
    fn shown(&self, setup: &EmbeddingSetup) -> String;

    /// Returns the options that the model supports. A behaviour that needs another one does not apply.
    fn options(&self) -> &[EmbeddingOption] {
        &[]
    }

    /// Returns the behaviours that cannot be tested, each with the reason. They are not run, and the reason is printed.
    fn skips(&self) -> &[(&str, &str)] {
        &[]
    }

    /// Returns the environment variable that enables tests against the live service when set to `1`: `CATENA_LIVE_` and
    /// the provider's name.
    fn live_switch(&self) -> Option<&str> {
        None
    }

    /// Builds a model of the live service, with the key from the environment.
    ///
    /// # Errors
    /// An error of the provider, such as a missing key.
    fn live_model(&self) -> Result<Arc<dyn Embeddings>> {
        Err(Error::new(ErrorKind::Unsupported, "the subject knows no live service"))
    }
}

/// An option that not every embedding model supports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EmbeddingOption {
    /// The maximum number of texts per request: [`EmbeddingSetup::batch_size`].
    BatchSize,
    /// The length of the vectors: [`EmbeddingSetup::dimensions`].
    Dimensions,
}

/// How to set up an embedding model. A subject applies all of it, except what it does not declare as an
/// [option](EmbeddingSubject::options).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct EmbeddingSetup {
    /// The connection settings.
    pub connection: Setup,
    /// The maximum number of texts per request. `None` for the provider's default.
    pub batch_size: Option<usize>,
    /// The length of the vectors. `None` for the model's default.
    pub dimensions: Option<u32>,
}

impl From<Setup> for EmbeddingSetup {
    fn from(connection: Setup) -> Self {
        Self { connection, batch_size: None, dimensions: None }
    }
}
