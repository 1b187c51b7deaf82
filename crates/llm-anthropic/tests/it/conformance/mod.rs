//! The model keeps to what every provider promises.

mod subject;
mod wire;

mod chat {
    catena_testkit::chat_conformance!(super::subject::Chat);
}
