//! Models without a network and time without waiting, for tests and documentation.

mod fake_messages;
mod fake_model;
mod fake_timer;

pub use fake_messages::FakeMessagesListChatModel;
pub use fake_model::{FakeChatModel, FakeLlm};
pub use fake_timer::FakeTimer;
