//! Runs a behaviour of an embedding model.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::super::Verdict;
use super::super::examination::{applies, assert_verdict, run_bounded};
use super::{EmbeddingStage, EmbeddingSubject};

/// A behaviour's name, and what shows it.
pub(super) type Behaviour = (&'static str, for<'a> fn(&'a EmbeddingStage) -> BoxFuture<'a, Verdict>);

/// Examines one behaviour of an embedding model, on a thread of its own, as
/// [`examine`](crate::conformance::examine) does for a model of words.
///
/// # Errors
/// Why the behaviour was not shown.
///
/// # Example
/// See the guide for authors of providers, `docs/writing-a-provider.md`.
pub fn examine_embeddings<S: EmbeddingSubject + 'static>(subject: S, behaviour: &str) -> Verdict {
    let known = table();
    let reason = subject.skips().iter().find(|(name, _)| *name == behaviour).map(|(_, reason)| *reason);
    let names: Vec<&str> = embedding_behaviours().collect();
    applies(&names, subject.skips(), reason)?;
    let run = known.iter().find(|(name, _)| *name == behaviour).map(|(_, run)| *run);
    run_bounded(behaviour, run, EmbeddingStage::new(Arc::new(subject)))
}

/// [`examine_embeddings`] for tests: prints why a behaviour does not apply.
///
/// # Panics
/// With the fault of a behaviour that is broken.
pub fn assert_embedding_behaviour<S: EmbeddingSubject + 'static>(subject: S, behaviour: &str) {
    assert_verdict(behaviour, examine_embeddings(subject, behaviour));
}

/// The names of all behaviours.
pub fn embedding_behaviours() -> impl Iterator<Item = &'static str> {
    table().iter().map(|(name, _)| *name)
}

fn table() -> &'static [Behaviour] {
    crate::__each_embedding_behaviour! { __embedding_table! [] }
}
