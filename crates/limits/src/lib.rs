#![doc = include_str!("../README.md")]

mod adaptive_concurrency;
mod aimd;
mod allowance;
mod bucket;
mod budget;
mod cost;
mod lanes;
mod learned;
mod ledger;
mod pace;
mod price_table;
mod rate_limiter;
mod turnstile;
mod used;

pub use adaptive_concurrency::{AdaptiveConcurrency, AdaptiveState};
pub use budget::{Budget, Spent};
pub use cost::Cost;
pub use price_table::{Price, PriceTable};
pub use rate_limiter::RateLimiter;
