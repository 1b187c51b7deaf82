//! Parsers that read an answer once it is complete.

/// Makes a step of a parser with a method `parse`, which reads a complete answer. Streamed, its one chunk comes at the
/// end of the answer.
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
