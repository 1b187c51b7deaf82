//! `anthropic_stream`, guided by coverage.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| catena_fuzz_targets::run("anthropic_stream", data));
