//! The combinators: how runnables are put together and what is laid around them.

mod assign;
mod attempts;
mod bind;
mod bounded;
mod boxed;
mod branch;
mod configurable;
mod dynamic;
mod each;
mod fallbacks;
mod generator;
mod lambda;
mod listeners;
mod parallel;
mod passthrough;
mod pick;
mod pipe;
mod replay;
mod retry;
mod router;
mod tee;
mod tuple;
mod with_config;

pub use assign::RunnableAssign;
pub use bind::Bound;
pub use boxed::BoxRunnable;
pub use branch::RunnableBranch;
pub use configurable::{Configurable, ConfigurableAlternatives, ConfigurableField, configurable};
pub use dynamic::DynRunnable;
pub use each::RunnableEach;
pub use fallbacks::WithFallbacks;
pub use generator::{Generator, generator};
pub use lambda::{Function, Lambda, lambda};
pub use listeners::WithListener;
pub use parallel::RunnableParallel;
pub use passthrough::RunnablePassthrough;
pub use pick::RunnablePick;
pub use pipe::Pipe;
pub use retry::{RetryPolicy, WithRetry};
pub use router::{Routed, RouterRunnable};
pub use with_config::WithConfig;

pub(crate) use dynamic::to_dynamic;
