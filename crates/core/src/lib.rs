#![doc = include_str!("../README.md")]
//!
//! # Overview
//!
//! | topic | items |
//! | --- | --- |
//! | core | [`Runnable`], [`RunnableExt`] with `invoke`, `stream`, `batch` and all combinators, [`batch`], [`Chunk`], [`gather`] |
//! | steps | [`lambda`], [`generator`], [`delegate`], [`Pipe`], [`RunnableParallel`], [`RunnablePassthrough`], [`RunnableAssign`], [`RunnablePick`], [`RunnableBranch`], [`RouterRunnable`], [`RunnableEach`] |
//! | wrappers | [`WithRetry`] and [`RetryPolicy`], [`WithFallbacks`], [`WithConfig`], [`WithListener`], [`WithMessageHistory`], [`Bound`], [`BoxRunnable`], [`DynRunnable`] |
//! | runtime configuration | [`ConfigurableField`], [`ConfigurableAlternatives`], [`configurable`] |
//! | prompts | [`PromptTemplate`], [`ChatPromptTemplate`], [`MessagesPlaceholder`], [`FewShotPromptTemplate`], [`FewShotChatMessagePromptTemplate`], [`ImagePromptTemplate`], [`DictPromptTemplate`], [`StructuredPrompt`], [`PromptValue`], [`TemplateFormat`] |
//! | example selection | [`Examples`], [`ExampleSelector`], [`LengthBasedExampleSelector`], [`SemanticSimilarityExampleSelector`], [`MaxMarginalRelevanceExampleSelector`] |
//! | messages | [`Message`], [`AiMessage`], [`HumanMessage`], [`SystemMessage`], [`ToolMessage`], [`Content`], [`ContentBlock`], [`StandardBlock`], [`Usage`], [`ResponseMetadata`], [`ExtraMembers`] |
//! | message utilities | [`TrimMessages`], [`MessageFilter`], [`merge_message_runs`], [`get_buffer_string`], [`convert_to_messages`], [`convert_to_openai_messages`], [`TokenCounter`], [`ApproximateTokens`] |
//! | data | [`Data`], [`Record`], [`vars!`], [`FromData`], [`Document`], [`Json`], [`Xml`] |
//! | models | [`LanguageModel`], [`ChatModelExt`], [`Capability`], [`Embeddings`], [`ModelRegistry`], [`ModelOptions`], [`Stop`], [`ConfigurableModel`] |
//! | text parsers | [`StrOutputParser`], [`CommaSeparatedListOutputParser`], [`BooleanOutputParser`], [`EnumOutputParser`], [`DatetimeOutputParser`], [`XmlOutputParser`], [`RegexDictParser`], [`CombiningOutputParser`], `RegexParser` with the feature `regex` |
//! | structured output | [`JsonOutputParser`], [`TypedOutputParser`], `parse` with the feature `schemars`, [`JsonSchemaOutputParser`], [`StructuredOutput`], [`OutputFixingParser`], [`RetryOutputParser`], [`OutputParser`] to implement your own |
//! | tools | [`tool()`], [`Tool`], [`ToolOutput`], [`IntoToolOutput`], [`OnToolError`], [`ToolLoop`], [`ToolOptions`], [`ToolCall`], [`ToolsParser`], [`RunnableTool`], [`convert_to_openai_tool`] |
//! | runs | [`RunConfig`], [`Context`], [`CancelToken`], [`Timer`], [`RetryBudget`], [`Admission`] |
//! | observability | [`Observer`], [`RunCollector`], [`UsageTotals`], [`StreamEvent`], [`observe_with`], `TracingObserver` with the feature `tracing`, [`Graph`] |
//! | memory | [`ChatMessageHistory`], [`InMemoryChatMessageHistory`], [`InMemorySessions`] |
//! | serialization | [`load`] |
//! | errors | [`Error`], [`ErrorKind`], [`Result`], [`ParseFailure`], [`ServiceError`] |
//! | testing | [`fakes`] |

// Declared first: every module below may use the macros.
mod macros;

pub mod batch;
pub mod fakes;
pub mod graph;
pub mod load;

mod capability;
mod chat_history;
mod chunk;
mod data;
mod document;
mod embeddings;
mod error;
mod message;
mod model;
mod model_ext;
mod outline;
mod parser;
mod path;
mod prompt;
mod random;
mod rate_limits;
mod registry;
mod run;
mod runnable;
mod runnable_ext;
mod runnables;
mod schema;
mod secret_name;
mod service_error;
mod stop;
mod timer;
mod tool;

