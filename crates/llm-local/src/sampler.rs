//! Samples the next token.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};

use crate::settings::Settings;

/// The window of the repeat penalty, in tokens.
const MEMORY: usize = 64;

/// Samples the tokens of one answer.
#[derive(Debug)]
pub(crate) struct Sampler {
    settings: Settings,
    random: Random,
    /// The last tokens, including those of the prompt.
    recent: VecDeque<u32>,
    /// How often each token has occurred in the answer.
    used: HashMap<u32, u32>,
}

impl Sampler {
    pub(crate) fn new(settings: Settings, prompt: &[u32]) -> Self {
        let seed = settings.seed.unwrap_or_else(|| RandomState::new().hash_one(0));
        let recent = prompt[prompt.len().saturating_sub(MEMORY)..].iter().copied().collect();
        Self { settings, random: Random(seed), recent, used: HashMap::new() }
    }

    /// Samples from these logits, of which there is at least one, and records the choice.
    pub(crate) fn choose(&mut self, mut logits: Vec<f32>) -> u32 {
        self.penalize(&mut logits);
        let token = match self.settings.temperature {
            0.0 => likeliest(&logits),
            temperature => self.draw(&logits, temperature),
        };
        if self.recent.len() == MEMORY {
            self.recent.pop_front();
        }
        self.recent.push_back(token);
        *self.used.entry(token).or_default() += 1;
        token
    }

    fn penalize(&self, logits: &mut [f32]) {
        let penalty = self.settings.repeat_penalty;
        let mut done = Vec::with_capacity(MEMORY);
        for token in self.recent.iter().filter(|_| penalty != 1.0) {
            if let Some(logit) = logits.get_mut(*token as usize)
                && !done.contains(token)
            {
                *logit = if *logit > 0.0 { *logit / penalty } else { *logit * penalty };
                done.push(*token);
            }
        }
        for (token, times) in &self.used {
            if let Some(logit) = logits.get_mut(*token as usize) {
                *logit -= self.settings.presence_penalty + *times as f32 * self.settings.frequency_penalty;
            }
        }
    }

    /// Draws one of the likeliest tokens at random.
    fn draw(&mut self, logits: &[f32], temperature: f32) -> u32 {
        let mut tokens: Vec<(u32, f32)> = (0..).zip(logits.iter().copied()).collect();
        let likelier =
            |left: &(u32, f32), right: &(u32, f32)| right.1.total_cmp(&left.1).then(left.0.cmp(&right.0));
        let top = self.settings.top_k;
        if 0 < top && top < tokens.len() {
            tokens.select_nth_unstable_by(top, likelier);
            tokens.truncate(top);
        }
        tokens.sort_unstable_by(likelier);
        let most = tokens[0].1;
        tokens.iter_mut().for_each(|(_, logit)| *logit = ((*logit - most) / temperature).exp());
        let total: f32 = tokens.iter().map(|(_, weight)| weight).sum();
        let mut sum = 0.0;
        let enough = tokens.iter().position(|(_, weight)| {
            sum += weight;
            sum >= total * self.settings.top_p
        });
        tokens.truncate(enough.map_or(tokens.len(), |last| last + 1));
        let total: f32 = tokens.iter().map(|(_, weight)| weight).sum();
        let mut left = self.random.fraction() * total;
        let found = tokens.iter().find(|(_, weight)| {
            left -= weight;
            left < 0.0
        });
        found.or(tokens.last()).map_or(0, |(token, _)| *token)
    }
}

/// Returns the likeliest token, the first of several.
fn likeliest(logits: &[f32]) -> u32 {
    let likelier = |best: (u32, f32), next: (u32, f32)| if next.1 > best.1 { next } else { best };
    (0..).zip(logits.iter().copied()).fold((0, f32::NEG_INFINITY), likelier).0
}

/// SplitMix64: small, and good enough for sampling.
#[derive(Debug)]
struct Random(u64);

