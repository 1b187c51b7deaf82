//! What does not compile, and what the compiler says of it.

#[test]
fn error_texts() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
