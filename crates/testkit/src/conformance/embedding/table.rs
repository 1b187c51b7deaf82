//! The list of the behaviours of embedding models, in one place for the table and for the macro.

/// Passes the names of the behaviours of embedding models to a macro.
#[doc(hidden)]
#[macro_export]
macro_rules! __each_embedding_behaviour {
    ($then:ident! $args:tt) => {
        $crate::$then! {
            $args
            documents
            query
            query_beside_documents
            same_text
            hard_text
            no_texts
            empty_text
            many_texts
            precision
            dimensions
            encodings
            numbering
            counts
            odd_vectors
            unknown_members
            not_an_answer
            batches
            failed_batch
            retried_batch
            uneven_batches
            errors_by_status
            foreign_refusals
            retry_hints
            retries
            retries_end
            timeouts
            nobody_there
            dropped_call
            dropped_documents
            concurrency
            executors
            yielding
            blocking
            kept_connection
            secrets
            redirects
            live_documents
            live_query
            live_meaning
        }
    };
}

/// Generates the table of the behaviours of embedding models.
#[doc(hidden)]
#[macro_export]
macro_rules! __embedding_table {
    ([] $($name:ident)*) => {
        &[$((stringify!($name), |stage: &$crate::conformance::embedding::EmbeddingStage| {
            Box::pin($crate::conformance::embedding::behaviours::$name(stage))
        })),*]
    };
}

/// Generates a test of each behaviour.
#[doc(hidden)]
#[macro_export]
macro_rules! __embedding_tests {
    ([$subject:expr] $($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                $crate::conformance::assert_embedding_behaviour($subject, stringify!($name));
            }
        )*
    };
}

/// Generates a test of each behaviour of an embedding model.
///
/// The argument is an expression for an [`EmbeddingSubject`](crate::conformance::EmbeddingSubject). Each test is named
/// after its behaviour, so invoke the macro in a module of its own.
///
/// # Example
/// Next to that of chat models: `mod embeddings { catena_testkit::embedding_conformance!(crate::MyEmbeddings); }`.
#[macro_export]
macro_rules! embedding_conformance {
    ($subject:expr) => {
        $crate::__each_embedding_behaviour! { __embedding_tests! [$subject] }
    };
}
