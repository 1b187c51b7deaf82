//! What OpenAI's services answer, decoded by the models themselves on a transport that plays it.

use catena_http::HttpClient;
use catena_llm_openai::{ChatOpenAi, OpenAi};

use super::played::{EVENTS, answered, streamed};
use crate::input::Input;

pub(super) const WORDS: &[&str] = &[
    "data: ",
    "\n\n",
    "\r\n\r\n",
    "data: [DONE]\n\n",
    "event: error\n",
    "event: response.completed\n",
    ": ping\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"c\",\"function\":{\"name\":\"f\",\"arguments\":\"{\"}}]}}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
    "data: {\"error\":{\"message\":\"m\"}}\n\n",
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1}}\n\n",
    "data: {\"choices\":[{\"text\":\"a\",\"index\":0}]}\n\n",
    "data: {\"type\":\"response.output_text.delta\",\"output_index\":0,\"content_index\":0,\"delta\":\"a\"}\n\n",
    "data: {\"type\":\"response.output_item.added\",\"output_index\":0,\"item\":{\"type\":\"function_call\",\"id\":\"f\",\"call_id\":\"c\",\"name\":\"f\",\"arguments\":\"\"}}\n\n",
    "data: {\"type\":\"response.completed\",\"response\":{\"id\":\"r\",\"status\":\"completed\",\"output\":[]}}\n\n",
    "{\"choices\":[{\"message\":{\"role\":\"assistant\",\"content\":\"a\",\"tool_calls\":[]},\"finish_reason\":\"stop\"}]}",
    "null",
    "[",
    "]",
    "{",
    "}",
    "\"",
    ":",
    ",",
    "1e999",
    "-1",
    "99999999999999999999",
    "\\ud800",
    "\"choices\":",
    "\"delta\":",
];

fn chat(client: HttpClient, responses: bool) -> ChatOpenAi {
    let builder = ChatOpenAi::builder().ignore_environment().with_api_key("sk-x").with_max_retries(0);
    let builder = builder.with_use_responses_api(responses).with_http_client(client);
    builder.build().unwrap_or_else(|error| panic!("{error}"))
}

fn completions(client: HttpClient) -> OpenAi {
    let builder = OpenAi::builder().ignore_environment().with_api_key("sk-x").with_max_retries(0);
    builder.with_http_client(client).build().unwrap_or_else(|error| panic!("{error}"))
}

/// Streamed chat completions.
pub(super) fn chat_stream(data: &[u8]) {
    streamed(Input::new(data), EVENTS, |client| chat(client, false));
}

/// Streamed responses.
pub(super) fn responses_stream(data: &[u8]) {
    streamed(Input::new(data), EVENTS, |client| chat(client, true));
}

/// Streamed completions.
pub(super) fn completion_stream(data: &[u8]) {
    streamed(Input::new(data), EVENTS, completions);
}

/// Whole answers of every kind.
pub(super) fn chat_answer(data: &[u8]) {
    let input = Input::new(data);
    answered(input, |client| chat(client, false));
    answered(input, |client| chat(client, true));
    answered(input, completions);
}
