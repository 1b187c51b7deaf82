//! The tables.

use crate::contestants::Who;
use crate::measure::{Figures, What};
use crate::name;

/// Prints the medians of a measurement's calm rounds, and how they compare with the hand-written loop's, in calm rounds
/// and in all.
pub(crate) fn print(what: What, who: &[Who], calm: &[Vec<Figures>], all: &[Vec<Figures>]) {
    let median = |of: fn(&Figures) -> f64, figures: &[Figures]| middle(figures.iter().map(of).collect());
    let base = who.iter().position(|who| *who == Who::Hyper);
    let shown_ratio = |figures: &[Vec<Figures>], index: usize| {
        base.map_or_else(String::new, |base| format!("{:.2}", ratio(&figures[index], &figures[base])))
    };
    let count = |figures: &[Vec<Figures>]| figures.first().map_or(0, Vec::len);
    println!("\n{}; the calmer {} of {} rounds", unit(what), count(calm), count(all));
    println!("{:<14}{:>12}{:>10}{:>12}{:>12}{:>16}", "", "median", "ratio", "lowest", "CPU s", "all rounds");
    for (index, who) in who.iter().enumerate() {
        let figures = &calm[index];
        let (value, cpu) = (median(|figures| figures.value, figures), median(|figures| figures.cpu, figures));
        let lowest = figures.iter().map(|figures| figures.value).fold(f64::INFINITY, f64::min);
        let (calm, all) = (shown_ratio(calm, index), shown_ratio(all, index));
        println!("{:<14}{value:>12.2}{calm:>10}{lowest:>12.2}{cpu:>12.3}{all:>16}", name(*who));
    }
}

/// What a measurement counts.
pub(crate) fn unit(what: What) -> &'static str {
    match what {
        What::Calls => "CPU per call, µs",
        What::Tokens => "CPU per streamed token, µs",
        What::Memory => "memory per call in flight, KiB (2,000 calls of 1 s)",
        What::Flight => "wall time of 10,000 calls in flight of 1 s, s",
        What::Backpressure => "written to a client that reads one token in 3 s, KiB",
    }
}

/// How many times the figures of another are ours. Round by round: what slows the machine down for a while slows down
/// both.
pub(crate) fn ratio(ours: &[Figures], base: &[Figures]) -> f64 {
    middle(ours.iter().zip(base).map(|(ours, base)| ours.value / base.value).collect())
}

fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
