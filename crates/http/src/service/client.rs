//! The client itself: what one attempt is, and how attempts become an answer.

use std::fmt;
use std::pin::pin;
use std::sync::Arc;

use catena_core::{
    Admission, Admitted, ChunkStream, Context, Demand, Error, ErrorKind, Outcome, RateLimits, Result, Timer,
};
use futures_util::{StreamExt, TryStreamExt, stream};
use http::{HeaderMap, Method};

use super::address::{Address, same_origin};
use super::answer::{Answer, Download};
use super::attempts::{Attempts, with_wishes};
use super::builder::ServiceBuilder;
use super::call::{Call, Timeouts};
use super::chunks::{ChunkLimit, Events, decode_chunks};
use super::credentials::Credentials;
use super::dialect::{Dialect, StreamDecoder};
use super::failed_answer::FailedAnswer;
use super::origin::Origin;
use super::redactor::Redactor;
use crate::client::HttpClient;
use crate::failure::server_name;
use crate::request::Request;
use crate::response::Response;
use crate::timeout::{Limit, Timeout, TotalSleep};

/// The most that is read of the body of an error, in bytes.
const MAX_ERROR_BODY: usize = 64 << 10;

/// How many redirects in a row are followed.
const MAX_REDIRECTS: usize = 5;

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
    pub(super) headers: HeaderMap,
    pub(super) query: Vec<(String, String)>,
    /// What error texts must not show beside the key.
    pub(super) secrets: Vec<String>,
    /// For the key that does not change.
    pub(super) redactor: Redactor,
    pub(super) max_retries: usize,
    pub(super) timeouts: Timeouts,
    pub(super) timer: Arc<dyn Timer>,
    pub(super) admission: Option<Arc<dyn Admission>>,
}

/// A call with everything of it that is the same for each attempt.
struct Prepared {
    /// Without the key.
    request: Request,
    http: HttpClient,
    timeouts: Timeouts,
    max_retries: usize,
    demand: Demand,
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

    /// Makes a call and gathers its answer.
    ///
    /// # Errors
    /// Those of the transport; that of the [`Dialect`] for an unsuccessful status; `Timeout` if the total limit passes.
    /// The error of the last attempt knows how many there were.
    ///
    /// # Cancellation
    /// Dropping the future closes the connection, or ends the wait for the next attempt.
    pub async fn send(&self, call: Call, cx: &Context) -> Result<Answer> {
        let prepared = self.0.prepare(call)?;
        self.0.within(&prepared, self.0.send(&prepared, cx)).await
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
        self.0.within(&prepared, self.0.download(&prepared, cx)).await
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
        let begin = async move {
            let prepared = inner.prepare(call?)?;
            let mut total = inner.total_sleep(&prepared);
            let begun = Timeout::new(inner.begin(&prepared, &cx, &decoder), &mut total).await;
            match begun {
                Some(begun) => Ok(until(begun?, total, prepared)),
                None => Err(prepared.took_too_long()),
            }
        };
        Box::pin(stream::once(begin).try_flatten())
    }
}

impl Inner {
    fn prepare(&self, call: Call) -> Result<Prepared> {
        let query: Vec<_> = self.query.iter().cloned().chain(call.query).collect();
        let mut request =
            Request::new(call.method, &self.address.url(&call.path, &query))?.with_body(call.body);
        let headers = request.headers_mut();
        headers.clone_from(&self.headers);
        headers.extend(call.headers);
        let timeouts = call.timeouts.or(self.timeouts);
        let http = match timeouts {
            Timeouts { first_byte: None, idle: None, .. } => self.http.clone(),
            Timeouts { first_byte, idle, .. } => self.http.limited(first_byte, idle),
        };
        let max_retries = call.max_retries.unwrap_or(self.max_retries);
        Ok(Prepared { request, http, timeouts, max_retries, demand: Demand::of_tokens(call.tokens) })
    }

    fn attempts<'a>(&'a self, prepared: &Prepared, cx: &'a Context) -> Attempts<'a> {
        Attempts::new(cx, &*self.timer, prepared.max_retries, prepared.timeouts.total)
    }

