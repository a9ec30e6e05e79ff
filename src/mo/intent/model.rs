//! A trained model, as small as it can be, and what it makes of a text.

use super::fold::fold;
use super::train::{Dual, to_probabilities};
use super::vocabulary::{Pieces, Vocabulary};

/// What is summed at once: a row of one has one line of the cache.
const LANES: usize = 32;

/// The greatest weight: as many of them as are summed in sixteen bits before they go on to
/// thirty-two stay in those.
const WEIGHT_MAX: f32 = 1023.0;
const SUMMED: usize = 32;
const _: () = assert!(WEIGHT_MAX as usize * SUMMED <= i16::MAX as usize);

/// Parts of a piece's square that the model keeps: the greatest is that of a piece that one of
/// [`EXAMPLES_MAX`](super::EXAMPLES_MAX) examples has, 119.
const SQUARE_PARTS: f32 = 8.0;

/// The length of all words, where that of all letters is 1.
const WORDS: f32 = 0.8;

/// How much each piece says, whatever it says: the rarer the more, and most what is unseen.
#[derive(Clone, Debug)]
pub(super) struct Share {
    of: Vec<f32>,
}

impl Share {
    /// `texts_with` says of each piece how many of `texts` have it.
    pub(super) fn new(texts_with: &[u32], texts: usize) -> Self {
        let share = |with: f32| ((1.0 + texts as f32) / (1.0 + with)).ln() + 1.0;
        Self { of: texts_with.iter().map(|with| share(*with as f32)).collect() }
    }

    pub(super) fn of(&self, row: u32) -> f32 {
        self.of.get(row as usize).copied().unwrap_or_default()
    }

    /// The rows of letters and those of words, each in order and with the factor that gives them
    /// their length.
    pub(super) fn parts<'p>(&self, pieces: &'p mut Pieces) -> [(&'p [u32], f32); 2] {
        pieces.letters.sort_unstable();
        pieces.words.sort_unstable();
        let square = |rows: &[u32]| rows.iter().map(|row| self.of(*row).powi(2)).sum::<f32>();
        let (letters, words) = (square(&pieces.letters), square(&pieces.words));
        [(&pieces.letters, part(letters, 1.0)), (&pieces.words, part(words, WORDS))]
    }
}

/// The factor of a block that is `weight` of the whole and whose squares sum up to `square`.
fn part(square: f32, weight: f32) -> f32 {
    weight / ((1.0 + WORDS * WORDS) * square.max(1e-6)).sqrt()
}

/// A model of the intents of one bot.
#[derive(Clone, Debug)]
pub struct Intents {
    vocabulary: Vocabulary,
    /// For each piece one line or several: weights of the intents, then the square of its share.
    lines: Box<[[i16; LANES]]>,
    lines_each: usize,
    /// What a weight of 1 is.
    unit: f32,
    bias: Box<[f32]>,
    calibration: Calibration,
}

/// How probabilities become confidences.
#[derive(Clone, Copy, Debug)]
pub(super) struct Calibration {
    /// The factor of scores.
    pub(super) sharpness: f32,
    /// The odds that become even ones.
    pub(super) even: f32,
}

impl Calibration {
    /// For examples that are too few to say anything: what is merely likelier than the one other
    /// intent is not acted on.
    pub(super) const GUESSED: Self = Self { sharpness: 1.0, even: 1.5 };

    fn confidence(self, probability: f32) -> f32 {
        let odds = probability / (1.0 - probability).max(1e-6);
        odds / (odds + self.even)
    }
}

/// What a model made of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Guess {
    /// The likeliest intent, by its number; `None` where the text has nothing that any example
    /// has, or there are no intents.
    pub first: Option<u16>,
    /// How sure that is, from 0 to 1; see [`ACCEPT`](super::ACCEPT).
    pub confidence: f32,
    /// The next likeliest.
    pub second: Option<u16>,
    /// How sure that one would be.
    pub second_confidence: f32,
}

/// Buffers that are used from text to text, so that none is allocated for one.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    folded: Vec<u8>,
    pieces: Pieces,
    scores: Vec<f32>,
}

