//! The connection of a model that is saved as LangChain's data, and loaded again.

use catena_core::load::{Constructor, Kwargs};
use catena_core::{Data, Error, ErrorKind, Result};

use super::ConnectionSettings;
use crate::Proxy;

/// What the saved models of a provider call the settings of their connection.
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
///     own_url: "https://api.acme.test",
///     proxy: "acme_proxy",
///     timeout: "timeout",
/// };
/// let mut settings = ConnectionSettings::default();
/// settings.set_api_key("sk-1".into());
/// settings.set_max_retries(5);
/// let saved = settings.written(Constructor::new(["acme", "ChatAcme"]), &NAMES).unwrap();
/// assert_eq!(saved.kwargs()["max_retries"], 5);
/// assert_eq!(saved.kwargs()["acme_api_key"]["type"], "secret");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct SavedNames {
    /// The key's.
    pub api_key: &'static str,
    /// The secret that a loader gives as the key.
    pub secret: &'static str,
    /// That of the address of the service.
    pub base_url: &'static str,
    /// The address of the provider itself, for which the key of the environment is meant.
    pub own_url: &'static str,
    /// The proxy's.
    pub proxy: &'static str,
    /// That of the one limit for each phase of an attempt, in seconds.
    pub timeout: &'static str,
}

impl ConnectionSettings {
    /// What makes a model again, with what was set on its connection: never the key, only the name of the secret. `None`
    /// where something else may hold a key: headers, a query, an address with more than host and path.
    ///
    /// # Example
    /// See [`SavedNames`].
    pub fn written(&self, mut made: Constructor, names: &SavedNames) -> Option<Constructor> {
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

    /// Takes in what was written, here or by LangChain.
    ///
    /// # Errors
    /// `Config` if the key is missing that a server which the data names would be sent: that of the environment is not
    /// meant for it. `InvalidInput` for a value of the wrong kind.
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
        let elsewhere = |url: &String| url.trim_end_matches('/') != names.own_url;
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
