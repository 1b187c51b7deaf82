//! The targets, and what makes inputs for them interesting.

mod answers;
mod formats;
mod json;
mod load;
mod messages;
mod openai;
mod pipeline;
mod played;
mod providers;
mod schema;
mod sse;
mod templates;
mod xml;

/// Something that reads untrusted bytes.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// What it is called on the command line.
    pub name: &'static str,
    /// Reads the bytes, and panics if something does not hold.
    pub run: fn(&[u8]),
    /// Files of vectors whose texts are good inputs.
    pub vectors: &'static [&'static str],
    /// What stands in interesting inputs.
    pub words: &'static [&'static str],
    /// How many bytes of memory any input may take.
    pub free_memory: usize,
    /// How many more of them for each byte of the input.
    pub memory: usize,
    /// The time may be checked to be in proportion to the input: not where a format says how long a text is.
    pub linear: bool,
}

impl Target {
    const fn new(name: &'static str, run: fn(&[u8]), words: &'static [&'static str]) -> Self {
        Self { name, run, vectors: &[], words, free_memory: 8 << 20, memory: 8_000, linear: true }
    }

    const fn with_vectors(mut self, vectors: &'static [&'static str]) -> Self {
        self.vectors = vectors;
        self
    }
}

const PARSERS: &[&str] = &["core/output_parsers.json"];
const STREAMS: &[&str] = &[
    "openai/stream_basic.json",
    "openai/stream_compat.json",
    "openai/stream_errors.json",
    "openai/stream_framing.json",
    "openai/stream_tools.json",
];

/// All targets.
pub static TARGETS: &[Target] = &[
    Target {
        linear: false,
        memory: 140_000,
        ..Target::new("fstring", templates::fstring, templates::FSTRING)
    }
    .with_vectors(&["core/fstring.json", "core/chat_prompts.json"]),
    Target { linear: false, ..Target::new("format_spec", formats::format_spec, formats::WORDS) },
    Target::new("mustache", templates::mustache, templates::MUSTACHE)
        .with_vectors(&["core/mustache.json", "core/chat_prompts.json"]),
    // Its fuel is 64 MB of text, of which there may be a copy.
    Target {
        free_memory: 256 << 20,
        linear: false,
        ..Target::new("jinja2", templates::jinja2, templates::JINJA2)
    }
    .with_vectors(&["core/jinja2.json", "core/chat_prompts.json"]),
    Target::new("partial_json", json::partial, json::WORDS).with_vectors(PARSERS),
    Target::new("json_stream", json::stream, json::WORDS).with_vectors(PARSERS),
    // A text that grows is given whole each time.
    Target { linear: false, ..Target::new("json_diff", json::diff, json::WORDS) }.with_vectors(PARSERS),
    Target::new("schema", schema::schema, schema::WORDS),
    Target::new("xml", xml::xml, xml::WORDS).with_vectors(PARSERS),
    Target::new("lists", answers::lists, answers::WORDS).with_vectors(PARSERS),
    Target::new("answers", answers::answers, answers::WORDS).with_vectors(PARSERS),
    Target::new("yaml", answers::yaml, answers::YAML).with_vectors(PARSERS),
    Target::new("datetime", answers::datetime, answers::DATES),
    // Expressions may be compiled to 10 MB.
    Target { free_memory: 64 << 20, ..Target::new("regex", answers::regex, answers::REGEX) },
    Target::new("sse", sse::sse, sse::WORDS).with_vectors(STREAMS),
    Target::new("chunks", messages::chunks, messages::WORDS).with_vectors(&["core/messages.json"]),
    Target::new("messages", messages::messages, messages::WORDS).with_vectors(&["core/messages.json"]),
    Target::new("chat_stream", openai::chat_stream, openai::WORDS).with_vectors(STREAMS),
    Target::new("responses_stream", openai::responses_stream, openai::WORDS)
        .with_vectors(&["openai/responses_stream.json"]),
    Target::new("completion_stream", openai::completion_stream, openai::WORDS).with_vectors(STREAMS),
    Target::new("chat_answer", openai::chat_answer, openai::WORDS).with_vectors(&[
        "openai/chat_results.json",
        "openai/responses_result.json",
        "openai/errors_shape.json",
    ]),
    Target::new("anthropic_stream", providers::anthropic_stream, providers::ANTHROPIC),
    Target::new("gemini_stream", providers::gemini_stream, providers::GEMINI),
    Target::new("ollama_stream", providers::ollama_stream, providers::OLLAMA),
    Target::new("load", load::load, load::WORDS).with_vectors(&["core/messages.json"]),
    Target::new("pipeline", pipeline::pipeline, pipeline::WORDS).with_vectors(&["core/runnables.json"]),
];

/// Runs the target of this name.
///
/// # Panics
/// When something does not hold, and when there is no such target.
pub fn run(name: &str, data: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name);
    (target.unwrap_or_else(|| panic!("there is no target `{name}`")).run)(data);
}
