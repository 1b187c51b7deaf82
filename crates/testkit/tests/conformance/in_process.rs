//! Models within the process: fakes that are sound, and some that are not.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use catena_core::fakes::{FakeChatModel, FakeLlm};
use catena_core::{
    AiMessage, Capabilities, Capability, ChunkStream, Content, Context, Error, ErrorKind, LanguageModel,
    Message, PromptValue, Result, Usage, async_trait,
};
use catena_testkit::conformance::{Fault, InProcess, Model, examine_in_process, in_process_behaviours};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde_json::{Map, Value, json};

use crate::toy::yield_once;

mod fake_chat {
    catena_testkit::in_process_conformance!(super::Fakes);
}

mod sound {
    catena_testkit::in_process_conformance!(super::Subject(super::Plant::Nothing));
}

mod fake_text {
    catena_testkit::in_process_conformance!(super::FakeTexts);
}

struct Fakes;

const NOBODYS: [(&str, &str); 2] = [
    ("identity", "a fake is nobody's model"),
    ("unsupported", "a fake takes whatever it is given, and says the same"),
];

impl InProcess for Fakes {
    type Output = AiMessage;

    fn model(&self) -> Result<Model<AiMessage>> {
        Ok(Arc::new(FakeChatModel::new(["an answer of several words"])))
    }

    fn skips(&self) -> &[(&str, &str)] {
        &NOBODYS
    }
}

struct FakeTexts;

impl InProcess for FakeTexts {
    type Output = String;

    fn model(&self) -> Result<Model<String>> {
        Ok(Arc::new(FakeLlm::new(["an answer of several words"])))
    }

    fn skips(&self) -> &[(&str, &str)] {
        &NOBODYS
    }
}

/// What is wrong with a model that says its prompt backwards, word by word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plant {
    Nothing,
    /// No two answers are the same.
    Moody,
    /// A stream has the whole answer as its only piece.
    OnePiece,
    IgnoresStop,
    LosesStreamedUsage,
    LosesStreamedModel,
    /// What a dropped stream had not said yet is said next.
    KeepsTheRest,
    /// The prompt of one call is kept where another finds it.
    MixedAnswers,
    NeedsTokio,
    /// The call waits for a task of the runtime that it blocks.
    LeansOnRuntime,
    HoldsThread,
    IgnoresImages,
    Nameless,
}

/// Which behaviours find it.
const FOUND: [(Plant, &[&str]); 12] = [
    (Plant::Moody, &["steady"]),
    (Plant::OnePiece, &["streaming"]),
    (Plant::IgnoresStop, &["stop"]),
    (Plant::LosesStreamedUsage, &["usage"]),
    (Plant::LosesStreamedModel, &["streaming_law"]),
    (Plant::KeepsTheRest, &["run_deadline", "run_cancelled", "dropped"]),
    (Plant::MixedAnswers, &["concurrency", "batch", "laws"]),
    (Plant::NeedsTokio, &["executors"]),
    (Plant::LeansOnRuntime, &["blocking"]),
    (Plant::HoldsThread, &["yielding"]),
    (Plant::IgnoresImages, &["unsupported"]),
    (Plant::Nameless, &["identity"]),
];

#[test]
fn every_fault_is_found() {
    for (plant, behaviours) in FOUND {
        for behaviour in behaviours {
            match examine_in_process(Subject(plant), behaviour) {
                Err(Fault::Broken(_)) => {}
                other => panic!("`{behaviour}` does not find {plant:?}: {other:?}"),
            }
        }
    }
}

#[test]
fn every_behaviour_finds_something() {
    let finding: Vec<&str> = FOUND.iter().flat_map(|(_, behaviours)| behaviours.iter().copied()).collect();
    let idle: Vec<&str> = in_process_behaviours().filter(|name| !finding.contains(name)).collect();
    assert!(idle.is_empty(), "no fault is planted for {idle:?}");
}

struct Subject(Plant);

impl InProcess for Subject {
    type Output = AiMessage;

    fn model(&self) -> Result<Model<AiMessage>> {
        Ok(Arc::new(Backwards { plant: self.0, shared: Arc::default() }))
    }
}

#[derive(Clone)]
struct Backwards {
    plant: Plant,
    shared: Arc<Mutex<Shared>>,
}

/// Only for the faults of sharing it.
#[derive(Default)]
struct Shared {
    calls: usize,
    prompt: Option<PromptValue>,
    rest: Vec<String>,
}