pub use async_trait::async_trait;
pub use capability::{Capabilities, Capability};
pub use chat_history::{ChatMessageHistory, InMemoryChatMessageHistory, InMemorySessions};
pub use chunk::{Chunk, ChunkStream, gather};
pub use data::{Data, FromData, Record};
pub use document::{Document, format_document};
pub use embeddings::Embeddings;
pub use error::{Error, ErrorKind, Result};
pub use graph::Graph;
pub use message::{
    AiMessage, Annotation, ApproximateTokens, BufferFormat, BufferString, ChatMessage, Citation, Content,
    ContentBlock, ContentBlocks, ExtraMembers, FunctionMessage, HumanMessage, InputTokenDetails,
    InvalidToolCall, MediaBlock, Message, MessageFilter, MessageKind, OpenAiForm, OutputTokenDetails,
    PlainTextBlock, ReasoningBlock, RemoveMessage, ResponseMetadata, ServerToolCallBlock,
    ServerToolCallChunkBlock, ServerToolResultBlock, StandardBlock, SystemMessage, TextBlock, TextFormat,
    TokenCounter, TokenUsage, ToolCall, ToolCallChunk, ToolMessage, ToolStatus, TrimMessages, TrimStrategy,
    Usage, add_usage, convert_to_messages, convert_to_openai_messages, count_tokens_approximately,
    filter_messages, get_buffer_string, merge_content, merge_dicts, merge_lists, merge_message_runs,
    messages_from_dict, messages_to_dict, named_token_counter, subtract_usage, trim_messages,
};
pub use model::{LanguageModel, ModelOutput};
pub use model_ext::{ChatModelExt, StructuredMethod, StructuredOutput};
pub use outline::{Outline, OutlineParts};
#[cfg(feature = "regex")]
pub use parser::RegexParser;
#[cfg(feature = "yaml")]
pub use parser::YamlOutputParser;
#[cfg(feature = "schemars")]
pub use parser::parse;
pub use parser::{
    BooleanOutputParser, CombiningOutputParser, CommaSeparatedListOutputParser, Datetime,
    DatetimeOutputParser, DynOutputParser, EnumOutputParser, FirstToolParser, Json, JsonDiffParser,
    JsonKeyOutputFunctionsParser, JsonOutputFunctionsParser, JsonOutputKeyToolsParser, JsonOutputParser,
    JsonOutputToolsParser, JsonPatch, JsonPatchOperation, JsonSchemaOutputParser, MarkdownListOutputParser,
    NumberedListOutputParser, OutputFixingParser, OutputFunctionsParser, OutputParser, ParseFailure, Parsed,
    RegexDictParser, ResponseSchema, RetryOutputParser, StrOutputParser, StructuredOutputParser, ToolsParser,
    TypedOutputParser, WithRaw, Xml, XmlOutputParser, parse_and_check_json_markdown, parse_json_markdown,
    parse_partial_json, parse_tool_call, parse_tool_calls,
};
pub use path::{Path, Segment};
#[cfg(feature = "mustache")]
pub use prompt::MustacheTemplate;
pub use prompt::{
    ChatPromptTemplate, DictPromptTemplate, ExampleSelector, Examples, FewShotChatMessagePromptTemplate,
    FewShotPromptTemplate, ImagePromptTemplate, LengthBasedExampleSelector,
    MaxMarginalRelevanceExampleSelector, MessagesPlaceholder, Prompt, PromptTemplate, PromptValue,
    SemanticSimilarityExampleSelector, StructuredPrompt, TemplateFormat, stringify_value,
};
pub use rate_limits::RateLimits;
pub use registry::{ChatModel, ConfigurableModel, ModelOptions, ModelRegistry, TextModel};
#[cfg(feature = "tracing")]
pub use run::TracingObserver;
pub use run::{
    Admission, Admitted, Attachment, CancelToken, Cancelled, Context, Demand, EventFilter, EventStream,
    Observer, Outcome, Payload, RetryBudget, RunCollector, RunConfig, RunEvent, RunEventKind, RunId, RunInfo,
    RunRecord, RunStatus, Slot, StreamEvent, UsageTotals, deferred, observe_with, owning_stream,
};
#[doc(hidden)]
pub use runnable::Shape;
pub use runnable::{RunKind, Runnable};
pub use runnable_ext::RunnableExt;
pub use runnables::{
    Bound, BoxRunnable, Configurable, ConfigurableAlternatives, ConfigurableField, Delegate, DynRunnable,
    Function, Generator, Lambda, Pipe, RetryPolicy, Routed, RouterRunnable, RunnableAssign, RunnableBranch,
    RunnableEach, RunnableParallel, RunnablePassthrough, RunnablePick, RunnableTool, WithConfig,
    WithFallbacks, WithListener, WithMessageHistory, WithRetry, configurable, delegate, generator, lambda,
};
pub use schema::WithSchemas;
pub use service_error::ServiceError;
pub use stop::Stop;
pub use timer::{Sleep, SystemTimer, Timer};
pub use tool::{
    AtLimit, FinalAnswer, IntoToolOutput, OnToolError, RedactedArguments, Tool, ToolChoice, ToolFunction,
    ToolLoop, ToolOptions, ToolOutput, Transcript, convert_to_openai_function, convert_to_openai_tool,
    dereference_refs, strict_json_schema, tool,
};

/// Support for macro-generated code and for catena's other crates.
#[doc(hidden)]
pub mod __private {
    pub use crate::prompt::{FieldValue, fill_in_order};
    pub use crate::random::random_fraction;
    pub use crate::secret_name::names_secret;
    pub use crate::tool::{Returned, ReturnedOutput, ReturnedPlain, ReturnedWritten, injected};
    #[cfg(feature = "schemars")]
    pub use schemars;
    pub use serde;
}
