//! Faults of LangChain that were met in practice: one test per fault, asserting what should happen instead.
//!
//! The numbers are those of the list of known weaknesses that this library was designed against.

mod w02_w15_siblings;
mod w03_retry_in_batch;
mod w04_pipelining;
mod w05_max_concurrency;
mod w07_retry_delays;
mod w09_terminal_events;
mod w13_braces;
mod w14_fallbacks;
mod w16_early_close;
mod w19_error_path;
mod w25_stream_retries;
mod w30_observation;
