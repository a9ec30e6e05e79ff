//! Deliveries for accounts that are not there, or cannot take them now.

use super::*;

/// A message of this account that ends delivered; its id.
fn delivered(world: &mut World, account: u32, carrier_id: &str) -> MessageId {
    let id = world.submit(Message { account, ..message() }).unwrap();
    let sent = world.sent().unwrap();
    world.take(&sent, carrier_id);
    world.receipt(carrier_id, DELIVERED);
    id
}

fn ids(world: &World) -> Vec<MessageId> {
    world.told().into_iter().map(|told| told.1).collect()
}

#[test]
fn receipts_and_mo_wait_for_an_absent_account_and_come_in_order() {
    let mut world = World::new();
    world.notes.room.insert(0, 0);
    let first = delivered(&mut world, 0, "1");
    world.mo(&owned_by(0), mo("one"));
    let second = delivered(&mut world, 0, "2");
    assert_eq!((world.shard.waiting(), world.notes.backlog), (3, 3));
    world.notes.room.clear();
    world.shard.account_ready(0, &mut world.notes);
    assert_eq!(ids(&world), [first, second]);
    assert!(matches!(world.notes.delivered[1], (0, Delivery::Mo { .. })));
    assert_eq!((world.shard.waiting(), world.notes.backlog), (0, 0));
    assert!(world.shard.waiting.is_empty(), "nothing is kept for an account that is up to date");
}

#[test]
fn what_comes_later_does_not_overtake_what_waits() {
    let mut world = World::new();
    world.notes.room.insert(0, 0);
    let first = delivered(&mut world, 0, "1");
    // The account has room, and has not said so yet.
    world.notes.room.clear();
    let second = delivered(&mut world, 0, "2");
    assert!(world.notes.delivered.is_empty());
    world.shard.account_ready(0, &mut world.notes);
    assert_eq!(ids(&world), [first, second]);
}

#[test]
fn one_accounts_absence_is_no_matter_of_anothers() {
    let mut world = World::new();
    world.notes.room.insert(0, 0);
    delivered(&mut world, 0, "1");
    let other = delivered(&mut world, 1, "2");
    assert_eq!(ids(&world), [other]);
}

#[test]
fn at_its_limit_an_account_loses_its_oldest_and_it_is_counted() {
    let limits = Limits { waiting_max: vec![2, 5], ..Limits::default() };
    let mut world = World::with(Rules { limits, ..Rules::default() });
    world.notes.room.extend([(0, 0), (1, 0)]);
    let of_0: Vec<_> = (0..4).map(|at| delivered(&mut world, 0, &format!("a{at}"))).collect();
    let of_1: Vec<_> = (0..4).map(|at| delivered(&mut world, 1, &format!("b{at}"))).collect();
    assert_eq!(world.counts(Counted::DeliveryDropped), 2);
    assert_eq!((world.shard.waiting(), world.notes.backlog), (6, 6));
    world.notes.room.clear();
    world.shard.account_ready(0, &mut world.notes);
    assert_eq!(ids(&world), of_0[2..], "each account has a limit of its own");
    world.shard.account_ready(1, &mut world.notes);
    assert_eq!(ids(&world)[2..], of_1);
}

#[test]
fn what_a_session_gives_back_goes_first_and_in_order() {
    let mut world = World::new();
    let held: Vec<_> = (0..3).map(|at| delivered(&mut world, 0, &format!("{at}"))).collect();
    let deliveries: Vec<_> = world.notes.delivered.drain(..).map(|(_, held)| held).collect();
    world.notes.room.insert(0, 0);
    let later = delivered(&mut world, 0, "9");
    world.shard.undelivered(world.now, 0, deliveries, Duration::ZERO, &mut world.notes);
    assert_eq!(world.shard.waiting(), 4);
    world.notes.room.clear();
    world.shard.account_ready(0, &mut world.notes);
    assert_eq!(ids(&world), [held[0], held[1], held[2], later]);
    assert_eq!(world.notes.backlog, 0);
}

#[test]
fn what_is_given_back_is_bounded_too() {
    let limits = Limits { waiting_max: vec![2], ..Limits::default() };
    let mut world = World::with(Rules { limits, ..Rules::default() });
    let held: Vec<_> = (0..5).map(|at| delivered(&mut world, 0, &format!("{at}"))).collect();
    let deliveries: Vec<_> = world.notes.delivered.drain(..).map(|(_, held)| held).collect();
    world.notes.room.insert(0, 0);
    world.shard.undelivered(world.now, 0, deliveries, Duration::ZERO, &mut world.notes);
    assert_eq!((world.shard.waiting(), world.counts(Counted::DeliveryDropped)), (2, 3));
    world.notes.room.clear();
    world.shard.account_ready(0, &mut world.notes);
    assert_eq!(ids(&world), held[3..]);
}

#[test]
fn an_account_that_refused_for_now_is_left_alone_for_a_while() {
    let mut world = World::new();
    let id = delivered(&mut world, 0, "1");
    let (_, delivery) = world.notes.delivered.pop().unwrap();
    let pause = Duration::from_secs(5);
    world.shard.undelivered(world.now, 0, vec![delivery], pause, &mut world.notes);
    world.seconds(4);
    assert!(world.notes.delivered.is_empty());
    world.seconds(2);
    assert_eq!(ids(&world), [id]);
}

