//! Before an SMSC that throttles numbers.

use std::collections::VecDeque;

use super::pace::Limit;
use super::*;
use crate::message::envelope::Message;

/// A message of a number of ours, which is its own account's, to one of many handsets.
fn of(number: u32, ticket: u64, segments: u8) -> Outgoing {
    let message = Message {
        source: Address::new(1, 1, format!("1650555{number:04}").as_bytes()),
        destination: Address::new(1, 1, format!("1415{:07}", ticket % 1_000_003).as_bytes()),
        account: number,
        ..Message::default()
    };
    let flow = Flow::of(&message);
    Outgoing { message: message.into(), flow, ..outgoing(ticket, segments) }
}

fn number(one: &Outgoing) -> u32 {
    one.message.account
}

fn by_number(binds: usize) -> Dispatcher {
    let mut dispatcher = Dispatcher::new(0, binds);
    dispatcher.set_throttled_slows(Duration::ZERO, ThrottledSlows::Number);
    dispatcher
}

/// A dispatcher before such an SMSC, in steps of a millisecond.
struct Run {
    dispatcher: Dispatcher,
    /// Of each number.
    limits: Vec<Limit>,
    /// Of all together.
    all: Limit,
    latency: u64,
    ms: u64,
    binds: u32,
    answers: VecDeque<(u64, u32, Outgoing, bool)>,
    tickets: u64,
    /// Messages of each number that are not taken yet, which are kept as many.
    open: Vec<usize>,
    wanted: usize,
    taken: Vec<(u64, u32)>,
    throttled: Vec<(u64, u32)>,
}

impl Run {
    fn new(limits: Vec<Limit>, (binds, window): (u32, u32), latency: u64) -> Self {
        let mut dispatcher = by_number(binds as usize);
        (0..binds).for_each(|bind| dispatcher.bind_up(Duration::ZERO, bind, window));
        let open = vec![0; limits.len()];
        Self {
            dispatcher,
            limits,
            all: Limit::None,
            latency,
            ms: 0,
            binds,
            answers: VecDeque::new(),
            tickets: 0,
            open,
            wanted: 200,
            taken: Vec::new(),
            throttled: Vec::new(),
        }
    }

    fn push(&mut self, number: u32) {
        self.dispatcher.push(of(number, self.tickets, 1));
        self.tickets += 1;
        self.open[number as usize] += 1;
    }

    fn seconds(&mut self, seconds: u64) {
        let end = self.ms + 1000 * seconds;
        while self.ms < end {
            let now = Duration::from_millis(self.ms);
            for number in 0..self.limits.len() {
                while self.open[number] < self.wanted {
                    self.push(number as u32);
                }
            }
            self.hear(now);
            while let Next::Send { bind, outgoing } = self.dispatcher.next(now) {
                let takes = self.limits[number(&outgoing) as usize].takes(now);
                let takes = takes && self.all.takes(now);
                self.answers.push_back((self.ms + self.latency, bind, outgoing, takes));
            }
            self.ms += 1;
        }
    }

    fn hear(&mut self, now: Duration) {
        let mut heard = vec![(0, 0); self.binds as usize];
        let mut back = Vec::new();
        while let Some((_, bind, outgoing, takes)) =
            self.answers.pop_front_if(|answer| answer.0 <= self.ms)
        {
            heard[bind as usize].0 += 1;
            let number = number(&outgoing);
            if outgoing.flow.is_alone() {
                self.dispatcher.answered_alone(now, bind, outgoing.ticket, !takes);
            }
            if takes {
                self.taken.push((self.ms, number));
                self.open[number as usize] -= 1;
            } else {
                self.throttled.push((self.ms, number));
                heard[bind as usize].1 += 1;
                back.push(Outgoing { flow: outgoing.flow.alone(), ..outgoing });
            }
        }
        let sent_at = now.saturating_sub(Duration::from_millis(self.latency));
        for (bind, (answers, throttled)) in (0..).zip(heard).filter(|(_, heard)| heard.0 > 0) {
            self.dispatcher.credit(now, bind, answers);
            if throttled > 0 {
                self.dispatcher.throttled(now, bind, throttled, sent_at);
            }
        }
        back.into_iter().for_each(|one| self.dispatcher.push_throttled(now, one));
    }

    /// How many of a number's were taken and throttled, a second from this second to that.
    fn per_second(&self, number: u32, from: u64, to: u64) -> (f64, f64) {
        let count = |all: &[(u64, u32)]| {
            let span = 1000 * from..1000 * to;
            let meant = all.iter().filter(|one| one.1 == number && span.contains(&one.0));
            meant.count() as f64 / (to - from) as f64
        };
        (count(&self.taken), count(&self.throttled))
    }
}

