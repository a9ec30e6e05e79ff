//! What each handset has chosen: the set that is asked on every message's way.
//!
//! It holds no more than it takes to answer: 24 octets an entry and a place of four in the index,
//! at most 64 an entry whenever it has grown. Entries stay where they are put, so that a checkpoint
//! can be taken of a part at a time while others come.

use std::time::Duration;

use super::ledger::Source;

/// Whom a choice is about: what an opt-out stops, and a consent allows.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Scope(u64);

/// How far an opt-out reaches.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Reach {
    /// This sender.
    Sender,
    /// The service that the sender belongs to.
    Service,
    /// The brand that the sender belongs to.
    #[default]
    Brand,
    /// All that is sent by this engine.
    All,
}

/// A handset, as a number: up to 18 digits.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Handset(u64);

/// What was chosen.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Choice {
    /// To get these messages.
    In,
    /// To get none.
    Out,
    /// To get none until then, as wall time since 1970 in seconds.
    PausedUntil(u32),
}

/// One choice.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Chosen {
    /// By whom.
    pub handset: Handset,
    /// About what.
    pub scope: Scope,
    /// What.
    pub choice: Choice,
    /// When, in seconds of wall time since 1970.
    pub at_s: u32,
    /// Where it was told.
    pub source: Source,
}

/// All choices of the handsets of one owner.
#[derive(Clone, Debug, Default)]
pub struct Choices {
    entries: Vec<Entry>,
    /// Places of entries plus one, by their hash; 0 is none. A power of two, at most three quarters
    /// full.
    index: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    handset: u64,
    scope: u64,
    at_s: u32,
    /// 0 out, 1 in, else paused until this, in minutes; in the highest four bits the number of the
    /// source.
    choice: u32,
}

const _: () = assert!(size_of::<Entry>() == 24);

/// The bits of the choice itself: minutes until the year 2480.
const CHOICE: u32 = (1 << SOURCE_SHIFT) - 1;
const SOURCE_SHIFT: u32 = 28;

/// Most entries: places are 32 bits, and memory at it is known, 240 GB. Behind it a choice is not
/// taken, and whoever tells is told.
pub const CHOICES_MAX: usize = u32::MAX as usize - 1;
/// Places of the first index.
const FIRST: usize = 16;

impl Scope {
    /// Everything.
    pub const ALL: Self = Self(0);

    /// What this reach takes in of a sender, whose service and brand are these; an empty name of a
    /// service or brand is the sender itself.
    #[must_use]
    pub fn new(reach: Reach, sender: &[u8], service: &str, brand: &str) -> Self {
        match reach {
            Reach::All => Self::ALL,
            Reach::Brand if !brand.is_empty() => Self::named(b'b', brand.as_bytes()),
            Reach::Service if !service.is_empty() => Self::named(b's', service.as_bytes()),
            Reach::Sender | Reach::Service | Reach::Brand => Self::named(b'n', sender),
        }
    }

    /// The one that a number stands for, which [`Scope::number`] gave.
    #[must_use]
    pub const fn from_number(number: u64) -> Self {
        Self(number)
    }

    /// A number that stands for it, in later processes too.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }

