#![doc = include_str!("../README.md")]
//!
//! # Nodes
//! A node is an object with one member that says what kind it is.
//!
//! | node | meaning |
//! | --- | --- |
//! | `{"seq": [node, ...], "name"?}` | one step after the other; at least 2, at most 128 |
//! | `{"parallel": {key: node}}` | branches on the same input |
//! | `{"passthrough": {}}` | what comes in |
//! | `{"assign": {key: node}}` | the input record with more values |
//! | `{"pick": key}`, `{"pick": [key, ...]}` | values of the input record |
//! | `{"branch": {"branches": [[condition, node], ...], "default": node}}` | the first whose condition [holds](is_true) |
//! | `{"router": {key: node}}` | the one that the input `{"key", "input"}` names |
//! | `{"map": node}` | for every element of a list |
//! | `{"fallbacks": {"primary", "fallbacks": [node, ...], "exceptions"?, "exception_key"?}}` | something to turn to |
//! | `{"retry": {"runnable", "max_attempts"?, "exceptions"?, "initial_delay"?, "max_delay"?, "jitter"?}}` | trying again; delays in seconds |
//! | `{"bind": {"runnable", "kwargs"}}` | call arguments |
//! | `{"with_config": {"runnable", "config"}}` | a config, see [`Spec::config`] |
//! | `{"configurable_fields": {"runnable", "fields": {field: CF}}}` | members of a node that a call may set |
//! | `{"configurable_alternatives": {"default", "which": CF, "alternatives": {key: node}, "default_key"?, "prefix_keys"?}}` | nodes of which a call chooses one |
//! | `{"with_history": {"runnable", "input_messages_key"?, "history_messages_key"?, "output_messages_key"?, "initial"?}}` | a conversation per session |
//! | `{"prompt": text}`, `{"prompt": {"template", "format"?, "partials"?}}` | a prompt with variables |
//! | `{"chat_prompt": [message, ...]}`, `{"chat_prompt": {"messages", "format"?}}` | a prompt of several messages |
//! | `{"parser": kind}`, `{"parser": {"kind", ...}}` | an output parser |
//! | `{"lambda": name, "args"?, "name"?}` | a function of the application |
//! | `{"gen": name, "args"?, "name"?}` | a function over chunks of the application |
//!
//! A message of a `chat_prompt` is a text (of a person), `[role, template]`, `{"role", "content"}`,
//! `["placeholder", "{name}"]`, `{"placeholder": {"name", "optional"?, "n_messages"?}}`, or `{"$message": {"type",
//! "content"}}`, which is taken as it is.
//!
//! # Parsers
//! A kind without options that must be there may stand alone: `{"parser": "json"}`. Options are those of LangChain's
//! parsers, under their names.
//!
//! | kind and options | what it reads |
//! | --- | --- |
//! | `str` | the text as it is |
//! | `json` | JSON, as it comes |
//! | `json_schema`, `schema`, `defaults`?, `lenient`? | JSON that fits a schema; with `defaults` the schema's fill it up, with `lenient` texts that say a number are one |
//! | `structured`, `response_schemas: [{"name", "description", "type"?}, ...]` | a JSON object with these members |
//! | `xml`, `tags`? | XML, as it comes |
//! | `yaml`, `schema`? | YAML; feature `yaml` |
//! | `comma_list`, `numbered_list`, `markdown_list` | the items of a list, as they come |
//! | `enum`, `values` | one of these words; of an object `{word: value}`, what the word stands for |
//! | `boolean`, `true_val`?, `false_val`? | a word for yes or no |
//! | `datetime`, `format`? | a date and time, in the notation of `strptime` |
//! | `regex`, `regex`, `output_keys`, `default_output_key`? | what the groups of an expression find; feature `regex` |
//! | `regex_dict`, `output_key_to_format: {name: label}`, `no_update_value`? | what stands behind labels |
//! | `combining`, `parsers: [parser, ...]` | paragraphs, each with a parser of its own |
//! | `json_tools`, `tools: {name: schema}`?, `first_tool_only`?, `return_id`? | calls of tools; with `tools`, of these only |
//! | `json_key_tools`, `key_name`, `first_tool_only`?, `return_id`? | calls of one tool |
//! | `functions`, `args_only`? | a function call as it came |
//! | `json_functions`, `args_only`?, `strict`? | its arguments as JSON, as they come |
//! | `json_key_functions`, `key_name` | one of its arguments |
//!
//! # Values
//! `CF` is `{"id", "name"?, "description"?, "is_shared"?}`, with `options` (name to value) and `default` for a choice.
//! `exceptions` are error kinds in snake case (`rate_limit`, `server`), `retryable`, `any`, or names that the
//! application [registers](PipelineLoader::with_error).

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
