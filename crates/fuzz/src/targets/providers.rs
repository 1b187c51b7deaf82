//! What the services of other providers answer, streamed and whole.

use catena_http::HttpClient;
use catena_llm_anthropic::ChatAnthropic;
use catena_llm_gemini::ChatGemini;
use catena_llm_ollama::{ChatOllama, Ollama};

use super::played::{EVENTS, LINES, answered, streamed};
use crate::input::Input;

/// A whole stream of Anthropic's, its events one by one, and what else they may say.
pub(super) const ANTHROPIC: &[&str] = &[
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"role\":\"assistant\",\"model\":\"c\",\"content\":[],\"usage\":{\"input_tokens\":3,\"output_tokens\":1}}}\n\nevent: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\nevent: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"a\"}}\n\nevent: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\nevent: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":2}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"model\":\"c\",\"usage\":{\"input_tokens\":3}}}\n\n",
    "data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
    "data: {\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"f\",\"input\":{}}}\n\n",
    "data: {\"type\":\"content_block_start\",\"index\":2,\"content_block\":{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}}\n\n",
    "data: {\"type\":\"content_block_start\",\"index\":3,\"content_block\":{\"type\":\"server_tool_use\",\"id\":\"s\",\"name\":\"web_search\",\"input\":{}}}\n\n",
    "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"a\"}}\n\n",
    "data: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"a\\\":\"}}\n\n",
    "data: {\"type\":\"content_block_delta\",\"index\":2,\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"a\"}}\n\n",
    "data: {\"type\":\"content_block_delta\",\"index\":2,\"delta\":{\"type\":\"signature_delta\",\"signature\":\"s\"}}\n\n",
    "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"citations_delta\",\"citation\":{\"cited_text\":\"x\"}}}\n\n",
    "data: {\"type\":\"content_block_stop\",\"index\":1}\n\n",
    "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\"},\"usage\":{\"output_tokens\":2}}\n\n",
    "data: {\"type\":\"message_stop\"}\n\n",
    "event: ping\ndata: {\"type\":\"ping\"}\n\n",
    "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"m\"}}\n\n",
    "{\"id\":\"m\",\"type\":\"message\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"f\",\"input\":{\"a\":1}}],\"stop_reason\":\"end_turn\"}",
    "\"index\":",
    "-1",
    "99999999999999999999",
    "1e999",
    "null",
    "[",
    "]",
    "{",
    "}",
    "\"",
    "\\ud800",
    "\n\n",
];

/// The same of Gemini's.
pub(super) const GEMINI: &[&str] = &[
    "data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"a\"}]},\"index\":0}],\"modelVersion\":\"g\",\"responseId\":\"r\"}\r\n\r\ndata: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"b\"}]},\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":3,\"candidatesTokenCount\":2,\"totalTokenCount\":5}}\r\n\r\n",
    "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]}}]}\n\n",
    "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\",\"thought\":true,\"thoughtSignature\":\"s\"}]}}]}\n\n",
    "data: {\"candidates\":[{\"content\":{\"parts\":[{\"functionCall\":{\"name\":\"f\",\"args\":{\"a\":1}}}]}}]}\n\n",
    "data: {\"candidates\":[{\"content\":{\"parts\":[{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"AA==\"}}]}}]}\n\n",
    "data: {\"candidates\":[{\"content\":{\"parts\":[{\"executableCode\":{\"language\":\"PYTHON\",\"code\":\"1\"}}]}}]}\n\n",
    "data: {\"candidates\":[{\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":3}}\n\n",
    "data: {\"candidates\":[{\"finishReason\":\"SAFETY\",\"safetyRatings\":[]}]}\n\n",
    "data: {\"promptFeedback\":{\"blockReason\":\"SAFETY\"}}\n\n",
    "data: {\"error\":{\"code\":503,\"message\":\"m\",\"status\":\"UNAVAILABLE\"}}\n\n",
    "[{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]},\"finishReason\":\"STOP\"}]}]",
    "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]},\"finishReason\":\"STOP\"}]}",
    "\"index\":1,",
    "-1",
    "1e999",
    "null",
    "[",
    "]",
    "{",
    "}",
    "\"",
    "\\ud800",
    "\n\n",
];

/// The same of Ollama's: lines, of chats and of completions.
pub(super) const OLLAMA: &[&str] = &[
    "{\"model\":\"l\",\"created_at\":\"t\",\"message\":{\"role\":\"assistant\",\"content\":\"a\"},\"done\":false}\n{\"model\":\"l\",\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\",\"prompt_eval_count\":3,\"eval_count\":2}\n",
    "{\"message\":{\"content\":\"a\"}}\n",
    "{\"message\":{\"content\":\"\",\"thinking\":\"a\"}}\n",
    "{\"message\":{\"content\":\"\",\"tool_calls\":[{\"function\":{\"name\":\"f\",\"arguments\":{\"a\":1}}}]}}\n",
    "{\"message\":{\"content\":null,\"tool_calls\":[{\"id\":\"c\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}}\n",
    "{\"message\":{\"content\":\"\"},\"done\":true,\"eval_count\":2}\n",
    "{\"model\":\"l\",\"response\":\"a\",\"done\":false}\n{\"response\":\"\",\"done\":true,\"done_reason\":\"length\",\"context\":[1]}\n",
    "{\"response\":\"a\",\"thinking\":\"b\"}\n",
    "{\"logprobs\":[{\"token\":\"a\",\"logprob\":-0.1}],\"message\":{\"content\":\"a\"}}\n",
    "{\"error\":\"m\"}\n",
    "{\"error\":{\"message\":\"m\",\"code\":1}}\n",
    "\"done\":true",
    "-1",
    "1e999",
    "null",
    "[",
    "]",
    "{",
    "}",
    "\"",
    "\\ud800",
    "\r\n",
    "\n",
];

fn anthropic(client: HttpClient) -> ChatAnthropic {
    let builder = ChatAnthropic::builder().ignore_environment().with_api_key("sk-x").with_max_retries(0);
    builder.with_http_client(client).build().unwrap_or_else(|error| panic!("{error}"))
}

fn gemini(client: HttpClient) -> ChatGemini {
    let builder = ChatGemini::builder().ignore_environment().with_api_key("sk-x").with_max_retries(0);
    builder.with_http_client(client).build().unwrap_or_else(|error| panic!("{error}"))
}

fn ollama(client: HttpClient) -> ChatOllama {
    let builder = ChatOllama::builder().ignore_environment().with_model("x").with_max_retries(0);
    builder.with_http_client(client).build().unwrap_or_else(|error| panic!("{error}"))
}

fn ollama_completions(client: HttpClient) -> Ollama {
    let builder = Ollama::builder().ignore_environment().with_model("x").with_max_retries(0);
    builder.with_http_client(client).build().unwrap_or_else(|error| panic!("{error}"))
}

/// Anthropic's answers.
pub(super) fn anthropic_stream(data: &[u8]) {
    let input = Input::new(data);
    streamed(input, EVENTS, anthropic);
    answered(input, anthropic);
}

/// Gemini's answers.
pub(super) fn gemini_stream(data: &[u8]) {
    let input = Input::new(data);
    streamed(input, EVENTS, gemini);
    answered(input, gemini);
}

/// Ollama's answers, of chats and of completions.
pub(super) fn ollama_stream(data: &[u8]) {
    let input = Input::new(data);
    streamed(input, LINES, ollama);
    streamed(input, LINES, ollama_completions);
    answered(input, ollama);
    answered(input, ollama_completions);
}
