//! The model under test.

use std::sync::Arc;
use std::time::Duration;

use catena_core::{AiMessage, Error, ErrorKind, LanguageModel, ModelOutput, Result, Timer};

use super::waits::SkippedWaits;
use super::{Behaviour, Wire};
use crate::Server;

/// A model, as the kit uses it.
pub type Model<O> = Arc<dyn LanguageModel<Output = O>>;

/// A provider's model to be tested: how to build it, and its service's wire format.
///
/// # Example
/// See the guide for provider authors, `docs/writing-a-provider.md`.
pub trait Subject: Send + Sync {
    /// The output of the model: an [`AiMessage`] or a `String`.
    type Output: Answered;

    /// Builds a model with this setup.
    ///
    /// # Errors
    /// An error of the provider; the behaviour fails with it.
    fn model(&self, setup: &Setup) -> Result<Model<Self::Output>>;

    /// Returns the wire format of the service.
    fn wire(&self) -> &dyn Wire;

    /// Returns the `Debug` output of the model and of its builder: of everything that holds the key.
    fn shown(&self, setup: &Setup) -> String;

    /// Returns the behaviours that cannot be tested, each with the reason. They are not run, and the reason is printed.
    /// Apart from undeclared capabilities, this is the only way to exclude a behaviour.
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
    fn live_model(&self) -> Result<Model<Self::Output>> {
        Err(Error::new(ErrorKind::Unsupported, "the subject knows no live service"))
    }

    /// Returns why this behaviour is skipped, if it is. Only a subject that wraps another needs to implement this.
    fn skip_reason(&self, behaviour: &str) -> Option<&str> {
        self.skips().iter().find(|(name, _)| *name == behaviour).map(|(_, reason)| *reason)
    }
}

/// How to set up a model. A subject applies all of it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Setup {
    /// The base URL of the service: `http://127.0.0.1:PORT`, without a trailing slash.
    pub base_url: String,
    /// The API key.
    pub api_key: String,
    /// The maximum number of retries.
    pub max_retries: usize,
    /// The timer for the waits between attempts.
    pub timer: Arc<dyn Timer>,
    /// The time limit until the response headers arrive.
    pub first_byte_timeout: Duration,
    /// The time limit for receiving the next chunk of a response body.
    pub idle_timeout: Duration,
}

/// The API key that models are given.
pub(super) const KEY: &str = "kit-secret-5d41402abc4b2a76";

/// Long enough for a busy machine, short enough for a failing test.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

impl Setup {
    /// Creates the setup for this server, without retries.
    pub fn of(server: &Server) -> Self {
        Self::at(server.url())
    }

    /// Creates the setup for a service at this base URL, without retries.
    pub fn at(base_url: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            api_key: KEY.to_owned(),
            max_retries: 0,
            timer: Arc::new(SkippedWaits::default()),
            first_byte_timeout: PATIENCE,
            idle_timeout: PATIENCE,
        }
    }
}

/// The output types of models that the kit can test.
pub trait Answered: ModelOutput + PartialEq + std::fmt::Debug + sealed::Sealed {
    /// Returns its text.
    fn said(&self) -> String;

    /// Returns the whole message, if it is one.
    fn message(&self) -> Option<&AiMessage>;

    /// Whether the model receives the role of each message; other models receive a transcript, including the
    /// instructions.
    #[doc(hidden)]
    const TELLS_ROLES: bool;

    /// Returns the behaviours that such a model is tested for.
    fn behaviours() -> &'static [Behaviour<Self>];
}

impl Answered for AiMessage {
    const TELLS_ROLES: bool = true;

    fn said(&self) -> String {
        self.text().into_owned()
    }

    fn message(&self) -> Option<&AiMessage> {
        Some(self)
    }

    fn behaviours() -> &'static [Behaviour<Self>] {
        crate::__each_chat_behaviour! { __behaviour_table! [catena_core::AiMessage] }
    }
}

impl Answered for String {
    const TELLS_ROLES: bool = false;

    fn said(&self) -> String {
        self.clone()
    }

    fn message(&self) -> Option<&AiMessage> {
        None
    }

    fn behaviours() -> &'static [Behaviour<Self>] {
        crate::__each_text_behaviour! { __behaviour_table! [String] }
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for catena_core::AiMessage {}
    impl Sealed for String {}
}
