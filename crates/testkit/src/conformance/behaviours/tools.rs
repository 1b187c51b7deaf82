//! Tools: definitions, calls and results.

use catena_core::{
    AiMessage, Capability, ChatModelExt, Message, RunnableExt, ToolCall, ToolMessage, ToolStatus,
};
use serde_json::{Value, json};

use super::super::stage::{Exchange, fold};
use super::super::verdict::{ensure, ensure_eq};
use super::super::{Answer, Fault, Model, Role, ScriptedCall, Stage, ToolChoice, Verdict};
use super::streams::same_facts;

/// Tools bound to a call reach the service, in every form in which they can be given.
pub(crate) async fn tools_request(stage: &Stage<AiMessage>) -> Verdict {
    stage.needs(Capability::Tools)?;
    let mut titled = parameters();
    titled["title"] = "weather".into();
    titled["description"] = "Looks out of the window".into();
    let function = tool();
    for form in [function.clone(), json!({"type": "function", "function": function}), titled] {
        let answer = Answer::of_text(["Fine"]);
        let offered = |model: Model<AiMessage>| model.bind("tools", vec![form.clone()]);
        for Exchange { how, asked, .. } in stage.exchanges(&answer, "Hi", offered).await? {
            let [tool] = &*asked.tools else {
                return Err(Fault::Broken(format!("expected one tool in a {how}, got {:?}", asked.tools)));
            };
            let said = (&*tool.name, &*tool.description);
            ensure_eq!(said, ("weather", "Looks out of the window"), "name and description of {form}");
            for member in ["properties", "required"] {
                let (sent, expected) = (&tool.parameters[member], &parameters()[member]);
                ensure_eq!(sent, expected, "`{member}` of the parameters of {form} in a {how}");
            }
            let choice = asked.tool_choice;
            ensure!(choice.is_none(), "nobody chose, and the request for a {how} says {choice:?}");
        }
    }
    Ok(())
}

/// A call can require a tool, a specific one or none, in every spelling of that choice, or leave it to the model.
pub(crate) async fn tool_choice(stage: &Stage<AiMessage>) -> Verdict {
    stage.needs(Capability::Tools)?;
    // Every model with tools supports choices that force nothing.
    chooses(stage, json!("auto"), None).await?;
    chooses(stage, json!("none"), Some(ToolChoice::Nothing)).await?;
    if !stage.capabilities()?.has(Capability::ToolChoice) {
        return Ok(());
    }
    for word in ["any", "required"] {
        chooses(stage, json!(word), Some(ToolChoice::Any)).await?;
    }
    for named in [json!("weather"), json!({"type": "function", "function": {"name": "weather"}})] {
        chooses(stage, named, Some(ToolChoice::Named("weather".to_owned()))).await?;
    }
    Ok(())
}

async fn chooses(stage: &Stage<AiMessage>, choice: Value, expected: Option<ToolChoice>) -> Verdict {
    let choosing = |model: Model<AiMessage>| {
        model.bind("tools", vec![tool(), other_tool()]).bind("tool_choice", choice.clone())
    };
    for Exchange { how, asked, .. } in stage.exchanges(&weather(), "Hi", choosing).await? {
        // A tool that is not offered cannot be called.
        let nothing = asked.tools.is_empty().then_some(ToolChoice::Nothing);
        let sent = nothing.or(asked.tool_choice);
        ensure_eq!(sent, expected, "the tool that the request for {choice} of a {how} asks for");
    }
    Ok(())
}

/// A tool call is decoded, from a call and from a stream.
pub(crate) async fn tool_call(stage: &Stage<AiMessage>) -> Verdict {
    stage.needs(Capability::Tools)?;
    calls_are_read(stage, &weather()).await?;
    let explained = Answer { texts: vec!["Let me look.".to_owned()], ..weather() };
    calls_are_read(stage, &explained).await
}

