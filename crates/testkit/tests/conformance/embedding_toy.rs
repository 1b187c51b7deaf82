//! A provider of vectors, and whatever fault is planted into it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use catena_core::{Context, Embeddings, Error, ErrorKind, Result, async_trait};
use catena_http::service::{Answer, Call, Credentials, Service};
use catena_testkit::conformance::EmbeddingSetup;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde_json::{Value, json};

use crate::embedding_planted::Plant;
use crate::toy::yield_once;
use crate::toy_codec::Words;

/// The model.
pub(crate) struct Toy {
    service: Service,
    setup: EmbeddingSetup,
    plant: Plant,
    /// Only for the fault of keeping it.
    last: Mutex<Option<Vec<f32>>>,
    /// Only for the fault of sharing it.
    text: Mutex<String>,
}

impl std::fmt::Debug for Toy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let key = if self.plant == Plant::KeyInDebug { &self.setup.connection.api_key } else { "[redacted]" };
        f.debug_struct("Toy").field("service", &self.service).field("key", &key).finish_non_exhaustive()
    }
}

impl Toy {
    pub(crate) fn new(setup: &EmbeddingSetup, plant: Plant) -> Result<Self> {
        let (last, text) = (Mutex::default(), Mutex::default());
        Ok(Self { service: service(setup, plant)?, setup: setup.clone(), plant, last, text })
    }

    async fn ask(&self, body: Value) -> Result<Answer> {
        let path = match self.plant {
            Plant::KeyInPath => format!("embed/{}", self.setup.connection.api_key),
            _ => "embed".to_owned(),
        };
        let call = Call::post(path).with_json(body.to_string());
        let cx = Context::default();
        let service = match self.plant {
            Plant::NewClientEachCall => service(&self.setup, self.plant)?,
            _ => self.service.clone(),
        };
        match service.send(call.clone(), &cx).await {
            Err(error) if self.plant == Plant::HidesBreaks && error.kind() == ErrorKind::Connection => {
                Err(Error::other(error))
            }
            Err(error) if self.plant == Plant::KeyOverRedirects && error.kind() == ErrorKind::HttpStatus => {
                self.follow(error, call).await
            }
            Err(error) if self.plant == Plant::RetriesRefusals && error.kind() == ErrorKind::BadRequest => {
                self.service.send(call, &cx).await
            }
            Err(error) if self.plant == Plant::KeyInErrors => {
                let key = &self.setup.connection.api_key;
                Err(Error::new(error.kind(), format!("{error} (key {key})")))
            }
            Err(error) if self.plant == Plant::LosesHints && error.retry_after().is_some() => {
                Err(Error::new(error.kind(), error.to_string()))
            }
            answer => answer,
        }
    }

    async fn follow(&self, error: Error, call: Call) -> Result<Answer> {
        let Some((_, told)) = error.message().split_once("redirects to `") else { return Err(error) };
        let url = told.split('`').next().unwrap_or_default();
        let mut moved = self.setup.clone();
        url.trim_end_matches("/elsewhere").clone_into(&mut moved.connection.base_url);
        service(&moved, self.plant)?.send(call, &Context::default()).await
    }

    /// The same model without a fault, which does not try again by itself.
    fn sound_once(&self) -> Result<Self> {
        let mut setup = self.setup.clone();
        setup.connection.max_retries = 0;
        Self::new(&setup, Plant::Nothing)
    }

    /// The same model without a fault.
    fn sound(&self) -> Result<Self> {
        Self::new(&self.setup, Plant::Nothing)
    }

    fn body(&self, member: &str, texts: Value) -> Value {
        let mut body = json!({ member: texts, "packed": true });
        if let Some(length) = self.setup.dimensions
            && self.plant != Plant::IgnoresDimensions
        {
            body["length"] = length.into();
        }
        body
    }

    async fn batch(&self, texts: &[String]) -> Result<Vec<Vec<f32>>> {
        let mut sent = texts.to_vec();
        match self.plant {
            Plant::TrimsTexts => sent.iter_mut().for_each(|text| *text = text.trim().to_owned()),
            Plant::SendsEachTextOnce => sent.dedup(),
            Plant::LosesMostTexts => sent.truncate(1_000),
            Plant::SkipsEmptyTexts => sent.retain(|text| !text.is_empty()),
            Plant::DropsLastText => {
                sent.pop();
            }
            Plant::LowersTexts => sent.iter_mut().for_each(|text| *text = text.to_lowercase()),
            _ => {}
        }
        let answer = match self.ask(self.body("texts", json!(sent))).await {
            Err(_) if self.plant == Plant::LosesFailedBatches => return Ok(Vec::new()),
            answer => answer?,
        };
        let vectors = self.vectors(&answer, sent.len())?;
        Ok(vectors)
    }

