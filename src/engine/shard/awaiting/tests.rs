use proptest::prelude::*;

use super::super::live::{Place, Segment};
use super::*;
use crate::mt::receipts::Quote;

const NOW: Duration = Duration::from_secs(1_790_000_000);

/// A message as the model keeps it.
#[derive(Clone, Debug)]
struct Kept {
    place: u32,
    id: MessageId,
    keys: Vec<u64>,
    subject: Subject,
}

fn progress(keys: &[u64]) -> Progress {
    let mut all: Vec<Segment> = keys.iter().map(|_| Segment::default()).collect();
    for (one, key) in all.iter_mut().zip(keys) {
        one.take(Some(*key));
        assert_eq!(one.place, Place::Accepted);
    }
    match all.as_slice() {
        [one] => Progress::One(*one),
        _ => Progress::Several(all.into()),
    }
}

fn subject(number: u64, destination: &str) -> Subject {
    Subject {
        account: (number % 3) as u32,
        source: Address::new(5, 0, ["Shop", "36179", ""][number as usize % 3].as_bytes()),
        destination: Address::new(1, 1, destination.as_bytes()),
        accepted_at: NOW + Duration::from_micros(number * 1_000_003),
        registered_delivery: (number % 32) as u8,
        quote: Quote::new(&b"Votre code est 123456"[..number as usize % 21]),
    }
}

fn wait(number: u64, keys: &[u64], destination: &str) -> Wait {
    Wait {
        id: MessageId::new(7, number),
        carrier: (number % 70_000) as u32,
        subject: subject(number, destination),
        expires_at: NOW + Duration::from_secs(number),
        progress: progress(keys),
        worst: None,
        done_s: 0,
        said_unknown: false,
    }
}

#[derive(Clone, Debug)]
enum Step {
    /// Another message, with these keys, to one of a few destinations.
    Insert(Vec<u64>, usize),
    /// One is gone.
    Remove(usize),
    /// The eldest of the young grow old.
    GrowOld,
    /// Something was heard of one.
    Hear(usize),
}

const DESTINATIONS: [&str; 5] =
    ["33612345678", "0033612345678", "491701234567", "name", "12345678901234567"];

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (prop::collection::vec(0..6_u64, 1..4), 0..DESTINATIONS.len())
            .prop_map(|(keys, to)| Step::Insert(keys, to)),
        2 => (0..64_usize).prop_map(Step::Remove),
        1 => Just(Step::GrowOld),
        1 => (0..64_usize).prop_map(Step::Hear),
    ]
}

proptest! {
    #[test]
    fn what_waits_is_found_by_its_keys_and_leaves_nothing_behind(
        steps in prop::collection::vec(step(), 0..80),
    ) {
        let mut awaiting = Awaiting::default();
        let mut kept: Vec<Kept> = Vec::new();
        for (number, step) in (0_u64..).zip(steps) {
            let which = |which: usize| which % kept.len().max(1);
            match step {
                Step::Insert(keys, to) => {
                    let wait = wait(number, &keys, DESTINATIONS[to]);
                    let (id, subject) = (wait.id, wait.subject.clone());
                    let place = awaiting.insert(NOW + Duration::from_secs(number), wait);
                    kept.push(Kept { place, id, keys, subject });
                }
                Step::Remove(one) if !kept.is_empty() => {
                    let one = kept.remove(which(one));
                    awaiting.remove(one.place);
                    // What is gone is gone, also for who asks twice.
                    awaiting.remove(one.place);
                }
                Step::GrowOld => awaiting.grow_old(),
                Step::Hear(one) if !kept.is_empty() => {
                    let more = awaiting.more_mut(kept[which(one)].place);
                    prop_assert!(more.is_some());
                    more.unwrap().said_unknown = true;
                }
                Step::Remove(_) | Step::Hear(_) => {}
            }
            check(&awaiting, &kept)?;
        }
        for one in kept {
            awaiting.remove(one.place);
        }
        prop_assert!(awaiting.is_empty());
    }
}

fn check(awaiting: &Awaiting, kept: &[Kept]) -> Result<(), TestCaseError> {
    prop_assert_eq!(awaiting.len(), kept.len());
    prop_assert_eq!(awaiting.oldest().map(|(place, _)| place), kept.first().map(|one| one.place));
    for key in 0..6 {
        for destination in DESTINATIONS {
            let to = Address::new(0, 0, destination.as_bytes());
            let fits = |one: &&Kept| {
                one.keys.contains(&key)
                    && same_number(one.subject.destination.octets(), to.octets())
            };
            let expected = kept.iter().filter(fits).max_by_key(|one| one.id);
            let expected = expected.map(|one| (one.place, one.id));
            prop_assert_eq!(awaiting.find(key, &to), expected);
        }
    }
    for one in kept {
        prop_assert_eq!(awaiting.subject(one.place), Some(one.subject.clone()));
        prop_assert_eq!(awaiting.account(one.place), Some(one.subject.account));
        let carrier = awaiting.get(one.place).map(Record::carrier);
        prop_assert_eq!(carrier, Some((one.id.counter() % 70_000) as u32));
        let mut keys = Vec::new();
        awaiting.each_key(one.place, |key| keys.push(key));
        prop_assert_eq!(&keys, &one.keys);
    }
    Ok(())
}

#[test]
fn places_are_used_again_and_the_oldest_stays_the_oldest() {
    let mut awaiting = Awaiting::default();
    let many = CHUNK as u64 + 10;
    let places: Vec<u32> = (0..many)
        .map(|number| awaiting.insert(NOW, wait(number, &[number], "33612345678")))
        .collect();
    for place in places.iter().skip(1) {
        awaiting.remove(*place);
    }
    for number in many..2 * many - 1 {
        awaiting.insert(NOW, wait(number, &[number], "33612345678"));
    }
    assert_eq!(awaiting.chunks.len(), 2, "no more memory than the most that ever waited");
    assert_eq!(awaiting.oldest().map(|(place, _)| place), places.first().copied());
}

#[test]
fn only_the_newest_are_young_and_each_of_the_others_is_found() {
    let mut awaiting = Awaiting::default();
    let many = YOUNG_MAX as u64 * 2;
    let places: Vec<u32> = (0..many)
        .map(|number| awaiting.insert(NOW, wait(number, &[number], "33612345678")))
        .collect();
    assert!((YOUNG_MAX - TOGETHER..=YOUNG_MAX).contains(&awaiting.young));
    let to = Address::new(1, 1, b"33612345678");
    for (number, place) in (0..many).zip(&places) {
        let found = awaiting.find(number, &to).map(|(place, _)| place);
        assert_eq!(found, Some(*place));
    }
    for place in places {
        awaiting.remove(place);
    }
    assert!(awaiting.is_empty());
}
