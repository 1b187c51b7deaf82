//! A template and the fields of its struct that do not fit each other.

use catena_macros::Prompt;

#[derive(Prompt, Clone)]
#[prompt("Name a company that makes {prodct}.")]
struct Misspelt {
    product: String,
}

#[derive(Prompt, Clone)]
#[prompt("Translate {text} to {language}.")]
struct Missing {
    text: String,
}

#[derive(Prompt, Clone)]
#[prompt("Translate {text}.")]
struct Unused {
    text: String,
    language: String,
}

#[derive(Prompt, Clone)]
#[prompt("Answer in JSON, as {text.")]
struct Unclosed {
    text: String,
}

#[derive(Prompt, Clone)]
#[prompt("{text:>>>}")]
struct Format {
    text: String,
}

#[derive(Prompt, Clone)]
struct NoTemplate {
    text: String,
}

#[derive(Prompt, Clone)]
#[prompt("{text}")]
struct Unnamed(String);

#[derive(Prompt, Clone)]
#[prompt("{text}")]
struct Generic<T> {
    text: T,
}

#[derive(Prompt, Clone)]
#[prompt("{text}", own_chunks)]
struct WrongOption {
    text: String,
}

#[derive(Prompt, Clone)]
#[prompt("{text}")]
struct FieldOption {
    #[prompt(displayed)]
    text: String,
}

fn main() {}
