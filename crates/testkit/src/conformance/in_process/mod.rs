//! The conformance kit for in-process models: local models, fakes, and custom steps.
//!
//! There is no service to simulate, so the expected answer is the model's own: such a model must give the same answer
//! to the same prompt each time. A model describes itself with an [`InProcess`], and
//! [`in_process_conformance!`](crate::in_process_conformance) generates a test of each behaviour.

pub(crate) mod behaviours;
mod examination;
mod stage;
mod subject;
mod table;

pub use examination::{assert_in_process_behaviour, examine_in_process, in_process_behaviours};
pub(crate) use stage::InProcessStage;
pub use subject::InProcess;
