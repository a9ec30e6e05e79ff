//! The simulated SMSC face to face with sessions of an ESME, in virtual time.

use std::time::Duration;

use super::*;
use crate::message::state::MessageState;
use crate::session::{self, Event};
use crate::sim::dice::{Chance, Weighted};
use crate::wire::table::{DeliverSmResp, Pdu, QuerySm, SubmitSm};
use crate::wire::{COctetString, Role, TlvTag};

const ALWAYS: f64 = 1.0;

/// An ESME's bind and the SMSC's end of it.
struct Pair {
    esme: Session,
    smsc: Session,
    id: Option<BindId>,
    flow: Flow,
    /// What came, in order.
    heard: Vec<Heard>,
    /// What deliver_sm are answered with; none: they are not.
    answer: Option<CommandStatus>,
}

#[derive(Clone, Debug, PartialEq)]
enum Heard {
    Answer(u64, CommandStatus, String),
    Receipt(String, MessageState),
    Text(Vec<u8>),
    Stray,
}

struct World {
    now: Now,
    smsc: Smsc,
    pairs: Vec<Pair>,
    /// What new binds answer deliver_sm with; none: they do not.
    answer: Option<CommandStatus>,
}

impl World {
    fn new(settings: Settings) -> Self {
        let wall = Duration::from_secs(1_795_200_365);
        let now = Now { monotonic: Duration::from_secs(1), wall };
        let answer = Some(CommandStatus::ESME_ROK);
        Self { now, smsc: Smsc::new(settings, now), pairs: Vec::new(), answer }
    }

    /// Binds and says which pair it is.
    fn bind(&mut self, kind: BindKind) -> usize {
        let settings = session::Settings::default();
        let mut esme = Session::new(Role::Esme, settings, self.now);
        esme.bind(self.now, &BindRequest::new(kind, "esme", "secret")).unwrap();
        self.pairs.push(Pair {
            esme,
            smsc: Session::new(Role::Smsc, settings, self.now),
            id: None,
            flow: Flow::Go,
            heard: Vec::new(),
            answer: self.answer,
        });
        self.settle();
        self.pairs.len() - 1
    }

    fn submit(&mut self, pair: usize, ticket: u64, registered_delivery: u8) {
        self.submit_from("12345", pair, ticket, registered_delivery);
    }

    fn submit_from(&mut self, source: &str, pair: usize, ticket: u64, registered_delivery: u8) {
        let submit = SubmitSm {
            source_addr: COctetString::from(source),
            destination_addr: COctetString::from("46700000001"),
            registered_delivery,
            short_message: b"hello",
            ..SubmitSm::default()
        };
        self.pairs[pair].esme.submit(self.now, ticket, &submit).unwrap();
        self.settle();
    }

    /// Lets octets travel until nothing moves.
    fn settle(&mut self) {
        while (0..self.pairs.len()).any(|pair| self.exchange(pair)) {}
    }

