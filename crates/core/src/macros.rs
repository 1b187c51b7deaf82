//! The macro that gives a type the `|` operator.

/// Implements the `|` operator for a runnable, so that it can be the left operand of a pipe.
///
/// The right operand may be any runnable. For a generic type, list the parameters and bounds: `impl_pipe!(impl [T:
/// Chunk] Mine<T> where [T: Default])`.
///
/// # Example
/// ```
/// use catena_core::{async_trait, impl_pipe, lambda, Context, Result, Runnable, RunnableExt};
///
/// struct Double;
///
/// #[async_trait]
/// impl Runnable for Double {
///     type Input = i64;
///     type Output = i64;
///     async fn call(&self, x: i64, _cx: &Context) -> Result<i64> {
///         Ok(2 * x)
///     }
/// }
/// impl_pipe!(Double);
///
/// # futures_executor::block_on(async {
/// let chain = Double | lambda(|x: i64| x + 1);
/// assert_eq!(chain.invoke(20).await?, 41);
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[macro_export]
macro_rules! impl_pipe {
    (impl [$($generics:tt)*] $type:ty $(where [$($bounds:tt)*])?) => {
        impl<$($generics)*, PipedInto> ::std::ops::BitOr<PipedInto> for $type
        where
            PipedInto: $crate::Runnable,
            <$type as $crate::Runnable>::Output: ::std::convert::Into<<PipedInto as $crate::Runnable>::Input>,
            $($($bounds)*)?
        {
            type Output = $crate::Pipe<$type, PipedInto>;

            fn bitor(self, next: PipedInto) -> Self::Output {
                $crate::Pipe::new(self, next)
            }
        }
    };
    ($type:ty) => {
        impl<PipedInto> ::std::ops::BitOr<PipedInto> for $type
        where
            PipedInto: $crate::Runnable,
            <$type as $crate::Runnable>::Output: ::std::convert::Into<<PipedInto as $crate::Runnable>::Input>,
        {
            type Output = $crate::Pipe<$type, PipedInto>;

            fn bitor(self, next: PipedInto) -> Self::Output {
                $crate::Pipe::new(self, next)
            }
        }
    };
}