    /// FNV-1a: the same in every version.
    fn named(kind: u8, name: &[u8]) -> Self {
        let octets = std::iter::once(&kind).chain(name);
        let hash = octets.fold(0xcbf2_9ce4_8422_2325_u64, |hash, octet| {
            (hash ^ u64::from(*octet)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(hash.max(1))
    }
}

impl Reach {
    /// The one of a message's scopes that is as far as this.
    #[must_use]
    pub const fn among(self, scopes: &[Scope; 4]) -> Scope {
        let [sender, service, brand, all] = *scopes;
        match self {
            Self::Sender => sender,
            Self::Service => service,
            Self::Brand => brand,
            Self::All => all,
        }
    }
}

impl Handset {
    /// The handset of a number, with or without `+`; `None` when it is no number, or one of more
    /// digits than any has.
    #[must_use]
    pub fn of(number: &[u8]) -> Option<Self> {
        let digits = number.strip_prefix(b"+").unwrap_or(number);
        if !(1..=18).contains(&digits.len()) || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        // A one in front keeps the zeros that stand first.
        Some(Self(digits.iter().fold(1, |all, digit| all * 10 + u64::from(digit - b'0'))))
    }

    /// Its digits.
    #[must_use]
    pub fn digits(self) -> String {
        self.0.to_string().split_off(1)
    }

    /// A number that stands for it.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The one that a number stands for, which [`Handset::number`] gave.
    #[must_use]
    pub const fn from_number(number: u64) -> Self {
        Self(if number < 10 { 10 } else { number })
    }
}

impl Choices {
    /// Takes a choice in the place of an earlier one of the same scope; `false` when there is no
    /// room for it, and when it is what was chosen already.
    pub fn choose(&mut self, chosen: Chosen) -> bool {
        let entry = Entry {
            handset: chosen.handset.0,
            scope: chosen.scope.0,
            at_s: chosen.at_s,
            choice: u32::from(chosen.source.number()) << SOURCE_SHIFT
                | match chosen.choice {
                    Choice::Out => 0,
                    Choice::In => 1,
                    Choice::PausedUntil(until_s) => until_s.div_ceil(60).clamp(2, CHOICE),
                },
        };
        if let Some(place) = self.find(chosen.handset, chosen.scope)
            && let Some(known) = self.entries.get_mut(place)
        {
            let is_new = known.choice & CHOICE != entry.choice & CHOICE;
            // The same again is of its newer time.
            if is_new || entry.at_s > known.at_s {
                *known = entry;
            }
            return is_new;
        }
        if self.entries.len() >= CHOICES_MAX {
            return false;
        }
        if (self.entries.len() + 1) * 4 > self.index.len() * 3 {
            self.grow();
        }
        self.entries.push(entry);
        self.enter(self.entries.len() - 1);
        true
    }

    /// What a handset has chosen of one scope.
    #[must_use]
    pub fn of(&self, handset: Handset, scope: Scope) -> Option<Chosen> {
        self.entries.get(self.find(handset, scope)?).map(chosen)
    }

    /// What it has chosen of these scopes together, at this time: one opt-out is enough, and one
    /// consent where there is none.
    #[must_use]
    pub fn among(&self, handset: Handset, scopes: &[Scope], wall: Duration) -> Option<Choice> {
        if self.entries.is_empty() {
            return None;
        }
        let mut found = None;
        for scope in scopes {
            match self.of(handset, *scope).map(|chosen| chosen.choice) {
                Some(Choice::Out) => return Some(Choice::Out),
                Some(Choice::PausedUntil(until_s)) if u64::from(until_s) > wall.as_secs() => {
                    found = Some(Choice::PausedUntil(until_s));
                }
                Some(Choice::In) if found.is_none() => found = Some(Choice::In),
                _ => {}
            }
        }
        found
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The one at this place; places are given one behind the other, and stay.
    #[must_use]
    pub fn at(&self, place: usize) -> Option<Chosen> {
        self.entries.get(place).map(chosen)
    }

    /// Octets that it takes of memory.
    #[must_use]
    pub fn octets(&self) -> usize {
        self.entries.capacity() * size_of::<Entry>() + self.index.capacity() * size_of::<u32>()
    }

    fn find(&self, handset: Handset, scope: Scope) -> Option<usize> {
        let mask = self.index.len().checked_sub(1)?;
        let mut at = hash(handset.0, scope.0) as usize & mask;
        loop {
            // There is an empty place: at most three quarters are taken.
            let place = self.index.get(at)?.checked_sub(1)? as usize;
            let entry = self.entries.get(place)?;
            if (entry.handset, entry.scope) == (handset.0, scope.0) {
                return Some(place);
            }
            at = (at + 1) & mask;
        }
    }

    fn grow(&mut self) {
        let places = (self.index.len() * 2).max(FIRST);
        self.index = vec![0; places];
        (0..self.entries.len()).for_each(|place| self.enter(place));
    }

    fn enter(&mut self, place: usize) {
        let Some(entry) = self.entries.get(place) else { return };
        let mask = self.index.len() - 1;
        let mut at = hash(entry.handset, entry.scope) as usize & mask;
        while self.index.get(at).is_some_and(|taken| *taken != 0) {
            at = (at + 1) & mask;
        }
        if let Some(free) = self.index.get_mut(at) {
            *free = place as u32 + 1; // Below CHOICES_MAX.
        }
    }
}

fn chosen(entry: &Entry) -> Chosen {
    let choice = match entry.choice & CHOICE {
        0 => Choice::Out,
        1 => Choice::In,
        minutes => Choice::PausedUntil(minutes.saturating_mul(60)),
    };
    let (handset, scope) = (Handset(entry.handset), Scope(entry.scope));
    let source = Source::from_number((entry.choice >> SOURCE_SHIFT) as u8);
    let source = source.unwrap_or(Source::Keyword); // It was one that has a number.
    Chosen { handset, scope, choice, at_s: entry.at_s, source }
}

/// Numbers that follow each other come to lie far apart.
fn hash(handset: u64, scope: u64) -> u64 {
    let mixed = (handset ^ scope.rotate_left(32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 20
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    fn chosen(handset: u64, scope: u64, choice: Choice) -> Chosen {
        let (handset, scope) = (Handset(handset), Scope(scope));
        Chosen { handset, scope, choice, at_s: 7, source: Source::WebForm }
    }

    #[test]
    fn a_handset_is_its_digits() {
        for number in ["33612345678", "0612345678", "000", "999999999999999999"] {
            let handset = Handset::of(number.as_bytes()).unwrap();
            assert_eq!(handset.digits(), number);
            assert_eq!(Handset::from_number(handset.number()), handset);
        }
        assert_eq!(Handset::of(b"+33612345678"), Handset::of(b"33612345678"));
        assert_ne!(Handset::of(b"0612345678"), Handset::of(b"612345678"));
        for wrong in ["", "+", "Shop", "1234567890123456789", "33 6"] {
            assert_eq!(Handset::of(wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn a_scope_takes_in_what_its_reach_says() {
        let scope = |reach, sender: &str, service, brand| {
            Scope::new(reach, sender.as_bytes(), service, brand)
        };
        assert_eq!(scope(Reach::Brand, "36105", "", "shop"), scope(Reach::Brand, "x", "s", "shop"));
        assert_ne!(scope(Reach::Brand, "1", "", "shop"), scope(Reach::Service, "1", "shop", ""));
        assert_eq!(scope(Reach::Brand, "1", "", ""), scope(Reach::Sender, "1", "", "shop"));
        assert_eq!(scope(Reach::All, "1", "a", "b"), Scope::ALL);
    }

    #[test]
    fn one_opt_out_is_enough_and_a_pause_ends() {
        let mut choices = Choices::default();
        let (handset, scopes) = (Handset(33), [Scope(1), Scope(2)]);
        let among = |choices: &Choices, s| choices.among(handset, &scopes, Duration::from_secs(s));
        assert_eq!(among(&choices, 0), None);
        assert!(choices.choose(chosen(33, 1, Choice::In)));
        assert!(!choices.choose(chosen(33, 1, Choice::In)), "it is that already");
        assert_eq!(among(&choices, 0), Some(Choice::In));
        assert!(choices.choose(chosen(33, 2, Choice::PausedUntil(600))));
        assert_eq!(among(&choices, 599), Some(Choice::PausedUntil(600)));
        assert_eq!(among(&choices, 600), Some(Choice::In));
        assert!(choices.choose(chosen(33, 2, Choice::Out)));
        assert_eq!(among(&choices, 0), Some(Choice::Out));
        assert_eq!(choices.len(), 2);
    }

    proptest! {
        #[test]
        fn it_is_a_map(
            steps in prop::collection::vec((0_u64..40, 0_u64..3, any::<bool>()), 0..300),
        ) {
            let (mut choices, mut model) = (Choices::default(), HashMap::new());
            for (handset, scope, out) in steps {
                let choice = if out { Choice::Out } else { Choice::In };
                let before = model.insert((handset, scope), choice);
                let is_new = choices.choose(chosen(handset, scope, choice));
                prop_assert_eq!(is_new, before != Some(choice));
            }
            prop_assert_eq!(choices.len(), model.len());
            for ((handset, scope), choice) in &model {
                let found = choices.of(Handset(*handset), Scope(*scope)).unwrap();
                prop_assert_eq!(found, chosen(*handset, *scope, *choice));
            }
            let walked = (0..choices.len()).filter_map(|place| choices.at(place)).count();
            prop_assert_eq!(walked, model.len());
        }
    }

    #[test]
    fn an_entry_takes_at_most_64_octets_whenever_it_has_grown() {
        let mut choices = Choices::default();
        let mut most = 0.0_f64;
        for number in 0..300_000_u64 {
            choices.choose(chosen(33_600_000_000 + number, number % 2, Choice::Out));
            if number >= 64 {
                most = most.max(choices.octets() as f64 / choices.len() as f64);
            }
        }
        assert!(most <= 64.0, "{most} octets");
    }
}
