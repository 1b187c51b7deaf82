//! Naming the place of a step in errors.

use crate::{Error, Runnable, Segment};

/// Adds the position of a sequence's step to an error, and the step's name where the error starts.
pub(crate) fn locate<R: Runnable + ?Sized>(mut error: Error, step: &R, offset: usize) -> Error {
    if error.is_passing() {
        return error;
    }
    if step.steps() > 1 {
        // The step is itself a sequence and has numbered its own steps: continue its count.
        if let Some(Segment::Seq(index)) = error.path_mut().outermost_mut() {
            *index += offset;
            return error;
        }
    }
    named(error, step).at(Segment::Seq(offset))
}

/// Adds the step's name to an error that has no path yet.
pub(crate) fn named<R: Runnable + ?Sized>(error: Error, step: &R) -> Error {
    if error.path().is_empty() { error.at(Segment::Name(step.name().into_owned().into())) } else { error }
}
