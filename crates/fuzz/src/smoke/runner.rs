//! Runs one target until its time is over.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use catena_fuzz_targets::Target;

use super::growth::Growing;
use super::random::Random;
use super::{Args, MEMORY, corpus, hostile, mutate};

/// One in so many inputs is a long one, to see how time grows.
const GROWTH_ONE_IN: usize = 200;
/// The length of the shorter input then.
const GROWTH_LENGTH: usize = 4_096;
/// What takes longer does not end. Many do not optimize, or share the processor.
const LONGEST_RUN: Duration = Duration::from_secs(60);

pub(crate) struct Runner<'a> {
    target: &'a Target,
    args: &'a Args,
    random: Random,
    corpus: Vec<Vec<u8>>,
    runs: u64,
}

impl<'a> Runner<'a> {
    pub(crate) fn new(target: &'a Target, args: &'a Args) -> Self {
        let seed = target.name.bytes().fold(args.seed, |seed, byte| seed.rotate_left(8) ^ u64::from(byte));
        Self { target, args, random: Random::new(seed), corpus: corpus::of(target), runs: 0 }
    }

    /// What was done, or what went wrong with which input.
    pub(crate) fn run(mut self) -> Result<String, String> {
        if let Some(file) = &self.args.input {
            let input = fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
            self.once(&input)?;
            return Ok("passed".to_owned());
        }
        let start = Instant::now();
        for input in self.corpus.clone() {
            self.once(&[&[0], &input[..]].concat())?;
        }
        for input in hostile::inputs(self.args.hostile_len) {
            self.once(&input)?;
        }
        while start.elapsed().as_secs_f64() < self.args.seconds {
            if self.target.linear && self.random.one_in(GROWTH_ONE_IN) {
                self.growth()?;
            } else {
                let (words, longest) = (self.target.words, self.args.max_len);
                let input = mutate::next(&mut self.random, &self.corpus, words, longest);
                self.once(&input)?;
            }
        }
        let seconds = start.elapsed().as_secs_f64();
        Ok(format!("{:>9} inputs in {seconds:.1} s", self.runs))
    }

    fn once(&mut self, input: &[u8]) -> Result<(), String> {
        self.runs += 1;
        if let Some(file) = &self.args.keep {
            fs::write(file, input).map_err(|error| format!("cannot write {}: {error}", file.display()))?;
        }
        MEMORY.reset_peak_usage();
        let (before, start) = (MEMORY.current_usage(), Instant::now());
        let done = catch_unwind(AssertUnwindSafe(|| (self.target.run)(input)));
        let (took, used) = (start.elapsed(), MEMORY.peak_usage().saturating_sub(before));
        if done.is_err() {
            return Err(self.failure("it panicked, see above", input));
        }
        if used > self.target.free_memory + self.target.memory * input.len() {
            return Err(self.failure(&format!("{used} bytes of memory for {}", input.len()), input));
        }
        if took > LONGEST_RUN {
            return Err(self.failure(&format!("{took:.1?} for {} bytes", input.len()), input));
        }
        Ok(())
    }

    fn growth(&mut self) -> Result<(), String> {
        let growing = Growing::new(&mut self.random, &self.corpus, self.target.words);
        self.once(&growing.of(GROWTH_LENGTH))?;
        self.once(&growing.of(8 * GROWTH_LENGTH))?;
        let run = |input: &[u8]| _ = catch_unwind(AssertUnwindSafe(|| (self.target.run)(input)));
        match growing.out_of_proportion(GROWTH_LENGTH, run) {
            None => Ok(()),
            Some((short, long)) => {
                let why = format!("8 times the input took {long:.1?} instead of {short:.1?}");
                Err(self.failure(&why, &growing.of(8 * GROWTH_LENGTH)))
            }
        }
    }

    /// Keeps the input, and says how to run it again.
    fn failure(&self, why: &str, input: &[u8]) -> String {
        let file: PathBuf =
            std::env::temp_dir().join(format!("catena-fuzz-{}-{}", self.target.name, input.len()));
        let kept = match fs::write(&file, input) {
            Ok(()) => format!("again: cargo xtask fuzz {} --input {}", self.target.name, file.display()),
            Err(error) => format!("the input cannot be kept: {error}"),
        };
        let shown = String::from_utf8_lossy(&input[..input.len().min(300)]);
        format!("{why}\n  input {}: {shown:?}\n  {kept}", self.runs)
    }
}
