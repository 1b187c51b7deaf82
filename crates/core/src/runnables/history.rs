//! Conversation history across calls.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::StreamExt;

use super::assign::record;
use crate::chunk::merge_option;
use crate::run::owning_stream;
use crate::run::step::{self, Place};
use crate::{
    ChatMessageHistory, Chunk, ChunkStream, ConfigurableField, Context, Data, Error, ErrorKind, FromData,
    Message, Outline, Record, Result, Runnable, gather,
};

type Sessions = Arc<dyn Fn(&str) -> Arc<dyn ChatMessageHistory> + Send + Sync>;

/// A runnable with message history: prepends a session's history to the input, and stores the input and output of each
/// successful call.
///
/// The caller sets the configurable value `session_id`. The input is a text, a message or a list of messages, and the
/// history is prepended to it; or, with [`with_keys`](WithMessageHistory::with_keys), it is a record in which input and
/// history have separate keys. The output is a text, a message, a list of messages, or a record with one of these. The
/// input is gathered; the output streams, and is stored once it is complete.
///
/// # Errors
/// * [`Config`](crate::ErrorKind::Config) if the caller sets no session id.
/// * [`InvalidInput`](crate::ErrorKind::InvalidInput) for an input or output of another shape, and
///   [`MissingKey`](crate::ErrorKind::MissingKey) if a configured key is missing from it.
/// * Errors of the store and of the runnable.
///
/// # Cancellation
/// A dropped call is not stored.
///
/// # Example
/// ```
/// use catena_core::{fakes::FakeChatModel, InMemorySessions, RunConfig, RunnableExt, WithMessageHistory};
/// # futures_executor::block_on(async {
/// let model = FakeChatModel::new(["Hello Ada", "You are Ada"]);
/// let sessions = InMemorySessions::new();
/// let chat = WithMessageHistory::new(model.clone().dynamic(), move |id| sessions.session(id));
/// let config = RunConfig::new().with_configurable("session_id", "ada");
/// chat.invoke_with("I am Ada", &config).await?;
/// chat.invoke_with("Who am I?", &config).await?;
/// assert_eq!(model.prompts()[1].to_string(), "Human: I am Ada\nAI: Hello Ada\nHuman: Who am I?");
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[doc(alias = "RunnableWithMessageHistory")]
#[derive(Clone)]
pub struct WithMessageHistory<R> {
    inner: R,
    sessions: Sessions,
    input_key: Option<String>,
    history_key: Option<String>,
    output_key: Option<String>,
}

impl<R> WithMessageHistory<R>
where
    R: Runnable<Input = Data>,
    R::Output: Into<Data>,
{
    /// Stores the conversations of `inner` in the history that `sessions` returns for each session id.
    pub fn new<H>(inner: R, sessions: impl Fn(&str) -> H + Send + Sync + 'static) -> Self
    where
        H: ChatMessageHistory + 'static,
    {
        let sessions: Sessions = Arc::new(move |id| Arc::new(sessions(id)));
        Self { inner, sessions, input_key: None, history_key: None, output_key: None }
    }

    /// Expects records as input: the new messages are read from the key `input`, and the history is inserted under the
    /// key `history`.
    #[must_use]
    pub fn with_keys(self, input: impl Into<String>, history: impl Into<String>) -> Self {
        self.with_input_key(input).with_history_key(history)
    }

    /// Sets the input key that holds the new messages.
    #[must_use]
    #[doc(alias = "input_messages_key")]
    pub fn with_input_key(mut self, key: impl Into<String>) -> Self {
        self.input_key = Some(key.into());
        self
    }

    /// Sets the input key under which the history is inserted.
    #[must_use]
    #[doc(alias = "history_messages_key")]
    pub fn with_history_key(mut self, key: impl Into<String>) -> Self {
        self.history_key = Some(key.into());
        self
    }

    /// Sets the output key that holds the answer.
    #[must_use]
    #[doc(alias = "output_messages_key")]
    pub fn with_output_key(mut self, key: impl Into<String>) -> Self {
        self.output_key = Some(key.into());
        self
    }

    fn session(&self, cx: &Context) -> Result<Arc<dyn ChatMessageHistory>> {
        match cx.configurable("session_id").and_then(|id| id.as_str()) {
            Some(id) => Ok((self.sessions)(id)),
            None => Err(Error::new(
                ErrorKind::Config,
                "missing session id: set the configurable value `session_id` to a string \
                 (`RunConfig::with_configurable`)",
            )),
        }
    }

    /// Returns the input with the history inserted, and the new messages.
    async fn prepare(&self, input: Data, history: &dyn ChatMessageHistory) -> Result<(Data, Vec<Message>)> {
        let said = self.said(&input)?;
        let earlier = history.messages().await?.into_iter().map(Data::from);
        let input = match (&self.history_key, &self.input_key) {
            (Some(key), _) => with_value(input, key, Data::List(earlier.collect()))?,
            (None, key) => {
                let all = Data::List(earlier.chain(said.iter().cloned().map(Data::from)).collect());
                match key {
                    Some(key) => with_value(input, key, all)?,
                    None => all,
                }
            }
        };
        Ok((input, said))
    }

    fn said(&self, input: &Data) -> Result<Vec<Message>> {
        let said = match (&self.input_key, input) {
            (Some(key), Data::Record(record)) => {
                record.get(key).cloned().ok_or_else(|| absent("input", key))?
            }
            (None, Data::Record(record)) if record.len() == 1 => only(record),
            (_, other) => other.clone(),
        };
        messages(said, Message::human)
    }

    fn answered(&self, output: Data) -> Result<Vec<Message>> {
        let answered = match (&self.output_key, output) {
            (Some(key), Data::Record(record)) => {
                record.get(key).cloned().ok_or_else(|| absent("output", key))?
            }
            (None, Data::Record(record)) if record.len() == 1 => only(&record),
            (_, other) => other,
        };
        messages(answered, Message::ai)
    }

    async fn remember(
        &self,
        history: &dyn ChatMessageHistory,
        said: Vec<Message>,
        output: Data,
    ) -> Result<()> {
        let answered = self.answered(output)?;
        history.add_messages(said.into_iter().chain(answered).collect()).await
    }

    async fn prepare_stream(
        &self,
        input: ChunkStream<'_, Data>,
        cx: &Context,
    ) -> Result<Option<(Data, Vec<Message>, Arc<dyn ChatMessageHistory>)>> {
        let Some(input) = gather(input).await? else { return Ok(None) };
        let history = self.session(cx)?;
        let (input, said) = self.prepare(input, history.as_ref()).await?;
        Ok(Some((input, said, history)))
    }
}

impl<R: Runnable> fmt::Debug for WithMessageHistory<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WithMessageHistory({})", self.inner.name())
    }
}

