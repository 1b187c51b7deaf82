//! The capabilities of models that are selected per call.

use crate::{Capabilities, Context, Runnable};

/// Returns the capabilities of the model that a call in this context would reach; `None` if unknown.
pub(crate) fn capabilities_of<R: Runnable + ?Sized>(runnable: &R, cx: &Context) -> Option<Capabilities> {
    runnable.chosen_capabilities(cx).or_else(|| runnable.outline().model_capabilities())
}

/// Returns the capabilities common to all choices, as a call may reach any of them.
pub(crate) fn capabilities_of_all<R: Runnable>(choices: &[R], cx: &Context) -> Option<Capabilities> {
    let known: Option<Vec<_>> = choices.iter().map(|choice| capabilities_of(choice, cx)).collect();
    known?.into_iter().reduce(Capabilities::both)
}
