//! Nobody starves: classes by priority with a share for each, accounts by turns.

use proptest::prelude::*;

use super::*;

const MARKETING: TrafficClass = TrafficClass::Marketing;
const TRANSACTIONAL: TrafficClass = TrafficClass::Transactional;

fn from(ticket: u64, account: u32, class: TrafficClass, priority_flag: u8) -> Outgoing {
    Outgoing { flow: Flow::new(account, class, priority_flag), ..outgoing(ticket, 1) }
}

/// A dispatcher of so many segments a second with one bind that always has room.
fn wide(segments_per_second: u32) -> Dispatcher {
    let mut dispatcher = Dispatcher::new(segments_per_second, 1);
    dispatcher.bind_up(Duration::ZERO, 0, u32::MAX);
    dispatcher
}

/// When each ticket of account 1 went, and how many segments went before the end in all.
fn codes(dispatcher: &mut Dispatcher, codes: &[(u64, u8)], end: u64) -> (Vec<Duration>, usize) {
    let mut waits = Vec::new();
    let mut sent = 0;
    for ms in 0..end {
        let now = Duration::from_millis(ms);
        for &(at, priority) in codes.iter().filter(|code| code.0 == ms) {
            dispatcher.push(from(u64::MAX - at, 1, TRANSACTIONAL, priority));
        }
        for (_, ticket, _) in drain(dispatcher, now) {
            sent += 1;
            let of = codes.iter().find(|code| ticket == u64::MAX - code.0);
            waits.extend(of.map(|code| now - Duration::from_millis(code.0)));
        }
    }
    (waits, sent)
}

#[test]
fn a_million_of_one_account_delay_a_code_of_another_by_100_ms_at_the_most() {
    // The burst may bear any class and priority; the code none.
    let bursts = [
        (1_000_000, TRANSACTIONAL, 0),
        (20_000, MARKETING, 0),
        (20_000, TRANSACTIONAL, 3),
        (20_000, MARKETING, 3),
    ];
    for (burst, class, priority) in bursts {
        let mut dispatcher = wide(1000);
        for ticket in 0..burst {
            dispatcher.push(from(ticket, 0, class, priority));
        }
        let at = [(500, 0), (501, 0), (1700, 0), (3999, 0), (4000, 0), (8123, 0)];
        let (waits, sent) = codes(&mut dispatcher, &at, 9000);
        assert_eq!(waits.len(), at.len());
        assert!(waits.iter().all(|wait| *wait <= Duration::from_millis(100)), "{waits:?}");
        assert!(sent >= 9000, "the rate is used up: {sent}");
    }
}

#[test]
fn a_code_waits_for_no_round_of_a_thousand_bursts() {
    let mut dispatcher = wide(1000);
    for ticket in 0..200_000 {
        let account = 2 + (ticket % 1000) as u32;
        dispatcher.push(from(ticket, account, TRANSACTIONAL, 0));
    }
    let at = [(700, 0), (2000, 0), (7500, 0)];
    let (waits, _) = codes(&mut dispatcher, &at, 8000);
    assert_eq!(waits.len(), 3);
    assert!(waits.iter().all(|wait| *wait <= Duration::from_millis(20)), "{waits:?}");
}

#[test]
fn an_account_whose_every_message_is_urgent_leaves_a_quarter_to_those_that_are_not() {
    let mut dispatcher = wide(1000);
    for ticket in 0..100_000 {
        dispatcher.push(from(ticket, 0, TRANSACTIONAL, 3));
        dispatcher.push(from(1_000_000 + ticket, 1, TRANSACTIONAL, 0));
    }
    let mut of = [0, 0];
    for ms in 0..8000 {
        for (_, ticket, _) in drain(&mut dispatcher, Duration::from_millis(ms)) {
            of[usize::from(ticket >= 1_000_000)] += 1;
        }
    }
    assert!((of.iter().sum::<usize>() / 4).abs_diff(of[1]) <= 1, "{of:?}");
}

