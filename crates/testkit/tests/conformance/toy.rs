//! A provider with everything, and with whatever fault is planted into it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use catena_core::{
    AiMessage, Capabilities, Capability, ChunkStream, Content, Context, Error, ErrorKind, LanguageModel,
    Message, PromptValue, Result, async_trait, gather,
};
use catena_http::service::{Call, Credentials, Service, StreamDecoder};
use catena_testkit::conformance::Setup;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde_json::{Map, Value, json};

use crate::planted::Plant;
use crate::toy_codec::{Decoder, Words, decode, encode};

/// The model.
#[derive(Clone)]
pub(crate) struct Toy {
    service: Service,
    setup: Setup,
    plant: Plant,
    /// Only for the fault of sharing it.
    last: Arc<Mutex<Option<Vec<Message>>>>,
}

impl std::fmt::Debug for Toy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let key = if self.plant == Plant::KeyInDebug { &self.setup.api_key } else { "[redacted]" };
        f.debug_struct("Toy").field("service", &self.service).field("key", &key).finish_non_exhaustive()
    }
}

impl Toy {
    pub(crate) fn new(setup: &Setup, plant: Plant) -> Result<Self> {
        let service = service(setup, plant)?;
        Ok(Self { service, setup: setup.clone(), plant, last: Arc::default() })
    }

    /// The sound model of this service.
    pub(crate) fn at(base_url: &str) -> Result<Self> {
        let mut setup = Setup::at(base_url);
        setup.api_key = "a-key-of-the-toy".to_owned();
        Self::new(&setup, Plant::Nothing)
    }

    async fn call(&self, prompt: PromptValue, cx: &Context, stream: bool) -> Result<Call> {
        let mut messages = prompt.into_messages();
        if self.plant == Plant::KeyInEvents {
            cx.emit("asking", &json!({ "with": self.setup.api_key }));
        }
        if self.plant == Plant::OnlyLastMessage {
            messages.drain(..messages.len() - 1);
        }
        if let Plant::MixedAnswers | Plant::MixedBatches | Plant::MixedItems = self.plant {
            *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(messages.clone());
            yield_once().await;
            messages = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone().unwrap_or_default();
        }
        let body = encode(&messages, cx.arguments(), stream, self.plant)?;
        let path = if self.plant == Plant::KeyInPath {
            format!("chat/{}", self.setup.api_key)
        } else {
            "chat".into()
        };
        Ok(Call::post(path).with_json(body.to_string()))
    }

    async fn answer(&self, prompt: PromptValue, cx: &Context) -> Result<AiMessage> {
        let call = self.call(prompt, cx, false).await?;
        let service = match self.plant {
            Plant::NewClientEachCall => service(&self.setup, self.plant)?,
            _ => self.service.clone(),
        };
        let result = service.send(call.clone(), cx).await;
        let answer = match (self.plant, result) {
            (Plant::RetriesRefusals, Err(error)) if error.kind() == ErrorKind::BadRequest => {
                service.send(call, cx).await?
            }
            (Plant::KeyOverRedirects, Err(error)) if error.kind() == ErrorKind::HttpStatus => {
                self.follow(error, call, cx).await?
            }
            (_, result) => result?,
        };
        decode(&answer.body, &answer.origin, self.plant)
    }

    async fn follow(&self, error: Error, call: Call, cx: &Context) -> Result<catena_http::service::Answer> {
        let Some((_, told)) = error.message().split_once("redirects to `") else { return Err(error) };
        let url = told.split('`').next().unwrap_or_default();
        let base = url.trim_end_matches("/elsewhere");
        let mut moved = self.setup.clone();
        base.clone_into(&mut moved.base_url);
        service(&moved, self.plant)?.send(call, cx).await
    }

