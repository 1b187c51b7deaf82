//! The most a chain of Catena may cost, in multiples of the hand-written loop's cost.
//!
//! The loop knows one server, one request and one form of response, so its cost is what no general client can avoid. The
//! targets apply to the ratios of the tables, in the calmer rounds: the more code and memory a client touches, the more it
//! suffers from others who use the processor's caches, so that the ratio grows where the machine is shared. That of a call
//! was 1.28 to 1.35 in six runs on such a machine, with a median of 1.32, and 1.28 to 1.38 over all rounds.

use anyhow::{Result, ensure};

use crate::contestants::Who;
use crate::measure::{Figures, What};
use crate::report;

/// CPU time of a call: connection lookup, encoding the prompt, decoding the response, time limits, retries.
const CALLS: f64 = 1.45;
/// CPU time of a streamed token: decoding an event into a chunk that the caller may keep.
const TOKENS: f64 = 1.4;
/// Memory of a call in flight: the request, kept for retries, and the state of every layer.
const MEMORY: f64 = 1.5;
/// Wall time of 10,000 calls in flight, most of which is the server's latency.
const FLIGHT: f64 = 1.25;
/// Bytes a server can write to a client that does not read: both stop reading, and only socket buffers fill.
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

/// Fails unless both sides of the ratios are measured.
pub(crate) fn can_be_checked(who: &[Who]) -> Result<()> {
    let all = [Who::Hyper, Who::Catena].iter().all(|needed| who.contains(needed));
    ensure!(all, "the targets compare `catena` with `hyper`: measure both");
    Ok(())
}

/// Describes a measurement above its target. `None` if it is within it, or was not measured.
pub(crate) fn missed(what: What, who: &[Who], figures: &[Vec<Figures>]) -> Option<String> {
    let of = |wanted| who.iter().position(|who| *who == wanted).map(|index| &figures[index]);
    let (ratio, target) = (report::ratio(of(Who::Catena)?, of(Who::Hyper)?), target(what));
    // NaN is not within a target.
    let is_good = ratio <= target;
    (!is_good).then(|| {
        format!("{}: {ratio:.2} times the loop's; the target is at most {target}", report::unit(what))
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
        check([14.0, 29.0, 14.0], false);
        check([15.0, 30.0, 15.0], true);
        // One round that was disturbed is no miss.
        check([14.0, 29.0, 90.0], false);
        check([f64::NAN; 3], true);
        assert!(missed(What::Calls, &[Who::Hyper], &[figures([1.0; 3])]).is_none());
        assert!(
            can_be_checked(&[Who::Catena]).is_err() && can_be_checked(&[Who::Catena, Who::Hyper]).is_ok()
        );
    }
}
