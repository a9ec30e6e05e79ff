//! Messages that a receipt may belong to although no response says under which id: those that
//! are, or were, in doubt, and those that their carrier took without giving an id.
//!
//! ```text
//!   receipt of an unknown id -> parked, its response may come -> the only segment of its carrier
//!                                     |                          and handset that it fits: settled
//!                                     +-> sooner, before such a segment is sent again or ends
//! ```

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

use super::live::{Live, Of, Place};
use super::receipts::Target;
use super::{Counted, Effects, InDoubtPolicy, Shard};
use crate::clock::Now;
use crate::mt::receipts::{CarrierReceipt, Fit, Settled, same_number, tail};

/// Messages of one carrier to one handset that a receipt is compared with. Beyond it, it is
/// nobody's: a handset that so many are in doubt for is a test.
const CANDIDATES_MAX: usize = 1024;
/// How long a receipt that quotes nothing waits for its response, at least, before it settles a
/// doubt: a response that is on its way is there by then.
const RESPONSE_DUE: Duration = Duration::from_secs(5);
/// Copies of messages that have ended, of which nothing was heard; the oldest gives way. They are
/// looked through for receipts of unknown ids that quote nothing, which are few.
const ORPHANS_MAX: usize = 4096;

/// Which messages those are; live ones, so their limit is this one's.
#[derive(Debug, Default)]
pub struct Doubts {
    /// What stands for carrier and handset, and a ticket.
    tickets: BTreeSet<(u64, u64)>,
    /// Ids of second copies, by ticket: the segment and the key.
    copies: HashMap<u64, Vec<(u8, u64)>, foldhash::fast::FixedState>,
    /// What stands for carrier and handset, once for each copy that nothing was heard of when its
    /// message ended. Its receipt may come.
    orphans: VecDeque<u64>,
}

impl Doubts {
    fn enter(&mut self, number: u64, ticket: u64) {
        self.tickets.insert((number, ticket));
    }

    /// A message has another carrier: it stands for its handset there.
    pub fn change(&mut self, (before, now): (u64, u64), ticket: u64) {
        self.tickets.remove(&(before, ticket));
        self.enter(now, ticket);
    }

    /// A message is live no more; the keys of its second copies.
    pub fn leave(&mut self, number: u64, ticket: u64) -> Vec<(u8, u64)> {
        self.tickets.remove(&(number, ticket));
        self.copies.remove(&ticket).unwrap_or_default()
    }

    fn of(&self, number: u64) -> impl Iterator<Item = u64> + use<'_> {
        self.tickets.range((number, 0)..=(number, u64::MAX)).map(|(_, ticket)| *ticket)
    }

    /// So many copies for this handset were never heard of.
    pub fn orphan(&mut self, number: u64, copies: usize) {
        for _ in 0..copies {
            if self.orphans.len() >= ORPHANS_MAX {
                self.orphans.pop_front();
            }
            self.orphans.push_back(number);
        }
    }

    /// Whether a receipt may be one's of them.
    fn has_orphan(&self, number: u64) -> bool {
        self.orphans.contains(&number)
    }

    /// A receipt was nobody's: it was one's of them, if there are any.
    pub fn bury_orphan(&mut self, number: u64) -> bool {
        let found = self.orphans.iter().position(|one| *one == number);
        found.is_some_and(|at| self.orphans.remove(at).is_some())
    }

    /// The segment whose second copy has this key.
    pub fn copy(&self, ticket: u64, key: u64) -> Option<u8> {
        let copies = self.copies.get(&ticket)?;
        copies.iter().find(|(_, one)| *one == key).map(|(segment, _)| *segment)
    }

    /// The segments of this message of which there are second copies, and their keys.
    pub fn copies_of(&self, ticket: u64) -> &[(u8, u64)] {
        if self.copies.is_empty() {
            return &[];
        }
        self.copies.get(&ticket).map_or(&[], Vec::as_slice)
    }

    pub fn add_copy(&mut self, ticket: u64, segment: u8, key: u64) {
        let copies = self.copies.entry(ticket).or_default();
        if !copies.contains(&(segment, key)) {
            copies.push((segment, key));
        }
    }

    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.tickets.is_empty() && self.copies.is_empty()
    }
}

