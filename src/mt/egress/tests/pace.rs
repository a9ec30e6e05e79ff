//! Before an SMSC that takes so many segments a second and throttles the rest.

use std::collections::VecDeque;

use super::*;

/// An SMSC that counts by the second of its clock, as `chappe smsc --throttle-above` does, or one
/// whose room for a tenth of a second's worth fills up again as time passes.
pub enum Limit {
    BySecond { limit: u32, second: u64, taken: u32 },
    Bucket { limit: f64, room: f64, at: Duration },
    None,
}

impl Limit {
    pub fn takes(&mut self, now: Duration) -> bool {
        match self {
            Self::BySecond { limit, second, taken } => {
                if *second != now.as_secs() {
                    (*second, *taken) = (now.as_secs(), 0);
                }
                *taken += u32::from(*taken < *limit + 1);
                *taken <= *limit
            }
            Self::Bucket { limit, room, at } => {
                *room += (now - *at).as_secs_f64() * *limit;
                *room = room.min((*limit / 10.0).max(1.0));
                *at = now;
                let takes = *room >= 1.0;
                *room -= f64::from(u8::from(takes));
                takes
            }
            Self::None => true,
        }
    }

    pub fn by_second(limit: u32) -> Self {
        Self::BySecond { limit, second: 0, taken: 0 }
    }

    pub fn bucket(limit: u32) -> Self {
        Self::Bucket { limit: f64::from(limit), room: 0.0, at: Duration::ZERO }
    }
}

/// A dispatcher before such an SMSC, in steps of a millisecond.
struct Run {
    dispatcher: Dispatcher,
    limit: Limit,
    binds: u32,
    latency: u64,
    ms: u64,
    /// Answers on their way, by the millisecond they arrive in.
    answers: VecDeque<(u64, u32, Outgoing, bool)>,
    tickets: u64,
    taken: Vec<u64>,
    throttled: u64,
}

impl Run {
    fn new(limit: Limit, binds: u32, latency: u64) -> Self {
        let mut dispatcher = Dispatcher::new(0, binds as usize);
        (0..binds).for_each(|bind| dispatcher.bind_up(Duration::ZERO, bind, 100));
        let (answers, taken) = (VecDeque::new(), Vec::new());
        let (ms, tickets, throttled) = (0, 0, 0);
        Self { dispatcher, limit, binds, latency, ms, answers, tickets, taken, throttled }
    }

    /// So many seconds in which there is always more to send.
    fn seconds(&mut self, seconds: u64) {
        let end = self.ms + 1000 * seconds;
        while self.ms < end {
            let now = Duration::from_millis(self.ms);
            while self.dispatcher.waiting() < 200 {
                self.dispatcher.push(outgoing(self.tickets, 1));
                self.tickets += 1;
            }
            self.hear(now);
            while let Next::Send { bind, outgoing } = self.dispatcher.next(now) {
                let takes = self.limit.takes(now);
                self.answers.push_back((self.ms + self.latency, bind, outgoing, takes));
            }
            self.ms += 1;
        }
    }

    fn hear(&mut self, now: Duration) {
        let mut heard = vec![(0, 0); self.binds as usize];
        let mut back = Vec::new();
        while let Some((at, bind, outgoing, takes)) = self.answers.pop_front() {
            if at > self.ms {
                self.answers.push_front((at, bind, outgoing, takes));
                break;
            }
            heard[bind as usize].0 += 1;
            if takes {
                self.taken.push(self.ms);
            } else {
                heard[bind as usize].1 += 1;
                self.throttled += 1;
                back.push(outgoing);
            }
        }
        let sent_at = now.saturating_sub(Duration::from_millis(self.latency));
        for (bind, (answers, throttled)) in (0..).zip(heard).filter(|(_, heard)| heard.0 > 0) {
            self.dispatcher.credit(now, bind, answers);
            if throttled > 0 {
                self.dispatcher.throttled(now, bind, throttled, sent_at);
            }
        }
        back.into_iter().for_each(|outgoing| self.dispatcher.push_first(outgoing));
    }

    /// How many were taken a second from this second to that.
    fn per_second(&self, from: u64, to: u64) -> f64 {
        let taken = self.taken.iter().filter(|ms| (1000 * from..1000 * to).contains(*ms)).count();
        taken as f64 / (to - from) as f64
    }
}

#[test]
fn against_a_limit_the_rate_settles_within_ten_percent_in_thirty_seconds() {
    for limit in [50, 200, 500, 1000, 5000] {
        for binds in [1, 2, 4, 8] {
            for latency in [2, 50] {
                for model in [Limit::by_second(limit), Limit::bucket(limit)] {
                    let mut run = Run::new(model, binds, latency);
                    run.seconds(30);
                    let throttled = run.throttled;
                    run.seconds(20);
                    let rate = run.per_second(30, 50);
                    let wanted = f64::from(limit);
                    // What the window can carry is less than some limits.
                    let wanted = wanted.min(f64::from(binds) * 100_000.0 / latency as f64);
                    let of = (limit, binds, latency);
                    assert!((wanted * 0.9..=wanted * 1.1).contains(&rate), "{of:?}: {rate}");
                    let refused = (run.throttled - throttled) as f64 / 20.0;
                    assert!(refused < wanted * 0.1, "{of:?}: {refused} refused a second");
                    // Each was taken once, or is still on its way.
                    let left = run.dispatcher.waiting() + run.answers.len();
                    assert_eq!(run.taken.len() + left, run.tickets as usize);
                }
            }
        }
    }
}

