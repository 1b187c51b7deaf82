//! A token limit of -1: whatever the prompt leaves of the model's context.

use std::borrow::Cow;

use catena_core::{Error, ErrorKind, Result};

use super::completions::{CompletionOptions, Prompts};

/// The context lengths of models, by the prefix of their names.
const CONTEXTS: [(&str, u64); 4] = [
    ("gpt-3.5-turbo-instruct", 4096),
    ("gpt-35-turbo-instruct", 4096),
    ("davinci-002", 16_384),
    ("babbage-002", 16_384),
];

/// Returns the settings with a limit that the service accepts: it does not support -1, and generates 16 tokens without
/// one.
///
/// Overestimates the prompt without a tokenizer, so that both fit.
///
/// # Errors
/// `Config` for a model with an unknown context length, `InvalidInput` for several prompts and for one that leaves no
/// room.
pub(crate) fn with_limit<'a>(
    options: &'a CompletionOptions,
    prompts: Prompts<'_>,
) -> Result<Cow<'a, CompletionOptions>> {
    if options.parameters.members.get("max_tokens").is_none_or(|limit| *limit != -1) {
        return Ok(Cow::Borrowed(options));
    }
    let used = match prompts {
        Prompts::One(text) => most_tokens(text),
        Prompts::Many([text]) => most_tokens(text),
        Prompts::Tokens([tokens]) => tokens.len() as u64,
        _ => return Err(invalid("`max_tokens` of -1 is for one prompt at a time")),
    };
    let left = context_size(&options.model)?.saturating_sub(used);
    if left == 0 {
        return Err(invalid("the prompt leaves nothing of the model's context for an answer"));
    }
    let mut limited = options.clone();
    limited.parameters.set("max_tokens", left);
    Ok(Cow::Owned(limited))
}

fn context_size(model: &str) -> Result<u64> {
    let name = model.strip_prefix("ft:").unwrap_or(model);
    match CONTEXTS.iter().find(|(known, _)| name.starts_with(known)) {
        Some((_, size)) => Ok(*size),
        None => {
            let message = format!(
                "`max_tokens` of -1 stands for the rest of the context, whose size is not known for the model \
                 `{model:.100}`: set a number"
            );
            Err(Error::new(ErrorKind::Config, message))
        }
    }
}

/// An upper bound: a token per three ASCII characters, and two per other character.
fn most_tokens(text: &str) -> u64 {
    let plain = text.bytes().filter(u8::is_ascii).count();
    let other = text.chars().filter(|letter| !letter.is_ascii()).count();
    (plain.div_ceil(3) + 2 * other) as u64
}

fn invalid(message: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, message.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(model: &str, limit: i64, prompts: Prompts<'_>, expected: Result<i64, ErrorKind>) {
        let mut options = CompletionOptions { model: model.to_owned(), ..CompletionOptions::default() };
        options.parameters.set("max_tokens", limit);
        let limited = with_limit(&options, prompts).map_err(|error| error.kind());
        assert_eq!(
            limited.map(|options| options.parameters.members["max_tokens"].as_i64()),
            expected.map(Some)
        );
    }

    #[test]
    fn what_the_prompt_leaves_may_be_written() {
        let instruct = "gpt-3.5-turbo-instruct";
        check(instruct, 7, Prompts::One("a"), Ok(7));
        check(instruct, -1, Prompts::One(""), Ok(4096));
        check(instruct, -1, Prompts::One(&"a".repeat(300)), Ok(3996));
        check(instruct, -1, Prompts::One("äöü"), Ok(4090));
        check(instruct, -1, Prompts::Many(&["a".to_owned()]), Ok(4095));
        check("ft:davinci-002:me", -1, Prompts::Tokens(&[vec![1, 2]]), Ok(16_382));
        check(instruct, -1, Prompts::Many(&["a".to_owned(), "b".to_owned()]), Err(ErrorKind::InvalidInput));
        check(instruct, -1, Prompts::One(&"a".repeat(20_000)), Err(ErrorKind::InvalidInput));
        check("mine", -1, Prompts::One("a"), Err(ErrorKind::Config));
    }
}
