//! Named branches that run concurrently on the same input.

use std::borrow::Cow;
use std::fmt;

use async_trait::async_trait;
use futures_util::{StreamExt, stream};

use super::bounded::join_bounded;
use super::dynamic::ToData;
use super::tee::tee;
use crate::run::step::{self, Place};
use crate::{BoxRunnable, Chunk, ChunkStream, Context, Data, Outline, Record, Result, Runnable};

/// A step that runs all branches concurrently on the same input and returns a record of their outputs, in the order of
/// declaration.
///
/// The first error cancels the other branches. When streaming, each chunk is a record with a chunk of one branch.
/// `max_concurrency` limits how many branches of a call run at once. If the types of the branches are known at compile
/// time, use a tuple of runnables.
///
/// # Example
/// ```
/// use catena_core::{fakes::FakeLlm, lambda, PromptTemplate, RunnableExt, RunnableParallel};
/// # futures_executor::block_on(async {
/// let facts = RunnableParallel::new()
///     .with("name", FakeLlm::new(["BrushWise"]))
///     .with("length", lambda(|prompt: catena_core::PromptValue| prompt.into_text().len()));
/// let chain = facts | PromptTemplate::new("{name} has a prompt of {length} letters")?;
/// assert_eq!(chain.invoke("Name?").await?.to_string(), "BrushWise has a prompt of 5 letters");
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[doc(alias = "RunnableMap")]
pub struct RunnableParallel<I = Data> {
    branches: Vec<(String, BoxRunnable<I, Data>)>,
}

impl<I: Chunk> RunnableParallel<I> {
    /// Creates a step without branches, which returns an empty record.
    pub fn new() -> Self {
        Self { branches: Vec::new() }
    }

    /// Adds a branch. An existing branch of the same name is replaced in place.
    #[must_use]
    pub fn with<R>(mut self, name: impl Into<String>, branch: R) -> Self
    where
        R: Runnable<Input = I> + 'static,
        R::Output: Into<Data>,
    {
        let (name, branch) = (name.into(), BoxRunnable::new(ToData::typed(branch)));
        match self.branches.iter_mut().find(|(present, _)| *present == name) {
            Some((_, present)) => *present = branch,
            None => self.branches.push((name, branch)),
        }
        self
    }

    /// Returns the names of the branches.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.branches.iter().map(|(name, _)| name.as_str())
    }

    pub(super) fn outlines(&self) -> Vec<(String, Outline)> {
        self.branches.iter().map(|(name, branch)| (name.clone(), branch.outline())).collect()
    }
}

impl<I: Chunk> Default for RunnableParallel<I> {
    fn default() -> Self {
        Self::new()
    }
}

impl<I> Clone for RunnableParallel<I> {
    fn clone(&self) -> Self {
        Self { branches: self.branches.clone() }
    }
}

impl<I: Chunk> fmt::Debug for RunnableParallel<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.branches.iter().map(|(name, branch)| (name, branch))).finish()
    }
}

#[async_trait]
impl<I: Chunk> Runnable for RunnableParallel<I> {
    type Input = I;
    type Output = Data;

    async fn call(&self, input: I, cx: &Context) -> Result<Data> {
        let calls = self
            .branches
            .iter()
            .map(|(name, branch)| step::call(branch, input.clone(), cx, Place::Key(name)));
        let outputs = join_bounded(calls, cx.max_concurrency()).await?;
        let record: Record = self.names().zip(outputs).collect();
        Ok(record.mergeable().into())
    }

    fn transform<'a>(&'a self, input: ChunkStream<'a, I>, cx: Context) -> ChunkStream<'a, Data> {
        if self.branches.is_empty() {
            return step::gather_and_call(self, input, cx);
        }
        let inputs = tee(input, self.branches.len());
        let chunks = self.branches.iter().zip(inputs).map(|((name, branch), input)| {
            let chunks = step::transform(branch, input, &cx, Place::Key(name));
            chunks.map(move |chunk| Ok(Record::from_iter([(name, chunk?)]).mergeable().into())).boxed()
        });
        Box::pin(step::until_error(stream::select_all(chunks)))
    }

    fn name(&self) -> Cow<'_, str> {
        format!("RunnableParallel<{}>", self.names().collect::<Vec<_>>().join(",")).into()
    }

    fn outline(&self) -> Outline {
        Outline::parallel(self.name(), self.outlines())
    }
}

crate::impl_pipe!(impl [I: Chunk] RunnableParallel<I>);