impl Random {
    /// Returns a number from 0 to below 1.
    fn fraction(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) >> 40) as f32 / (1u32 << 24) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain() -> Settings {
        Settings {
            temperature: 1.0,
            top_p: 1.0,
            top_k: 0,
            repeat_penalty: 1.0,
            seed: Some(7),
            ..Settings::default()
        }
    }

    /// How often each token is chosen of a thousand times.
    fn counts<const N: usize>(settings: &Settings, logits: [f32; N]) -> [u32; N] {
        let mut counts = [0; N];
        for seed in 0..1000 {
            let mut sampler = Sampler::new(Settings { seed: Some(seed), ..settings.clone() }, &[]);
            counts[sampler.choose(logits.to_vec()) as usize] += 1;
        }
        counts
    }

    #[test]
    fn without_temperature_the_likeliest_is_chosen_and_of_equals_the_first() {
        let settings = Settings { temperature: 0.0, ..plain() };
        assert_eq!(counts(&settings, [1.0, 3.0, 3.0]), [0, 1000, 0]);
        assert_eq!(counts(&settings, [f32::NAN, f32::NAN]), [1000, 0]);
    }

    #[test]
    fn chance_follows_the_likelihoods() {
        let [a, b, c] = counts(&plain(), [2f32.ln(), 1f32.ln(), 1f32.ln()]);
        assert!((430..570).contains(&a) && (190..310).contains(&b) && (190..310).contains(&c), "{a} {b} {c}");
        let cold = Settings { temperature: 0.1, ..plain() };
        assert!(counts(&cold, [2f32.ln(), 0.0])[0] > 990);
    }

    #[test]
    fn top_k_and_top_p_leave_the_likeliest() {
        let two = Settings { top_k: 2, ..plain() };
        let [a, b, c] = counts(&two, [0.0, 0.5, 0.2]);
        assert!(a == 0 && b > 300 && c > 300, "{a} {b} {c}");
        assert_eq!(counts(&Settings { top_k: 1, ..plain() }, [0.0, 0.5, 0.2]), [0, 1000, 0]);
        // Half of the probability is the first token's: that is enough.
        let half = Settings { top_p: 0.49, ..plain() };
        assert_eq!(counts(&half, [2f32.ln(), 0.0, 0.0]), [1000, 0, 0]);
        let more = Settings { top_p: 0.6, ..plain() };
        assert_eq!(counts(&more, [2f32.ln(), 0.0, 0.0])[2], 0);
    }

    #[test]
    fn repetitions_are_penalized_in_prompt_and_answer() {
        let greedy = Settings { temperature: 0.0, repeat_penalty: 2.0, ..plain() };
        let mut sampler = Sampler::new(greedy, &[1, 1, 99]);
        assert_eq!(sampler.choose(vec![0.0, 1.5, 1.0]), 2);
        assert_eq!(sampler.choose(vec![0.6, 1.0, 1.0]), 0);
        let absent = Settings { temperature: 0.0, presence_penalty: 1.0, ..plain() };
        let mut sampler = Sampler::new(absent, &[0]);
        let chosen: Vec<u32> = (0..3).map(|_| sampler.choose(vec![1.5, 1.0])).collect();
        assert_eq!(chosen, [0, 1, 0]);
        let often = Settings { temperature: 0.0, frequency_penalty: 0.3, ..plain() };
        let mut sampler = Sampler::new(often, &[]);
        let chosen: Vec<u32> = (0..4).map(|_| sampler.choose(vec![1.5, 1.0])).collect();
        assert_eq!(chosen, [0, 0, 1, 0]);
    }

    #[test]
    fn a_seed_fixes_the_answer() {
        let answer = |seed| {
            let mut sampler = Sampler::new(Settings { seed, ..plain() }, &[]);
            (0..20).map(|_| sampler.choose(vec![0.0; 100])).collect::<Vec<_>>()
        };
        assert_eq!(answer(Some(1)), answer(Some(1)));
        assert_ne!(answer(Some(1)), answer(Some(2)));
        assert_ne!(answer(None), answer(None));
    }
}
