//! Who is examined.

use std::sync::Arc;
use std::time::Duration;

use catena_core::{AiMessage, Error, ErrorKind, LanguageModel, ModelOutput, Result, Timer};

use super::waits::SkippedWaits;
use super::{Behaviour, Wire};
use crate::Server;

/// A model as the kit holds it.
pub type Model<O> = Arc<dyn LanguageModel<Output = O>>;

/// A provider's model, to be examined: how to build it, and how its service puts things.
///
/// # Example
/// See the guide for authors of providers, `docs/writing-a-provider.md`.
pub trait Subject: Send + Sync {
    /// What the model answers with: an [`AiMessage`] or a `String`.
    type Output: Answered;

    /// A model that is set up like this.
    ///
    /// # Errors
    /// What the provider complains about; the behaviour fails with it.
    fn model(&self, setup: &Setup) -> Result<Model<Self::Output>>;

    /// The wire format of its service.
    fn wire(&self) -> &dyn Wire;

    /// What `Debug` prints of the model and of what it is built with: anything that holds the key.
    fn shown(&self, setup: &Setup) -> String;

    /// Behaviours that it cannot show, each with the reason. They are not run, and the reason is printed. It is the only
    /// way to leave one out, but for what the model does not declare.
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
    fn live_model(&self) -> Result<Model<Self::Output>> {
        Err(Error::new(ErrorKind::Unsupported, "the subject knows no live service"))
    }

    /// Why it does not show this behaviour, if it skips it. Nothing to write, but for a subject around another.
    fn skip_reason(&self, behaviour: &str) -> Option<&str> {
        self.skips().iter().find(|(name, _)| *name == behaviour).map(|(_, reason)| *reason)
    }
}

/// How a model is to be set up. A subject passes on all of it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Setup {
    /// Where the service is: `http://127.0.0.1:PORT`, without a slash at the end.
    pub base_url: String,
    /// The key.
    pub api_key: String,
    /// How often a call is tried again.
    pub max_retries: usize,
    /// What waits between two attempts.
    pub timer: Arc<dyn Timer>,
    /// How long the first byte of an answer may take.
    pub first_byte_timeout: Duration,
    /// How long nothing may arrive within an answer.
    pub idle_timeout: Duration,
}

/// The key that models are given.
pub(super) const KEY: &str = "kit-secret-5d41402abc4b2a76";

/// Long enough for a busy machine, short enough for a test that fails.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

impl Setup {
    /// A model of this server that does not try again.
    pub fn of(server: &Server) -> Self {
        Self::at(server.url())
    }

    /// The same for a service at this address.
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

/// The outputs of models that the kit can examine.
pub trait Answered: ModelOutput + PartialEq + std::fmt::Debug + sealed::Sealed {
    /// Its text.
    fn said(&self) -> String;

    /// The whole message, if it is one.
    fn message(&self) -> Option<&AiMessage>;

    /// Whether the model is told who says what; others read a transcript, instructions included.
    #[doc(hidden)]
    const TELLS_ROLES: bool;

    /// What such a model is examined for.
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
