//! Runs a behaviour of an embedding model.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::super::Verdict;
use super::super::examination::{applies, assert_verdict, run_bounded};
use super::{EmbeddingStage, EmbeddingSubject};

/// The name of a behaviour, and the function that tests it.
pub(super) type Behaviour = (&'static str, for<'a> fn(&'a EmbeddingStage) -> BoxFuture<'a, Verdict>);

/// Tests one behaviour of an embedding model, on a separate thread. The counterpart of
/// [`examine`](crate::conformance::examine) for embedding models.
///
/// # Errors
/// Why the behaviour did not pass.
///
/// # Example
/// See the guide for provider authors, `docs/writing-a-provider.md`.
pub fn examine_embeddings<S: EmbeddingSubject + 'static>(subject: S, behaviour: &str) -> Verdict {
    let known = table();
    let reason = subject.skips().iter().find(|(name, _)| *name == behaviour).map(|(_, reason)| *reason);
    let names: Vec<&str> = embedding_behaviours().collect();
    applies(&names, subject.skips(), reason)?;
    let run = known.iter().find(|(name, _)| *name == behaviour).map(|(_, run)| *run);
    run_bounded(behaviour, run, EmbeddingStage::new(Arc::new(subject)))
}

/// [`examine_embeddings`] for use in tests: prints why a behaviour does not apply.
///
/// # Panics
/// If the behaviour is broken, with the fault.
pub fn assert_embedding_behaviour<S: EmbeddingSubject + 'static>(subject: S, behaviour: &str) {
    assert_verdict(behaviour, examine_embeddings(subject, behaviour));
}

/// Returns the names of all behaviours.
pub fn embedding_behaviours() -> impl Iterator<Item = &'static str> {
    table().iter().map(|(name, _)| *name)
}

fn table() -> &'static [Behaviour] {
    crate::__each_embedding_behaviour! { __embedding_table! [] }
}
