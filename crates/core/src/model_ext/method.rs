//! The ways to have an answer of a form.

/// How a model is made to answer in a form.
///
/// # Example
/// ```
/// use catena_core::{fakes::FakeMessagesListChatModel, AiMessage, ChatModelExt, RunnableExt, StructuredMethod};
/// # futures_executor::block_on(async {
/// let model = FakeMessagesListChatModel::new([AiMessage::new("```json\n{\"a\": 1}\n```")]);
/// let json = model.with_structured_output_schema(serde_json::Value::Null).with_method(StructuredMethod::JsonMode);
/// assert_eq!(json.invoke("Return JSON.").await?["a"], 1);
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StructuredMethod {
    /// The service keeps the answer to the schema.
    JsonSchema,
    /// The model is made to call a tool whose arguments are the answer.
    FunctionCalling,
    /// The answer is JSON, of whatever form: the prompt says which.
    JsonMode,
}
