//! Where the service is and how to reach it: builds a client from settings, environment and defaults.

use catena_core::load::{Constructor, Kwargs};
use catena_core::{Error, ErrorKind, Result};
use catena_http::service::{ApiKey, ConnectionSettings, Credentials, SavedNames, Service};

use crate::client::Client;
use crate::dialect::AnthropicDialect;

const DEFAULT_URL: &str = "https://api.anthropic.com";

const SAVED: SavedNames = SavedNames {
    api_key: "anthropic_api_key",
    secret: "ANTHROPIC_API_KEY",
    base_url: "anthropic_api_url",
    provider_url: DEFAULT_URL,
    proxy: "anthropic_proxy",
    timeout: "default_request_timeout",
};

/// The API version that this crate uses. There has been no newer one.
const VERSION: &str = "2023-06-01";

/// The connection settings of a builder. `Debug` hides the key.
#[derive(Debug, Default)]
pub(crate) struct Connection {
    pub(crate) settings: ConnectionSettings,
    auth_token: Option<ApiKey>,
}

impl Connection {
    pub(crate) fn set_auth_token(&mut self, token: ApiKey) {
        self.auth_token = Some(token);
    }

    /// Adds the connection settings to what is saved of a model; `None` if they may hold a key.
    pub(crate) fn save_to(&self, made: Constructor) -> Option<Constructor> {
        if self.auth_token.is_some() { None } else { self.settings.save_to(made, &SAVED) }
    }

    /// Loads saved settings.
    pub(crate) fn load(&mut self, kwargs: &mut Kwargs) -> Result<()> {
        self.settings.load(kwargs, &SAVED)
    }

    /// Creates a client of the service.
    ///
    /// # Errors
    /// `Config` for invalid settings: a missing key, an invalid URL, a key that would be sent unencrypted.
    pub(crate) fn connect(self) -> Result<Client> {
        let base_url = self.settings.base_url(&["ANTHROPIC_API_URL", "ANTHROPIC_BASE_URL"]);
        let base_url = without_version(base_url.unwrap_or_else(|| DEFAULT_URL.to_owned()));
        let mut service =
            Service::builder(&base_url, AnthropicDialect).with_header("anthropic-version", VERSION);
        if let Some(credentials) = self.credentials()? {
            service = service.with_credentials(credentials);
        }
        for (name, value) in self.settings.environment().headers("ANTHROPIC_CUSTOM_HEADERS") {
            service = service.with_header(name, value);
        }
        Ok(Client::new(self.settings.connect(service, &["ANTHROPIC_PROXY"])?, base_url))
    }

    /// Returns the builder's credentials, or else those of the environment, where an API key takes precedence over a
    /// token, as in Anthropic's clients.
    fn credentials(&self) -> Result<Option<Credentials>> {
        let settings = &self.settings;
        match &self.auth_token {
            Some(_) if settings.has_api_key() => {
                return Err(config("`with_api_key` and `with_auth_token` are mutually exclusive"));
            }
            Some(_) if settings.is_keyless() => {
                return Err(config("`with_auth_token` and `without_api_key` are mutually exclusive"));
            }
            Some(token) => return Ok(Some(Credentials::bearer(token.clone()))),
            None => {}
        }
        let token = settings.environment().first(&["ANTHROPIC_AUTH_TOKEN"]);
        match (settings.optional_api_key(&["ANTHROPIC_API_KEY"])?, token) {
            (Some(key), _) => Credentials::header("x-api-key", key).map(Some),
            (None, _) if settings.is_keyless() => Ok(None),
            (None, Some(token)) => Ok(Some(Credentials::bearer(token))),
            (None, None) => Err(config(
                "no API key: set ANTHROPIC_API_KEY, or call `with_api_key` or `with_auth_token` on the builder, or \
                 `without_api_key` for a server that needs none",
            )),
        }
    }
}

/// Removes a `/v1` from the end of the URL, which is part of the endpoints' paths: both spellings are common.
fn without_version(mut url: String) -> String {
    let end = url.trim_end_matches('/').strip_suffix("/v1").map(str::len);
    url.truncate(end.unwrap_or(url.len()));
    url
}

