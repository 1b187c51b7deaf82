//! What happens to the calls, told by those who make them to the one who shows it.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Instant;

use catena::{Error, Result};

use super::record::Part;

/// Something that happened.
#[derive(Debug)]
pub(super) enum News {
    PartStarted(Part),
    CallStarted(usize),
    /// A piece of a streamed answer.
    Piece(usize, String),
    /// A whole answer that was not streamed.
    Answer(usize, String),
    Failed(usize, Error),
    CallEnded(usize),
    PartEnded,
    /// Someone pressed Ctrl-C.
    Stopped,
}

/// News with the time it happened, so that showing it costs no measured time.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) at: Instant,
    pub(super) news: News,
}

/// Where the calls report to, from any thread.
#[derive(Debug)]
pub(super) struct Log(Sender<Item>);

pub(super) fn channel() -> (Arc<Log>, Receiver<Item>) {
    let (sender, receiver) = mpsc::channel();
    (Arc::new(Log(sender)), receiver)
}

impl Log {
    pub(super) fn say(&self, news: News) {
        // Nobody listens once the demo was stopped.
        let _ = self.0.send(Item { at: Instant::now(), news });
    }

    pub(super) fn part_started(&self, part: Part) {
        self.say(News::PartStarted(part));
    }

    pub(super) fn part_ended(&self) {
        self.say(News::PartEnded);
    }

    pub(super) fn call_started(&self, call: usize) {
        self.say(News::CallStarted(call));
    }

    pub(super) fn piece(&self, call: usize, piece: Result<String>) {
        self.say(piece.map_or_else(|error| News::Failed(call, error), |piece| News::Piece(call, piece)));
    }

    pub(super) fn call_ended(&self, call: usize) {
        self.say(News::CallEnded(call));
    }

    pub(super) fn answered(&self, call: usize, answer: Result<String>) {
        self.say(answer.map_or_else(|error| News::Failed(call, error), |answer| News::Answer(call, answer)));
        self.call_ended(call);
    }
}