#[async_trait]
impl<R> Runnable for WithMessageHistory<R>
where
    R: Runnable<Input = Data>,
    R::Output: Into<Data>,
{
    type Input = Data;
    type Output = R::Output;

    async fn call(&self, input: Data, cx: &Context) -> Result<R::Output> {
        let history = self.session(cx)?;
        let (input, said) = self.prepare(input, history.as_ref()).await?;
        let output = step::call(&self.inner, input, cx, Place::Plain).await?;
        self.remember(history.as_ref(), said, output.clone().into()).await?;
        Ok(output)
    }

    fn transform<'a>(&'a self, input: ChunkStream<'a, Data>, cx: Context) -> ChunkStream<'a, R::Output> {
        owning_stream(move |slot| async move {
            let (input, said, history) = match self.prepare_stream(input, &cx).await {
                Ok(Some(prepared)) => prepared,
                Ok(None) => return,
                Err(error) => return slot.put(Err(error)).await,
            };
            let mut chunks = step::transform(&self.inner, step::whole(input), &cx, Place::Plain);
            let mut output: Option<R::Output> = None;
            while let Some(chunk) = chunks.next().await {
                match &chunk {
                    Ok(chunk) => merge_option(&mut output, chunk.clone()),
                    Err(_) => return slot.put(chunk).await,
                }
                slot.put(chunk).await;
            }
            let output = output.or_else(R::Output::empty).map_or(Data::Null, Into::into);
            if let Err(error) = self.remember(history.as_ref(), said, output).await {
                slot.put(Err(error)).await;
            }
        })
    }

    fn name(&self) -> std::borrow::Cow<'_, str> {
        "RunnableWithMessageHistory".into()
    }

    fn outline(&self) -> Outline {
        let session = ConfigurableField::new("session_id").with_name("Session ID").with_default("").shared();
        let mut outline = Outline::wrapper(self.inner.outline());
        outline.fields.push(session.with_description("Unique identifier for a session."));
        outline
    }
}

impl<R, Next> std::ops::BitOr<Next> for WithMessageHistory<R>
where
    Self: Runnable,
    <Self as Runnable>::Output: Into<Next::Input>,
    Next: Runnable,
{
    type Output = crate::Pipe<Self, Next>;

    fn bitor(self, next: Next) -> Self::Output {
        crate::Pipe::new(self, next)
    }
}

fn with_value(input: Data, key: &str, value: Data) -> Result<Data> {
    let mut record = record(input)?;
    record.insert(key, value);
    Ok(record.into())
}

fn only(record: &Record) -> Data {
    record.iter().next().map(|(_, value)| value.clone()).unwrap_or_default()
}

/// Converts a text to a message with `speaker`; messages are kept as they are.
fn messages(data: Data, speaker: fn(String) -> Message) -> Result<Vec<Message>> {
    match data {
        Data::Text(text) => Ok(vec![speaker(text)]),
        Data::List(items) => items.into_iter().map(Message::from_data).collect(),
        other => Message::from_data(other).map(|message| vec![message]),
    }
}

fn absent(side: &str, key: &str) -> Error {
    Error::new(ErrorKind::MissingKey, format!("missing `{key}` in the {side}, which holds the messages"))
}
