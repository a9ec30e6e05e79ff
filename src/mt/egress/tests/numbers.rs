//! Numbers with a rate of their own.

use super::*;

/// A message of this number.
fn of(number: Option<u32>, ticket: u64, account: u32) -> Outgoing {
    let mut one = outgoing(ticket, 1);
    let message = Message { number, account, ..one.message.read().clone() };
    (one.flow, one.message) = (Flow::of(&message), message.into());
    one
}

/// A dispatcher without a limit of its own, for numbers of these rates.
fn dispatcher(rates: &[Arc<Rate>]) -> Dispatcher {
    let mut dispatcher = Dispatcher::new(0, 1);
    dispatcher.set_number_rates(Duration::ZERO, rates);
    dispatcher.bind_up(Duration::ZERO, 0, u32::MAX);
    dispatcher
}

fn rates(per_second: &[u64]) -> Vec<Arc<Rate>> {
    per_second.iter().map(|rate| Arc::new(Rate::even(rate * 1_000_000))).collect()
}

#[test]
fn a_number_keeps_its_rate_over_all_carriers_and_its_order_at_each() {
    let rates = rates(&[20]);
    let mut carriers = [dispatcher(&rates), dispatcher(&rates)];
    for ticket in 0..1_000 {
        carriers[ticket as usize % 2].push(of(Some(0), ticket, 0));
    }
    let mut sent = [Vec::new(), Vec::new()];
    for ms in 0..10_000 {
        let now = Duration::from_millis(ms);
        for (carrier, sent) in carriers.iter_mut().zip(&mut sent) {
            sent.extend(drain(carrier, now).iter().map(|(_, ticket, _)| *ticket));
        }
    }
    let all = sent[0].len() + sent[1].len();
    assert!((200..=203).contains(&all), "{all} in ten seconds");
    for (sent, carrier) in sent.iter().zip(&carriers) {
        assert!(sent.is_sorted() && sent.len() > 20, "{}", sent.len());
        assert_eq!(carrier.waiting(), 500 - sent.len());
        assert_eq!(carrier.waiting_by_class().iter().sum::<usize>(), carrier.waiting());
    }
}

#[test]
fn nobody_waits_behind_a_number_and_a_code_of_the_same_number_for_no_burst() {
    let rates = rates(&[10]);
    let mut dispatcher = dispatcher(&rates);
    for ticket in 0..100_000 {
        dispatcher.push(of(Some(0), ticket, 0));
    }
    dispatcher.push(of(None, 200_000, 1));
    let mut found = Vec::new();
    for ms in 0..3_000_u64 {
        let now = Duration::from_millis(ms);
        if ms == 1_000 {
            dispatcher.push(of(Some(0), 300_000, 2));
        }
        // Each look sets a bounded part of the burst aside.
        for _ in 0..2 {
            let sent = drain(&mut dispatcher, now);
            found.extend(sent.iter().filter(|sent| sent.1 >= 200_000).map(|sent| (ms, sent.1)));
        }
    }
    let [(other, 200_000), (code, 300_000)] = found[..] else { panic!("{found:?}") };
    assert!(other <= 100, "after {other} ms");
    assert!(code <= 2_300, "at {code} ms, though its turn comes after eight of the burst");
}

#[test]
fn what_waits_for_its_number_is_withdrawn_and_goes_elsewhere_like_any_other() {
    let rates = rates(&[1]);
    let mut dispatcher = dispatcher(&rates);
    for ticket in 0..20 {
        dispatcher.push(of(Some(0), ticket, 0));
    }
    let sent = drain(&mut dispatcher, Duration::ZERO);
    assert!(sent.len() <= 2, "{sent:?}");
    for ticket in 10..15 {
        dispatcher.remove(ticket);
    }
    let later = Duration::from_secs(1);
    drain(&mut dispatcher, later);
    drain(&mut dispatcher, later + Duration::from_millis(500));
    let unsent: HashSet<u64> =
        std::iter::from_fn(|| dispatcher.pop_unsent()).map(|one| one.ticket).collect();
    assert_eq!(unsent, (10..15).collect());
    dispatcher.bind_down(later, 0);
    let waited = dispatcher.waiting();
    let mut left = 0;
    while !dispatcher.part_with(later, 3, |_| {
        left += 1;
        true
    }) {}
    assert_eq!((left, dispatcher.waiting()), (waited, 0));
}

