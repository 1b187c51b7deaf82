//! Open models from outside: tiny ones made of chance, and a small real one where it can be had.
#![cfg(test)]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod behaviour;
mod conformance;
mod damaged;
mod real;
mod registry;
mod tiny;
