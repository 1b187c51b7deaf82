//! The settings of a chat model that only the Responses API knows, and which of the two APIs is used.

use serde_json::{Value, json};

use crate::chat_openai_builder::ChatOpenAiBuilder;

/// The Responses API, OpenAI's newer way to ask chat models. It is used where a request needs it: for tools that the
/// service runs itself (`{"type": "web_search"}`), for the settings below, and for models that are served there only.
///
/// Its answers have blocks for all that happened: texts with citations, thoughts, calls and results of the service's
/// tools. Given back in a conversation, they spare the model from thinking twice. Instead of a finish reason the
/// `metadata` has a `status`, and `incomplete_details` where an answer was cut short.
///
/// It ends answers at no text: a `stop` that is bound to a call is refused there, and one that is set on the model does
/// not hold there.
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
    /// Uses the Responses API, or does not, whatever a request needs. Default: where a request needs it.
    pub fn with_use_responses_api(mut self, wanted: bool) -> Self {
        self.use_responses_api = Some(wanted);
        self
    }

    /// Sends only the messages behind the last answer that the service keeps, and names that answer. Default false:
    /// the whole conversation is sent.
    pub fn with_use_previous_response_id(mut self, wanted: bool) -> Self {
        self.use_previous_response_id = wanted;
        self
    }

    /// How the model thinks: `{"effort": "low", "summary": "auto"}`.
    pub fn with_reasoning(mut self, reasoning: impl Into<Value>) -> Self {
        self.parameters.set("reasoning", reasoning);
        self
    }

    /// What the answer is to hold beside the usual, such as `reasoning.encrypted_content`, which keeps thoughts where the
    /// service does not [store](Self::with_store) answers.
    pub fn with_include<T: Into<String>>(mut self, parts: impl IntoIterator<Item = T>) -> Self {
        let parts: Vec<String> = parts.into_iter().map(Into::into).collect();
        self.parameters.set("include", json!(parts));
        self
    }

    /// What happens to a conversation that is too long: `auto` leaves out its middle, `disabled` makes it an error.
    pub fn with_truncation(mut self, truncation: impl Into<String>) -> Self {
        self.parameters.set("truncation", truncation.into());
        self
    }

    /// How the service shortens a conversation that grows: `[{"type": "compaction", "compact_threshold": 100000}]`.
    pub fn with_context_management(mut self, management: impl Into<Value>) -> Self {
        self.parameters.set("context_management", management);
        self
    }

    /// How the service caches what prompts share. Where a cache is to end, blocks of messages say with a member
    /// `prompt_cache_breakpoint`.
    pub fn with_prompt_cache_options(mut self, options: impl Into<Value>) -> Self {
        self.parameters.set("prompt_cache_options", options);
        self
    }
}