    fn vectors(&self, answer: &Answer, expected: usize) -> Result<Vec<Vec<f32>>> {
        let body = self.read(answer)?;
        let Some(items) = body["vectors"].as_array() else {
            return if self.plant == Plant::TakesAnything {
                Ok(Vec::new())
            } else {
                Err(bad("no vectors", answer))
            };
        };
        let mut vectors = Vec::new();
        for (at, item) in items.iter().enumerate() {
            let place = if self.plant == Plant::IgnoresNumbers { json!(at) } else { item["of"].clone() };
            vectors.push((place.as_u64(), self.vector(&item["numbers"], answer)?));
        }
        vectors.sort_by_key(|(place, _)| *place);
        let numbered = vectors.iter().zip(0..).all(|((place, _), at)| *place == Some(at));
        if !numbered && self.plant != Plant::TakesAnyNumbers {
            return Err(bad("the vectors are not numbered 0, 1, ..", answer));
        }
        if vectors.len() != expected && self.plant != Plant::TakesAnyCount {
            return Err(bad("not one vector for each text", answer));
        }
        let vectors: Vec<Vec<f32>> = vectors.into_iter().map(|(_, vector)| vector).collect();
        self.even(&vectors, &[Plant::TakesUnevenVectors, Plant::MixesModels])?;
        Ok(vectors)
    }

    fn even(&self, vectors: &[Vec<f32>], unless: &[Plant]) -> Result<()> {
        let length = vectors.first().map_or(0, Vec::len);
        if vectors.iter().any(|vector| vector.is_empty() || vector.len() != length)
            && !unless.contains(&self.plant)
        {
            return Err(Error::new(ErrorKind::InvalidResponse, "vectors of several lengths"));
        }
        Ok(())
    }

    fn read(&self, answer: &Answer) -> Result<Value> {
        let has_news = String::from_utf8_lossy(&answer.body).contains("kit_text");
        assert!(self.plant != Plant::PanicsAtNews || !has_news, "what is that?");
        match serde_json::from_slice(&answer.body) {
            Err(_) if self.plant == Plant::TakesAnything => Ok(json!({"vectors": []})),
            Err(error) => Err(Error::new(ErrorKind::Decode, "the answer is not JSON").with_source(error)),
            Ok(body) => Ok(body),
        }
    }

    fn vector(&self, value: &Value, answer: &Answer) -> Result<Vec<f32>> {
        let rounded = |number: f32| match self.plant {
            Plant::LosesPrecision => (number * 1000.0).round() / 1000.0,
            _ => number,
        };
        match value {
            Value::Array(numbers) if self.plant != Plant::ReadsOneForm => {
                Ok(numbers.iter().map(|number| rounded(number.as_f64().unwrap_or_default() as f32)).collect())
            }
            Value::String(text) => Ok(unpacked(text).into_iter().map(rounded).collect()),
            _ => Err(bad("no numbers", answer)),
        }
    }

    async fn query(&self, text: &str) -> Result<Vec<f32>> {
        let mut text = text.to_owned();
        if self.plant == Plant::MixedTexts {
            *self.text.lock().unwrap_or_else(PoisonError::into_inner) = text;
            yield_once().await;
            text = self.text.lock().unwrap_or_else(PoisonError::into_inner).clone();
        }
        if self.plant == Plant::KeepsQueries
            && let Some(last) = &*self.last.lock().unwrap_or_else(PoisonError::into_inner)
        {
            return Ok(last.clone());
        }
        let answer = self.ask(self.body("text", json!(text))).await?;
        let mut vector = self.vector(&self.read(&answer)?["vector"], &answer)?;
        self.even(&[vector.clone()], &[])?;
        if self.plant == Plant::CutsQueries {
            vector.pop();
        }
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(vector.clone());
        Ok(vector)
    }
}

