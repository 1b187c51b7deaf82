//! What a user of the chains sees.

#![allow(clippy::expect_used, reason = "a failed expectation fails the test")]

mod conversations;
mod llm_chains;
mod sequences;
mod support;
