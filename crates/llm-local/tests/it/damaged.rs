//! Files that are no models, or not ones that this crate knows: each is an error that says why, before anything runs.

use candle_core::quantized::gguf_file::Value;
use catena_core::ErrorKind;
use catena_llm_local::LocalModel;

use crate::tiny::Tiny;

#[track_caller]
fn check(tiny: Tiny, kind: ErrorKind, words: &str) {
    let file = tiny.write();
    let error = LocalModel::open(file.path()).unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(words), "{error}");
    assert!(error.to_string().len() < 700, "{error}");
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    let text = |text: &str| Value::String(text.to_owned());
    check(Tiny::new().without("llama.block_count"), ErrorKind::Config, "llama.block_count");
    check(Tiny::new().without("blk.1.ffn_up.weight"), ErrorKind::Config, "blk.1.ffn_up.weight");
    check(Tiny::new().without("tokenizer.ggml.tokens"), ErrorKind::Config, "vocabulary");
    check(Tiny::new().without("tokenizer.ggml.merges"), ErrorKind::Config, "merges");
    check(Tiny::new().set("llama.attention.head_count_kv", Value::U32(3)), ErrorKind::Config, "fit");
    check(Tiny::new().set("llama.attention.head_count", Value::U32(0)), ErrorKind::Config, "head_count");
    check(Tiny::new().set("llama.embedding_length", Value::U32(128)), ErrorKind::Config, "size");
    check(Tiny::new().set("llama.vocab_size", Value::U32(u32::MAX)), ErrorKind::Config, "size");
    check(Tiny::new().set("llama.block_count", Value::U32(u32::MAX)), ErrorKind::Config, "lacks");
    check(Tiny::new().set("llama.block_count", text("many")), ErrorKind::Config, "whole number");
    check(Tiny::new().set("tokenizer.chat_template", text("{% for")), ErrorKind::Config, "template");
}

#[test]
fn what_this_crate_does_not_know_is_unsupported() {
    let text = |text: &str| Value::String(text.to_owned());
    let unsupported = ErrorKind::Unsupported;
    check(Tiny::new().set("general.architecture", text("mamba")), unsupported, "mamba");
    check(Tiny::new().set("general.architecture", text(&"x".repeat(10_000))), unsupported, "xxx...");
    check(Tiny::new().set("tokenizer.ggml.model", text("bert")), unsupported, "bert");
    check(Tiny::new().set("tokenizer.ggml.pre", text("tomorrow")), unsupported, "tomorrow");
    check(Tiny::new().set("llama.expert_count", Value::U32(8)), unsupported, "experts");
    check(Tiny::new().set("llama.rope.scaling.type", text("yarn")), unsupported, "yarn");
}

#[test]
fn files_that_break_off_or_hold_something_else_are_errors() {
    let file = Tiny::new().write();
    let bytes = std::fs::read(file.path()).unwrap();
    for length in [0, 3, 8, 24, 100, bytes.len() / 4, bytes.len() / 2, bytes.len() - 1] {
        std::fs::write(file.path(), &bytes[..length]).unwrap();
        let error = LocalModel::open(file.path()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{length}: {error}");
    }
    std::fs::write(file.path(), "<html>not found</html>".repeat(100)).unwrap();
    assert_eq!(LocalModel::open(file.path()).unwrap_err().kind(), ErrorKind::Config);
}

#[test]
fn settings_out_of_range_are_refused_before_the_file_is_read() {
    let builder = || LocalModel::builder("absent.gguf");
    for builder in [
        builder().with_temperature(-1.0),
        builder().with_temperature(f64::NAN),
        builder().with_top_p(0.0),
        builder().with_max_tokens(0),
        builder().with_stop([""]),
        builder().with_max_active(0),
        builder().with_context_length(1),
    ] {
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(!error.to_string().contains("absent.gguf"), "{error}");
    }
}
