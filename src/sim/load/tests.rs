//! Load face to face with the simulated SMSC, in virtual time.

use std::time::Duration;

use super::*;
use crate::clock::Now;
use crate::message::state::MessageState;
use crate::session::{self, BindKind, BindRequest, Event};
use crate::sim::dice::{Chance, Weighted};
use crate::sim::smsc::ids::{IdForm, ReceiptIdForm};
use crate::sim::smsc::{self, BindId, Flow, MoOrder, MoSettings, ReceiptForm, Smsc};
use crate::wire::Role;
use crate::wire::table::{DeliverSm, DeliverSmResp};

/// A bind of the load and the SMSC's end of it.
struct Pair {
    esme: Session,
    smsc: Session,
    id: Option<BindId>,
}

struct World {
    now: Now,
    load: Load,
    smsc: Smsc,
    pairs: Vec<Pair>,
    settings: Settings,
}

impl World {
    fn new(settings: Settings, smsc: smsc::Settings) -> Self {
        let wall = Duration::from_secs(1_795_200_365);
        let now = Now { monotonic: Duration::from_secs(1), wall };
        let mut world = Self {
            now,
            load: Load::new(settings.clone()).unwrap(),
            smsc: Smsc::new(smsc, now),
            pairs: Vec::new(),
            settings,
        };
        (0..world.settings.binds).for_each(|_| {
            let pair = world.connect();
            world.pairs.push(pair);
        });
        world
    }

    fn connect(&self) -> Pair {
        let settings = session::Settings {
            window_max: self.settings.window_max,
            response_timeout: self.settings.response_timeout,
            drain: Duration::ZERO,
            ..session::Settings::default()
        };
        let mut esme = Session::new(Role::Esme, settings, self.now);
        esme.bind(self.now, &BindRequest::new(BindKind::Transceiver, "load", "x")).unwrap();
        let smsc = Session::new(Role::Smsc, session::Settings::default(), self.now);
        Pair { esme, smsc, id: None }
    }

    /// Runs to the end, at most for `limit` of virtual time, and gives both reports.
    fn run(&mut self, limit: Duration) -> (Report, smsc::Report) {
        let end = self.now.monotonic + limit;
        while self.now.monotonic < end && !self.load.poll_over(self.now) {
            self.step(Duration::from_millis(1));
        }
        for pair in 0..self.pairs.len() {
            self.pairs[pair].esme.unbind(self.now);
        }
        self.step(Duration::from_millis(1));
        self.step(Duration::from_millis(1));
        (self.load.report(), self.smsc.report())
    }

    fn step(&mut self, time: Duration) {
        self.now = self.now.plus(time);
        for pair in 0..self.pairs.len() {
            self.pairs[pair].esme.handle_timeout(self.now);
            // A few rounds a millisecond stand for a fast link.
            for _ in 0..3 {
                if self.exchange(pair) == Flow::Cut {
                    self.lose(pair);
                }
            }
        }
    }

    /// The link is gone, and what was on the way with it; the load binds again.
    fn lose(&mut self, pair: usize) {
        let fresh = self.connect();
        let mut old = std::mem::replace(&mut self.pairs[pair], fresh);
        self.smsc.closed(old.id.unwrap());
        old.esme.handle_disconnect();
        while let Some(event) = old.esme.poll_event() {
            if let Event::Unanswered { request, why } = event {
                self.load.unanswered(&request, why);
            }
        }
        self.load.unbound(self.now);
    }

    fn exchange(&mut self, pair: usize) -> Flow {
        let Self { now, load, smsc, pairs, .. } = self;
        let Pair { esme, smsc: session, id } = &mut pairs[pair];
        load.submit(*now, esme);
        let up = esme.poll_transmit().to_vec();
        esme.transmitted(up.len());
        let mut octets = &up[..];
        while let Some(event) = session.handle_bytes(*now, &mut octets) {
            match event {
                Event::BindRequested(request) => *id = smsc.bind(*now, session, &request),
                Event::Request { header, pdu }
                    if smsc.request(*now, id.unwrap(), session, header, &pdu) == Flow::Cut =>
                {
                    return Flow::Cut;
                }
                Event::Response { request, status, .. } => {
                    smsc.answered(*now, id.unwrap(), request.ticket, status);
                }
                _ => {}
            }
        }
        if let Some(id) = *id {
            smsc.work(*now, id, session);
        }
        let down = session.poll_transmit().to_vec();
        session.transmitted(down.len());
        let mut octets = &down[..];
        while let Some(event) = esme.handle_bytes(*now, &mut octets) {
            hear(load, *now, esme, event);
        }
        while let Some(event) = esme.poll_event() {
            hear(load, *now, esme, event);
        }
        Flow::Go
    }
}

