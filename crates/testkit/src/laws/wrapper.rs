//! The wrapper law.

use std::fmt;
use std::task::Poll;

use catena_core::{Chunk, Result, Runnable, RunnableExt, gather};

use super::polls::next_at_once;
use super::{Held, LawViolation, Laws};
use crate::Gate;

impl Laws {
    /// Checks that a wrapper around a streaming runnable delivers the first chunk before the rest is available, and
    /// everything in the end. `wrap` receives a runnable that yields these chunks and holds back all but the first; it
    /// may also add steps before and after it.
    ///
    /// # Errors
    /// How the law is violated.
    ///
    /// # Example
    /// ```
    /// use catena_core::{RetryPolicy, RunnableExt, StrOutputParser, lambda};
    /// use catena_testkit::laws::Laws;
    /// # futures_executor::block_on(async {
    /// let (laws, chunks) = (Laws::new(), ["to".to_string(), "ken".to_string()]);
    /// laws.wrapper("in".to_string(), chunks.clone(), |held| held.with_retry(RetryPolicy::new())).await?;
    /// let gathers = lambda(|text: String| text.len());
    /// assert!(laws.wrapper("in".to_string(), chunks, |held| held | gathers).await.is_err());
    /// # Ok::<(), catena_testkit::laws::LawViolation>(()) }).unwrap();
    /// ```
    pub async fn wrapper<I, O, W>(
        &self,
        input: W::Input,
        chunks: impl IntoIterator<Item = O>,
        wrap: impl FnOnce(Held<I, O>) -> W,
    ) -> Result<(), LawViolation>
    where
        I: Chunk,
        O: Chunk,
        W: Runnable,
        W::Input: fmt::Debug,
        W::Output: PartialEq + fmt::Debug,
    {
        let gate = Gate::new();
        let wrapped = wrap(Held::new(chunks, gate.clone()));
        let shown = format!("{input:?}");
        let violation = |expected: &str, got| LawViolation::new("wrapper", shown.clone(), expected, got);
        let mut stream = wrapped.stream_with(input.clone(), &self.config);
        let mut whole = None;
        // One inner chunk may yield several outer ones.
        let end = loop {
            match next_at_once(stream.as_mut()) {
                Poll::Ready(Some(Ok(chunk))) => merge(&mut whole, chunk),
                other => break other,
            }
        };
        match end {
            Poll::Pending if whole.is_some() => {}
            Poll::Pending => {
                return Err(violation("the first chunk, while the rest is held back", "none".into()));
            }
            Poll::Ready(end) => {
                return Err(violation("a stream that waits for the rest", format!("{end:?}")));
            }
        }
        gate.open();
        let streamed = gather(stream).await.map(|rest| {
            rest.into_iter().for_each(|rest| merge(&mut whole, rest));
            whole
        });
        let called = wrapped.invoke_with(input, &self.config).await;
        self.agree("wrapper", shown, &called, streamed)
    }
}

fn merge<T: Chunk>(whole: &mut Option<T>, next: T) {
    match whole {
        Some(whole) => whole.merge(next),
        None => *whole = Some(next),
    }
}
