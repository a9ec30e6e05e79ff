//! Receipts that settled a doubt, for a response that names their id all the same: of another
//! message, whose receipt it then was.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;

use super::live::Place;
use super::{Effects, Shard};
use crate::clock::Now;
use crate::message::envelope::Message;
use crate::mt::receipts::{CarrierReceipt, same_number};

/// Receipts that are kept; the oldest gives way. Each is some 250 octets. A response that comes
/// later than so many others were settled is heard as any other.
pub const SPENT_MAX: usize = 1024;

/// A receipt, and what it was taken to be about.
#[derive(Debug)]
pub struct Spent {
    pub receipt: CarrierReceipt,
    likeness: Option<u64>,
}

impl Spent {
    /// Whether this segment is of the same sender, account and text: then it does not matter which
    /// of the two the carrier has. Segments of longer messages are not: each has its own place.
    pub fn is_like(&self, message: &Message, segment: u8) -> bool {
        self.likeness.is_some_and(|own| likeness(message, segment) == Some(own))
    }
}

/// The newest of them, by their ids.
#[derive(Debug, Default)]
pub struct SpentReceipts {
    by_key: HashMap<u64, Arc<Spent>, foldhash::fast::FixedState>,
    order: VecDeque<Arc<Spent>>,
}

impl SpentReceipts {
    /// This receipt settles the doubt about this segment.
    pub fn spend(&mut self, receipt: &CarrierReceipt, message: &Message, segment: u8) {
        if self.order.len() >= SPENT_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.forget(&oldest);
        }
        let likeness = likeness(message, segment);
        let spent = Arc::new(Spent { receipt: receipt.clone(), likeness });
        for (_, key) in receipt.keys.iter() {
            self.by_key.insert(key, Arc::clone(&spent));
        }
        self.order.push_back(spent);
    }

    /// The one that this id names, if it came from where `is_of` says that it is about.
    pub fn named(&self, key: u64, is_of: impl Fn(&CarrierReceipt) -> bool) -> Option<Arc<Spent>> {
        self.by_key.get(&key).filter(|spent| is_of(&spent.receipt)).map(Arc::clone)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        assert!(self.by_key.len() >= self.order.len().min(1));
        self.order.len()
    }

    /// Nobody is to have it again.
    pub fn take(&mut self, spent: &Arc<Spent>) {
        self.order.retain(|other| !Arc::ptr_eq(other, spent));
        self.forget(spent);
    }

    fn forget(&mut self, spent: &Arc<Spent>) {
        for (_, key) in spent.receipt.keys.iter() {
            if self.by_key.get(&key).is_some_and(|other| Arc::ptr_eq(other, spent)) {
                self.by_key.remove(&key);
            }
        }
    }
}

impl<L: Clone> Shard<L> {
    /// The carrier took a segment under this id: whether its receipt has settled the doubt about
    /// another of the same text. Then the copy is that one's, and this segment is in doubt in its
    /// place: of the two one copy is known of. Of another text the receipt was this one's from the
    /// beginning, and is heard again with the response.
    pub(super) fn is_copy_of_another<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        (ticket, segment): (u64, u8),
        key: u64,
        effects: &mut E,
    ) -> bool {
        if self.spent.is_empty() {
            return false;
        }
        let Some(live) = self.slots.get(ticket) else { return false };
        if live.all().get(usize::from(segment)).is_none_or(|one| one.place == Place::Accepted) {
            return false;
        }
        let (message, carrier) = (&live.message, live.carrier);
        let is_of = |receipt: &CarrierReceipt| {
            let (own, its) = (message.destination.octets(), receipt.destination.octets());
            receipt.carrier == carrier && same_number(own, its)
        };
        let Some(spent) = self.spent.named(key, is_of) else { return false };
        self.spent.take(&spent);
        let is_like = spent.is_like(&message.read(), segment);
        if !is_like {
            let receipt = spent.receipt.clone();
            self.park(now, receipt, effects);
        }
        is_like
    }
}

/// What stands for what a handset gets of it; none where another of its kind cannot stand for it.
fn likeness(message: &Message, segment: u8) -> Option<u64> {
    if message.segments() > 1 {
        return None;
    }
    let mut hasher = foldhash::fast::FixedState::default().build_hasher();
    hasher.write_u32(message.account);
    hasher.write(message.source.octets());
    hasher.write_u8(0);
    hasher.write(message.segment(segment));
    Some(hasher.finish())
}
