//! The service's models.

use catena_core::Result;
use catena_http::service::{Call, segment};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};

use crate::codec::object::{null_is_default, number, text};
use crate::openai_client::OpenAiClient;
use crate::page::Page;

/// The endpoints under `/models`. Created by [`OpenAiClient::models`].
///
/// # Errors
/// As for every call of an [`OpenAiClient`].
///
/// # Example
/// ```
/// use catena_core::ErrorKind;
/// use catena_llm_openai::OpenAiClient;
/// # use catena_testkit::{Reply, Server};
/// # use serde_json::json;
/// # let server = Server::replay([
/// #     Reply::json(200, json!({"data": [{"id": "gpt-4o", "created": 1686935002}]})),
/// #     Reply::json(404, json!({"error": {"message": "no such model", "code": "model_not_found"}})),
/// # ]);
/// # let client = OpenAiClient::builder().with_base_url(server.url()).with_api_key("sk-...").build()?;
/// # futures_executor::block_on(async {
/// assert_eq!(client.models().list().await?.data[0].created, Some(1686935002));
/// let missing = client.models().retrieve("gpt-0").await.unwrap_err();
/// assert_eq!(missing.kind(), ErrorKind::NotFound);
/// # Ok::<(), catena_core::Error>(()) })?;
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Models {
    client: OpenAiClient,
}

impl Models {
    pub(crate) fn new(client: OpenAiClient) -> Self {
        Self { client }
    }

    /// Lists all models, in one page.
    pub async fn list(&self) -> Result<Page<ModelInfo>> {
        let Listed(page) = self.client.fetch(Call::get("models")).await?;
        Ok(page)
    }

    /// Retrieves the details of a model.
    ///
    /// # Errors
    /// `NotFound` if there is no such model.
    pub async fn retrieve(&self, id: &str) -> Result<ModelInfo> {
        self.client.fetch(Call::get(format!("models/{}", segment(id)?))).await
    }

    /// Deletes a fine-tuned model.
    pub async fn delete(&self, id: &str) -> Result<Deleted> {
        self.client.fetch(deletion(format!("models/{}", segment(id)?))?).await
    }
}

/// A page of models; some services send a bare list.
struct Listed(Page<ModelInfo>);

impl<'de> Deserialize<'de> for Listed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let page = match Value::deserialize(deserializer)? {
            list @ Value::Array(_) => json!({ "data": list }),
            page => page,
        };
        serde_json::from_value(page).map(Self).map_err(D::Error::custom)
    }
}

/// Builds the call that deletes the resource at this path.
///
/// # Errors
/// None.
pub(crate) fn deletion(path: String) -> Result<Call> {
    // Some servers accept a modifying call only if its content type is JSON.
    Call::delete(path).with_header("content-type", "application/json")
}

/// A service's description of a model.
///
/// # Example
/// ```
/// use catena_llm_openai::ModelInfo;
/// let model: ModelInfo = serde_json::from_str(r#"{"id": "llama3.2", "owned_by": null, "context_length": 8192}"#)?;
/// assert_eq!(model.extra["context_length"], 8192);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ModelInfo {
    /// The model's name, for use in requests.
    pub id: String,
    /// The creation time, in seconds since the Unix epoch.
    #[serde(default, deserialize_with = "number")]
    pub created: Option<u64>,
    /// The owner.
    #[serde(default, deserialize_with = "text")]
    pub owned_by: Option<String>,
    /// All other members, unchanged.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The response to a deletion.
///
/// # Example
/// ```
/// use catena_llm_openai::Deleted;
/// let deleted: Deleted = serde_json::from_str(r#"{"id": "file-1", "deleted": true}"#)?;
/// assert!(deleted.deleted);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Deleted {
    /// The id of the deleted object.
    pub id: String,
    /// Whether it was deleted.
    #[serde(default, deserialize_with = "null_is_default")]
    pub deleted: bool,
    /// All other members, unchanged.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_with_and_without_its_object() {
        for (body, count) in [
            (r#"{"object":"list","data":[{"id":"a","created":null},{"id":"b"}]}"#, 2),
            (r#"[{"id":"a","type":"chat"}]"#, 1),
            (r#"{"data":null}"#, 0),
        ] {
            let Listed(page) = serde_json::from_str(body).expect("a list");
            assert_eq!(page.data.len(), count, "{body}");
        }
        assert!(serde_json::from_str::<Listed>("17").is_err());
    }
}
