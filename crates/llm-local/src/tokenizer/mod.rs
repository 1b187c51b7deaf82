//! Tokenizes and detokenizes texts, with the vocabulary in the GGUF file.

mod byte_level;
mod byte_pairs;
mod merging;
mod sentence_pieces;
mod specials;
mod words;

use catena_core::Result;

use byte_pairs::BytePairs;
use sentence_pieces::SentencePieces;
use specials::Specials;

use crate::failure::{malformed, unsupported};
use crate::metadata::Metadata;

/// A vocabulary, and its encoding.
pub(crate) struct Tokenizer {
    encoding: Encoding,
    specials: Specials,
    /// The bytes of each token; special tokens have none.
    bytes: Vec<Vec<u8>>,
    texts: Vec<String>,
    begin: Option<u32>,
    end: Option<u32>,
    add_begin: bool,
    ends: Vec<u32>,
}

enum Encoding {
    BytePairs(BytePairs),
    SentencePieces(SentencePieces),
}

/// Token types, in GGUF's numbering.
const CONTROL: usize = 3;
const USER_DEFINED: usize = 4;
const BYTE: usize = 6;

/// Texts of tokens that end an answer, whether the file marks them as such or not.
const ENDS: [&str; 9] = [
    "<|im_end|>",
    "<|endoftext|>",
    "<|end_of_text|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|end|>",
    "<end_of_turn>",
    "</s>",
    "<EOT>",
];

impl Tokenizer {
    /// # Errors
    /// `Config` if the file lacks parts of the vocabulary, `Unsupported` for unknown kinds of vocabularies.
    pub(crate) fn from_metadata(metadata: Metadata<'_>) -> Result<Self> {
        let key = |name: &str| format!("tokenizer.ggml.{name}");
        let texts = metadata.texts(&key("tokens"))?.ok_or_else(|| malformed("has no vocabulary"))?;
        let kinds = metadata.numbers(&key("token_type"))?.unwrap_or_else(|| vec![1; texts.len()]);
        if kinds.len() != texts.len() || u32::try_from(texts.len()).is_err() {
            return Err(malformed("has a vocabulary whose lists differ in length"));
        }
        let model = metadata.text(&key("model"))?.unwrap_or("llama");
        let (encoding, add_begin) = match model {
            "gpt2" => {
                let words = metadata.text(&key("pre"))?.unwrap_or("default");
                let merges = metadata.texts(&key("merges"))?.ok_or_else(|| malformed("has no merges"))?;
                let begins = matches!(words, "llama-bpe" | "llama3" | "llama-v3" | "falcon3");
                (Encoding::BytePairs(BytePairs::new(words, &texts, &merges)?), begins)
            }
            "llama" => {
                let scores = metadata.floats(&key("scores"))?.ok_or_else(|| malformed("has no scores"))?;
                let space = metadata.flag(&key("add_space_prefix"))?.unwrap_or(true);
                (Encoding::SentencePieces(SentencePieces::new(&texts, &kinds, scores, space)?), true)
            }
            other => {
                let other = crate::failure::bounded(other);
                return Err(unsupported(format!("vocabularies of the kind `{other}` are not known here")));
            }
        };
        let bytes = texts.iter().zip(&kinds).map(|(text, kind)| encoding.bytes(text, *kind)).collect();
        let id = |name: &str| -> Result<Option<u32>> {
            let id = metadata.number(&key(name))?.filter(|id| *id < texts.len());
            Ok(id.and_then(|id| u32::try_from(id).ok()))
        };
        let (begin, end) = (id("bos_token_id")?, id("eos_token_id")?);
        let mut ends: Vec<u32> =
            [end, id("eot_token_id")?, id("eom_token_id")?].into_iter().flatten().collect();
        let control = |index: &usize| kinds[*index] == CONTROL && ENDS.contains(&texts[*index]);
        ends.extend((0..texts.len()).filter(control).map(|index| index as u32));
        let special = |index: usize| matches!(kinds[index], CONTROL | USER_DEFINED);
        let specials =
            (0..texts.len()).filter(|index| special(*index)).map(|index| (texts[index], index as u32));
        let specials = Specials::new(specials)?;
        let add_begin = metadata.flag(&key("add_bos_token"))?.unwrap_or(add_begin);
        let texts = texts.into_iter().map(str::to_owned).collect();
        Ok(Self { encoding, specials, bytes, texts, begin, end, add_begin, ends })
    }

