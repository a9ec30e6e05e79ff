//! `mt/throttle.rs`: links that share a rate take no more together than one alone could.
//!
//! A fault that was planted by hand and is found: the moment moved by a load and a store.

mod tasks;

use std::sync::Arc;
use std::time::Duration;

use loom::thread;
use models::throttle::Rate;

#[test]
fn the_last_room_of_a_moment_is_taken_once() {
    tasks::check(|| {
        let now = Duration::from_secs(1);
        let rate = Arc::new(Rate::per_second(100));
        // A tenth of a second's worth, and the one that is on time.
        assert!((0..10).all(|_| rate.take(now, 1).is_ok()));
        let takers = [(); 2].map(|()| {
            let rate = Arc::clone(&rate);
            thread::spawn(move || rate.take(now, 1).is_ok())
        });
        let taken = takers.into_iter().map(|taker| taker.join().unwrap());
        assert_eq!(taken.filter(|taken| *taken).count(), 1);
    });
}
