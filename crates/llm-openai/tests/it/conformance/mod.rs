//! The models keep to what every provider promises.

mod chat_subject;
mod chat_wire;
mod text_subject;

mod chat {
    catena_testkit::chat_conformance!(super::chat_subject::Chat);
}

mod text {
    catena_testkit::text_conformance!(super::text_subject::Text);
}
