//! The macros as an application uses them.
#![allow(clippy::expect_used, reason = "a test may stop at the first surprise")]

mod chunk;
mod prompt_derive;
mod prompt_macro;
mod refused;
mod tool;
