//! Graphs of chains, as structure and as drawings.

use super::*;
use crate::fakes::{FakeChatModel, FakeLlm};
use crate::{
    Data, DynRunnable, PromptTemplate, RetryPolicy, RouterRunnable, RunConfig, Runnable, RunnableAssign,
    RunnableBranch, RunnableExt, RunnableParallel, RunnablePassthrough, StrOutputParser, lambda,
};

fn step(name: &'static str) -> DynRunnable {
    lambda(|x: Data| x).with_name(name).boxed()
}

fn condition(name: &'static str) -> impl Runnable<Input = Data, Output = bool> {
    lambda(|_: Data| true).with_name(name)
}

fn prompt(template: &str) -> PromptTemplate {
    PromptTemplate::new(template).expect("a template")
}

fn parallel<const N: usize>(branches: [(&str, DynRunnable); N]) -> RunnableParallel {
    branches.into_iter().fold(RunnableParallel::new(), |all, (name, branch)| all.with(name, branch))
}

/// Nodes as `(name)`, or `[name]` for schemas; edges as pairs of node indices.
fn shown(graph: &Graph) -> String {
    let nodes = graph.nodes().iter().map(|node| match node.kind {
        NodeKind::Schema => format!("[{}]", node.name),
        _ => format!("({})", node.name),
    });
    let edges = graph.edges().iter().map(|edge| {
        let arrow = if edge.conditional { "?" } else { ">" };
        let label = edge.label.as_ref().map(|label| format!(" {label}")).unwrap_or_default();
        format!("{}{arrow}{}{label}", edge.source, edge.target)
    });
    format!("{} {}", nodes.collect::<String>(), edges.collect::<Vec<_>>().join(", "))
}

#[track_caller]
fn check(runnable: &impl Runnable, expected: &str) {
    assert_eq!(shown(&runnable.graph()), expected);
}

#[test]
fn steps_one_after_the_other() {
    check(&step("add_one"), "[add_one_input](add_one)[add_one_output] 0>1, 1>2");
    check(&(step("a") | step("b")), "[a_input](a)(b)[b_output] 0>1, 2>3, 1>2");
    check(
        &(prompt("{x}") | FakeLlm::new(["1"]) | StrOutputParser),
        "[PromptInput](PromptTemplate)(FakeLlm)(StrOutputParser)[StrOutputParserOutput] 0>1, 1>2, 3>4, 2>3",
    );
}

#[test]
fn steps_side_by_side() {
    check(
        &(parallel([("a", step("x")), ("b", step("y"))]) | step("z")),
        "[Parallel<a,b>Input][Parallel<a,b>Output](x)(y)(z)[z_output] 0>2, 2>1, 0>3, 3>1, 4>5, 1>4",
    );
    // A single branch needs no end nodes to join it.
    check(
        &(step("before") | parallel([("a", step("x"))]) | step("after")),
        "[before_input](before)(x)(after)[after_output] 0>1, 1>2, 3>4, 2>3",
    );
    check(
        &parallel([("a", parallel([("b", step("x")), ("c", step("y"))]).boxed())]),
        "[Parallel<a>Input][Parallel<a>Output][Parallel<b,c>Input][Parallel<b,c>Output](x)(y) \
         2>4, 4>3, 2>5, 5>3, 0>2, 3>1",
    );
    check(&RunnableParallel::<Data>::new(), "[Parallel<>Input][Parallel<>Output] 0>1");
    check(
        &RunnableAssign::new(parallel([("y", step("x"))])),
        "[Parallel<y>Input][Parallel<y>Output](x)(Passthrough) 0>2, 2>1, 0>3, 3>1",
    );
    check(
        &(step("a"), RunnablePassthrough::<Data>::new()),
        "[ParallelInput][ParallelOutput](a)(Passthrough) 0>2, 2>1, 0>3, 3>1",
    );
}

#[test]
fn wrappers_are_drawn_as_what_they_wrap() {
    let expected = "[a_input](a)[a_output] 0>1, 1>2";
    check(&step("a").with_retry(RetryPolicy::default()), expected);
    check(&step("a").bind("k", 1), expected);
    check(&step("a").with_config(RunConfig::new().with_name("renamed")), expected);
    check(&step("a").map(), expected);
    let schema = serde_json::json!({"title": "Question", "type": "string"});
    check(&step("a").with_input_schema(schema), "[Question](a)[a_output] 1>2, 0>1");
}

#[test]
fn metadata_of_configs_is_that_of_their_steps() {
    let config = |value: i64| RunConfig::new().with_metadata("k", value);
    let chain = (step("a").with_config(config(1)) | step("b")).with_config(config(2)) | step("c");
    let values: Vec<_> = chain.graph().nodes().iter().map(|node| node.metadata.get("k").cloned()).collect();
    assert_eq!(values, [None, Some(2.into()), Some(2.into()), None, None]);
}

