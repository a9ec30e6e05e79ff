//! The words of the tables, found by their hash, with one letter wrong too.
//!
//! A word with a letter wrong shares what is left of it with the right one when each lacks a
//! letter. What is left of every word is therefore listed once, and a look-up takes as many
//! comparisons as the word that was typed has letters: no automaton is built per message.

use std::collections::HashMap;

use super::class::{BIZ, Classes, FILLER, FUZZY, HARD, POLITE};
use super::tokens::{Token, Tokens, hash, squeeze};
use super::words::{BESIDE, BUSINESS, DECIDING, FILLERS, PLAIN, POLITE as POLITES};

type Map<V> = HashMap<u64, V, foldhash::fast::FixedState>;

/// Every word there is.
#[derive(Debug)]
pub(super) struct Lexicon {
    words: Map<Word>,
    /// What is left of a word without one of its letters, to where its entries stand.
    left: Map<(u32, u32)>,
    entries: Vec<Entry>,
}

/// A word.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Word {
    pub classes: Classes,
    /// What it is of, if it decides alone; empty is any.
    pub language: &'static str,
}

/// A word without one letter.
#[derive(Clone, Copy, Debug)]
struct Entry {
    word: u64,
    at: u8,
    letter: u8,
}

/// The least letters, repeated ones once, of a word that is also known with one wrong.
const FUZZY_MIN: usize = 6;
/// The same for words that stop by themselves.
const FUZZY_HARD_MIN: usize = 5;
/// The most letters of a word that may be one with a letter wrong.
const FUZZY_MAX: usize = 18;

impl Lexicon {
    /// That of the tables.
    pub fn new() -> Self {
        let mut words: Map<Word> = Map::default();
        let mut fuzzy: Vec<(u64, Vec<u8>)> = Vec::new();
        let mut add = |classes: Classes, language: &'static str, listed: &str| {
            for written in listed.split_whitespace() {
                let token = Tokens::of(written.chars());
                let Some(one) = token.as_slice().first() else { continue };
                let word = words.entry(one.hash).or_default();
                word.classes |= classes;
                if classes & super::class::DECIDES != 0 {
                    word.language = language;
                }
                fuzzy.push((one.hash, token.octets(one).to_vec()));
            }
        };
        DECIDING.iter().for_each(|(classes, language, listed)| add(*classes, language, listed));
        BESIDE.iter().for_each(|(classes, listed)| add(*classes, "", listed));
        for (classes, lists) in [(BIZ, BUSINESS), (FILLER, FILLERS), (FILLER | POLITE, POLITES)] {
            lists.iter().for_each(|listed| add(classes, "", listed));
        }
        PLAIN.iter().for_each(|listed| add(0, "", listed));
        let (left, entries) = left(&words, fuzzy);
        Self { words, left, entries }
    }

    /// The word that hashes to this, exactly.
    pub fn exact(&self, hash: u64) -> Option<Word> {
        self.words.get(&hash).copied()
    }

    /// What a word of a message is.
    pub fn of(&self, tokens: &Tokens, token: &Token) -> Word {
        if let Some(word) = self.exact(token.hash) {
            return word;
        }
        let octets = tokens.octets(token);
        if token.is_mixed {
            return self.mixed(octets);
        }
        self.near(octets).unwrap_or_default()
    }

    /// Letters among digits: `5T0P`, or `stop36111`.
    fn mixed(&self, octets: &[u8]) -> Word {
        let letters = octets.iter().map(|octet| match octet {
            b'0' => b'o',
            b'1' => b'i',
            b'3' => b'e',
            b'4' => b'a',
            b'5' => b's',
            b'7' => b't',
            other => *other,
        });
        let read = self.exact(hash(squeeze(letters)));
        let read = read.filter(|word| word.classes & HARD != 0);
        let alone = || {
            let is_digit = |octet: &u8| octet.is_ascii_digit();
            let start = octets.iter().take_while(|octet| is_digit(octet)).count();
            let letters = octets.get(start..).unwrap_or_default();
            let end = letters.iter().take_while(|octet| !is_digit(octet)).count();
            self.exact(hash(letters.iter().copied().take(end)))
        };
        read.or_else(alone).unwrap_or_default()
    }

    /// The word of [`FUZZY`] that this one is with a letter more, fewer, another, or two exchanged.
    /// Its first letter is right: people rarely miss it, and other words differ there.
    fn near(&self, typed: &[u8]) -> Option<Word> {
        let long = (FUZZY_HARD_MIN - 1..=FUZZY_MAX).contains(&typed.len());
        if !long || !typed.iter().all(u8::is_ascii_lowercase) {
            return None;
        }
        let known = |word: u64| self.exact(word);
        // A letter fewer.
        if let Some(entry) = self.left_of(hash(typed.iter().copied())).first() {
            return known(entry.word);
        }
        for (at, letter) in typed.iter().copied().enumerate().skip(1) {
            let without = || without(typed, at);
            let shorter = hash(squeeze(without()));
            // A letter more.
            if let Some(word) = known(shorter)
                && word.classes & FUZZY != 0
                && typed.len() > FUZZY_MIN
            {
                return Some(word);
            }
            let same = |entry: &&Entry| {
                let place = usize::from(entry.at);
                place == at || (place.abs_diff(at) == 1 && entry.letter == letter)
            };
            if let Some(entry) = self.left_of(hash(without())).iter().find(same) {
                return known(entry.word);
            }
        }
        None
    }

    fn left_of(&self, hash: u64) -> &[Entry] {
        let Some((start, end)) = self.left.get(&hash) else { return &[] };
        self.entries.get(*start as usize..*end as usize).unwrap_or_default()
    }
}

