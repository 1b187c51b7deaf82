//! Tests of the public interface of the chains.

#![allow(clippy::expect_used, reason = "a failed expectation fails the test")]

mod conversations;
mod documents;
mod laws;
mod llm_chains;
mod retrieval;
mod routers;
mod sequences;
mod support;