    /// Reads what arrives as it arrives.
    fn naive<'a>(&'a self, prompt: PromptValue, cx: Context) -> ChunkStream<'a, AiMessage> {
        let begun = async move {
            let download = self.service.download(self.call(prompt, &cx, true).await?, &cx).await?;
            let arrived = download.body.flat_map(|bytes| {
                let text =
                    bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
                let data = text.lines().filter_map(|line| line.strip_prefix("data: ")).map(str::to_owned);
                stream::iter(data.collect::<Vec<_>>())
            });
            let mut decoder = Decoder::new(Plant::Nothing);
            let chunks = arrived.filter_map(move |data| {
                let chunk = decoder.event(Some("piece"), &data, &download.origin).ok().flatten();
                futures_util::future::ready(chunk.map(Ok))
            });
            Ok(chunks.boxed())
        };
        stream::once(begun).try_flatten().boxed()
    }

    fn pieces<'a>(&'a self, prompt: PromptValue, cx: Context) -> ChunkStream<'a, AiMessage> {
        let plant = self.plant;
        let begun = async move {
            match self.call(prompt, &cx, true).await {
                Ok(call) => self.service.stream(Ok(call), cx, move || Decoder::new(plant)),
                Err(error) => stream::iter([Err(error)]).boxed(),
            }
        };
        stream::once(begun).flatten().boxed()
    }
}

#[async_trait]
impl LanguageModel for Toy {
    type Output = AiMessage;

    async fn generate(&self, prompt: PromptValue, cx: &Context) -> Result<AiMessage> {
        match self.plant {
            Plant::BlocksExecutor => pollster::block_on(self.answer(prompt, cx)),
            Plant::NeedsTokio => {
                let _handle = tokio::runtime::Handle::current();
                self.answer(prompt, cx).await
            }
            Plant::LeansOnRuntime => match tokio::runtime::Handle::try_current() {
                Ok(handle) => {
                    let (toy, cx) = (self.clone(), cx.clone());
                    let task = handle.spawn(async move { toy.answer(prompt, &cx).await });
                    task.await.map_err(Error::other)?
                }
                Err(_) => self.answer(prompt, cx).await,
            },
            Plant::OutlivesItsCaller | Plant::OutlivesItsRun => detached(self.clone(), prompt).await,
            _ => self.answer(prompt, cx).await.map_err(|error| self.worsened(error)),
        }
    }

    fn generate_stream<'a>(&'a self, prompt: PromptValue, cx: Context) -> ChunkStream<'a, AiMessage> {
        match self.plant {
            Plant::StreamsOn | Plant::StreamsPastItsRun => return streamed_on(self.clone(), prompt),
            Plant::NaiveLines | Plant::OneLineEnd => return self.naive(prompt, cx),
            Plant::EagerStream => drop(pollster::block_on(self.answer(prompt.clone(), &cx))),
            _ => {}
        }
        let pieces =
            self.pieces(prompt.clone(), cx.clone()).map(|item| item.map_err(|error| self.worsened(error)));
        match self.plant {
            Plant::BuffersStream => {
                stream::once(gather(pieces.boxed())).filter_map(async |whole| whole.transpose()).boxed()
            }
            Plant::DropsLastPiece => without_last(pieces.boxed()),
            Plant::SwallowsCuts => pieces.filter(|item| futures_util::future::ready(!is_cut(item))).boxed(),
            Plant::Replays => pieces
                .flat_map(move |item| match is_cut(&item) {
                    true => self.pieces(prompt.clone(), cx.clone()),
                    false => stream::iter([item]).boxed(),
                })
                .boxed(),
            _ => pieces.boxed(),
        }
    }

    fn provider(&self) -> Option<&str> {
        (self.plant != Plant::Nameless).then_some("toy")
    }

    fn model_id(&self) -> Option<&str> {
        Some("toy-1")
    }

    fn capabilities(&self) -> Capabilities {
        let all = Capabilities::none()
            .with(Capability::Stop)
            .with(Capability::Usage)
            .with(Capability::StreamedUsage)
            .with(Capability::SystemMessages)
            .with(Capability::Tools)
            .with(Capability::ParallelToolCalls)
            .with(Capability::ToolChoice)
            .with(Capability::SingleToolCall)
            .with(Capability::StructuredOutput)
            .with(Capability::AudioInput)
            .with(Capability::FileInput);
        if self.plant == Plant::DropsWhatItCannot { all } else { all.with(Capability::ImageInput) }
    }

    fn parameters(&self) -> Option<Map<String, Value>> {
        let mut parameters = Map::from_iter([("model".to_owned(), json!("toy-1"))]);
        if self.plant != Plant::SameEverywhere {
            parameters.insert("base_url".to_owned(), json!(self.setup.base_url));
        }
        if self.plant == Plant::KeyInParameters {
            parameters.insert("key".to_owned(), json!(self.setup.api_key));
        }
        Some(parameters)
    }
}

