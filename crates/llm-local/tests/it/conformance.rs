//! What is asked of every model within the process: always of tiny ones, and of the small real one where it can be had.

use std::sync::Arc;

use catena_core::{AiMessage, Result};
use catena_llm_local::{LocalBuilder, LocalModel};
use catena_testkit::conformance::{InProcess, Model, examine_in_process, in_process_behaviours};

use crate::real;
use crate::tiny::{Tiny, TinyFile};

mod chat {
    catena_testkit::in_process_conformance!(super::Chat(super::Tiny::unending().write()));
}

mod text {
    catena_testkit::in_process_conformance!(super::Text(super::Tiny::unending().write()));
}

/// One after the other, so that the model is read once and has the machine to itself.
#[test]
fn a_real_model_shows_every_behaviour() {
    let Some(builder) = real::builder() else { return };
    let model = builder.with_max_tokens(4).build().unwrap();
    let shown: Vec<_> =
        in_process_behaviours().map(|name| (name, examine_in_process(Real(model.clone()), name))).collect();
    assert!(!shown.is_empty() && shown.iter().all(|(_, verdict)| verdict.is_ok()), "{shown:#?}");
}

struct Chat(TinyFile);

impl InProcess for Chat {
    type Output = AiMessage;

    fn model(&self) -> Result<Model<AiMessage>> {
        Ok(Arc::new(builder(&self.0).build_chat()?))
    }
}

struct Text(TinyFile);

impl InProcess for Text {
    type Output = String;

    fn model(&self) -> Result<Model<String>> {
        Ok(Arc::new(builder(&self.0).build()?))
    }
}

/// The same answer each time; and nothing is remembered, which the usage would tell and which depends on who asked before.
fn builder(file: &TinyFile) -> LocalBuilder {
    LocalModel::builder(file.path()).with_seed(1).with_max_tokens(24).with_kept_prompts(0)
}

struct Real(LocalModel);

impl InProcess for Real {
    type Output = String;

    fn model(&self) -> Result<Model<String>> {
        Ok(Arc::new(self.0.clone()))
    }

    /// Short ones, for the sake of machines that are slow.
    fn prompts(&self) -> [&str; 2] {
        ["1 2 3", "Monday, Tuesday"]
    }
}
