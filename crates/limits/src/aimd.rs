//! The limit on requests in flight, adjusted by how the service responds.

/// An additive-increase/multiplicative-decrease limit, as in TCP, for services that reject excess requests immediately.
///
/// The limit first doubles with every round of responses; from [`CAREFUL`] on it grows by half per round. The first
/// rejection reveals the service's limit: the other requests then in flight were accepted. After that, one more is
/// probed now and then, and less often each time the probe is rejected. A rejection without a probe means that the
/// service's limit has dropped, so the limit is cut by a fixed factor.
#[derive(Debug, Clone)]
pub(crate) struct Aimd {
    min: f64,
    max: f64,
    limit: f64,
    phase: Phase,
    /// Rounds of responses between two probes.
    patience: u32,
    /// Responses since the last change.
    answers: f64,
    /// Requests up to this number were sent before the last decrease, so their outcome carries no new information.
    epoch: u64,
    /// How much the next probe adds.
    step: f64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Phase {
    Doubling,
    Steady,
    /// Probing above the accepted limit, which is the value held here.
    Trying(f64),
}

/// From this limit on, growth is by half per round: the overshoot is the number of requests that get rejected.
const CAREFUL: f64 = 32.0;
/// Factor applied to the limit after a rejection without a probe.
const FALL: f64 = 0.7;
const PATIENCE: u32 = 4;
const MOST_PATIENCE: u32 = 64;

impl Aimd {
    pub(crate) fn new(min: u32, start: u32, max: u32) -> Self {
        let (min, max) = (f64::from(min.max(1)), f64::from(max.max(min).max(1)));
        let limit = f64::from(start).clamp(min, max);
        Self {
            min,
            max,
            limit,
            phase: Phase::Doubling,
            patience: PATIENCE,
            answers: 0.0,
            epoch: 0,
            step: 1.0,
        }
    }

    /// Returns the maximum number of requests in flight.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it lies between two u32")]
    pub(crate) fn limit(&self) -> usize {
        self.limit as usize
    }

    /// True until the service reveals its limit or the configured maximum is reached.
    pub(crate) fn is_doubling(&self) -> bool {
        self.phase == Phase::Doubling && self.limit < self.max
    }

    /// True while the limit is at a level that was accepted before.
    pub(crate) fn is_steady(&self) -> bool {
        self.phase == Phase::Steady
    }

    /// True while probing above the accepted limit.
    pub(crate) fn is_trying(&self) -> bool {
        matches!(self.phase, Phase::Trying(_))
    }

    /// Records a success. `is_full`: the limit was what held other callers back.
    pub(crate) fn served(&mut self, is_full: bool) {
        if !is_full {
            return;
        }
        if self.phase == Phase::Doubling {
            let step = if self.limit < CAREFUL { 1.0 } else { 0.5 };
            self.limit = (self.limit + step).min(self.max);
            return;
        }
        self.answers += 1.0;
        let rounds = if self.phase == Phase::Steady { f64::from(self.patience) } else { 1.0 };
        if self.answers >= self.limit * rounds {
            self.try_more();
        }
    }

    /// Starts a probe above the current limit.
    fn try_more(&mut self) {
        if let Phase::Trying(_) = self.phase {
            // The last probe was accepted.
            self.patience = (self.patience / 2).max(1);
            self.step = (self.step * 2.0).min((self.limit / 4.0).max(1.0));
        }
        self.answers = 0.0;
        self.phase = Phase::Trying(self.limit);
        self.limit = (self.limit + self.step).min(self.max);
    }

    /// Records that request number `sent` was rejected while `others` were in flight; `last` is the number of the last
    /// request sent. Returns true if this carries new information.
    #[allow(clippy::cast_precision_loss, reason = "there are never 2^53 requests under way")]
    pub(crate) fn refused(&mut self, sent: u64, last: u64, others: usize) -> bool {
        let accepted = others as f64;
        let is_news = sent > self.epoch;
        self.limit = match self.phase {
            // Part of the same rejection: lower the limit to what is still accepted, and no further.
            _ if !is_news => self.limit.min(accepted),
            Phase::Doubling => self.limit.min(accepted),
            Phase::Trying(before) => before.min(self.limit),
            Phase::Steady => (self.limit * FALL).floor(),
        }
        .clamp(self.min, self.max);
        if is_news {
            self.patience = match self.phase {
                Phase::Trying(_) => (self.patience * 2).min(MOST_PATIENCE),
                _ => PATIENCE,
            };
            (self.epoch, self.phase, self.answers, self.step) = (last, Phase::Steady, 0.0, 1.0);
        }
        is_news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_doubles_with_each_round_until_the_first_refusal() {
        let mut aimd = Aimd::new(1, 4, 100);
        for limit in [8, 16, 32, 48] {
            for _ in 0..aimd.limit() {
                aimd.served(true);
            }
            assert_eq!(aimd.limit(), limit);
        }
        assert!(aimd.refused(61, 64, 38));
        assert_eq!(aimd.limit(), 38, "those beside it were accepted");
        assert!(!aimd.refused(62, 64, 36), "sent before the fall");
        assert_eq!(aimd.limit(), 36);
    }

    #[test]
    fn it_does_not_grow_where_nobody_waits() {
        let mut aimd = Aimd::new(1, 4, 100);
        for _ in 0..1_000 {
            aimd.served(false);
        }
        assert_eq!(aimd.limit(), 4);
    }

    /// A service that takes so many at once: how often is it asked for more?
    fn refusals(aimd: &mut Aimd, allowed: usize, rounds: usize) -> usize {
        let (mut sent, mut refusals) = (0, 0);
        for _ in 0..rounds {
            let in_flight = aimd.limit();
            sent += in_flight as u64;
            for _ in allowed..in_flight {
                refusals += 1;
                aimd.refused(sent, sent, allowed);
            }
            for _ in 0..in_flight.min(allowed) {
                aimd.served(true);
            }
        }
        refusals
    }

    #[test]
    fn it_stays_at_what_the_service_takes_and_seldom_asks_for_more() {
        let mut aimd = Aimd::new(1, 16, 1_000);
        let refused = refusals(&mut aimd, 50, 100);
        assert!((47..=51).contains(&aimd.limit()), "{aimd:?}");
        assert!(refused < 30, "{refused} of some 5,000 refused");
    }

    #[test]
    fn it_follows_a_service_that_takes_more_or_less() {
        let mut aimd = Aimd::new(1, 16, 1_000);
        refusals(&mut aimd, 50, 40);
        refusals(&mut aimd, 10, 40);
        assert!((5..=12).contains(&aimd.limit()), "{aimd:?}");
        refusals(&mut aimd, 200, 400);
        assert!((150..=210).contains(&aimd.limit()), "{aimd:?}");
    }

    #[test]
    fn it_keeps_within_its_bounds() {
        let mut aimd = Aimd::new(3, 1, 5);
        assert_eq!(aimd.limit(), 3);
        for sent in 1..10 {
            aimd.refused(sent, sent, 0);
            assert_eq!(aimd.limit(), 3);
        }
        for _ in 0..10_000 {
            aimd.served(true);
        }
        assert_eq!(aimd.limit(), 5);
        assert_eq!(Aimd::new(0, 0, 0).limit(), 1);
    }
}