#[async_trait]
impl Embeddings for Toy {
    async fn embed_documents(&self, texts: &[String]) -> Result<Vec<Vec<f32>>> {
        if texts.is_empty() && self.plant == Plant::AsksForNothing {
            self.batch(texts).await?;
        }
        match self.plant {
            Plant::OutlivesItsDocuments => {
                let (toy, texts) = (self.sound()?, texts.to_vec());
                return detached(async move { toy.embed_documents(&texts).await }).await;
            }
            Plant::RetriesAll => {
                let toy = self.sound_once()?;
                return match toy.embed_documents(texts).await {
                    Err(error) if error.is_retryable() => toy.embed_documents(texts).await,
                    vectors => vectors,
                };
            }
            _ => {}
        }
        let size = match (self.setup.batch_size, self.plant) {
            (_, Plant::SendsAllAtOnce) | (None, _) => usize::MAX,
            (Some(size), _) => size,
        };
        let batches: Vec<_> = texts.chunks(size.max(1)).map(|texts| self.batch(texts)).collect();
        let batches = stream::iter(batches);
        let vectors: Vec<Vec<f32>> = match self.plant {
            Plant::TakesBatchesAsTheyCome => batches.buffer_unordered(4).try_concat().await?,
            _ => batches.buffered(4).try_concat().await?,
        };
        self.even(&vectors, &[Plant::TakesUnevenVectors, Plant::MixesModels])?;
        Ok(vectors)
    }

    async fn embed_query(&self, text: &str) -> Result<Vec<f32>> {
        match self.plant {
            Plant::BlocksExecutor => pollster::block_on(self.query(text)),
            Plant::NeedsTokio => {
                let _handle = tokio::runtime::Handle::current();
                self.query(text).await
            }
            Plant::OutlivesItsCaller => {
                let (toy, text) = (self.sound()?, text.to_owned());
                detached(async move { toy.query(&text).await }).await
            }
            Plant::LeansOnRuntime => match tokio::runtime::Handle::try_current() {
                Ok(handle) => {
                    let (toy, text) = (self.sound()?, text.to_owned());
                    handle.spawn(async move { toy.query(&text).await }).await.map_err(Error::other)?
                }
                Err(_) => self.query(text).await,
            },
            _ => self.query(text).await,
        }
    }
}

fn bad(what: &str, answer: &Answer) -> Error {
    Error::new(ErrorKind::InvalidResponse, what.to_owned()).with_service(answer.origin.service_error(""))
}

/// The floats of Base64.
fn unpacked(text: &str) -> Vec<f32> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut held, mut bytes) = (0_u32, 0, Vec::new());
    for digit in text.bytes().filter_map(|byte| DIGITS.iter().position(|digit| *digit == byte)) {
        (bits, held) = (bits << 6 | digit as u32, held + 6);
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    bytes.chunks_exact(4).map(|float| f32::from_le_bytes([float[0], float[1], float[2], float[3]])).collect()
}

/// Goes on when nobody waits any more.
async fn detached<T: Send + 'static>(call: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
    let (done, answer) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let call = async { tokio::time::timeout(Duration::from_secs(30), call).await };
        if let Ok(result) = runtime.block_on(call) {
            let _ = done.send(result);
        }
    });
    answer.await.map_err(Error::other)?
}

fn service(setup: &EmbeddingSetup, plant: Plant) -> Result<Service> {
    let connection = &setup.connection;
    let words = match plant {
        Plant::WrongKinds => crate::planted::Plant::WrongKinds,
        Plant::ForeignKinds => crate::planted::Plant::ForeignKinds,
        _ => crate::planted::Plant::Nothing,
    };
    let mut builder = Service::builder(&*connection.base_url, Words(words))
        .with_credentials(Credentials::header("x-toy-key", connection.api_key.as_str())?)
        .with_timer(Arc::clone(&connection.timer))
        .with_max_retries(if plant == Plant::NeverTriesAgain { 0 } else { connection.max_retries });
    if plant == Plant::KeyInTwoHeaders {
        builder = builder.with_header("x-copy", connection.api_key.clone());
    }
    if plant != Plant::WaitsForEver {
        builder = builder
            .with_first_byte_timeout(connection.first_byte_timeout)
            .with_idle_timeout(connection.idle_timeout);
    }
    builder.build()
}
