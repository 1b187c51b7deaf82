//! Answers of our client in the form of recordings.

use catena::{AiMessage, Data, ToolCallChunk, Usage};
use serde_json::{Map, Value, json};

/// A message as `expected_result.message` shows it.
pub(super) fn shown(message: &AiMessage) -> Value {
    let extra = |name: &str| message.metadata.extra.get(name).cloned();
    let calls = message.tool_calls().iter();
    let calls = calls.map(
        |call| json!({ "id": call.id, "name": call.name, "args": Data::from(call.args.clone()).into_json() }),
    );
    let invalid = message.invalid_tool_calls().iter();
    let invalid = invalid.map(|call| json!({ "id": call.id, "name": call.name, "args": call.args }));
    // The recorded client has it empty where it did not come.
    let results = extra("content_filter_results").unwrap_or_else(|| json!({}));
    json!({
        "text": message.text(),
        "tool_calls": calls.collect::<Vec<_>>(),
        "invalid_tool_calls": invalid.collect::<Vec<_>>(),
        "refusal": message.refusal,
        "reasoning": message.reasoning,
        "usage": message.usage.map(usage),
        "finish_reason": message.metadata.finish_reason,
        "model": message.metadata.model,
        "response_id": message.id,
        "system_fingerprint": extra("system_fingerprint"),
        "service_tier": extra("service_tier"),
        "status": extra("status"),
        "incomplete_details": extra("incomplete_details"),
        "logprobs": extra("logprobs"),
        "extra": message.additional_kwargs,
        "metadata": { "response_headers": extra("headers"), "content_filter_results": results },
    })
}

/// A piece of a message as `expected_result.deltas` shows it.
pub(super) fn delta(chunk: &AiMessage) -> Value {
    let pieces = chunk.tool_call_chunks().iter().map(|ToolCallChunk { index, id, name, args, .. }| {
        json!({ "index": index, "id": id, "name": name, "args": args })
    });
    json!({ "text": chunk.text(), "tool_call_chunks": pieces.collect::<Vec<_>>(), "usage": chunk.usage.map(usage) })
}

/// Counts, with the details that there are.
pub(super) fn usage(usage: Usage) -> Value {
    let details = |members: &[(&str, Option<u64>)]| {
        let members = members.iter().filter_map(|(name, count)| Some(((*name).to_owned(), (*count)?.into())));
        members.collect::<Map<_, _>>()
    };
    let (input, output) = (usage.input_token_details, usage.output_token_details);
    json!({
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "total_tokens": usage.total_tokens,
        "input_token_details": details(&[
            ("audio", input.audio), ("cache_read", input.cache_read), ("cache_creation", input.cache_creation),
        ]),
        "output_token_details": details(&[("audio", output.audio), ("reasoning", output.reasoning)]),
    })
}
