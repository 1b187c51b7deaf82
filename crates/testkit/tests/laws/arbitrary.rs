//! Random trees, random inputs, and random ways in which an input may arrive.

use catena_core::{Data, Record};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::leaves::{Does, Leaf};
use crate::tree::{Picked, Tree};

/// Any chain.
pub(crate) fn trees() -> impl Strategy<Value = Tree> {
    tip().prop_recursive(4, 12, 3, |part| {
        let part = part.prop_map(Box::new);
        let one = |make: fn(Box<Tree>) -> Tree| part.clone().prop_map(make);
        let two = |make: fn(Box<Tree>, Box<Tree>) -> Tree| {
            (part.clone(), part.clone()).prop_map(move |(a, b)| make(a, b))
        };
        prop_oneof![
            3 => two(Tree::Pipe),
            1 => one(Tree::Shared),
            1 => two(Tree::Tuple),
            1 => vec(part.clone().prop_map(|part| *part), 0..4).prop_map(Tree::Parallel),
            1 => one(Tree::Assign),
            1 => one(Tree::AssignToRecord),
            1 => one(Tree::Pick),
            1 => (picked(), part.clone(), part.clone()).prop_map(|(p, a, b)| Tree::PickOfParallel(p, a, b)),
            1 => two(Tree::Branch),
            1 => one(Tree::FailingCondition),
            1 => two(Tree::Router),
            1 => one(Tree::UnknownRoute),
            1 => one(Tree::Each),
            1 => one(Tree::Bind),
            1 => one(Tree::Config),
            1 => (1..3_usize, part.clone()).prop_map(|(limit, part)| Tree::MaxConcurrency(limit, part)),
            1 => one(Tree::Timeout),
            2 => one(Tree::Retry),
            2 => two(Tree::Fallbacks),
            1 => two(Tree::FallbacksWithKey),
            1 => one(Tree::Tap),
            1 => one(Tree::Calls),
            1 => one(Tree::Delegate),
            1 => one(Tree::Configurable),
            1 => two(Tree::Alternatives),
            1 => one(Tree::Listener),
            1 => one(Tree::History),
        ]
    })
}

fn tip() -> impl Strategy<Value = Tree> {
    let does = prop_oneof![
        3 => (1..4_u8).prop_map(Does::Answers),
        1 => Just(Does::Gathers),
        1 => Just(Does::Maps),
        1 => (1..4_u8).prop_map(Does::Grows),
        1 => (1..4_u8).prop_map(Does::Counts),
        1 => Just(Does::Silent),
        2 => (0..3_u8).prop_map(Does::Fails),
    ];
    prop_oneof![
        8 => (does, 0..3_usize).prop_map(|(does, waits)| Tree::Leaf(Leaf { does, waits })),
        2 => (0..3_usize).prop_map(|waits| Tree::Model { waits }),
        1 => Just(Tree::Passthrough),
        1 => Just(Tree::Generator),
    ]
}

fn picked() -> impl Strategy<Value = Picked> {
    prop_oneof![Just(Picked::First), Just(Picked::Missing), Just(Picked::Both)]
}

/// Any input.
pub(crate) fn inputs() -> impl Strategy<Value = Data> {
    let scalar = prop_oneof![
        4 => "[a-z]{0,5}".prop_map(Data::from),
        1 => (0..10).prop_map(Data::from),
        1 => Just(Data::Null),
    ];
    scalar.prop_recursive(2, 6, 3, |part| {
        prop_oneof![
            vec(part.clone(), 0..3).prop_map(Data::List),
            vec(("[ab]", part), 0..3).prop_map(|pairs| Record::from_iter(pairs).into()),
        ]
    })
}

/// An input in chunks: pieces of one value, or values of which each replaces the last.
pub(crate) fn chunked_inputs() -> impl Strategy<Value = Vec<Data>> {
    prop_oneof![
        4 => vec("[a-z]{0,3}".prop_map(Data::from), 0..5),
        1 => vec((0..10).prop_map(Data::from), 0..4),
        2 => vec(vec("[a-z]{0,2}".prop_map(Data::from), 0..3).prop_map(Data::List), 0..4),
        2 => vec(record().prop_map(|record| record.mergeable().into()), 0..4),
        2 => vec(record().prop_map(Data::from), 0..4),
    ]
}

fn record() -> impl Strategy<Value = Record> {
    vec(("[abc]", "[a-z]{0,3}"), 0..3).prop_map(Record::from_iter)
}
