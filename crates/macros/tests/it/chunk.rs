//! `#[derive(Chunk)]`.

use std::collections::BTreeMap;

use catena::Chunk as _;
use catena_macros::Chunk;
use serde_json::json;

#[derive(Chunk, Clone, Debug, PartialEq)]
struct Answer {
    text: String,
    r#type: Option<String>,
    scores: BTreeMap<String, Vec<u32>>,
}

fn answer(text: &str, kind: Option<&str>, score: u32) -> Answer {
    let scores = BTreeMap::from([("a".to_owned(), vec![score])]);
    Answer { text: text.into(), r#type: kind.map(Into::into), scores }
}

#[test]
fn pieces_merge_field_by_field() {
    let pieces = [answer("so", None, 1), answer("ck", Some("x"), 2), answer("s", Some("y"), 3)];
    let fold = |pieces: &[Answer]| {
        let mut whole = Answer::empty().expect("all fields have an empty value");
        pieces.iter().for_each(|piece| whole.merge(piece.clone()));
        whole
    };
    let whole = fold(&pieces);
    assert_eq!(whole.to_json(), json!({ "text": "socks", "type": "xy", "scores": { "a": [1, 2, 3] } }));
    for split in 0..=pieces.len() {
        let mut left = fold(&pieces[..split]);
        left.merge(fold(&pieces[split..]));
        assert_eq!(left, whole, "grouped at {split}");
    }
}

#[derive(Chunk, Clone, Debug, PartialEq)]
struct Pair<T>(T, u32);

#[derive(Chunk, Clone, Debug, PartialEq)]
struct Wrapped(String);

#[derive(Chunk, Clone, Debug, PartialEq)]
struct Nothing;

#[test]
fn structs_without_names() {
    let mut pair = Pair("a".to_owned(), 1);
    pair.merge(Pair("b".to_owned(), 2));
    assert_eq!(pair, Pair("ab".to_owned(), 2));
    assert_eq!(pair.to_json(), json!(["ab", 2]));
    assert_eq!(Pair::<String>::empty(), None);
    assert_eq!(Wrapped("x".into()).to_json(), json!("x"));
    assert_eq!(Wrapped::empty(), Some(Wrapped(String::new())));
    assert_eq!((Nothing::empty(), Nothing.to_json()), (Some(Nothing), json!(null)));
}

/// A type that does not implement `Chunk`.
#[derive(Clone, Debug, PartialEq)]
struct Foreign(u8);

#[derive(Chunk, Clone, Debug, PartialEq)]
struct Mixed {
    text: String,
    #[chunk(last)]
    foreign: Foreign,
}

#[derive(Chunk, Clone, Debug, PartialEq)]
#[chunk(last)]
enum Verdict<T> {
    Undecided,
    Good { why: T },
}

#[test]
fn the_last_one_counts() {
    let mut mixed = Mixed { text: "a".into(), foreign: Foreign(1) };
    mixed.merge(Mixed { text: "b".into(), foreign: Foreign(2) });
    assert_eq!(mixed, Mixed { text: "ab".into(), foreign: Foreign(2) });
    assert_eq!((mixed.to_json(), Mixed::empty()), (json!({ "text": "ab" }), None));

    let mut verdict = Verdict::Undecided;
    verdict.merge(Verdict::Good { why: Foreign(3) });
    assert_eq!(verdict, Verdict::Good { why: Foreign(3) });
    assert_eq!((verdict.to_json(), Verdict::<Foreign>::empty()), (json!(null), None));
}