    /// Tokenizes a text, starting with the BOS token if the model expects it. If `specials` is true, the texts of
    /// special tokens become those tokens, except those escaped by [`guarded`](Self::guarded).
    pub(crate) fn encode(&self, text: &str, specials: bool) -> Result<Vec<u32>> {
        let mut tokens: Vec<u32> = self.begin.filter(|_| self.add_begin).into_iter().collect();
        let parts = if specials { self.specials.split(text)? } else { vec![(text, None)] };
        for (index, (plain, special)) in parts.into_iter().enumerate() {
            let plain = Specials::unguarded(plain);
            if !plain.is_empty() {
                self.encode_plain(&plain, index == 0, &mut tokens)?;
            }
            let special = special.and_then(|special| self.specials.id(special));
            // Templates also write the BOS token.
            let doubled = index == 0 && special == self.begin && tokens.len() == 1 && self.add_begin;
            tokens.extend(special.filter(|_| !doubled));
        }
        Ok(tokens)
    }

    fn encode_plain(&self, text: &str, starts: bool, tokens: &mut Vec<u32>) -> Result<()> {
        match &self.encoding {
            Encoding::BytePairs(pairs) => pairs.encode(text, tokens),
            Encoding::SentencePieces(pieces) => {
                pieces.encode(text, starts, tokens);
                Ok(())
            }
        }
    }

    /// Escapes a text so that nothing in it is taken for a special token.
    pub(crate) fn guarded(&self, text: &str) -> Result<String> {
        self.specials.guarded(text)
    }

    /// Returns the bytes of a token; a character may span several tokens.
    pub(crate) fn bytes(&self, token: u32) -> &[u8] {
        self.bytes.get(token as usize).map_or(&[], Vec::as_slice)
    }

    /// Returns true for a token that ends an answer.
    pub(crate) fn is_end(&self, token: u32) -> bool {
        self.ends.contains(&token)
    }

    pub(crate) fn len(&self) -> usize {
        self.texts.len()
    }

    /// Returns the texts of the BOS and EOS tokens, for templates.
    pub(crate) fn marks(&self) -> (&str, &str) {
        let text = |token: Option<u32>| token.map_or("", |token| self.texts[token as usize].as_str());
        (text(self.begin), text(self.end))
    }
}

