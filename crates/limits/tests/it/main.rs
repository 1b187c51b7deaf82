//! Limits, as clients and runs meet them.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod batches;
mod budgets;
mod clients;
mod rates;
mod virtual_time;
