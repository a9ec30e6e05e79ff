//! A message to what its writer asks for: to stop, to go on, or for help.

use std::sync::LazyLock;

use super::class::*;
use super::lexicon::{Lexicon, Word, is_one_off};
use super::phrases::PHRASES;
use super::tokens::{TOKENS_MAX, Token, Tokens, hash, squeeze};
use crate::mo::MoMessage;
use crate::text::chars::Chars;
use crate::text::{Alphabet, DefaultAlphabet};

/// The words and phrases, ready to be looked up: made once, used by all.
#[derive(Debug)]
pub struct Keywords {
    lexicon: Lexicon,
}

/// What is known of the conversation besides the message.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Situation {
    /// The number it was sent to is one of the United States, where any reasonable wording counts
    /// and no question comes first (47 CFR 64.1200(a)(10)).
    pub united_states: bool,
    /// A question of ours waits for an answer, so that `ANNULER` may be one.
    pub question: bool,
}

/// What a message asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Heard {
    /// What.
    pub request: Request,
    /// How sure that is.
    pub certainty: Certainty,
    /// What says so: a word, or the name of a phrase.
    pub rule: &'static str,
    /// The language of the word that says it, where it is of one.
    pub language: Option<&'static str>,
}

/// What can be asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Request {
    /// No more of these texts.
    Stop,
    /// What this is, and how to end it.
    Help,
    /// These texts again.
    Start,
}

/// How sure it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Certainty {
    /// Nobody reasonable means something else.
    Certain,
    /// Most mean it so: nothing more is sent until they said.
    Probable,
}

/// A message as the judge sees it.
struct Message<'t> {
    tokens: &'t Tokens,
    classes: [Classes; TOKENS_MAX],
    words: usize,
    language: Option<&'static str>,
}

impl Default for Keywords {
    fn default() -> Self {
        Self { lexicon: Lexicon::new() }
    }
}