fn hear(load: &mut Load, now: Now, esme: &mut Session, event: Event<'_>) {
    match event {
        Event::Bound(_) => load.bound(now),
        Event::Response { request, late, status, pdu } => {
            load.answered(now, &request, late, status, pdu.as_ref());
        }
        Event::Request { header, pdu: Pdu::DeliverSm(deliver) } => {
            load.delivered(now, &deliver);
            let body = DeliverSmResp::default();
            esme.respond(header.sequence_number, CommandStatus::ESME_ROK, &body).unwrap();
        }
        Event::Unanswered { request, why } => load.unanswered(&request, why),
        Event::Odd(session::Odd::Stray { .. }) => load.stray(),
        _ => {}
    }
}

fn asked(count: u64) -> Settings {
    Settings {
        end: End::Count(count),
        receipts: Receipts::Asked,
        settle: Duration::from_secs(2),
        binds: 2,
        window_max: 10,
        ..Settings::default()
    }
}

const LIMIT: Duration = Duration::from_secs(600);

fn share(share: f64) -> Chance {
    Chance::new(share).unwrap()
}

#[test]
fn every_message_of_a_plain_run_is_accounted_for() {
    for id in [IdForm::Decimal, IdForm::Hex, IdForm::Uuid, IdForm::Big] {
        for receipts in [ReceiptForm::Text, ReceiptForm::Tlv, ReceiptForm::Both] {
            let smsc = smsc::Settings { id, receipts, ..smsc::Settings::default() };
            let (load, smsc) = World::new(asked(1000), smsc).run(LIMIT);
            assert_eq!((load.submitted, load.accepted), (1000, 1000));
            assert_eq!(load.receipts.get(&MessageState::DELIVERED), Some(&1000));
            assert!(load.is_clean() && load.duplicates == 0 && load.unanswered == 0);
            assert_eq!((smsc.duplicates, smsc.missing, smsc.unmarked), (0, 0, 0));
            assert_eq!((load.latency.total(), load.receipt_latency.total()), (1000, 1000));
            assert!(load.receipt_latency.quantile(0.5) >= Duration::from_millis(50));
        }
    }
}

#[test]
fn a_receipt_before_its_response_is_no_stranger() {
    let smsc = smsc::Settings { receipt_first: share(1.0), ..smsc::Settings::default() };
    let (load, smsc) = World::new(asked(500), smsc).run(LIMIT);
    assert_eq!((load.missing, load.unknown, load.duplicates), (0, 0, 0));
    assert_eq!(smsc.receipts_first, 500);
}

#[test]
fn receipts_that_come_twice_are_duplicates_and_answers_that_do_are_strays() {
    let smsc = smsc::Settings { twice: share(0.1), ..smsc::Settings::default() };
    let (load, smsc) = World::new(asked(500), smsc).run(LIMIT);
    assert_eq!((load.duplicates, load.stray), (smsc.twice, smsc.twice));
    assert!(smsc.twice > 20 && load.is_clean());
}

#[test]
fn ids_in_another_notation_match_nothing_and_leave_their_messages_missing() {
    let receipt_id = ReceiptIdForm::Decimal;
    let smsc = smsc::Settings { receipt_id, ..smsc::Settings::default() };
    let (load, _) = World::new(asked(50), smsc).run(LIMIT);
    assert_eq!((load.unknown, load.missing, load.missing_serials.len()), (50, 50, 10));
}

#[test]
fn messages_without_an_answer_are_missing_unless_their_receipt_names_them() {
    let never = smsc::Settings { never: share(0.05), ..smsc::Settings::default() };
    let settings = Settings { response_timeout: Duration::from_secs(1), ..asked(400) };
    let (load, smsc) = World::new(settings.clone(), never.clone()).run(LIMIT);
    assert!(smsc.never > 5);
    assert_eq!((load.missing, load.unknown, load.accepted), (0, 0, 400 - smsc.never));

    let silent = smsc::Settings { receipts: ReceiptForm::None, ..never };
    let settings = Settings { receipts: Receipts::NotAsked, ..settings };
    let (load, smsc) = World::new(settings, silent).run(LIMIT);
    assert_eq!((load.missing, load.unknown), (smsc.never, 0));
}

#[test]
fn late_answers_are_counted_and_nothing_is_missing() {
    let late = (share(0.05), Duration::from_secs(2));
    let smsc = smsc::Settings { late, ..smsc::Settings::default() };
    let settings = Settings { response_timeout: Duration::from_secs(1), ..asked(400) };
    let (load, smsc) = World::new(settings, smsc).run(LIMIT);
    assert_eq!((load.late, load.accepted), (smsc.late, 400));
    assert_eq!((load.missing, load.unknown, load.duplicates), (0, 0, 0));
}

