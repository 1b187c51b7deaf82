//! Runs as spans: one for each, below one another, with what OpenTelemetry wants to know of model calls.

use std::io::Write;
use std::sync::{Arc, Mutex};

use catena_core::fakes::{FakeChatModel, FakeMessagesListChatModel};
use catena_core::{
    AiMessage, ModelOptions, ModelRegistry, PromptTemplate, RunConfig, RunnableExt, TracingObserver, Usage,
    gather, lambda,
};
use futures_executor::block_on;
use serde_json::json;
use tracing_subscriber::fmt::format::FmtSpan;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The lines that are logged while `act` runs.
fn logged(act: impl FnOnce()) -> Vec<String> {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(move || writer.clone())
        .with_span_events(FmtSpan::CLOSE)
        .with_ansi(false)
        .finish();
    tracing::subscriber::with_default(subscriber, act);
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn chain() -> impl catena_core::Runnable<Input = catena_core::Data, Output = String> {
    let model = FakeChatModel::new(["Bright Smile"]).with_usage(Usage::new(12, 2));
    PromptTemplate::new("A secret name for {x}").unwrap()
        | model
        | lambda(|answer: AiMessage| {
            tracing::info!("inside");
            answer.text().into_owned()
        })
        .with_name("trim")
}

fn assert_spans(lines: &[String]) {
    let line = |part: &str| {
        lines.iter().find(|line| line.contains(part)).unwrap_or_else(|| panic!("{part}: {lines:#?}"))
    };
    let model = line(r#"gen_ai.operation.name="chat""#);
    for part in [
        r#"otel.name="RunnableSequence""#,
        r#"otel.name="FakeChatModel" otel.kind="client""#,
        "gen_ai.usage.input_tokens=12",
        "gen_ai.usage.output_tokens=2",
        r#"otel.status_code="OK""#,
    ] {
        assert!(model.contains(part), "{part}: {model}");
    }
    let inside = line("inside");
    assert!(inside.contains(r#"otel.name="trim""#), "a log line of a step belongs to its span: {inside}");
}

#[test]
fn a_model_call_is_a_client_span_below_its_chain() {
    let config = RunConfig::new().with_observer(TracingObserver::new());
    let lines = logged(|| {
        block_on(chain().invoke_with("tea", &config)).unwrap();
    });
    assert_spans(&lines);
    assert!(!lines.concat().contains("secret"), "content is recorded only when asked for");
}

#[test]
fn a_stream_has_the_same_spans() {
    let config = RunConfig::new().with_observer(TracingObserver::new().with_content());
    let lines = logged(|| {
        block_on(gather(chain().stream_with("tea", &config))).unwrap();
    });
    assert_spans(&lines);
    assert!(lines.concat().contains("secret"));
}

#[test]
fn spans_contain_no_keys() {
    let models = ModelRegistry::new()
        .with_options(ModelOptions::new().with_api_key("hunter2"))
        .with_chat("acme", |_, _| {
            Ok(Arc::new(FakeMessagesListChatModel::new(["Hi", "Hi"].map(AiMessage::new))))
        });
    let server = json!([{"type": "mcp", "server_label": "files", "authorization": "hunter2"}]);
    let model = models.configurable().with_default("acme:m").with_fields(["api_key"]).bind("tools", server);
    let observer = TracingObserver::new().with_content();
    let config = RunConfig::new().with_observer(observer).with_configurable("api_key", "hunter2");
    let lines = logged(|| {
        tracing::info!(?config, ?model, "outside");
        block_on(model.invoke_with("Hello", &config)).unwrap();
        block_on(gather(model.stream_with("Hello", &config))).unwrap();
    });
    let text = lines.concat();
    assert!(text.contains("gen_ai.operation.name") && text.contains("outside"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
}
