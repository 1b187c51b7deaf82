//! `seq`: sequences.

use catena_core::{DynRunnable, Result, Runnable, RunnableExt, Shape};

use crate::Spec;

/// While streaming, each step polls the one before it, so the call stack grows with the number of steps.
const MOST_STEPS: usize = 128;

pub(super) fn load(steps: &Spec<'_>) -> Result<DynRunnable> {
    let items = steps.items()?;
    if items.len() < 2 {
        return Err(
            steps.error(format_args!("a sequence requires at least 2 steps, this one has {}", items.len()))
        );
    }
    let loaded = items.iter().map(Spec::load).collect::<Result<Vec<_>>>()?;
    let sequence = join(&loaded);
    match sequence.shape() {
        Shape::Sequence(count) if count > MOST_STEPS => {
            Err(steps
                .error(format_args!("a sequence can have at most {MOST_STEPS} steps, this one has {count}")))
        }
        _ => Ok(sequence),
    }
}

/// Joins steps in halves. Nested pipes form a single flat sequence however they are grouped, and halving keeps a long
/// one from nesting deeply.
fn join(steps: &[DynRunnable]) -> DynRunnable {
    match steps {
        [step] => step.clone(),
        steps => {
            let (first, second) = steps.split_at(steps.len() / 2);
            join(first).pipe(join(second)).boxed()
        }
    }
}