    fn exchange(&mut self, pair: usize) -> bool {
        let Self { now, smsc, pairs, .. } = self;
        let Pair { esme, smsc: session, id, flow, heard, answer } = &mut pairs[pair];
        let up = esme.poll_transmit().to_vec();
        esme.transmitted(up.len());
        let mut octets = &up[..];
        while let Some(event) = session.handle_bytes(*now, &mut octets) {
            match event {
                Event::BindRequested(request) => *id = smsc.bind(*now, session, &request),
                Event::Request { header, pdu } => {
                    *flow = smsc.request(*now, id.unwrap(), session, header, &pdu);
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
            heard.extend(Heard::of(&event));
            if let Event::Request { header, pdu: Pdu::DeliverSm(_) } = event
                && let Some(status) = *answer
            {
                let body = DeliverSmResp::default();
                esme.respond(header.sequence_number, status, &body).unwrap();
            }
        }
        !up.is_empty() || !down.is_empty()
    }

    fn pass(&mut self, time: Duration) {
        self.now = self.now.plus(time);
        self.settle();
    }

    /// The link of a pair is gone, and with it what was on the way.
    fn lose(&mut self, pair: usize) {
        self.smsc.closed(self.pairs[pair].id.take().unwrap());
    }

    /// What a pair heard since the last time.
    fn heard(&mut self, pair: usize) -> Vec<Heard> {
        std::mem::take(&mut self.pairs[pair].heard)
    }

    fn receipts(&mut self, pair: usize) -> usize {
        let heard = self.heard(pair);
        heard.iter().filter(|heard| matches!(heard, Heard::Receipt(..))).count()
    }
}

impl Heard {
    fn of(event: &Event<'_>) -> Option<Self> {
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        Some(match event {
            Event::Response { request, status, pdu: Some(Pdu::SubmitSmResp(response)), .. } => {
                Self::Answer(request.ticket, *status, text(response.message_id.octets()))
            }
            Event::Response { request, status, .. } => {
                Self::Answer(request.ticket, *status, String::new())
            }
            Event::Request { pdu: Pdu::DeliverSm(deliver), .. } => {
                match deliver.tlvs.find(TlvTag::RECEIPTED_MESSAGE_ID) {
                    Some(id) => {
                        let state = deliver.tlvs.int(TlvTag::MESSAGE_STATE)? as u8;
                        Self::Receipt(text(id.text()?), MessageState(state))
                    }
                    None => Self::Text(deliver.short_message.to_vec()),
                }
            }
            Event::Odd(session::Odd::Stray { .. }) => Self::Stray,
            _ => return None,
        })
    }
}

fn one(settings: Settings) -> World {
    let mut world = World::new(settings);
    world.bind(BindKind::Transceiver);
    world
}

fn ids(heard: &[Heard]) -> Vec<String> {
    heard
        .iter()
        .filter_map(|heard| match heard {
            Heard::Answer(_, _, id) | Heard::Receipt(id, _) => Some(id.clone()),
            _ => None,
        })
        .collect()
}

#[test]
fn a_message_is_answered_after_the_latency_and_receipted_after_the_delay() {
    let latency = Duration::from_millis(20);
    let mut world = one(Settings { latency, ..Settings::default() });
    world.submit(0, 7, 1);
    let due = world.smsc.poll_timeout(world.pairs[0].id.unwrap(), &world.pairs[0].smsc);
    assert_eq!((world.heard(0), due), (vec![], Some(world.now.monotonic + latency)));
    world.pass(latency);
    let answers = world.heard(0);
    assert!(matches!(&answers[..], [Heard::Answer(7, CommandStatus::ESME_ROK, _)]));
    world.pass(Duration::from_millis(29));
    assert_eq!(world.heard(0), vec![]);
    world.pass(Duration::from_millis(1));
    let receipts = world.heard(0);
    assert!(matches!(&receipts[..], [Heard::Receipt(_, MessageState::DELIVERED)]));
    assert_eq!(ids(&answers), ids(&receipts));
    let report = world.smsc.report();
    assert_eq!((report.receipts_sent, report.receipts_acked, report.receipts_left), (1, 1, 0));
}

#[test]
fn registered_delivery_says_whether_there_is_a_receipt() {
    for (state, wanted) in
        [(MessageState::DELIVERED, [0, 1, 0, 1]), (MessageState::EXPIRED, [0, 1, 1, 0])]
    {
        let outcomes = Weighted::only(state);
        let mut world = one(Settings { outcomes, ..Settings::default() });
        for registered_delivery in 0..4 {
            world.submit(0, 1, registered_delivery);
            world.pass(Duration::from_millis(50));
            assert_eq!(world.receipts(0), wanted[usize::from(registered_delivery)]);
        }
    }
}

#[test]
fn above_the_limit_messages_are_throttled_until_the_next_second() {
    let mut world = one(Settings { throttle_above: Some(3), ..Settings::default() });
    for _ in 0..2 {
        for ticket in 0..5 {
            world.submit(0, ticket, 0);
        }
        let statuses: Vec<bool> = world
            .heard(0)
            .iter()
            .map(|heard| matches!(heard, Heard::Answer(_, CommandStatus::ESME_ROK, _)))
            .collect();
        assert_eq!(statuses, [true, true, true, false, false]);
        world.pass(Duration::from_secs(1));
    }
    let report = world.smsc.report();
    assert_eq!((report.submits, report.accepted, report.throttled), (10, 6, 4));
}

#[test]
fn above_the_limit_of_a_number_its_messages_are_throttled_and_those_of_others_are_not() {
    let settings =
        Settings { throttle_number_above: Some(2), throttle_above: Some(6), ..Settings::default() };
    let mut world = one(settings);
    for _ in 0..2 {
        for (ticket, number) in (0..).zip(["1", "1", "1", "2", "2", "2", "3", "4", "5"]) {
            world.submit_from(number, 0, ticket, 0);
        }
        let taken = world.heard(0).into_iter().filter_map(|heard| match heard {
            Heard::Answer(ticket, CommandStatus::ESME_ROK, _) => Some(ticket),
            _ => None,
        });
        assert_eq!(taken.collect::<Vec<_>>(), [0, 1, 3, 4, 6, 7]);
        world.pass(Duration::from_secs(1));
    }
    assert_eq!(world.smsc.report().throttled, 6);
}

#[test]
fn an_answer_may_be_late_missing_or_there_twice() {
    let chance = Chance::new(ALWAYS).unwrap();
    let mut late = one(Settings { late: (chance, Duration::from_secs(9)), ..Settings::default() });
    late.submit(0, 1, 0);
    late.pass(Duration::from_secs(8));
    assert_eq!(late.heard(0), vec![]);
    late.pass(Duration::from_secs(1));
    assert_eq!(late.heard(0).len(), 1);

    let mut never = one(Settings { never: chance, ..Settings::default() });
    never.submit(0, 1, 1);
    never.pass(Duration::from_secs(60));
    assert_eq!(never.receipts(0), 1, "it was accepted all the same");

    let mut twice = one(Settings { twice: chance, ..Settings::default() });
    twice.submit(0, 1, 1);
    assert!(matches!(&twice.heard(0)[..], [Heard::Answer(..), Heard::Stray]));
    twice.pass(Duration::from_millis(50));
    assert_eq!(twice.receipts(0), 2);
    let reports = [&late, &never, &twice].map(|world| world.smsc.report());
    assert_eq!((reports[0].late, reports[1].never, reports[2].twice), (1, 1, 1));
    assert_eq!(reports[2].receipts_acked, 2);
}

#[test]
fn a_receipt_can_come_before_its_answer() {
    let receipt_first = Chance::new(ALWAYS).unwrap();
    let mut world = one(Settings { receipt_first, window_max: 1, ..Settings::default() });
    world.pairs[0].answer = None;
    world.submit(0, 1, 1);
    world.submit(0, 2, 1);
    assert!(matches!(&world.heard(0)[..], [Heard::Receipt(..), Heard::Answer(1, ..)]));
    // The window is full, so the second one's receipt waits, and its answer with it.
    assert_eq!(world.smsc.poll_timeout(world.pairs[0].id.unwrap(), &world.pairs[0].smsc), None);
    world.submit(0, 3, 0);
    assert!(matches!(&world.heard(0)[..], [Heard::Answer(3, ..)]));
    assert_eq!(world.smsc.report().receipts_first, 2);
}

#[test]
fn receipts_go_to_another_bind_of_the_same_account() {
    let other = ReceiptBind::Other;
    let mut world = one(Settings { receipt_bind: other, ..Settings::default() });
    world.submit(0, 1, 1);
    world.pass(Duration::from_millis(50));
    assert_eq!(world.receipts(0), 1, "there is no other");
    world.bind(BindKind::Receiver);
    world.bind(BindKind::Transmitter);
    for ticket in 0..4 {
        world.submit(0, ticket, 1);
    }
    assert_eq!(world.smsc.poll_woken(), world.pairs[1].id);
    world.pass(Duration::from_millis(50));
    assert_eq!([0, 1, 2].map(|pair| world.receipts(pair)), [0, 4, 0]);
}

#[test]
fn a_transmitter_s_receipts_wait_for_a_bind_that_receives() {
    let mut world = World::new(Settings::default());
    world.bind(BindKind::Transmitter);
    world.submit(0, 1, 1);
    world.pass(Duration::from_secs(5));
    assert_eq!(world.smsc.report().receipts_left, 1);
    world.bind(BindKind::Receiver);
    world.pass(Duration::ZERO);
    assert_eq!(world.receipts(1), 1);
}

#[test]
fn receipts_out_on_a_lost_link_come_again_on_the_next() {
    let mut world = one(Settings::default());
    world.pairs[0].answer = None;
    (0..3).for_each(|ticket| world.submit(0, ticket, 1));
    world.pass(Duration::from_millis(50));
    assert_eq!(world.receipts(0), 3);
    world.submit(0, 3, 1);
    world.lose(0);
    world.bind(BindKind::Transceiver);
    world.pass(Duration::from_millis(50));
    assert_eq!(world.receipts(1), 4);
    let report = world.smsc.report();
    assert_eq!((report.receipts_sent, report.receipts_acked, report.resent), (7, 4, 3));
}

#[test]
fn a_receipt_refused_for_now_comes_again_and_one_refused_for_good_does_not() {
    let mut world = one(Settings::default());
    world.pairs[0].answer = Some(CommandStatus::ESME_RX_T_APPN);
    world.submit(0, 1, 1);
    world.pass(Duration::from_millis(50));
    assert_eq!(world.receipts(0), 1);
    world.pairs[0].answer = Some(CommandStatus::ESME_RX_P_APPN);
    world.pass(Duration::from_millis(999));
    assert_eq!(world.receipts(0), 0);
    world.pass(Duration::from_millis(1));
    assert_eq!(world.receipts(0), 1);
    world.pass(Duration::from_secs(9));
    let report = world.smsc.report();
    assert_eq!((world.receipts(0), report.deliveries_refused, report.receipts_left), (0, 1, 0));
}

#[test]
fn a_link_is_cut_after_so_many_messages() {
    let mut world = one(Settings { drop_every: Some(3), ..Settings::default() });
    world.submit(0, 1, 0);
    world.submit(0, 2, 0);
    assert_eq!(world.pairs[0].flow, Flow::Go);
    world.submit(0, 3, 0);
    assert_eq!((world.pairs[0].flow, world.smsc.report().drops), (Flow::Cut, 1));
}

#[test]
fn too_many_receipts_waiting_make_the_queue_full() {
    let mut world = one(Settings { receipts_max: 2, ..Settings::default() });
    (0..3).for_each(|ticket| world.submit(0, ticket, 1));
    let refused =
        |heard: &Heard| matches!(heard, Heard::Answer(2, CommandStatus::ESME_RMSGQFUL, _));
    assert_eq!(world.heard(0).iter().filter(|heard| refused(heard)).count(), 1);
    world.pass(Duration::from_millis(50));
    world.submit(0, 9, 1);
    assert_eq!(world.smsc.report().accepted, 3, "there is room again");
}

#[test]
fn messages_from_handsets_come_whole_and_again_when_they_were_lost() {
    let (order, to) = (MoOrder::Shuffled, "12".to_owned());
    let mo = MoSettings { messages: 50, segments: 3, order, to, ..MoSettings::default() };
    let mut world = one(Settings { mo, window_max: 10, ..Settings::default() });
    assert_eq!(world.heard(0).len(), 150);
    assert_eq!((world.smsc.report().mo_sent, world.smsc.report().mo_acked), (150, 150));

    let mo = MoSettings { messages: 5, ..MoSettings::default() };
    let mut world = World::new(Settings { mo, window_max: 3, ..Settings::default() });
    world.answer = None;
    world.bind(BindKind::Receiver);
    let out = world.heard(0);
    assert_eq!(out.len(), 3);
    world.lose(0);
    world.answer = Some(CommandStatus::ESME_ROK);
    world.bind(BindKind::Receiver);
    let again = world.heard(1);
    assert!(again.len() == 5 && out.iter().all(|text| again.contains(text)));
    assert_eq!((world.smsc.report().mo_acked, world.smsc.report().resent), (5, 3));
}

#[test]
fn only_known_credentials_bind_when_there_are_any() {
    for (system_id, password, status) in [
        ("esme", "secret", None),
        ("other", "secret", Some(CommandStatus::ESME_RINVSYSID)),
        ("esme", "wrong", Some(CommandStatus::ESME_RINVPASWD)),
    ] {
        let settings = Settings {
            system_id: Some(system_id.to_owned()),
            password: Some(password.to_owned()),
            ..Settings::default()
        };
        let world = one(settings);
        assert_eq!(world.pairs[0].id.is_some(), status.is_none(), "{status:?}");
        assert_eq!(world.smsc.report().binds_refused, u64::from(status.is_some()));
    }
}

#[test]
fn query_sm_tells_what_became_of_a_message_and_of_no_other() {
    let outcomes = Weighted::only(MessageState::EXPIRED);
    let mut world = one(Settings { outcomes, ..Settings::default() });
    world.submit(0, 1, 0);
    let id = ids(&world.heard(0)).remove(0);
    for (id, status) in
        [(id.as_str(), CommandStatus::ESME_ROK), ("0123", CommandStatus::ESME_RQUERYFAIL)]
    {
        let query = QuerySm { message_id: COctetString::from(id), ..QuerySm::default() };
        world.pairs[0].esme.submit(world.now, 2, &query).unwrap();
        world.settle();
        assert_eq!(world.heard(0), [Heard::Answer(2, status, String::new())]);
    }
}

#[test]
fn the_same_seed_decides_the_same() {
    let fates = |seed| {
        let half = Chance::new(0.5).unwrap();
        let states = [(MessageState::DELIVERED, 1), (MessageState::EXPIRED, 1)];
        let outcomes = Weighted::new(&states).unwrap();
        let mut world =
            one(Settings { seed, never: half, twice: half, outcomes, ..Settings::default() });
        (0..50).for_each(|ticket| world.submit(0, ticket, 1));
        world.pass(Duration::from_secs(1));
        world.heard(0)
    };
    assert_eq!(fates(1), fates(1));
    assert_ne!(fates(1), fates(2));
}
