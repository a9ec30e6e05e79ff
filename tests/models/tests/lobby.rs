//! `engine/lobby.rs`: whoever is shown out is told, and no more than there is room for stay.
//!
//! A fault that was planted by hand and is found: room looked for under another lock than taken.

mod tasks;

use loom::thread;
use models::lobby::Lobby;

#[test]
fn of_two_that_come_at_once_one_stays_and_the_other_is_told() {
    tasks::check(|| {
        let lobby = std::sync::Arc::new(Lobby::default());
        let guests = [(); 2].map(|()| {
            let lobby = lobby.clone();
            thread::spawn(move || lobby.enter(1))
        });
        let guests = guests.map(|guest| guest.join().unwrap());
        let out = guests.iter().filter(|guest| guest.is_out()).count();
        assert_eq!(out, 1);
        for guest in &guests {
            let told = loom::future::block_on(async {
                // Told or not, it must say so at once.
                let out = guest.out();
                let mut wait = std::pin::pin!(out.wait());
                std::future::poll_fn(|cx| {
                    std::task::Poll::Ready(Future::poll(wait.as_mut(), cx).is_ready())
                })
                .await
            });
            assert_eq!(told, guest.is_out());
        }
        drop(guests);
        assert!(!lobby.enter(1).is_out(), "who leaves makes room");
    });
}
