//! `seq`: one step after the other.

use catena_core::{DynRunnable, Result, RunnableExt};

use crate::Spec;

pub(super) fn load(steps: &Spec<'_>) -> Result<DynRunnable> {
    let items = steps.items()?;
    if items.len() < 2 {
        return Err(steps.error(format_args!("a sequence has at least 2 steps, this one has {}", items.len())));
    }
    let steps = items.iter().map(Spec::load).collect::<Result<Vec<_>>>()?;
    Ok(join(&steps))
}

/// Pipes of pipes are one flat sequence however they are grouped: halves keep a long one from nesting deeply.
fn join(steps: &[DynRunnable]) -> DynRunnable {
    match steps {
        [step] => step.clone(),
        steps => {
            let (first, second) = steps.split_at(steps.len() / 2);
            join(first).pipe(join(second)).boxed()
        }
    }
}
