//! Incremental parsing of lists in the answers of models.

mod comma_separated;
mod markdown;
mod marked;
mod numbered;

pub use comma_separated::CommaSeparatedListOutputParser;
pub use markdown::MarkdownListOutputParser;
pub use numbered::NumberedListOutputParser;

use super::stepwise::Stepwise;
use crate::Result;

/// Finds the items of a list in a text that is scanned once, character by character.
trait FindItems: Send {
    /// Consumes the next character; returns the item that it completes.
    fn character(&mut self, character: char) -> Option<String>;

    /// Returns the item completed by the end of the text.
    fn end(&mut self) -> Option<String>;
}

/// Emits each complete item as a list of one; merging chunks concatenates them, and no chunks are an empty list.
struct Items<F>(F);

impl<F: FindItems> Stepwise for Items<F> {
    type Input = String;
    type Output = Vec<String>;

    fn push(&mut self, text: String, give: &mut dyn FnMut(Vec<String>)) {
        for item in text.chars().filter_map(|character| self.0.character(character)) {
            give(vec![item]);
        }
    }

    fn end(&mut self, give: &mut dyn FnMut(Vec<String>)) -> Result<()> {
        if let Some(item) = self.0.end() {
            give(vec![item]);
        }
        Ok(())
    }
}

/// Implements a parser from a way to find items. LangChain identifies its class by a module name.
macro_rules! list_parser {
    ($package:literal, $parser:ident, $find:expr) => {
        #[async_trait::async_trait]
        impl $crate::Runnable for $parser {
            type Input = String;
            type Output = Vec<String>;

            async fn call(&self, answer: String, _cx: &$crate::Context) -> $crate::Result<Vec<String>> {
                $crate::parser::stepwise::parse_all(super::Items($find), answer)
            }

            fn transform<'a>(
                &'a self,
                answer: $crate::ChunkStream<'a, String>,
                _cx: $crate::Context,
            ) -> $crate::ChunkStream<'a, Vec<String>> {
                $crate::parser::stepwise::parse_stream(super::Items($find), answer)
            }

            fn kind(&self) -> $crate::RunKind {
                $crate::RunKind::Parser
            }

            fn outline(&self) -> $crate::Outline {
                let id = [$package, "output_parsers", "list", stringify!($parser)];
                $crate::Outline::of(self).with_constructor($crate::load::Constructor::new(id))
            }
        }
        $crate::impl_pipe!($parser);

        impl $crate::OutputParser for $parser {
            fn format_instructions(&self) -> String {
                self.format_instructions().to_owned()
            }
        }
    };
}
use list_parser;

/// Checks the items of the whole text, and of every split of it into two chunks.
#[cfg(test)]
#[track_caller]
fn check<R>(parser: R, text: &str, expected: &[&str])
where
    R: crate::Runnable<Input = String, Output = Vec<String>>,
{
    use futures_util::TryStreamExt;

    let cuts = (0..=text.len()).filter(|at| text.is_char_boundary(*at));
    for chunks in cuts.map(|at| [text[..at].to_owned(), text[at..].to_owned()]) {
        let stream = Box::pin(futures_util::stream::iter(chunks.clone().map(Ok)));
        let items = parser.transform(stream, crate::Context::default()).try_collect::<Vec<_>>();
        let items = futures_executor::block_on(items).expect("items");
        assert!(items.iter().all(|item| item.len() == 1), "{items:?}");
        assert_eq!(items.concat(), expected, "{chunks:?}");
    }
    let whole = futures_executor::block_on(parser.call(text.to_owned(), &crate::Context::default()));
    assert_eq!(whole.expect("items"), expected, "{text:?}");
}