impl Keywords {
    /// Those of the tables, made when they are asked for first.
    pub fn shipped() -> &'static Self {
        static SHIPPED: LazyLock<Keywords> = LazyLock::new(Keywords::default);
        &SHIPPED
    }

    /// What a message asks for; `None` where it asks for none of these. `zero` is what its carrier
    /// means by `data_coding` 0.
    #[must_use]
    pub fn hear_mo(
        &self,
        message: &MoMessage,
        zero: DefaultAlphabet,
        situation: Situation,
    ) -> Option<Heard> {
        let (text, shifts) = message.text();
        let chars = Chars::new(text, Alphabet::of(message.data_coding, zero), shifts);
        self.hear(chars.map(|decoded| decoded.ch.unwrap_or(' ')), situation)
    }

    /// The same of a text.
    #[must_use]
    pub fn hear_text(&self, text: &str, situation: Situation) -> Option<Heard> {
        self.hear(text.chars(), situation)
    }

    fn hear(&self, chars: impl Iterator<Item = char>, situation: Situation) -> Option<Heard> {
        let tokens = Tokens::of(chars);
        let mut message = self.read(&tokens);
        let all = message.all();
        if let Some(rule) = self.bare(&mut message, all, situation) {
            return Some(message.heard(Request::Stop, Certainty::Certain, rule));
        }
        if let Some(heard) = message.asked(all, situation) {
            return Some(heard);
        }
        message.phrase(situation)
    }

    /// The classes of every word.
    fn read<'t>(&self, tokens: &'t Tokens) -> Message<'t> {
        let mut message = Message {
            tokens,
            classes: [0; TOKENS_MAX],
            words: tokens.as_slice().len(),
            language: None,
        };
        for (place, token) in message.classes.iter_mut().zip(tokens.as_slice()) {
            let word = match token.is_number {
                // Some numbers are names: 33700 is where spam is reported.
                true => self.lexicon.exact(token.hash).unwrap_or_default(),
                false => self.lexicon.of(tokens, token),
            };
            *place = word.classes | if token.is_number { DIGITS } else { 0 };
            if *place == 0 && !token.is_number {
                *place = self.glued(tokens.octets(token));
            }
            let decides = word.classes & DECIDES != 0 && !word.language.is_empty();
            message.language = message.language.or(decides.then_some(word.language));
        }
        self.spelt(&mut message);
        message
    }

    /// `stopsms`, `stopsvp`, `pleasestop`: the word and another one that may stand beside it.
    fn glued(&self, octets: &[u8]) -> Classes {
        let beside = FILLER | MSG | SEND | TEXTV | HARD | CONTACT | ME;
        let known = |rest: &[u8]| {
            let word = self.lexicon.exact(hash(squeeze(rest.iter().copied())));
            rest.len() > 1 && word.is_some_and(|word| word.classes & beside != 0)
        };
        let found = [&b"stop"[..], b"aret"].iter().any(|word| {
            // A letter that ends the one and begins the other was squeezed into one.
            let behind =
                |at: usize| octets.starts_with(word) && octets.get(at..).is_some_and(known);
            let before = octets.strip_suffix(*word).is_some_and(known);
            behind(word.len()) || behind(word.len() - 1) || before
        });
        if found { HARD | STOPV } else { 0 }
    }

    /// Letters with gaps, `s t o p`, are their word; the first takes its classes.
    fn spelt(&self, message: &mut Message<'_>) {
        let tokens = message.tokens.as_slice();
        let is_letter = |token: &Token| message.tokens.octets(token).len() == 1 && !token.is_number;
        let mut at = 0;
        while at < tokens.len() {
            let run = tokens.get(at..).unwrap_or_default();
            let run = run.iter().take_while(|token| is_letter(token)).count();
            let longest = (3..=run.min(16)).rev().find_map(|length| {
                let letters = tokens.get(at..at + length)?.iter();
                let letters = letters.flat_map(|token| message.tokens.octets(token)).copied();
                let word = self.lexicon.exact(hash(squeeze(letters)))?;
                (word.classes & (HARD | SOFT) != 0).then_some((length, word.classes))
            });
            if let Some((length, classes)) = longest {
                for place in message.classes.iter_mut().skip(at).take(length) {
                    *place = FILLER | POLITE;
                }
                if let Some(first) = message.classes.get_mut(at) {
                    *first = classes;
                }
                at += length;
            } else {
                at += run.max(1);
            }
        }
    }

    /// The rule by which the message, or a clause of it, is the word and no more.
    fn bare(
        &self,
        message: &mut Message<'_>,
        all: Classes,
        situation: Situation,
    ) -> Option<&'static str> {
        let classes = message.classes.get(..message.words).unwrap_or_default();
        let polite = POLITE | DIGITS | RUDE;
        let only = |word: Classes, beside: Classes| {
            let fits = |classes: &Classes| classes & (word | beside) != 0;
            classes.iter().all(fits) && classes.iter().any(|classes| classes & word != 0)
        };
        if only(HARD, FILLER | DIGITS | MSG | RUDE | PROMO) && all & PLACE == 0 {
            return Some("stop_word");
        }
        if only(SOLO | HARD, polite) || (classes.len() == 1 && all & SOLO != 0) {
            return Some("stop_word");
        }
        let soft = only(SOFT, polite & !DIGITS) || only(NO, RUDE);
        if soft && (situation.united_states || !situation.question) {
            let is_no = all & NO != 0;
            return (!is_no || !situation.united_states).then_some("soft_word");
        }
        if self.is_misspelt(message) {
            return Some("stop_misspelt");
        }
        if all & HARD == 0 {
            return None;
        }
        if message.clauses().any(|clause| clause.is_bare()) && all & (PLACE | ERR | START) == 0 {
            return Some("stop_clause");
        }
        let at_the_end = message.ends_so(all).then_some("stop_at_the_end");
        at_the_end.or_else(|| message.stands_out(all).then_some("stop_stands_out"))
    }

    /// One word, a letter off, or cut in two, and nothing else that says anything.
    fn is_misspelt(&self, message: &Message<'_>) -> bool {
        let tokens = message.tokens.as_slice();
        let classes = || tokens.iter().zip(&message.classes);
        let mut said = classes().filter(|(_, classes)| **classes & (POLITE | DIGITS | RUDE) == 0);
        if let (Some((token, 0)), None) = (said.next(), said.next())
            && self.lexicon.exact(token.hash).is_none()
        {
            let octets = message.tokens.octets(token);
            return [&b"stop"[..], b"aret", b"arete"].iter().any(|word| is_one_off(octets, word));
        }
        let letters = || classes().filter(|(token, _)| !token.is_number).map(|(token, _)| token);
        let length: usize = letters().map(|token| message.tokens.octets(token).len()).sum();
        if !(2..=5).contains(&letters().count()) || !(4..=14).contains(&length) {
            return false;
        }
        let whole =
            hash(squeeze(letters().flat_map(|token| message.tokens.octets(token)).copied()));
        self.lexicon.exact(whole).is_some_and(|word: Word| word.classes & HARD != 0)
    }
}

