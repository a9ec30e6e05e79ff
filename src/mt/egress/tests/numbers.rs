//! Numbers with a rate of their own.

use super::*;

/// A message of this number.
fn of(number: Option<u32>, ticket: u64, account: u32) -> Outgoing {
    let mut one = outgoing(ticket, 1);
    let message = Message { number, account, ..Message::clone(&one.message) };
    (one.flow, one.message) = (Flow::of(&message), Arc::new(message));
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
