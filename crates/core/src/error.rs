//! The error type shared by all crates: what failed, where in the chain, and whether retrying may help.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::parser::ParseFailure;
use crate::path::{Path, Segment};
use crate::service_error::ServiceError;

/// The result type of all fallible operations in catena.
pub type Result<T, E = Error> = std::result::Result<T, E>;

type Source = Arc<dyn std::error::Error + Send + Sync>;

/// The category of an error, for branching in code. The human-readable text is the error's `Display`.
///
/// # Example
/// ```
/// use catena_core::{Error, ErrorKind};
/// let error = Error::new(ErrorKind::RateLimit, "slow down");
/// assert_eq!(error.kind(), ErrorKind::RateLimit);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Invalid configuration: a missing key, a bad URL, options that do not fit together.
    Config,
    /// A template is malformed.
    Template,
    /// A variable or key that a step requires is missing from its input.
    MissingKey,
    /// A step received a value of the wrong type or shape, or out of range.
    InvalidInput,
    /// The step, model or provider does not support what was requested.
    Unsupported,
    /// An output parser could not read the model's output.
    Parse,
    /// A chain called itself, or a tool loop called the model, more often than the limit allows.
    RecursionLimit,
    /// The run was cancelled by its caller.
    Cancelled,
    /// A time limit was exceeded.
    Timeout,
    /// The connection could not be established, or broke before the response was complete.
    Connection,
    /// The TLS handshake failed: the peer is not a TLS server, or its certificate is not trusted.
    Tls,
    /// The service rejected the request as malformed (400, 422).
    BadRequest,
    /// The input exceeds the model's context window.
    ContextOverflow,
    /// The API key is missing, wrong or expired (401).
    Authentication,
    /// The API key is valid but lacks permission for the request (403).
    PermissionDenied,
    /// No such model or endpoint (404).
    NotFound,
    /// The request conflicts with the state of the service (409).
    Conflict,
    /// Too many requests (429): waiting helps.
    RateLimit,
    /// The account's quota is exhausted (429): waiting does not help.
    QuotaExceeded,
    /// The application's own budget rejected the call.
    BudgetExceeded,
    /// The service failed with a server error (5xx).
    Server,
    /// Any other unsuccessful HTTP status.
    HttpStatus,
    /// The service reported an error in the middle of a stream.
    Stream,
    /// A stream or response body ended before it was complete.
    Incomplete,
    /// The bytes of a response are not the expected JSON or UTF-8.
    Decode,
    /// A response decodes but does not have the shape the protocol promises.
    InvalidResponse,
    /// A response, event or line exceeds the configured size limit.
    TooLarge,
    /// The answer hit its length limit before the expected output was complete.
    OutputTruncated,
    /// The model refused to answer.
    Refusal,
    /// A content filter withheld the answer.
    ContentFilter,
    /// A blocking call was made where it would wait for itself.
    WouldDeadlock,
    /// An error from the application's own code.
    Other,
}

/// An error of any step. One machine word wide and cheap to clone.
///
/// `Display` prints the path to the step and the message of this level; [`source`](std::error::Error::source) returns
/// the underlying cause. Whether an error is retryable is decided where it is created, see [`Error::is_retryable`].
///
/// # Example
/// ```
/// use catena_core::{Error, ErrorKind};
/// let error = Error::new(ErrorKind::MissingKey, "missing variable `product`");
/// assert_eq!(error.to_string(), "missing variable `product`");
/// assert!(!error.is_retryable());
/// ```
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    message: Cow<'static, str>,
    source: Option<Source>,
    retryable: bool,
    retry_after: Option<Duration>,
    path: Path,
    service: Option<Box<ServiceError>>,
    /// The number of attempts made before giving up.
    attempts: usize,
    parse_failure: Option<Box<ParseFailure>>,
    /// Set while the error passes through later steps of a stream, which did not cause it.
    mark: Option<usize>,
}