/// Several tool calls in one answer are kept apart.
pub(crate) async fn parallel_tool_calls(stage: &Stage<AiMessage>) -> Verdict {
    stage.needs(Capability::ParallelToolCalls)?;
    let call = |id, name, place| ScriptedCall::new(id, name, [r#"{"city":"#, place, "}"]);
    // The same tool twice, and another.
    let calls = [
        call("call_1", "weather", r#""Paris""#),
        call("call_2", "weather", r#""Rome""#),
        call("call_3", "population", r#""Paris""#),
    ];
    calls_are_read(stage, &Answer::of_calls(calls)).await
}

/// Arguments can be split into deltas of any size.
pub(crate) async fn tool_call_deltas(stage: &Stage<AiMessage>) -> Verdict {
    stage.needs(Capability::Tools)?;
    let arguments = r#"{"city": "Zürich \"ZH\" 🏔", "days": [1, 2.5, null], "deep": {"a": {"b": true}}}"#;
    let pieces = arguments.chars().map(String::from);
    calls_are_read(stage, &Answer::of_call(ScriptedCall::new("call_1", "weather", pieces))).await
}

/// A tool call without arguments has empty arguments, and arguments that are not valid JSON are reported as such rather
/// than as a failed call.
pub(crate) async fn odd_tool_calls(stage: &Stage<AiMessage>) -> Verdict {
    stage.needs(Capability::Tools)?;
    let nothing: [&str; 0] = [];
    calls_are_read(stage, &Answer::of_call(ScriptedCall::new("call_1", "now", nothing))).await?;
    calls_are_read(stage, &Answer::of_call(ScriptedCall::new("call_1", "now", ["{}"]))).await?;
    let broken = Answer::of_call(ScriptedCall::new("call_1", "weather", [r#"{"city": "#, "Par"]));
    if !stage.wire().whole(&broken).to_string().contains("Par") {
        // The service sends arguments as a JSON value, so they cannot be invalid.
        return Ok(());
    }
    let server = stage.answering(&broken);
    let model = offering(stage, &server)?;
    for (how, message) in [("call", model.invoke("Hi").await?), ("stream", fold(&model, "Hi").await?)] {
        let seen = (message.tool_calls().len(), message.invalid_tool_calls().len());
        ensure_eq!(seen, (0, 1), "tool calls, and invalid ones, of a {how} with broken arguments");
    }
    Ok(())
}

/// Tool results are sent to the service, after the calls they belong to.
pub(crate) async fn tool_results(stage: &Stage<AiMessage>) -> Verdict {
    stage.needs(Capability::Tools)?;
    let messages = vec![
        Message::human("Where is it warmer?"),
        Message::Ai(
            AiMessage::new("").with_tool_calls([looking("call_1", "Paris"), looking("call_2", "Rome")]),
        ),
        Message::Tool(result("12 °C", "call_1")),
        Message::Tool(result("19 °C", "call_2")),
    ];
    let scripted = Answer::of_text(["In Rome"]);
    for Exchange { how, asked, answer } in stage.exchanges(&scripted, messages, with_tool).await? {
        ensure_eq!(answer.text(), "In Rome", "the answer of a {how}");
        let roles: Vec<Role> = asked.messages.iter().map(|message| message.role).collect();
        ensure_eq!(roles, [Role::Human, Role::Ai, Role::Tool, Role::Tool], "the roles in a {how}");
        let called = |city: &str| ("weather".to_owned(), json!({"city": city}));
        ensure_eq!(asked.messages[1].calls, [called("Paris"), called("Rome")], "the calls in a {how}");
        for (message, (text, id)) in
            asked.messages[2..].iter().zip([("12 °C", "call_1"), ("19 °C", "call_2")])
        {
            ensure!(message.text.contains(text), "the result in a {how} is {:?}, not {text:?}", message.text);
            let answers = message.answers.as_deref();
            ensure!(
                answers == Some(id) || answers == Some("weather"),
                "the result of {id} is sent as that of {answers:?}"
            );
            ensure!(!message.failed, "the result of {id} is sent as a failure in a {how}");
        }
    }
    Ok(())
}

/// The service is told that a tool failed, and why.
pub(crate) async fn tool_errors(stage: &Stage<AiMessage>) -> Verdict {
    stage.needs(Capability::Tools)?;
    let mut failed = result("no window here", "call_1");
    failed.status = ToolStatus::Error;
    let called = AiMessage::new("").with_tool_calls([looking("call_1", "Paris")]);
    let messages = vec![Message::human("How warm is it?"), Message::Ai(called), Message::Tool(failed)];
    for Exchange { how, asked, .. } in
        stage.exchanges(&Answer::of_text(["Sorry"]), messages, with_tool).await?
    {
        let Some(sent) = asked.messages.last().filter(|message| message.role == Role::Tool) else {
            return Err(Fault::Broken(format!("the request for a {how} has no result: {asked:?}")));
        };
        ensure!(sent.text.contains("no window here"), "the result in a {how} is {:?}", sent.text);
        ensure!(sent.failed, "the request for a {how} does not say that the tool failed");
    }
    Ok(())
}

/// A loop of model and tools ends with an answer.
pub(crate) async fn tool_loop(stage: &Stage<AiMessage>) -> Verdict {
    stage.needs(Capability::Tools)?;
    let server = stage.deciding(|asked| match asked.messages.last() {
        Some(last) if last.role == Role::Tool => Answer::of_text([format!("It has {}.", last.text)]),
        _ => weather(),
    });
    let look = |arguments: Value| format!("12 °C in {}", arguments["city"].as_str().unwrap_or_default());
    let window = catena_core::tool("weather", "Looks out of the window", parameters(), look);
    let model = stage.model(&server)?.with_tools([window]).final_answer();
    for (how, answer) in
        [("call", model.invoke("How warm is it?").await?), ("stream", fold(&model, "How warm is it?").await?)]
    {
        let said = answer.text();
        ensure!(said.contains("12 °C in Paris"), "the loop of a {how} ends with {said:?}");
    }
    let asked = stage.asked(&server);
    ensure_eq!(asked.len(), 4, "the requests of two loops");
    for second in [&asked[1], &asked[3]] {
        let roles: Vec<Role> = second.messages.iter().map(|message| message.role).collect();
        ensure_eq!(roles, [Role::Human, Role::Ai, Role::Tool], "the roles of the second request");
        let calls = &second.messages[1].calls;
        ensure_eq!(calls, &[("weather".to_owned(), json!({"city": "Paris"}))], "the calls in it");
        ensure_eq!(second.tools.len(), 1, "the tools in it");
    }
    Ok(())
}

fn looking(id: &str, city: &str) -> ToolCall {
    ToolCall::new("weather", [("city", city)]).with_id(id)
}

fn result(text: &str, id: &str) -> ToolMessage {
    let mut result = ToolMessage::new(text, id);
    result.name = Some("weather".to_owned());
    result
}

fn with_tool(model: Model<AiMessage>) -> Offering {
    model.bind("tools", vec![tool()])
}

type Offering = catena_core::Bound<Model<AiMessage>>;

fn offering(stage: &Stage<AiMessage>, server: &crate::Server) -> catena_core::Result<Offering> {
    stage.model(server).map(with_tool)
}

/// The tool calls of the answer are returned by a call and by a stream.
async fn calls_are_read(stage: &Stage<AiMessage>, answer: &Answer) -> Verdict {
    let server = stage.answering(answer);
    let model = offering(stage, &server)?;
    let whole = model.invoke("Hi").await?;
    calls_are(stage, answer, &whole, "call")?;
    let folded = fold(&model, "Hi").await?;
    calls_are(stage, answer, &folded, "stream")?;
    same_facts(&whole, &folded)
}

fn calls_are(stage: &Stage<AiMessage>, answer: &Answer, message: &AiMessage, how: &str) -> Verdict {
    let shown = |call: &ToolCall| (call.name.clone(), json!(call.args));
    let got: Vec<_> = message.tool_calls().iter().map(shown).collect();
    let expected: Vec<_> = answer.calls.iter().map(|call| (call.name.clone(), call.arguments())).collect();
    ensure_eq!(got, expected, "the tool calls of a {how}");
    ensure!(message.invalid_tool_calls().is_empty(), "a {how} has invalid calls: {message:?}");
    ensure_eq!(message.text(), answer.text(), "the text beside the tool calls of a {how}");
    let wire = stage.wire().whole(answer).to_string();
    for (call, scripted) in message.tool_calls().iter().zip(&answer.calls) {
        if wire.contains(&scripted.id) {
            ensure_eq!(call.id.as_deref(), Some(&*scripted.id), "the id of a tool call of a {how}");
        }
    }
    Ok(())
}

fn weather() -> Answer {
    Answer::of_call(ScriptedCall::new("call_1", "weather", [r#"{"city": "#, r#""Paris"}"#]))
}

pub(super) fn tool() -> Value {
    json!({"name": "weather", "description": "Looks out of the window", "parameters": parameters()})
}

fn other_tool() -> Value {
    json!({"name": "population", "description": "Counts people", "parameters": parameters()})
}

fn parameters() -> Value {
    json!({
        "type": "object",
        "properties": {"city": {"type": "string", "description": "Where"}},
        "required": ["city"],
    })
}
