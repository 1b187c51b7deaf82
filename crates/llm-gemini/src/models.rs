//! The service's models.

use catena_core::{Error, ErrorKind, Result};
use catena_http::service::Call;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::codec::model_name;
use crate::gemini_client::GeminiClient;

/// The maximum page size that the service supports.
const PAGE_SIZE: &str = "1000";

/// The maximum number of pages per list, in case a service never sends a last one.
const MAX_PAGES: usize = 100;

/// The endpoints under `/models`. Created by [`GeminiClient::models`].
///
/// # Errors
/// As for every call of a [`GeminiClient`].
///
/// # Example
/// ```
/// use catena_core::ErrorKind;
/// use catena_llm_gemini::GeminiClient;
/// # use catena_testkit::{Reply, Server};
/// # use serde_json::json;
/// # let server = Server::replay([
/// #     Reply::json(200, json!({"models": [{"name": "models/gemini-2.5-pro", "inputTokenLimit": 1048576}], "nextPageToken": "2"})),
/// #     Reply::json(200, json!({"models": [{"name": "models/gemini-2.5-flash"}]})),
/// #     Reply::json(404, json!({"error": {"code": 404, "message": "no such model", "status": "NOT_FOUND"}})),
/// # ]);
/// # let client = GeminiClient::builder().with_base_url(server.url()).with_api_key("AIza-secret").build()?;
/// # futures_executor::block_on(async {
/// let models = client.models().list().await?;
/// assert_eq!(models[0].input_token_limit, Some(1_048_576));
/// # assert_eq!((models.len(), models[1].id()), (2, "gemini-2.5-flash"));
/// # assert!(server.requests()[1].target().contains("pageToken=2"));
/// let missing = client.models().retrieve("gemini-0").await.unwrap_err();
/// assert_eq!(missing.kind(), ErrorKind::NotFound);
/// # Ok::<(), catena_core::Error>(()) })?;
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Models {
    client: GeminiClient,
}

impl Models {
    pub(crate) fn new(client: GeminiClient) -> Self {
        Self { client }
    }

    /// Lists all models, of all pages.
    ///
    /// # Cancellation
    /// Dropping the future closes the connection.
    pub async fn list(&self) -> Result<Vec<ModelInfo>> {
        let mut models = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let mut call = Call::get("models").with_query("pageSize", PAGE_SIZE);
            if let Some(token) = token.take() {
                call = call.with_query("pageToken", token);
            }
            let page: Page = self.client.fetch(call).await?;
            models.extend(page.models.unwrap_or_default());
            token = page.next_page_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(models);
            }
        }
        Err(Error::new(
            ErrorKind::InvalidResponse,
            format!("the list of models has more than {MAX_PAGES} pages"),
        ))
    }

    /// Retrieves the details of a model.
    ///
    /// # Errors
    /// `NotFound` if there is no such model.
    pub async fn retrieve(&self, model: &str) -> Result<ModelInfo> {
        self.client.fetch(Call::get(model_name::path(model, "")?)).await
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    #[serde(default)]
    models: Option<Vec<ModelInfo>>,
    #[serde(default)]
    next_page_token: Option<String>,
}

/// The service's description of a model.
///
/// # Example
/// ```
/// use catena_llm_gemini::ModelInfo;
/// let model: ModelInfo = serde_json::from_str(r#"{"name": "models/gemini-2.5-pro", "outputTokenLimit": 65536, "version": "001"}"#)?;
/// assert_eq!((model.id(), model.output_token_limit), ("gemini-2.5-pro", Some(65_536)));
/// assert_eq!(model.extra["version"], "001");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ModelInfo {
    /// The resource name: `models/` followed by the id.
    pub name: String,
    /// The display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The maximum number of tokens of a prompt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_token_limit: Option<u64>,
    /// The maximum number of tokens of an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_token_limit: Option<u64>,
    /// The supported methods, such as `generateContent` and `embedContent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supported_generation_methods: Option<Vec<String>>,
    /// All other members, unchanged.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl ModelInfo {
    /// Returns the model's id, for use in requests.
    pub fn id(&self) -> &str {
        self.name.strip_prefix("models/").unwrap_or(&self.name)
    }
}
