//! The conformance kit finds what it is there to find.
#![expect(clippy::expect_used, reason = "a test fails by panicking, in its helpers too")]

mod live;
mod planted;
mod toy;
mod toy_codec;
mod toy_wire;
mod wrapped;

/// A provider without faults passes.
mod sound {
    catena_testkit::chat_conformance!(crate::toy_wire::ToySubject::sound());
}
