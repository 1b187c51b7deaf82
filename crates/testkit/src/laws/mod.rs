//! The laws of a runnable, as checks for any implementation: a model, a parser, a chain, a custom combinator.
//!
//! [`Laws`] holds the configuration of the checks; each law is one of its methods and returns a [`LawViolation`] if it
//! does not hold. [`Laws::check_all`] runs those that need only inputs. The checks run on every executor.
//!
//! | law | guarantee |
//! | --- | --- |
//! | [streaming](Laws::streaming) | the folded chunks of `stream(x)` equal the result of `invoke(x)` |
//! | [chunked](Laws::chunked) | the same for an input that arrives in chunks |
//! | [laziness](Laws::laziness) | nothing happens before the first poll |
//! | [batch](Laws::batch) | `batch(xs)[i]` equals the result of `invoke(xs[i])`, and at most `max_concurrency` items run concurrently |
//! | [cancellation](Laws::cancellation) | dropping it at any point leaves no open runs and no work in progress |
//! | [events](Laws::events) | every run has exactly one start and one end, within its parent run |
//! | [observation](Laws::observation) | an observer changes neither the calls made nor the result |
//! | [wrapper](Laws::wrapper) | a wrapper around a streaming runnable streams too |
//!
//! # Example
//!
//! ```
//! use catena_core::{Chunk, ChunkStream, Context, Result, Runnable, async_trait};
//! use catena_testkit::laws::Laws;
//! use futures_util::{StreamExt, stream};
//!
//! /// Streams something other than what it returns.
//! struct Liar;
//!
//! #[async_trait]
//! impl Runnable for Liar {
//!     type Input = String;
//!     type Output = String;
//!     async fn call(&self, input: String, _cx: &Context) -> Result<String> {
//!         Ok(input)
//!     }
//!     fn transform<'a>(&'a self, _: ChunkStream<'a, String>, _: Context) -> ChunkStream<'a, String> {
//!         stream::iter([Ok("who".to_string()), Ok("ever".to_string())]).boxed()
//!     }
//! }
//!
//! # futures_executor::block_on(async {
//! let violation = Laws::new().check_all(&Liar, ["asks".to_string()]).await.unwrap_err();
//! assert_eq!(violation.law, "streaming");
//! assert_eq!((violation.expected, violation.got), (r#"Ok("asks")"#.into(), r#"Ok("whoever")"#.into()));
//! # });
//! ```

mod batch;
mod cancellation;
mod chunks;
mod event_log;
mod events;
mod held;
mod laziness;
mod observation;
mod outcome;
mod polls;
mod probe;
mod streaming;
mod violation;
mod wrapper;

use std::fmt;

use catena_core::{Chunk, RunConfig, Runnable};

pub use held::Held;
pub use outcome::Failures;
pub use probe::{Inside, Mode, Probe, ProbedCall, Watched, WatchedModel};
pub use violation::LawViolation;

/// The checks, and their configuration.
///
/// The runnable must return the same output for the same input each time.
///
/// # Example
/// ```
/// use catena_core::{StrOutputParser, fakes::FakeLlm};
/// use catena_testkit::laws::{Laws, Probe};
/// # futures_executor::block_on(async {
/// let probe = Probe::new();
/// let chain = probe.watch_model(FakeLlm::streaming(["to", "ken"])) | StrOutputParser;
/// Laws::new().with_probe(&probe).assert_all(&chain, ["in".into()]).await;
/// assert!(probe.entered() > 0);
/// # });
/// ```
#[derive(Debug, Clone)]
pub struct Laws {
    probe: Probe,
    config: RunConfig,
    failures: Failures,
    max_polls: usize,
}

impl Laws {
    /// Creates checks without a probe and with an empty config.
    pub fn new() -> Self {
        Self { probe: Probe::new(), config: RunConfig::new(), failures: Failures::Same, max_polls: 100 }
    }

    /// Sets the probe that observes what happens inside. Parts that it does not watch are not observed.
    #[must_use]
    pub fn with_probe(mut self, probe: &Probe) -> Self {
        self.probe = probe.clone();
        self
    }

    /// Sets the config of all runs, for example with values that the runnable looks up or with a fake timer.
    #[must_use]
    pub fn with_config(mut self, config: RunConfig) -> Self {
        self.config = config;
        self
    }

    /// Sets how closely a call and a stream must agree when they fail.
    #[must_use]
    pub fn with_failures(mut self, failures: Failures) -> Self {
        self.failures = failures;
        self
    }

    /// Sets the maximum number of points, counted in polls, at which a run is dropped to see what is left. Defaults to
    /// 100.
    #[must_use]
    pub fn with_max_polls(mut self, polls: usize) -> Self {
        self.max_polls = polls;
        self
    }

    /// Checks every law except [chunked](Laws::chunked) and [wrapper](Laws::wrapper), on each input.
    ///
    /// # Errors
    /// The first violation.
    pub async fn check_all<R>(
        &self,
        runnable: &R,
        inputs: impl IntoIterator<Item = R::Input>,
    ) -> Result<(), LawViolation>
    where
        R: Runnable + ?Sized,
        R::Input: fmt::Debug,
        R::Output: PartialEq + fmt::Debug,
    {
        let inputs: Vec<R::Input> = inputs.into_iter().collect();
        for input in inputs.iter().cloned() {
            self.streaming(runnable, input.clone()).await?;
            self.laziness(runnable, input.clone()).await?;
            self.events(runnable, input.clone()).await?;
            self.observation(runnable, input.clone()).await?;
            self.cancellation(runnable, input).await?;
        }
        self.batch(runnable, inputs).await
    }

    /// [`check_all`](Laws::check_all) for use in tests.
    ///
    /// # Panics
    /// With the first violation.
    pub async fn assert_all<R>(&self, runnable: &R, inputs: impl IntoIterator<Item = R::Input>)
    where
        R: Runnable + ?Sized,
        R::Input: fmt::Debug,
        R::Output: PartialEq + fmt::Debug,
    {
        if let Err(violation) = self.check_all(runnable, inputs).await {
            panic!("{violation}");
        }
    }
}

impl Default for Laws {
    fn default() -> Self {
        Self::new()
    }
}

/// Returns the folded chunks, or the type's empty value if there were none.
fn whole<T: Chunk>(folded: Option<T>) -> Option<T> {
    folded.or_else(T::empty)
}
