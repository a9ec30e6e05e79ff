//! Examples to a model: multinomial logistic regression in its dual.
//!
//! Each example has, for each intent, a weight in the dual; a step moves one example's weights
//! toward what they are at the optimum (the intent it has, less the intents it is taken for) by as
//! much as its own length allows. Twenty rounds over the examples are enough for every set that
//! was tried.

use std::fmt;

use super::exp::exp;
use super::fold::fold;
use super::model::{Calibration, Intents, Share};
use super::vocabulary::{Pieces, UNSEEN, Vocabulary};
use super::{EXAMPLES_MAX, INTENTS_MAX};

/// How much an example may pull: the inverse of the regularisation, for each example.
const PULL: f32 = 40.0;

/// Rounds over the examples.
const ROUNDS: usize = 20;

/// More than a model is made for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TooMany {
    /// More than [`EXAMPLES_MAX`].
    Examples(usize),
    /// More than [`INTENTS_MAX`].
    Intents(usize),
}

impl fmt::Display for TooMany {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Examples(found) => write!(f, "{found} examples; at most {EXAMPLES_MAX}"),
            Self::Intents(found) => write!(f, "{found} intents; at most {INTENTS_MAX}"),
        }
    }
}

/// Trains a model that tells `intents` intents apart from examples of each: the intent's number,
/// from 0, and a text. An example of a number beyond them is passed over.
///
/// # Errors
/// When there is more than a model is made for.
pub fn train(examples: &[(u16, &str)], intents: usize) -> Result<Intents, TooMany> {
    if examples.len() > EXAMPLES_MAX {
        return Err(TooMany::Examples(examples.len()));
    }
    if intents > INTENTS_MAX {
        return Err(TooMany::Intents(intents));
    }
    let known = examples.iter().filter(|(intent, _)| usize::from(*intent) < intents);
    let mut folded = Vec::new();
    let mut labels = Vec::new();
    for (intent, text) in known {
        let mut one = Vec::new();
        fold(text, &mut one);
        folded.push(one);
        labels.push(usize::from(*intent));
    }
    let all: Vec<(usize, &[u8])> =
        labels.iter().copied().zip(folded.iter().map(Vec::as_slice)).collect();
    // What each third example gets from a model of the others says how much a score is worth.
    let mut seen = vec![0; intents];
    let (held_out, others): (Vec<_>, Vec<_>) = all.iter().copied().partition(|(label, _)| {
        let Some(seen) = seen.get_mut(*label) else { return false };
        *seen += 1;
        *seen % 3 == 0
    });
    let trial = Trained::on(&others, intents);
    let calibration = trial.calibration(&held_out);
    let Trained { vocabulary, share, dual } = Trained::on(&all, intents);
    Ok(Intents::new(vocabulary, share, &dual, calibration))
}

/// A model in training.
struct Trained {
    vocabulary: Vocabulary,
    share: Share,
    dual: Dual,
}

impl Trained {
    /// What these examples teach: the intent and the folded text of each.
    fn on(examples: &[(usize, &[u8])], intents: usize) -> Self {
        let (vocabulary, texts_with) = Vocabulary::of(examples.iter().map(|(_, folded)| *folded));
        let share = Share::new(&texts_with, examples.len());
        let mut pieces = Pieces::default();
        let vectors: Vec<Example> = examples
            .iter()
            .map(|example| Example::new(*example, &mut pieces, &vocabulary, &share))
            .collect();
        let mut dual = Dual::new(texts_with.len(), intents, examples.len());
        let mut order: Vec<usize> = (0..examples.len()).collect();
        let mut dice = 42;
        for _ in 0..ROUNDS {
            shuffle(&mut order, &mut dice);
            for at in &order {
                if let Some(example) = vectors.get(*at) {
                    dual.step(*at, example);
                }
            }
        }
        Self { vocabulary, share, dual }
    }

    /// How its scores become confidences, by examples that it was not trained on.
    fn calibration(mut self, held_out: &[(usize, &[u8])]) -> Calibration {
        let mut pieces = Pieces::default();
        let mut judged = Vec::new();
        for example in held_out {
            let example = Example::new(*example, &mut pieces, &self.vocabulary, &self.share);
            self.dual.score(&example);
            self.dual.scores.truncate(self.dual.intents);
            judged.push((example.label, self.dual.scores.clone()));
        }
        let sharpness = sharpness(&judged);
        let mut odds: Vec<f32> =
            judged.into_iter().filter_map(|one| odds_if_right(one, sharpness)).collect();
        odds.sort_unstable_by(f32::total_cmp);
        if odds.len() < 10 {
            return Calibration::GUESSED;
        }
        let even = odds.get(odds.len() / 10).copied().unwrap_or(1.0).max(1e-3);
        Calibration { sharpness, even }
    }
}

/// The odds of the likeliest intent, if that is the right one.
fn odds_if_right((label, mut scores): (usize, Vec<f32>), sharpness: f32) -> Option<f32> {
    to_probabilities(&mut scores, sharpness);
    let likeliest = scores.iter().copied().fold(0.0, f32::max);
    let right = scores.get(label).is_some_and(|right| *right >= likeliest);
    right.then(|| likeliest / (1.0 - likeliest).max(1e-6))
}

