//! Functions as tools.

use serde::de::DeserializeOwned;

use super::output::{IntoToolOutput, ToolOutput};
use crate::{Context, Result};

/// The function signatures that a tool can be created from. Implemented automatically; never implement it by hand.
///
/// `Form` is never named: the compiler infers it from what the function returns.
#[diagnostic::on_unimplemented(
    message = "this function cannot be a tool",
    label = "wrong arguments, or a return type that is not a tool output",
    note = "a tool takes `arguments` or `(arguments, Context)` with the type of `arguments` written out, which serde can \
            deserialize, and returns a `ToolOutput`, a string, a number or another plain value, a `Result` of what serde \
            can serialize, or a `Send` future of any of these"
)]
pub trait ToolFunction<Form>: Send + Sync {
    /// The arguments of the function, deserialized from those that the model provided.
    type Arguments: DeserializeOwned + Send;

    /// Calls the function.
    fn call(
        &self,
        arguments: Self::Arguments,
        cx: &Context,
    ) -> impl Future<Output = Result<ToolOutput>> + Send;
}

/// Marker types that distinguish the implementations of [`ToolFunction`].
mod form {
    use std::marker::PhantomData;

    #[derive(Debug)]
    pub struct AtOnce<A, O>(PhantomData<(A, O)>);
    #[derive(Debug)]
    pub struct Async<A, Fut>(PhantomData<(A, Fut)>);
    #[derive(Debug)]
    pub struct AtOnceIn<A, O>(PhantomData<(A, O)>);
    #[derive(Debug)]
    pub struct AsyncIn<A, Fut>(PhantomData<(A, Fut)>);
}

/// The sync and the async form, for functions that take the context or do not.
macro_rules! forms {
    ($at_once:ident, $async:ident $(, $context:ty)?) => {
        impl<F, A, O> ToolFunction<form::$at_once<A, O>> for F
        where
            F: Fn(A $(, $context)?) -> O + Send + Sync,
            A: DeserializeOwned + Send,
            O: IntoToolOutput,
        {
            type Arguments = A;

            async fn call(&self, arguments: A, _cx: &Context) -> Result<ToolOutput> {
                self(arguments $(, <$context>::clone(_cx))?).into_tool_output()
            }
        }

        impl<F, A, Fut> ToolFunction<form::$async<A, Fut>> for F
        where
            F: Fn(A $(, $context)?) -> Fut + Send + Sync,
            A: DeserializeOwned + Send,
            Fut: Future<Output: IntoToolOutput> + Send,
        {
            type Arguments = A;

            async fn call(&self, arguments: A, _cx: &Context) -> Result<ToolOutput> {
                let output = self(arguments $(, <$context>::clone(_cx))?);
                output.await.into_tool_output()
            }
        }
    };
}

forms!(AtOnce, Async);
forms!(AtOnceIn, AsyncIn, Context);
