//! Pipelines as an application loads them.
#![allow(clippy::expect_used, reason = "a test may stop at the first surprise")]

mod configurable;
mod errors;
mod nodes;
mod parsers;
mod support;
