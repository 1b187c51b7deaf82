//! `parallel`, `assign`, `passthrough`, `pick` and `map`: nodes for records and lists.

use catena_core::{
    Data, DynRunnable, Result, RunnableAssign, RunnableExt, RunnableParallel, RunnablePassthrough,
    RunnablePick,
};

use crate::Spec;

fn branches(branches: &Spec<'_>) -> Result<RunnableParallel> {
    let branches = branches.load_members()?;
    Ok(branches.into_iter().fold(RunnableParallel::new(), |all, (name, branch)| all.with(name, branch)))
}

pub(super) fn parallel(spec: &Spec<'_>) -> Result<DynRunnable> {
    Ok(branches(spec)?.boxed())
}

pub(super) fn assign(spec: &Spec<'_>) -> Result<DynRunnable> {
    Ok(RunnableAssign::new(branches(spec)?).boxed())
}

pub(super) fn passthrough(options: &Spec<'_>) -> Result<DynRunnable> {
    options.only(&[])?;
    Ok(RunnablePassthrough::<Data>::new().boxed())
}

pub(super) fn pick(names: &Spec<'_>) -> Result<DynRunnable> {
    match names.data() {
        Data::Text(name) => Ok(RunnablePick::one(name).boxed()),
        Data::List(_) => Ok(RunnablePick::many(names.texts()?).boxed()),
        _ => Err(names.unfit("a name or a list of names")),
    }
}

pub(super) fn map(node: &Spec<'_>) -> Result<DynRunnable> {
    Ok(node.load()?.map().dynamic())
}
