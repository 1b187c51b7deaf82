//! `LlmChain` over sockets: inputs, outputs, and pipes that go on from it.

use catena::prelude::*;
use catena::{Record, Result, gather};

use crate::chains::{chat, llm, llm_chains, named};
use crate::service::{echo, question, said};
use crate::watchdog::watched;

#[test]
fn runs_with_one_value_and_with_named_values() {
    watched(|| {
        let server = echo();
        for chain in llm_chains(&server) {
            assert_eq!(chain.run("tea").unwrap(), named("tea"));
            assert_eq!(chain.run(vars! { product: "tea" }).unwrap(), named("tea"));
            assert_eq!(chain.run([("product", "tea")]).unwrap(), named("tea"));
            assert_eq!(chain.run(7).unwrap(), named("7"));
        }
        let chain = LlmChain::from_template(chat(&server), "A {size} firm for {product}").unwrap();
        assert_eq!(chain.run(vars! { size: "tiny", product: "tea" }).unwrap(), said("A tiny firm for tea"));
        assert_eq!(question(server.requests().last().unwrap()), "A tiny firm for tea");
    });
}

#[test]
fn applies_to_many_inputs_in_order() {
    watched(|| {
        let server = echo();
        for chain in llm_chains(&server) {
            let texts: Result<Vec<_>> = chain.apply(["tea", "socks", "bread"]).into_iter().collect();
            assert_eq!(texts.unwrap(), ["tea", "socks", "bread"].map(named));
            let inputs = [vars! { product: "tea" }, vars! { produkt: "socks" }, vars! { product: "bread" }];
            let results = chain.apply(inputs);
            assert_eq!(results[0].as_ref().unwrap(), &named("tea"));
            assert_eq!(results[1].as_ref().unwrap_err().kind(), ErrorKind::MissingKey);
            assert_eq!(results[2].as_ref().unwrap(), &named("bread"));
            assert!(chain.apply(Vec::<String>::new()).is_empty());
        }
    });
}

#[test]
fn gives_the_text_beside_the_inputs() {
    watched(|| {
        let server = echo();
        for chain in llm_chains(&server) {
            let output = chain.blocking().invoke("tea").unwrap();
            assert_eq!(output.text, named("tea"));
            assert_eq!(output.inputs, Record::from_iter([("product".to_owned(), Data::from("tea"))]));
            assert_eq!(Data::from(output), vars! { product: "tea", text: named("tea") });
            let chain = chain.with_output_key("name");
            let output = chain.blocking().invoke(vars! { product: "tea", size: 3 }).unwrap();
            assert_eq!(Data::from(output), vars! { product: "tea", size: 3, name: named("tea") });
            let streamed = futures_executor::block_on(gather(chain.stream("tea"))).unwrap().unwrap();
            assert_eq!(streamed, chain.blocking().invoke("tea").unwrap());
        }
    });
}

#[test]
fn pipes_into_another_prompt_and_model() {
    watched(|| {
        let server = echo();
        for chain in llm_chains(&server) {
            let slogan = || PromptTemplate::new("A slogan for {text}, makers of {product}").unwrap();
            let expected = said(&format!("A slogan for {}, makers of tea", named("tea")));
            let to_text = chain.clone() | slogan() | llm(&server) | StrOutputParser;
            assert_eq!(to_text.blocking().invoke("tea").unwrap(), expected);
            assert_eq!(to_text.blocking().stream("tea").collect::<Result<String>>().unwrap(), expected);
            let to_chat = chain.clone() | slogan() | chat(&server);
            let message = futures_executor::block_on(to_chat.invoke("tea")).unwrap();
            assert_eq!(message.text(), expected);
            assert_eq!(message.usage.map(|usage| usage.output_tokens), Some(2));
        }
    });
}

#[test]
fn pipes_into_another_llm_chain() {
    watched(|| {
        let server = echo();
        let [name, _] = llm_chains(&server);
        let slogan = LlmChain::from_template(chat(&server), "A slogan for {name}").unwrap();
        let both = name.with_output_key("name") | slogan.with_output_key("slogan");
        let slogan = said(&format!("A slogan for {}", named("tea")));
        let output = both.blocking().invoke("tea").unwrap();
        assert_eq!(Data::from(output), vars! { product: "tea", name: named("tea"), slogan: slogan });
        let streamed = futures_executor::block_on(gather(both.stream("tea"))).unwrap().unwrap();
        assert_eq!(streamed, both.blocking().invoke("tea").unwrap());
    });
}