impl Toy {
    fn worsened(&self, error: Error) -> Error {
        match self.plant {
            Plant::KeyInErrors => Error::new(error.kind(), format!("{error} (key {})", self.setup.api_key)),
            Plant::LosesHints if error.retry_after().is_some() => Error::new(error.kind(), error.to_string()),
            Plant::LosesEvidence => Error::new(error.kind(), error.to_string()),
            Plant::HidesBreaks if error.kind() == ErrorKind::Connection => Error::other(error),
            _ => error,
        }
    }
}

fn service(setup: &Setup, plant: Plant) -> Result<Service> {
    let mut builder = Service::builder(&*setup.base_url, Words(plant))
        .with_credentials(Credentials::header("x-toy-key", setup.api_key.as_str())?)
        .with_timer(Arc::clone(&setup.timer))
        .with_max_retries(if plant == Plant::NeverTriesAgain { 0 } else { setup.max_retries });
    if plant == Plant::KeyInTwoHeaders {
        builder = builder.with_header("x-copy", setup.api_key.clone());
    }
    if plant != Plant::WaitsForEver {
        builder =
            builder.with_first_byte_timeout(setup.first_byte_timeout).with_idle_timeout(setup.idle_timeout);
    }
    builder.build()
}

fn is_cut<T>(item: &Result<T>) -> bool {
    let cuts = [ErrorKind::Incomplete, ErrorKind::Connection];
    item.as_ref().is_err_and(|error| cuts.contains(&error.kind()))
}

fn without_last(chunks: ChunkStream<'_, AiMessage>) -> ChunkStream<'_, AiMessage> {
    let mut texts = 0;
    let kept = chunks.map(move |item| {
        item.map(|mut chunk| {
            texts += usize::from(!chunk.text().is_empty());
            if texts > 2 {
                chunk.content = Content::default();
            }
            chunk
        })
    });
    kept.boxed()
}

/// Goes on when nobody waits any more.
async fn detached(toy: Toy, prompt: PromptValue) -> Result<AiMessage> {
    let (done, answer) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let patience = Duration::from_secs(30);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let call = async { tokio::time::timeout(patience, toy.answer(prompt, &Context::default())).await };
        if let Ok(result) = runtime.block_on(call) {
            let _ = done.send(result);
        }
    });
    answer.await.map_err(Error::other)?
}

fn streamed_on(toy: Toy, prompt: PromptValue) -> ChunkStream<'static, AiMessage> {
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let read = toy.pieces(prompt, Context::default()).for_each(|item| {
            // Whether anybody listens or not.
            let _ = sender.send(item);
            futures_util::future::ready(())
        });
        runtime.block_on(async { tokio::time::timeout(Duration::from_secs(30), read).await.ok() });
    });
    stream::poll_fn(move |cx| receiver.poll_recv(cx)).boxed()
}

pub(crate) async fn yield_once() {
    let mut yielded = false;
    std::future::poll_fn(move |cx| {
        if std::mem::replace(&mut yielded, true) {
            return std::task::Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}
