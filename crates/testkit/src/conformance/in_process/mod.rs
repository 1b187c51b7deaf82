//! The kit for models that run within the process: a model on this machine, a fake, a step of your own.
//!
//! They have no service that could be played, so their own words are what is expected: such a model gives the same answer
//! to the same prompt each time. It describes itself as an [`InProcess`], and
//! [`in_process_conformance!`](crate::in_process_conformance) makes a test of each behaviour.

pub(crate) mod behaviours;
mod examination;
mod stage;
mod subject;
mod table;

pub use examination::{assert_in_process_behaviour, examine_in_process, in_process_behaviours};
pub(crate) use stage::InProcessStage;
pub use subject::InProcess;
