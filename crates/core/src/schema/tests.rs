//! Schemas of chains.

use serde_json::{Value, json};

use crate::fakes::{FakeChatModel, FakeLlm};
use crate::{
    Data, DynRunnable, PromptTemplate, RouterRunnable, Runnable, RunnableAssign, RunnableBranch, RunnableExt,
    RunnableParallel, RunnablePassthrough, RunnablePick, StrOutputParser, lambda,
};

fn prompt(template: &str) -> PromptTemplate {
    PromptTemplate::new(template).expect("a template")
}

fn step(name: &'static str) -> DynRunnable {
    lambda(|x: Data| x).with_name(name).boxed()
}

fn texts(title: &str, names: &[&str]) -> Value {
    let text = |name: &&str| ((*name).to_owned(), json!({"title": name.to_uppercase(), "type": "string"}));
    let properties: serde_json::Map<String, Value> = names.iter().map(text).collect();
    json!({"title": title, "type": "object", "properties": properties, "required": names})
}

fn text(title: &str) -> Value {
    json!({"title": title, "type": "string"})
}

fn nothing(title: &str) -> Value {
    json!({ "title": title })
}

#[track_caller]
fn check_input(runnable: &impl Runnable, expected: Value) {
    assert_eq!(runnable.input_schema(), expected);
}

#[track_caller]
fn check_output(runnable: &impl Runnable, expected: Value) {
    assert_eq!(runnable.output_schema(), expected);
}

#[test]
fn inputs_of_steps() {
    check_input(&prompt("{b} {a} {b}"), texts("PromptInput", &["a", "b"]));
    check_input(&prompt("none"), json!({"title": "PromptInput", "type": "object", "properties": {}}));
    check_input(&step("add_one"), nothing("add_one_input"));
    check_input(&RunnablePassthrough::<Data>::new(), nothing("RunnablePassthroughInput"));
    let length = lambda(|text: String| text.len()).with_name("length");
    check_input(&length, text("length_input"));
    check_output(&length, json!({"title": "length_output", "type": "integer"}));
}

#[test]
fn inputs_of_chains() {
    let b = || prompt("{b}");
    check_input(&(prompt("{a}") | FakeLlm::new(["x"])), texts("PromptInput", &["a"]));
    check_input(
        &RunnableParallel::new()
            .with("x", prompt("{c} {b}"))
            .with("y", prompt("{a} {b}"))
            .with("z", step("z")),
        texts("RunnableParallel<x,y,z>Input", &["b", "c", "a"]),
    );
    check_input(&b().with_fallbacks([prompt("{a}")]), texts("PromptInput", &["b"]));
    check_input(&b().bind("k", 1), texts("PromptInput", &["b"]));
    check_input(
        &b().map(),
        json!({
            "title": "RunnableEach<PromptTemplate>Input", "type": "array",
            "items": {"$ref": "#/$defs/PromptInput"},
            "$defs": {"PromptInput": texts("PromptInput", &["b"])},
        }),
    );
    check_input(
        &RunnableBranch::new(step("x").pipe(b())).with(lambda(|_: Data| true), b()),
        texts("PromptInput", &["b"]),
    );
    let router = RouterRunnable::new().with("x", b()).with("y", b());
    assert_eq!(router.input_schema()["properties"]["key"]["enum"], json!(["x", "y"]));
    assert_eq!(router.input_schema()["properties"]["input"]["required"], json!(["b"]));
}

#[test]
fn what_a_step_adds_need_not_come_from_outside() {
    let adding = |branch: DynRunnable| RunnableAssign::new(RunnableParallel::new().with("y", branch));
    check_input(&adding(prompt("{a}").dynamic()), texts("RunnableParallel<y>Input", &["a"]));
    check_input(&(adding(step("x")) | prompt("{y} {z}")), texts("RunnableSequenceInput", &["z"]));
    check_input(
        &(adding(prompt("{a}").dynamic()) | prompt("{y} {z}")),
        texts("RunnableSequenceInput", &["a", "z"]),
    );
    check_input(&(RunnablePick::many(["a"]) | prompt("{a}")), texts("PromptInput", &["a"]));
    let inner = json!({"title": "Q", "type": "object", "properties": {"a": text("A")}, "required": ["a"]});
    check_input(
        &(RunnablePick::one("q") | prompt("{a}")),
        json!({
            "title": "RunnableSequenceInput", "type": "object",
            "properties": {"q": inner}, "required": ["q"],
        }),
    );
}

