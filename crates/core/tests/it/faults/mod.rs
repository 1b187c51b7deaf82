//! Faults of LangChain that were met in practice: one file per fault, asserting what should happen instead.

mod braces;
mod early_close;
mod error_path;
mod fallbacks;
mod max_concurrency;
mod observation;
mod pipelining;
mod retry_delays;
mod retry_in_batch;
mod siblings;
mod stream_retries;
mod terminal_events;
