//! An admission control that admits no call, and records what was asked for.

use std::sync::{Arc, Mutex};

use catena_core::{Admission, Admitted, Demand, Error, ErrorKind, Result, async_trait};

/// A model, and the number of tokens that its call asks for.
type Asked = (String, Option<u64>);

/// An [`Admission`] that rejects every call and records its demand, to test what a model declares about a call before
/// anything is sent. Clones share the record.
///
/// # Example
/// ```
/// use catena_core::{RunConfig, RunnableExt, fakes::FakeChatModel};
/// use catena_testkit::Closed;
/// let closed = Closed::new();
/// let config = RunConfig::new().with_admission(closed.clone());
/// let refused = futures_executor::block_on(FakeChatModel::new(["Hi"]).invoke_with("eight by", &config));
/// assert_eq!(refused.unwrap_err().kind(), catena_core::ErrorKind::RateLimit);
/// assert_eq!(closed.last(), Some((String::new(), Some(2))));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Closed(Arc<Mutex<Vec<Asked>>>);

impl Closed {
    /// Creates one with an empty record.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the model of the last call (empty if it has no name) and the number of tokens that it asked for.
    pub fn last(&self) -> Option<(String, Option<u64>)> {
        self.notes().last().cloned()
    }

    /// Asserts that the call was rejected, and asked for this many tokens of `model`.
    ///
    /// # Panics
    /// If the assertion fails.
    #[track_caller]
    pub fn refused<T>(&self, call: Result<T>, model: &str, tokens: u64) {
        assert_eq!(call.err().map(|error| error.kind()), Some(ErrorKind::RateLimit), "how the call ended");
        let noted = self.notes().pop();
        assert_eq!(noted, Some((model.to_owned(), Some(tokens))), "what the call asked for");
    }

    fn notes(&self) -> std::sync::MutexGuard<'_, Vec<Asked>> {
        // A record is always complete, even after a panic.
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[async_trait]
impl Admission for Closed {
    async fn admit(&self, demand: &Demand<'_>) -> Result<Box<dyn Admitted>> {
        let model = demand.model.unwrap_or_default().to_owned();
        self.notes().push((model, demand.tokens));
        Err(Error::new(ErrorKind::RateLimit, "closed"))
    }
}
