//! Tools: what is offered, what is called, what comes of it.

use catena_core::{AiMessage, Capability, Message, RunnableExt, ToolCall, ToolMessage};
use serde_json::{Value, json};

use super::super::stage::fold;
use super::super::verdict::{ensure, ensure_eq};
use super::super::{Answer, Fault, Role, ScriptedCall, Stage, ToolChoice, Verdict};
use super::streams::same_facts;

/// Tools that are bound to a call reach the service, in whichever form they are given.
pub(crate) async fn tools_request(stage: &Stage<AiMessage>) -> Verdict {
    stage.needs(Capability::Tools)?;
    let mut titled = parameters();
    titled["title"] = "weather".into();
    titled["description"] = "Looks out of the window".into();
    let function = tool();
    for form in [function.clone(), json!({"type": "function", "function": function}), titled] {
        let server = stage.answering(&Answer::of_text(["Fine"]));
        stage.model(&server)?.bind("tools", vec![form.clone()]).invoke("Hi").await?;
        let asked = stage.asked_once(&server)?;
        let [tool] = &*asked.tools else {
            return Err(Fault::Broken(format!("expected one tool in the request, got {:?}", asked.tools)));
        };
        let said = (&*tool.name, &*tool.description);
        ensure_eq!(said, ("weather", "Looks out of the window"), "name and description of {form}");
        for member in ["properties", "required"] {
            ensure_eq!(
                tool.parameters[member],
                parameters()[member],
                "`{member}` of the parameters of {form}"
            );
        }
        ensure!(asked.tool_choice.is_none(), "nobody chose, and the request says {:?}", asked.tool_choice);
    }
    Ok(())
}

/// A call can be made to use a tool, or a certain one.
pub(crate) async fn tool_choice(stage: &Stage<AiMessage>) -> Verdict {
    stage.needs(Capability::ToolChoice)?;
    let named = ToolChoice::Named("weather".to_owned());
    for (choice, expected) in [("any", ToolChoice::Any), ("weather", named)] {
        let server = stage.answering(&weather());
        let model = stage.model(&server)?.bind("tools", vec![tool(), other_tool()]);
        model.bind("tool_choice", choice).invoke("Hi").await?;
        ensure_eq!(stage.asked_once(&server)?.tool_choice, Some(expected), "the request for {choice:?}");
    }
    Ok(())
}

/// A tool call is read, from a call and from a stream.
pub(crate) async fn tool_call(stage: &Stage<AiMessage>) -> Verdict {
    stage.needs(Capability::Tools)?;
    calls_are_read(stage, &weather()).await?;
    let explained = Answer { texts: vec!["Let me look.".to_owned()], ..weather() };
    calls_are_read(stage, &explained).await
}

/// Several tool calls in one answer stay apart.
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

/// Arguments may come in pieces of any size.
pub(crate) async fn tool_call_deltas(stage: &Stage<AiMessage>) -> Verdict {
    stage.needs(Capability::Tools)?;
    let arguments = r#"{"city": "Zürich \"ZH\" 🏔", "days": [1, 2.5, null], "deep": {"a": {"b": true}}}"#;
    let pieces = arguments.chars().map(String::from);
    calls_are_read(stage, &Answer::of_call(ScriptedCall::new("call_1", "weather", pieces))).await
}

/// A tool without arguments is called with none, and arguments that are no JSON are told from a failure of the call.
pub(crate) async fn odd_tool_calls(stage: &Stage<AiMessage>) -> Verdict {
    stage.needs(Capability::Tools)?;
    let nothing: [&str; 0] = [];
    calls_are_read(stage, &Answer::of_call(ScriptedCall::new("call_1", "now", nothing))).await?;
    calls_are_read(stage, &Answer::of_call(ScriptedCall::new("call_1", "now", ["{}"]))).await?;
    let broken = Answer::of_call(ScriptedCall::new("call_1", "weather", [r#"{"city": "#, "Par"]));
    if !stage.wire().whole(&broken).to_string().contains("Par") {
        // The service sends arguments as JSON: they cannot be broken.
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

/// Results of tools go back to the service, after the calls they belong to.
pub(crate) async fn tool_results(stage: &Stage<AiMessage>) -> Verdict {
    stage.needs(Capability::Tools)?;
    let call = |id: &str, city: &str| ToolCall::new("weather", [("city", city)]).with_id(id);
    let result = |text: &str, id: &str| {
        let mut result = ToolMessage::new(text, id);
        result.name = Some("weather".to_owned());
        Message::Tool(result)
    };
    let messages = vec![
        Message::human("Where is it warmer?"),
        Message::Ai(AiMessage::new("").with_tool_calls([call("call_1", "Paris"), call("call_2", "Rome")])),
        result("12 °C", "call_1"),
        result("19 °C", "call_2"),
    ];
    let server = stage.answering(&Answer::of_text(["In Rome"]));
    ensure_eq!(offering(stage, &server)?.invoke(messages).await?.text(), "In Rome", "the answer");
    let asked = stage.asked_once(&server)?;
    let roles: Vec<Role> = asked.messages.iter().map(|message| message.role).collect();
    ensure_eq!(roles, [Role::Human, Role::Ai, Role::Tool, Role::Tool], "the roles of the request");
    let called = |city: &str| ("weather".to_owned(), json!({"city": city}));
    ensure_eq!(asked.messages[1].calls, [called("Paris"), called("Rome")], "the calls in the request");
    for (message, (text, id)) in asked.messages[2..].iter().zip([("12 °C", "call_1"), ("19 °C", "call_2")])
    {
        ensure!(message.text.contains(text), "the result in the request is {:?}, not {text:?}", message.text);
        let answers = message.answers.as_deref();
        ensure!(
            answers == Some(id) || answers == Some("weather"),
            "the result of {id} is sent as that of {answers:?}"
        );
    }
    Ok(())
}

type Offering = catena_core::Bound<super::super::Model<AiMessage>>;

fn offering(stage: &Stage<AiMessage>, server: &crate::Server) -> catena_core::Result<Offering> {
    Ok(stage.model(server)?.bind("tools", vec![tool()]))
}

/// The calls of the answer come out of a call and of a stream.
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