#[test]
fn what_is_urgent_goes_first_and_marketing_last() {
    let mut dispatcher = wide(0);
    let classes = [(MARKETING, 0), (TRANSACTIONAL, 0), (MARKETING, 1), (TRANSACTIONAL, 2)];
    for (ticket, (class, priority)) in classes.into_iter().enumerate() {
        dispatcher.push(from(ticket as u64, 0, class, priority));
    }
    dispatcher.push(from(4, 0, TrafficClass::Conversational, 0));
    let sent = drain(&mut dispatcher, Duration::ZERO);
    assert!(sent.iter().map(|sent| sent.1).eq([3, 2, 1, 4, 0]), "{sent:?}");
}

#[test]
fn accounts_share_by_segments_and_not_by_messages() {
    let mut dispatcher = wide(1000);
    for ticket in 0..20_000 {
        dispatcher.push(Outgoing { segments: 5, ..from(ticket, 0, TRANSACTIONAL, 0) });
        dispatcher.push(from(1_000_000 + ticket, 1, TRANSACTIONAL, 0));
    }
    let mut of = [0_i32, 0];
    for ms in 0..8000 {
        for (_, ticket, _) in drain(&mut dispatcher, Duration::from_millis(ms)) {
            of[usize::from(ticket >= 1_000_000)] += 1;
        }
    }
    assert!((of[0] - of[1]).abs() <= 40, "{of:?}");
}

#[test]
fn an_account_that_sends_message_by_message_takes_no_more_than_its_share() {
    let mut dispatcher = wide(0);
    for ticket in 0..10_000 {
        dispatcher.push(from(ticket, 0, TRANSACTIONAL, 0));
    }
    // It gives its next message whenever the last one has gone.
    let (mut burst, mut single) = (0_u32, 0_u32);
    dispatcher.push(from(1_000_000, 1, TRANSACTIONAL, 0));
    for _ in 0..5000 {
        let Next::Send { outgoing, .. } = dispatcher.next(Duration::ZERO) else { panic!() };
        if outgoing.ticket >= 1_000_000 {
            single += 1;
            dispatcher.push(from(1_000_000 + u64::from(single), 1, TRANSACTIONAL, 0));
        } else {
            burst += 1;
        }
    }
    assert!(burst > 2000 && single > 500, "{burst} {single}");
}

#[test]
fn how_much_of_each_class_waits_and_since_when_is_known() {
    let mut dispatcher = Dispatcher::new(0, 1);
    let mut at = |ticket, account, class, seconds| {
        let one = from(ticket, account, class, 0);
        let accepted_at = Duration::from_secs(seconds);
        let message = Message { accepted_at, ..one.message.read().clone() };
        dispatcher.push(Outgoing { message: message.into(), ..one });
    };
    at(1, 0, MARKETING, 70);
    at(2, 0, MARKETING, 80);
    at(3, 1, MARKETING, 60);
    at(4, 1, TRANSACTIONAL, 90);
    assert_eq!(dispatcher.waiting_by_class(), [1, 0, 2 + 1]);
    let seconds =
        |oldest: [Option<Duration>; 3]| oldest.map(|oldest| oldest.map(|at| at.as_secs()));
    assert_eq!(seconds(dispatcher.oldest_by_class()), [Some(90), None, Some(60)]);
    dispatcher.bind_up(Duration::ZERO, 0, 3);
    assert_eq!(drain(&mut dispatcher, Duration::ZERO).len(), 3);
    assert_eq!(dispatcher.waiting_by_class().iter().sum::<usize>(), 1);
}

