//! The facade from end to end: chains of the OpenAI provider against servers on loopback.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod any_executor;
mod blocking_anywhere;
mod cancellation;
mod chains;
mod concurrency;
mod executors;
mod failures;
mod front_page;
mod llm_chain;
mod nested_blocking;
mod registry;
mod runtimes;
mod secrets;
mod service;
mod streaming;
mod tools;
mod watchdog;
mod wrong_input;