    async fn send(&self, prepared: &Prepared, cx: &Context) -> Result<Answer> {
        let mut attempts = self.attempts(prepared, cx);
        loop {
            let mut held = self.admit(prepared).await?;
            let answer = match self.attempt(prepared, &mut held).await {
                Ok((response, origin)) => Answer::gather(response, origin).await,
                Err(error) => Err(error),
            };
            held.report(answer.as_ref().err());
            match answer {
                Ok(answer) => return Ok(answer),
                Err(error) => attempts.again(error).await?,
            }
        }
    }

    async fn download(&self, prepared: &Prepared, cx: &Context) -> Result<Download> {
        let mut attempts = self.attempts(prepared, cx);
        loop {
            let mut held = self.admit(prepared).await?;
            match self.attempt(prepared, &mut held).await {
                Ok((response, origin)) => {
                    let body = reported(response.into_body(), held);
                    return Ok(Download { origin, body: crate::body::Body::from_stream(body) });
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
            let error = match self.attempt(prepared, &mut held).await {
                Ok((response, origin)) => {
                    let limit = ChunkLimit::new(prepared.timeouts.chunk, &self.timer);
                    match Events::of(response).await {
                        Ok(events) => {
                            let mut chunks = decode_chunks(events, decoder(), origin, limit);
                            match chunks.next().await {
                                Some(Err(error)) if !may_begin_anew(&error) => {
                                    held.report(Some(&error));
                                    return Err(error.with_attempts(attempts.made()));
                                }
                                Some(Err(error)) => error,
                                first => return Ok(reported(stream::iter(first).chain(chunks), held)),
                            }
                        }
                        Err(error) => error,
                    }
                }
                Err(error) => error,
            };
            held.report(Some(&error));
            attempts.again(error).await?;
        }
    }

    async fn admit(&self, prepared: &Prepared) -> Result<Held> {
        let admitted = match &self.admission {
            Some(admission) => Some(admission.admit(&prepared.demand).await?),
            None => None,
        };
        Ok(Held { admitted, limits: RateLimits::default() })
    }

    /// One attempt, up to the headers of a successful answer.
    async fn attempt(&self, prepared: &Prepared, held: &mut Held) -> Result<(Response, Origin)> {
        let (request, redactor) = self.with_key(prepared.request.clone()).await?;
        let response = self.redirected(prepared, prepared.http.send(request).await?).await?;
        let origin = self.origin(&response, redactor);
        held.limits = origin.limits;
        if response.status().is_success() {
            return Ok((response, origin));
        }
        let status = response.status().as_u16();
        let body = response.excerpt(MAX_ERROR_BODY).await;
        // Cleaned before anything is cut: half a key would not be recognised.
        let body = origin.redactor.clean_body(&body);
        let error = self.dialect.decode_error(&FailedAnswer::new(status, &origin, &body));
        Err(with_wishes(error, &origin.headers, &*self.timer))
    }

    /// The answer from where the service redirects to, within the same server.
    async fn redirected(&self, prepared: &Prepared, mut response: Response) -> Result<Response> {
        let mut last = None;
        for _ in 0..MAX_REDIRECTS {
            let request = last.as_ref().unwrap_or(&prepared.request);
            let Some(next) = followed(request, &response) else { break };
            let (request, _) = self.with_key(next.clone()).await?;
            last = Some(next);
            // Boxed: it is rare, and large.
            response = Box::pin(prepared.http.send(request)).await?;
        }
        Ok(response)
    }

    async fn with_key(&self, mut request: Request) -> Result<(Request, Redactor)> {
        let Some(credentials) = &self.credentials else { return Ok((request, self.redactor.clone())) };
        let key = credentials.fetch().await?;
        credentials.put(&key, request.headers_mut())?;
        let redactor = match credentials.fixed() {
            Some(_) => self.redactor.clone(),
            None => Redactor::of(Some(&key), &self.secrets),
        };
        Ok((request, redactor))
    }

    fn origin(&self, response: &Response, redactor: Redactor) -> Origin {
        let mut headers = response.headers().clone();
        redactor.clean_headers(&mut headers);
        Origin {
            request_id: self.dialect.request_id(&headers).map(str::to_owned),
            status: Some(response.status().as_u16()),
            limits: self.dialect.rate_limits(&headers),
            headers: Arc::new(headers),
            redactor,
        }
    }

    fn total_sleep(&self, prepared: &Prepared) -> TotalSleep {
        TotalSleep::start(&*self.timer, prepared.timeouts.total.map(Limit::total))
    }

    /// The future's result, unless the call's time is up before.
    async fn within<T>(&self, prepared: &Prepared, future: impl Future<Output = Result<T>>) -> Result<T> {
        match Timeout::new(future, self.total_sleep(prepared)).await {
            Some(result) => result,
            None => Err(prepared.took_too_long()),
        }
    }
}

impl Prepared {
    fn took_too_long(&self) -> Error {
        let limit = self.timeouts.total.unwrap_or_default();
        Limit::total(limit).error(&server_name(self.request.url()))
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

/// The right to an attempt, until it is known how it ended. Dropped before, it was given up.
struct Held {
    admitted: Option<Box<dyn Admitted>>,
    limits: RateLimits,
}

impl Held {
    fn report(mut self, error: Option<&Error>) {
        if let Some(admitted) = self.admitted.take() {
            admitted.report(&Outcome::new(self.limits, error));
        }
    }
}

/// The stream, whose end is reported.
fn reported<'a, T: Send + 'a>(
    items: impl futures_util::Stream<Item = Result<T>> + Send + 'a,
    held: Held,
) -> ChunkStream<'a, T> {
    if held.admitted.is_none() {
        return Box::pin(items);
    }
    Box::pin(stream::unfold((Box::pin(items), Some(held)), |(mut items, mut held)| async move {
        let item = items.next().await;
        match (&item, &held) {
            (Some(Ok(_)), _) | (_, None) => {}
            (Some(Err(error)), Some(_)) => held.take()?.report(Some(error)),
            (None, Some(_)) => held.take()?.report(None),
        }
        Some((item?, (items, held)))
    }))
}

/// The stream, ended by an error when the call's time is up.
fn until<'a, T: Send + 'a>(
    mut chunks: ChunkStream<'a, T>,
    mut total: TotalSleep,
    prepared: Prepared,
) -> ChunkStream<'a, T> {
    if prepared.timeouts.total.is_none() {
        return chunks;
    }
    let mut ended = false;
    Box::pin(stream::poll_fn(move |task| {
        if ended {
            return std::task::Poll::Ready(None);
        }
        let mut next = chunks.next();
        let mut total = pin!(&mut total);
        if let std::task::Poll::Ready(item) = std::pin::Pin::new(&mut next).poll(task) {
            return std::task::Poll::Ready(item);
        }
        total.as_mut().poll(task).map(|()| {
            ended = true;
            Some(Err(prepared.took_too_long()))
        })
    }))
}

/// Whether a stream that failed before its first chunk may be asked for again: not if the service itself said what is
/// wrong.
fn may_begin_anew(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Connection | ErrorKind::Incomplete | ErrorKind::Timeout)
}

/// The request to where a redirect leads, if it leads to the same server and keeps method and body. Anywhere else the
/// key must not go.
fn followed(request: &Request, response: &Response) -> Option<Request> {
    let keeps = match response.status().as_u16() {
        307 | 308 => true,
        301 | 302 => request.method() == Method::GET,
        _ => false,
    };
    let location = response.header("location").filter(|_| keeps)?;
    let url = match location.strip_prefix('/') {
        Some(rest) if !rest.starts_with('/') => {
            let url = request.url();
            format!("{}://{}{location}", url.scheme_str()?, url.authority()?)
        }
        _ => location.to_owned(),
    };
    let next = Request::new(request.method().clone(), &url).ok()?;
    if !same_origin(request.url(), next.url()) {
        return None;
    }
    let mut next = next.with_body(request.body().clone());
    next.headers_mut().clone_from(request.headers());
    Some(next)
}
