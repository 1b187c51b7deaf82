//! Fake models: prepared answers in turn, and a record of every call.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use catena::pipeline::{PipelineLoader, Spec};
use catena::{
    AiMessage, ChunkStream, Context, Data, LanguageModel, PromptValue, Record, Result, RunnableExt,
    StreamExt, async_trait, gather,
};
use futures_util::stream;

use super::fake_answer::Answer;
use super::probes::Probes;

/// A fake of the library's own: the node, the name, and how a text streams.
type OfTexts = (&'static str, &'static str, fn(&str) -> Vec<String>);

const OF_TEXTS: [OfTexts; 4] = [
    ("fake_list_chat", "FakeListChatModel", characters),
    ("generic_fake_chat", "GenericFakeChatModel", words),
    ("fake_list_llm", "FakeListLLM", |text| vec![text.to_owned()]),
    ("fake_streaming_llm", "FakeStreamingListLLM", characters),
];

pub(super) fn register(loader: PipelineLoader, probes: &Arc<Probes>) -> PipelineLoader {
    let (chat, llm) = (Arc::clone(probes), Arc::clone(probes));
    let loader = loader
        .with_node("fake_chat", move |spec| {
            let answers = match spec.data() {
                Data::Record(_) => {
                    spec.only(&["responses", "mark_last"])?;
                    read_answers(&spec.required("responses")?)?
                }
                _ => read_answers(spec)?,
            };
            Ok(Chat(Answers::new("FakeChat", answers, Some(&chat))).dynamic())
        })
        .with_node("fake_llm", move |spec| {
            Ok(Llm(Answers::new("FakeLLM", read_answers(spec)?, Some(&llm))).dynamic())
        });
    OF_TEXTS.into_iter().fold(loader, |loader, (node, name, split)| {
        loader.with_node(node, move |spec| {
            let answers = spec.texts()?.into_iter().map(|text| Answer::texts(split(text))).collect();
            let answers = Answers::new(name, answers, None);
            Ok(if node.ends_with("chat") { Chat(answers).dynamic() } else { Llm(answers).dynamic() })
        })
    })
}

fn read_answers(spec: &Spec<'_>) -> Result<Vec<Answer>> {
    spec.items()?.iter().map(Answer::read).collect()
}

fn characters(text: &str) -> Vec<String> {
    text.chars().map(String::from).collect()
}

/// Words and single spaces apart; between two spaces stands an empty word.
fn words(text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for character in text.chars() {
        if character.is_whitespace() {
            pieces.extend([character.to_string(), String::new()]);
        } else if let Some(word) = pieces.last_mut() {
            word.push(character);
        }
    }
    pieces
}

struct Answers {
    name: &'static str,
    answers: Vec<Answer>,
    turn: AtomicUsize,
    probes: Option<Arc<Probes>>,
}

impl Answers {
    fn new(name: &'static str, answers: Vec<Answer>, probes: Option<&Arc<Probes>>) -> Self {
        Self { name, answers, turn: AtomicUsize::new(0), probes: probes.map(Arc::clone) }
    }

    /// Takes note of the call and gives the answer whose turn it is.
    fn next(&self, asked: (&str, Data), cx: &Context) -> Answer {
        if let Some(probes) = &self.probes {
            let mut call = Record::from_iter([asked]);
            if let Some(kwargs) = cx.arguments() {
                call.insert("kwargs", kwargs.clone());
            }
            probes.llm_call(call.into());
        }
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        self.answers.get(turn % self.answers.len().max(1)).cloned().unwrap_or_default()
    }
}

fn stream_of(answer: Answer) -> ChunkStream<'static, AiMessage> {
    let Answer { mut chunks, error } = answer;
    if let Some((after, _)) = &error {
        chunks.truncate(*after);
    }
    stream::iter(chunks.into_iter().map(Ok).chain(error.map(|(_, error)| Err(error)))).boxed()
}

async fn whole(answer: Answer) -> Result<AiMessage> {
    match answer.error {
        Some((_, error)) => Err(error),
        // A plain call gives no pieces.
        None => Ok(gather(stream_of(answer)).await?.unwrap_or_default().into_whole()),
    }
}

fn messages(prompt: PromptValue) -> (&'static str, Data) {
    ("messages", Data::List(prompt.into_messages().into_iter().map(Data::from).collect()))
}

struct Chat(Answers);

#[async_trait]
impl LanguageModel for Chat {
    type Output = AiMessage;

    fn generate_stream<'a>(&'a self, prompt: PromptValue, cx: Context) -> ChunkStream<'a, AiMessage> {
        stream_of(self.0.next(messages(prompt), &cx))
    }

    async fn generate(&self, prompt: PromptValue, cx: &Context) -> Result<AiMessage> {
        whole(self.0.next(messages(prompt), cx)).await
    }

    fn display_name(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.0.name)
    }
}

struct Llm(Answers);

#[async_trait]
impl LanguageModel for Llm {
    type Output = String;

    fn generate_stream<'a>(&'a self, prompt: PromptValue, cx: Context) -> ChunkStream<'a, String> {
        let answer = self.0.next(("prompt", prompt.into_text().into()), &cx);
        stream_of(answer).map(|chunk| chunk.map(String::from)).boxed()
    }

    async fn generate(&self, prompt: PromptValue, cx: &Context) -> Result<String> {
        whole(self.0.next(("prompt", prompt.into_text().into()), cx)).await.map(String::from)
    }

    fn display_name(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.0.name)
    }
}
