//! The client of a service: what an attempt is, and how attempts lead to a response.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};

use catena_core::{Admission, ChunkStream, Context, Demand, Error, Result, Timer, deferred};
use futures_util::StreamExt;
use http::{HeaderMap, StatusCode};
use secrecy::SecretString;

use super::address::Address;
use super::answer::{Answer, Download};
use super::attempts::{Attempts, with_wishes};
use super::builder::ServiceBuilder;
use super::call::{Asks, Call, Timeouts};
use super::chunks::{ChunkLimit, Events, decode_chunks, put_back};
use super::clear_text::Reader;
use super::credentials::Credentials;
use super::dialect::{Dialect, StreamDecoder};
use super::excerpt::bounded;
use super::failed_answer::FailedAnswer;
use super::held::{Held, reported};
use super::origin::Origin;
use super::redactor::Redactor;
use super::redirect::send_to_end;
use super::secrets::{secrets_in, secrets_in_query};
use super::total::Total;
use crate::body::Body;
use crate::client::HttpClient;
use crate::failure::{no_proxy_credentials, server_name};
use crate::outgoing::{Outgoing, TimedOut};
use crate::response::Response;

/// Maximum number of bytes read from the body of an error.
const MAX_ERROR_BODY: usize = 64 << 10;

/// Maximum length of a request ID, in bytes.
const MAX_ID: usize = 200;

/// A client of a single service. Clones are cheap and share connections. `Debug` shows no secrets.
///
/// See the [module](super) for its behaviour.
#[derive(Clone)]
pub struct Service(Arc<Inner>);

pub(super) struct Inner {
    pub(super) address: Address,
    pub(super) dialect: Arc<dyn Dialect>,
    pub(super) http: HttpClient,
    pub(super) credentials: Option<Credentials>,
    /// Headers of every call: complete, including a fixed key.
    pub(super) headers: Arc<HeaderMap>,
    pub(super) query: Vec<(String, String)>,
    /// Texts, besides the key, that errors must not show.
    pub(super) secrets: Vec<SecretString>,
    /// Who could read the calls, which therefore must not carry secrets.
    pub(super) reader: Option<Reader>,
    /// For the fixed key.
    pub(super) redactor: Redactor,
    pub(super) max_retries: usize,
    pub(super) timeouts: Timeouts,
    pub(super) timer: Arc<dyn Timer>,
    pub(super) admission: Option<Arc<dyn Admission>>,
    /// A digest of what may determine who answers.
    pub(super) endpoint_digest: OnceLock<Result<Option<String>>>,
}

/// A call with everything that is the same for each of its attempts.
struct Prepared {
    /// Complete except for a key that has to be fetched.
    request: Arc<Outgoing>,
    /// Texts, besides the key, that errors must not show.
    secrets: Vec<SecretString>,
    http: HttpClient,
    timeouts: Timeouts,
    max_retries: usize,
    asks: Option<Box<Asks>>,
}

impl Service {
    /// Returns a builder for the service at `base_url` that reports errors in the format of `dialect`.
    pub fn builder(base_url: impl Into<String>, dialect: impl Dialect + 'static) -> ServiceBuilder {
        ServiceBuilder::new(base_url.into(), Arc::new(dialect))
    }

    pub(super) fn from_inner(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// Returns the address of the service.
    pub fn address(&self) -> &Address {
        &self.0.address
    }

    pub(super) fn inner(&self) -> &Inner {
        &self.0
    }

    /// Returns the maximum number of retries of calls that set none.
    pub fn max_retries(&self) -> usize {
        self.0.max_retries
    }

    /// Returns the timer for the waits between attempts.
    pub fn timer(&self) -> &Arc<dyn Timer> {
        &self.0.timer
    }

    /// Returns true if there is an admission control, which uses a call's [demand](Call::with_demand).
    pub fn has_admission(&self) -> bool {
        self.0.admission.is_some()
    }

    /// Makes a call and collects its response.
    ///
    /// # Errors
    /// The errors of the transport; the error of the [`Dialect`] for an unsuccessful status; `Timeout` if the total
    /// limit expires. The error of the last attempt carries the number of attempts.
    ///
    /// # Cancellation
    /// Dropping the future closes the connection, or ends the wait for the next attempt.
    pub fn send<'a>(
        &'a self,
        call: Call,
        cx: &'a Context,
    ) -> impl Future<Output = Result<Answer>> + Send + 'a {
        // Prepared immediately and borrowed below: a future that took the call by value would store it twice.
        let prepared = self.0.prepare(call);
        async move {
            let prepared = prepared.as_ref().map_err(Error::clone)?;
            self.0.total(prepared).bound(self.0.send(prepared, cx)).await
        }
    }

    /// Makes a call and returns its body as a stream, for files of any size. Once the response has started, there are
    /// no more retries.
    ///
    /// # Errors
    /// As for [`send`](Self::send).
    ///
    /// # Cancellation
    /// Dropping the future or the body closes the connection.
    pub async fn download(&self, call: Call, cx: &Context) -> Result<Download> {
        let prepared = self.0.prepare(call)?;
        self.0.total(&prepared).bound(self.0.download(&prepared, cx)).await
    }

    /// Makes a call and decodes its response as it arrives: server-sent events, JSON lines if the content type says so,
    /// or the whole body if the server does not stream. Nothing is sent before the stream is polled.
    ///
    /// `decoder` creates the decoder of each attempt. If the connection breaks before the response begins, the call is
    /// retried. After that, the error is the last item.
    ///
    /// # Errors
    /// As for [`send`](Self::send), and those of the decoder.
    ///
    /// # Cancellation
    /// Dropping the stream closes the connection.
    pub fn stream<'a, D, F>(
        &'a self,
        call: Result<Call>,
        cx: Context,
        decoder: F,
    ) -> ChunkStream<'a, D::Chunk>
    where
        D: StreamDecoder + 'a,
        F: Fn() -> D + Send + Sync + 'a,
    {
        let inner = &*self.0;
        let prepared = call.and_then(|call| inner.prepare(call));
        let begin = async move {
            let prepared = prepared.as_ref().map_err(Error::clone)?;
            let mut total = inner.total(prepared);
            let chunks = total.bound(inner.begin(prepared, &cx, &decoder)).await?;
            Ok(total.bound_stream(chunks))
        };
        deferred(begin)
    }
}

