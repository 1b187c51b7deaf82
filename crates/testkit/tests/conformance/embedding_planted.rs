//! Faults of embedding models, one at a time, and the behaviour that must find each.

use catena_testkit::conformance::{Fault, embedding_behaviours, examine_embeddings};

use crate::embedding_wire::ToyVectors;

/// Makes the list of faults, and a test of each: the behaviour on the right must break.
macro_rules! plants {
    ($($(#[$what:meta])* $plant:ident => $behaviour:ident $test:ident)*) => {
        /// What is wrong with the provider.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Plant {
            /// It is sound.
            Nothing,
            $($(#[$what])* $plant,)*
        }

        /// The behaviours that find something.
        const FINDING: &[&str] = &[$(stringify!($behaviour)),*];

        $(
            #[test]
            fn $test() {
                finds(Plant::$plant, stringify!($behaviour));
            }
        )*
    };
}

fn finds(plant: Plant, behaviour: &str) {
    match examine_embeddings(ToyVectors(plant), behaviour) {
        Err(Fault::Broken(_)) => {}
        other => panic!("`{behaviour}` does not find {plant:?}: {other:?}"),
    }
}

plants! {
    LowersTexts => documents lowered_texts
    DropsLastText => documents dropped_last_text
    /// The last query is answered again.
    KeepsQueries => query kept_query
    CutsQueries => query_beside_documents cut_query
    /// Texts that are the same are sent once, and the vectors come for the others only.
    SendsEachTextOnce => same_text deduplicated_texts
    TrimsTexts => hard_text trimmed_text
    AsksForNothing => no_texts request_for_nothing
    LosesPrecision => precision lost_precision
    IgnoresDimensions => dimensions ignored_dimensions
    ReadsOneForm => encodings only_one_form
    /// Vectors are taken in the order in which they come.
    IgnoresNumbers => numbering swapped_order
    TakesAnyNumbers => numbering any_numbers
    TakesAnyCount => counts wrong_count
    TakesUnevenVectors => odd_vectors uneven_vectors
    TakesAnything => not_an_answer anything_as_answer
    SendsAllAtOnce => batches ignored_batch_size
    TakesBatchesAsTheyCome => batches batches_in_the_wrong_order
    LosesFailedBatches => failed_batch lost_batch
    MixesModels => uneven_batches mixed_models
    WrongKinds => errors_by_status wrong_kind
    RetriesRefusals => retries_end retried_refusal
    NeverTriesAgain => retries no_retry
    LosesHints => retry_hints lost_hint
    WaitsForEver => timeouts no_timeout
    BlocksExecutor => yielding blocked_executor
    NeedsTokio => executors needs_tokio
    SkipsEmptyTexts => empty_text skipped_empty_text
    PanicsAtNews => unknown_members panic_at_unknown_members
    /// Everything is asked for again when one request fails.
    RetriesAll => retried_batch retried_all
    ForeignKinds => foreign_refusals foreign_kind
    HidesBreaks => nobody_there hidden_break
    OutlivesItsCaller => dropped_call outlives_its_caller
    OutlivesItsDocuments => dropped_documents outlives_its_documents
    /// The text of one call is kept where another finds it.
    MixedTexts => concurrency mixed_texts
    /// The call waits for a task of the runtime that it blocks.
    LeansOnRuntime => blocking leans_on_runtime
    NewClientEachCall => kept_connection new_client_each_call
    KeyOverRedirects => redirects key_over_redirects
    LosesMostTexts => many_texts lost_most_texts
    KeyInErrors => secrets key_in_errors
    KeyInDebug => secrets key_in_debug
    KeyInTwoHeaders => secrets key_in_two_headers
    KeyInPath => secrets key_in_path
}

#[test]
fn what_a_subject_does_not_declare_is_not_asked() {
    use crate::embedding_wire::ToyVectorWire;
    use catena_core::{Embeddings, Result};
    use catena_testkit::conformance::{EmbeddingSetup, EmbeddingSubject, EmbeddingWire};

    struct Modest;

    impl EmbeddingSubject for Modest {
        fn model(&self, setup: &EmbeddingSetup) -> Result<std::sync::Arc<dyn Embeddings>> {
            ToyVectors(Plant::Nothing).model(setup)
        }

        fn wire(&self) -> &dyn EmbeddingWire {
            &ToyVectorWire
        }

        fn shown(&self, setup: &EmbeddingSetup) -> String {
            ToyVectors(Plant::Nothing).shown(setup)
        }

        fn skips(&self) -> &[(&str, &str)] {
            &[("empty_text", "empty texts are out of season")]
        }
    }

    for (behaviour, reason) in [
        ("batches", "BatchSize"),
        ("dimensions", "Dimensions"),
        ("empty_text", "out of season"),
        ("live_query", "no live service"),
    ] {
        match examine_embeddings(Modest, behaviour) {
            Err(Fault::NotApplicable(why) | Fault::Skipped(why)) => assert!(why.contains(reason), "{why}"),
            other => panic!("`{behaviour}` gives {other:?}"),
        }
    }
    assert!(matches!(examine_embeddings(Modest, "no_such"), Err(Fault::Broken(_))));
}

/// What asks a live service is shown to find something beside it.
#[test]
fn every_behaviour_finds_something() {
    let all = embedding_behaviours().filter(|name| !name.starts_with("live_"));
    let idle: Vec<&str> = all.filter(|name| !FINDING.contains(name)).collect();
    assert!(idle.is_empty(), "no fault is planted for {idle:?}");
}
