//! A small real model, compared with what llama.cpp makes of the same file. `cargo xtask fetch-model` brings it.

use std::io::Write;
use std::path::PathBuf;

use catena_core::{Message, RunnableExt};
use catena_llm_local::{ChatLocal, LocalBuilder};
use futures_executor::block_on;
use futures_util::future;

const NAME: &str = "SmolLM2-135M-Instruct.Q4_1.gguf";

/// The model, if it is there: in the folder that the command puts it in, or wherever the variable says.
fn model() -> Option<ChatLocal> {
    Some(builder()?.build_chat().unwrap())
}

pub(crate) fn builder() -> Option<LocalBuilder> {
    let fetched = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/models").join(NAME);
    let path = std::env::var_os("CATENA_LOCAL_MODEL").map_or(fetched, PathBuf::from);
    if !path.exists() {
        // Past what captures the output of tests: nobody is to think that these have run.
        let _ = writeln!(
            std::io::stderr(),
            "skipped: {} is not there; `cargo xtask fetch-model` brings it",
            path.display()
        );
        return None;
    }
    Some(ChatLocal::builder(path).with_temperature(0.0).with_repeat_penalty(1.0).with_max_tokens(16))
}

const SOCKS: &str = "What is a good name for a company that makes colorful socks?";

#[test]
fn it_says_what_llama_cpp_says() {
    let Some(chat) = model() else { return };
    let answer = block_on(chat.invoke(SOCKS)).unwrap();
    // Rounding differs, so that only the beginning is sure to be the same.
    assert!(answer.text().starts_with("That's a great question!"), "{}", answer.text());
    assert_eq!(answer.usage.unwrap().input_tokens, 43);
    let system = Message::system("You are a helpful AI assistant named SmolLM, trained by Hugging Face");
    let again = block_on(chat.invoke([system, Message::human(SOCKS)])).unwrap();
    assert_eq!(again.text(), answer.text());
    assert_eq!(again.usage.unwrap().input_token_details.cache_read, Some(42));
}

#[test]
fn several_at_once_say_what_each_says_alone() {
    let Some(chat) = model() else { return };
    let prompts = [SOCKS, "Count to three.", "What is the capital of France?"];
    let alone: Vec<_> =
        prompts.map(|prompt| block_on(chat.invoke(prompt)).unwrap().text().into_owned()).into();
    let together = block_on(future::join_all(prompts.map(|prompt| chat.invoke(prompt))));
    let together: Vec<_> = together.into_iter().map(|answer| answer.unwrap().text().into_owned()).collect();
    assert_eq!(together, alone);
    // No more than llama.cpp knows of it.
    assert!(alone[2].starts_with("L'Étoile, la "), "{}", alone[2]);
}

/// Texts, and into how many tokens llama.cpp cuts them.
const TEXTS: [(&str, u64); 8] = [
    ("Hello world!", 3),
    ("I'll buy 42  socks!\n\nOK", 12),
    ("日本語 und öäü 🧦", 14),
    ("def f(x):\n    return x**2  # 12345", 18),
    ("   leading", 2),
    ("tabs\t\tand\r\nlines", 8),
    ("can't WON'T I'M", 9),
    ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 8),
];

#[test]
fn it_cuts_texts_into_as_many_tokens() {
    let Some(builder) = builder() else { return };
    // The text and nothing else.
    let chat =
        builder.with_chat_template("{{ messages[0].content }}").with_max_tokens(1).build_chat().unwrap();
    for (text, tokens) in TEXTS {
        let answer = block_on(chat.invoke(text)).unwrap();
        assert_eq!(answer.usage.unwrap().input_tokens, tokens, "{text}");
    }
}