#[test]
fn a_lost_link_leaves_messages_unanswered_until_their_receipts_name_them() {
    for receipts in [Receipts::Asked, Receipts::NotAsked] {
        let smsc = smsc::Settings { drop_every: Some(35), ..smsc::Settings::default() };
        let settings = Settings { receipts, ..asked(1000) };
        let (load, smsc) = World::new(settings, smsc).run(LIMIT);
        assert!(smsc.drops > 10 && load.binds == smsc.drops + 2);
        assert_eq!((load.submitted, load.missing, load.unknown), (1000, 0, 0));
        // What the SMSC never read has no receipt; what it read and could not answer has one.
        assert!(load.unanswered > 0 && load.accepted + load.unanswered <= 1000);
        assert!(!load.is_clean());
        assert_eq!(smsc.receipts_left, 0);
    }
}

#[test]
fn a_receipt_that_comes_twice_of_a_message_that_only_it_names_is_a_duplicate() {
    let never = smsc::Settings {
        never: share(1.0),
        receipts: ReceiptForm::None,
        ..smsc::Settings::default()
    };
    for (stat, duplicates) in [("DELIVRD", 2), ("ACCEPTD", 2), ("ENROUTE", 0)] {
        let settings = Settings { response_timeout: Duration::from_secs(1), ..asked(1) };
        let mut world = World::new(settings, never.clone());
        (0..1100).for_each(|_| world.step(Duration::from_millis(1)));
        let serial = Serial::new(world.load.settings.run, 0).octets();
        let serial = std::str::from_utf8(&serial).unwrap();
        let text = format!("id:7 sub:001 dlvrd:001 stat:{stat} err:000 text:{serial}");
        let receipt =
            DeliverSm { esm_class: 4, short_message: text.as_bytes(), ..DeliverSm::default() };
        (0..3).for_each(|_| world.load.delivered(world.now, &receipt));
        let (load, _) = world.run(LIMIT);
        let missing = u64::from(stat == "ENROUTE");
        assert_eq!(
            (load.unknown, load.duplicates, load.missing),
            (0, duplicates, missing),
            "{stat}"
        );
    }
}

#[test]
fn a_run_is_given_up_when_nobody_is_there_for_the_time_to_settle() {
    let settings = Settings { binds: 1, rate: Some(1.0), ..asked(1000) };
    let mut world = World::new(settings, smsc::Settings::default());
    world.step(Duration::from_millis(1));
    assert!(!world.load.poll_over(world.now));
    // A minute later, long after anything was heard, the link is lost.
    world.now = world.now.plus(Duration::from_secs(60));
    world.load.unbound(world.now);
    assert!(!world.load.poll_over(world.now));
    world.now = world.now.plus(Duration::from_secs(2));
    assert!(world.load.poll_over(world.now));
    let report = world.load.report();
    assert_eq!(report.submitted + report.unsent, 1000);
    assert!(report.abandoned && !report.is_clean());
}

#[test]
fn a_count_that_was_stopped_is_told_and_fails_the_run() {
    let settings = Settings { rate: Some(100.0), ..asked(1000) };
    let mut world = World::new(settings, smsc::Settings::default());
    (0..500).for_each(|_| world.step(Duration::from_millis(1)));
    world.load.stop();
    let (load, _) = world.run(LIMIT);
    assert_eq!((load.missing, load.submitted + load.unsent), (0, 1000));
    assert!(load.unsent > 900 && !load.is_clean());
}

/// What waits for a moment does not wait for one that has passed.
#[test]
fn nothing_is_due_before_the_run_and_once_all_is_submitted() {
    let settings = Settings { rate: Some(100.0), binds: 1, ..asked(10) };
    let load = Load::new(settings.clone()).unwrap();
    assert_eq!(load.poll_due(), None);
    let mut world = World::new(settings, smsc::Settings::default());
    world.step(Duration::from_millis(1));
    assert!(world.load.poll_due().is_some());
    while world.load.progress(world.now).submitted < 10 {
        world.step(Duration::from_millis(1));
    }
    assert!(world.load.progress(world.now).awaiting > 0);
    assert_eq!(world.load.poll_due(), None);
}

#[test]
fn a_state_that_may_be_the_last_is_waited_for_no_longer() {
    for state in [MessageState::UNKNOWN, MessageState::ACCEPTED] {
        let outcomes = Weighted::new(&[(state, 1)]).unwrap();
        let smsc = smsc::Settings { outcomes, ..smsc::Settings::default() };
        let (load, _) = World::new(asked(20), smsc).run(LIMIT);
        assert_eq!((load.receipts.get(&state), load.missing), (Some(&20), 0));
        assert!(load.is_clean() && load.elapsed < Duration::from_secs(1));
    }
}

