//! Where the service is and how to reach it: builds a client from settings, environment and defaults.

use catena_core::Result;
use catena_http::service::{ConnectionSettings, Credentials, Service};

use crate::client::Client;
use crate::dialect::GeminiDialect;

const DEFAULT_URL: &str = "https://generativelanguage.googleapis.com";

const DEFAULT_VERSION: &str = "v1beta";

/// The header for the key. The service also accepts it in the URL, where it would end up in logs.
const KEY_HEADER: &str = "x-goog-api-key";

/// The connection settings of a builder. `Debug` hides the key.
#[derive(Debug, Default)]
pub(crate) struct Connection {
    pub(crate) settings: ConnectionSettings,
    api_version: Option<String>,
}

impl Connection {
    pub(crate) fn set_api_version(&mut self, version: String) {
        self.api_version = Some(version);
    }

    /// Creates a client of the service.
    ///
    /// # Errors
    /// `Config` for invalid settings: a missing key, an invalid URL, a key that would be sent unencrypted.
    pub(crate) fn connect(self) -> Result<Client> {
        let settings = self.settings;
        let base_url = settings.base_url(&["GOOGLE_GEMINI_BASE_URL"]);
        let version =
            self.api_version.or_else(|| settings.environment().first(&["GOOGLE_GENAI_API_VERSION"]));
        let version = version.as_deref().unwrap_or(DEFAULT_VERSION);
        let base_url = versioned(base_url.as_deref().unwrap_or(DEFAULT_URL), version);
        let mut service = Service::builder(&base_url, GeminiDialect);
        if let Some(key) = settings.api_key(&["GOOGLE_API_KEY", "GEMINI_API_KEY"])? {
            service = service.with_credentials(Credentials::header(KEY_HEADER, key)?);
        }
        Ok(Client::new(settings.connect(service, &[])?, &base_url))
    }
}

/// Appends the version to the URL's path, unless the path already ends with one.
fn versioned(url: &str, version: &str) -> String {
    let (path, query) =
        url.trim().split_once('?').map_or((url.trim(), None), |(path, query)| (path, Some(query)));
    let path = path.trim_end_matches('/');
    let last = path.rsplit('/').next().unwrap_or_default();
    let is_version = last.strip_prefix('v').is_some_and(|rest| {
        rest.starts_with(|c: char| c.is_ascii_digit()) && rest.chars().all(|c| c.is_ascii_alphanumeric())
    });
    let path = if is_version || version.is_empty() { path.to_owned() } else { format!("{path}/{version}") };
    query.map_or_else(|| path.clone(), |query| format!("{path}?{query}"))
}

/// The methods of a builder with a field `connection`.
macro_rules! connection_settings {
    ($builder:ty) => {
        catena_http::connection_methods! {
            $builder, connection.settings,
            api_key: "Default: `GOOGLE_API_KEY` or `GEMINI_API_KEY`.",
            base_url: "Default: `GOOGLE_GEMINI_BASE_URL`, or `https://generativelanguage.googleapis.com`. The version of the \
                       interface is appended to its path, unless it ends with one.",
            proxy: "Default: what `HTTPS_PROXY` and its kin say.",
            stream_chunk_timeout: "Default: none, as the idle timeout is there.",
        }

        /// The API version.
        impl $builder {
            /// Sets the API version. Default: `GOOGLE_GENAI_API_VERSION`, or `v1beta`.
            pub fn with_api_version(mut self, version: impl Into<String>) -> Self {
                self.connection.set_api_version(version.into());
                self
            }
        }
    };
}
pub(crate) use connection_settings;

#[cfg(test)]
mod tests {
    use super::*;
    use catena_core::ErrorKind;
    use catena_http::service::Environment;

    fn reading(read: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Connection {
        let mut connection = Connection::default();
        connection.settings.set_environment(Environment::new(read));
        connection
    }

    fn environment(name: &str) -> Option<String> {
        let value = match name {
            "GEMINI_API_KEY" => "env-key",
            "GOOGLE_GEMINI_BASE_URL" => "https://env.test/",
            "GOOGLE_GENAI_API_VERSION" => "v7",
            _ => return None,
        };
        Some(value.to_owned())
    }

    fn url(connection: Connection) -> String {
        connection.connect().expect("a client").base_url().to_owned()
    }

    #[test]
    fn the_version_ends_the_path() {
        for (base, expected) in [
            ("https://h.test", "https://h.test/v1beta"),
            ("https://h.test/", "https://h.test/v1beta"),
            ("https://h.test/proxy?a=1", "https://h.test/proxy/v1beta?a=1"),
            ("https://h.test/v1", "https://h.test/v1"),
            ("https://h.test/v1alpha/", "https://h.test/v1alpha"),
            ("https://h.test/vertex", "https://h.test/vertex/v1beta"),
        ] {
            assert_eq!(versioned(base, DEFAULT_VERSION), expected, "{base}");
        }
    }

    #[test]
    fn a_setting_wins_over_the_environment() {
        assert_eq!(url(reading(environment)), "https://env.test/v7");
        let mut mine = reading(environment);
        mine.settings.set_base_url("https://my.test");
        mine.set_api_version("v1".into());
        assert_eq!(url(mine), "https://my.test/v1");
        let mut plain = reading(|_| None);
        plain.settings.set_api_key("k".into());
        assert_eq!(url(plain), format!("{DEFAULT_URL}/{DEFAULT_VERSION}"));
    }

    #[test]
    fn a_key_is_given_or_found_or_declined() {
        let error = reading(|_| None).connect().expect_err("no key");
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains("GOOGLE_API_KEY or GEMINI_API_KEY"), "{error}");
        let mut declined = reading(environment);
        declined.settings.decline_api_key();
        url(declined);
    }
}