#[test]
fn another_rate_holds_at_once_and_none_lets_all_go() {
    let rates = rates(&[1]);
    let mut dispatcher = dispatcher(&rates);
    for ticket in 0..100 {
        dispatcher.push(of(Some(0), ticket, 0));
    }
    let now = Duration::from_secs(5);
    drain(&mut dispatcher, now);
    rates[0].set_millionths(now, 0);
    dispatcher.set_number_rates(now, &rates);
    let sent = drain(&mut dispatcher, now).len();
    assert!(sent >= 98, "{sent}");
}

#[test]
fn what_goes_elsewhere_takes_nothing_of_its_number_for_the_others() {
    let rates = rates(&[1]);
    let mut carriers = [dispatcher(&rates), dispatcher(&rates)];
    let now = Duration::from_secs(1);
    (0..1_000).for_each(|ticket| carriers[0].push(of(Some(0), ticket, 0)));
    drain(&mut carriers[0], now);
    carriers[0].bind_down(now, 0);
    let [down, other] = &mut carriers;
    // All of the account goes, and then one that was given up.
    while !down.part_with(now, 100, |one| one.ticket != 999) {}
    assert_eq!(down.waiting(), 1);
    down.remove(999);
    other.push(of(Some(0), 5_000, 1));
    let sent = (0..5_000).find(|ms| !drain(other, now + Duration::from_millis(*ms)).is_empty());
    assert!(sent.is_some(), "the rate was taken by what never went");
}

#[test]
fn what_was_held_keeps_its_moment_and_its_order_when_its_carrier_is_back() {
    let rates = rates(&[10, 10]);
    let mut dispatcher = dispatcher(&rates);
    (0..400).for_each(|ticket| dispatcher.push(of(Some(ticket as u32 % 2), ticket, 0)));
    let mut sent = drain(&mut dispatcher, Duration::ZERO);
    dispatcher.bind_down(Duration::ZERO, 0);
    let mut looked = Vec::new();
    for _ in 0..7 {
        dispatcher.part_with(Duration::ZERO, 30, |one| {
            looked.push(one.ticket);
            one.ticket % 10 < 2
        });
    }
    let unique: HashSet<u64> = looked.iter().copied().collect();
    assert_eq!(unique.len(), looked.len(), "nothing is looked at twice in one look");
    let left = looked.iter().filter(|ticket| *ticket % 10 < 2).count();
    assert!(left > 10);
    dispatcher.bind_up(Duration::ZERO, 0, u32::MAX);
    for ms in 0..60_000 {
        sent.extend(drain(&mut dispatcher, Duration::from_millis(ms)));
    }
    assert_eq!((sent.len() + left, dispatcher.waiting()), (400, 0));
    for number in 0..2 {
        let of_one: Vec<u64> =
            sent.iter().map(|sent| sent.1).filter(|ticket| ticket % 2 == number).collect();
        assert!(of_one.is_sorted(), "{of_one:?}");
    }
}

#[test]
fn a_look_that_was_not_finished_is_not_asked_for_again_without_a_bind() {
    let rates = rates(&[1]);
    let mut dispatcher = dispatcher(&rates);
    (0..5_000).for_each(|ticket| dispatcher.push(of(Some(0), ticket, 0)));
    while let Next::Send { .. } = dispatcher.next(Duration::ZERO) {}
    assert!(dispatcher.waiting() > ASIDE_MAX);
    dispatcher.bind_down(Duration::ZERO, 0);
    assert!(matches!(dispatcher.next(Duration::ZERO), Next::Idle));
}

#[test]
fn the_oldest_that_waits_for_its_number_counts_though_nothing_waits_behind_it() {
    let rates = rates(&[1]);
    let mut dispatcher = dispatcher(&rates);
    let now = Duration::from_secs(1);
    for ticket in 0..3 {
        let mut one = of(Some(0), ticket, 0);
        let accepted_at = Duration::from_secs(100 + ticket);
        one.message = Message { accepted_at, ..one.message.read().clone() }.into();
        dispatcher.push(one);
    }
    let sent = drain(&mut dispatcher, now).len() as u64;
    assert!((1..3).contains(&sent));
    let oldest = dispatcher.oldest_by_class().into_iter().flatten().min();
    assert_eq!(oldest, Some(Duration::from_secs(100 + sent)));
}
