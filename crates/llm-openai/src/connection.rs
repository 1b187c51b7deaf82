//! Where the service is and how to reach it: builds a client from settings, environment and defaults.

use std::time::Duration;

use catena_core::Result;
use catena_core::load::{Constructor, Kwargs};
use catena_http::service::{ConnectionSettings, Credentials, SavedNames, Service};

use crate::azure::Azure;
use crate::client::{Client, Place};
use crate::codec::error::KEY_VARIABLE;
use crate::dialect::OpenAiDialect;

const DEFAULT_URL: &str = "https://api.openai.com/v1";

const SAVED: SavedNames = SavedNames {
    api_key: "openai_api_key",
    secret: "OPENAI_API_KEY",
    base_url: "openai_api_base",
    provider_url: DEFAULT_URL,
    proxy: "openai_proxy",
    timeout: "request_timeout",
};

/// The connection settings of a builder. `Debug` hides the key.
#[derive(Debug, Default)]
pub(crate) struct Connection {
    pub(crate) settings: ConnectionSettings,
    azure: Option<Azure>,
    organization: Option<String>,
    project: Option<String>,
}

impl Connection {
    pub(crate) fn set_azure(&mut self, azure: Azure) {
        self.azure = Some(azure);
    }

    pub(crate) fn is_azure(&self) -> bool {
        self.azure.is_some()
    }

    pub(crate) fn set_organization(&mut self, id: String) {
        self.organization = Some(id);
    }

    pub(crate) fn set_project(&mut self, id: String) {
        self.project = Some(id);
    }

    /// Adds the connection settings to what is saved of a model; `None` if they may hold a key.
    pub(crate) fn save_to(&self, made: Constructor) -> Option<Constructor> {
        if self.azure.is_some() || self.project.is_some() {
            return None;
        }
        let made = match &self.organization {
            Some(id) => made.with("openai_organization", id.as_str()),
            None => made,
        };
        self.settings.save_to(made, &SAVED)
    }

    /// Loads saved settings.
    pub(crate) fn load(&mut self, kwargs: &mut Kwargs) -> Result<()> {
        if let Some(id) = kwargs.text("openai_organization")? {
            self.set_organization(id);
        }
        self.settings.load(kwargs, &SAVED)
    }

    /// Creates a client of the service.
    ///
    /// # Errors
    /// `Config` for invalid settings: a missing key, an invalid URL, a key that would be sent unencrypted.
    pub(crate) fn connect(mut self) -> Result<Client> {
        let place = self.place()?;
        let key = match &place {
            Place::Plain(_) => KEY_VARIABLE,
            Place::Azure(_) => "AZURE_OPENAI_API_KEY",
        };
        let key = (!self.settings.is_keyless()).then_some(key);
        let mut service = Service::builder(place.base_url(), OpenAiDialect { key });
        if let Some((name, value)) = place.query() {
            service = service.with_query(name, value);
        }
        for (name, value) in self.own_headers() {
            service = service.with_header(name, value);
        }
        if let Some(credentials) = self.credentials(&place)? {
            service = service.with_credentials(credentials);
        }
        if let Some(limit) = self.stream_chunk_timeout() {
            service = service.with_stream_chunk_timeout(limit);
        }
        Ok(Client::new(self.settings.connect(service, &["OPENAI_PROXY"])?, place))
    }

    fn place(&mut self) -> Result<Place> {
        if let Some(azure) = self.azure.take() {
            return azure.resolve(self.settings.base_url(&[]), self.settings.environment()).map(Place::Azure);
        }
        let base_url = self.settings.base_url(&["OPENAI_API_BASE", "OPENAI_BASE_URL"]);
        Ok(Place::Plain(base_url.unwrap_or_else(|| DEFAULT_URL.to_owned())))
    }

    fn credentials(&self, place: &Place) -> Result<Option<Credentials>> {
        match place {
            Place::Azure(azure) if !self.settings.is_keyless() => {
                azure.credentials(self.settings.optional_api_key(&[])?, self.settings.environment()).map(Some)
            }
            _ => Ok(self.settings.api_key(&[KEY_VARIABLE])?.map(Credentials::bearer)),
        }
    }

    /// Returns the headers of every call except those that the user adds; a later one of the same name wins.
    fn own_headers(&self) -> Vec<(String, String)> {
        let environment = self.settings.environment();
        let mut headers = environment.headers("OPENAI_CUSTOM_HEADERS");
        for (name, set, variables) in [
            ("openai-organization", &self.organization, &["OPENAI_ORG_ID", "OPENAI_ORGANIZATION"][..]),
            ("openai-project", &self.project, &["OPENAI_PROJECT_ID"]),
        ] {
            // An empty setting suppresses the environment's value.
            if let Some(id) = set.clone().or_else(|| environment.first(variables)).filter(|id| !id.is_empty())
            {
                headers.push((name.to_owned(), id.trim().to_owned()));
            }
        }
        headers
    }