impl Inner {
    fn prepare(&self, call: Call) -> Result<Prepared> {
        let url = self.address.url(&call.path, self.query.iter().chain(&call.query))?;
        let mut secrets = secrets_in(&call.headers);
        if !secrets.is_empty()
            && let Some(reader) = &self.reader
        {
            return Err(reader.error());
        }
        secrets.extend(secrets_in_query(&call.query));
        let request = Outgoing {
            method: call.method,
            url,
            shared: Arc::clone(&self.headers),
            content_type: call.content_type,
            headers: call.headers,
            body: call.body,
            once: call.once,
            timed_out: TimedOut::default(),
        };
        let timeouts = call.timeouts.or(self.timeouts);
        let http = match timeouts {
            Timeouts { first_byte: None, idle: None, .. } => self.http.clone(),
            Timeouts { first_byte, idle, .. } => self.http.with_limits(first_byte, idle),
        };
        let max_retries = call.max_retries.unwrap_or(self.max_retries);
        let request = Arc::new(request);
        Ok(Prepared { request, secrets, http, timeouts, max_retries, asks: call.asks })
    }

    fn attempts<'a>(&'a self, prepared: &Prepared, cx: &'a Context) -> Attempts<'a> {
        Attempts::new(cx, &*self.timer, prepared.max_retries, prepared.timeouts.total)
            .at_most_once(prepared.request.once)
    }

    async fn send(&self, prepared: &Prepared, cx: &Context) -> Result<Answer> {
        let mut attempts = self.attempts(prepared, cx);
        loop {
            let mut held = self.admit(prepared).await?;
            let answer = self.whole(prepared, &mut held).await;
            held.report(answer.as_ref().err());
            match answer {
                Ok(answer) => return Ok(answer),
                Err(error) => attempts.again(error).await?,
            }
        }
    }

    /// Makes one attempt, up to the end of a successful response.
    async fn whole(&self, prepared: &Prepared, held: &mut Held) -> Result<Answer> {
        let (response, origin) = self.attempt(prepared, held).await?;
        Ok(Answer { body: response.bytes().await?, origin })
    }

    async fn download(&self, prepared: &Prepared, cx: &Context) -> Result<Download> {
        let mut attempts = self.attempts(prepared, cx);
        loop {
            let mut held = self.admit(prepared).await?;
            match self.attempt(prepared, &mut held).await {
                Ok((response, origin)) => {
                    let body = reported(Box::pin(response.into_body()), held);
                    return Ok(Download { origin, body: Body::from_stream(body) });
                }
                Err(error) => {
                    held.report(Some(&error));
                    attempts.again(error).await?;
                }
            }
        }
    }

