//! Compile errors and their messages.

#[test]
fn error_texts() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
