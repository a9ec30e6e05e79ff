//! Texts to what their writers ask for: the first word that names an owner, and above it STOP,
//! HELP and START in every wording.
//!
//! ```text
//!   characters --> tokens: folded, squeezed words --> lexicon: classes of words
//!                                                         |
//!            Heard { stop | help | start } <-- the word alone, else a phrase of classes
//! ```
//!
//! Nobody trains it and nothing is random: what it hears is a row of a table. It allocates nothing
//! after the tables are made.

mod class;
mod first;
mod fold;
mod hearing;
mod lexicon;
mod phrases;
mod tokens;
mod words;

#[cfg(test)]
mod tests;

pub use first::{first_word, keyword};
pub use hearing::{Certainty, Heard, Keywords, Request, Situation};
