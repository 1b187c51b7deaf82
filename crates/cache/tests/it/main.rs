//! Models with a cache, as an application uses them.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod answers;
mod sharing;
mod stores;
mod support;
