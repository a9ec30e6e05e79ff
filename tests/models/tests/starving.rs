//! `engine/starving.rs`: a delivery that found no room is offered again once there is some.
//!
//! Faults that were planted by hand and are found: no second try behind the flag; the flag taken
//! by a load and a store. The order that its steps ask for is not needed beside the fences of the
//! queues.

mod tasks;

use std::collections::VecDeque;
use std::sync::Arc;

use loom::thread;
use models::mailbox::Mailbox;
use models::starving::Starving;
use tasks::Task;

/// One session with room for one delivery, its account's flag, and who is to be told.
struct World {
    session: Mailbox<u32>,
    link: Task,
    starving: Starving,
    shards: Vec<Task>,
}

/// Delivers as a shard does: what finds no room waits until it is told that there is some.
fn deliver(world: &World, own: &Task, mut waiting: VecDeque<u32>) {
    loop {
        while let Some(item) = waiting.pop_front() {
            match world.starving.offer(item, |item| world.session.push(item)) {
                Ok(()) => world.link.wake(),
                Err(back) => {
                    waiting.push_front(back);
                    break;
                }
            }
        }
        if waiting.is_empty() {
            return;
        }
        own.sleep();
    }
}

/// Takes so many as a link does.
fn take(world: &World, count: usize) -> Vec<u32> {
    let mut taken = Vec::new();
    loop {
        let before = taken.len();
        taken.extend(std::iter::from_fn(|| world.session.pop()));
        if taken.len() > before && world.starving.take() {
            world.shards.iter().for_each(Task::wake);
        }
        if taken.len() == count {
            return taken;
        }
        world.link.sleep();
    }
}

fn run(interruptions: usize, of_shards: &'static [&'static [u32]]) {
    tasks::check_with(interruptions, move || {
        let shards: Vec<Task> = of_shards.iter().map(|_| Task::new()).collect();
        let (session, link) = (Mailbox::new(1), Task::new());
        let world = Arc::new(World { session, link, starving: Starving::default(), shards });
        let threads: Vec<_> = of_shards
            .iter()
            .enumerate()
            .map(|(at, items)| {
                let world = Arc::clone(&world);
                thread::spawn(move || {
                    deliver(&world, &world.shards[at], items.iter().copied().collect());
                })
            })
            .collect();
        let mut taken = take(&world, of_shards.iter().map(|items| items.len()).sum());
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        if of_shards.len() == 1 {
            assert!(taken.is_sorted(), "in order");
        }
        taken.sort_unstable();
        let mut all = of_shards.concat();
        all.sort_unstable();
        assert_eq!(taken, all);
    });
}

#[test]
fn a_shard_that_found_no_room_is_told_when_there_is_some() {
    run(3, &[&[1, 2, 3]]);
}

#[test]
fn two_shards_that_found_no_room_are_both_told() {
    run(1, &[&[1], &[2]]);
}
