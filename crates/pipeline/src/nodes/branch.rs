//! `branch` and `router`: conditional nodes.

use catena_core::{Data, DynRunnable, Result, RouterRunnable, RunnableBranch, RunnableExt};

use crate::Spec;
use crate::gathered::gathered;
use crate::truth::Condition;

pub(super) fn branch(options: &Spec<'_>) -> Result<DynRunnable> {
    options.only(&["branches", "default"])?;
    let arms = options.required("branches")?;
    let mut branch = RunnableBranch::new(options.required("default")?.load()?);
    let items = arms.items()?;
    if items.is_empty() {
        return Err(arms.error("a branch requires at least one arm besides its default"));
    }
    for arm in items {
        match arm.items()?.as_slice() {
            [condition, node] => branch = branch.with(Condition(condition.load()?), node.load()?),
            other => {
                let message = format!("expected an arm of a condition and a node, got {} parts", other.len());
                return Err(arm.error(message));
            }
        }
    }
    Ok(branch.boxed())
}

pub(super) fn router(routes: &Spec<'_>) -> Result<DynRunnable> {
    let routes = routes.load_members()?;
    let router = routes
        .into_iter()
        .fold(RouterRunnable::<Data, Data>::new(), |router, (name, route)| router.with(name, route));
    // The key and the input may arrive in different chunks.
    Ok(gathered(router.dynamic()))
}