#[test]
fn what_an_account_refuses_for_now_holds_up_none_of_the_others() {
    let mut world = World::new();
    let refused = delivered(&mut world, 0, "1");
    let (_, delivery) = world.notes.delivered.pop().unwrap();
    let pause = Duration::from_secs(5);
    world.shard.undelivered(world.now, 0, vec![delivery], pause, &mut world.notes);
    let later = delivered(&mut world, 0, "2");
    assert_eq!(ids(&world), [later]);
    assert_eq!((world.shard.waiting(), world.notes.backlog), (1, 1));
    world.seconds(6);
    assert_eq!(ids(&world), [later, refused]);
    assert_eq!((world.shard.waiting(), world.notes.backlog), (0, 0));
}

#[test]
fn an_account_that_refuses_everything_is_left_alone() {
    let mut world = World::new();
    let pause = Duration::from_secs(5);
    let refused: Vec<_> = (0..20)
        .map(|at| {
            let id = delivered(&mut world, 0, &format!("{at}"));
            if let Some((_, delivery)) = world.notes.delivered.pop() {
                world.shard.undelivered(world.now, 0, vec![delivery], pause, &mut world.notes);
            }
            id
        })
        .collect();
    let later = delivered(&mut world, 0, "99");
    assert_eq!((world.notes.delivered.len(), world.shard.waiting()), (0, 21));
    world.seconds(6);
    let mut came = ids(&world);
    assert_eq!(came.last(), Some(&later));
    came.sort_by_key(|id| id.number());
    assert_eq!(came, [refused, vec![later]].concat());
    assert_eq!(world.notes.backlog, 0);
}

#[test]
fn an_mo_of_nobody_is_answered_and_counted() {
    let mut world = World::new();
    world.shard.mo(world.now, (&9, 5), None, mo("x"), &mut world.notes);
    assert_eq!(world.notes.answered, [(9, 5, CommandStatus::ESME_ROK)]);
    assert_eq!((world.counts(Counted::MoUnowned), world.shard.waiting()), (1, 0));
}

/// A message from the handset to this number of account 0.
fn mo_to(number: &str) -> MoMessage {
    MoMessage { destination: Address::new(3, 0, number.as_bytes()), ..mo("x") }
}

fn numbers(world: &World) -> Vec<String> {
    let numbers = world.notes.delivered.iter().filter_map(|(_, delivery)| match delivery {
        Delivery::Mo { message: mo, .. } => {
            Some(String::from_utf8_lossy(mo.destination.octets()).into_owned())
        }
        Delivery::Receipt { .. } => None,
    });
    numbers.collect()
}

#[test]
fn q55_what_no_session_is_bound_for_waits_and_holds_up_no_other() {
    let mut world = World::new();
    world.notes.unbound.push("36105");
    for number in ["36105", "36106", "36105", "36106"] {
        world.mo(&owned_by(0), mo_to(number));
    }
    assert_eq!(numbers(&world), ["36106", "36106"]);
    // Room is no matter of theirs, and what waited for it goes.
    world.notes.room.insert(0, 0);
    world.mo(&owned_by(0), mo_to("36106"));
    world.notes.room.clear();
    world.shard.account_ready(0, &mut world.notes);
    assert_eq!(numbers(&world).len(), 3);
    assert_eq!((world.shard.waiting(), world.notes.backlog), (2, 2));
    world.notes.unbound.clear();
    world.shard.account_bound(0, &mut world.notes);
    assert_eq!(numbers(&world)[3..], ["36105", "36105"]);
    assert_eq!((world.shard.waiting(), world.notes.backlog), (0, 0));
}

#[test]
fn q55_what_waits_in_turn_is_put_apart_when_its_session_has_gone() {
    let mut world = World::new();
    world.notes.room.insert(0, 0);
    for number in ["36105", "36106"] {
        world.mo(&owned_by(0), mo_to(number));
    }
    world.notes.room.clear();
    world.notes.unbound.push("36105");
    world.shard.account_ready(0, &mut world.notes);
    assert_eq!((numbers(&world), world.notes.backlog), (vec!["36106".to_owned()], 1));
}

#[test]
fn q55_what_waits_for_a_bind_counts_against_the_limit_and_goes_first() {
    let limits = Limits { waiting_max: vec![2], ..Limits::default() };
    let mut world = World::with(Rules { limits, ..Rules::default() });
    world.notes.unbound.push("36105");
    for number in ["36105", "36105", "36105"] {
        world.mo(&owned_by(0), mo_to(number));
    }
    assert_eq!((world.shard.waiting(), world.notes.backlog), (2, 2));
    assert_eq!(world.counts(Counted::DeliveryDropped), 1);
    world.notes.room.insert(0, 0);
    world.mo(&owned_by(0), mo_to("36106"));
    world.mo(&owned_by(0), mo_to("36106"));
    world.notes.room.clear();
    world.shard.account_ready(0, &mut world.notes);
    assert_eq!(numbers(&world), ["36106", "36106"]);
    assert_eq!((world.counts(Counted::DeliveryDropped), world.notes.backlog), (3, 0));
}
