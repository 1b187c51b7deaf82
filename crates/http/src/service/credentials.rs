//! API keys: where they come from, and how a request carries them.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use catena_core::{Error, ErrorKind, Result};
use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use crate::header::{parse_header, secret_value};

type Fetched = Pin<Box<dyn Future<Output = Result<SecretString>> + Send>>;

/// An API key, or a function that fetches one. `Debug` never shows it, and its memory is wiped on drop.
///
/// # Example
/// ```
/// use catena_http::service::ApiKey;
/// let fixed = ApiKey::from("sk-secret");
/// assert!(!format!("{fixed:?}").contains("secret"));
/// // A token that expires: fetched again before every attempt.
/// let rotating = ApiKey::from_async_fn(|| async { Ok("token-of-the-hour".into()) });
/// # let _ = rotating;
/// ```
#[derive(Clone)]
pub struct ApiKey(Source);

#[derive(Clone)]
enum Source {
    Fixed(SecretString),
    Sync(Arc<dyn Fn() -> Result<SecretString> + Send + Sync>),
    Async(Arc<dyn Fn() -> Fetched + Send + Sync>),
}

impl ApiKey {
    /// Creates a key that is read from a function before every attempt. The function should not block, and may be
    /// called concurrently.
    pub fn from_fn(fetch: impl Fn() -> Result<SecretString> + Send + Sync + 'static) -> Self {
        Self(Source::Sync(Arc::new(fetch)))
    }

    /// Creates a key that is fetched before every attempt, for example from a vault.
    ///
    /// Works in blocking calls too, provided that the future does not need a runtime. Caching is up to the function.
    pub fn from_async_fn<F, Fut>(fetch: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<SecretString>> + Send + 'static,
    {
        Self(Source::Async(Arc::new(move || Box::pin(fetch()))))
    }

    /// Returns the key if it is fixed.
    pub(crate) fn fixed(&self) -> Option<&SecretString> {
        match &self.0 {
            Source::Fixed(key) => Some(key),
            Source::Sync(_) | Source::Async(_) => None,
        }
    }

    pub(crate) async fn fetch(&self) -> Result<SecretString> {
        match &self.0 {
            Source::Fixed(key) => Ok(key.clone()),
            Source::Sync(fetch) => fetch(),
            Source::Async(fetch) => fetch().await,
        }
    }
}

impl From<SecretString> for ApiKey {
    fn from(key: SecretString) -> Self {
        Self(Source::Fixed(key))
    }
}

impl From<String> for ApiKey {
    fn from(key: String) -> Self {
        Self(Source::Fixed(key.into()))
    }
}

impl From<&str> for ApiKey {
    fn from(key: &str) -> Self {
        Self(Source::Fixed(key.into()))
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Source::Fixed(_) => "ApiKey(fixed)",
            Source::Sync(_) | Source::Async(_) => "ApiKey(fetched)",
        })
    }
}

/// An API key and the header that carries it. Keys cannot be put into URLs, where they would end up in logs.
///
/// # Example
/// ```
/// use catena_http::service::Credentials;
/// let openai = Credentials::bearer("sk-secret");
/// let anthropic = Credentials::header("x-api-key", "sk-secret")?;
/// assert!(!format!("{openai:?} {anthropic:?}").contains("secret"));
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Credentials {
    key: ApiKey,
    header: HeaderName,
    prefix: &'static str,
}

impl Credentials {
    /// Sends the key as `Authorization: Bearer <key>`.
    pub fn bearer(key: impl Into<ApiKey>) -> Self {
        Self { key: key.into(), header: AUTHORIZATION, prefix: "Bearer " }
    }

    /// Sends the bare key in a header such as `x-api-key`, `api-key` or `x-goog-api-key`.
    ///
    /// # Errors
    /// `Config` if `name` is not a valid header name.
    pub fn header(name: &str, key: impl Into<ApiKey>) -> Result<Self> {
        let (header, _) = parse_header(name, "")?;
        Ok(Self { key: key.into(), header, prefix: "" })
    }

    /// Returns the key if it is fixed.
    pub(crate) fn fixed(&self) -> Option<&SecretString> {
        self.key.fixed()
    }

    pub(crate) async fn fetch(&self) -> Result<SecretString> {
        self.key.fetch().await
    }

    /// Returns the name of the header that carries the key.
    pub(crate) fn name(&self) -> &HeaderName {
        &self.header
    }

    /// Returns the value of that header.
    ///
    /// # Errors
    /// `Config` for an empty key, or one with characters that a header cannot contain. No part of the key is shown.
    pub(crate) fn value(&self, key: &SecretString) -> Result<HeaderValue> {
        let key = key.expose_secret();
        if key.trim().is_empty() {
            let message = "the API key is empty: check what `with_api_key` was given";
            return Err(Error::new(ErrorKind::Config, message));
        }
        // Joined in one allocation: no unwiped copy is left behind.
        secret_value([self.prefix, key].concat().into()).map_err(|error| {
            let message =
                "the API key holds characters that a header cannot hold; look for a line break at its end";
            Error::new(ErrorKind::Config, message).with_source(error)
        })
    }
}