/// What is left of each word without each of its letters but the first.
fn left(words: &Map<Word>, fuzzy: Vec<(u64, Vec<u8>)>) -> (Map<(u32, u32)>, Vec<Entry>) {
    let mut all: Vec<(u64, Entry)> = Vec::new();
    for (word, octets) in fuzzy {
        let classes = words.get(&word).map_or(0, |word| word.classes);
        let min = if classes & HARD != 0 { FUZZY_HARD_MIN } else { FUZZY_MIN };
        let long = (min..=FUZZY_MAX).contains(&octets.len());
        if classes & FUZZY == 0 || !long || !octets.iter().all(u8::is_ascii_lowercase) {
            continue;
        }
        for (at, letter) in octets.iter().copied().enumerate().skip(1) {
            let entry = Entry { word, at: at as u8, letter }; // Below FUZZY_MAX.
            all.push((hash(without(&octets, at)), entry));
        }
    }
    all.sort_by_key(|(left, entry)| (*left, entry.word, entry.at));
    let mut left: Map<(u32, u32)> = Map::default();
    for (at, (hash, _)) in all.iter().enumerate() {
        let place = left.entry(*hash).or_insert((at as u32, at as u32));
        place.1 = at as u32 + 1;
    }
    (left, all.into_iter().map(|(_, entry)| entry).collect())
}

fn without(octets: &[u8], at: usize) -> impl Iterator<Item = u8> {
    octets.iter().enumerate().filter(move |(place, _)| *place != at).map(|(_, octet)| *octet)
}

/// Whether `typed` is `word` with a letter more, fewer, another, or two neighbours exchanged.
pub(super) fn is_one_off(typed: &[u8], word: &[u8]) -> bool {
    let same = typed.iter().zip(word).take_while(|(one, other)| one == other).count();
    let (typed, word) = (typed.get(same..).unwrap_or(&[]), word.get(same..).unwrap_or(&[]));
    match (typed, word) {
        ([], []) => false,
        ([_, typed @ ..], word) if typed == word => true,
        (typed, [_, word @ ..]) if typed == word => true,
        ([_, typed @ ..], [_, word @ ..]) if typed == word => true,
        ([a, b, typed @ ..], [c, d, word @ ..]) => a == d && b == c && typed == word,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::class::{CONTACT, MSG, RECV, SEND, UNSUB};
    use super::*;

    fn classes(lexicon: &Lexicon, text: &str) -> Classes {
        let tokens = Tokens::of(text.chars());
        lexicon.of(&tokens, &tokens.as_slice()[0]).classes
    }

    #[test]
    fn a_word_is_known_with_one_letter_wrong() {
        let lexicon = Lexicon::new();
        let words = [
            ("unsuscribe", UNSUB), // fewer
            ("unsubscribee", UNSUB),
            ("unsubscrjbe", UNSUB), // another
            ("unsubcsribe", UNSUB), // exchanged
            ("désabonement", UNSUB),
            ("recevior", RECV),
            ("mesagge", MSG),
            ("envoyyer", SEND),
            ("contacer", CONTACT),
            ("arrettez", HARD),
        ];
        for (word, class) in words {
            assert_ne!(classes(&lexicon, word) & class, 0, "{word}");
        }
        for word in ["massage", "contract", "spending", "renvoyer", "cancer", "arrivez", "tests"] {
            assert_eq!(classes(&lexicon, word) & FUZZY, 0, "{word}");
        }
    }

    #[test]
    fn letters_among_digits_are_read_as_what_they_look_like_or_alone() {
        let lexicon = Lexicon::new();
        for word in ["5T0P", "st0p", "STOP36111", "36111stop", "4rret"] {
            assert_ne!(classes(&lexicon, word) & HARD, 0, "{word}");
        }
        for word in ["4x4", "b2b", "mp3", "5top5top5"] {
            assert_eq!(classes(&lexicon, word) & HARD, 0, "{word}");
        }
    }

    #[test]
    fn one_off_is_one_letter() {
        for typed in ["stp", "stopp", "stip", "sotp", "top", "stopx", "astop", "stpo"] {
            assert!(is_one_off(typed.as_bytes(), b"stop"), "{typed}");
        }
        for typed in ["stop", "start", "st", "pots", "stopxy", "", "sxxp"] {
            assert!(!is_one_off(typed.as_bytes(), b"stop"), "{typed}");
        }
    }
}