#[test]
fn choices_are_one_node_or_drawn_out() {
    let branch = RunnableBranch::new(step("other"))
        .with(condition("is_big"), step("big") | step("huge"))
        .with(condition("is_small"), step("small"));
    check(&branch, "[BranchInput](Branch)[BranchOutput] 0>1, 1>2");
    assert_eq!(
        shown(&(branch | step("end")).expanded_graph()),
        "[BranchInput](Branch)(big)(huge)(small)(other)[BranchOutput](end)[end_output] \
         0>1, 2>3, 1?2 is_big, 1?4 is_small, 1?5 default, 3>6, 4>6, 5>6, 7>8, 6>7",
    );

    let router = RouterRunnable::new().with("x", step("a")).with("y", step("b"));
    check(&router, "[RouterRunnableInput](RouterRunnable)[RouterRunnableOutput] 0>1, 1>2");
    assert_eq!(
        shown(&router.expanded_graph()),
        "[RouterRunnableInput](RouterRunnable)(a)(b)[RouterRunnableOutput] 0>1, 1?2 x, 1?3 y, 2>4, 3>4",
    );

    let fallbacks = step("a").with_fallbacks([step("b")]);
    check(&fallbacks, "[a_input](WithFallbacks)[a_output] 0>1, 1>2");
    assert_eq!(
        shown(&fallbacks.expanded_graph()),
        "[a_input](WithFallbacks)(a)(b)[a_output] 0>1, 1>2, 1?3 fallback 1, 2>4, 3>4",
    );

    let alternatives = step("a")
        .configurable_alternatives(crate::ConfigurableField::new("which"), "one")
        .with("two", step("b"));
    check(&alternatives, "[a_input](a)[a_output] 0>1, 1>2");
    assert_eq!(
        shown(&alternatives.expanded_graph()),
        "[a_input](which)(a)(b)[a_output] 0>1, 1?2 one, 1?3 two, 2>4, 3>4",
    );
}

const STYLES: &str = "\tclassDef default fill:#f2f0ff,line-height:1.2\n\tclassDef first fill-opacity:0\n\t\
                      classDef last fill:#bfb6fc\n";

#[track_caller]
fn check_mermaid(graph: &Graph, lines: &[&str]) {
    let lines: String = lines.iter().map(|line| format!("\t{line}\n")).collect();
    let expected = format!("---\nconfig:\n  flowchart:\n    curve: linear\n---\ngraph TD;\n{lines}{STYLES}");
    assert_eq!(graph.draw_mermaid(), expected);
}

#[test]
fn mermaid_of_chains() {
    check_mermaid(
        &(step("add_one") | step("add_one")).graph(),
        &[
            "add_one_input([add_one_input]):::first",
            "add_one_1(add_one)",
            "add_one_2(add_one)",
            "add_one_output([add_one_output]):::last",
            "add_one_input --> add_one_1;",
            "add_one_2 --> add_one_output;",
            "add_one_1 --> add_one_2;",
        ],
    );
    check_mermaid(
        &(parallel([("a", step("add_one")), ("b", step("double"))]) | step("json_dumps")).graph(),
        &[
            "Parallel\\3ca\\2cb\\3eInput([Parallel<a,b>Input]):::first",
            "Parallel\\3ca\\2cb\\3eOutput(Parallel<a,b>Output)",
            "add_one(add_one)",
            "double(double)",
            "json_dumps(json_dumps)",
            "json_dumps_output([json_dumps_output]):::last",
            "Parallel\\3ca\\2cb\\3eInput --> add_one;",
            "add_one --> Parallel\\3ca\\2cb\\3eOutput;",
            "Parallel\\3ca\\2cb\\3eInput --> double;",
            "double --> Parallel\\3ca\\2cb\\3eOutput;",
            "json_dumps --> json_dumps_output;",
            "Parallel\\3ca\\2cb\\3eOutput --> json_dumps;",
        ],
    );
    check_mermaid(
        &(step("First Step") | step("second:step")).graph(),
        &[
            "First\\20StepInput([First StepInput]):::first",
            "First\\20Step(First Step)",
            "First\\20StepInput --> First\\20Step;",
            "First\\20Step --> second\\3astep;",
            "subgraph second",
            "second\\3astep(step)",
            "second\\3astep_output([step_output]):::last",
            "second\\3astep --> second\\3astep_output;",
            "end",
        ],
    );
}

#[track_caller]
fn by_hand(nodes: &[&str], edges: impl IntoIterator<Item = Edge>) -> Graph {
    let graph = nodes.iter().try_fold(Graph::new(), |graph, id| graph.add_node(Node::new(*id)));
    edges.into_iter().try_fold(graph.expect("nodes"), Graph::add_edge).expect("edges")
}

