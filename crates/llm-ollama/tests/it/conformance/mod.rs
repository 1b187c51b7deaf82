//! What every provider promises.

mod chat_subject;
mod embedding_subject;
mod text_subject;

mod chat {
    catena_testkit::chat_conformance!(super::chat_subject::Chat);
}

mod text {
    catena_testkit::text_conformance!(super::text_subject::Text);
}

mod embeddings {
    catena_testkit::embedding_conformance!(super::embedding_subject::Vectors);
}
