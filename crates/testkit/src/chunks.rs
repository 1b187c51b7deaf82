//! Collecting streams.

use catena_core::{Chunk, Error, Result};
use futures_util::{Stream, StreamExt};

/// Collects all chunks of a stream, and the error that it ended with, if any.
///
/// # Panics
/// If the stream continues after an error.
///
/// # Example
/// ```
/// use catena_core::{ErrorKind, Error, RunnableExt, fakes::FakeLlm};
/// use catena_testkit::{drain, fold};
/// # futures_executor::block_on(async {
/// let (chunks, error) = drain(FakeLlm::streaming(["to", "ken"]).stream("Hi")).await;
/// assert_eq!(chunks, ["to", "ken"]);
/// assert!(error.is_none());
/// assert_eq!(fold(chunks), "token");
///
/// let broken = futures_util::stream::iter([Ok(1), Err(Error::new(ErrorKind::Stream, "boom"))]);
/// let (chunks, error) = drain(broken).await;
/// assert_eq!((chunks, error.unwrap().kind()), (vec![1], ErrorKind::Stream));
/// # });
/// ```
pub async fn drain<T>(stream: impl Stream<Item = Result<T>>) -> (Vec<T>, Option<Error>) {
    let mut stream = std::pin::pin!(stream);
    let mut chunks = Vec::new();
    while let Some(chunk) = stream.next().await {
        match chunk {
            Ok(chunk) => chunks.push(chunk),
            Err(error) => {
                assert!(stream.next().await.is_none(), "the stream goes on after {error:?}");
                return (chunks, Some(error));
            }
        }
    }
    (chunks, None)
}

/// Merges chunks into one; see [`drain`].
///
/// # Panics
/// If there are no chunks and the type has no empty value.
///
/// # Example
/// ```
/// assert_eq!(catena_testkit::fold(["to".to_owned(), "ken".to_owned()]), "token");
/// ```
pub fn fold<T: Chunk>(chunks: impl IntoIterator<Item = T>) -> T {
    let whole = chunks.into_iter().reduce(|mut whole, chunk| {
        whole.merge(chunk);
        whole
    });
    #[expect(clippy::expect_used, reason = "it is what the test asks for, so the test is what fails")]
    whole.or_else(T::empty).expect("there is no chunk")
}
