//! Azure's variant of the service: its URLs and credentials.

use std::fmt;

use catena_core::{Error, ErrorKind, Result};
use catena_http::service::{Address, ApiKey, Credentials, Environment, segment};

/// The endpoints below a deployment; all others belong to the resource as a whole.
const OF_A_DEPLOYMENT: [&str; 9] = [
    "completions",
    "chat/completions",
    "embeddings",
    "audio/transcriptions",
    "audio/translations",
    "audio/speech",
    "images/generations",
    "images/edits",
    "moderations",
];

/// The domains of Azure resources.
const AZURE_DOMAINS: [&str; 3] =
    [".openai.azure.com", ".services.ai.azure.com", ".cognitiveservices.azure.com"];

/// Returns true if a host, in lower case, is an Azure resource.
pub(crate) fn is_azure_host(host: &str) -> bool {
    AZURE_DOMAINS.iter().any(|domain| host.ends_with(domain))
}

/// The location of models on Azure. What is not set is read from the environment.
///
/// The key is the builder's own ([`with_api_key`](crate::ChatOpenAiBuilder::with_api_key), or `AZURE_OPENAI_API_KEY`)
/// and is sent in the header `api-key`; a Microsoft Entra ID token replaces it. Credentials set in code win over the
/// environment, and in the environment a token wins over a key.
///
/// Azure's newer `/openai/v1/` URLs need none of this: they are a base URL with a key like any other. The service is
/// still recognised as Azure by its host.
///
/// An answer that Azure's content filter withheld is an error of kind
/// [`ContentFilter`](catena_core::ErrorKind::ContentFilter).
///
/// # Example
/// ```
/// use catena_llm_openai::{Azure, ChatOpenAi};
/// let azure = Azure::new()
///     .with_endpoint("https://my-resource.openai.azure.com")
///     .with_deployment("my-gpt")
///     .with_api_version("2024-10-21");
/// let chat = ChatOpenAi::builder().with_azure(azure).with_api_key("azure-key").build()?;
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Clone, Default)]
#[doc(alias = "AzureChatOpenAI")]
#[doc(alias = "AzureOpenAI")]
pub struct Azure {
    endpoint: Option<String>,
    deployment: Option<String>,
    api_version: Option<String>,
    ad_token: Option<ApiKey>,
}

impl Azure {
    /// Creates settings that are all read from the environment.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the resource, such as `https://my-resource.openai.azure.com`. Default: `AZURE_OPENAI_ENDPOINT`.
    #[must_use]
    pub fn with_endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = Some(url.into());
        self
    }

    /// Sets the deployment. Default: the deployment named like the model.
    #[must_use]
    pub fn with_deployment(mut self, name: impl Into<String>) -> Self {
        self.deployment = Some(name.into());
        self
    }

    /// Sets the API version, such as `2024-10-21`. Default: `OPENAI_API_VERSION`.
    #[must_use]
    pub fn with_api_version(mut self, version: impl Into<String>) -> Self {
        self.api_version = Some(version.into());
        self
    }

    /// Sets a Microsoft Entra ID (Azure AD) token to use instead of a key, or a function that fetches one before every
    /// attempt. Default: `AZURE_OPENAI_AD_TOKEN`.
    #[must_use]
    pub fn with_ad_token(mut self, token: impl Into<ApiKey>) -> Self {
        self.ad_token = Some(token.into());
        self
    }

    /// Fills in missing settings from the environment.
    pub(crate) fn resolve(self, base_url: Option<String>, environment: &Environment) -> Result<AzurePlace> {
        if base_url.is_some() {
            return Err(config("Azure has an endpoint instead of a base URL: call `Azure::with_endpoint`"));
        }
        let endpoint =
            self.endpoint.or_else(|| environment.first(&["AZURE_OPENAI_ENDPOINT"])).ok_or_else(|| {
                config("no Azure endpoint: set AZURE_OPENAI_ENDPOINT, or call `Azure::with_endpoint`")
            })?;
        let api_version = self.api_version.or_else(|| environment.first(&["OPENAI_API_VERSION"])).ok_or_else(|| {
            config(
                "no version of Azure's interface: set OPENAI_API_VERSION, or call `Azure::with_api_version`",
            )
        })?;
        if endpoint.contains(['?', '#']) || endpoint.contains("/deployments/") {
            return Err(config(
                "the Azure endpoint is the address of the resource, such as `https://my-resource.openai.azure.com`: \
                 leave out the path of the deployment and the query",
            ));
        }
        self.deployment.as_deref().map(segment).transpose()?;
        let base_url = format!("{}/openai", endpoint.trim().trim_end_matches('/'));
        Ok(AzurePlace { base_url, deployment: self.deployment, api_version, ad_token: self.ad_token })
    }
}

impl fmt::Debug for Azure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let endpoint = self.endpoint.as_deref().map(Address::parse).and_then(Result::ok);
        f.debug_struct("Azure")
            .field("endpoint", &endpoint)
            .field("deployment", &self.deployment)
            .field("api_version", &self.api_version)
            .field("ad_token", &self.ad_token)
            .finish()
    }
}