impl Intents {
    pub(super) fn new(
        vocabulary: Vocabulary,
        share: Share,
        trained: &Dual,
        calibration: Calibration,
    ) -> Self {
        let bias = trained.bias();
        let weighed = || trained.weights().zip(&share.of);
        let most = weighed()
            .flat_map(|(weights, share)| weights.iter().map(|weight| (weight * *share).abs()))
            .fold(0.0, f32::max);
        let unit = (most / WEIGHT_MAX).max(f32::MIN_POSITIVE);
        let lines_each = (bias.len() + 1).div_ceil(LANES);
        let mut lines = vec![[0; LANES]; lines_each * share.of.len()];
        for (lines, (weights, share)) in lines.chunks_mut(lines_each).zip(weighed()) {
            let weights = weights.iter().map(|weight| weight * share / unit);
            let square = std::iter::once(share * share * SQUARE_PARTS);
            for (lane, value) in lines.as_flattened_mut().iter_mut().zip(weights.chain(square)) {
                *lane = value.round().clamp(-WEIGHT_MAX, WEIGHT_MAX) as i16;
            }
        }
        Self { vocabulary, lines: lines.into(), lines_each, unit, bias: bias.into(), calibration }
    }

    /// How many intents it tells apart.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bias.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bias.is_empty()
    }

    /// The octets that it takes.
    #[must_use]
    pub fn octets(&self) -> usize {
        size_of_val(&*self.lines) + self.vocabulary.octets()
    }

    /// The likeliest intent of a text, and how likely it is.
    #[must_use]
    pub fn classify(&self, text: &str, scratch: &mut Scratch) -> Guess {
        let Scratch { folded, pieces, scores } = scratch;
        fold(text, folded);
        pieces.read(folded, &self.vocabulary);
        if pieces.are_unseen() {
            return Guess::default();
        }
        scores.clear();
        scores.resize(self.lines_each * LANES, 0.0);
        self.add(&pieces.letters, 1.0, scores);
        self.add(&pieces.words, WORDS, scores);
        scores.truncate(self.bias.len());
        for (score, bias) in scores.iter_mut().zip(&self.bias) {
            *score += bias;
        }
        to_probabilities(scores, self.calibration.sharpness);
        let mut guess = best(scores);
        guess.confidence = self.calibration.confidence(guess.confidence);
        guess.second_confidence = self.calibration.confidence(guess.second_confidence);
        guess
    }

    /// The probability of each intent for the text that was classified last with this scratch.
    #[must_use]
    pub fn probabilities<'s>(&self, scratch: &'s Scratch) -> &'s [f32] {
        &scratch.scores
    }

    /// Adds what the pieces of one block say. The last line's sums come first: the length of the
    /// block, which divides all, is among them.
    #[inline]
    fn add(&self, rows: &[u32], weight: f32, scores: &mut [f32]) {
        let mut factor = None;
        for line in (0..self.lines_each).rev() {
            let sums = self.sums(rows, line);
            let factor = *factor.get_or_insert_with(|| {
                let square = sums.get(self.bias.len() % LANES).copied().unwrap_or_default();
                part(square as f32 / SQUARE_PARTS, weight) * self.unit
            });
            let scores = scores.get_mut(line * LANES..).unwrap_or_default();
            for (score, sum) in scores.iter_mut().zip(sums) {
                *score += factor * sum as f32;
            }
        }
    }

    /// The sums of one line over the rows.
    #[inline]
    fn sums(&self, rows: &[u32], line: usize) -> [i32; LANES] {
        let mut sums = [0; LANES];
        for rows in rows.chunks(SUMMED) {
            let mut few = [0_i16; LANES];
            for row in rows {
                let at = *row as usize * self.lines_each + line;
                let Some(line) = self.lines.get(at) else { continue };
                for (sum, weight) in few.iter_mut().zip(line) {
                    // Never more than the bound above says.
                    *sum = sum.wrapping_add(*weight);
                }
            }
            for (sum, few) in sums.iter_mut().zip(few) {
                *sum += i32::from(few);
            }
        }
        sums
    }
}

fn best(probabilities: &[f32]) -> Guess {
    let mut guess = Guess::default();
    for (intent, probability) in (0..).zip(probabilities) {
        if guess.first.is_none() || *probability > guess.confidence {
            (guess.second, guess.second_confidence) = (guess.first, guess.confidence);
            (guess.first, guess.confidence) = (Some(intent), *probability);
        } else if guess.second.is_none() || *probability > guess.second_confidence {
            (guess.second, guess.second_confidence) = (Some(intent), *probability);
        }
    }
    guess
}
