//! Functions that are tools.

use serde::de::DeserializeOwned;

use super::output::{IntoToolOutput, ToolOutput};
use crate::{Context, Result};

/// The forms of function that a tool may be made of; nobody implements it by hand.
///
/// `Form` is never named: the compiler infers it from what the function returns.
#[diagnostic::on_unimplemented(
    message = "this function cannot be a tool",
    label = "takes other arguments, or returns something that is no output of a tool",
    note = "a tool takes `arguments` or `(arguments, Context)` with the type of `arguments` written out, which serde can \
            read, and returns what serde can write or a `ToolOutput`, a `catena_core::Result` of one, or a `Send` future \
            of such a `Result`"
)]
pub trait ToolFunction<Form>: Send + Sync {
    /// What the function takes: serde reads it from the arguments that the model gave.
    type Arguments: DeserializeOwned + Send;

    /// Calls it.
    fn call(
        &self,
        arguments: Self::Arguments,
        cx: &Context,
    ) -> impl Future<Output = Result<ToolOutput>> + Send;
}

/// The forms of [`ToolFunction`], told apart by type.
mod form {
    use std::marker::PhantomData;

    #[derive(Debug)]
    pub struct Plain<A, O>(PhantomData<(A, O)>);
    #[derive(Debug)]
    pub struct Fallible<A, O>(PhantomData<(A, O)>);
    #[derive(Debug)]
    pub struct Async<A, Fut>(PhantomData<(A, Fut)>);
    #[derive(Debug)]
    pub struct PlainIn<A, O>(PhantomData<(A, O)>);
    #[derive(Debug)]
    pub struct FallibleIn<A, O>(PhantomData<(A, O)>);
    #[derive(Debug)]
    pub struct AsyncIn<A, Fut>(PhantomData<(A, Fut)>);
}

/// A form whose function is called and has answered.
macro_rules! answers_at_once {
    ($form:ident, ($($cx:ty)?), $returned:ty, |$value:ident| $output:expr) => {
        impl<F, A, O> ToolFunction<form::$form<A, O>> for F
        where
            F: Fn(A $(, $cx)?) -> $returned + Send + Sync,
            A: DeserializeOwned + Send,
            O: IntoToolOutput,
        {
            type Arguments = A;

            fn call(&self, arguments: A, cx: &Context) -> impl Future<Output = Result<ToolOutput>> + Send {
                let _ = cx;
                let $value = self(arguments $(, <$cx>::clone(cx))?);
                std::future::ready($output)
            }
        }
    };
}

answers_at_once!(Plain, (), O, |value| value.into_tool_output());
answers_at_once!(PlainIn, (Context), O, |value| value.into_tool_output());
answers_at_once!(Fallible, (), Result<O>, |value| value.and_then(IntoToolOutput::into_tool_output));
answers_at_once!(FallibleIn, (Context), Result<O>, |value| value.and_then(IntoToolOutput::into_tool_output));

impl<F, A, O, Fut> ToolFunction<form::Async<A, Fut>> for F
where
    F: Fn(A) -> Fut + Send + Sync,
    A: DeserializeOwned + Send,
    O: IntoToolOutput,
    Fut: Future<Output = Result<O>> + Send,
{
    type Arguments = A;

    async fn call(&self, arguments: A, _cx: &Context) -> Result<ToolOutput> {
        let output = self(arguments);
        output.await?.into_tool_output()
    }
}

impl<F, A, O, Fut> ToolFunction<form::AsyncIn<A, Fut>> for F
where
    F: Fn(A, Context) -> Fut + Send + Sync,
    A: DeserializeOwned + Send,
    O: IntoToolOutput,
    Fut: Future<Output = Result<O>> + Send,
{
    type Arguments = A;

    async fn call(&self, arguments: A, cx: &Context) -> Result<ToolOutput> {
        let output = self(arguments, cx.clone());
        output.await?.into_tool_output()
    }
}
