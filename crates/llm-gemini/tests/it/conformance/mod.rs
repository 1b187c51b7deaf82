//! The model keeps to what every provider promises.

mod subject;
mod wire;

catena_testkit::chat_conformance!(subject::Chat);
