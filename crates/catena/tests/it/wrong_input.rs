//! What is wrong before anything is sent: inputs, templates, settings.

use catena::prelude::*;
use catena::{Error, gather};
use catena_testkit::shown;

use crate::chains::{KEY, chat, chat_builder, llm, llm_builder, pipes, prompt};
use crate::service::echo;
use crate::watchdog::watched;

#[track_caller]
fn check<T: std::fmt::Debug>(result: Result<T, Error>, kind: ErrorKind, says: &[&str]) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), kind, "{error:?}");
    for part in says {
        assert!(error.to_string().contains(part), "no `{part}` in: {error}");
    }
    assert!(!shown(&error).contains(KEY), "the key is shown: {error:?}");
}

#[test]
fn a_missing_variable() {
    watched(|| {
        let server = echo();
        let says = ["seq[0] > PromptTemplate: ", "missing variable `product`", "`produkt`"];
        let wrong = || vars! { produkt: "tea" };
        let fails = |result| check(result, ErrorKind::MissingKey, &says);
        for chain in pipes(&server) {
            fails(futures_executor::block_on(chain.invoke(wrong())));
            fails(chain.blocking().invoke(wrong()));
            fails(futures_executor::block_on(gather(chain.stream(wrong()))).map(Option::unwrap_or_default));
            fails(chain.blocking().stream(wrong()).collect());
            chain.blocking().batch([wrong(), wrong()]).into_iter().for_each(fails);
            chain.blocking().batch_as_completed([wrong()]).for_each(|(_, result)| fails(result));
        }
        for chain in crate::chains::llm_chains(&server) {
            fails(chain.run(wrong()));
            chain.apply([wrong()]).into_iter().for_each(fails);
        }
        assert_eq!(server.connections(), 0, "nothing was sent");
    });
}

#[test]
fn a_bare_value_for_two_variables() {
    watched(|| {
        let server = echo();
        let chain = LlmChain::from_template(llm(&server), "A {size} firm that makes {product}.").unwrap();
        check(chain.run("tea"), ErrorKind::InvalidInput, &["seq[0] > PromptTemplate: ", "`size`, `product`"]);
        assert_eq!(server.connections(), 0, "nothing was sent");
    });
}

#[test]
fn a_malformed_template() {
    let server = echo();
    for template in ["Tell me {", "Tell me }", "Tell me {}", "Tell me {a", "{a{b}}"] {
        check(PromptTemplate::new(template), ErrorKind::Template, &[]);
        check(LlmChain::from_template(chat(&server), template), ErrorKind::Template, &[]);
    }
}

#[test]
fn values_are_never_parsed_as_templates() {
    watched(|| {
        let server = echo();
        for chain in pipes(&server) {
            let wicked = "{product} }} {{ {nobody} \u{0} \"quotes\" \u{1f9e6}";
            assert_eq!(chain.blocking().invoke(wicked).unwrap(), crate::chains::named(wicked));
        }
    });
}

#[test]
fn no_key() {
    let says = ["OPENAI_API_KEY", "with_api_key"];
    check(OpenAi::builder().ignore_environment().build(), ErrorKind::Config, &says);
    check(ChatOpenAi::builder().ignore_environment().build(), ErrorKind::Config, &says);
}

#[test]
fn settings_that_do_not_fit() {
    for key in ["", "  "] {
        check(llm_builder("http://127.0.0.1").with_api_key(key).build(), ErrorKind::Config, &["empty"]);
    }
    let broken = format!("{KEY}\n{KEY}");
    check(chat_builder("http://127.0.0.1").with_api_key(broken).build(), ErrorKind::Config, &[]);
    check(llm_builder("not a url").build(), ErrorKind::Config, &["not a url"]);
    check(chat_builder("ftp://127.0.0.1").build(), ErrorKind::Config, &["ftp"]);
    check(llm_builder("http://example.org").build(), ErrorKind::Config, &["example.org", "unencrypted"]);
    check(
        llm_builder("http://127.0.0.1").with_temperature(f64::NAN).build(),
        ErrorKind::Config,
        &["temperature"],
    );
}

#[test]
fn steps_have_the_same_place_however_they_are_grouped() {
    watched(|| {
        let refuse =
            || lambda(|_: String| -> Result<String, Error> { Err(Error::new(ErrorKind::Parse, "no")) });
        let server = echo();
        let flat = prompt() | llm(&server) | StrOutputParser | refuse();
        let tail = prompt() | llm(&server) | (StrOutputParser | refuse());
        let pairs = (prompt() | llm(&server)) | (StrOutputParser | refuse());
        for chain in [flat.boxed(), tail.boxed(), pairs.boxed()] {
            check(chain.blocking().invoke("tea"), ErrorKind::Parse, &["seq[3] > "]);
            check(
                chain.blocking().stream("tea").collect::<Result<String, _>>(),
                ErrorKind::Parse,
                &["seq[3] > "],
            );
        }
        let refusing = catena_testkit::Server::replay([catena_testkit::Reply::text(500, "no")]);
        let keep = || lambda(|text: String| text);
        let flat = prompt() | llm(&refusing) | keep() | StrOutputParser;
        let tail = prompt() | llm(&refusing) | (keep() | StrOutputParser);
        let empty = prompt() | llm(&refusing) | (StrOutputParser | StrOutputParser);
        for chain in [flat.boxed(), tail.boxed(), empty.boxed()] {
            check(chain.blocking().invoke("tea"), ErrorKind::Server, &["seq[1] > OpenAi"]);
            let streamed: Result<String, _> = chain.blocking().stream("tea").collect();
            check(streamed, ErrorKind::Server, &["seq[1] > OpenAi"]);
        }
    });
}