/// A resource with all settings resolved.
#[derive(Clone)]
pub(crate) struct AzurePlace {
    pub(crate) base_url: String,
    pub(crate) api_version: String,
    pub(crate) deployment: Option<String>,
    ad_token: Option<ApiKey>,
}

impl AzurePlace {
    /// Selects the credentials: exactly one of key and token.
    pub(crate) fn credentials(&self, key: Option<ApiKey>, environment: &Environment) -> Result<Credentials> {
        match (key, &self.ad_token) {
            (Some(_), Some(_)) => Err(config(
                "both an API key and an Entra ID token were given for Azure: set only one of them",
            )),
            (Some(key), None) => Credentials::header("api-key", key),
            (None, Some(token)) => Ok(Credentials::bearer(token.clone())),
            (None, None) => match (
                environment.first(&["AZURE_OPENAI_AD_TOKEN"]),
                environment.first(&["AZURE_OPENAI_API_KEY"]),
            ) {
                (Some(token), _) => Ok(Credentials::bearer(token)),
                (None, Some(key)) => Credentials::header("api-key", key),
                (None, None) => Err(config(
                    "no key for Azure: set AZURE_OPENAI_API_KEY or AZURE_OPENAI_AD_TOKEN, or call `with_api_key` on the \
                     builder or `Azure::with_ad_token`",
                )),
            },
        }
    }

    /// Returns the configured deployment, if there is one.
    pub(crate) fn deployment(&self) -> Option<&str> {
        self.deployment.as_deref()
    }

    /// Returns the path of an endpoint. The deployment is the configured one, or else named like the model.
    pub(crate) fn path(&self, endpoint: &str, model: &str) -> Result<String> {
        if !OF_A_DEPLOYMENT.contains(&endpoint) {
            return Ok(endpoint.to_owned());
        }
        Ok(format!("deployments/{}/{endpoint}", segment(self.named(model)?)?))
    }

    /// Returns the deployment: the configured one, or else the one named like the model.
    pub(crate) fn named<'a>(&'a self, model: &'a str) -> Result<&'a str> {
        match self.deployment() {
            Some(deployment) => Ok(deployment),
            None if model.is_empty() => {
                Err(config("no deployment of Azure is known: call `Azure::with_deployment`, or name a model"))
            }
            None => Ok(model),
        }
    }
}

fn config(message: &'static str) -> Error {
    Error::new(ErrorKind::Config, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(deployment: Option<&str>) -> AzurePlace {
        let azure = Azure::new().with_endpoint("https://r.test/").with_api_version("v");
        let azure = match deployment {
            Some(name) => azure.with_deployment(name),
            None => azure,
        };
        azure.resolve(None, &Environment::none()).expect("a place")
    }

    #[track_caller]
    fn check(deployment: Option<&str>, endpoint: &str, model: &str, expected: &str) {
        assert_eq!(place(deployment).path(endpoint, model).expect("a path"), expected);
    }

    #[test]
    fn endpoints_of_a_model_are_below_its_deployment() {
        check(Some("dep"), "chat/completions", "gpt-4o", "deployments/dep/chat/completions");
        check(None, "embeddings", "emb/1", "deployments/emb%2F1/embeddings");
        check(Some("my dep"), "embeddings", "", "deployments/my%20dep/embeddings");
        check(Some("dep"), "responses", "gpt-4o", "responses");
        check(Some("dep"), "files", "", "files");
        assert_eq!(place(None).path("completions", "").expect_err("no name").kind(), ErrorKind::Config);
        assert_eq!(place(None).base_url, "https://r.test/openai");
    }

    #[test]
    fn azure_is_known_by_its_host() {
        for host in ["r.openai.azure.com", "r.services.ai.azure.com", "r.cognitiveservices.azure.com"] {
            assert!(is_azure_host(host), "{host}");
        }
        for host in ["api.openai.com", "openai.azure.com.evil.test", "openai.azure.com", "127.0.0.1", ""] {
            assert!(!is_azure_host(host), "{host}");
        }
    }

    #[test]
    fn exactly_one_key_and_what_is_set_wins_over_the_environment() {
        let environment = Environment::new(|name| name.starts_with("AZURE").then(|| name.to_lowercase()));
        let environment = &environment;
        let plain = place(None);
        let shown = |credentials: Result<Credentials>| format!("{:?}", credentials.expect("credentials"));
        assert!(shown(plain.credentials(Some("k".into()), environment)).contains("api-key"));
        assert!(shown(plain.credentials(None, environment)).contains("authorization"), "a token wins");
        let with_token = AzurePlace { ad_token: Some("t".into()), ..plain.clone() };
        assert!(with_token.credentials(Some("k".into()), environment).is_err());
        assert!(shown(with_token.credentials(None, environment)).contains("authorization"));
        assert!(plain.credentials(None, &Environment::none()).is_err());
        assert!(Azure::new().resolve(None, &Environment::none()).is_err());
        for endpoint in
            ["https://r.test/openai/deployments/d/chat/completions", "https://r.test?api-version=v"]
        {
            let azure = Azure::new().with_endpoint(endpoint).with_api_version("v");
            assert_eq!(
                azure.resolve(None, environment).err().map(|error| error.kind()),
                Some(ErrorKind::Config)
            );
        }
        assert!(Azure::new().resolve(Some("https://h.test".into()), environment).is_err());
    }
}