proptest! {
    /// Whatever comes, goes, comes back and is withdrawn: each segment goes once or is given back
    /// once, and those of one account and level go in the order of acceptance.
    #[test]
    fn nothing_is_lost_doubled_or_turned_around(
        steps in prop::collection::vec((0..8_u8, 0..4_u32, 0..3_usize, 0..4_u8, 1..4_u8), 1..200),
    ) {
        let mut dispatcher = Dispatcher::new(0, 3);
        let mut now = Duration::ZERO;
        let mut pending = std::collections::BTreeSet::new();
        let mut withdrawn = std::collections::BTreeSet::new();
        let mut last = std::collections::HashMap::new();
        let mut ticket = 0;
        let mut sent_on = vec![Vec::new(); 3];
        for (what, account, class, priority, segments) in steps {
            now += Duration::from_millis(7);
            match what {
                0..4 => {
                    let class = TrafficClass::ALL[class];
                    let mut one = from(ticket, account, class, priority);
                    one.segments = segments;
                    pending.extend((0..segments).map(|segment| (ticket, segment)));
                    dispatcher.push(one);
                    ticket += 1;
                }
                4 => dispatcher.bind_up(Duration::ZERO, account % 3, u32::from(segments)),
                5 => dispatcher.credit(Duration::ZERO, account % 3, 2),
                6 => {
                    // A bind dies, and what it had comes back, the last first.
                    let bind = account % 3;
                    dispatcher.bind_down(Duration::ZERO, bind);
                    while let Some(back) = sent_on[bind as usize].pop() {
                        let back: Outgoing = back;
                        last.remove(&(back.flow.level(), back.flow.place()));
                        pending.insert((back.ticket, back.segment));
                        dispatcher.push_first(back);
                    }
                }
                _ => {
                    withdrawn.insert(u64::from(account) * 3);
                    dispatcher.remove(u64::from(account) * 3);
                }
            }
            while let Next::Send { bind, outgoing } = dispatcher.next(now) {
                prop_assert!(pending.remove(&(outgoing.ticket, outgoing.segment)));
                prop_assert!(!withdrawn.contains(&outgoing.ticket) || outgoing.segment > 0
                    || !dispatcher.withdrawn.contains(&outgoing.ticket));
                let key = (outgoing.flow.level(), outgoing.flow.place());
                if outgoing.segment == 0 {
                    let before = last.insert(key, outgoing.order);
                    prop_assert!(before.is_none_or(|before| before <= outgoing.order));
                }
                sent_on[bind as usize].push(outgoing);
            }
            for (ticket, from, segments) in unsent(&mut dispatcher) {
                prop_assert!((from..from + segments).all(|one| pending.remove(&(ticket, one))));
            }
        }
        for bind in 0..3 {
            dispatcher.bind_up(Duration::ZERO, bind, 10_000);
        }
        now += Duration::from_secs(10);
        for (_, ticket, segment) in drain(&mut dispatcher, now) {
            prop_assert!(pending.remove(&(ticket, segment)));
        }
        for (ticket, from, segments) in unsent(&mut dispatcher) {
            prop_assert!((from..from + segments).all(|one| pending.remove(&(ticket, one))));
        }
        prop_assert!(pending.is_empty(), "{pending:?}");
        prop_assert_eq!(dispatcher.waiting(), 0);
    }
}

/// How many segments go of each account one behind the other.
fn runs(accounts: &[u32]) -> Vec<usize> {
    accounts.chunk_by(|one, next| one == next).map(<[u32]>::len).collect()
}

#[test]
fn what_goes_at_one_moment_goes_together_and_shares_stay_equal() {
    const ACCOUNTS: u64 = 10;
    let mut dispatcher = wide(0);
    for ticket in 0..ACCOUNTS * 2_000 {
        dispatcher.push(from(ticket, (ticket % ACCOUNTS) as u32, TRANSACTIONAL, 0));
    }
    let mut sent = Vec::new();
    for ms in 0..10 {
        // A moment in which a thousand go; a round of all takes less.
        let now = Duration::from_millis(ms);
        for _ in 0..1_000 {
            let Next::Send { outgoing, .. } = dispatcher.next(now) else { panic!("it waits") };
            sent.push((outgoing.ticket % ACCOUNTS) as u32);
        }
    }
    let runs = runs(&sent);
    assert!(runs.len() < 10_000 / 40, "{} runs", runs.len());
    for account in 0..ACCOUNTS as u32 {
        let own = sent.iter().filter(|one| **one == account).count();
        assert!(own.abs_diff(1_000) <= 64, "account {account} had {own}");
    }
}

#[test]
fn what_goes_by_ones_goes_by_turns_of_eight() {
    let mut dispatcher = wide(1000);
    for ticket in 0..2_000 {
        dispatcher.push(from(ticket, (ticket % 2) as u32, TRANSACTIONAL, 0));
    }
    let mut sent = Vec::new();
    for ms in 0..1_000 {
        let now = Duration::from_millis(ms);
        sent.extend(drain(&mut dispatcher, now).iter().map(|(_, ticket, _)| (ticket % 2) as u32));
    }
    let runs = runs(&sent);
    let longest = runs.iter().skip(2).max();
    assert!(longest <= Some(&10), "{runs:?}");
}
