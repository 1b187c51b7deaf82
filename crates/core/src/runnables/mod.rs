//! The combinators: how runnables are put together and what is laid around them.

mod boxed;
mod lambda;
mod pipe;
mod tee;
mod tuple;

pub use boxed::BoxRunnable;
pub use lambda::{Function, Lambda, lambda};
pub use pipe::Pipe;
