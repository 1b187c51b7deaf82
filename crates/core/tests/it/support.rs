//! Steps that tests observe.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use catena_core::{
    AiMessage, ChunkStream, Context, LanguageModel, PromptValue, Result, async_trait, impl_pipe,
};
use futures_util::{StreamExt, future, stream};

/// Counts who is inside, who was at most, who came and who left.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gauge(Arc<[AtomicUsize; 4]>);

/// One who is inside until dropped.
pub(crate) struct Inside(Gauge);

impl Gauge {
    pub(crate) fn enter(&self) -> Inside {
        self.0[2].fetch_add(1, Ordering::SeqCst);
        let now = self.0[0].fetch_add(1, Ordering::SeqCst) + 1;
        self.0[1].fetch_max(now, Ordering::SeqCst);
        Inside(self.clone())
    }

    pub(crate) fn inside(&self) -> usize {
        self.0[0].load(Ordering::SeqCst)
    }

    pub(crate) fn peak(&self) -> usize {
        self.0[1].load(Ordering::SeqCst)
    }

    pub(crate) fn entered(&self) -> usize {
        self.0[2].load(Ordering::SeqCst)
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.0.0[0].fetch_sub(1, Ordering::SeqCst);
    }
}

/// Lets everything else have a turn, a few times.
pub(crate) async fn yield_now() {
    for _ in 0..4 {
        let mut yielded = false;
        future::poll_fn(|cx| {
            if std::mem::replace(&mut yielded, true) {
                return std::task::Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            std::task::Poll::Pending
        })
        .await;
    }
}

/// A chat model that is inside the gauge while it answers, and takes a few turns to do so.
#[derive(Debug, Clone, Default)]
pub(crate) struct GaugedModel(pub(crate) Gauge);

#[async_trait]
impl LanguageModel for GaugedModel {
    type Output = AiMessage;

    fn generate_stream<'a>(&'a self, prompt: PromptValue, _cx: Context) -> ChunkStream<'a, AiMessage> {
        let answer = async move {
            let inside = self.0.enter();
            yield_now().await;
            let text = prompt.into_text();
            let chunks: Vec<Result<AiMessage>> =
                text.chars().map(|c| Ok(AiMessage::new(c.to_string()))).collect();
            stream::iter(chunks).map(move |chunk| {
                let _ = &inside;
                chunk
            })
        };
        stream::once(answer).flatten().boxed()
    }
}

impl_pipe!(GaugedModel);