    /// Reads a number of seconds; anything but a positive number counts as not set.
    fn stream_chunk_timeout(&self) -> Option<Duration> {
        let seconds = self.settings.environment().first(&["LANGCHAIN_OPENAI_STREAM_CHUNK_TIMEOUT_S"])?;
        let limit = Duration::try_from_secs_f64(seconds.trim().parse().ok()?).ok();
        limit.filter(|limit| !limit.is_zero())
    }
}

/// The methods of a builder with a field `connection`.
macro_rules! connection_settings {
    ($builder:ty) => {
        catena_http::connection_methods! {
            $builder, connection.settings,
            api_key: "Default: `OPENAI_API_KEY`.",
            base_url: "Default: `OPENAI_API_BASE`, `OPENAI_BASE_URL`, or `https://api.openai.com/v1`.",
            proxy: "Default: `OPENAI_PROXY`, or what `HTTPS_PROXY` and its kin say.",
            stream_chunk_timeout: "Default: `LANGCHAIN_OPENAI_STREAM_CHUNK_TIMEOUT_S`, or none, as the idle timeout is there.",
        }

        /// The account that is billed, and where the service is.
        impl $builder {
            /// Uses Azure instead of OpenAI: its URLs, and its `api-key` header or a Microsoft Entra ID token.
            pub fn with_azure(mut self, azure: $crate::Azure) -> Self {
                self.connection.set_azure(azure);
                self
            }

            /// Sets the organization that is billed. Default: `OPENAI_ORG_ID` or `OPENAI_ORGANIZATION`.
            pub fn with_organization(mut self, id: impl Into<String>) -> Self {
                self.connection.set_organization(id.into());
                self
            }

            /// Sets the project that is billed. Default: `OPENAI_PROJECT_ID`.
            pub fn with_project(mut self, id: impl Into<String>) -> Self {
                self.connection.set_project(id.into());
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

    fn environment(name: &str) -> Option<String> {
        let value = match name {
            "OPENAI_API_KEY" => "env-key",
            "OPENAI_API_BASE" => "https://env.test/v1",
            "OPENAI_BASE_URL" => "https://other.test/v1",
            "OPENAI_ORGANIZATION" => "env-org",
            "OPENAI_PROJECT_ID" => "env-project",
            "OPENAI_CUSTOM_HEADERS" => "X-Team: blue\nOpenAI-Project: lost\nbroken",
            _ => return None,
        };
        Some(value.to_owned())
    }

    fn reading(read: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Connection {
        let mut connection = Connection::default();
        connection.settings.set_environment(Environment::new(read));
        connection
    }

    fn explicit(mut connection: Connection) -> Connection {
        connection.settings.set_api_key("my-key".into());
        connection.settings.set_base_url("https://my.test");
        connection.set_organization("my-org".into());
        connection.set_project(String::new());
        connection
    }

    fn error(connection: Connection) -> String {
        let error = connection.connect().expect_err("an error");
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        error.to_string()
    }

    #[test]
    fn a_setting_wins_over_the_environment() {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let (team, lost) = (header("x-team", "blue"), header("openai-project", "lost"));
        let project = header("openai-project", "env-project");
        let expected = [team.clone(), lost.clone(), header("openai-organization", "env-org"), project];
        assert_eq!(reading(environment).own_headers(), expected);
        let mine = explicit(reading(environment));
        assert_eq!(mine.own_headers(), [team, lost, header("openai-organization", "my-org")]);
        assert_eq!(mine.connect().expect("a client").service().address().host(), "my.test");
        assert_eq!(reading(environment).connect().expect("a client").service().address().host(), "env.test");
    }

    #[test]
    fn a_key_is_given_or_found_or_declined() {
        assert!(error(reading(|_| None)).contains("OPENAI_API_KEY"));
        let mut declined = reading(environment);
        declined.settings.decline_api_key();
        declined.connect().expect("a client without a key");
        let mut both = explicit(reading(|_| None));
        both.settings.decline_api_key();
        assert!(error(both).contains("without_api_key"));
    }

    #[test]
    fn a_bad_proxy_of_the_environment_is_an_error() {
        error(explicit(reading(|name| (name == "OPENAI_PROXY").then(|| "not a url".to_owned()))));
    }

    #[test]
    fn odd_limits_are_passed_over() {
        let limit = |text: &'static str| reading(move |_| Some(text.to_owned())).stream_chunk_timeout();
        assert_eq!(limit("2.5"), Some(Duration::from_millis(2500)));
        for text in ["0", "-1", "inf", "1e300", "soon"] {
            assert_eq!(limit(text), None, "{text}");
        }
    }
}