#[test]
fn a_number_that_is_throttled_settles_at_its_limit_and_another_goes_at_full_pace() {
    for limit in [1, 3, 10, 75] {
        for (latency, window) in [(5, 10), (100, 40)] {
            for model in [Limit::by_second(limit), Limit::bucket(limit)] {
                let mut run = Run::new(vec![model, Limit::None], (2, window), latency);
                run.seconds(40);
                let of = (limit, latency);
                let (rate, refused) = run.per_second(0, 20, 40);
                let wanted = f64::from(limit);
                assert!((wanted * 0.79..=wanted * 1.05).contains(&rate), "{of:?}: {rate}");
                assert!(refused <= wanted * 0.15 + 0.2, "{of:?}: {refused} refused a second");
                // What the windows can carry, less what the first refusals took of them.
                let (other, _) = run.per_second(1, 5, 40);
                let full = f64::from(window) * 2000.0 / latency as f64 - wanted;
                assert!(other > full * 0.9, "{of:?}: {other} of {full}");
                assert!(run.dispatcher.paces().all(|pace| pace.is_none()), "{of:?}");
                let now = Duration::from_millis(run.ms);
                let slowed: Vec<SlowedNumber> = run.dispatcher.slowed_numbers(now).collect();
                let [slowed] = &slowed[..] else { panic!("{slowed:?}") };
                assert_eq!(slowed.number.octets(), b"16505550000");
                assert!(slowed.pace >= 0.1 && slowed.waiting > 100, "{slowed:?}");
            }
        }
    }
}

#[test]
fn a_limit_that_is_lifted_is_forgotten_and_the_number_is_known_no_more() {
    let mut run = Run::new(vec![Limit::by_second(5)], (1, 10), 10);
    run.seconds(20);
    let now = Duration::from_millis(run.ms);
    assert_eq!(run.dispatcher.slowed_numbers(now).count(), 1);
    run.limits = vec![Limit::None];
    run.seconds(122);
    let now = Duration::from_millis(run.ms);
    assert_eq!(run.dispatcher.slowed_numbers(now).count(), 0);
    assert!(run.dispatcher.numbers.slowed.are_none());
    let (rate, _) = run.per_second(0, 120, 140);
    assert!(rate > 900.0, "{rate}");
}

#[test]
fn numbers_that_are_throttled_for_the_day_take_nothing_of_the_others() {
    let closed = (0..50).map(|_| Limit::by_second(0)).chain([Limit::None]).collect();
    let mut run = Run::new(closed, (1, 40), 10);
    run.wanted = 20;
    run.seconds(30);
    let asked: f64 = (0..50).map(|number| run.per_second(number, 20, 30).1).sum();
    assert!(asked < 30.0, "{asked}: each is tried ever more seldom");
    let (rate, _) = run.per_second(50, 20, 30);
    assert!(rate > 1_700.0, "{rate}: twenty at a time each eleven milliseconds");
    assert_eq!(run.dispatcher.paces().collect::<Vec<_>>(), [None]);
}

#[test]
fn a_carrier_that_throttles_whatever_comes_slows_its_binds_though_each_number_sends_once() {
    for limit in [50, 400] {
        let mut run = Run::new(Vec::new(), (2, 50), 10);
        run.all = Limit::by_second(limit);
        for second in 0..60 {
            // More numbers than are kept in mind, by far.
            for _ in 0..2 * limit {
                run.limits.push(Limit::None);
                run.open.push(0);
                run.push(run.limits.len() as u32 - 1);
            }
            run.wanted = 0;
            run.seconds(1);
            assert!(run.dispatcher.numbers.slowed.known() <= 4096, "{second}");
        }
        let within = |all: &[(u64, u32)]| all.iter().filter(|one| one.0 >= 30_000).count() / 30;
        let (taken, refused) = (within(&run.taken), within(&run.throttled));
        let wanted = limit as usize;
        assert!((wanted * 85 / 100..=wanted).contains(&taken), "{limit}: {taken}");
        assert!(refused < wanted / 3, "{limit}: {refused} refused a second");
        assert!(run.dispatcher.paces().any(|pace| pace.is_some()));
    }
}

#[test]
fn beyond_the_numbers_that_are_kept_in_mind_the_binds_slow_and_those_that_are_kept_are_kept() {
    let mut dispatcher = by_number(1);
    let begin = Duration::from_secs(5);
    dispatcher.bind_up(begin, 0, 100_000);
    for ticket in 0..5_000 {
        let at = begin + Duration::from_millis(ticket);
        dispatcher.push_throttled(at, of(ticket as u32, ticket, 1));
        dispatcher.credit(at, 0, 1);
        let whatever_comes = dispatcher.throttled(at, 0, 1, at);
        assert_eq!(whatever_comes, ticket >= 2_007, "{ticket}");
    }
    assert_eq!(dispatcher.numbers.slowed.known(), 4_096);
    assert!(dispatcher.paces().all(|pace| pace.is_some()));
    let now = begin + Duration::from_secs(5);
    // They are forgotten when two minutes have passed, once nothing waits for them.
    let later = now + Duration::from_secs(121);
    assert!(!dispatcher.throttled(later, 0, 1, later));
    let last = later + Duration::from_secs(1);
    assert_eq!(drain(&mut dispatcher, last).len(), 5_000);
    assert_eq!(dispatcher.slowed_numbers(last).count(), 0);
    assert_eq!(dispatcher.numbers.slowed.known(), 0);
}

