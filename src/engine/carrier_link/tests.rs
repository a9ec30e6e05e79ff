//! A link without a socket: its session gets octets, shards get what came of segments.

use std::collections::VecDeque;
use std::task::Waker;

use super::*;
use crate::engine::build;
use crate::engine::settings::{self, Settings};
use crate::engine::shared::ToShard;
use crate::message::envelope::{Message, UserData};
use crate::mt::egress::{Flow, Outgoing};
use crate::session::{self, BindKind, BindRequest};
use crate::wire::{Address, CommandId, CommandStatus, Header, Role};

struct Bench {
    shared: Arc<Shared>,
    owner: CarrierLink,
    session: Session,
    now: Now,
}

impl Bench {
    /// A session that has bound.
    fn bound() -> Self {
        let mut north = settings::Carrier::new(
            "north".to_owned(),
            "127.0.0.1:1".parse().unwrap(),
            "chappe".to_owned(),
        );
        north.timers.response_timeout_ms = 20_000;
        north.timers.enquire_link_ms = 60_000;
        let settings = Settings { carriers: vec![north], ..Settings::default() };
        let shared = Arc::new(build::shared(settings).unwrap());
        let carrier = shared.carrier(0).unwrap();
        carrier.grow(1, Duration::ZERO);
        let record = Arc::clone(&carrier.records.load()[0]);
        let owner = CarrierLink::new(Arc::clone(&shared), carrier, (0, record));
        let now = Now::default();
        let rules = session::Settings { response_timeout: seconds(30), ..Default::default() };
        let mut session = Session::new(Role::Esme, rules, now);
        session.bind(now, &BindRequest::new(BindKind::Transceiver, "chappe", "")).unwrap();
        let mut bench = Self { shared, owner, session, now };
        bench.hear(CommandId::BIND_TRANSCEIVER_RESP, 1, b"north\0");
        bench.sent();
        bench
    }

    fn hear(&mut self, command_id: CommandId, sequence: u32, body: &[u8]) {
        let header = Header {
            command_length: 16 + body.len() as u32,
            command_id,
            command_status: CommandStatus::ESME_ROK,
            sequence_number: sequence,
        };
        let octets = [&header.octets()[..], body].concat();
        let mut rest = &octets[..];
        while let Some(event) = self.session.handle_bytes(self.now, &mut rest) {
            self.owner.handle_event(self.now, &mut self.session, event);
        }
        self.work();
    }

    fn pass(&mut self, time: Duration) {
        self.now = self.now.plus(time);
        self.session.handle_timeout(self.now);
        while let Some(event) = self.session.poll_event() {
            self.owner.handle_event(self.now, &mut self.session, event);
        }
        self.work();
    }

    fn work(&mut self) {
        let cx = &mut Context::from_waker(Waker::noop());
        self.owner.poll_work(cx, self.now, &mut self.session);
    }

    /// The dispatcher hands over a segment.
    fn hand_over(&mut self, ticket: u64) {
        let message = Message {
            destination: Address::new(1, 1, b"33612345678"),
            user_data: UserData::new(b"hello"),
            ..Message::default()
        };
        let flow = Flow::of(&message);
        let (message, reference) = (Arc::new(message), 0);
        let outgoing = Outgoing {
            message: message.into(),
            order: ticket,
            ticket,
            flow,
            reference,
            segment: 0,
            segments: 1,
        };
        self.owner.handle.push_submit(outgoing).unwrap();
        self.work();
    }

    /// The requests that were written since this was asked last.
    fn sent(&mut self) -> Vec<CommandId> {
        let octets = self.session.poll_transmit().to_vec();
        self.session.transmitted(octets.len());
        let (mut rest, mut sent) = (&octets[..], Vec::new());
        while let Some(header) = Header::read(rest) {
            sent.push(header.command_id);
            rest = &rest[header.command_length as usize..];
        }
        sent
    }

    /// What shards were told of segments since this was asked last.
    fn told(&mut self) -> Vec<(u64, SegmentResult)> {
        let (mut all, mut told) = (Vec::new(), VecDeque::new());
        for shard in &self.shared.shards {
            while shard.pop(&mut told) {
                all.extend(told.drain(..).filter_map(|item| match item {
                    ToShard::Done { ticket, result, .. } => Some((ticket, result)),
                    _ => None,
                }));
            }
        }
        all
    }
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

#[test]
fn nothing_is_sent_to_a_silent_peer_until_it_speaks() {
    let mut bench = Bench::bound();
    bench.hand_over(1);
    assert_eq!(bench.sent(), [CommandId::SUBMIT_SM]);
    bench.pass(seconds(21));
    assert!(matches!(bench.told()[..], [(1, SegmentResult::InDoubt)]));
    assert_eq!(bench.sent(), [CommandId::ENQUIRE_LINK], "it is asked whether it is there");
    assert!(bench.owner.handle.silent.load(Ordering::Relaxed), "and its dispatcher is told");
    assert_eq!(bench.owner.handle.take_answered(), 1);
    // What was on its way.
    bench.hand_over(2);
    assert_eq!(bench.sent(), []);
    assert!(matches!(bench.told()[..], [(2, SegmentResult::NotSent)]));
    assert_eq!(bench.owner.handle.take_answered(), 1, "its place in the window is free again");
    bench.hear(CommandId::ENQUIRE_LINK_RESP, 3, b"");
    assert!(!bench.owner.handle.silent.load(Ordering::Relaxed));
    bench.hand_over(3);
    assert_eq!(bench.sent(), [CommandId::SUBMIT_SM]);
}

#[tokio::test]
async fn what_a_session_had_out_that_panicked_is_in_doubt() {
    let mut bench = Bench::bound();
    let carrier = Arc::clone(&bench.owner.carrier);
    assert!(carrier.links.load()[0].load().is_some());
    bench.hand_over(1);
    bench.hand_over(2);
    bench.hear(CommandId::SUBMIT_SM_RESP, 2, b"id\0");
    assert!(matches!(bench.told()[..], [(1, SegmentResult::Accepted { .. })]));
    bench.owner.break_off(bench.now).await;
    assert!(matches!(bench.told()[..], [(2, SegmentResult::InDoubt)]));
    assert!(carrier.links.load()[0].load().is_none(), "its dispatcher has no such session");
    assert_eq!(carrier.binds.load(Ordering::Relaxed), 0);
}
