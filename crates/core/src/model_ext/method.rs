//! The methods of structured output.

/// How a model is made to produce structured output.
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
    /// The service constrains the answer to the schema.
    JsonSchema,
    /// The model is given a tool whose arguments are the answer, and is forced to call it if it supports that.
    FunctionCalling,
    /// The answer is JSON without an enforced schema: the prompt has to describe it.
    JsonMode,
}
