//! The client itself: what one attempt is, and how attempts become an answer.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};

use catena_core::{Admission, ChunkStream, Context, Demand, Error, ErrorKind, Result, Timer, deferred};
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
use super::total::Total;
use crate::body::Body;
use crate::client::HttpClient;
use crate::failure::{no_proxy_credentials, server_name};
use crate::outgoing::Outgoing;
use crate::request::is_secret;
use crate::response::Response;

/// The most that is read of the body of an error, in bytes.
const MAX_ERROR_BODY: usize = 64 << 10;

/// The most that is kept of a request id, in bytes.
const MAX_ID: usize = 200;

/// A client of one service. A cheap clone; clones share connections. `Debug` shows no secret.
///
/// See the [module](super) for what it does.
#[derive(Clone)]
pub struct Service(Arc<Inner>);

pub(super) struct Inner {
    pub(super) address: Address,
    pub(super) dialect: Arc<dyn Dialect>,
    pub(super) http: HttpClient,
    pub(super) credentials: Option<Credentials>,
    /// Of every call: complete, with a key that does not change.
    pub(super) headers: Arc<HeaderMap>,
    /// The same with a type and a length, which are replaced: a map that need not grow.
    pub(super) headers_of_body: Arc<HeaderMap>,
    pub(super) query: Vec<(String, String)>,
    /// What error texts must not show beside the key.
    pub(super) secrets: Vec<SecretString>,
    /// Who reads along, so that no call may carry a secret.
    pub(super) reader: Option<Reader>,
    /// For the key that does not change.
    pub(super) redactor: Redactor,
    pub(super) max_retries: usize,
    pub(super) timeouts: Timeouts,
    pub(super) timer: Arc<dyn Timer>,
    pub(super) admission: Option<Arc<dyn Admission>>,
    /// The digest of what decides who answers.
    pub(super) place: OnceLock<Result<Option<String>>>,
}

/// A call with everything of it that is the same for each attempt.
struct Prepared {
    /// Complete but for a key that has to be fetched.
    request: Arc<Outgoing>,
    /// What error texts must not show beside the key.
    secrets: Vec<SecretString>,
    http: HttpClient,
    timeouts: Timeouts,
    max_retries: usize,
    asks: Option<Box<Asks>>,
}

impl Service {
    /// A builder for the service at `base_url`, which reports errors in this dialect.
    pub fn builder(base_url: impl Into<String>, dialect: impl Dialect + 'static) -> ServiceBuilder {
        ServiceBuilder::new(base_url.into(), Arc::new(dialect))
    }