fn config(message: &'static str) -> Error {
    Error::new(ErrorKind::Config, message)
}

/// The methods of a builder with a field `connection`.
macro_rules! connection_settings {
    ($builder:ty) => {
        catena_http::connection_methods! {
            $builder, connection.settings,
            api_key: "It travels as `x-api-key`. Default: `ANTHROPIC_API_KEY`.",
            base_url: "Default: `ANTHROPIC_API_URL`, `ANTHROPIC_BASE_URL`, or `https://api.anthropic.com`. A `/v1` at its end \
                       may be left out.",
            proxy: "Default: `ANTHROPIC_PROXY`, or what `HTTPS_PROXY` and its kin say.",
            stream_chunk_timeout: "Thoughts that are not shown and the arguments of tools that the service runs itself make no \
                                   chunks either. Default: none, as the idle timeout is there.",
        }

        /// Credentials other than an API key.
        impl $builder {
            /// Sets a token to use instead of a key, sent as `Authorization: Bearer`, such as that of a login or a
            /// gateway. Default: `ANTHROPIC_AUTH_TOKEN`, if there is no key.
            pub fn with_auth_token(mut self, token: impl Into<$crate::ApiKey>) -> Self {
                self.connection.set_auth_token(token.into());
                self
            }
        }
    };
}
pub(crate) use connection_settings;

#[cfg(test)]
mod tests {
    use super::*;
    use catena_http::service::Environment;

    fn reading(read: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Connection {
        let mut connection = Connection::default();
        connection.settings.set_environment(Environment::new(read));
        connection
    }

    fn environment(name: &str) -> Option<String> {
        let value = match name {
            "ANTHROPIC_API_KEY" => "env-key",
            "ANTHROPIC_BASE_URL" => "https://env.test/v1/",
            _ => return None,
        };
        Some(value.to_owned())
    }

    fn error(connection: Connection) -> String {
        let error = connection.connect().expect_err("an error");
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        error.to_string()
    }

    #[test]
    fn a_setting_wins_over_the_environment() {
        assert_eq!(reading(environment).connect().expect("a client").base_url(), "https://env.test");
        let mut mine = reading(environment);
        mine.settings.set_base_url("https://my.test/proxy?key=secret");
        assert_eq!(mine.connect().expect("a client").base_url(), "https://my.test/proxy");
    }

    #[test]
    fn a_key_is_given_or_found_or_declined() {
        assert!(error(reading(|_| None)).contains("ANTHROPIC_API_KEY"));
        let mut declined = reading(environment);
        declined.settings.decline_api_key();
        declined.connect().expect("a client without a key");
        let mut both = reading(|_| None);
        both.settings.set_api_key("k".into());
        both.set_auth_token("t".into());
        assert!(error(both).contains("with_auth_token"));
        let mut contrary = reading(|_| None);
        contrary.set_auth_token("t".into());
        contrary.settings.decline_api_key();
        assert!(error(contrary).contains("without_api_key"));
        let token = |name: &str| (name == "ANTHROPIC_AUTH_TOKEN").then(|| "t".to_owned());
        reading(token).connect().expect("a client with a token");
    }

    #[test]
    fn the_version_belongs_to_the_endpoints() {
        for (url, expected) in [
            ("https://a.test", "https://a.test"),
            ("https://a.test/v1", "https://a.test"),
            ("https://a.test/x/v1//", "https://a.test/x"),
            ("https://a.test/v10", "https://a.test/v10"),
            ("https://a.test/?q=/v1x", "https://a.test/?q=/v1x"),
        ] {
            assert_eq!(without_version(url.to_owned()), expected);
        }
    }

    #[test]
    fn a_bad_proxy_of_the_environment_is_an_error() {
        error(reading(|name| match name {
            "ANTHROPIC_PROXY" => Some("not a url".to_owned()),
            "ANTHROPIC_API_KEY" => Some("k".to_owned()),
            _ => None,
        }));
    }
}
