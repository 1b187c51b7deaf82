//! Pipelines as data.

use catena_core::fakes::FakeChatModel;
use catena_core::{Data, RunnableExt, lambda};
use catena_pipeline::PipelineLoader;

use crate::input::Input;
use crate::law::checked;

pub(super) const WORDS: &[&str] = &[
    "{\"seq\": [{\"prompt\": \"{x}\"}, {\"model\": [\"a\"]}, {\"parser\": \"json\"}]}",
    "{\"parallel\": {\"a\": {\"passthrough\": {}}}}",
    "{\"assign\": {\"a\": {\"lambda\": \"f\"}}}",
    "{\"pick\": [\"a\", \"b\"]}",
    "{\"branch\": {\"branches\": [[{\"lambda\": \"f\"}, {\"passthrough\": {}}]], \"default\": {\"lambda\": \"f\"}}}",
    "{\"router\": {\"a\": {\"lambda\": \"f\"}}}",
    "{\"map\": {\"lambda\": \"f\"}}",
    "{\"fallbacks\": {\"primary\": {\"lambda\": \"f\"}, \"fallbacks\": [{\"lambda\": \"f\"}], \"exceptions\": [\"any\"]}}",
    "{\"retry\": {\"runnable\": {\"lambda\": \"f\"}, \"max_attempts\": 99999999999, \"initial_delay\": 1e300, \"max_delay\": -1}}",
    "{\"bind\": {\"runnable\": {\"lambda\": \"f\"}, \"kwargs\": {}}}",
    "{\"with_config\": {\"runnable\": {\"lambda\": \"f\"}, \"config\": {\"max_concurrency\": -1, \"timeout\": 1e400, \"tags\": [1]}}}",
    "{\"configurable_fields\": {\"runnable\": {\"prompt\": \"{x}\"}, \"fields\": {\"prompt\": {\"id\": \"p\"}}}}",
    "{\"configurable_alternatives\": {\"default\": {\"lambda\": \"f\"}, \"which\": {\"id\": \"w\"}, \"alternatives\": {\"a\": {\"lambda\": \"f\"}}}}",
    "{\"with_history\": {\"runnable\": {\"lambda\": \"f\"}}}",
    "{\"chat_prompt\": [[\"system\", \"{x}\"], [\"placeholder\", \"{m}\"]]}",
    "{\"prompt\": {\"template\": \"{{x}}\", \"format\": \"mustache\"}}",
    "{\"parser\": {\"kind\": \"combining\", \"parsers\": [\"xml\", {\"kind\": \"enum\", \"values\": {\"a\": 1}}]}}",
    "{\"parser\": {\"kind\": \"regex\", \"regex\": \"(a*)*b\", \"output_keys\": [\"x\"]}}",
    "{\"parser\": {\"kind\": \"datetime\", \"format\": \"%Y\"}}",
    "{\"parser\": {\"kind\": \"json_schema\", \"schema\": {\"$ref\": \"#\"}}}",
    "{\"parser\": {\"kind\": \"json_tools\", \"tools\": {\"f\": {\"type\": \"object\"}}}}",
    "seq:\n- lambda: f\n- pick: a\n",
    "&x ",
    "*x",
    "[",
    "]",
    "{",
    "}",
    ":",
    ",",
    "\"",
    "1e999",
    "-1",
    "null",
    "\n",
    "- ",
];

fn loader() -> PipelineLoader {
    PipelineLoader::new()
        .with_function("f", |_| Ok(lambda(|x: Data| x).dynamic()))
        .with_node("model", |spec| Ok(FakeChatModel::new(spec.texts()?).dynamic()))
}

/// What can be loaded can be drawn, and made again of its graph.
pub(super) fn pipeline(data: &[u8]) {
    let text = Input::new(data).text();
    let loader = loader();
    let chains = [checked(loader.from_json(&text)), checked(loader.from_yaml(&text))];
    for chain in chains.into_iter().flatten() {
        let drawn = chain.graph().draw_mermaid();
        assert!(
            drawn.len() <= 2_000 + 200 * text.len() * (1 + text.len() / 100),
            "{} bytes of {}",
            drawn.len(),
            text.len()
        );
    }
}
