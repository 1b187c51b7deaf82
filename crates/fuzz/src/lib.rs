//! What reads untrusted text: each a function of bytes that panics when something does not hold that must.
//!
//! What must hold, for any bytes: nothing panics, errors are short, streams give what calls give however the text was
//! cut, what was written is read back as the same, and where a second opinion exists (such as `serde_json`) both agree.
//! That memory and time stay in proportion is checked by whoever runs the targets: `fuzz-smoke` on any toolchain, and
//! cargo-fuzz with the one-liners in `fuzz/fuzz_targets`.

mod input;
mod law;
mod targets;

pub use targets::{TARGETS, Target, run};
