//! Functions as steps.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use async_trait::async_trait;

use crate::{Chunk, Context, Result, Runnable};

/// A function as a step. See [`lambda`].
#[doc(alias = "RunnableLambda")]
pub struct Lambda<F, Form> {
    function: F,
    name: Option<Cow<'static, str>>,
    form: PhantomData<fn() -> Form>,
}

/// Creates a step from a function.
///
/// The function takes the input, or the input and the [`Context`] to call other runnables within the same run, and
/// returns a value, a `Result`, or a future of a `Result`. The step gathers its input before it calls the function. For
/// a function over chunks see [`generator`](crate::generator) and [`Runnable::transform`].
///
/// # Calling other runnables
/// A plain `invoke` inside the function is a run of its own: the caller's observers do not see it, and the caller's
/// configurable values, concurrency limit and budgets do not apply to it. To call another runnable within the caller's
/// run, take the [`Context`] and use [`invoke_in`](crate::RunnableExt::invoke_in) or
/// [`stream_in`](crate::RunnableExt::stream_in).
///
/// # State
/// The function may run several times at once, so it is an `Fn`: it shares what it captures, and changes it only
/// through an atomic or a lock. A sync closure uses captured values directly. In the `async` form, each call moves a
/// clone, cheap for an `Arc` and for clients and pools, into its `async` block; see the second example.
///
/// # Errors
/// Errors returned by the function, which converts errors of other types itself: `.map_err(Error::other)`, see
/// [`Error::other`](crate::Error::other).
///
/// # Cancellation
/// An `async` function is dropped at its current await point; a sync function runs to completion.
///
/// # Example
/// ```
/// use catena_core::{lambda, Context, Error, RunnableExt};
/// # futures_executor::block_on(async {
/// let length = lambda(|text: String| text.len());
/// let parse = lambda(|text: String| text.parse::<i64>().map_err(Error::other));
/// let shout = lambda(async |text: String| Ok(text.to_uppercase()));
///
/// assert_eq!(length.invoke("four").await?, 4);
/// assert_eq!(parse.invoke("42").await?, 42);
/// assert_eq!(shout.invoke("hi").await?, "HI");
///
/// let nested = lambda(move |text: String, cx: Context| {
///     let shout = shout.clone();
///     async move { shout.invoke_in(text, &cx).await }
/// });
/// assert_eq!(nested.invoke("hi").await?, "HI");
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
///
/// Shared state:
/// ```
/// use catena_core::{lambda, Error, ErrorKind, RunnableExt};
/// use std::collections::HashMap;
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// # futures_executor::block_on(async {
/// let prices = Arc::new(HashMap::from([("tea".to_owned(), 3)])); // or a connection pool
/// let asked = Arc::new(AtomicUsize::new(0));
///
/// let count = asked.clone();
/// let counted = lambda(move |item: String| {
///     count.fetch_add(1, Ordering::Relaxed);
///     item
/// });
/// let price = lambda(move |item: String| {
///     let prices = prices.clone();
///     async move { prices.get(&item).copied().ok_or_else(|| Error::new(ErrorKind::NotFound, "unknown item")) }
/// });
///
/// let chain = counted | price;
/// assert_eq!(chain.try_batch(["tea", "tea"]).await?, [3, 3]);
/// assert_eq!(asked.load(Ordering::Relaxed), 2);
/// # Ok::<(), Error>(()) }).unwrap();
/// ```
pub fn lambda<F, Form>(function: F) -> Lambda<F, Form>
where
    F: Function<Form>,
{
    Lambda { function, name: None, form: PhantomData }
}

impl<F, Form> Lambda<F, Form> {
    /// Sets the name shown in errors, traces and events. By default, the name of the function, or `RunnableLambda` for
    /// a closure.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = Some(name.into());
        self
    }
}

impl<F: Clone, Form> Clone for Lambda<F, Form> {
    fn clone(&self) -> Self {
        Self { function: self.function.clone(), name: self.name.clone(), form: PhantomData }
    }
}

impl<F, Form> fmt::Debug for Lambda<F, Form> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lambda({})", self.name.as_deref().unwrap_or_else(|| function_name::<F>()))
    }
}

#[async_trait]
impl<F, Form> Runnable for Lambda<F, Form>
where
    F: Function<Form> + Send + Sync,
    Form: 'static,
{
    type Input = F::Input;
    type Output = F::Output;

    async fn call(&self, input: F::Input, cx: &Context) -> Result<F::Output> {
        self.function.call(input, cx).await
    }

    fn name(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.name.as_deref().unwrap_or_else(|| function_name::<F>()))
    }
}