/// What stands for a handset at a carrier, however its number is written.
pub fn number_of(carrier: u32, handset: &[u8]) -> u64 {
    let seed = u64::from(carrier);
    let mut hasher = foldhash::fast::FixedState::with_seed(seed).build_hasher();
    hasher.write(tail(handset));
    hasher.finish()
}

impl<L: Clone> Shard<L> {
    /// A receipt may come for this message under an id that no response names.
    pub(super) fn note_doubt(&mut self, ticket: u64) {
        let Some(live) = self.slots.get_mut(ticket) else { return };
        if !std::mem::replace(&mut live.doubtful, true) {
            let number = number_of(live.carrier, live.message.destination.octets());
            self.doubts.enter(number, ticket);
        }
    }

    /// A message is live no more: receipts of its second copies are heard twice from now on.
    pub(super) fn forget_copies(&mut self, ticket: u64, live: &Live) {
        let handset = live.message.destination.octets();
        let number = number_of(live.carrier, handset);
        let unheard = live.all().iter().map(|one| usize::from(one.unanswered)).sum();
        self.doubts.orphan(number, unheard);
        for (_, key) in self.doubts.leave(number, ticket) {
            self.unlink(key, ticket);
            self.ended.remember(key, tail(handset));
        }
    }

    /// Gives a receipt of an id that nobody knows to the segment that it must belong to, if there
    /// is one that it fits, at least so well, and that can be told from others.
    pub(super) fn settle_by_receipt<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        receipt: &CarrierReceipt,
        least: Fit,
        effects: &mut E,
    ) -> bool {
        let found = self.fitting(now, receipt, least);
        if let Some((ticket, segment)) = found {
            self.settle(now, ticket, segment, receipt, effects);
        }
        found.is_some()
    }

    /// Before this message is sent again, or ends: a receipt that is parked may say that its
    /// carrier has it. `last` when nothing will be asked any more.
    pub(super) fn hear_parked<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        ticket: u64,
        last: bool,
        effects: &mut E,
    ) {
        let Some(live) = self.slots.get(ticket).filter(|live| live.doubtful) else { return };
        if self.parked.is_empty() {
            return;
        }
        let number = number_of(live.carrier, live.message.destination.octets());
        for at in self.parked.of_number(number) {
            let Some((receipt, since)) = self.parked.get(at) else { continue };
            let waited = now.monotonic.saturating_sub(since);
            let least = if last || waited >= RESPONSE_DUE { Fit::May } else { Fit::Quotes };
            let Some((ticket, segment)) = self.fitting(now, receipt, least) else { continue };
            if let Some(receipt) = self.parked.remove(at) {
                self.settle(now, ticket, segment, &receipt, effects);
            }
        }
    }

    /// The one segment this receipt fits, at least so well: of those it quotes or, if it quotes
    /// none, of all. Where they are copies of one text from one sender, it does not matter which
    /// of them it is, and the oldest is taken.
    fn fitting(&self, now: Now, receipt: &CarrierReceipt, least: Fit) -> Option<(u64, u8)> {
        let number = number_of(receipt.carrier, receipt.destination.octets());
        let mut best: Vec<(&Live, u64, u8)> = Vec::new();
        let mut best_fit = least;
        for (looked, ticket) in self.doubts.of(number).enumerate() {
            if looked == CANDIDATES_MAX {
                return None;
            }
            let Some(live) = self.slots.get(ticket) else { continue };
            let destination = live.message.destination.octets();
            if live.carrier != receipt.carrier
                || !same_number(destination, receipt.destination.octets())
            {
                continue;
            }
            for (segment, one) in (0..=u8::MAX).zip(live.all()) {
                let fit = match one.may_have_another_id() {
                    true => receipt.evidence.fits(&live.message.read(), segment, now.wall),
                    false => Fit::Not,
                };
                if fit > best_fit {
                    best.clear();
                    best_fit = fit;
                }
                if fit == best_fit && fit != Fit::Not {
                    best.push((live, ticket, segment));
                }
            }
        }
        let &(oldest, ticket, segment) = best.iter().min_by_key(|(live, ..)| live.id.number())?;
        if self.has_rival(now, oldest, receipt, best_fit) {
            return None;
        }
        let same = |(live, _, other): &&(&Live, u64, u8)| {
            let (one, two) = (&live.message, &oldest.message);
            one.account == two.account
                && one.source == two.source
                && one.read().segment(*other) == two.read().segment(segment)
                && self.may_change_places(live, oldest)
        };
        // What fits without a quote may as well be of a copy whose message has ended.
        let alone = best.len() == 1 && (best_fit == Fit::Quotes || !self.doubts.has_orphan(number));
        let alike = best_fit == Fit::Quotes && best.iter().filter(same).count() == best.len();
        (alone || alike).then_some((ticket, segment))
    }

    /// Whether a receipt fits as well a segment of this message whose answer is due: it names the
    /// id, and a handset that gets one of them twice and the other never has half a text.
    fn has_rival(&self, now: Now, live: &Live, receipt: &CarrierReceipt, fit: Fit) -> bool {
        let mut segments = (0..=u8::MAX).zip(live.all());
        segments.any(|(segment, one)| {
            one.place == Place::Out
                && !one.may_have_another_id()
                && receipt.evidence.fits(&live.message.read(), segment, now.wall) == fit
        })
    }

    /// Whether copies of segments of these two messages, of one text, can be taken for each other.
    /// Segments of longer messages have each a place of their own; only where nothing goes again
    /// does it not matter whose receipt came.
    fn may_change_places(&self, one: &Live, other: &Live) -> bool {
        let rules = self.carriers.get(other.carrier as usize);
        let is_held = rules.is_some_and(|rules| rules.in_doubt == InDoubtPolicy::Hold);
        (one.segments == 1 && other.segments == 1) || (one.id == other.id && is_held)
    }

    /// This receipt is the segment's: its carrier has it, under the receipt's id.
    fn settle<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        ticket: u64,
        segment: u8,
        receipt: &CarrierReceipt,
        effects: &mut E,
    ) {
        let lane = self.lane_of(ticket);
        let key = self.lean(receipt).keys(&receipt.keys).next().map(|(_, key)| key);
        let Some(live) = self.slots.get_mut(ticket) else { return };
        self.spent.spend(receipt, &live.message.read(), segment);
        let is_single = live.segments == 1;
        let Some(one) = live.segment_mut(segment) else { return };
        effects.count(Counted::ReceiptMatched(receipt.state));
        let was_in_doubt = one.unanswered > 0;
        one.unanswered = one.unanswered.saturating_sub(1);
        let place = one.place;
        let again = one.twice && (is_single || place == Place::Out);
        if was_in_doubt {
            effects.count(Counted::DoubtSettled(Settled::Receipt));
        }
        if place == Place::Accepted {
            // Its own id is another copy's, or there is none.
            self.second_copy(now, ticket, segment, key, effects);
        } else {
            self.segment_accepted(now, ticket, segment, key, again, effects);
        }
        self.apply(now, Of::Segment(segment), ticket, receipt, effects);
        self.settle_expired(now, ticket, effects);
        self.settle_held(now, ticket, effects);
        self.free_lane(lane, ticket, effects);
    }

    /// The carrier took a copy of a segment that it had taken already.
    pub(super) fn second_copy<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        ticket: u64,
        segment: u8,
        key: Option<u64>,
        effects: &mut E,
    ) {
        let Some(live) = self.slots.get_mut(ticket) else { return };
        let wants_receipt = live.wants_receipt();
        let Some(one) = live.segment_mut(segment) else { return };
        if one.twice {
            effects.count(Counted::Twice);
        }
        let Some(key) = key.filter(|key| wants_receipt && one.key != Some(*key)) else { return };
        if one.key.is_none() {
            one.key = Some(key);
        } else {
            self.doubts.add_copy(ticket, segment, key);
            self.note_doubt(ticket);
        }
        self.link_key(key, ticket);
        if !self.parked.is_empty() {
            self.unpark(now, key, Target::Live(ticket), effects);
        }
    }
}