    pub(super) fn from_inner(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// Where the service is.
    pub fn address(&self) -> &Address {
        &self.0.address
    }

    pub(super) fn inner(&self) -> &Inner {
        &self.0
    }

    /// How often a call is tried again that does not say so itself.
    pub fn max_retries(&self) -> usize {
        self.0.max_retries
    }

    /// What waits between attempts.
    pub fn timer(&self) -> &Arc<dyn Timer> {
        &self.0.timer
    }

    /// Whether somebody is asked before every attempt, and wants to know what a call [asks
    /// for](Call::with_demand).
    pub fn has_admission(&self) -> bool {
        self.0.admission.is_some()
    }

    /// Makes a call and gathers its answer.
    ///
    /// # Errors
    /// Those of the transport; that of the [`Dialect`] for an unsuccessful status; `Timeout` if the total limit passes.
    /// The error of the last attempt knows how many there were.
    ///
    /// # Cancellation
    /// Dropping the future closes the connection, or ends the wait for the next attempt.
    pub fn send<'a>(
        &'a self,
        call: Call,
        cx: &'a Context,
    ) -> impl Future<Output = Result<Answer>> + Send + 'a {
        // Prepared at once, and borrowed below: a future that takes a call by value would hold it twice.
        let prepared = self.0.prepare(call);
        async move {
            let prepared = prepared.as_ref().map_err(Error::clone)?;
            self.0.total(prepared).bound(self.0.send(prepared, cx)).await
        }
    }

    /// Makes a call and gives its answer as bytes that arrive as they are asked for: for files of any size. An answer
    /// that has begun is not tried again.
    ///
    /// # Errors
    /// As of [`send`](Self::send).
    ///
    /// # Cancellation
    /// Dropping the future or the body closes the connection.
    pub async fn download(&self, call: Call, cx: &Context) -> Result<Download> {
        let prepared = self.0.prepare(call)?;
        self.0.total(&prepared).bound(self.0.download(&prepared, cx)).await
    }

    /// Makes a call and decodes its answer as it arrives: server-sent events, lines of JSON if the content type says so,
    /// or the whole body of a server that does not stream. Nothing is sent before the stream is polled.
    ///
    /// `decoder` makes the decoder of an attempt. A connection that breaks before the first chunk is tried again; after
    /// it, and for what the service itself reports in a stream, an error is the last item.
    ///
    /// # Errors
    /// As of [`send`](Self::send), and those of the decoder.
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
        let secrets = secrets_in(&call.headers);
        if !secrets.is_empty()
            && let Some(reader) = &self.reader
        {
            return Err(reader.error());
        }
        let shared = if call.body.is_empty() { &self.headers } else { &self.headers_of_body };
        let request = Outgoing {
            method: call.method,
            url,
            shared: Arc::clone(shared),
            content_type: call.content_type,
            headers: call.headers,
            body: call.body,
            once: call.once,
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

    /// One attempt, up to the end of a successful answer.
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

    /// A stream of chunks whose first has arrived.
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
                    if answered && !may_begin_anew(&error) {
                        return Err(error.with_attempts(attempts.made()));
                    }
                    attempts.again(error).await?;
                }
            }
        }
    }

    /// One attempt, up to the first chunk.
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

    /// One attempt, up to the headers of a successful answer.
    async fn attempt(&self, prepared: &Prepared, held: &mut Held) -> Result<(Response, Origin)> {
        let (request, redactor) = self.with_key(prepared).await?;
        let response = send_to_end(&prepared.http, &request).await?;
        let origin = self.origin(&response, redactor);
        held.learn(|| self.dialect.rate_limits(&origin.headers));
        if response.status().is_success() {
            return Ok((response, origin));
        }
        if response.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
            // Not the service's word.
            return Err(no_proxy_credentials(None));
        }
        let status = response.status().as_u16();
        // Boxed: calls that succeed need no room for it.
        let body = Box::pin(response.excerpt(MAX_ERROR_BODY)).await;
        // Cleaned before anything is cut: half a key would not be recognised.
        let body = origin.redactor.clean_body(&body);
        let error = self.dialect.decode_error(&FailedAnswer::new(status, &origin, &body));
        Err(with_wishes(error, &origin.headers, &*self.timer))
    }

    async fn with_key<'p>(&self, prepared: &'p Prepared) -> Result<(Cow<'p, Arc<Outgoing>>, Redactor)> {
        let fixed = self.credentials.as_ref().and_then(Credentials::fixed);
        if let (Some(credentials), None) = (&self.credentials, fixed) {
            let key = credentials.fetch().await?;
            let mut request = Outgoing::clone(&prepared.request);
            let value = credentials.value(&key)?;
            // Unless the caller's own header took its place.
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

/// The words of headers that carry secrets, without the name of a scheme, such as `Bearer`.
pub(super) fn secrets_in(headers: &HeaderMap) -> Vec<SecretString> {
    let secret = headers.iter().filter(|(name, _)| is_secret(name));
    let values = secret.filter_map(|(name, value)| Some((name, value.to_str().ok()?.trim())));
    let words = values.flat_map(|(name, value)| {
        let has_scheme = name.as_str().ends_with("authorization") && value.contains(' ');
        value.split_whitespace().skip(usize::from(has_scheme))
    });
    words.map(SecretString::from).collect()
}

/// A stream that failed before its first chunk.
struct Unbegun {
    error: Error,
    /// After the headers of a successful answer.
    answered: bool,
}

/// Whether a stream that failed before its first chunk may be asked for again: not if the service itself said what is
/// wrong.
fn may_begin_anew(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Connection | ErrorKind::Incomplete | ErrorKind::Timeout)
}
