//! Saving and loading the connection settings of a model, in LangChain's serialization format.

use catena_core::load::{Constructor, Kwargs};
use catena_core::{Data, Error, ErrorKind, Result};

use super::ConnectionSettings;
use crate::Proxy;

/// The names of the connection settings in a provider's saved models.
///
/// # Example
/// ```
/// use catena_core::load::Constructor;
/// use catena_http::service::{ConnectionSettings, SavedNames};
///
/// const NAMES: SavedNames = SavedNames {
///     api_key: "acme_api_key",
///     secret: "ACME_API_KEY",
///     base_url: "acme_api_base",
///     provider_url: "https://api.acme.test",
///     proxy: "acme_proxy",
///     timeout: "timeout",
/// };
/// let mut settings = ConnectionSettings::default();
/// settings.set_api_key("sk-1".into());
/// settings.set_max_retries(5);
/// let saved = settings.save_to(Constructor::new(["acme", "ChatAcme"]), &NAMES).unwrap();
/// assert_eq!(saved.kwargs()["max_retries"], 5);
/// assert_eq!(saved.kwargs()["acme_api_key"]["type"], "secret");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct SavedNames {
    /// The name of the key.
    pub api_key: &'static str,
    /// The name of the secret that a loader provides as the key.
    pub secret: &'static str,
    /// The name of the base URL.
    pub base_url: &'static str,
    /// The provider's own base URL, which is the one that a key from the environment is meant for.
    pub provider_url: &'static str,
    /// The name of the proxy.
    pub proxy: &'static str,
    /// The name of the time limit for each phase of an attempt, in seconds.
    pub timeout: &'static str,
}

impl ConnectionSettings {
    /// Adds the connection settings to a saved model: never the key, only the name of its secret. `None` if something
    /// else may contain a key: headers, a query, or a base URL with a query or credentials.
    ///
    /// # Example
    /// See [`SavedNames`].
    pub fn save_to(&self, mut made: Constructor, names: &SavedNames) -> Option<Constructor> {
        let is_plain = |url: &str| !url.contains(['?', '@']);
        let may_hold_key = self.has_query || !self.headers.is_empty();
        if may_hold_key || !self.base_url.as_deref().is_none_or(is_plain) {
            return None;
        }
        if !self.without_key {
            made = made.with_secret(names.api_key, names.secret);
        }
        if let Some(url) = &self.base_url {
            made = made.with(names.base_url, url.as_str());
        }
        if let Some(limit) = self.timeout {
            made = made.with(names.timeout, limit.as_secs_f64());
        }
        Some(match self.max_retries {
            Some(retries) => made.with("max_retries", retries),
            None => made,
        })
    }

    /// Loads settings that were saved here or by LangChain.
    ///
    /// # Errors
    /// `Config` if the data names another server and its key is missing: a key from the environment is not meant for
    /// that server. `InvalidInput` for a value of the wrong type.
    pub fn load(&mut self, kwargs: &mut Kwargs, names: &SavedNames) -> Result<()> {
        self.load_server(kwargs, names)?;
        if let Some(url) = kwargs.text(names.proxy)? {
            self.set_proxy(Proxy::url(url));
        }
        if let Some(limit) = kwargs.seconds(names.timeout)? {
            self.set_timeout(limit);
        }
        if let Some(limit) = kwargs.seconds("stream_chunk_timeout")? {
            self.change(move |service| service.with_stream_chunk_timeout(limit));
        }
        if let Some(retries) = kwargs.count("max_retries")? {
            self.set_max_retries(retries);
        }
        for (name, value) in kwargs.record("default_headers")? {
            match value {
                Data::Text(value) => self.add_header(name, value),
                other => return Err(kwargs.unfit("default_headers", "an object of texts", other.kind())),
            }
        }
        for (name, value) in kwargs.record("default_query")? {
            self.add_query(name, text_of(value));
        }
        Ok(())
    }

    fn load_server(&mut self, kwargs: &mut Kwargs, names: &SavedNames) -> Result<()> {
        let needs_key = kwargs.names().any(|name| name == names.api_key);
        let elsewhere = |url: &String| url.trim_end_matches('/') != names.provider_url;
        match (kwargs.text(names.api_key)?, kwargs.text(names.base_url)?.filter(elsewhere)) {
            (Some(key), url) => {
                self.set_api_key(key.into());
                url.into_iter().for_each(|url| self.set_base_url(url));
            }
            (None, Some(_)) if needs_key => {
                let message = format!(
                    "what is loaded names a server, so that the key of the environment is not sent: give the loader the \
                     secret {}",
                    names.secret
                );
                return Err(Error::new(ErrorKind::Config, message));
            }
            (None, Some(url)) => {
                self.decline_api_key();
                self.set_base_url(url);
            }
            (None, None) => {}
        }
        Ok(())
    }
}

fn text_of(value: Data) -> String {
    match value {
        Data::Text(text) => text,
        other => other.into_json().to_string(),
    }
}
