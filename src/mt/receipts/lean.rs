//! Which notation a carrier's receipts have matched in so far.

use super::IdKeys;

/// What was learnt of one carrier. Only ids that differ between notations teach anything, and only
/// matches whose destination agreed get here.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lean {
    favourite: usize,
    matches: u8,
}

impl Lean {
    /// From so many matches on the other notations are only tried when a receipt's time to wait is
    /// over: in them an id may by chance be another message's.
    const SURE: u8 = 4;
    /// A carrier that changes its notation is followed after as many matches in another.
    const MAX: u8 = 8;

    /// The keys that deserve a look at once, the likeliest first.
    ///
    /// They are made as they are taken: the first nearly always finds its message.
    pub fn keys(self, keys: &IdKeys) -> impl Iterator<Item = (usize, u64)> + use<'_> {
        let favourite = keys.of(self.favourite).map(|key| (self.favourite, key));
        let sure = self.matches >= Self::SURE && favourite.is_some();
        let others = (!sure).then(|| keys.iter()).into_iter().flatten();
        let others = others.filter(move |(notation, _)| *notation != self.favourite);
        favourite.into_iter().chain(others)
    }

    /// Whether another match in this notation would teach nothing.
    #[must_use]
    pub fn is_certain_of(self, notation: usize) -> bool {
        notation == self.favourite && self.matches == Self::MAX
    }

    /// A match in this notation; whether it has just made sure.
    pub fn learn(&mut self, notation: usize) -> bool {
        if notation != self.favourite && self.matches > 0 {
            self.matches -= 1;
            return false;
        }
        self.favourite = notation;
        self.matches = (self.matches + 1).min(Self::MAX);
        self.matches == Self::SURE
    }
}
