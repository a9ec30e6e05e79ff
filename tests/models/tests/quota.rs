//! `engine/quota.rs` and `engine/leases.rs`: no more places are used than there are, and all come
//! back.
//!
//! Faults that were planted by hand and are found: places taken by a load and a store; a place of
//! the account not put back where the carrier has none.

mod tasks;

use std::sync::Arc;

use loom::thread;
use models::leases::Leases;
use models::quota::Quota;
use models::shared::{Account, Carrier, Shared};

#[test]
fn places_taken_at_the_same_time_are_not_the_same_places() {
    tasks::check(|| {
        let quota = Arc::new(Quota::new(3));
        let takers = [2, 2].map(|wanted| {
            let quota = Arc::clone(&quota);
            thread::spawn(move || {
                let taken = quota.take(wanted);
                assert!(quota.used() <= 3);
                quota.give(1.min(taken));
                taken - 1.min(taken)
            })
        });
        let kept: u32 = takers.into_iter().map(|taker| taker.join().unwrap()).sum();
        assert_eq!(quota.used(), kept);
    });
}

#[test]
fn links_that_lease_ahead_use_no_more_than_there_is_and_give_back_the_rest() {
    tasks::check(|| {
        let carrier = Arc::new(Carrier { index: 0, queued: Quota::new(1) });
        let shared = Arc::new(Shared { carriers: vec![carrier] });
        let account = Arc::new(Account { queued: Quota::new(40) });
        let links = [(); 2].map(|()| {
            let (shared, account) = (Arc::clone(&shared), Arc::clone(&account));
            thread::spawn(move || {
                let mut leases = Leases::new(1);
                let used = leases.use_one(&account, &shared.carriers[0]);
                leases.end(&account, &shared);
                u32::from(used)
            })
        });
        let used: u32 = links.into_iter().map(|link| link.join().unwrap()).sum();
        assert_eq!((used, account.queued.used(), shared.carriers[0].queued.used()), (1, 1, 1));
    });
}
