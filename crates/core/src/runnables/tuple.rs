//! Tuples of runnables as parallel branches on the same input.

use std::borrow::Cow;
use std::task::Poll;

use async_trait::async_trait;
use futures_util::{future, stream};

use super::tee::tee_array;
use crate::chunk::merge_option;
use crate::run::step::{self, Place};
use crate::{Chunk, ChunkStream, Context, Outline, Result, Runnable, schema};

/// A branch of a streamed tuple.
struct Branch<'a, T> {
    chunks: Option<ChunkStream<'a, T>>,
    /// The output received but not yet emitted.
    fresh: Option<T>,
    /// The latest chunk, for types without an empty one: repeating it changes nothing.
    latest: Option<T>,
}

impl<'a, T: Chunk> Branch<'a, T> {
    fn new<R>(step: &'a R, input: ChunkStream<'a, R::Input>, cx: &Context, key: &'static str) -> Self
    where
        R: Runnable<Output = T>,
    {
        let chunks = step::transform(step, input, cx, Place::Key(key));
        Self { chunks: Some(chunks), fresh: None, latest: T::empty() }
    }

    /// Polls the branch and collects its output.
    fn poll(&mut self, cx: &mut std::task::Context<'_>) -> Result<Progress> {
        let Some(chunks) = &mut self.chunks else { return Ok(Progress::Ended) };
        match chunks.as_mut().poll_next(cx) {
            Poll::Pending => Ok(Progress::Pending),
            Poll::Ready(None) => {
                self.chunks = None;
                Ok(Progress::Ended)
            }
            Poll::Ready(Some(chunk)) => {
                merge_option(&mut self.fresh, chunk?);
                Ok(Progress::Came)
            }
        }
    }

    /// Returns `true` if the branch can contribute to the next tuple.
    fn can_give(&self) -> bool {
        self.fresh.is_some() || self.latest.is_some()
    }

    fn give(&mut self) -> Option<T> {
        match self.fresh.take() {
            Some(fresh) if T::empty().is_some() => Some(fresh),
            Some(fresh) => {
                self.latest = Some(fresh.clone());
                Some(fresh)
            }
            None => self.latest.clone(),
        }
    }
}

#[derive(PartialEq)]
enum Progress {
    Came,
    Pending,
    Ended,
}

macro_rules! tuple_runnable {
    ($try_join:ident: $first:ident $first_var:ident $first_index:tt, $($step:ident $var:ident $index:tt),+) => {
        /// A tuple of runnables is a parallel step: every branch receives the same input, and the output is the tuple
        /// of their outputs. The first error cancels the other branches.
        ///
        /// When streaming, each branch's chunks are emitted as they arrive, alongside the empty chunk of the others. If
        /// a branch's output type has no empty chunk (a number, for example), the first tuple waits for that branch.
        #[async_trait]
        impl<$first, $($step),+> Runnable for ($first, $($step),+)
        where
            $first: Runnable,
            $($step: Runnable<Input = $first::Input>),+
        {
            type Input = $first::Input;
            type Output = ($first::Output, $($step::Output),+);

            async fn call(&self, input: Self::Input, cx: &Context) -> Result<Self::Output> {
                let ($first_var, $($var),+) = self;
                future::$try_join(
                    step::call($first_var, input.clone(), cx, Place::Key(stringify!($first_index))),
                    $(step::call($var, input.clone(), cx, Place::Key(stringify!($index)))),+
                )
                .await
            }

            fn transform<'a>(
                &'a self,
                input: ChunkStream<'a, Self::Input>,
                cx: Context,
            ) -> ChunkStream<'a, Self::Output> {
                let [$first_var, $($var),+] = tee_array(input);
                let mut $first_var = Branch::new(&self.$first_index, $first_var, &cx, stringify!($first_index));
                $(let mut $var = Branch::new(&self.$index, $var, &cx, stringify!($index));)+
                Box::pin(step::until_error(stream::poll_fn(move |task| {
                    loop {
                        let progress = [$first_var.poll(task), $($var.poll(task)),+];
                        let progress = match progress.into_iter().collect::<Result<Vec<Progress>>>() {
                            Ok(progress) => progress,
                            Err(error) => return Poll::Ready(Some(Err(error))),
                        };
                        let fresh = $first_var.fresh.is_some() $(|| $var.fresh.is_some())+;
                        if fresh && $first_var.can_give() $(&& $var.can_give())+ {
                            if let (Some($first_var), $(Some($var)),+) = ($first_var.give(), $($var.give()),+) {
                                return Poll::Ready(Some(Ok(($first_var, $($var),+))));
                            }
                        }
                        if progress.iter().all(|branch| *branch == Progress::Ended) {
                            break;
                        }
                        if !progress.contains(&Progress::Came) {
                            return Poll::Pending;
                        }
                    }
                    Poll::Ready(None)
                })))
            }

            fn name(&self) -> Cow<'_, str> {
                Cow::Borrowed("RunnableParallel")
            }

            fn outline(&self) -> Outline {
                let keys = [stringify!($first_index), $(stringify!($index)),+];
                let branches = [self.$first_index.outline(), $(self.$index.outline()),+];
                let output = schema::tuple_schema(&branches);
                Outline::parallel(self.name(), keys.map(str::to_owned).into_iter().zip(branches))
                    .with_output_schema(output)
                    // The branches of a tuple have no names to save.
                    .with_constructor(None)
            }
        }
    };
}

tuple_runnable!(try_join: A a 0, B b 1);
tuple_runnable!(try_join3: A a 0, B b 1, C c 2);
tuple_runnable!(try_join4: A a 0, B b 1, C c 2, D d 3);
tuple_runnable!(try_join5: A a 0, B b 1, C c 2, D d 3, E e 4);
