//! The one error type of every crate: what failed, where in the chain, and what to do about it.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::parser::ParseFailure;
use crate::path::{Path, Segment};
use crate::service_error::ServiceError;

/// The result of everything fallible in catena.
pub type Result<T, E = Error> = std::result::Result<T, E>;

type Source = Arc<dyn std::error::Error + Send + Sync>;

/// What went wrong, for branching in code. The text for people is the error's `Display`.
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
    /// An object was built from parts that do not fit: a missing key, a bad URL, a bad option.
    Config,
    /// A template is malformed.
    Template,
    /// A variable or key that a step needs is absent from its input.
    MissingKey,
    /// A step received a value of the wrong type or shape, or one that is out of range.
    InvalidInput,
    /// The step, model or provider cannot do what was asked.
    Unsupported,
    /// An output parser could not read the model's output.
    Parse,
    /// A chain called itself more often than its recursion limit allows.
    RecursionLimit,
    /// The run was cancelled by its caller.
    Cancelled,
    /// A time limit passed.
    Timeout,
    /// No connection, or it broke before the answer was complete.
    Connection,
    /// The TLS handshake failed: not a TLS server, or a certificate that is not trusted.
    Tls,
    /// The service refused the request as malformed (400, 422).
    BadRequest,
    /// The input is longer than the model's context window.
    ContextOverflow,
    /// The key is missing, wrong or expired (401).
    Authentication,
    /// The key is valid but not allowed to do this (403).
    PermissionDenied,
    /// No such model or endpoint (404).
    NotFound,
    /// The request conflicts with the state of the service (409).
    Conflict,
    /// Too many requests for the moment (429): waiting helps.
    RateLimit,
    /// The account's quota is used up (429): waiting does not help.
    QuotaExceeded,
    /// The application's own budget does not allow the call.
    BudgetExceeded,
    /// The service failed (5xx).
    Server,
    /// Any other unsuccessful HTTP status.
    HttpStatus,
    /// The service reported an error in the middle of a stream.
    Stream,
    /// A stream or body ended before it was complete.
    Incomplete,
    /// The bytes of an answer are not the JSON or UTF-8 they should be.
    Decode,
    /// An answer decodes but has not the shape the protocol promises.
    InvalidResponse,
    /// An answer, event or line is larger than the configured limit.
    TooLarge,
    /// The answer reached the limit of its length before what should be in it was complete.
    OutputTruncated,
    /// The model refused to answer.
    Refusal,
    /// A content filter withheld the answer.
    ContentFilter,
    /// A blocking call was made where it would wait for itself.
    WouldDeadlock,
    /// An error of the application's own code.
    Other,
}

/// An error of any step: one machine word wide, cheap to clone.
///
/// `Display` prints the path to the step and this level's message; [`source`](std::error::Error::source) leads to
/// the next level. The code that makes an error decides whether it may be retried, see [`Error::is_retryable`].
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
    /// How many attempts were made by whoever gave up.
    attempts: usize,
    parse_failure: Option<Box<ParseFailure>>,
    /// Set while the error travels down a stream through steps that did not cause it.
    mark: Option<usize>,
}

impl Error {
    /// An error of this kind with a message for people.
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

    /// Wraps an error of the application, keeping it as [`source`](std::error::Error::source).
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

    /// Keeps the cause, which `source()` then returns.
    #[must_use]
    pub fn with_source(self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.with_boxed_source(Box::new(source))
    }

    fn with_boxed_source(mut self, source: Box<dyn std::error::Error + Send + Sync>) -> Self {
        self.0.source = Some(Arc::from(source));
        self
    }

    /// Says whether trying again may help, overriding the kind's default.
    #[must_use]
    pub fn with_retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = retryable;
        self
    }

    /// Says how long to wait before trying again; the error becomes retryable.
    #[must_use]
    pub fn with_retry_after(mut self, delay: Duration) -> Self {
        self.0.retryable = true;
        self.0.retry_after = Some(delay);
        self
    }

    /// Attaches what a service said about the failure.
    #[must_use]
    pub fn with_service(mut self, service: ServiceError) -> Self {
        self.0.service = Some(Box::new(service));
        self
    }

    /// Says after how many attempts it was given up, which `Display` then tells.
    #[must_use]
    pub fn with_attempts(mut self, attempts: usize) -> Self {
        self.0.attempts = attempts;
        self
    }

    /// Attaches what a parser saw and where it stopped.
    pub(crate) fn with_parse_failure(mut self, failure: ParseFailure) -> Self {
        self.0.parse_failure = Some(Box::new(failure));
        self
    }

    /// Adds the step that the error passed on its way out. Combinators call this; the outermost step comes last.
    ///
    /// An error that an earlier step of a sequence put into the stream is left as it is: it only passes through.
    #[must_use]
    pub fn at(mut self, segment: Segment) -> Self {
        if !self.is_passing() {
            self.0.path.push_outer(segment);
        }
        self
    }

    /// What went wrong, for branching.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The message of this level, without the path.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Where in the chain it happened: `seq[2] > parallel.a > retry#2`.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// True when the same call may succeed if made again.
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// How long the service asked to wait before the next attempt.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// After how many attempts a client that tries again by itself gave up; 1 if it did not try again.
    pub fn attempts(&self) -> usize {
        self.0.attempts
    }

    /// What the service said: status, code, request id, body, rate limits.
    pub fn service(&self) -> Option<&ServiceError> {
        self.0.service.as_deref()
    }

    /// What an output parser saw, where it stopped and what it expected there.
    pub fn parse_failure(&self) -> Option<&ParseFailure> {
        self.0.parse_failure.as_deref()
    }

    pub(crate) fn path_mut(&mut self) -> &mut Path {
        &mut self.0.path
    }

    /// True while the error travels through steps that did not cause it.
    pub(crate) fn is_passing(&self) -> bool {
        self.0.mark.is_some()
    }

    /// Marks an error as put into a stream by the owner of `mark`, unless it already passes through from outside.
    pub(crate) fn with_mark(mut self, mark: usize) -> Self {
        self.0.mark.get_or_insert(mark);
        self
    }

    /// Gives the error back as `Ok`, unmarked, if it carries this mark.
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
