//! Lists in the answers of models, read as they come.

mod comma_separated;
mod markdown;
mod marked;
mod numbered;

pub use comma_separated::CommaSeparatedListOutputParser;
pub use markdown::MarkdownListOutputParser;
pub use numbered::NumberedListOutputParser;

use super::stepwise::Stepwise;
use crate::Result;

/// Finds the items of a list in a text that is read once, character by character.
trait FindItems: Send {
    /// Takes in the next character; gives the item that it completes.
    fn character(&mut self, character: char) -> Option<String>;

    /// The item that the end of the text completes.
    fn end(&mut self) -> Option<String>;
}

/// Gives each item as a list of its own once it is complete: as chunks, lists join, and none are the empty list.
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

/// Makes a parser of a way to find items; LangChain knows its class by the name of a package.
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

/// Checks the items of a whole text and of every way to cut it in two.
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
