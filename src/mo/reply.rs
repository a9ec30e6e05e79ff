//! What the engine itself answers a handset, and to whom it says nothing.
//!
//! A reply goes from the number that was written to back to the handset, as a message of no
//! account. Numbers of ours are never answered: two bots would talk to each other for ever.

mod texts;

use std::collections::HashMap;

use super::keyword::Request;
use crate::mo::conversation::filled;
use crate::wire::Address;

/// Something that the engine says.
#[derive(Clone, Copy, Debug)]
pub struct Reply<'r> {
    /// The number of ours that it is from.
    pub from: &'r Address,
    /// The handset.
    pub to: &'r Address,
    /// What is said.
    pub text: &'r str,
    /// The carrier that brought what it answers, by its place: the way where no route says another.
    pub carrier: u32,
}

/// What became of a reply.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fate {
    /// It is a message like any other from here on.
    Said,
    /// Too many went to this handset, or it is a number of ours or a service: it is a machine.
    Looped,
    /// No carrier takes it, or a queue is full.
    Refused,
}

impl Fate {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Said, Self::Looped, Self::Refused];

    /// Its name in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Said => "said",
            Self::Looped => "loop",
            Self::Refused => "refused",
        }
    }
}

/// What one of our numbers answers by itself.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// The number, as the sender of what it says.
    pub sender: Address,
    /// The brand it speaks for; empty is none.
    pub brand: String,
    /// What it says in the place of the texts that stand here.
    pub texts: Texts,
}

/// What is said to a STOP, a HELP and a START. An empty text is silence, and of HELP leaves the
/// message to the owner of the number.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Texts {
    /// To one that the engine heard and that is news.
    pub stop: Option<String>,
    /// To HELP, AIDE, INFO and the like.
    pub help: Option<String>,
    /// To one who had opted out.
    pub start: Option<String>,
}

/// What each of our numbers answers.
#[derive(Clone, Debug, Default)]
pub struct Answering {
    numbers: HashMap<Box<[u8]>, Answers, foldhash::fast::FixedState>,
}

impl Answering {
    /// Of numbers by their address without `+`.
    #[must_use]
    pub fn new(numbers: impl IntoIterator<Item = (String, Answers)>) -> Self {
        let numbers = numbers.into_iter().map(|(number, own)| (number.into_bytes().into(), own));
        Self { numbers: numbers.collect() }
    }

    /// What a number answers; `None` when it is none of ours.
    #[must_use]
    pub fn of(&self, number: &[u8]) -> Option<&Answers> {
        self.numbers.get(number.strip_prefix(b"+").unwrap_or(number))
    }
}

impl Answers {
    /// What it says to this request, in the language of the word that asked or else of the
    /// handset's country; `None` is nothing.
    #[must_use]
    pub fn text(&self, request: Request, language: Option<&str>, handset: &[u8]) -> Option<String> {
        let own = match request {
            Request::Stop => &self.texts.stop,
            Request::Help => &self.texts.help,
            Request::Start => &self.texts.start,
        };
        let brand =
            |name: &str| (name == "brand" && !self.brand.is_empty()).then(|| self.brand.clone());
        let text = match own {
            Some(own) => own.as_str(),
            None => texts::of(request, language, handset),
        };
        Some(filled(text, brand)).filter(|text| !text.trim().is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{TextOptions, TextPlan};

    const REQUESTS: [Request; 3] = [Request::Stop, Request::Help, Request::Start];

    #[test]
    fn every_text_is_one_segment_with_and_without_a_brand() {
        for brand in ["", "A brand of twenty ch"] {
            let answers = Answers { brand: brand.to_owned(), ..Answers::default() };
            for language in texts::LANGUAGES {
                for request in REQUESTS {
                    let text = answers.text(request, Some(language), b"1").unwrap();
                    let plan = TextPlan::of(&text, &TextOptions::default()).unwrap();
                    assert_eq!((plan.plan.segments(), plan.forced_by), (1, None), "{text}");
                    assert!(!text.contains(['{', '|', '}']), "{text}");
                    let named = brand.is_empty() || text.contains(brand);
                    assert!(named, "{text}");
                }
            }
        }
    }

    #[test]
    fn the_word_says_the_language_and_else_the_country_of_the_handset() {
        let answers = Answers::default();
        let stop = |language, handset: &[u8]| answers.text(Request::Stop, language, handset);
        let french = stop(Some("fr"), b"14155550100");
        assert_eq!(french, stop(None, b"33612345678"));
        assert_eq!(french, stop(None, b"+262692123456"));
        assert_ne!(french, stop(Some("en"), b"33612345678"));
        assert_eq!(stop(None, b"4915112345678"), stop(Some("de"), b"1"));
        // One that has no text here.
        assert_eq!(stop(Some("cs"), b"420601123456"), stop(Some("en"), b"1"));
        assert_eq!(stop(Some("cs"), b"33612345678"), french);
    }

    #[test]
    fn a_number_may_say_it_otherwise_or_not_at_all() {
        let texts = Texts {
            stop: Some("Bye from {brand}.".to_owned()),
            help: Some(String::new()),
            start: None,
        };
        let answers = Answers { brand: "Acme".to_owned(), texts, ..Answers::default() };
        let text = |request| answers.text(request, None, b"33612345678");
        assert_eq!(text(Request::Stop).as_deref(), Some("Bye from Acme."));
        assert_eq!(text(Request::Help), None);
        assert!(text(Request::Start).unwrap().contains("Acme"));
    }
}
