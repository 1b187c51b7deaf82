//! LangChain's envelopes.

use catena_core::load::{Loaded, Loader, dumps};

use crate::input::Input;
use crate::law::checked;

pub(super) const WORDS: &[&str] = &[
    "{\"lc\": 1, \"type\": \"constructor\", \"id\": [\"langchain\", \"prompts\", \"prompt\", \"PromptTemplate\"], \"kwargs\": {\"template\": \"a {b}\", \"template_format\": \"f-string\"}}",
    "{\"lc\": 1, \"type\": \"constructor\", \"id\": [\"langchain\", \"schema\", \"messages\", \"AIMessage\"], \"kwargs\": {\"content\": \"a\"}}",
    "{\"lc\": 1, \"type\": \"constructor\", \"id\": [\"langchain\", \"prompts\", \"chat\", \"ChatPromptTemplate\"], \"kwargs\": {\"messages\": []}}",
    "{\"lc\": 1, \"type\": \"constructor\", \"id\": [\"langchain\", \"schema\", \"runnable\", \"RunnableSequence\"], \"kwargs\": {\"first\": {}, \"middle\": [], \"last\": {}}}",
    "{\"lc\": 1, \"type\": \"secret\", \"id\": [\"KEY\"]}",
    "{\"lc\": 1, \"type\": \"not_implemented\", \"id\": [\"x\"], \"repr\": \"y\"}",
    "{\"__lc_escaped__\": {\"lc\": 1}}",
    "\"mustache\"",
    "\"jinja2\"",
    "\"template_format\": ",
    "\"messages\": [",
    "\"prompt\": ",
    "\"id\": ",
    "\"kwargs\": ",
    "\"lc\": ",
    "\"partial_variables\": {\"b\": 1}",
    "\"examples\": [{}]",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "\"",
    "1",
    "null",
    "{b}",
    "{{#b}}",
];

/// What is loaded is written, and loaded as the same.
pub(super) fn load(data: &[u8]) {
    let input = Input::new(data);
    let loader = if input.control.is_multiple_of(2) { Loader::new() } else { Loader::new().allow_jinja2() };
    let Some(loaded) = checked(loader.loads(&input.text())) else { return };
    let (written, again) = match loaded {
        Loaded::Data(data) => {
            let written = dumps(&data);
            let again = match loader.loads(&written) {
                Ok(Loaded::Data(again)) => dumps(&again),
                Ok(other) => panic!("{} was read of {written}", other.kind()),
                Err(error) => panic!("{error} in {written}"),
            };
            (written, again)
        }
        other => {
            let Some(runnable) = checked(other.into_runnable()) else { return };
            let written = dumps(&runnable);
            // Code is written as what cannot be loaded.
            if written.contains("not_implemented") {
                return;
            }
            let again = loader.loads(&written).and_then(Loaded::into_runnable);
            (written.clone(), dumps(&again.unwrap_or_else(|error| panic!("{error} in {written}"))))
        }
    };
    assert_eq!(written, again);
}
