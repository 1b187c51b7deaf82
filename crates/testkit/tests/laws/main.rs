//! The laws of a runnable: they hold for every combinator, nested at random, and they are noticed when broken.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking, in its helpers too")]

mod arbitrary;
mod build;
mod executor;
mod found;
mod leaves;
mod offenders;
mod properties;
mod steps;
mod tree;
mod wrappers;
