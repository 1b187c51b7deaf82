//! `ollama_stream`, guided by coverage.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| catena_fuzz_targets::run("ollama_stream", data));
