//! A round of a measurement: every contestant once, one right after the other.

use crate::measure::Figures;

/// The figures of a round, in the order of the contestants.
pub(crate) struct Round {
    pub(crate) figures: Vec<Figures>,
    /// CPU time that the server used, in seconds, on its own core. Its work is nearly the same in every round, so that
    /// much more of it is a sign of a disturbance: of other guests of the processor, for example, who share its caches.
    pub(crate) server_cpu: f64,
}

/// The half of the rounds in which the server used the least CPU time, a sign that the machine was calm. A disturbance of
/// the client's core alone does not show.
pub(crate) fn calmer_half(rounds: &mut [Round]) -> &[Round] {
    rounds.sort_by(|a, b| a.server_cpu.total_cmp(&b.server_cpu));
    &rounds[..rounds.len().div_ceil(2)]
}

/// The figures of each contestant, round by round.
pub(crate) fn by_contestant(rounds: &[Round]) -> Vec<Vec<Figures>> {
    let contestants = rounds.first().map_or(0, |round| round.figures.len());
    (0..contestants).map(|index| rounds.iter().map(|round| round.figures[index]).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calm_rounds_are_those_in_which_the_server_used_least() {
        let round = |value: f64, server_cpu: f64| {
            let figures = vec![
                Figures { value, ..Figures::default() },
                Figures { value: -value, ..Figures::default() },
            ];
            Round { figures, server_cpu }
        };
        let mut rounds =
            [round(1.0, 9.0), round(2.0, 2.0), round(3.0, 4.0), round(4.0, 3.0), round(5.0, 8.0)];
        let calm = by_contestant(calmer_half(&mut rounds));
        let values: Vec<Vec<f64>> =
            calm.iter().map(|figures| figures.iter().map(|figures| figures.value).collect()).collect();
        assert_eq!(values, [[2.0, 4.0, 3.0], [-2.0, -4.0, -3.0]]);
        assert!(by_contestant(calmer_half(&mut [])).is_empty());
    }
}
