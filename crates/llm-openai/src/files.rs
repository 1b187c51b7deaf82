//! The service's files.

use std::time::Duration;

use bytes::Bytes;
use catena_core::{Context, Result};
use catena_http::Body;
use catena_http::service::{Call, Multipart, segment};
use futures_util::Stream;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::codec::object::{number, text};
use crate::models::{Deleted, deletion};
use crate::openai_client::OpenAiClient;
use crate::page::{ListOptions, Page, all_pages};

/// The endpoints under `/files`. Created by [`OpenAiClient::files`].
///
/// # Errors
/// As for every call of an [`OpenAiClient`].
///
/// # Example
/// ```
/// use catena_llm_openai::{FileUpload, OpenAiClient};
/// # use catena_testkit::{Reply, Server};
/// # let server = Server::start(|request| match request.method() {
/// #     "POST" => Reply::json(200, serde_json::json!({"id": "file-1", "bytes": 3})),
/// #     _ => Reply::text(200, "{}\n"),
/// # });
/// # let client = OpenAiClient::builder().with_base_url(server.url()).with_api_key("sk-...").build()?;
/// # futures_executor::block_on(async {
/// let file = client.files().upload(FileUpload::new("in.jsonl", "batch", "{}\n")).await?;
/// assert_eq!(client.files().content(&file.id).await?, "{}\n");
/// # Ok::<(), catena_core::Error>(()) })?;
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Files {
    client: OpenAiClient,
}

impl Files {
    pub(crate) fn new(client: OpenAiClient) -> Self {
        Self { client }
    }

    /// Uploads a file.
    pub async fn upload(&self, file: FileUpload) -> Result<FileInfo> {
        self.client.fetch(Call::post("files").with_multipart(file.into_form())).await
    }

    /// Fetches one page of the list of files.
    pub async fn list(&self, options: &ListOptions) -> Result<Page<FileInfo>> {
        self.client.fetch(options.call("files", None)).await
    }

    /// Streams the files of all pages; each page is fetched once the previous one is consumed.
    ///
    /// # Example
    /// ```
    /// use catena_llm_openai::{ListOptions, OpenAiClient};
    /// use futures_util::TryStreamExt;
    /// # use catena_testkit::{Reply, Server};
    /// # use serde_json::json;
    /// # let server = Server::replay([
    /// #     Reply::json(200, json!({"data": [{"id": "file-1"}], "has_more": true})),
    /// #     Reply::json(200, json!({"data": [{"id": "file-2"}], "has_more": false})),
    /// # ]);
    /// # let client = OpenAiClient::builder().with_base_url(server.url()).with_api_key("sk-...").build()?;
    /// # futures_executor::block_on(async {
    /// let files: Vec<_> = client.files().list_all(ListOptions::default()).try_collect().await?;
    /// assert_eq!(files[1].id, "file-2");
    /// assert_eq!(server.requests()[1].query(), "after=file-1");
    /// # Ok::<(), catena_core::Error>(()) })?;
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn list_all(&self, options: ListOptions) -> impl Stream<Item = Result<FileInfo>> + Send + use<> {
        let client = self.client.clone();
        let page = move |after: Option<String>| {
            let (client, call) = (client.clone(), options.call("files", after.as_deref()));
            async move { client.fetch(call).await }
        };
        all_pages(page, |file: &FileInfo| &file.id)
    }

    /// Retrieves the details of a file.
    pub async fn retrieve(&self, id: &str) -> Result<FileInfo> {
        self.client.fetch(Call::get(format!("files/{}", segment(id)?))).await
    }

    /// Downloads the content of a file into memory.
    pub async fn content(&self, id: &str) -> Result<Bytes> {
        Ok(self.client.call(content(id)?).await?.body)
    }

    /// Downloads the content of a file of any size, as a stream.
    ///
    /// # Cancellation
    /// Dropping the future or the body closes the connection.
    pub async fn download(&self, id: &str) -> Result<Body> {
        let service = self.client.inner().service();
        Ok(service.download(content(id)?, &Context::default()).await?.body)
    }

