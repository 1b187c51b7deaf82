//! Open models from outside: tiny ones made of chance, and a small real one where it can be had.
#![cfg(test)]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests are tests")]

mod behaviour;
mod damaged;
mod real;
mod registry;
mod tiny;
