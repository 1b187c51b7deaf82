//! `prompt!`.

use catena::{ErrorKind, PromptTemplate, vars};
use catena_macros::prompt;

#[test]
fn a_template_without_a_result() {
    let prompt: PromptTemplate = prompt!("{a} {{b}} {c:>4.1f}");
    assert_eq!(prompt.variables(), ["a", "c"]);
    assert_eq!(prompt.format(vars! { a: "x", c: 2.25 }).expect("it fills"), "x {b}  2.2");
    assert_eq!(prompt!("plain"), PromptTemplate::new("plain").expect("a template"));
    assert_eq!(prompt!("raw {kind-of} {type}",).variables(), ["kind-of", "type"]);
}

#[test]
fn a_template_with_values() {
    let topic = String::from("tea");
    let filled = prompt!("{topic} {n:03} {topic!r} {type}", topic, n = 3 + 4, type = Some(true));
    assert_eq!(filled.expect("it fills").to_string(), "tea 007 'tea' true");
    let error = prompt!("{n:d}", n = "seven").expect_err("a text is no number");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[test]
fn a_template_that_another_macro_passes_on() {
    macro_rules! greet {
        ($template:literal, $name:expr) => {
            prompt!($template, name = $name)
        };
    }
    assert_eq!(greet!("Hi {name}", "Ann").expect("it fills").to_string(), "Hi Ann");
}

#[test]
fn catena_under_another_name() {
    mod elsewhere {
        pub(super) use catena as renamed;
    }
    assert_eq!(prompt!(crate = elsewhere::renamed, "{a}").variables(), ["a"]);
}
