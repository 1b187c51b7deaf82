//! The chat model settings that only the Responses API supports, and the choice between the two APIs.

use serde_json::{Value, json};

use crate::chat_openai_builder::ChatOpenAiBuilder;

/// Settings of the Responses API, OpenAI's newer API for chat models. It is used where a request needs it: for tools
/// that the service runs itself (`{"type": "web_search"}`), for the settings below, and for models that are only served
/// there.
///
/// Its answers consist of blocks for everything that happened: text with citations, reasoning, and calls and results of
/// the service's tools. When they are sent back in a conversation, the model does not have to reason again. Instead of
/// a finish reason, `metadata` has a `status`, and `incomplete_details` if an answer was cut short.
///
/// It has no stop sequences: a `stop` bound to a call is rejected there, and one set on the model is ignored.
///
/// # Example
/// ```
/// use catena_core::RunnableExt;
/// use catena_llm_openai::ChatOpenAi;
/// use catena_testkit::{Reply, Server};
/// use serde_json::json;
///
/// let server = Server::replay([Reply::json(200, json!({"id": "resp_1", "status": "completed", "output": [
///     {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "Six times seven."}]},
///     {"type": "message", "id": "msg_1", "content": [{"type": "output_text", "text": "42", "annotations": []}]},
/// ]}))]);
/// let chat = ChatOpenAi::builder()
///     .with_base_url(server.url())
///     .with_api_key("sk-...")
///     .with_model("gpt-5-mini")
///     .with_reasoning(json!({"effort": "low", "summary": "auto"}))
///     .build()?;
/// # futures_executor::block_on(async {
/// let answer = chat.invoke("What is 6 * 7?").await?;
/// assert_eq!((answer.text().as_ref(), answer.reasoning.as_deref()), ("42", Some("Six times seven.")));
/// assert_eq!(server.requests()[0].path(), "/responses");
/// # Ok::<(), catena_core::Error>(()) })?;
/// # Ok::<(), catena_core::Error>(())
/// ```
impl ChatOpenAiBuilder {
    /// Forces the use of the Responses API, or of chat completions. Default: the Responses API where a request needs
    /// it.
    pub fn with_use_responses_api(mut self, wanted: bool) -> Self {
        self.use_responses_api = Some(wanted);
        self
    }

    /// Sends only the messages after the last answer that the service stored, with a reference to that answer. Default
    /// false: the whole conversation is sent.
    pub fn with_use_previous_response_id(mut self, wanted: bool) -> Self {
        self.use_previous_response_id = wanted;
        self
    }

    /// Sets how the model reasons: `{"effort": "low", "summary": "auto"}`.
    pub fn with_reasoning(mut self, reasoning: impl Into<Value>) -> Self {
        self.parameters.set("reasoning", reasoning);
        self
    }

    /// Requests additional parts of the answer, such as `reasoning.encrypted_content`, which preserves reasoning if the
    /// service does not [store](Self::with_store) answers.
    pub fn with_include<T: Into<String>>(mut self, parts: impl IntoIterator<Item = T>) -> Self {
        let parts: Vec<String> = parts.into_iter().map(Into::into).collect();
        self.parameters.set("include", json!(parts));
        self
    }

    /// Sets what happens to a conversation that exceeds the context: `auto` drops its middle, `disabled` makes it an
    /// error.
    pub fn with_truncation(mut self, truncation: impl Into<String>) -> Self {
        self.parameters.set("truncation", truncation.into());
        self
    }

    /// Sets how the service compacts a growing conversation: `[{"type": "compaction", "compact_threshold": 100000}]`.
    pub fn with_context_management(mut self, management: impl Into<Value>) -> Self {
        self.parameters.set("context_management", management);
        self
    }

    /// Sets how the service caches prompt prefixes. A message block marks the end of a cached prefix with its member
    /// `prompt_cache_breakpoint`.
    pub fn with_prompt_cache_options(mut self, options: impl Into<Value>) -> Self {
        self.parameters.set("prompt_cache_options", options);
        self
    }
}