#[test]
fn mermaid_of_graphs_built_by_hand() {
    let label = "one two three four five six seven eight nine ten eleven";
    check_mermaid(
        &by_hand(&["a", "b"], [Edge::new("a", "b").with_label(label), Edge::new("a", "b").conditional()]),
        &[
            "a([a]):::first",
            "b([b]):::last",
            "a -- &nbsp;one two three four five six seven eight nine&nbsp<br>&nbspten eleven&nbsp; --> b;",
            "a -.-> b;",
        ],
    );
    let labelled = Edge::new("b", "b").with_label("again").conditional();
    check_mermaid(
        &by_hand(&["a", "b"], [labelled, Edge::new("a", "b")]),
        &["a([a]):::first", "b(b)", "a --> b;", "b -. &nbsp;again&nbsp; .-> b;"],
    );
}

#[test]
fn mermaid_ids_differ_even_if_names_look_numbered() {
    let graph = (step("a") | step("a") | step("a_1")).graph();
    let text = graph.draw_mermaid();
    let ids: std::collections::HashSet<&str> =
        text.lines().filter(|line| line.ends_with(')')).filter_map(|line| line.split('(').next()).collect();
    assert_eq!(ids.len(), 3);
}

#[track_caller]
fn check_ascii(graph: &Graph, lines: &[&str]) {
    // Lines are padded with spaces, which another test checks.
    let drawn = graph.draw_ascii();
    let drawn: Vec<&str> = drawn.lines().map(str::trim_end).collect();
    assert_eq!(drawn, lines, "\n{}", drawn.join("\n"));
}

#[test]
fn ascii_drawings() {
    check_ascii(
        &RunnableAssign::new(parallel([("y", step("length"))])).graph(),
        &[
            "      +------------------+",
            "      | Parallel<y>Input |",
            "      +------------------+",
            "          **         ***",
            "        **              *",
            "       *                 **",
            "+--------+          +-------------+",
            "| length |          | Passthrough |",
            "+--------+          +-------------+",
            "          **         ***",
            "            **      *",
            "              *   **",
            "      +-------------------+",
            "      | Parallel<y>Output |",
            "      +-------------------+",
        ],
    );
    check_ascii(
        &by_hand(&["a", "b"], [Edge::new("a", "b").conditional(), Edge::new("a", "a")]),
        &["+---+", "| a |", "+---+", "  .", "  .", "  .", "+---+", "| b |", "+---+"],
    );
    check_ascii(&by_hand(&["a", "b"], []), &["+---+     +---+", "| a |     | b |", "+---+     +---+"]);
    check_ascii(&Graph::new(), &[]);
}

#[test]
fn any_graph_can_be_drawn() {
    let ids: Vec<String> = (0..40).map(|id| format!("group{}:{id}", id % 7)).collect();
    let names: Vec<&str> = ids.iter().map(String::as_str).collect();
    // Cycles, self-loops, disconnected parts, and multiple edges between two nodes.
    let edges = (0..120_usize).map(|at| Edge::new(names[at * 7 % 37], names[at * at % 37]));
    let mut graph = by_hand(&names, edges);
    assert_eq!(graph.draw_mermaid().matches("-->").count(), 120);
    assert_eq!(graph.draw_ascii().matches("| group").count(), 40);
    graph.trim_first_node();
    graph.trim_last_node();
    assert_eq!(graph.to_json()["edges"].as_array().map(Vec::len), Some(graph.edges().len()));
}

#[test]
fn large_graphs() {
    let names: Vec<String> = (0..20_000).map(|id| id.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let chain = by_hand(&names, names.windows(2).map(|pair| Edge::new(pair[0], pair[1])));
    assert_eq!(chain.draw_ascii().lines().count(), 20_000 * 6 - 3);
    assert_eq!(chain.draw_mermaid().lines().count(), 6 + 20_000 + 19_999 + 3);
    let deep = Node::new("x:".repeat(20_000));
    assert!(Graph::new().add_node(deep).expect("a node").draw_mermaid().ends_with(STYLES));
}

#[test]
fn json() {
    let chain = prompt("{x}") | FakeChatModel::new(["1"]);
    let graph = chain.with_config(RunConfig::new().with_metadata("k", 1)).graph();
    assert_eq!(
        graph.to_json(),
        serde_json::json!({
            "nodes": [
                {"id": 0, "type": "schema", "data": "PromptInput"},
                {"id": 1, "type": "runnable", "data": {"name": "PromptTemplate"}, "metadata": {"k": 1}},
                {"id": 2, "type": "runnable", "data": {"name": "FakeChatModel"}, "metadata": {"k": 1}},
                {"id": 3, "type": "schema", "data": "FakeChatModelOutput"},
            ],
            "edges": [{"source": 0, "target": 1}, {"source": 2, "target": 3}, {"source": 1, "target": 2}],
        })
    );
    assert_eq!(graph.to_json_with_schemas()["nodes"][0]["data"]["required"], serde_json::json!(["x"]));
    let edge = Edge::new("a", "b").with_label("why").conditional();
    assert_eq!(
        by_hand(&["a", "b"], [edge]).to_json(),
        serde_json::json!({
            "nodes": [{"id": "a"}, {"id": "b"}],
            "edges": [{"source": "a", "target": "b", "data": "why", "conditional": true}],
        })
    );
}
