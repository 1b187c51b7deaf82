//! Selecting values of a record.

use std::borrow::Cow;

use async_trait::async_trait;
use futures_util::StreamExt;

use super::assign::record;
use super::settled::{is_whole_record, settled};
use crate::{ChunkStream, Context, Data, Outline, OutlineParts, Record, Result, RunKind, Runnable};

/// A step that selects the value of one key of a record, or a record of several. When streaming, it selects from each
/// chunk.
///
/// A missing key gives `Null`. If several are selected, missing keys are omitted, and the result is `Null` if all are
/// missing.
///
/// # Errors
/// [`InvalidInput`](crate::ErrorKind::InvalidInput) if the input is not a record.
///
/// # Example
/// ```
/// use catena_core::{vars, RunnableExt, RunnablePick};
/// # futures_executor::block_on(async {
/// let input = vars! { a: 1, b: 2, c: 3 };
/// assert_eq!(RunnablePick::one("a").invoke(input.clone()).await?, 1.into());
/// assert_eq!(RunnablePick::many(["c", "b"]).invoke(input).await?, vars! { c: 3, b: 2 });
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct RunnablePick(Names);

#[derive(Debug, Clone)]
enum Names {
    One(String),
    Many(Vec<String>),
}

impl RunnablePick {
    /// Selects one value.
    pub fn one(name: impl Into<String>) -> Self {
        Self(Names::One(name.into()))
    }

    /// Selects a record of these keys, in this order.
    pub fn many<N: Into<String>>(names: impl IntoIterator<Item = N>) -> Self {
        Self(Names::Many(names.into_iter().map(Into::into).collect()))
    }

    fn pick(&self, input: Data) -> Result<Data> {
        let mut input = record(input)?;
        let mut take = |name: &String| input.get_mut(name).map(std::mem::take);
        Ok(match &self.0 {
            Names::One(name) => take(name).unwrap_or_default(),
            Names::Many(names) => {
                let picked: Record = names.iter().filter_map(|name| Some((name, take(name)?))).collect();
                if picked.is_empty() { Data::Null } else { picked.mergeable().into() }
            }
        })
    }
}

#[async_trait]
impl Runnable for RunnablePick {
    type Input = Data;
    type Output = Data;

    async fn call(&self, input: Data, _cx: &Context) -> Result<Data> {
        self.pick(input)
    }

    fn transform<'a>(&'a self, input: ChunkStream<'a, Data>, _cx: Context) -> ChunkStream<'a, Data> {
        let picked = settled(input, is_whole_record).map(|chunk| self.pick(chunk?));
        Box::pin(picked.filter(|chunk| std::future::ready(!matches!(chunk, Ok(Data::Null)))))
    }

    fn name(&self) -> Cow<'_, str> {
        match &self.0 {
            Names::One(name) => format!("RunnablePick<{name}>"),
            Names::Many(names) => format!("RunnablePick<{}>", names.join(",")),
        }
        .into()
    }

    fn outline(&self) -> Outline {
        let (names, single) = match &self.0 {
            Names::One(name) => (vec![name.clone()], true),
            Names::Many(names) => (names.clone(), false),
        };
        Outline::new(self.name(), RunKind::Chain, OutlineParts::Pick { names, single })
            .saved_as("RunnablePick")
    }
}

crate::impl_pipe!(RunnablePick);