impl Backwards {
    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn words(&self, mut prompt: PromptValue, cx: &Context) -> Result<Vec<String>> {
        if self.plant == Plant::MixedAnswers {
            self.lock().prompt = Some(prompt.clone());
            yield_once().await;
            prompt = self.lock().prompt.clone().unwrap_or(prompt);
        }
        let arguments = cx.arguments().cloned().unwrap_or_default();
        let text = self.read(prompt, &arguments)?;
        let mut said: String = text.split_whitespace().rev().flat_map(|word| [word, " "]).collect();
        let stop = arguments.get("stop").and_then(Value::as_array).into_iter().flatten();
        for sequence in stop.filter_map(Value::as_str).filter(|_| self.plant != Plant::IgnoresStop) {
            said.truncate(said.find(sequence).unwrap_or(said.len()));
        }
        let mut shared = self.lock();
        shared.calls += 1;
        if self.plant == Plant::Moody {
            said.push_str(&shared.calls.to_string());
        }
        let words = said.split_inclusive(' ').map(str::to_owned);
        Ok(std::mem::take(&mut shared.rest).into_iter().chain(words).collect())
    }

    fn read(&self, prompt: PromptValue, arguments: &Map<String, Value>) -> Result<String> {
        let refused = |what| Err(Error::new(ErrorKind::Unsupported, what));
        if arguments.keys().any(|name| name != "stop") {
            return refused("it can be told where to stop, and nothing else");
        }
        match &prompt.clone().into_messages()[..] {
            [Message::Human(message)] => match &message.content {
                Content::Blocks(blocks)
                    if self.plant != Plant::IgnoresImages
                        && blocks.iter().any(|block| block.as_text().is_none()) =>
                {
                    refused("it reads words")
                }
                content => Ok(content.text().into_owned()),
            },
            _ => refused("it reads one message"),
        }
    }

    fn message(&self, text: &str) -> AiMessage {
        let mut message = AiMessage::new(text);
        message.metadata.model = Some("backwards-1".to_owned());
        message
    }

    async fn answer(&self, prompt: PromptValue, cx: &Context) -> Result<AiMessage> {
        let words = self.words(prompt, cx).await?;
        let mut message = self.message(&words.concat());
        message.usage = Some(Usage::new(3, words.len() as u64));
        Ok(message)
    }
}

#[async_trait]
impl LanguageModel for Backwards {
    type Output = AiMessage;

    async fn generate(&self, prompt: PromptValue, cx: &Context) -> Result<AiMessage> {
        match self.plant {
            Plant::NeedsTokio => drop(tokio::runtime::Handle::current()),
            Plant::HoldsThread => std::thread::sleep(Duration::from_millis(150)),
            _ => {}
        }
        match tokio::runtime::Handle::try_current() {
            Ok(handle) if self.plant == Plant::LeansOnRuntime => {
                let (model, cx) = (self.clone(), cx.clone());
                let task = handle.spawn(async move { model.answer(prompt, &cx).await });
                task.await.map_err(Error::other)?
            }
            _ => self.answer(prompt, cx).await,
        }
    }

    fn generate_stream<'a>(&'a self, prompt: PromptValue, cx: Context) -> ChunkStream<'a, AiMessage> {
        let words = async move {
            let mut words = self.words(prompt, &cx).await?;
            let count = words.len() as u64;
            if self.plant == Plant::OnePiece {
                words = vec![words.concat()];
            }
            let mut chunks: Vec<AiMessage> = words.iter().map(|word| AiMessage::new(&**word)).collect();
            let mut last = self.message("");
            last.usage = Some(Usage::new(3, count)).filter(|_| self.plant != Plant::LosesStreamedUsage);
            if self.plant == Plant::LosesStreamedModel {
                last.metadata.model = None;
            }
            chunks.push(last);
            let unsaid = Unsaid { model: self, words: words.into_iter() };
            Ok(stream::iter(chunks).scan(unsaid, |unsaid, chunk| {
                unsaid.words.next();
                futures_util::future::ready(Some(Ok(chunk)))
            }))
        };
        stream::once(words).try_flatten().boxed()
    }

    fn provider(&self) -> Option<&str> {
        (self.plant != Plant::Nameless).then_some("backwards")
    }

    fn model_id(&self) -> Option<&str> {
        Some("backwards-1")
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::from([Capability::Stop, Capability::Usage, Capability::StreamedUsage])
    }

    fn parameters(&self) -> Option<Map<String, Value>> {
        Some(Map::from_iter([("model".to_owned(), json!("backwards-1"))]))
    }
}

/// What a stream has not said yet.
struct Unsaid<'a> {
    model: &'a Backwards,
    words: std::vec::IntoIter<String>,
}

impl Drop for Unsaid<'_> {
    fn drop(&mut self) {
        if self.model.plant == Plant::KeepsTheRest {
            self.model.lock().rest.extend(self.words.by_ref());
        }
    }
}
