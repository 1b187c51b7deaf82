//! Prints the demo: names as they come, the page's timing lines, what failed, and a timeline on a terminal.

use std::collections::BTreeSet;
use std::error::Error;
use std::io::{self, Write};
use std::path::Path;

use super::chain::Service;
use super::news::{Item, News};
use super::progress::Progress;
use super::record::{CallRecord, PartRecord, Record};
use super::{json, on_terminal, timeline};

const BOLD: &str = "\x1b[1m";
const DIM: &str = "\x1b[2m";
const RED: &str = "\x1b[31m";
const PLAIN: &str = "\x1b[0m";

/// How wide the timeline is drawn.
const WIDTH: usize = 78;

/// Prints for people, or, with `json`, only the figures.
#[derive(Debug)]
pub(super) struct Report {
    json: bool,
    stream: bool,
    terminal: bool,
    progress: Progress,
    /// Errors that were printed: a thousand calls often fail for one reason.
    told: BTreeSet<String>,
}

impl Report {
    pub(super) fn new(json: bool, stream: bool) -> Self {
        let terminal = on_terminal() && !json;
        Self { json, stream, terminal, progress: Progress::new(terminal), told: BTreeSet::new() }
    }

    /// Says who will answer.
    pub(super) fn opening(&self, service: &Service, model: &str) -> io::Result<()> {
        match service {
            Service::Real => self.line(&format!("The answers are those of {model}.")),
            Service::Simulated(server) => {
                let url = server.base_url();
                self.line(&format!("The answers are simulated by a local server at {url}."))?;
                self.line(&format!("{DIM}For real ones: OPENAI_API_KEY=sk-... cargo xtask demo{PLAIN}"))
            }
        }
    }

    /// Shows one thing that happened, which the record already holds.
    pub(super) fn show(&mut self, item: &Item, record: &Record) -> io::Result<()> {
        let Some(part) = record.parts.last() else { return Ok(()) };
        match &item.news {
            News::PartStarted(kind) => {
                self.progress.part_started(*kind, record.calls);
                self.line("")
            }
            News::Piece(call, _) if self.stream && self.terminal => {
                self.progress.answer(*call, answer_line(*call, &part.calls[*call]));
                Ok(())
            }
            News::Failed(call, error) => self.failure(*call, error),
            News::CallEnded(call) => {
                self.progress.call_ended(*call);
                let ended = &part.calls[*call];
                if ended.failed { Ok(()) } else { self.line(&answer_line(*call, ended)) }
            }
            News::PartEnded => self.timing(part),
            _ => Ok(()),
        }
    }

    /// Says what there is to say at the end.
    pub(super) fn closing(&mut self, record: &Record) -> io::Result<()> {
        self.progress.clear();
        if self.json {
            return writeln!(anstream::stdout(), "{}", json::figures(record));
        }
        if let Some(speedup) = record.speedup() {
            self.line(&format!(
                "{speedup:.1}x as fast; with {0} calls of equal length the limit is {0}x.",
                record.calls
            ))?;
        }
        if record.errors() > 0 {
            self.line(&format!("{RED}{} of {} calls failed.{PLAIN}", record.errors(), record.planned))?;
        }
        if record.stopped {
            self.line(&format!("stopped after {} of {} calls", record.ended(), record.planned))?;
        }
        if self.terminal {
            self.line("")?;
            write!(anstream::stdout(), "{}", timeline::draw(record, WIDTH))?;
        }
        Ok(())
    }

    /// Says that the chart is there.
    pub(super) fn drawn(&self, path: &Path) -> io::Result<()> {
        self.line(&format!("The timeline is in {}.", path.display()))
    }

    fn timing(&mut self, part: &PartRecord) -> io::Result<()> {
        self.progress.clear();
        let took = part.took.unwrap_or_default().as_secs_f64();
        self.line(&format!("{BOLD}{} executed in {took:.2} seconds.{PLAIN}", part.part.title()))
    }

    fn failure(&mut self, call: usize, error: &catena::Error) -> io::Result<()> {
        let text = with_causes(error);
        if !self.told.insert(text.clone()) {
            return Ok(());
        }
        let number = call + 1;
        self.progress.suspend(|| writeln!(anstream::stderr(), "{RED}call {number} failed:{PLAIN} {text}"))
    }

    fn line(&self, line: &str) -> io::Result<()> {
        if self.json {
            return Ok(());
        }
        self.progress.suspend(|| writeln!(anstream::stdout(), "{line}"))
    }
}

/// The number and the answer, on one line whatever the model wrote.
fn answer_line(call: usize, record: &CallRecord) -> String {
    let words: Vec<&str> = record.text.split_whitespace().collect();
    format!("{:>4}  {}", call + 1, words.join(" "))
}

/// An error with what led to it.
fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.ends_with(&said) {
            text.push_str(&format!("\n  because: {said}"));
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_fits_a_line() {
        let record =
            CallRecord { text: "\n\nBrushWise\n\tToothpaste Co.".to_owned(), ..CallRecord::default() };
        assert_eq!(answer_line(0, &record), "   1  BrushWise Toothpaste Co.");
    }

    #[test]
    fn an_error_names_its_causes_once() {
        let refused = io::Error::other("connection refused");
        let error = catena::Error::new(catena::ErrorKind::Connection, "cannot reach the service")
            .with_source(refused);
        assert_eq!(with_causes(&error), "cannot reach the service\n  because: connection refused");
        assert_eq!(with_causes(&catena::Error::other(io::Error::other("disk"))), "disk");
    }
}