/// Returns the name of a function item, or `RunnableLambda` for a closure.
pub(super) fn function_name<F>() -> &'static str {
    match crate::runnable::short_type_name::<F>() {
        name if name.starts_with('{') => "RunnableLambda",
        name => name,
    }
}

/// The function signatures that [`lambda`] accepts. Implemented automatically; never implement it by hand.
///
/// `Form` is never named: the compiler infers it from what the function returns.
#[diagnostic::on_unimplemented(
    message = "this function cannot be a step of a chain",
    label = "wrong arguments, or an input or output type that is not a `Chunk`",
    note = "a step takes `input` or `(input, Context)` with the type of `input` written out, and returns a value, \
            a `catena_core::Result` of one, or a `Send` future of such a `Result`",
    note = "the types of the input and of the value must be `Chunk`s: for a type of your own, write \
            `#[derive(Chunk, Clone)]`, or `impl Chunk for ..` to keep only the last chunk of a stream"
)]
pub trait Function<Form> {
    /// The input of the function.
    type Input: Chunk;
    /// The final output of the function.
    type Output: Chunk;

    /// Calls the function.
    fn call(&self, input: Self::Input, cx: &Context) -> impl Future<Output = Result<Self::Output>> + Send;
}

/// Marker types that distinguish the implementations of [`Function`].
mod form {
    use std::marker::PhantomData;

    #[derive(Debug)]
    pub struct Plain<I, O>(PhantomData<(I, O)>);
    #[derive(Debug)]
    pub struct Fallible<I, O>(PhantomData<(I, O)>);
    #[derive(Debug)]
    pub struct Async<I, Fut>(PhantomData<(I, Fut)>);
    #[derive(Debug)]
    pub struct PlainIn<I, O>(PhantomData<(I, O)>);
    #[derive(Debug)]
    pub struct FallibleIn<I, O>(PhantomData<(I, O)>);
    #[derive(Debug)]
    pub struct AsyncIn<I, Fut>(PhantomData<(I, Fut)>);
}

impl<F, I: Chunk, O: Chunk> Function<form::Plain<I, O>> for F
where
    F: Fn(I) -> O + Send + Sync,
{
    type Input = I;
    type Output = O;

    async fn call(&self, input: I, _cx: &Context) -> Result<O> {
        Ok(self(input))
    }
}

impl<F, I: Chunk, O: Chunk> Function<form::Fallible<I, O>> for F
where
    F: Fn(I) -> Result<O> + Send + Sync,
{
    type Input = I;
    type Output = O;

    async fn call(&self, input: I, _cx: &Context) -> Result<O> {
        self(input)
    }
}

impl<F, I: Chunk, O: Chunk, Fut> Function<form::Async<I, Fut>> for F
where
    F: Fn(I) -> Fut + Send + Sync,
    Fut: Future<Output = Result<O>> + Send,
{
    type Input = I;
    type Output = O;

    fn call(&self, input: I, _cx: &Context) -> impl Future<Output = Result<O>> + Send {
        self(input)
    }
}

impl<F, I: Chunk, O: Chunk> Function<form::PlainIn<I, O>> for F
where
    F: Fn(I, Context) -> O + Send + Sync,
{
    type Input = I;
    type Output = O;

    async fn call(&self, input: I, cx: &Context) -> Result<O> {
        Ok(self(input, cx.clone()))
    }
}

impl<F, I: Chunk, O: Chunk> Function<form::FallibleIn<I, O>> for F
where
    F: Fn(I, Context) -> Result<O> + Send + Sync,
{
    type Input = I;
    type Output = O;

    async fn call(&self, input: I, cx: &Context) -> Result<O> {
        self(input, cx.clone())
    }
}

impl<F, I: Chunk, O: Chunk, Fut> Function<form::AsyncIn<I, Fut>> for F
where
    F: Fn(I, Context) -> Fut + Send + Sync,
    Fut: Future<Output = Result<O>> + Send,
{
    type Input = I;
    type Output = O;

    fn call(&self, input: I, cx: &Context) -> impl Future<Output = Result<O>> + Send {
        self(input, cx.clone())
    }
}

crate::impl_pipe!(impl [F, Form] Lambda<F, Form> where [F: Function<Form> + Send + Sync, Form: 'static]);
