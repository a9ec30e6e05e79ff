//! Places in queues that one link has taken ahead, so that a thousand messages of one wake-up do
//! not each touch what all threads share.

use super::quota::Quota;
use super::world::{Account, Carrier, World};

/// Places in the queues of the account and of each carrier, by its place.
#[derive(Debug, Default)]
pub struct Leases {
    account: Lease,
    octets: Lease,
    /// None until the session has bound.
    carriers: Vec<Lease>,
    /// Carriers whose lease may hold something.
    touched: Vec<u32>,
}

impl Leases {
    /// Leases for so many carriers, with nothing in them.
    #[must_use]
    pub fn new(carriers: usize) -> Self {
        let carriers = std::iter::repeat_with(Lease::default).take(carriers).collect();
        Self { carriers, ..Self::default() }
    }

    /// Leases for at least so many carriers.
    pub fn grow(&mut self, carriers: usize) {
        if self.carriers.len() < carriers {
            self.carriers.resize_with(carriers, Lease::default);
        }
    }

    /// Whether the queue of this carrier has room.
    #[must_use]
    pub fn has_room(&self, carrier: &Carrier) -> bool {
        let lease = self.carriers.get(carrier.index as usize);
        lease.is_some_and(|lease| lease.has_room(&carrier.queued))
    }

    /// Uses a place of each for a message of so many octets; `false` when one of the queues is
    /// full.
    pub fn use_one(&mut self, account: &Account, carrier: &Carrier, octets: u32) -> bool {
        let Some(lease) = self.carriers.get_mut(carrier.index as usize) else { return false };
        if !self.octets.use_some(&account.queued_octets, octets, OCTETS_AHEAD) {
            return false;
        }
        if !self.account.use_one(&account.queued) {
            self.octets.put_back(octets);
            return false;
        }
        if !self.touched.contains(&carrier.index) {
            self.touched.push(carrier.index);
        }
        let taken = lease.use_one(&carrier.queued);
        if !taken {
            self.account.put_back(1);
            self.octets.put_back(octets);
        }
        taken
    }

    /// Gives back what is left.
    pub fn end(&mut self, account: &Account, world: &World) {
        self.account.end(&account.queued);
        self.octets.end(&account.queued_octets);
        for carrier in self.touched.drain(..) {
            let at = carrier as usize;
            if let (Some(lease), Some(carrier)) =
                (self.carriers.get_mut(at), world.carriers.get(at))
            {
                lease.end(&carrier.queued);
            }
        }
    }
}

/// Places of one queue. What is left is given back at the end of the wake-up.
#[derive(Debug, Default)]
struct Lease {
    places: u32,
}

/// Places taken at once.
const AHEAD: u32 = 32;
/// Octets taken at once: of so many messages of one segment each.
const OCTETS_AHEAD: u32 = 32 * 160;

impl Lease {
    /// Uses one place; `false` when there is none.
    fn use_one(&mut self, quota: &Quota) -> bool {
        self.use_some(quota, 1, AHEAD)
    }

    /// Uses so many places or none; `false` when there are not so many. More are taken `ahead` at a
    /// time.
    fn use_some(&mut self, quota: &Quota, wanted: u32, ahead: u32) -> bool {
        if self.places < wanted {
            self.places += quota.take(wanted.max(ahead));
        }
        let used = self.places >= wanted;
        if used {
            self.places -= wanted;
        }
        used
    }

    /// Whether a place is here or could be had.
    fn has_room(&self, quota: &Quota) -> bool {
        self.places > 0 || !quota.is_full()
    }

    /// Puts back places that were not used after all.
    fn put_back(&mut self, places: u32) {
        self.places += places;
    }

    /// Gives back what is left.
    fn end(&mut self, quota: &Quota) {
        if self.places > 0 {
            quota.give(std::mem::take(&mut self.places));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_uses_the_last_place_and_gives_back_what_it_did_not_use() {
        let (quota, mut lease) = (Quota::new(40), Lease::default());
        assert!((0..40).all(|_| lease.use_one(&quota)));
        assert!(!lease.use_one(&quota) && !lease.has_room(&quota));
        lease.put_back(1);
        assert!(lease.has_room(&quota) && lease.use_one(&quota));
        quota.give(40);
        assert!(lease.use_one(&quota));
        lease.end(&quota);
        assert_eq!(quota.used(), 1);
    }

    #[test]
    fn a_lease_uses_all_that_is_wanted_or_nothing() {
        let (quota, mut lease) = (Quota::new(100), Lease::default());
        assert!(lease.use_some(&quota, 70, 10) && !lease.use_some(&quota, 31, 10));
        assert!(lease.use_some(&quota, 30, 10) && !lease.use_some(&quota, 1, 10));
        assert!(lease.use_some(&quota, 0, 10), "nothing is always there");
        lease.end(&quota);
        assert_eq!(quota.used(), 100);
    }
}
