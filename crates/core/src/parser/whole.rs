//! Parsers that need the complete answer.

/// Implements a step for a parser with a `parse` method that takes a complete answer. In a stream, its only chunk
/// follows the end of the answer.
macro_rules! whole_parser {
    ($parser:ty => $output:ty) => {
        $crate::parser::whole::whole_parser!(@runnable [] $parser => $output);
        $crate::impl_pipe!($parser);
    };
    (impl [$($generics:tt)+] $parser:ty => $output:ty) => {
        $crate::parser::whole::whole_parser!(@runnable [$($generics)+] $parser => $output);
        $crate::impl_pipe!(impl [$($generics)+] $parser);
    };
    (@runnable [$($generics:tt)*] $parser:ty => $output:ty) => {
        #[async_trait::async_trait]
        impl<$($generics)*> $crate::Runnable for $parser {
            type Input = String;
            type Output = $output;

            async fn call(&self, answer: String, _cx: &$crate::Context) -> $crate::Result<$output> {
                self.parse(&answer)
            }

            fn kind(&self) -> $crate::RunKind {
                $crate::RunKind::Parser
            }
        }
    };
}
pub(super) use whole_parser;
