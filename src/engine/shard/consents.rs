//! What handsets chose, as an operator tells and asks it.

use super::{Effects, Shard};
use crate::clock::{self, Now};
use crate::mt::policy::{Choice, Chosen, Handset, Scope};

impl<L: Clone> Shard<L> {
    /// Takes choices that were made elsewhere, in any order: of each handset and scope the newest
    /// counts, and of two of one second that to get none. How many were news.
    pub fn take_choices<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        choices: Vec<Chosen>,
        effects: &mut E,
    ) -> usize {
        let mut news = 0;
        let now_s = clock::seconds(now.wall);
        for chosen in choices {
            // One of a time to come would make all that follows older.
            let chosen = Chosen { at_s: chosen.at_s.min(now_s), ..chosen };
            let known = self.choices.of(chosen.handset, chosen.scope);
            let is_older = known.is_some_and(|known| {
                let is_out = known.choice == Choice::Out;
                let is_pause = matches!(chosen.choice, Choice::PausedUntil(_));
                // A pause ends, and an opt-out does not.
                known.at_s > chosen.at_s || is_out && (known.at_s == chosen.at_s || is_pause)
            });
            if is_older {
                continue;
            }
            let is_news = self.choices.choose(chosen);
            // The same again is the newer one of the two.
            let is_newer = known.is_some_and(|known| known.at_s < chosen.at_s);
            if let Some(ledger) = self.ledger.as_mut().filter(|_| is_news || is_newer) {
                ledger.chosen(&chosen);
            }
            if !is_news {
                continue;
            }
            news += 1;
            if chosen.choice == Choice::Out {
                self.end_marketing_of(now, chosen.handset, chosen.scope, effects);
            }
        }
        news
    }

    /// So many choices from this place on, and the place behind them; `None` at the end.
    #[must_use]
    pub fn choices_from(&self, place: usize, count: usize) -> (Vec<Chosen>, Option<usize>) {
        let end = place.saturating_add(count).min(self.choices.len());
        let chosen = (place..end).filter_map(|place| self.choices.at(place));
        (chosen.collect(), (end < self.choices.len()).then_some(end))
    }

    /// What a handset chose of these scopes.
    #[must_use]
    pub fn choices_of(&self, handset: Handset, scopes: &[Scope]) -> Vec<Chosen> {
        scopes.iter().filter_map(|scope| self.choices.of(handset, *scope)).collect()
    }
}
