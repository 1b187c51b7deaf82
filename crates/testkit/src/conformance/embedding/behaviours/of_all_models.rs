//! Behaviours common to all kinds of models.

use super::super::super::behaviours;
use super::super::super::{Fault, Verdict};
use super::super::EmbeddingStage;

/// The behaviours of text models, with the embedding model adapted to one.
macro_rules! as_of_words {
    ($($(#[$what:meta])* $name:ident)*) => {
        $($(#[$what])* pub(crate) async fn $name(stage: &EmbeddingStage) -> Verdict {
            explained(behaviours::$name(&stage.of_texts()).await)
        })*
    };
}

as_of_words! {
    /// Text is preserved, whatever characters it contains and however long it is.
    hard_text
    /// Unknown members change nothing.
    unknown_members
    /// A response that is not an answer at all yields an error.
    not_an_answer
    /// Each status maps to an error of its kind, with the service's message.
    errors_by_status
    /// Error responses that are not in the service's own format map to errors of their status too.
    foreign_refusals
    /// The error carries the delay that the service asks for.
    retry_hints
    /// Transient failures are retried.
    retries
    /// Permanent failures are not retried, and retries are limited.
    retries_end
    /// A server that goes away causes an error.
    nobody_there
    /// Dropping a call closes its connection.
    dropped_call
    /// Fifty concurrent calls all complete, each with its own vector.
    concurrency
    /// A model works on every executor.
    executors
    /// A call never blocks the thread that polls it.
    yielding
    /// A blocking call works on a plain thread and inside every runtime.
    blocking
    /// Sequential calls reuse a connection.
    kept_connection
    /// The key is sent in its header and nowhere else, and appears in no output.
    secrets
    /// A redirect does not carry the key to another server.
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
