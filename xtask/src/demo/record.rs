//! What happened so far: which call began, spoke and ended when.

use std::time::{Duration, Instant};

use clap::ValueEnum;

use super::news::{Item, News};

/// A way to make the calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Part {
    Serial,
    Concurrent,
}

impl Part {
    /// At the start of a sentence.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Serial => "Serial",
            Self::Concurrent => "Concurrent",
        }
    }
}

/// The whole demo.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) parts: Vec<PartRecord>,
    /// Calls per part.
    pub(super) calls: usize,
    /// Calls of all parts.
    pub(super) planned: usize,
    pub(super) streamed: bool,
    pub(super) simulated: bool,
    pub(super) stopped: bool,
}

/// One part, its times counted from its start.
#[derive(Debug)]
pub(super) struct PartRecord {
    pub(super) part: Part,
    pub(super) calls: Vec<CallRecord>,
    /// `None` unless all calls ended.
    pub(super) took: Option<Duration>,
    started: Instant,
}

/// One call. Those of a part are in the order of their numbers, because they start in it.
#[derive(Debug, Clone, Default)]
pub(super) struct CallRecord {
    /// `None` if it did not begin.
    pub(super) start: Option<Duration>,
    /// When the first token came, if streamed.
    pub(super) first: Option<Duration>,
    /// When it ended, or was last heard of.
    pub(super) end: Duration,
    pub(super) ended: bool,
    pub(super) failed: bool,
    pub(super) text: String,
}

impl Record {
    pub(super) fn new(calls: usize, parts: usize, streamed: bool, simulated: bool) -> Self {
        Self { parts: Vec::new(), calls, planned: calls * parts, streamed, simulated, stopped: false }
    }

    pub(super) fn add(&mut self, item: &Item) {
        if let News::PartStarted(part) = item.news {
            let calls = vec![CallRecord::default(); self.calls];
            self.parts.push(PartRecord { part, calls, took: None, started: item.at });
        }
        self.stopped |= matches!(item.news, News::Stopped);
        if let Some(part) = self.parts.last_mut() {
            part.add(item);
        }
    }

    pub(super) fn took(&self, part: Part) -> Option<Duration> {
        self.parts.iter().find(|record| record.part == part)?.took
    }

    /// How many times as fast the concurrent part was. Failed calls are no measure of speed.
    pub(super) fn speedup(&self) -> Option<f64> {
        if self.errors() > 0 {
            return None;
        }
        Some(self.took(Part::Serial)?.as_secs_f64() / self.took(Part::Concurrent)?.as_secs_f64())
    }

    pub(super) fn ended(&self) -> usize {
        self.all_calls().filter(|call| call.ended).count()
    }

    pub(super) fn errors(&self) -> usize {
        self.all_calls().filter(|call| call.failed).count()
    }

    /// The latest time of any part.
    pub(super) fn length(&self) -> Duration {
        self.all_calls().map(|call| call.end).max().unwrap_or_default()
    }

    fn all_calls(&self) -> impl Iterator<Item = &CallRecord> {
        self.parts.iter().flat_map(|part| &part.calls)
    }
}

impl PartRecord {
    /// The calls that began, with their number and start.
    pub(super) fn begun(&self) -> impl Iterator<Item = (usize, Duration, &CallRecord)> {
        self.calls.iter().enumerate().filter_map(|(number, call)| Some((number, call.start?, call)))
    }

    fn add(&mut self, item: &Item) {
        let now = item.at.duration_since(self.started);
        match &item.news {
            News::PartStarted(_) => {}
            News::CallStarted(call) => self.calls[*call].start = Some(now),
            News::Piece(call, piece) => {
                let call = &mut self.calls[*call];
                call.first.get_or_insert(now);
                call.text.push_str(piece);
            }
            News::Answer(call, answer) => self.calls[*call].text.push_str(answer),
            News::Failed(call, _) => self.calls[*call].failed = true,
            News::CallEnded(call) => {
                let call = &mut self.calls[*call];
                (call.end, call.ended) = (now, true);
            }
            News::PartEnded => self.took = Some(now),
            // What is under way ends here.
            News::Stopped => {
                let running = |call: &&mut CallRecord| call.start.is_some() && !call.ended;
                self.calls.iter_mut().filter(running).for_each(|call| call.end = now);
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Start, first token and end of a call, in milliseconds.
    type Times = (u64, Option<u64>, u64);

    /// A record of calls at these times.
    pub(in crate::demo) fn record(parts: &[(Part, &[Times])]) -> Record {
        let calls = parts.first().map_or(0, |(_, calls)| calls.len());
        let mut record = Record::new(calls, parts.len(), false, true);
        let origin = Instant::now();
        for (part, times) in parts {
            let at = |ms: u64, news| Item { at: origin + Duration::from_millis(ms), news };
            record.add(&at(0, News::PartStarted(*part)));
            for (call, (start, first, end)) in times.iter().enumerate() {
                record.add(&at(*start, News::CallStarted(call)));
                if let Some(first) = first {
                    record.streamed = true;
                    record.add(&at(*first, News::Piece(call, "Bright".to_owned())));
                }
                record.add(&at(*end, News::CallEnded(call)));
            }
            let end = times.iter().map(|(.., end)| *end).max().unwrap_or_default();
            record.add(&at(end, News::PartEnded));
        }
        record
    }

    #[test]
    fn the_speedup_needs_both_parts() {
        let serial: (Part, &[_]) = (Part::Serial, &[(0, None, 1000), (1000, None, 2000)]);
        let concurrent: (Part, &[_]) = (Part::Concurrent, &[(0, None, 1000), (0, None, 800)]);
        assert_eq!(record(&[serial, concurrent]).speedup(), Some(2.0));
        assert_eq!(record(&[serial]).speedup(), None);
        assert_eq!(record(&[serial, concurrent]).length(), Duration::from_secs(2));
    }

    #[test]
    fn failed_calls_are_no_measure_of_speed() {
        let serial: (Part, &[_]) = (Part::Serial, &[(0, None, 1000)]);
        let mut record = record(&[serial, (Part::Concurrent, &[(0, None, 500)])]);
        assert_eq!(record.speedup(), Some(2.0));
        record.parts[0].calls[0].failed = true;
        assert_eq!((record.speedup(), record.errors()), (None, 1));
    }

    #[test]
    fn a_stop_ends_what_is_under_way() {
        let mut record = Record::new(3, 1, false, true);
        let origin = Instant::now();
        let mut add = |ms, news| record.add(&Item { at: origin + Duration::from_millis(ms), news });
        add(0, News::PartStarted(Part::Serial));
        add(0, News::CallStarted(0));
        add(10, News::CallEnded(0));
        add(10, News::CallStarted(1));
        add(15, News::Stopped);
        assert!(record.stopped);
        assert_eq!((record.ended(), record.planned), (1, 3));
        assert_eq!(record.parts[0].begun().count(), 2);
        assert_eq!(record.took(Part::Serial), None);
        assert_eq!(record.length(), Duration::from_millis(15));
    }
}
