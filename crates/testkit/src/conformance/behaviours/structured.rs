//! Structured output, as applications request it.

use catena_core::{
    AiMessage, Capabilities, Capability, ChatModelExt, ErrorKind, Result, RunnableExt, StructuredMethod,
};
use serde_json::{Map, Value, json};

use super::super::stage::drain;
use super::super::verdict::{ensure, ensure_eq};
use super::super::{Answer, Asked, Fault, Model, ScriptedCall, Stage, ToolChoice, Verdict};
use super::contents::{person, schema};

/// Structured output works with each method, for types known at compile time and schemas known at run time; or the call
/// is rejected before anything is sent, but only if the model does not declare what the method needs.
pub(crate) async fn structured_methods(stage: &Stage<AiMessage>) -> Verdict {
    use StructuredMethod::{FunctionCalling, JsonMode, JsonSchema};
    for method in [None, Some(JsonSchema), Some(FunctionCalling), Some(JsonMode)] {
        for typed in [false, true] {
            for streamed in [false, true] {
                asked_by(stage, method, typed, streamed).await?;
            }
        }
    }
    Ok(())
}

async fn asked_by(
    stage: &Stage<AiMessage>,
    method: Option<StructuredMethod>,
    typed: bool,
    streamed: bool,
) -> Verdict {
    let server = stage.deciding(answer);
    let case =
        format!("{method:?}, {}, {}", of(typed, "typed", "untyped"), of(streamed, "streamed", "called"));
    let result = value(stage.model(&server)?, method, typed, streamed).await?;
    let can = stage.capabilities()?;
    match result {
        Ok(value) => {
            ensure_eq!(value, json!({"name": "Ada", "age": 36}), "the value ({case})");
            is_asked_by(&stage.asked_once(&server)?, method, can, &case)
        }
        Err(error) if error.kind() == ErrorKind::Unsupported => {
            ensure!(server.requests().is_empty(), "what is refused is sent ({case})");
            ensure!(may_refuse(method, can), "it is refused, and the model declares it ({case}): {error}");
            Ok(())
        }
        Err(error) => Err(Fault::Broken(format!("it fails ({case}) with {error:?}"))),
    }
}

/// Calls a tool if there is one.
fn answer(asked: &Asked) -> Answer {
    match asked.tools.first() {
        Some(tool) => Answer::of_call(ScriptedCall::new(
            "call_1",
            &*tool.name,
            [r#"{"name": "Ada","#, r#" "age": 36}"#],
        )),
        None => person(),
    }
}

async fn value(
    model: Model<AiMessage>,
    method: Option<StructuredMethod>,
    typed: bool,
    streamed: bool,
) -> Result<Result<Value>, Fault> {
    // A macro, because there are two output types.
    macro_rules! ask {
        ($asked:expr, $value:expr) => {{
            let asked = $asked;
            let asked = if let Some(method) = method { asked.with_method(method) } else { asked };
            if !streamed {
                return Ok(asked.invoke("Who?").await.map($value));
            }
            match drain(&asked, "Who?").await? {
                (_, Some(error)) => Ok(Err(error)),
                // The last value counts.
                (mut values, None) => Ok(Ok(values.pop().map($value).unwrap_or_default())),
            }
        }};
    }
    if typed {
        let value = |parsed: catena_core::Parsed<Map<String, Value>>| Value::from((*parsed).clone());
        return ask!(model.with_structured_output_as::<Map<String, Value>>(schema()), value);
    }
    ask!(model.with_structured_output_schema(schema()), |json: catena_core::Json| (*json).clone())
}

/// The request uses the selected method.
fn is_asked_by(asked: &Asked, method: Option<StructuredMethod>, can: Capabilities, case: &str) -> Verdict {
    match method {
        Some(StructuredMethod::JsonSchema) => {
            ensure!(asked.schema.is_some(), "the request has no schema ({case})");
        }
        Some(StructuredMethod::FunctionCalling) => {
            let names: Vec<&str> = asked.tools.iter().map(|tool| &*tool.name).collect();
            ensure_eq!(names, ["Person"], "the tools of the request ({case})");
            let choice = can.has(Capability::ToolChoice).then(|| ToolChoice::Named("Person".to_owned()));
            ensure_eq!(asked.tool_choice, choice, "the tool that must be called ({case})");
        }
        Some(StructuredMethod::JsonMode) => {
            ensure!(asked.json && asked.schema.is_none(), "the request does not ask for JSON ({case})");
        }
        _ => {
            let forms = asked.tools.len() + usize::from(asked.schema.is_some());
            ensure_eq!(forms, 1, "the ways in which the request asks ({case})");
        }
    }
    Ok(())
}

fn may_refuse(method: Option<StructuredMethod>, can: Capabilities) -> bool {
    let lacks = |capability| !can.has(capability);
    match method {
        None => lacks(Capability::StructuredOutput) && lacks(Capability::Tools),
        Some(StructuredMethod::JsonSchema) => lacks(Capability::StructuredOutput),
        Some(StructuredMethod::FunctionCalling) => lacks(Capability::Tools),
        // No model declares it.
        Some(_) => true,
    }
}

fn of(condition: bool, yes: &'static str, no: &'static str) -> &'static str {
    if condition { yes } else { no }
}
