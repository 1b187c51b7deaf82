//! What every provider promises.

mod chat_subject;
mod embedding_subject;
mod text_subject;

mod chat {
    catena_testkit::chat_conformance!(super::chat_subject::Chat);
}

mod vision {
    #[test]
    fn live_image() {
        catena_testkit::conformance::assert_behaviour(super::chat_subject::Vision, "live_image");
    }
}

/// A text model with something laid around it.
mod boxed_text {
    use catena_core::RunnableExt;
    use catena_testkit::conformance::{Subject, Wrapped, as_model};

    fn subject() -> impl Subject<Output = String> {
        Wrapped::new(super::text_subject::Text, |model| as_model(model.clone(), model.boxed()))
    }

    catena_testkit::text_conformance!(subject());
}

mod text {
    catena_testkit::text_conformance!(super::text_subject::Text);
}

mod embeddings {
    catena_testkit::embedding_conformance!(super::embedding_subject::Vectors);
}
