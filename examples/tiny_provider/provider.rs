//! A complete provider: a chat model of a service called Parley.
//!
//! A Parley request is a `POST talk` with `{"model", "turns": [{"who", "says"}], "stream"}`. The response is
//! `{"says", "over"}`, or streamed: events of `{"says"}`, and a final one of `{"over"}`. Errors are `{"problem"}`.

use catena_core::{
    AiMessage, Capabilities, Capability, ChunkStream, Content, Context, Error, ErrorKind, LanguageModel,
    Message, PromptValue, Result, ServiceError, async_trait, impl_pipe,
};
use catena_http::service::{
    ApiKey, Call, Credentials, Dialect, FailedAnswer, Origin, Service, ServiceBuilder, StreamDecoder, words,
};
use serde_json::{Map, Value, json};

/// The model. `Debug` does not show the key, because the service keeps it.
#[derive(Debug, Clone)]
pub struct ChatParley {
    service: Service,
    model: String,
}

impl ChatParley {
    /// Creates a model of this [`service`](Self::service).
    pub fn new(model: &str, service: ServiceBuilder) -> Result<Self> {
        Ok(Self { service: service.build()?, model: model.to_owned() })
    }

    /// Sets the service's location and the key. Retries, timeouts and so on can be set on the result.
    pub fn service(base_url: &str, key: impl Into<ApiKey>) -> ServiceBuilder {
        Service::builder(base_url, Parley).with_credentials(Credentials::bearer(key))
    }

    /// Encodes the request. What Parley does not support is rejected, not dropped.
    fn request(&self, prompt: PromptValue, cx: &Context, stream: bool) -> Result<Call> {
        if let Some((name, _)) = cx.arguments().and_then(|arguments| arguments.iter().next()) {
            return Err(Error::new(ErrorKind::Unsupported, format!("Parley takes no `{name}`")));
        }
        let turns: Vec<Value> = prompt.into_messages().iter().map(turn).collect::<Result<_>>()?;
        let body = json!({ "model": self.model, "turns": turns, "stream": stream });
        Ok(Call::post("talk").with_json(body.to_string()))
    }
}

#[async_trait]
impl LanguageModel for ChatParley {
    type Output = AiMessage;

    async fn generate(&self, prompt: PromptValue, cx: &Context) -> Result<AiMessage> {
        let answer = self.service.send(self.request(prompt, cx, false)?, cx).await?;
        decode(&answer.body, &answer.origin)
    }

    fn generate_stream<'a>(&'a self, prompt: PromptValue, cx: Context) -> ChunkStream<'a, AiMessage> {
        self.service.stream(self.request(prompt, &cx, true), cx, Pieces::default)
    }

    fn provider(&self) -> Option<&str> {
        Some("parley")
    }

    fn model_id(&self) -> Option<&str> {
        Some(&self.model)
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::from([Capability::SystemMessages])
    }

    /// The model and its location: servers do not share cached answers.
    fn parameters(&self) -> Option<Map<String, Value>> {
        let own = json!({ "base_url": self.service.address().base_url(), "model": self.model });
        self.service.with_endpoint_digest(own.as_object().cloned()?)
    }
}

impl_pipe!(ChatParley);

/// Parley's error format.
#[derive(Debug)]
struct Parley;

impl Dialect for Parley {
    fn decode_error(&self, answer: &FailedAnswer<'_>) -> Error {
        let body: Value = serde_json::from_str(answer.body()).unwrap_or_default();
        let problem = body["problem"].as_str().map_or_else(|| words(answer.body(), 200), str::to_owned);
        let text = format!("Parley refused (HTTP {}): {problem}", answer.status());
        answer.error(answer.kind(), text, ServiceError { message: Some(problem), ..ServiceError::default() })
    }
}

/// Encodes a message.
fn turn(message: &Message) -> Result<Value> {
    let (who, content) = match message {
        Message::System(message) => ("rules", &message.content),
        Message::Human(message) => ("guest", &message.content),
        Message::Ai(message) => ("host", &message.content),
        _ => return Err(Error::new(ErrorKind::Unsupported, "Parley knows rules, guests and hosts only")),
    };
    match content {
        Content::Blocks(blocks) if blocks.iter().any(|block| block.as_text().is_none()) => {
            Err(Error::new(ErrorKind::Unsupported, "Parley reads text only"))
        }
        content => Ok(json!({ "who": who, "says": content.text() })),
    }
}

/// Decodes a complete answer, or one event of a stream: both have the same members.
fn decode(body: &[u8], origin: &Origin) -> Result<AiMessage> {
    let sent = String::from_utf8_lossy(body);
    let bad = |kind, text: &str| Error::new(kind, text.to_owned()).with_service(origin.service_error(&sent));
    let body: Value = serde_json::from_slice(body)
        .map_err(|error| bad(ErrorKind::Decode, "Parley's answer is not JSON").with_source(error))?;
    if let Some(problem) = body["problem"].as_str() {
        return Err(bad(ErrorKind::Stream, problem));
    }
    let (says, over) = (body["says"].as_str(), body["over"].as_str());
    if says.or(over).is_none() {
        return Err(bad(ErrorKind::InvalidResponse, "Parley's answer says nothing"));
    }
    let mut message = AiMessage::new(says.unwrap_or_default());
    message.metadata.finish_reason = over.map(str::to_owned);
    Ok(message)
}

/// Decodes a stream, and tracks whether it is complete.
#[derive(Default)]
struct Pieces(bool);

impl StreamDecoder for Pieces {
    type Chunk = AiMessage;

    fn event(&mut self, _name: Option<&str>, data: &str, origin: &Origin) -> Result<Option<AiMessage>> {
        let piece = decode(data.as_bytes(), origin)?;
        self.0 |= piece.metadata.finish_reason.is_some();
        Ok(Some(piece))
    }

    fn is_complete(&self) -> bool {
        self.0
    }

    fn end(&mut self, marked: bool, origin: &Origin) -> Result<Option<AiMessage>> {
        let cut = || Error::new(ErrorKind::Incomplete, "Parley's stream ended early").with_retryable(true);
        if marked { Ok(None) } else { Err(cut().with_service(origin.service_error(""))) }
    }

    fn whole(&mut self, body: &[u8], origin: &Origin) -> Result<AiMessage> {
        decode(body, origin)
    }
}