impl Error {
    /// Creates an error of this kind with a human-readable message.
    ///
    /// [`RateLimit`](ErrorKind::RateLimit), [`Server`](ErrorKind::Server), [`Connection`](ErrorKind::Connection) and
    /// [`Timeout`](ErrorKind::Timeout) errors are retryable, all others are not.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        let retryable = matches!(
            kind,
            ErrorKind::RateLimit | ErrorKind::Server | ErrorKind::Connection | ErrorKind::Timeout
        );
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            source: None,
            retryable,
            retry_after: None,
            path: Path::default(),
            service: None,
            attempts: 1,
            parse_failure: None,
            mark: None,
        }))
    }

    /// Wraps an error of the application, which becomes the [`source`](std::error::Error::source).
    ///
    /// # Example
    /// ```
    /// use catena_core::{Error, ErrorKind};
    /// let error = "x".parse::<u8>().map_err(Error::other).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Other);
    /// ```
    pub fn other(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let source: Box<dyn std::error::Error + Send + Sync> = source.into();
        Self::new(ErrorKind::Other, source.to_string()).with_boxed_source(source)
    }

    /// Attaches the cause, which `source()` then returns.
    #[must_use]
    pub fn with_source(self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.with_boxed_source(Box::new(source))
    }

    fn with_boxed_source(mut self, source: Box<dyn std::error::Error + Send + Sync>) -> Self {
        self.0.source = Some(Arc::from(source));
        self
    }

    /// Sets whether retrying may help, overriding the default of the kind.
    #[must_use]
    pub fn with_retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = retryable;
        self
    }

    /// Sets how long to wait before retrying, and makes the error retryable.
    #[must_use]
    pub fn with_retry_after(mut self, delay: Duration) -> Self {
        self.0.retryable = true;
        self.0.retry_after = Some(delay);
        self
    }

    /// Attaches the details that a service reported.
    #[must_use]
    pub fn with_service(mut self, service: ServiceError) -> Self {
        self.0.service = Some(Box::new(service));
        self
    }

    /// Sets the number of attempts made before giving up, which `Display` includes if it is more than one.
    #[must_use]
    pub fn with_attempts(mut self, attempts: usize) -> Self {
        self.0.attempts = attempts;
        self
    }

    /// Attaches what a parser read and where it stopped.
    pub(crate) fn with_parse_failure(mut self, failure: ParseFailure) -> Self {
        self.0.parse_failure = Some(Box::new(failure));
        self
    }

    /// Prepends a step to the error's path. Combinators call this as the error propagates outwards.
    ///
    /// An error that an earlier step of a sequence put into the stream is left unchanged: it only passes through.
    #[must_use]
    pub fn at(mut self, segment: Segment) -> Self {
        if !self.is_passing() {
            self.0.path.push_outer(segment);
        }
        self
    }

    /// Returns the category of the error, for branching.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns the message of this level, without the path.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns where in the chain it happened: `seq[2] > parallel.a > retry#2`.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Returns `true` if the same call may succeed when retried.
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// Returns how long the service asked to wait before the next attempt.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Returns the number of attempts after which a client with automatic retries gave up; 1 if it did not retry.
    pub fn attempts(&self) -> usize {
        self.0.attempts
    }

    /// Returns what the service reported: status, code, request id, body, rate limits.
    pub fn service(&self) -> Option<&ServiceError> {
        self.0.service.as_deref()
    }

    /// Returns what an output parser read, where it stopped and what it expected there.
    pub fn parse_failure(&self) -> Option<&ParseFailure> {
        self.0.parse_failure.as_deref()
    }

    pub(crate) fn path_mut(&mut self) -> &mut Path {
        &mut self.0.path
    }

    /// Returns `true` while the error passes through steps that did not cause it.
    pub(crate) fn is_passing(&self) -> bool {
        self.0.mark.is_some()
    }

    /// Marks the error as put into a stream by the owner of `mark`, unless it already carries a mark from an outer
    /// stream.
    pub(crate) fn with_mark(mut self, mark: usize) -> Self {
        self.0.mark.get_or_insert(mark);
        self
    }

    /// Returns the error as `Ok`, unmarked, if it carries this mark.
    pub(crate) fn take_mark(mut self, mark: usize) -> Result<Self, Self> {
        if self.0.mark == Some(mark) {
            self.0.mark = None;
            return Ok(self);
        }
        Err(self)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.path.is_empty() {
            write!(f, "{}: ", self.0.path)?;
        }
        f.write_str(&self.0.message)?;
        if self.0.attempts > 1 {
            write!(f, " (after {} attempts)", self.0.attempts)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        let mut out = f.debug_struct("Error");
        out.field("kind", &inner.kind).field("message", &inner.message);
        if !inner.path.is_empty() {
            out.field("path", &format_args!("{}", inner.path));
        }
        if let Some(service) = &inner.service {
            out.field("service", service);
        }
        if inner.retryable {
            out.field("retryable", &true).field("retry_after", &inner.retry_after);
        }
        if inner.attempts > 1 {
            out.field("attempts", &inner.attempts);
        }
        if let Some(source) = &inner.source {
            out.field("source", source);
        }
        out.finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn std::error::Error + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_one_word_wide() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
        assert_eq!(size_of::<Result<()>>(), size_of::<usize>());
    }

    #[test]
    fn display_prints_the_path_and_this_level_only() {
        let cause = std::io::Error::other("disk");
        let error = Error::new(ErrorKind::Other, "write failed").with_source(cause);
        let error = error.at(Segment::Key("a".into())).at(Segment::Seq(2));
        assert_eq!(error.to_string(), "seq[2] > parallel.a: write failed");
        let source = std::error::Error::source(&error).expect("a source");
        assert_eq!(source.to_string(), "disk");
    }

    #[test]
    fn the_kind_decides_whether_to_retry_unless_told_otherwise() {
        assert!(Error::new(ErrorKind::Server, "").is_retryable());
        assert!(!Error::new(ErrorKind::BadRequest, "").is_retryable());
        assert!(!Error::new(ErrorKind::Server, "").with_retryable(false).is_retryable());
        let error = Error::new(ErrorKind::Other, "").with_retry_after(Duration::from_secs(3));
        assert!(error.is_retryable());
        assert_eq!(error.retry_after(), Some(Duration::from_secs(3)));
    }
}