    /// Deletes a file.
    pub async fn delete(&self, id: &str) -> Result<Deleted> {
        self.client.fetch(deletion(format!("files/{}", segment(id)?))?).await
    }
}

fn content(id: &str) -> Result<Call> {
    Call::get(format!("files/{}/content", segment(id)?)).with_header("accept", "application/binary")
}

/// A file to upload.
///
/// # Example
/// ```
/// use catena_llm_openai::FileUpload;
/// use std::time::Duration;
/// let file = FileUpload::new("in.jsonl", "batch", "{}\n")
///     .with_content_type("application/jsonl")
///     .with_expiry(Duration::from_secs(7 * 24 * 3600))
///     .with_extra("model", "gpt-4o");
/// # drop(file);
/// ```
#[derive(Debug, Clone)]
#[must_use = "a file is uploaded by `Files::upload`"]
pub struct FileUpload {
    name: String,
    purpose: String,
    content_type: String,
    content: Bytes,
    expiry: Option<Duration>,
    extra: Vec<(String, String)>,
}

impl FileUpload {
    /// Creates an upload with this name and content. `purpose` is one of `batch`, `user_data`, `vision`, `fine-tune`,
    /// `assistants`, `evals`.
    pub fn new(name: impl Into<String>, purpose: impl Into<String>, content: impl Into<Bytes>) -> Self {
        Self {
            name: name.into(),
            purpose: purpose.into(),
            content_type: "application/octet-stream".to_owned(),
            content: content.into(),
            expiry: None,
            extra: Vec::new(),
        }
    }

    /// Sets the media type. Default `application/octet-stream`.
    pub fn with_content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = content_type.into();
        self
    }

    /// Sets when the service deletes the file, one hour to 30 days after its creation. Default: the service's default
    /// for the purpose.
    pub fn with_expiry(mut self, expiry: Duration) -> Self {
        self.expiry = Some(expiry);
        self
    }

    /// Adds a field to the form, unchanged, such as the `model` that some gateways require. It overrides what other
    /// methods set.
    pub fn with_extra(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.extra.push((name.into(), value.into()));
        self
    }

    fn into_form(self) -> Multipart {
        let mut fields = vec![("purpose", self.purpose)];
        if let Some(expiry) = self.expiry {
            fields.push(("expires_after[anchor]", "created_at".to_owned()));
            fields.push(("expires_after[seconds]", expiry.as_secs().to_string()));
        }
        fields.retain(|(name, _)| self.extra.iter().all(|(extra, _)| extra != name));
        let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).chain(self.extra);
        let form = fields.fold(Multipart::new(), |form, (name, value)| form.with_field(name, value));
        form.with_file("file", self.name, self.content_type, self.content)
    }
}

/// A service's description of a file.
///
/// # Example
/// ```
/// use catena_llm_openai::FileInfo;
/// let file: FileInfo = serde_json::from_str(r#"{"id": "file-1", "bytes": 140, "purpose": "batch"}"#)?;
/// assert_eq!(file.bytes, Some(140));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FileInfo {
    /// The file's id, for use in requests.
    pub id: String,
    /// The size in bytes.
    #[serde(default, deserialize_with = "number")]
    pub bytes: Option<u64>,
    /// The upload time, in seconds since the Unix epoch.
    #[serde(default, deserialize_with = "number")]
    pub created_at: Option<u64>,
    /// The time at which the file will be deleted, in seconds since the Unix epoch.
    #[serde(default, deserialize_with = "number")]
    pub expires_at: Option<u64>,
    /// The file name.
    #[serde(default, deserialize_with = "text")]
    pub filename: Option<String>,
    /// The purpose it was uploaded for.
    #[serde(default, deserialize_with = "text")]
    pub purpose: Option<String>,
    /// All other members, unchanged.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}
