//! A text to the intent that its writer had, or to none.
//!
//! ```text
//!   text --fold--> words --features--> hashes --vocabulary--> rows of weights --> confidence
//! ```
//!
//! A model is trained when a bot is loaded, from the examples of its file and nothing else: a
//! multinomial logistic regression on runs of letters and on words, in its dual, where each step
//! is exact and there is no rate to choose. The same examples in the same order give the same
//! model. A confidence is a probability: it is fitted to what each example would get from a model
//! that had not seen it. Pieces that no example has lower it, so that a text about something else
//! gets little, whatever it is about.
//!
//! Deliberately absent: word vectors, anything that is downloaded, and an intent "other": what is
//! out of scope cannot be listed.

mod eval;
mod exp;
mod features;
mod fold;
mod model;
mod sms_words;
mod train;
mod vocabulary;

#[cfg(test)]
mod tests;

pub use eval::{Confusion, Evaluation, IntentFigures, Judged, LabelledText, folds};
pub use fold::plain;
pub use model::{Guess, Intents, Scratch};
pub use train::{TooMany, train};

/// Most intents of one bot.
pub const INTENTS_MAX: usize = 512;

/// Most examples of one bot: while it is trained, an example takes up to five kilobytes. The
/// largest public set that it was measured on has 13,084.
pub const EXAMPLES_MAX: usize = 20_000;

/// From this confidence on an intent is acted on, where a bot does not say otherwise. A model
/// calls even what nine of ten right guesses about examples that it had not seen are above.
pub const ACCEPT: f32 = 0.5;

/// From this confidence on a bot asks whether an intent was meant.
pub const UNSURE: f32 = 0.25;
