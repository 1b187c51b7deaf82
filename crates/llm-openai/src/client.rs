//! Connects codec and transport: where each endpoint is, and how it is called.

use std::borrow::Cow;

use catena_core::{ChunkStream, Context, Demand, Result};
use catena_http::service::{Answer, Call, Service};
use serde::Deserialize;

use crate::azure::{AzurePlace, is_azure_host};
use crate::codec::StreamDecoder;
use crate::content_filter::ContentFilter;

/// A client of the service. Cloning is cheap, and clones share connections. `Debug` hides the key.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    service: Service,
    place: Place,
    is_azure: bool,
}

/// Where the service is.
#[derive(Clone)]
pub(crate) enum Place {
    /// The base URL.
    Plain(String),
    Azure(AzurePlace),
}

impl Place {
    pub(crate) fn base_url(&self) -> &str {
        match self {
            Self::Plain(url) => url,
            Self::Azure(azure) => &azure.base_url,
        }
    }

    /// Returns the query parameter of every call.
    pub(crate) fn query(&self) -> Option<(&'static str, String)> {
        match self {
            Self::Plain(_) => None,
            Self::Azure(azure) => Some(("api-version", azure.api_version.clone())),
        }
    }
}

/// The model in the body of a request.
#[derive(Default, Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    model: Option<Cow<'a, str>>,
}

impl Client {
    pub(crate) fn new(service: Service, place: Place) -> Self {
        let is_azure = matches!(place, Place::Azure(_)) || is_azure_host(&service.address().host());
        Self { service, place, is_azure }
    }

    /// Returns the underlying client, for calls without a method here.
    pub(crate) fn service(&self) -> &Service {
        &self.service
    }

    /// Returns the base URL.
    pub(crate) fn base_url(&self) -> &str {
        self.place.base_url()
    }

    /// Returns the Azure deployment that serves all models.
    pub(crate) fn deployment(&self) -> Option<&str> {
        match &self.place {
            Place::Plain(_) => None,
            Place::Azure(azure) => azure.deployment(),
        }
    }

    /// Returns true if the service is OpenAI's own.
    pub(crate) fn is_openai(&self) -> bool {
        let host = self.service().address().host();
        host == "api.openai.com" || host.ends_with(".api.openai.com")
    }

    /// Returns true if the service is Azure's, with either form of its URLs.
    pub(crate) fn is_azure(&self) -> bool {
        self.is_azure
    }

    /// Builds a `POST` with a JSON body to an endpoint that a model serves, such as `chat/completions`.
    ///
    /// # Errors
    /// `Config` on Azure if neither a deployment nor a model is known.
    pub(crate) fn post(&self, endpoint: &str, model: &str, body: Vec<u8>) -> Result<Call> {
        let path = match &self.place {
            Place::Plain(_) => endpoint.to_owned(),
            Place::Azure(azure) => azure.path(endpoint, model)?,
        };
        Ok(Call::post(path).with_json(body))
    }

    /// Directs a call to its deployment on Azure: the configured one, or else the one named like the model in its body.
    ///
    /// # Errors
    /// `Config` on Azure if neither a deployment nor a model is known.
    pub(crate) fn placed(&self, call: Call) -> Result<Call> {
        let Place::Azure(azure) = &self.place else { return Ok(call) };
        let named: Named<'_> = serde_json::from_slice(call.body()).unwrap_or_default();
        let path = azure.path(call.path(), named.model.as_deref().unwrap_or_default())?;
        Ok(call.with_path(path))
    }

    /// Returns the model's name for requests whose URL does not contain it; the deployment's, if only that is known.
    ///
    /// # Errors
    /// `Config` on Azure if neither a deployment nor a model is known.
    pub(crate) fn named<'a>(&'a self, model: &'a str) -> Result<&'a str> {
        match &self.place {
            Place::Azure(azure) if model.is_empty() => azure.named(model),
            _ => Ok(model),
        }
    }

    /// Returns what a call demands of the limits, if the service has any.
    pub(crate) fn asks<'a>(&'a self, demand: impl FnOnce() -> Demand<'a>) -> Option<Demand<'a>> {
        let mut demand = self.service.has_admission().then(demand)?;
        if let Place::Azure(azure) = &self.place {
            // A deployment has its own limits, whatever model it serves.
            demand.model = azure.deployment.as_deref().or(demand.model);
        }
        Some(demand)
    }

    /// Calls an endpoint and reads the whole response.
    ///
    /// # Errors
    /// Transport errors, and errors that the service reports with an unsuccessful status.
    pub(crate) fn call<'a>(
        &'a self,
        call: Call,
        cx: &'a Context,
    ) -> impl Future<Output = Result<Answer>> + Send + 'a {
        self.service().send(call, cx)
    }

    /// Returns the check for chat answers.
    pub(crate) fn content_filter(&self) -> ContentFilter {
        ContentFilter(self.is_azure())
    }

    /// Calls an endpoint and decodes the response as it arrives. Nothing is sent until the stream is polled.
    pub(crate) fn stream<'a, D, F>(
        &'a self,
        call: Result<Call>,
        cx: Context,
        decoder: F,
    ) -> ChunkStream<'a, D::Chunk>
    where
        D: StreamDecoder + 'a,
        F: Fn() -> D + Send + Sync + 'a,
    {
        self.service().stream(call, cx, decoder)
    }
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            // The service shows the URL, without its secrets.
            Self::Plain(_) => "Plain",
            Self::Azure(_) => "Azure",
        })
    }
}
