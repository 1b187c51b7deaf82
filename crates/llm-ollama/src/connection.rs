//! Where the service is and how to reach it: builds a client from settings, environment and defaults.

use catena_core::Result;
use catena_http::service::{ConnectionSettings, Credentials, Service};

use crate::client::Client;
use crate::dialect::OllamaDialect;
use crate::host::url_of_host;

/// The default address of an Ollama server.
const DEFAULT_HOST: &str = "127.0.0.1";

/// Creates a client of the service.
///
/// # Errors
/// `Config` for invalid settings: an invalid URL, a key that would be sent unencrypted.
pub(crate) fn connect(settings: ConnectionSettings) -> Result<Client> {
    let host = settings.base_url(&["OLLAMA_HOST"]);
    let base_url = url_of_host(host.as_deref().unwrap_or(DEFAULT_HOST));
    let mut service = Service::builder(&base_url, OllamaDialect);
    if let Some(key) = settings.optional_api_key(&["OLLAMA_API_KEY"])? {
        service = service.with_credentials(Credentials::bearer(key));
    }
    Ok(Client::new(settings.connect(service, &[])?, base_url))
}

/// The methods of a builder with a field `connection`.
macro_rules! connection_settings {
    ($builder:ty) => {
        catena_http::connection_methods! {
            $builder, connection,
            api_key: "It is sent as a bearer token to services that ask for one. Default: `OLLAMA_API_KEY`, or none.",
            base_url: "It is a URL, or a host as `OLLAMA_HOST` names it: `gpu-box`, `gpu-box:8080`, \
                       `https://gpu.example/ollama`. Default: `OLLAMA_HOST`, or this machine's port 11434.",
            proxy: "Default: what `HTTPS_PROXY` and its kin say.",
            stream_chunk_timeout: "Default: none, as the idle timeout is there.",
        }
    };
}
pub(crate) use connection_settings;

#[cfg(test)]
mod tests {
    use super::*;
    use catena_core::ErrorKind;
    use catena_http::service::Environment;

    fn reading(read: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> ConnectionSettings {
        let mut settings = ConnectionSettings::default();
        settings.set_environment(Environment::new(read));
        settings
    }

    fn environment(name: &str) -> Option<String> {
        match name {
            "OLLAMA_HOST" => Some("https://env.test".to_owned()),
            "OLLAMA_API_KEY" => Some("env-key".to_owned()),
            _ => None,
        }
    }

    #[test]
    fn a_setting_wins_over_the_environment() {
        let client = connect(reading(environment)).expect("a client");
        assert_eq!(client.base_url(), "https://env.test:443");
        assert!(format!("{client:?}").contains("authorization"), "the key of the environment is used");
        let mut settings = reading(environment);
        settings.set_base_url("my.test");
        settings.decline_api_key();
        let client = connect(settings).expect("a client");
        assert_eq!(client.base_url(), "http://my.test:11434");
        assert!(!format!("{client:?}").contains("authorization"));
        assert_eq!(connect(reading(|_| None)).expect("a client").base_url(), "http://127.0.0.1:11434");
    }

    #[test]
    fn a_key_stays_off_the_open_network() {
        let mut settings = reading(environment);
        settings.set_base_url("my.test");
        let error = connect(settings).expect_err("an error");
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(!error.to_string().contains("env-key"), "{error}");
    }

    #[test]
    fn what_contradicts_itself_is_an_error() {
        let mut settings = reading(|_| None);
        settings.set_api_key("k".into());
        settings.decline_api_key();
        assert_eq!(connect(settings).expect_err("an error").kind(), ErrorKind::Config);
    }
}