/// One example: its pieces by row, ascending, each with its part of the whole, which is 1 long.
struct Example {
    label: usize,
    pieces: Vec<(u32, f32)>,
    /// The square of its length with the bias counted in.
    square: f32,
}

impl Example {
    fn new(
        (label, folded): (usize, &[u8]),
        pieces: &mut Pieces,
        vocabulary: &Vocabulary,
        share: &Share,
    ) -> Self {
        pieces.read(folded, vocabulary);
        let mut all = Vec::with_capacity(pieces.letters.len() + pieces.words.len());
        for (rows, part) in share.parts(pieces) {
            for same in rows.chunk_by(|one, other| one == other) {
                let Some(row) = same.first().filter(|row| **row != UNSEEN) else { continue };
                all.push((*row, same.len() as f32 * share.of(*row) * part));
            }
        }
        let square = 1.0 + all.iter().map(|(_, value)| value * value).sum::<f32>();
        Self { label, pieces: all, square }
    }
}

/// The weights of the primal, and what each example has given to them.
pub(super) struct Dual {
    intents: usize,
    /// The intents, and as many more as make whole registers of them.
    lanes: usize,
    /// A row for each piece, a lane for each intent.
    weights: Vec<f32>,
    bias: Vec<f32>,
    /// A row for each example.
    given: Vec<f32>,
    scores: Vec<f32>,
}

impl Dual {
    fn new(pieces: usize, intents: usize, examples: usize) -> Self {
        let lanes = intents.next_multiple_of(8);
        let rows = |rows: usize| vec![0.0; rows * lanes];
        let (weights, given) = (rows(pieces), rows(examples));
        Self { intents, lanes, weights, bias: rows(1), given, scores: rows(1) }
    }

    /// The weights of each piece, in order: one for each intent.
    pub(super) fn weights(&self) -> impl Iterator<Item = &[f32]> {
        let of_intents = |row| <[f32]>::get(row, ..self.intents).unwrap_or_default();
        self.weights.chunks(self.lanes.max(1)).map(of_intents)
    }

    /// The bias of each intent.
    pub(super) fn bias(&self) -> &[f32] {
        self.bias.get(..self.intents).unwrap_or_default()
    }

    fn score(&mut self, example: &Example) {
        self.scores.clear();
        self.scores.extend_from_slice(&self.bias);
        for (row, value) in &example.pieces {
            if let Some(weights) = self.weights.get(row_of(*row as usize, self.lanes)) {
                add(&mut self.scores, *value, weights);
            }
        }
    }

    fn step(&mut self, at: usize, example: &Example) {
        self.score(example);
        if let Some(none) = self.scores.get_mut(self.intents..) {
            none.fill(f32::NEG_INFINITY);
        }
        to_probabilities(&mut self.scores, 1.0);
        // The loss bends by at most one half in any direction: a step this long overshoots none.
        let step = 1.0 / (1.0 + 0.5 * PULL * example.square);
        let Some(given) = self.given.get_mut(row_of(at, self.lanes)) else { return };
        for (intent, (score, given)) in self.scores.iter_mut().zip(given.iter_mut()).enumerate() {
            let wanted = f32::from(u8::from(intent == example.label)) - *score;
            let change = step * (wanted - *given);
            *given += change;
            *score = change * PULL;
        }
        for (row, value) in &example.pieces {
            if let Some(weights) = self.weights.get_mut(row_of(*row as usize, self.lanes)) {
                add(weights, *value, &self.scores);
            }
        }
        add(&mut self.bias, 1.0, &self.scores);
    }
}

/// Where a row stands.
fn row_of(row: usize, lanes: usize) -> std::ops::Range<usize> {
    row * lanes..(row + 1) * lanes
}

/// `into += factor * of`, lane by lane.
fn add(into: &mut [f32], factor: f32, of: &[f32]) {
    for (into, of) in into.iter_mut().zip(of) {
        *into += factor * of;
    }
}

/// Scores to probabilities, sharper for a greater `sharpness`.
pub(super) fn to_probabilities(scores: &mut [f32], sharpness: f32) {
    let most = scores.iter().copied().fold(f32::MIN, f32::max);
    for score in scores.iter_mut() {
        *score = exp(sharpness * (*score - most));
    }
    let sum: f32 = scores.iter().sum();
    for score in scores {
        *score /= sum;
    }
}

/// The factor of all scores at which these ones, each with the intent that it should be for, are
/// most likely.
fn sharpness(judged: &[(usize, Vec<f32>)]) -> f32 {
    let unlikely = |sharpness: f32| -> f64 {
        let mut sum = 0.0;
        for (label, scores) in judged {
            let mut scores = scores.clone();
            to_probabilities(&mut scores, sharpness);
            let right = scores.get(*label).copied().unwrap_or_default();
            sum -= f64::from(right.max(1e-6)).ln();
        }
        sum
    };
    let steps = (0..=20).map(|step| 0.25 * f32::powi(1.15, step));
    let best = steps.map(|step| (step, unlikely(step))).min_by(|(_, a), (_, b)| a.total_cmp(b));
    best.map_or(1.0, |(step, _)| step)
}

/// The same order every time.
fn shuffle(order: &mut [usize], dice: &mut u64) {
    for last in (1..order.len()).rev() {
        *dice = dice.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (*dice ^ (*dice >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        order.swap(last, ((mixed ^ (mixed >> 31)) % (last as u64 + 1)) as usize);
    }
}
