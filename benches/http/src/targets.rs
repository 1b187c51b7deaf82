//! What a chain of catena may cost at most, in multiples of what the hand-written loop costs.
//!
//! The loop is what remains when nothing is reused: it knows one server, one request and one form of answer. The targets
//! stand a fifth or so above what was measured (1.6, 1.0, 1.2, 1.0 and 1.0), and are held against the ratios of the tables,
//! which hardly depend on the machine.

use anyhow::{Result, ensure};

use crate::contestants::Who;
use crate::measure::{Figures, What};
use crate::report;

/// Of the CPU time of a call: finding the connection, encoding the prompt, decoding the answer, time limits, retries.
const CALLS: f64 = 2.0;
/// Of the CPU time of a streamed token: decoding an event and making a chunk of it, which the caller may keep.
const TOKENS: f64 = 1.3;
/// Of the memory of a call in flight: what is sent again if the attempt fails, and the state of every layer.
const MEMORY: f64 = 1.5;
/// Of the wall time of ten thousand calls in flight, most of which is the server's.
const FLIGHT: f64 = 1.25;
/// Of what a server can write to a client that does not read: both stop reading, and the system's buffers do the rest.
const BACKPRESSURE: f64 = 1.25;

fn target(what: What) -> f64 {
    match what {
        What::Calls => CALLS,
        What::Tokens => TOKENS,
        What::Memory => MEMORY,
        What::Flight => FLIGHT,
        What::Backpressure => BACKPRESSURE,
    }
}

/// Fails unless all are measured whom the targets are about.
pub(crate) fn can_be_checked(who: &[Who]) -> Result<()> {
    let all = [Who::Hyper, Who::Catena].iter().all(|needed| who.contains(needed));
    ensure!(all, "the targets are about `catena` beside `hyper`: measure both");
    Ok(())
}

/// What is above its target, in words. `None` if it is not, or was not measured.
pub(crate) fn missed(what: What, who: &[Who], figures: &[Vec<Figures>]) -> Option<String> {
    let of = |wanted| who.iter().position(|who| *who == wanted).map(|index| &figures[index]);
    let (ratio, target) = (report::ratio(of(Who::Catena)?, of(Who::Hyper)?), target(what));
    // What cannot be compared is not good either.
    let is_good = ratio <= target;
    (!is_good).then(|| {
        format!("{}: {ratio:.2} times the loop's, at most {target} is the target", report::unit(what))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_above_its_target_is_told() {
        let figures = |values: [f64; 3]| values.map(|value| Figures { value, ..Figures::default() }).to_vec();
        let check = |catena: [f64; 3], is_missed: bool| {
            let all = [figures([10.0, 20.0, 10.0]), figures(catena)];
            let missed = missed(What::Calls, &[Who::Hyper, Who::Catena], &all);
            assert_eq!(missed.is_some(), is_missed, "{missed:?}");
        };
        check([19.0, 39.0, 19.0], false);
        check([21.0, 41.0, 21.0], true);
        // One round that was disturbed is no miss.
        check([19.0, 39.0, 90.0], false);
        check([f64::NAN; 3], true);
        assert!(missed(What::Calls, &[Who::Hyper], &[figures([1.0; 3])]).is_none());
        assert!(
            can_be_checked(&[Who::Catena]).is_err() && can_be_checked(&[Who::Catena, Who::Hyper]).is_ok()
        );
    }
}