#[test]
fn the_rest_of_a_throttled_message_does_not_keep_its_bind_from_others() {
    let now = Duration::from_secs(1);
    let mut dispatcher = by_number(1);
    dispatcher.bind_up(now, 0, 1);
    dispatcher.push(of(0, 1, 3));
    dispatcher.push(of(1, 2, 1));
    let Next::Send { outgoing: first, .. } = dispatcher.next(now) else { panic!() };
    assert_eq!((first.ticket, first.segment, dispatcher.waiting()), (1, 0, 2));
    dispatcher.credit(now, 0, 1);
    dispatcher.push_throttled(now, Outgoing { flow: first.flow.alone(), ..first });
    let sent = drain(&mut dispatcher, now);
    assert_eq!(sent, [(0, 2, 0)], "another number's");
    dispatcher.credit(now, 0, 9);
    let Next::At(at) = dispatcher.next(now) else { panic!() };
    assert!(at > now && at <= now + Duration::from_millis(20), "{at:?}");
    assert_eq!(drain(&mut dispatcher, at), [(0, 1, 0), (0, 1, 1), (0, 1, 2)]);
}

#[test]
fn a_number_is_slowed_at_each_carrier_by_itself_and_by_bind_from_the_moment_that_is_said() {
    let now = Duration::from_secs(1);
    let mut dispatcher = by_number(1);
    dispatcher.bind_up(now, 0, 100);
    for ticket in 0..20 {
        dispatcher.push_throttled(now, of(0, 100 + ticket, 1));
        dispatcher.push(of(0, 200 + ticket, 1));
    }
    assert!(drain(&mut dispatcher, now).is_empty());
    assert_eq!((dispatcher.waiting(), dispatcher.waiting_for_numbers()), (40, 40));
    dispatcher.set_throttled_slows(now, ThrottledSlows::Bind);
    let sent: Vec<u64> = drain(&mut dispatcher, now).iter().map(|sent| sent.1).collect();
    assert!(sent.is_sorted() && sent.len() == 40, "{sent:?}");
    assert!(dispatcher.throttled(now, 0, 1, now));
}

#[test]
fn what_waits_for_a_slowed_number_is_withdrawn_and_goes_elsewhere_like_any_other() {
    let now = Duration::from_secs(1);
    let mut dispatcher = by_number(1);
    dispatcher.bind_up(now, 0, 1_000);
    dispatcher.push_throttled(now, of(0, 0, 1));
    (1..100).for_each(|ticket| dispatcher.push(of(0, ticket, 1)));
    assert!(drain(&mut dispatcher, now).is_empty());
    assert_eq!(dispatcher.waiting_by_class().iter().sum::<usize>(), 100);
    assert_eq!(dispatcher.waiting_of(&[7]), [(7, 0)]);
    (20..30).for_each(|ticket| dispatcher.remove(ticket));
    dispatcher.bind_down(now, 0);
    let Next::At(sweep) = dispatcher.next(now) else { panic!() };
    dispatcher.next(sweep);
    let unsent: HashSet<u64> =
        std::iter::from_fn(|| dispatcher.pop_unsent()).map(|one| one.ticket).collect();
    assert_eq!(unsent, (20..30).collect());
    let mut left = HashSet::new();
    while !dispatcher.part_with(sweep, 7, |one| {
        let leaves = one.ticket.is_multiple_of(2);
        left.extend(leaves.then_some(one.ticket));
        leaves
    }) {}
    assert_eq!((left.len(), dispatcher.waiting()), (45, 45));
    // The rest goes when there is a bind again.
    dispatcher.bind_up(sweep, 0, 1_000);
    let later = sweep + Duration::from_secs(1);
    assert_eq!(drain(&mut dispatcher, later).len(), 45);
}

#[test]
fn what_comes_back_goes_before_what_waits_for_its_number() {
    let rates = [Arc::new(Rate::even(1_000_000))];
    let mut dispatcher = Dispatcher::new(0, 1);
    let now = Duration::from_secs(1);
    dispatcher.set_number_rates(now, &rates);
    dispatcher.bind_up(now, 0, 1);
    let rated = |ticket| {
        let one = outgoing(ticket, 1);
        let message = Message { number: Some(0), ..one.message.read().clone() }.into();
        Outgoing { message, ..one }
    };
    (0..20).for_each(|ticket| dispatcher.push(rated(ticket)));
    let sent = drain(&mut dispatcher, now);
    assert_eq!(sent, [(0, 0, 0)]);
    // Its bind dies, and it was not sent after all.
    dispatcher.bind_down(now, 0);
    dispatcher.push_first(rated(0));
    dispatcher.bind_up(now, 0, 100);
    let mut order = Vec::new();
    for ms in 0..25_000 {
        order.extend(drain(&mut dispatcher, now + Duration::from_millis(ms)));
    }
    let order: Vec<u64> = order.iter().map(|sent| sent.1).collect();
    assert!(order.is_sorted() && order.len() == 20, "{order:?}");
}
