//! The conformance kit finds what it is there to find.
#![expect(clippy::expect_used, reason = "a test fails by panicking, in its helpers too")]

mod embedding_planted;
mod embedding_toy;
mod embedding_wire;
mod in_process;
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

/// Nor does one of vectors have any.
mod sound_vectors {
    use crate::embedding_planted::Plant;

    catena_testkit::embedding_conformance!(crate::embedding_wire::ToyVectors(Plant::Nothing));
}
