//! The models keep to what every provider promises.

mod embeddings;
mod subject;
mod wire;

mod chat {
    catena_testkit::chat_conformance!(super::subject::Chat);
}

mod vectors {
    catena_testkit::embedding_conformance!(super::embeddings::Vectors);
}