#[test]
fn what_is_never_throttled_goes_as_fast_as_the_window_lets_it() {
    let mut run = Run::new(Limit::None, 1, 10);
    run.seconds(3);
    assert!((9_900.0..=10_000.0).contains(&run.per_second(1, 3)));
    assert_eq!(run.dispatcher.paces().collect::<Vec<_>>(), [None]);
}

#[test]
fn a_limit_that_is_lifted_is_forgotten_and_what_was_learnt_outlives_a_session() {
    let mut run = Run::new(Limit::by_second(500), 1, 10);
    run.seconds(10);
    let learnt = run.dispatcher.paces().next().flatten().unwrap();
    assert!((400.0..600.0).contains(&learnt), "{learnt}");
    run.dispatcher.bind_down(Duration::ZERO, 0);
    run.dispatcher.bind_up(Duration::ZERO, 0, 100);
    run.answers.clear();
    let again = run.dispatcher.paces().next().flatten().unwrap();
    assert!((learnt - again).abs() < 1.0, "{learnt} {again}");
    run.limit = Limit::None;
    run.seconds(60);
    assert_eq!(run.dispatcher.paces().next(), Some(None));
    assert!(run.per_second(68, 70) > 9_900.0);
}

#[test]
fn a_carrier_that_takes_nothing_for_a_minute_is_asked_seldom_and_found_again() {
    let mut run = Run::new(Limit::by_second(500), 2, 10);
    run.seconds(5);
    run.limit = Limit::by_second(0);
    run.seconds(10);
    let throttled = run.throttled;
    run.seconds(50);
    let asked = run.throttled - throttled;
    assert!((50..=400).contains(&asked), "{asked}");
    run.limit = Limit::by_second(500);
    run.seconds(40);
    assert!((450.0..=550.0).contains(&run.per_second(95, 105)), "{}", run.per_second(95, 105));
}

#[test]
fn a_bind_that_has_come_up_gets_its_window_little_by_little() {
    let mut dispatcher = Dispatcher::new(0, 2);
    dispatcher.set_ramp_up(Duration::from_secs(10));
    for ticket in 0..1_000 {
        dispatcher.push(outgoing(ticket, 1));
    }
    let begin = Duration::from_secs(5);
    dispatcher.bind_up(begin, 0, 100);
    let mut sent = drain(&mut dispatcher, begin).len();
    assert_eq!(sent, 1);
    // It says itself when more may go; nothing is answered.
    let mut now = begin;
    while now < begin + Duration::from_secs(10) {
        let Next::At(at) = dispatcher.next(now) else { panic!("at {now:?} it does not wait") };
        assert!(at > now && at <= begin + Duration::from_secs(11));
        now = at;
        sent += drain(&mut dispatcher, now).len();
        let share = (now - begin).as_millis() as usize / 100;
        assert!(sent <= share.max(1), "{sent} at {now:?}");
    }
    assert_eq!(sent, 100, "all of the window");
    assert!(matches!(dispatcher.next(now), Next::Idle));
    // What is answered is more at once, now as ever; and the other bind begins by itself.
    dispatcher.credit(now, 0, 10);
    assert_eq!(drain(&mut dispatcher, now).len(), 10);
    dispatcher.bind_up(now, 1, 100);
    assert_eq!(drain(&mut dispatcher, now).len(), 1);
    dispatcher.bind_down(now, 1);
    assert!(matches!(dispatcher.next(now), Next::Idle), "nothing is waited for any more");
}

#[test]
fn answers_while_the_window_grows_make_room_for_as_many() {
    let mut dispatcher = Dispatcher::new(0, 1);
    dispatcher.set_ramp_up(Duration::from_secs(1));
    for ticket in 0..100_000 {
        dispatcher.push(outgoing(ticket, 1));
    }
    dispatcher.bind_up(Duration::ZERO, 0, 50);
    let mut in_flight = 0;
    for ms in 0..2_000_u64 {
        let now = Duration::from_millis(ms);
        in_flight += drain(&mut dispatcher, now).len();
        let allowed = (ms as usize * 50 / 1_000).clamp(1, 50);
        assert_eq!(in_flight, allowed, "at {ms} ms");
        dispatcher.credit(now, 0, in_flight as u32);
        in_flight = 0;
    }
}

#[test]
fn each_bind_keeps_the_rate_of_a_bind_and_together_they_keep_the_carriers() {
    let per_second = |carrier: u32, bind: u32| {
        let mut dispatcher = Dispatcher::new(carrier, 3);
        dispatcher.set_bind_rate(bind);
        (0..100_000).for_each(|ticket| dispatcher.push(outgoing(ticket, 2)));
        (0..3).for_each(|bind| dispatcher.bind_up(Duration::ZERO, bind, u32::MAX));
        let mut by_bind = [0_u32; 3];
        let mut now = Duration::ZERO;
        // It says itself when to ask again.
        while now < Duration::from_secs(10) {
            drain(&mut dispatcher, now).iter().for_each(|sent| by_bind[sent.0 as usize] += 1);
            let Next::At(at) = dispatcher.next(now) else { panic!("at {now:?} it does not wait") };
            assert!(at > now);
            now = at;
        }
        by_bind.map(|sent| sent / 10)
    };
    assert_eq!(per_second(0, 100), [100; 3]);
    assert_eq!(per_second(0, 7), [7; 3]);
    let shared = per_second(150, 100);
    assert!((150..=152).contains(&shared.iter().sum::<u32>()), "{shared:?}");
    let one = per_second(1_000, 100);
    assert_eq!(one, [100; 3], "the slower of the two");
}
