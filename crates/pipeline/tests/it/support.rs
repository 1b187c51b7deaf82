//! A loader with some functions and models, and one-line checks.

use catena_core::fakes::FakeChatModel;
use catena_core::{
    AiMessage, Data, Error, ErrorKind, RunConfig, Runnable, RunnableExt, ToolCall, generator, lambda,
};
use catena_pipeline::PipelineLoader;
use futures_executor::block_on;
use futures_util::StreamExt;
use serde_json::Value;

pub(crate) fn loader() -> PipelineLoader {
    PipelineLoader::new()
        .with_function("add_one", |_| Ok(lambda(|x: i64| x + 1).with_name("add_one").dynamic()))
        .with_function("is_positive", |_| Ok(lambda(|x: i64| x > 0).dynamic()))
        .with_function("constant", |args| {
            let value = args.required("value")?.data().clone();
            Ok(lambda(move |_: Data| value.clone()).dynamic())
        })
        .with_function("fail", |args| {
            let kind = args.get("busy").map_or(ErrorKind::Other, |_| ErrorKind::RateLimit);
            Ok(lambda(move |_: Data| Err::<Data, _>(Error::new(kind, "failed"))).dynamic())
        })
        .with_function("call", |_| {
            let mut answer =
                AiMessage::new("").with_tool_calls([ToolCall::new("add", [("a", 1)]).with_id("c")]);
            let call = serde_json::json!({"name": "add", "arguments": "{\"a\": 1}"});
            answer.additional_kwargs.insert("function_call".into(), call);
            Ok(lambda(move |_: Data| answer.clone()).dynamic())
        })
        .with_generator("upper", |_| {
            let upper = generator(|texts| {
                texts.map(|text: catena_core::Result<String>| Ok(text?.to_uppercase())).boxed()
            });
            Ok(upper.dynamic())
        })
        .with_node("model", |spec| Ok(FakeChatModel::new(spec.texts()?).dynamic()))
}

#[track_caller]
pub(crate) fn check(pipeline: &str, input: Value, expected: Value) {
    check_with(pipeline, input, &RunConfig::new(), Ok(expected));
}

/// Checks the result, called and streamed.
#[track_caller]
pub(crate) fn check_with(pipeline: &str, input: Value, config: &RunConfig, expected: Result<Value, &str>) {
    let chain = loader().from_json(pipeline).expect("a good pipeline");
    let shown = |output: catena_core::Result<Data>| {
        output.map(Data::into_json).map_err(|error| error.message().to_owned())
    };
    let expected = expected.map_err(str::to_owned);
    let called = block_on(chain.invoke_with(Data::from(input.clone()), config));
    assert_eq!(shown(called), expected, "called: {pipeline}");
    // A separate chain, as fake models count their calls.
    let chain = loader().from_json(pipeline).expect("a good pipeline");
    let chunks = chain.stream_with(Data::from(input), config);
    let streamed = block_on(catena_core::gather(chunks)).map(Option::unwrap_or_default);
    assert_eq!(shown(streamed), expected, "streamed: {pipeline}");
}

#[track_caller]
pub(crate) fn check_error(pipeline: &str, expected: &str) {
    let error = loader().from_json(pipeline).expect_err(pipeline);
    assert_eq!(error.to_string(), expected, "{pipeline}");
}

pub(crate) fn name_of(pipeline: &str) -> String {
    loader().from_json(pipeline).expect("a good pipeline").name().into_owned()
}