    /// Returns a stream of chunks whose first has arrived.
    async fn begin<'a, D, F>(
        &self,
        prepared: &Prepared,
        cx: &Context,
        decoder: &F,
    ) -> Result<ChunkStream<'a, D::Chunk>>
    where
        D: StreamDecoder + 'a,
        F: Fn() -> D + Send + Sync,
    {
        let mut attempts = self.attempts(prepared, cx);
        loop {
            let mut held = self.admit(prepared).await?;
            match self.first_chunk(prepared, &mut held, decoder).await {
                Ok((first, rest)) => return Ok(reported(put_back(first, rest), held)),
                Err(Unbegun { error, answered }) => {
                    held.report(Some(&error));
                    if answered {
                        return Err(error.with_attempts(attempts.made()));
                    }
                    attempts.again(error).await?;
                }
            }
        }
    }

    /// Makes one attempt, up to the first chunk.
    async fn first_chunk<'a, D: StreamDecoder + 'a>(
        &self,
        prepared: &Prepared,
        held: &mut Held,
        decoder: &(impl Fn() -> D + Sync),
    ) -> Result<(Option<D::Chunk>, ChunkStream<'a, D::Chunk>), Unbegun> {
        let refused = |error| Unbegun { error, answered: false };
        let broken = |error| Unbegun { error, answered: true };
        let (response, origin) = self.attempt(prepared, held).await.map_err(refused)?;
        let limit = ChunkLimit::new(prepared.timeouts.chunk, &self.timer);
        let events = limit.bound(Events::of(response)).await.map_err(broken)?;
        let mut chunks = decode_chunks(events, decoder(), origin, limit, self.http.timer());
        let first = chunks.next().await.transpose().map_err(broken)?;
        Ok((first, chunks))
    }

    async fn admit(&self, prepared: &Prepared) -> Result<Held> {
        let admitted = match &self.admission {
            Some(admission) => {
                let demand = prepared.asks.as_deref().map_or_else(Demand::default, Asks::demand);
                Some(admission.admit(&demand).await?)
            }
            None => None,
        };
        Ok(Held::new(admitted))
    }

    /// Makes one attempt, up to the headers of a successful response.
    async fn attempt(&self, prepared: &Prepared, held: &mut Held) -> Result<(Response, Origin)> {
        let (request, redactor) = self.with_key(prepared).await?;
        let response = send_to_end(&prepared.http, &request).await?;
        let origin = self.origin(&response, redactor);
        held.learn(|| self.dialect.rate_limits(&origin.headers));
        if response.status().is_success() {
            return Ok((response, origin));
        }
        if response.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
            // Sent by the proxy, not by the service.
            return Err(no_proxy_credentials(None));
        }
        let status = response.status().as_u16();
        // Boxed, so that successful calls need no space for it.
        let body = Box::pin(response.excerpt(MAX_ERROR_BODY)).await;
        // Redacted before anything is truncated: half a key would not be recognised.
        let body = origin.redactor.clean_body(&body);
        let failed = FailedAnswer::new(status, &origin, &body).with_url(&request.url);
        let error = self.dialect.decode_error(&failed);
        Err(with_wishes(error, &origin.headers, &*self.timer))
    }

    async fn with_key<'p>(&self, prepared: &'p Prepared) -> Result<(Cow<'p, Arc<Outgoing>>, Redactor)> {
        let fixed = self.credentials.as_ref().and_then(Credentials::fixed);
        if let (Some(credentials), None) = (&self.credentials, fixed) {
            let key = credentials.fetch().await?;
            let mut request = Outgoing::clone(&prepared.request);
            let value = credentials.value(&key)?;
            // The caller's own header takes precedence.
            if !request.has_header(credentials.name()) {
                request.headers.insert(credentials.name(), value);
            }
            return Ok((Cow::Owned(Arc::new(request)), self.redactor(Some(&key), prepared)));
        }
        // A fixed key is among the headers of every request.
        let same = prepared.secrets.is_empty();
        let redactor = if same { self.redactor.clone() } else { self.redactor(fixed, prepared) };
        Ok((Cow::Borrowed(&prepared.request), redactor))
    }

    fn redactor(&self, key: Option<&SecretString>, prepared: &Prepared) -> Redactor {
        Redactor::of(key, &[&self.secrets[..], &prepared.secrets].concat())
    }

    fn origin(&self, response: &Response, redactor: Redactor) -> Origin {
        let headers = redactor.clean_headers(response.shared_headers());
        Origin {
            request_id: self.dialect.request_id(&headers).map(|id| bounded(id, MAX_ID)),
            status: Some(response.status().as_u16()),
            headers,
            redactor,
        }
    }

    fn total(&self, prepared: &Prepared) -> Total {
        Total::start(&*self.timer, prepared.timeouts.total, || server_name(&prepared.request.url))
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        f.debug_struct("Service")
            .field("base_url", &inner.address)
            .field("dialect", &inner.dialect)
            .field("http", &inner.http)
            .field("credentials", &inner.credentials)
            .field("headers", &inner.headers.keys().collect::<Vec<_>>())
            .field("max_retries", &inner.max_retries)
            .field("timeouts", &inner.timeouts)
            .finish_non_exhaustive()
    }
}

/// A stream that failed before its first chunk.
struct Unbegun {
    error: Error,
    /// It failed after the headers of a successful response: the service is at work, and may bill for it.
    answered: bool,
}
