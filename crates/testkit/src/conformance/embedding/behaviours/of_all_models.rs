//! What models of every kind promise.

use super::super::super::behaviours;
use super::super::super::{Fault, Verdict};
use super::super::EmbeddingStage;

/// The behaviours of models of words, for which the embedding model is taken.
macro_rules! as_of_words {
    ($($(#[$what:meta])* $name:ident)*) => {
        $($(#[$what])* pub(crate) async fn $name(stage: &EmbeddingStage) -> Verdict {
            explained(behaviours::$name(&stage.of_texts()).await)
        })*
    };
}

as_of_words! {
    /// Text is kept as it is, whatever characters it has and however long it is.
    hard_text
    /// Members that nobody knows change nothing.
    unknown_members
    /// What is not an answer at all is an error.
    not_an_answer
    /// Each status is an error of its kind, with what the service said.
    errors_by_status
    /// Refusals that are not in the service's own words are errors of their status too.
    foreign_refusals
    /// How long the service asks to wait is known to whoever gets the error.
    retry_hints
    /// What may succeed later is tried again.
    retries
    /// What is refused for good is not tried again, and trying again ends.
    retries_end
    /// What a server that goes away leaves is an error.
    nobody_there
    /// Dropping a call closes its connection.
    dropped_call
    /// Fifty calls at once are all made, and none gets another's vector.
    concurrency
    /// One model serves every executor.
    executors
    /// A call never holds the thread that polls it.
    yielding
    /// A blocking call works from a plain thread and inside every runtime.
    blocking
    /// One connection is enough for calls one after the other.
    kept_connection
    /// The key travels in its header and nowhere else, and shows in nothing that is printed.
    secrets
    /// A redirect does not take the key to another server.
    redirects
}

fn explained(verdict: Verdict) -> Verdict {
    verdict.map_err(|fault| match fault {
        Fault::Broken(how) => Fault::Broken(format!(
            "{how} (a call is `embed_query`, a stream is `embed_documents` of one text)"
        )),
        other => other,
    })
}
