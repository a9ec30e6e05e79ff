//! What handsets chose, as an operator tells and asks it.

use super::{Effects, Shard};
use crate::clock::Now;
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
        for chosen in choices {
            let is_older = self.choices.of(chosen.handset, chosen.scope).is_some_and(|known| {
                let is_out = known.choice == Choice::Out;
                known.at_s > chosen.at_s || known.at_s == chosen.at_s && is_out
            });
            if is_older || !self.choices.choose(chosen) {
                continue;
            }
            news += 1;
            if let Some(ledger) = &mut self.ledger {
                ledger.chosen(&chosen);
            }
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
