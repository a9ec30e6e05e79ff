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
use models::world::{Account, Carrier, World};

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
        let world = Arc::new(World { carriers: vec![carrier] });
        let account = Arc::new(Account { queued: Quota::new(40), queued_octets: Quota::new(9000) });
        let links = [(); 2].map(|()| {
            let (world, account) = (Arc::clone(&world), Arc::clone(&account));
            thread::spawn(move || {
                let mut leases = Leases::new(1);
                let used = leases.use_one(&account, &world.carriers[0], 20);
                leases.end(&account, &world);
                u32::from(used)
            })
        });
        let used: u32 = links.into_iter().map(|link| link.join().unwrap()).sum();
        assert_eq!((used, account.queued.used(), world.carriers[0].queued.used()), (1, 1, 1));
        assert_eq!(account.queued_octets.used(), 20);
    });
}
