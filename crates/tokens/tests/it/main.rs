//! Comparison with the counts of Python's tiktoken and langchain-openai. `counts.py` in this directory generates them.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop at the first surprise")]

use catena_core::load::load;
use catena_core::{Content, Message, TokenCounter, TrimMessages};
use catena_tokens::{Encoding, OpenAiTokens};
use serde_json::Value;

const ENCODINGS: [(&str, Encoding); 4] = [
    ("o200k_base", Encoding::O200kBase),
    ("cl100k_base", Encoding::Cl100kBase),
    ("p50k_base", Encoding::P50kBase),
    ("r50k_base", Encoding::R50kBase),
];

fn expected() -> Value {
    serde_json::from_str(include_str!("counts.json")).unwrap()
}

#[test]
fn texts() {
    for case in expected()["texts"].as_array().unwrap() {
        let text = case["text"].as_str().unwrap();
        for (name, encoding) in ENCODINGS {
            assert_eq!(encoding.count(text), case[name].as_u64().unwrap() as usize, "{name}: {text:?}");
        }
    }
}

#[test]
fn models() {
    for (model, name) in expected()["models"].as_object().unwrap() {
        let (_, encoding) = ENCODINGS.into_iter().find(|(known, _)| name == known).unwrap();
        assert_eq!(Encoding::of_model(model).unwrap(), encoding, "{model}");
    }
    let error = OpenAiTokens::for_model(&"x".repeat(1000)).unwrap_err();
    assert!(error.message().len() < 300, "{error}");
}

#[test]
fn conversations() {
    for case in expected()["conversations"].as_array().unwrap() {
        let messages: Vec<Message> = load(&case["messages"]).unwrap().try_into().unwrap();
        for (model, count) in case["counts"].as_object().unwrap() {
            let counter = OpenAiTokens::for_model(model).unwrap();
            assert_eq!(
                counter.count_messages(&messages),
                count.as_u64().unwrap() as usize,
                "{model}: {}",
                case["name"]
            );
        }
    }
}

#[test]
fn images_of_unknown_size() {
    let message = |url: &str| {
        let blocks = serde_json::json!([{"type": "image_url", "image_url": {"url": url}}]);
        let mut message = Message::human("").clone();
        if let Message::Human(human) = &mut message {
            human.content = serde_json::from_value::<Content>(blocks).unwrap();
        }
        [message]
    };
    let counter = OpenAiTokens::for_model("gpt-4o").unwrap();
    let rest = counter.count_messages(&[Message::human("")]);
    for url in ["https://example.com/a.png", "data:image/png;base64,AAAA", "data:image/png;base64", "", "é"]
    {
        assert_eq!(counter.count_tokens(&message(url)), rest + 765, "{url}");
        assert_eq!(counter.with_remote_image(0).count_tokens(&message(url)), rest, "{url}");
    }
}

#[test]
fn trimming_counts_exactly() {
    let counter = OpenAiTokens::for_model("gpt-4o").unwrap();
    let messages: Vec<Message> = (0..20).map(|number| Message::human(format!("message {number}"))).collect();
    for limit in 0..100 {
        let kept = TrimMessages::new(limit, counter).trim(messages.clone()).unwrap();
        assert!(kept.is_empty() || counter.count_messages(&kept) <= limit);
        let more = &messages[messages.len() - (kept.len() + 1).min(messages.len())..];
        assert!(kept.len() == messages.len() || counter.count_messages(more) > limit);
    }
}

#[test]
fn a_long_word_takes_time_in_proportion() {
    let time = |length: usize| {
        let text = "a".repeat(length);
        let start = std::time::Instant::now();
        assert!(Encoding::O200kBase.count(&text) > 0);
        start.elapsed()
    };
    time(1000);
    let (short, long) = (time(20_000), time(200_000));
    assert!(long < short * 60 + std::time::Duration::from_millis(500), "{short:?} {long:?}");
}
