//! The behaviours of a live service, asked of a service on this machine that knows the answers.

use std::process::{Command, Output};

use catena_testkit::conformance::{
    Answer, Asked, EmbeddingWire, EventData, Role, ScriptedCall, ScriptedVectors, Wire,
};
use catena_testkit::{Reply, Server};

use crate::embedding_wire::ToyVectorWire;
use crate::toy_wire::{LIVE_SWITCH, LIVE_URL, ToySubject};

const BEHAVIOURS: [&str; 9] = [
    "live_text",
    "live_stream",
    "live_stop",
    "live_conversation",
    "live_system_message",
    "live_usage",
    "live_tools",
    "live_structured_output",
    "live_image",
];

/// Answers what is asked.
fn knowing(asked: &Asked) -> Answer {
    let last = asked.messages.last();
    let all: String = asked.messages.iter().map(|message| &*message.text).collect();
    let is_result = last.is_some_and(|message| message.role == Role::Tool);
    if !asked.tools.is_empty() && !is_result {
        return Answer::of_call(ScriptedCall::new("call_1", "weather", [r#"{"city": "Paris"}"#]));
    }
    if last.is_some_and(|message| !message.images.is_empty()) {
        return Answer::of_text(["Red."]);
    }
    match () {
        () if is_result => Answer::of_text(["31"]),
        () if asked.schema.is_some() => Answer::of_text([r#"{"name": "Ada", "age": 36}"#]),
        () if asked.stop == ["7"] => Answer::of_text(["1 2 3 4 5 6 "]),
        () if all.contains("Count") => Answer::of_text(["4 5 6 ", "7 8 9 ", "10 11 12"]),
        () if all.contains("pineapple") => Answer::of_text(["Pineapple!"]),
        () if all.contains("Ada") => Answer::of_text(["Ada"]),
        () if all.contains("grass") => Answer::of_text(["Green"]),
        () => Answer::of_text(["Hello"]),
    }
}

fn service(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Server {
    Server::start(move |request| {
        let wire = ToySubject::sound();
        let asked = wire.read(request);
        let answer = answer(&asked);
        let events = || {
            wire.events(&answer).into_iter().map(|event| match event.data {
                EventData::Json(data) => data.to_string(),
                EventData::Text(text) => text,
            })
        };
        if asked.streamed { named(events()) } else { Reply::json(200, wire.whole(&answer)) }
    })
}

/// All events of the toy's answers have the same name.
fn named(events: impl Iterator<Item = String>) -> Reply {
    let body: String = events.map(|data| format!("event: piece\ndata: {data}\n\n")).collect();
    Reply::bytes(200, body).with_header("content-type", "text/event-stream")
}

/// Runs the test of the behaviour of a chat model.
fn run(behaviour: &str, server: &Server) -> Output {
    run_test(&format!("sound::{behaviour}"), server)
}

/// Runs a test in a process whose environment has the switch.
fn run_test(name: &str, server: &Server) -> Output {
    let program = std::env::current_exe().expect("this program");
    let test = ["--exact", name, "--nocapture"];
    let mut command = Command::new(program);
    command.args(test).env(LIVE_SWITCH, "1").env(LIVE_URL, server.url());
    command.output().expect("a process")
}

#[test]
fn a_service_that_answers_passes() {
    let server = service(knowing);
    for behaviour in BEHAVIOURS {
        let output = run(behaviour, &server);
        let shown = [output.stderr, output.stdout].concat();
        let shown = String::from_utf8_lossy(&shown);
        assert!(output.status.success() && shown.contains("1 passed"), "{behaviour}: {shown}");
        assert!(!shown.contains("does not apply"), "{behaviour}: {shown}");
    }
    assert!(server.requests().len() >= BEHAVIOURS.len());
}

#[test]
fn a_service_that_talks_nonsense_does_not() {
    let server = service(|_| {
        let mut answer = Answer::of_text(["Lorem ipsum"]);
        answer.usage = None;
        answer
    });
    for behaviour in BEHAVIOURS {
        assert!(!run(behaviour, &server).status.success(), "{behaviour}");
    }
}

/// A service that gives texts these vectors.
fn vectors(vector: impl Fn(&str) -> Vec<f32> + Send + Sync + 'static) -> Server {
    Server::start(move |request| {
        let asked = ToyVectorWire.read(request);
        let mut vectors = ScriptedVectors::of(asked.texts.iter().map(|text| vector(text)));
        (vectors.alone, vectors.encoding) = (asked.alone, asked.encoding);
        Reply::json(200, ToyVectorWire.answer(&vectors))
    })
}

const OF_VECTORS: [&str; 3] = ["live_documents", "live_query", "live_meaning"];

#[test]
fn vectors_with_a_meaning_pass() {
    let about =
        |text: &str, words: [&str; 2]| if words.iter().any(|word| text.contains(word)) { 1.0 } else { 0.1 };
    let server = vectors(move |text| vec![about(text, ["bark", "pet"]), about(text, ["tax", "parliament"])]);
    for behaviour in OF_VECTORS {
        let output = run_test(&format!("sound_vectors::{behaviour}"), &server);
        let shown = [output.stderr, output.stdout].concat();
        let shown = String::from_utf8_lossy(&shown);
        assert!(output.status.success() && shown.contains("1 passed"), "{behaviour}: {shown}");
        assert!(!shown.contains("does not apply"), "{behaviour}: {shown}");
    }
}

#[test]
fn vectors_without_a_meaning_do_not() {
    let server = vectors(|text| vec![1.0; if text.ends_with('?') { 3 } else { text.len() }]);
    for behaviour in OF_VECTORS {
        assert!(!run_test(&format!("sound_vectors::{behaviour}"), &server).status.success(), "{behaviour}");
    }
}