#[test]
fn a_receipt_of_nothing_is_unknown_whatever_it_says() {
    for stat in ["DELIVRD", "ENROUTE", "ACCEPTD", "UNKNOWN", "WHAT", ""] {
        let mut world = World::new(asked(1), smsc::Settings::default());
        world.step(Duration::from_millis(1));
        let text = format!("id:nothing sub:001 dlvrd:001 stat:{stat} err:000");
        let receipt =
            DeliverSm { esm_class: 4, short_message: text.as_bytes(), ..DeliverSm::default() };
        world.load.delivered(world.now, &receipt);
        world.load.delivered(world.now, &receipt);
        let (load, _) = world.run(LIMIT);
        assert_eq!((load.unknown, load.missing), (2, 0), "{stat}");
        assert_eq!(load.unreadable, if stat.is_empty() || stat == "WHAT" { 2 } else { 0 });
    }
}

#[test]
fn a_receipt_under_way_ends_nothing_and_is_no_stranger() {
    let smsc = smsc::Settings { receipts: ReceiptForm::None, ..smsc::Settings::default() };
    let mut world = World::new(asked(1), smsc);
    let before = world.now.wall.as_secs() << 22;
    let text = format!("id:{:016x} stat:ENROUTE err:000 sub:001", before + 1);
    let receipt =
        DeliverSm { esm_class: 4, short_message: text.as_bytes(), ..DeliverSm::default() };
    world.load.delivered(world.now, &receipt);
    world.step(Duration::from_millis(1));
    world.load.delivered(world.now, &receipt);
    let (load, _) = world.run(LIMIT);
    assert_eq!((load.accepted, load.unknown, load.duplicates, load.missing), (1, 0, 0, 1));
}

#[test]
fn the_rate_is_that_of_the_answers_whenever_receipts_come() {
    let receipt_delay = Duration::from_millis(700);
    let smsc = smsc::Settings { receipt_delay, ..smsc::Settings::default() };
    let settings = Settings { rate: Some(1000.0), ..asked(500) };
    let (load, _) = World::new(settings, smsc).run(LIMIT);
    assert!((990.0..1010.0).contains(&load.messages_per_second()), "{load:?}");
    assert!(load.elapsed > Duration::from_millis(1100));
}

#[test]
fn refusals_are_counted_by_status() {
    let smsc = smsc::Settings { throttle_above: Some(100), ..smsc::Settings::default() };
    let (load, smsc) = World::new(asked(500), smsc).run(LIMIT);
    let throttled = load.refused.get(&CommandStatus::ESME_RTHROTTLED).copied();
    assert_eq!(throttled, Some(smsc.throttled));
    assert_eq!(load.accepted + smsc.throttled, 500);
    assert!(load.is_clean());
}

#[test]
fn with_a_rate_a_slow_answer_is_felt_by_all_that_wait_behind_it() {
    let rate = Some(1000.0);
    let settings =
        Settings { rate, binds: 1, window_max: 1, receipts: Receipts::NotAsked, ..asked(1000) };
    let smsc = smsc::Settings { latency: Duration::from_millis(2), ..smsc::Settings::default() };
    let mut world = World::new(settings, smsc);
    let (load, _) = world.run(LIMIT);
    assert_eq!(load.accepted, 1000);
    // Each takes two milliseconds and one is due each millisecond: the last one waits a second.
    assert!(load.latency.max() >= Duration::from_millis(900), "{:?}", load.latency.max());

    let settings = Settings { rate: Some(100.0), ..world.settings };
    let (load, _) = World::new(settings, smsc::Settings::default()).run(LIMIT);
    assert!(load.latency.max() <= Duration::from_millis(3));
    assert!((9..=11).contains(&load.elapsed.as_secs()));
}

#[test]
fn a_run_by_time_ends_in_time_and_says_what_it_could_not_send() {
    let end = End::After(Duration::from_secs(1));
    let settings = Settings { rate: Some(1000.0), end, window_max: 1, binds: 1, ..asked(0) };
    let smsc = smsc::Settings { latency: Duration::from_millis(2), ..smsc::Settings::default() };
    let (load, _) = World::new(settings, smsc).run(LIMIT);
    assert!(load.submitted < 600 && load.unsent > 300);
    assert_eq!(load.submitted + load.unsent, 1001);
}

#[test]
fn messages_from_handsets_are_counted_and_their_order_watched() {
    for (order, disordered) in [(MoOrder::Straight, false), (MoOrder::Shuffled, true)] {
        let mo = MoSettings { messages: 40, segments: 3, order, ..MoSettings::default() };
        let smsc = smsc::Settings { mo, ..smsc::Settings::default() };
        let settings = Settings { binds: 1, ..asked(10) };
        let (load, smsc) = World::new(settings, smsc).run(LIMIT);
        assert_eq!((load.mo_received, smsc.mo_acked), (120, 120));
        assert_eq!(load.mo_out_of_order > 0, disordered);
    }
}
