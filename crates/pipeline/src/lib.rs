#![doc = include_str!("../README.md")]
//!
//! # Nodes
//! A node is an object with one member that determines its kind.
//!
//! | node | meaning |
//! | --- | --- |
//! | `{"seq": [node, ...], "name"?}` | steps that run one after another; at least 2, at most 128 |
//! | `{"parallel": {key: node}}` | branches that run on the same input |
//! | `{"passthrough": {}}` | the unchanged input |
//! | `{"assign": {key: node}}` | the input record with additional values |
//! | `{"pick": key}`, `{"pick": [key, ...]}` | values of the input record |
//! | `{"branch": {"branches": [[condition, node], ...], "default": node}}` | the first node whose condition [holds](is_true) |
//! | `{"router": {key: node}}` | the node named by the input `{"key", "input"}` |
//! | `{"map": node}` | a node called for every element of a list |
//! | `{"fallbacks": {"primary", "fallbacks": [node, ...], "exceptions"?, "exception_key"?}}` | fallbacks for a node that fails |
//! | `{"retry": {"runnable", "max_attempts"?, "exceptions"?, "initial_delay"?, "max_delay"?, "jitter"?}}` | retries with backoff; delays in seconds |
//! | `{"bind": {"runnable", "kwargs"}}` | bound call arguments |
//! | `{"with_config": {"runnable", "config"}}` | a bound config, see [`Spec::config`] |
//! | `{"configurable_fields": {"runnable", "fields": {field: CF}}}` | members of a node that can be set per call |
//! | `{"configurable_alternatives": {"default", "which": CF, "alternatives": {key: node}, "default_key"?, "prefix_keys"?}}` | nodes, one of which is selected per call |
//! | `{"with_history": {"runnable", "input_messages_key"?, "history_messages_key"?, "output_messages_key"?, "initial"?}}` | a message history per session |
//! | `{"prompt": text}`, `{"prompt": {"template", "format"?, "partials"?}}` | a prompt template |
//! | `{"chat_prompt": [message, ...]}`, `{"chat_prompt": {"messages", "format"?}}` | a chat prompt template |
//! | `{"parser": kind}`, `{"parser": {"kind", ...}}` | an output parser |
//! | `{"lambda": name, "args"?, "name"?}` | a function registered by the application |
//! | `{"gen": name, "args"?, "name"?}` | a function over chunks registered by the application |
//!
//! A message of a `chat_prompt` is a text (a human message), `[role, template]`, `{"role", "content"}`,
//! `["placeholder", "{name}"]`, `{"placeholder": {"name", "optional"?, "n_messages"?}}`, or
//! `{"$message": {"type", "content"}}`, which is not parsed as a template.
//!
//! # Parsers
//! A kind without required options can be written as a string: `{"parser": "json"}`. Options have the names that they
//! have in LangChain's parsers.
//!
//! | kind and options | parses |
//! | --- | --- |
//! | `str` | the unchanged text |
//! | `json` | JSON, incrementally |
//! | `json_schema`, `schema`, `defaults`?, `lenient`? | JSON that conforms to a schema; `defaults` fills in the schema's defaults, `lenient` coerces values such as `"3"` to the required type |
//! | `structured`, `response_schemas: [{"name", "description", "type"?}, ...]` | a JSON object with these members |
//! | `xml`, `tags`? | XML, incrementally |
//! | `yaml`, `schema`? | YAML; requires the `yaml` feature |
//! | `comma_list`, `numbered_list`, `markdown_list` | the items of a list, incrementally |
//! | `enum`, `values` | one of these words; with an object `{word: value}`, the value of the word |
//! | `boolean`, `true_val`?, `false_val`? | a word for true or false |
//! | `datetime`, `format`? | a date and time, in `strptime` notation |
//! | `regex`, `regex`, `output_keys`, `default_output_key`? | the groups of a regular expression; requires the `regex` feature |
//! | `regex_dict`, `output_key_to_format: {name: label}`, `no_update_value`? | the values that follow labels |
//! | `combining`, `parsers: [parser, ...]` | paragraphs, each with its own parser |
//! | `json_tools`, `tools: {name: schema}`?, `first_tool_only`?, `return_id`? | tool calls; with `tools`, only calls of these |
//! | `json_key_tools`, `key_name`, `first_tool_only`?, `return_id`? | the calls of one tool |
//! | `functions`, `args_only`? | a function call in its original form |
//! | `json_functions`, `args_only`?, `strict`? | the arguments of a function call as JSON, incrementally |
//! | `json_key_functions`, `key_name` | one argument of a function call |
//!
//! # Values
//! `CF` is `{"id", "name"?, "description"?, "is_shared"?}`, with `options` (name to value) and `default` for a choice.
//! `exceptions` are error kinds in snake case (`rate_limit`, `server`), `retryable`, `any`, or names
//! [registered](PipelineLoader::with_error) by the application.

mod config;
mod errors;
mod gathered;
mod loader;
mod message;
mod named;
mod nodes;
mod spec;
mod truth;

pub use loader::PipelineLoader;
pub use spec::Spec;
pub use truth::is_true;
