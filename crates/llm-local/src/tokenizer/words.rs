//! Splits texts into words, each of which is encoded separately. Every family of vocabularies has its own pattern.

use catena_core::Result;
use fancy_regex::Regex;

use crate::failure::unsupported;

/// GPT-2's words.
const GPT2: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
/// Every digit is a separate word.
const DIGIT: &str = r"\p{N}";
/// Llama 3's words, with numbers in groups of three.
const LLAMA3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
/// Qwen 2's words: like Llama 3's, but every digit is separate.
const QWEN2: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// Patterns that are applied in sequence, each to the pieces of the previous ones.
pub(super) struct Words(Vec<Regex>);

impl Words {
    /// Selects the patterns by GGUF's name for them, in `tokenizer.ggml.pre`.
    pub(super) fn of(name: &str) -> Result<Self> {
        let patterns: &[&str] = match name {
            "default" | "gpt-2" | "gpt2" | "mpt" | "olmo" | "jais" | "phi-2" | "roberta-bpe" => &[GPT2],
            "smollm" | "starcoder" | "refact" | "command-r" | "codeshell" | "exaone" | "minerva-7b" => {
                &[DIGIT, GPT2]
            }
            "llama-bpe" | "llama3" | "llama-v3" | "falcon3" | "smaug-bpe" | "dbrx" => &[LLAMA3],
            "qwen2" | "deepseek-r1-qwen" | "megrez" | "stablelm2" => &[QWEN2],
            name => {
                let name = crate::failure::bounded(name);
                return Err(unsupported(format!(
                    "the model's way to cut words, `{name}`, is not known here"
                )));
            }
        };
        // The patterns are constants, and compile.
        let compile = |pattern: &&str| Regex::new(pattern).map_err(|error| unsupported(error.to_string()));
        Ok(Self(patterns.iter().map(compile).collect::<Result<_>>()?))
    }

    /// Returns the pieces of a text, which together make up the text.
    pub(super) fn cut<'t>(&self, text: &'t str) -> Result<Vec<&'t str>> {
        let mut pieces = vec![text];
        for pattern in &self.0 {
            let mut finer = Vec::with_capacity(pieces.len());
            for piece in pieces {
                cut_one(pattern, piece, &mut finer)?;
            }
            pieces = finer;
        }
        Ok(pieces)
    }
}

/// Returns the matches, and the text between them.
fn cut_one<'t>(pattern: &Regex, text: &'t str, pieces: &mut Vec<&'t str>) -> Result<()> {
    let mut end = 0;
    for found in pattern.find_iter(text) {
        let found =
            found.map_err(|error| unsupported(format!("the prompt cannot be cut into words: {error}")))?;
        for piece in [&text[end..found.start()], found.as_str()] {
            if !piece.is_empty() {
                pieces.push(piece);
            }
        }
        end = found.end();
    }
    if end < text.len() {
        pieces.push(&text[end..]);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, text: &str, expected: &[&str]) {
        assert_eq!(Words::of(name).unwrap().cut(text).unwrap(), expected, "{name}: {text}");
    }

    #[test]
    fn each_family_has_its_words() {
        check("gpt-2", "I'll buy 42  socks!\n", &["I", "'ll", " buy", " 42", " ", " socks", "!", "\n"]);
        check("smollm", "buy 42 socks", &["buy", " ", "4", "2", " socks"]);
        check("llama-bpe", "buy 12345 SOCKS' ", &["buy", " ", "123", "45", " SOCKS", "'", " "]);
        check("qwen2", "12\n\nSo", &["1", "2", "\n\n", "So"]);
        check("gpt-2", "", &[]);
        check("gpt-2", "日本語 und ö", &["日本語", " und", " ö"]);
    }

    #[test]
    fn an_unknown_way_is_refused_and_not_guessed() {
        let error = Words::of("tomorrow").err().unwrap();
        assert_eq!(error.kind(), catena_core::ErrorKind::Unsupported);
    }

    #[test]
    fn a_long_text_without_spaces_and_one_of_spaces_are_cut() {
        for text in ["a".repeat(200_000), " ".repeat(200_000), "1".repeat(200_000)] {
            let pieces = Words::of("smollm").unwrap().cut(&text).unwrap();
            assert_eq!(pieces.concat(), text);
        }
    }
}