/// Part of a message between two signs.
struct Clause<'m> {
    classes: &'m [Classes],
    all: Classes,
}

impl Clause<'_> {
    /// Whether it is the word, with what may stand beside it.
    fn is_bare(&self) -> bool {
        let beside = HARD | FILLER | DIGITS | MSG | RUDE;
        self.all & HARD != 0 && self.classes.iter().all(|classes| classes & beside != 0)
    }
}

impl<'t> Message<'t> {
    fn all(&self) -> Classes {
        self.classes.iter().take(self.words).fold(0, |all, classes| all | classes)
    }

    fn heard(&self, request: Request, certainty: Certainty, rule: &'static str) -> Heard {
        Heard { request, certainty, rule, language: self.language }
    }

    /// HELP and START, alone or with what is polite.
    fn asked(&self, all: Classes, situation: Situation) -> Option<Heard> {
        let classes = self.classes.get(..self.words).unwrap_or_default();
        let only = |word: Classes| {
            let fits = |classes: &Classes| classes & (word | POLITE | DIGITS) != 0;
            all & word != 0 && classes.iter().all(fits)
        };
        let yes = situation.united_states && !situation.question && only(YES);
        let opt_in = classes.len() == 2
            && classes.first().is_some_and(|first| first & OPT != 0)
            && classes.last().is_some_and(|last| last & IN != 0);
        if only(START) || yes || opt_in {
            return Some(self.heard(Request::Start, Certainty::Certain, "start_word"));
        }
        only(HELP).then(|| self.heard(Request::Help, Certainty::Certain, "help_word"))
    }

    /// The surest phrase of all clauses.
    fn phrase(&self, situation: Situation) -> Option<Heard> {
        let mut probable = None;
        for clause in self.clauses() {
            for phrase in PHRASES {
                if (phrase.is_us && !situation.united_states)
                    || (probable.is_some() && phrase.is_probable)
                    || !phrase.matches(clause.classes, clause.all, self.tokens.asks)
                {
                    continue;
                }
                let us = situation.united_states;
                if us || !phrase.is_probable {
                    return Some(self.heard(Request::Stop, Certainty::Certain, phrase.name));
                }
                probable = Some(self.heard(Request::Stop, Certainty::Probable, phrase.name));
            }
        }
        probable
    }

    /// A word that stops, in capitals or quotation marks among others that are not.
    fn stands_out(&self, all: Classes) -> bool {
        let no = ERR | START | WHY | PLACE | UNTIL;
        if all & no != 0 || self.tokens.asks || self.tokens.lower < 3 {
            return false;
        }
        let tokens = self.tokens.as_slice();
        let places = tokens.iter().zip(&self.classes).enumerate();
        let mut out = places.filter(|(_, (token, classes))| {
            (token.is_caps || token.is_quoted) && *classes & HARD != 0
        });
        out.any(|(at, _)| {
            let before = at.checked_sub(1).and_then(|at| self.classes.get(at)).copied();
            let after = self.classes.get(at + 1).copied().unwrap_or_default();
            before.unwrap_or_default() & (NEGV | CANT) == 0 && after & (BIZ | PAS) == 0
        })
    }

    /// A few words, the last of them one that stops and no noun of the others: `arnaque stop`.
    fn ends_so(&self, all: Classes) -> bool {
        let no = ERR | START | WHY | PLACE | UNTIL | BIZ | NEGV | CANT | NO;
        let classes = self.classes.get(..self.words).unwrap_or_default();
        let [.., before, last] = classes else { return false };
        let is_noun = before & (FILLER | OFF | TO | AUX | ME | MORE | HOW) != 0;
        classes.len() <= 4 && last & HARD != 0 && all & no == 0 && !is_noun && !self.tokens.asks
    }

    fn clauses(&self) -> impl Iterator<Item = Clause<'_>> {
        let tokens = self.tokens.as_slice();
        let mut start = 0;
        std::iter::from_fn(move || {
            let rest = tokens.get(start..)?;
            let length = rest.iter().position(|token| token.ends).map(|at| at + 1)?;
            let classes = self.classes.get(start..start + length)?;
            start += length;
            Some(Clause { classes, all: classes.iter().fold(0, |all, classes| all | classes) })
        })
    }
}
