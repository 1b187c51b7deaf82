//! Runs: the context passed down a call, its observers and its limits.

mod admission;
mod attachment;
mod cancel;
mod config;
mod context;
mod deferred;
mod demand;
mod entry;
mod event;
mod limit;
mod map_error;
mod model_pass;
mod observer;
mod owning_stream;
mod permits;
mod retry_budget;
mod run_collector;
mod run_id;
mod scope;
pub(crate) mod step;
pub(crate) mod stream_events;
#[cfg(feature = "tracing")]
mod tracing_observer;
mod usage_totals;

pub use admission::{Admission, Admitted, Outcome};
pub use attachment::Attachment;
pub use cancel::{CancelToken, Cancelled};
pub use config::RunConfig;
pub use context::Context;
pub use deferred::deferred;
pub use demand::Demand;
pub use event::{Payload, RunEvent, RunEventKind, RunInfo};
pub(crate) use limit::{limit_future, limit_stream};
pub(crate) use map_error::map_error;
pub(crate) use model_pass::{ModelPass, has_begun};
pub use observer::{Observer, observe_with};
pub use owning_stream::{Slot, owning_stream};
pub use retry_budget::RetryBudget;
pub use run_collector::{RunCollector, RunRecord, RunStatus};
pub use run_id::RunId;
pub use stream_events::{EventFilter, EventStream, StreamEvent};
#[cfg(feature = "tracing")]
pub use tracing_observer::TracingObserver;
pub use usage_totals::UsageTotals;
