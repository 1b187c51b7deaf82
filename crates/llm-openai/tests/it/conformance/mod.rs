//! The models keep to what every provider promises.

mod chat_subject;
mod chat_wire;
mod embedding_subject;
mod responses_subject;
mod responses_wire;
mod text_subject;

mod chat {
    catena_testkit::chat_conformance!(super::chat_subject::Chat);
}

mod responses {
    catena_testkit::chat_conformance!(super::responses_subject::Responses);
}

mod text {
    catena_testkit::text_conformance!(super::text_subject::Text);
}

mod embeddings {
    catena_testkit::embedding_conformance!(super::embedding_subject::Vectors);
}
