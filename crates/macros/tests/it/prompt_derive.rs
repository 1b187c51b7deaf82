//! `#[derive(Prompt)]`.

use std::fmt;

use catena::fakes::FakeLlm;
use catena::{Chunk as _, Data, Message, Prompt as _, Runnable, RunnableExt, StrOutputParser, lambda};
use catena_macros::{Chunk, Prompt};
use futures_executor::block_on;
use serde_json::json;

#[derive(Prompt, Clone)]
#[prompt("What is a good name for a company that makes {product}?")]
struct Naming {
    product: String,
}

#[test]
fn a_typed_input() {
    let chain = Naming::prompt() | FakeLlm::new(["BrushWise", "Sockets"]) | StrOutputParser;
    let input = |product: &str| Naming { product: product.into() };
    assert_eq!(block_on(chain.invoke(input("toothpaste"))).expect("a name"), "BrushWise");
    let makes = lambda(|product: String| Naming { product });
    let prompt = makes | Naming::prompt();
    let filled = block_on(prompt.invoke("socks")).expect("it fills");
    assert_eq!(filled.to_string(), "What is a good name for a company that makes socks?");
}

/// An amount that implements only `Display`.
#[derive(Clone)]
struct Price(u32);

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${}", self.0)
    }
}

#[derive(Prompt, Clone)]
#[prompt("{type:<4}|{count:03}|{ratio:.1f}|{price:>4}|{tags}|{note}|{who}|{{x}}")]
struct Everything {
    r#type: &'static str,
    count: u32,
    ratio: f64,
    #[prompt(display)]
    price: Price,
    tags: Vec<String>,
    note: Option<String>,
    who: Message,
    #[prompt(skip)]
    seen: bool,
}

fn everything() -> Everything {
    Everything {
        r#type: "ab",
        count: 7,
        ratio: 0.25,
        price: Price(5),
        tags: vec!["x".into(), "y".into()],
        note: None,
        who: Message::human("{me}"),
        seen: false,
    }
}

#[test]
fn fields_of_many_types() {
    let filled = Everything::prompt().format_prompt(&everything()).expect("it fills");
    assert_eq!(filled.to_string(), r#"ab  |007|0.2|  $5|["x","y"]|null|{me}|{x}"#);
    assert!(!everything().seen);
}

#[test]
fn an_input_is_data() {
    let data = Data::from(Naming { product: "tea".into() });
    assert_eq!(data.into_json(), json!({ "product": "tea" }));
    assert_eq!(everything().to_json()["tags"], json!(["x", "y"]));
    let mut input = Naming { product: "tea".into() };
    input.merge(Naming { product: "socks".into() });
    assert_eq!(input.product, "socks");
}

#[test]
fn the_outline_says_what_it_needs() {
    let outline = Everything::prompt().outline();
    assert_eq!(outline.name, "EverythingTemplate");
    assert!(outline.template.is_some_and(|template| template.starts_with("{type:<4}")));
    let schema = outline.input_schema.expect("a schema");
    assert_eq!(schema["title"], "Everything");
    assert_eq!(schema["required"], json!(["type", "count", "ratio", "price", "tags", "note", "who"]));
    let types = |name: &str| schema["properties"][name].clone();
    assert_eq!((types("type"), types("count")), (json!({ "type": "string" }), json!({ "type": "integer" })));
    assert_eq!((types("tags"), types("who")), (json!({ "type": "array" }), json!({})));
}

#[derive(Prompt, Chunk, Clone)]
#[prompt("{text}", own_chunk, crate = ::catena)]
struct Pieces {
    text: String,
}

#[test]
fn a_chunk_of_its_own() {
    let mut pieces = Pieces { text: "a".into() };
    pieces.merge(Pieces { text: "b".into() });
    assert_eq!(Pieces::prompt().format_prompt(&pieces).expect("it fills").to_string(), "ab");
}

#[derive(Prompt, Clone)]
#[prompt("Always the same")]
struct Fixed;

#[derive(Prompt, Clone)]
#[prompt("{name}: {inner}")]
struct Outer {
    name: String,
    inner: Naming,
}

#[test]
fn no_fields_and_fields_with_fields() {
    assert_eq!(Fixed::prompt().format_prompt(&Fixed).expect("it fills").to_string(), "Always the same");
    let outer = Outer { name: "x".into(), inner: Naming { product: "tea".into() } };
    let filled = Outer::prompt().format_prompt(&outer).expect("it fills");
    assert_eq!(filled.to_string(), r#"x: {"product":"tea"}"#);
}

#[test]
fn a_struct_in_a_function() {
    #[derive(Prompt, Clone)]
    #[prompt("{a}")]
    struct Local {
        a: bool,
    }
    let filled = Local::prompt().format_prompt(&Local { a: true }).expect("it fills");
    assert_eq!(filled.to_string(), "true");
}

#[test]
fn a_struct_that_another_macro_writes() {
    macro_rules! about {
        ($name:ident, $field:ident: $type:ty) => {
            #[derive(Prompt, Clone)]
            #[prompt("About {topic} in {words:>3}")]
            struct $name {
                words: u8,
                $field: $type,
            }
        };
    }
    about!(About, topic: String);
    let input = About { words: 5, topic: "tea".into() };
    let filled = About::prompt().format_prompt(&input).expect("it fills");
    assert_eq!(filled.to_string(), "About tea in   5");
    assert_eq!(Data::from(input).into_json(), json!({ "topic": "tea", "words": 5 }));
}
