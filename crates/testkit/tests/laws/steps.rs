//! The steps that core brings along keep the laws: parsers on texts cut anywhere, prompts, models.

use catena_core::fakes::{FakeChatModel, FakeLlm};
use catena_core::{
    AiMessage, CommaSeparatedListOutputParser, Data, JsonOutputParser, MarkdownListOutputParser,
    NumberedListOutputParser, PromptTemplate, Runnable, RunnableExt, RunnablePick, StrOutputParser, lambda,
    vars,
};
use catena_testkit::laws::{Failures, LawViolation, Laws};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::arbitrary::inputs;
use crate::executor::run;

/// Texts of about the right form for a parser of JSON, cut into pieces.
fn json_texts() -> impl Strategy<Value = Vec<String>> {
    let json = prop_oneof![
        4 => inputs().prop_map(|data| data.into_json().to_string()),
        1 => "[a-z{}\\[\\]\":,0-9 .-]{0,12}",
    ];
    let fenced = (json, any::<bool>(), 0..3_usize).prop_map(|(json, fenced, lost)| {
        let text = if fenced { format!("Here:\n```json\n{json}\n```\nDone") } else { json };
        text[..text.len().saturating_sub(lost)].to_owned()
    });
    pieces(fenced)
}

/// Texts of about the right form for the parsers of lists, cut into pieces.
fn list_texts() -> impl Strategy<Value = Vec<String>> {
    pieces("((1\\. |2\\. |- |\\* |, |,|\"|)([a-z ]{0,4})(\n|, |\\. |\r\n)){0,4}")
}

/// The text, cut at some letters.
fn pieces(text: impl Strategy<Value = String>) -> impl Strategy<Value = Vec<String>> {
    (text, vec(any::<bool>(), 40)).prop_map(|(text, cuts)| {
        let mut pieces = vec![String::new()];
        for (index, letter) in text.chars().enumerate() {
            if cuts[index % cuts.len()] {
                pieces.push(String::new());
            }
            pieces.last_mut().expect("a piece").push(letter);
        }
        pieces
    })
}

/// Checks the laws of a step that takes text.
fn check<R>(step: &R, failures: Failures, texts: &[String]) -> Result<(), TestCaseError>
where
    R: Runnable,
    R::Input: From<String> + std::fmt::Debug,
    R::Output: PartialEq + std::fmt::Debug,
{
    let laws = Laws::new().with_failures(failures);
    let chunks = texts.iter().cloned().map(R::Input::from);
    let whole = R::Input::from(texts.concat());
    let checked: Result<(), LawViolation> = run(async {
        laws.chunked(step, chunks).await?;
        laws.check_all(step, [whole]).await
    });
    checked.map_err(|violation| TestCaseError::fail(violation.to_string()))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn json_parsers(texts in json_texts()) {
        check(&JsonOutputParser, Failures::Same, &texts)?;
        check(&JsonOutputParser.diff(), Failures::Same, &texts)?;
        // What is no record is refused while the rest, which may be no JSON, is still to come.
        check(&JsonOutputParser.pipe(RunnablePick::one("a")), Failures::Any, &texts)?;
        let from_data = lambda(|data: Data| AiMessage::new(data.as_text().unwrap_or_default()));
        check(&from_data.pipe(JsonOutputParser).assign("new", lambda(|data: Data| data)), Failures::Any, &texts)?;
    }

    #[test]
    fn list_parsers(texts in list_texts()) {
        check(&StrOutputParser, Failures::Same, &texts)?;
        check(&CommaSeparatedListOutputParser, Failures::Same, &texts)?;
        check(&NumberedListOutputParser, Failures::Same, &texts)?;
        check(&MarkdownListOutputParser, Failures::Same, &texts)?;
    }

    #[test]
    fn prompts(input in inputs()) {
        let prompt = PromptTemplate::new("{a} and {b}").expect("a template");
        let chain = prompt.clone() | FakeLlm::streaming(["to", "ken"]) | StrOutputParser;
        for input in [input.clone(), vars! { a: input, b: "b" }] {
            let checked = run(Laws::new().check_all(&prompt, [input.clone()]));
            prop_assert!(checked.is_ok(), "{}", checked.unwrap_err());
            let checked = run(Laws::new().check_all(&chain, [input]));
            prop_assert!(checked.is_ok(), "{}", checked.unwrap_err());
        }
    }
}

#[test]
fn models() {
    let chat = FakeChatModel::streaming(["to", "ken"]);
    run(Laws::new().assert_all(&chat, ["x".into(), "y".into()]));
    let down = catena_core::Error::new(catena_core::ErrorKind::Server, "down");
    run(Laws::new().assert_all(&FakeLlm::failing(["to"], down), ["x".into()]));
}
