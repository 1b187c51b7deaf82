//! What can be asked of a model that only the call chooses.

use crate::{Capabilities, Context, Runnable};

/// What the model declares that a call in this context reaches; `None` if that is not known.
pub(crate) fn capabilities_of<R: Runnable + ?Sized>(runnable: &R, cx: &Context) -> Option<Capabilities> {
    runnable.chosen_capabilities(cx).or_else(|| runnable.outline().model_capabilities())
}

/// What all of them can do, as a call may reach any.
pub(crate) fn capabilities_of_all<R: Runnable>(choices: &[R], cx: &Context) -> Option<Capabilities> {
    let known: Option<Vec<_>> = choices.iter().map(|choice| capabilities_of(choice, cx)).collect();
    known?.into_iter().reduce(Capabilities::both)
}
