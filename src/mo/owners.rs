//! Numbers of ours to the accounts and bots that get what is sent to them.

use std::collections::HashMap;
use std::sync::Arc;

use super::bot::Version;
use super::{MoMessage, keyword};
use crate::message::dialect::MoSegments;
use crate::text::DefaultAlphabet;

/// The owner of each number.
#[derive(Clone, Debug, Default)]
pub struct Owners {
    by_number: HashMap<Box<[u8]>, Owner, foldhash::fast::FixedState>,
}

/// Who gets a message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Recipient {
    /// An account.
    Account {
        /// Which, by its place in the settings.
        account: u32,
        /// What it gets of a message of several segments.
        segments: MoSegments,
    },
    /// A bot of ours, which reads whole messages.
    Bot(Arc<Version>),
}

/// Who gets what is sent to one number.
#[derive(Clone, Debug, Default)]
pub struct Owner {
    /// Whoever no keyword names; all of it when there are none.
    pub default: Option<Recipient>,
    /// On a shared number: by the folded first word.
    keywords: Option<Arc<HashMap<String, Recipient>>>,
}

impl Owners {
    /// A table of numbers, with or without `+`, and their owners.
    #[must_use]
    pub fn new(numbers: impl IntoIterator<Item = (String, Owner)>) -> Self {
        let bare = |number: &str| number.strip_prefix('+').unwrap_or(number).as_bytes().into();
        let by_number = numbers.into_iter().map(|(number, owner)| (bare(&number), owner));
        Self { by_number: by_number.collect() }
    }

    /// The owner of this number, however carriers write it.
    #[must_use]
    pub fn of(&self, number: &[u8]) -> Option<&Owner> {
        self.by_number.get(number.strip_prefix(b"+").unwrap_or(number))
    }
}

impl Owner {
    /// One for all of it.
    #[must_use]
    pub fn of_all(recipient: Recipient) -> Self {
        Self { default: Some(recipient), keywords: None }
    }

    /// A shared number: words as they were written, each with who gets what begins with it. What
    /// is not a word is left out; of one that stands twice the last counts.
    #[must_use]
    pub fn shared<'w>(
        default: Option<Recipient>,
        words: impl IntoIterator<Item = (&'w str, Recipient)>,
    ) -> Self {
        let keyword = |(word, recipient)| Some((keyword::keyword(word)?, recipient));
        let keywords: HashMap<String, Recipient> = words.into_iter().filter_map(keyword).collect();
        Self { default, keywords: (!keywords.is_empty()).then(|| Arc::new(keywords)) }
    }

    /// Whether segments have to be put together before they can go on: the owner stands in the
    /// first one, or wants the whole.
    #[must_use]
    pub fn needs_whole(&self) -> bool {
        self.keywords.is_some() || self.default.as_ref().is_some_and(Recipient::wants_whole)
    }

    /// Who gets a message that begins with this segment; `None` is nobody, or that its first
    /// segment never came and nobody has the number as a whole. `zero` is what its carrier means
    /// by `data_coding` 0.
    #[must_use]
    pub fn of(&self, first: Option<&MoMessage>, zero: DefaultAlphabet) -> Option<&Recipient> {
        let Some(keywords) = &self.keywords else { return self.default.as_ref() };
        let word = first.and_then(|first| keyword::first_word(first, zero));
        word.and_then(|word| keywords.get(&word)).or(self.default.as_ref())
    }
}

impl Recipient {
    /// The account, where it is one.
    #[must_use]
    pub const fn account(&self) -> Option<u32> {
        match self {
            Self::Account { account, .. } => Some(*account),
            Self::Bot(_) => None,
        }
    }

    /// Whether it wants all segments of a message together.
    #[must_use]
    pub fn wants_whole(&self) -> bool {
        match self {
            Self::Account { segments, .. } => *segments == MoSegments::Payload,
            Self::Bot(_) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mo::message;

    const EACH: Recipient = Recipient::Account { account: 1, segments: MoSegments::Each };
    const WHOLE: Recipient = Recipient::Account { account: 2, segments: MoSegments::Payload };

    #[test]
    fn a_number_has_one_owner_with_or_without_a_plus() {
        let owners = Owners::new([
            ("36105".into(), Owner::of_all(EACH)),
            ("+33700000000".into(), Owner::of_all(WHOLE)),
        ]);
        let account = |number: &[u8]| owners.of(number)?.default.as_ref()?.account();
        assert_eq!(account(b"36105"), Some(1));
        assert_eq!(account(b"33700000000"), Some(2));
        assert_eq!(account(b"+33700000000"), Some(2));
        assert_eq!(account(b"3610"), None);
    }

    #[test]
    fn a_keyword_decides_and_the_number_itself_where_none_does() {
        let zero = DefaultAlphabet::Gsm7;
        let owner = Owner::shared(Some(EACH), [("Vote", WHOLE), ("two words", WHOLE)]);
        let of = |text: &[u8]| owner.of(Some(&message(0, text)), zero).cloned();
        assert_eq!(of(b"VOTE 3"), Some(WHOLE));
        assert_eq!(of(b"voter"), Some(EACH));
        assert_eq!(of(b"two words"), Some(EACH));
        assert_eq!(owner.of(None, zero), Some(&EACH));
        let owner = Owner::shared(None, [("Vote", WHOLE)]);
        assert_eq!(owner.of(Some(&message(0, b"hello")), zero), None);
        assert_eq!(owner.of(None, zero), None);
    }

    #[test]
    fn segments_are_held_back_only_where_somebody_needs_the_whole() {
        assert!(!Owner::of_all(EACH).needs_whole());
        assert!(Owner::of_all(WHOLE).needs_whole());
        assert!(Owner::shared(Some(EACH), [("x", EACH)]).needs_whole());
        assert!(!Owner::shared(Some(EACH), []).needs_whole());
        assert!(!Owner::default().needs_whole());
    }
}
