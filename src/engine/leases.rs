//! Places in queues that one link has taken ahead, so that a thousand messages of one wake-up do
//! not each touch what all threads share.

use super::quota::Quota;
use super::world::{Account, Carrier, World};

/// Places in the queues of the account and of each carrier, by its place.
#[derive(Debug, Default)]
pub struct Leases {
    account: Lease,
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

    /// Uses a place of each; `false` when one of the queues is full.
    pub fn use_one(&mut self, account: &Account, carrier: &Carrier) -> bool {
        let Some(lease) = self.carriers.get_mut(carrier.index as usize) else { return false };
        if !self.account.use_one(&account.queued) {
            return false;
        }
        if !self.touched.contains(&carrier.index) {
            self.touched.push(carrier.index);
        }
        let taken = lease.use_one(&carrier.queued);
        if !taken {
            self.account.put_back();
        }
        taken
    }

    /// Gives back what is left.
    pub fn end(&mut self, account: &Account, world: &World) {
        self.account.end(&account.queued);
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

impl Lease {
    /// Uses one place; `false` when there is none.
    fn use_one(&mut self, quota: &Quota) -> bool {
        if self.places == 0 {
            self.places = quota.take(AHEAD);
        }
        let used = self.places > 0;
        self.places -= u32::from(used);
        used
    }

    /// Whether a place is here or could be had.
    fn has_room(&self, quota: &Quota) -> bool {
        self.places > 0 || !quota.is_full()
    }

    /// Puts back a place that was not used after all.
    fn put_back(&mut self) {
        self.places += 1;
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
        lease.put_back();
        assert!(lease.has_room(&quota) && lease.use_one(&quota));
        quota.give(40);
        assert!(lease.use_one(&quota));
        lease.end(&quota);
        assert_eq!(quota.used(), 1);
    }
}