#[test]
fn outputs() {
    let answer = || prompt("{a}") | FakeChatModel::new(["x"]) | StrOutputParser;
    let both = || RunnableParallel::new().with("x", answer()).with("y", FakeLlm::new(["x"]).dynamic());
    check_output(&FakeLlm::new(["x"]), text("FakeLlmOutput"));
    check_output(&answer(), text("StrOutputParserOutput"));
    check_output(&both(), texts("RunnableParallel<x,y>Output", &["x", "y"]));
    check_output(
        &RunnableAssign::new(RunnableParallel::new().with("x", answer())),
        texts("RunnableAssignOutput", &["a", "x"]),
    );
    check_output(
        &both().assign("z", lambda(|_: Data| String::new())),
        texts("RunnableSequenceOutput", &["x", "y", "z"]),
    );
    check_output(&(step("first") | both()).pick("y"), text("RunnableSequenceOutput"));
    check_output(
        &(step("first") | both() | RunnablePick::many(["y"])),
        texts("RunnableSequenceOutput", &["y"]),
    );
    check_output(&(both() | RunnablePick::one("x")), nothing("RunnablePick<x>Output"));
    check_output(
        &StrOutputParser.map(),
        json!({
            "title": "RunnableEach<StrOutputParser>Output", "type": "array",
            "items": {"$ref": "#/$defs/StrOutputParserOutput"},
            "$defs": {"StrOutputParserOutput": text("StrOutputParserOutput")},
        }),
    );
    check_output(
        &(StrOutputParser, lambda(|text: String| text.len()).with_name("length")),
        json!({
            "title": "RunnableParallelOutput", "type": "array",
            "prefixItems": [text("StrOutputParserOutput"), {"title": "length_output", "type": "integer"}],
            "minItems": 2, "maxItems": 2,
        }),
    );
    let same = RunnableBranch::new(StrOutputParser).with(lambda(|_: String| true), StrOutputParser);
    check_output(&same, text("RunnableBranchOutput"));
}

#[test]
fn prompts_are_found_everywhere() {
    let chain = RunnableParallel::new().with("a", prompt("A {x}").bind("k", 1))
        | prompt("B {a} {{}}").with_fallbacks([prompt("C")])
        | FakeLlm::new(["x"]);
    let templates: Vec<_> = chain.prompts().into_iter().filter_map(|prompt| prompt.template).collect();
    assert_eq!(templates, ["A {x}", "B {a} {{}}", "C"]);
}

#[test]
fn own_schemas_count() {
    let person = json!({"title": "Person", "type": "object", "properties": {"name": {"type": "string"}}});
    let greet = step("greet").with_input_schema(person.clone());
    check_input(&greet, person.clone());
    check_output(&greet, nothing("greet_output"));
    check_input(&(greet | step("next")), person);
}

#[cfg(feature = "schemars")]
#[test]
fn schemas_of_types() {
    use crate::Chunk;

    /// Refers to itself.
    #[derive(Clone, schemars::JsonSchema)]
    #[allow(dead_code, reason = "only its shape is of interest")]
    struct Tree {
        name: String,
        children: Vec<Tree>,
    }
    impl Chunk for Tree {}

    let count = || lambda(|tree: Tree| tree.children.len()).with_name("count").with_schemas();
    let input = count().input_schema();
    assert_eq!((&input["title"], &input["properties"]["name"]["type"]), (&json!("Tree"), &json!("string")));
    assert_eq!(input["$schema"], Value::Null);
    assert_eq!(count().output_schema()["title"], "count_output");
    let each = count().map().input_schema();
    assert_eq!(each["items"], json!({"$ref": "#/$defs/Tree"}));
    let children = &each["$defs"]["Tree"]["properties"]["children"];
    assert_eq!(children["items"], json!({"$ref": "#/$defs/Tree"}));
}

#[test]
fn names_become_titles() {
    for (name, title) in
        [("a", "A"), ("first_name", "First Name"), ("fooBar", "Foobar"), ("x1y", "X1Y"), ("é", "É"), ("", "")]
    {
        assert_eq!(super::title_of(name), title);
    }
}