impl Encoding {
    fn bytes(&self, text: &str, kind: usize) -> Vec<u8> {
        match (kind, self) {
            (CONTROL, _) => Vec::new(),
            (USER_DEFINED, _) => text.as_bytes().to_vec(),
            (_, Self::BytePairs(_)) => byte_level::bytes(text).unwrap_or_else(|| text.as_bytes().to_vec()),
            (BYTE, Self::SentencePieces(_)) => {
                sentence_pieces::byte(text).map_or_else(Vec::new, |byte| vec![byte])
            }
            (_, Self::SentencePieces(_)) => text.replace(sentence_pieces::SPACE, " ").into_bytes(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::quantized::gguf_file::Value;

    fn tokenizer(entries: Vec<(&str, Value)>) -> Result<Tokenizer> {
        let values =
            entries.into_iter().map(|(key, value)| (format!("tokenizer.ggml.{key}"), value)).collect();
        Tokenizer::from_metadata(Metadata(&values))
    }

    fn texts(texts: &[&str]) -> Value {
        Value::Array(texts.iter().map(|text| Value::String((*text).to_owned())).collect())
    }

    fn numbers(numbers: &[i32]) -> Value {
        Value::Array(numbers.iter().copied().map(Value::I32).collect())
    }

    fn byte_pairs() -> Tokenizer {
        tokenizer(vec![
            ("model", Value::String("gpt2".into())),
            ("tokens", texts(&["<|im_end|>", "a", "b", "Ġ", "ab", "Ġab", "<b>", "Ã", "¤"])),
            ("token_type", numbers(&[3, 1, 1, 1, 1, 1, 4, 1, 1])),
            ("merges", texts(&["a b", "Ġ ab"])),
            ("eos_token_id", Value::U32(0)),
        ])
        .unwrap()
    }

    #[test]
    fn byte_pairs_are_merged_and_specials_found_only_where_asked_for() {
        let tokenizer = byte_pairs();
        let check = |text: &str, specials: bool, expected: &[u32]| {
            assert_eq!(tokenizer.encode(text, specials).unwrap(), expected, "{text}");
        };
        check("ab ab", true, &[4, 5]);
        check("ba", true, &[2, 1]);
        check("", true, &[]);
        check("a<|im_end|>b", true, &[1, 0, 2]);
        check("ä", true, &[7, 8]);
        check("a<b>", true, &[1, 6]);
        // Letters that the vocabulary lacks are left out, as is the special token that is not one here.
        check("<|im_end|>", false, &[]);
        check("a<b>", false, &[1, 2]);
        assert_eq!(tokenizer.bytes(5), b" ab");
        assert_eq!(tokenizer.bytes(0), b"");
        assert_eq!(tokenizer.bytes(99), b"");
        assert!(tokenizer.is_end(0) && !tokenizer.is_end(1));
    }

    #[test]
    fn guarded_texts_hold_no_special_tokens() {
        let tokenizer = byte_pairs();
        for text in ["a<|im_end|>b", "<|im_end|>", "<|im_<|im_end|>end|>", "<b><b>"] {
            let guarded = tokenizer.guarded(text).unwrap();
            let tokens = tokenizer.encode(&guarded, true).unwrap();
            assert!(!tokens.contains(&0) && !tokens.contains(&6), "{text}: {tokens:?}");
            assert_eq!(tokens, tokenizer.encode(text, false).unwrap(), "{text}");
        }
    }

    #[test]
    fn sentence_pieces_merge_by_score_and_fall_back_to_bytes() {
        let tokenizer = tokenizer(vec![
            ("model", Value::String("llama".into())),
            ("tokens", texts(&["<s>", "</s>", "▁", "a", "b", "ab", "▁a", "<0xC3>", "<0xA4>", "▁ab"])),
            ("token_type", numbers(&[3, 3, 1, 1, 1, 1, 1, 6, 6, 1])),
            ("scores", Value::Array([0., 0., -9., -9., -9., -1., -2., 0., 0., -3.].map(Value::F32).to_vec())),
            ("bos_token_id", Value::U32(0)),
            ("eos_token_id", Value::U32(1)),
        ])
        .unwrap();
        let check = |text: &str, expected: &[u32]| {
            assert_eq!(tokenizer.encode(text, true).unwrap(), expected, "{text}");
        };
        check("ab", &[0, 9]);
        check("a", &[0, 6]);
        check("<s>b", &[0, 4]);
        check("bä", &[0, 2, 4, 7, 8]);
        check("a</s>", &[0, 6, 1]);
        assert_eq!([7, 8].map(|token| tokenizer.bytes(token)).concat(), "ä".as_bytes());
        assert_eq!(tokenizer.bytes(9), b" ab");
        assert!(tokenizer.is_end(1));
    }

    #[test]
    fn files_without_a_usable_vocabulary_are_refused() {
        let gpt2 = || ("model", Value::String("gpt2".into()));
        for entries in [
            vec![],
            vec![gpt2(), ("tokens", texts(&["a"]))],
            vec![gpt2(), ("tokens", texts(&["a"])), ("merges", texts(&["ab"]))],
            vec![
                gpt2(),
                ("tokens", texts(&["a", "b"])),
                ("token_type", numbers(&[1])),
                ("merges", texts(&[])),
            ],
            vec![("model", Value::String("wordpiece".into())), ("tokens", texts(&["a"]))],
            vec![("tokens", texts(&["a"])), ("scores", Value::Array(vec![]))],
        ] {
            assert!(tokenizer(entries).is_err());
        }
    }
}
