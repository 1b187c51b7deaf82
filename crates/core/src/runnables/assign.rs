//! Adding values to a record.

use std::borrow::Cow;

use async_trait::async_trait;
use futures_util::{Stream, StreamExt, stream};

use super::parallel::RunnableParallel;
use super::settled::{is_whole_record, settled};
use super::tee::tee_array;
use crate::run::step::{self, Place};
use crate::{
    ChunkStream, Context, Data, Error, ErrorKind, FromData, Json, Outline, OutlineParts, Record, Result,
    RunKind, Runnable,
};

/// A step that adds values to its input record. Created by [`assign`](crate::RunnableExt::assign) or from a
/// [`RunnableParallel`].
///
/// When streaming, the input's own values come first, then the chunks of the new ones as they are produced.
///
/// # Errors
/// [`InvalidInput`](crate::ErrorKind::InvalidInput) if the input is not a record.
///
/// # Example
/// ```
/// use catena_core::{lambda, vars, Data, RunnableAssign, RunnableExt, RunnableParallel};
/// # futures_executor::block_on(async {
/// let count = lambda(|input: Data| input.get("text").and_then(Data::as_text).map(str::len));
/// let with_length = RunnableAssign::new(RunnableParallel::new().with("length", count));
/// assert_eq!(with_length.invoke(vars! { text: "four" }).await?, vars! { text: "four", length: 4 });
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct RunnableAssign {
    mapper: RunnableParallel<Data>,
}

impl RunnableAssign {
    /// Creates a step that adds the outputs of the branches of `mapper`.
    pub fn new(mapper: RunnableParallel<Data>) -> Self {
        Self { mapper }
    }

    fn joined_names(&self) -> String {
        self.mapper.names().collect::<Vec<_>>().join(",")
    }

    /// Returns the input's own values, without those that are replaced.
    fn kept(&self, input: Data) -> Result<Data> {
        let kept = record(input)?.into_iter().filter(|(name, _)| !self.mapper.names().any(|new| new == name));
        Ok(Record::from_iter(kept).mergeable().into())
    }
}

#[async_trait]
impl Runnable for RunnableAssign {
    type Input = Data;
    type Output = Data;

    async fn call(&self, input: Data, cx: &Context) -> Result<Data> {
        let mut output = record(input.clone())?;
        if let Data::Record(new) = step::call(&self.mapper, input, cx, Place::Plain).await? {
            output.extend(new);
        }
        Ok(output.mergeable().into())
    }

    fn transform<'a>(&'a self, input: ChunkStream<'a, Data>, cx: Context) -> ChunkStream<'a, Data> {
        let [own, mapped] = tee_array(input);
        let own = settled(own, is_whole_record).map(|chunk| self.kept(chunk?)).filter(|chunk| {
            let nothing = matches!(chunk, Ok(Data::Record(record)) if record.is_empty());
            std::future::ready(!nothing)
        });
        // The mapper does not check its input: an input that is not a record is reported by the other side, above.
        let new = step::transform(&self.mapper, mapped, &cx, Place::Plain);
        Box::pin(step::until_error(prefer(own.boxed(), new)))
    }

    fn name(&self) -> Cow<'_, str> {
        format!("RunnableAssign<{}>", self.joined_names()).into()
    }

    fn outline(&self) -> Outline {
        Outline::new(self.name(), RunKind::Chain, OutlineParts::Assign(self.mapper.outlines()))
            .saved_as("RunnableAssign")
    }
}

crate::impl_pipe!(RunnableAssign);

/// Merges both streams; items of `first` take precedence when both are ready.
fn prefer<'a, T: Send + 'a>(
    first: ChunkStream<'a, T>,
    second: ChunkStream<'a, T>,
) -> impl Stream<Item = Result<T>> + Send + 'a {
    stream::select_with_strategy(first, second, |(): &mut ()| stream::PollNext::Left)
}

pub(super) fn record(data: Data) -> Result<Record> {
    match data {
        Data::Record(record) => Ok(record),
        Data::Json(json) if json.data().as_record().is_some() => {
            let members = record(json.into_data())?.into_iter();
            members.map(|(name, value)| Ok((name, replacing(value)?))).collect()
        }
        other => Err(Error::new(
            ErrorKind::InvalidInput,
            format!("the input must be a record, got {}", other.kind()),
        )),
    }
}

/// A value that a parser emitted incrementally replaces its previous version, and so do its members.
fn replacing(member: Data) -> Result<Data> {
    match member {
        Data::Text(_) | Data::List(_) | Data::Record(_) => Json::from_data(member).map(Data::from),
        other => Ok(other),
    }
}
