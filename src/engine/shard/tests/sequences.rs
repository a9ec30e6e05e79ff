//! Any sequence of what can happen to a shard, and what must hold after each step of it.

mod opting;
mod steps;

use std::collections::HashSet;

use proptest::prelude::*;

use super::super::ledger::Walk;
use super::super::live::Place;
use super::super::records::image::Image;
use super::super::records::tests::{contents_of, found_by_what_it_says};
use super::super::records::{self};
use super::recalls::any;
use super::replaces::replacement;
use super::*;
use crate::store::Batch;
use steps::{Step, step};

const HANDSETS: [&str; 3] = [HANDSET, "33687654321", "447700900123"];

/// What a shard held, each part as of a moment of its own, and how much of the history before it
/// need not be read.
#[derive(Default)]
struct Checkpoint {
    parts: Vec<Batch>,
    from: usize,
}

/// Offers a message that is valid for so long, and waits for so long if that is long.
fn submit(world: &mut World, message: Message, (valid_s, wait_s): (u64, u64)) {
    let wall = world.now.wall;
    world.submit(Message {
        accepted_at: wall,
        send_at: if wait_s > 10 { wall + Duration::from_secs(wait_s) } else { START },
        expires_at: wall + Duration::from_secs(valid_s),
        ..message
    });
}

/// A world and what has left the dispatcher.
struct Run {
    world: World,
    in_flight: Vec<Outgoing>,
    doubted: Vec<Outgoing>,
    submitted: usize,
    deliveries_of_mo: usize,
    segments_of_mo: usize,
    asked: usize,
    /// Deliveries that came to their end.
    settled: usize,
    /// What was written down, as a process that starts now would read it.
    image: Image,
    /// All of it.
    history: Vec<Batch>,
    /// The newest checkpoint, and the one under way.
    checkpoint: Checkpoint,
    begun: Option<(Walk, Checkpoint)>,
    rules: CarrierRules,
    limits: Limits,
    crashes: u64,
    /// Which handsets wrote STOP last.
    opted_out: [bool; HANDSETS.len()],
}

impl Run {
    fn new(
        in_doubt: InDoubtPolicy,
        unanswered_per_destination: u8,
        receipt_segments: ReceiptSegments,
        is_evening: bool,
    ) -> Self {
        let limits = Limits {
            queue_max: 8,
            here_octets_max: 12,
            correlations_max: 5,
            correlation_max_age: Duration::from_secs(500),
            parked_max: 3,
            parked_max_age: Duration::from_secs(30),
            waiting_max: vec![3, 2],
            brands: opting::brands(),
            policies: is_evening.then(opting::policies),
            retry_after: Duration::from_secs(30),
            ..Limits::default()
        };
        let carrier = CarrierRules {
            in_doubt,
            unanswered_per_destination,
            receipt_segments,
            ..Rules::default().carrier
        };
        let mut world = World::with(Rules { limits: limits.clone(), carrier });
        if is_evening {
            world.now.wall = opting::CLOSES_AT - Duration::from_secs(90);
        }
        world.shard.keep_ledger();
        world.notes.spill = Some(Arc::default());
        world.notes.at_once = in_doubt == InDoubtPolicy::WaitThenResend;
        Self {
            world,
            settled: 0,
            image: Image::new(1000),
            history: Vec::new(),
            checkpoint: Checkpoint::default(),
            begun: None,
            rules: carrier,
            limits,
            crashes: 0,
            opted_out: [false; HANDSETS.len()],
            in_flight: Vec::new(),
            doubted: Vec::new(),
            submitted: 0,
            deliveries_of_mo: 0,
            segments_of_mo: 0,
            asked: 0,
        }
    }

    fn pick(list: &mut Vec<Outgoing>, which: usize) -> Option<Outgoing> {
        (!list.is_empty()).then(|| list.remove(which % list.len()))
    }

    fn refused(status: u32) -> SegmentResult {
        let status = CommandStatus(status);
        SegmentResult::Refused { status, class: status.class(), retry_after: None }
    }

    fn step(&mut self, step: Step) {
        let world = &mut self.world;
        match step {
            Step::Submit { account, handset, segments, valid_s, wait_s } => {
                self.submitted += 1;
                let destination = Address::new(1, 1, HANDSETS[handset].as_bytes());
                let message = if segments > 1 { long_message(segments) } else { message() };
                let message = Message { account, destination, ..message };
                submit(world, message, (valid_s, wait_s));
            }
            Step::Market { handset, segments, wait_s } => {
                self.market(handset, segments, wait_s);
            }
            Step::Writes { handset, stop } => self.writes(handset, stop),
            Step::SubmitOwn { account, handset, reference, sequence } => {
                self.submit_own((account, handset), reference, sequence);
            }
            Step::Send(count) => self.send(count),
            Step::Take { which, id } => {
                let Some(one) = Self::pick(&mut self.in_flight, which) else { return };
                world.take(&one, &id.to_string());
            }
            Step::Refuse { which, status } => {
                let Some(one) = Self::pick(&mut self.in_flight, which) else { return };
                world.done(&one, Self::refused(status));
            }
            Step::NotSent(which) => {
                let Some(one) = Self::pick(&mut self.in_flight, which) else { return };
                world.done(&one, SegmentResult::NotSent);
            }
            Step::InDoubt(which) => {
                let Some(one) = Self::pick(&mut self.in_flight, which) else { return };
                world.done(&one, SegmentResult::InDoubt);
                self.doubted.push(one);
            }
            Step::LateTake { which, id } => {
                let Some(one) = Self::pick(&mut self.doubted, which) else { return };
                let taken = world.taken(&id.to_string());
                world.done_late(&one, taken);
            }
            Step::LateRefuse { which, status } => {
                let Some(one) = Self::pick(&mut self.doubted, which) else { return };
                world.done_late(&one, Self::refused(status));
            }
            Step::Receipt { id, handset, state } => {
                world.receipt_of(&id.to_string(), HANDSETS[handset], MessageState(state));
            }
            Step::Pass(ms) => world.pass(Duration::from_millis(u64::from(ms))),
            Step::Room { account, room } => {
                world.notes.room.insert(account, room);
            }
            Step::Ready(account) => world.shard.account_ready(account, &mut world.notes),
            Step::Bound(bound) => self.bound(bound),
            Step::GiveBack { account, count, pause_s } => self.give_back(account, count, pause_s),
            Step::Cancel { account, which } => self.cancel(account, which),
            Step::Replace { account, which, octets } => self.replace(account, which, octets),
            Step::Settle(which) => self.settle(which),
            Step::Crash => self.crash(),
            Step::Checkpoint => self.begin_checkpoint(),
            Step::Mo(account) => {
                self.deliveries_of_mo += 1;
                world.mo(&owned_by(account), mo("x"));
            }
            Step::Segment { account, reference, sequence, text } => {
                self.segment(account, (reference, sequence), text);
            }
        }
    }

    fn submit_own(&mut self, (account, handset): (u32, usize), reference: u8, sequence: u8) {
        self.submitted += 1;
        let wall = self.world.now.wall;
        self.world.submit(Message {
            account,
            destination: Address::new(1, 1, HANDSETS[handset].as_bytes()),
            esm_class: 0x40,
            user_data: UserData::new(&[5, 0, 3, reference, 3, sequence, b'x']),
            accepted_at: wall,
            expires_at: wall + Duration::from_secs(200),
            ..message()
        });
    }

    fn segment(&mut self, account: u32, (reference, sequence): (u8, u8), text: u8) {
        self.segments_of_mo += 1;
        let recipient = Recipient::Account { account, segments: MoSegments::Payload };
        let user_data = [5, 0, 3, reference, 2, sequence, b'a' + text];
        let short_message = user_data.into();
        let segment = MoMessage { esm_class: 0x40, short_message, ..mo("") };
        self.world.mo(&Owner::of_all(recipient), segment);
    }

    fn bound(&mut self, bound: bool) {
        let World { shard, notes, .. } = &mut self.world;
        notes.unbound.clear();
        if bound {
            (0..2).for_each(|account| shard.account_bound(account, notes));
        } else {
            notes.unbound.push("36105");
        }
    }

    fn send(&mut self, count: u8) {
        let sent: Vec<Outgoing> = (0..count).map_while(|_| self.world.sent()).collect();
        let mut batch = Batch::new();
        for one in sent.iter().filter(|one| !one.flow.is_noted()) {
            records::sent(&mut batch, one.order, one.segment);
        }
        records::at(&mut batch, self.world.now.wall);
        self.keep(batch);
        self.in_flight.extend(sent);
    }

    /// An account has an MO; its receipts are counted by what it was told.
    fn settle(&mut self, which: usize) {
        let World { shard, notes, .. } = &mut self.world;
        let Some(which) = which.checked_rem(notes.delivered.len()) else { return };
        if let (_, Delivery::Mo { number, .. }) = notes.delivered[which] {
            notes.delivered.remove(which);
            shard.settled(number);
            self.settled += 1;
        }
    }

    /// What has been written down says all that the shard would say of itself.
    fn write_down(&mut self) {
        let mut batches = Vec::new();
        let wall = self.world.now.wall;
        self.world.shard.write_down(wall, |batch| batches.push(std::mem::take(batch)));
        batches.into_iter().for_each(|batch| self.keep(batch));
        let (mut walked, mut at) = (Image::new(0), Walk::START);
        while at != Walk::Done {
            let mut batch = Batch::new();
            at = self.world.shard.walk(at, &mut batch);
            walked.take_batch(batch.octets()).unwrap();
        }
        assert_eq!(contents_of(&self.image), contents_of(&walked));
    }

    /// What is sent stands in the history alone, so it is written again.
    fn begin_checkpoint(&mut self) {
        let from = self.history.len();
        for one in &self.in_flight {
            self.world.shard.still_sent(one.ticket, one.segment);
        }
        self.begun = Some((Walk::START, Checkpoint { parts: Vec::new(), from }));
    }

    /// One part more, so that much happens between the first and the last.
    fn go_on_with_checkpoint(&mut self) {
        let Some((at, checkpoint)) = &mut self.begun else { return };
        let mut batch = Batch::new();
        *at = self.world.shard.walk(*at, &mut batch);
        checkpoint.parts.push(batch);
        if let Some((_, whole)) = self.begun.take_if(|(at, _)| *at == Walk::Done) {
            self.checkpoint = whole;
        }
    }

    /// What a process that starts now would read.
    fn read_back(&self) -> Image {
        let mut image = Image::new(1000);
        let Checkpoint { parts, from } = &self.checkpoint;
        for batch in parts.iter().chain(&self.history[*from..]) {
            image.take_batch(batch.octets()).unwrap();
        }
        image
    }

    fn keep(&mut self, batch: Batch) {
        found_by_what_it_says(&batch);
        self.image.take_batch(batch.octets()).unwrap();
        self.history.push(batch);
    }

    /// The process ends, and another one goes on with what was written down. Every session is gone,
    /// and what it held of deliveries is owed again.
    fn crash(&mut self) {
        let ids_from = 1000 + 100_000 * (self.crashes + 1);
        let of_sent = |one: &Outgoing| (one.order, one.segment);
        let sent: HashSet<_> = self.in_flight.iter().map(of_sent).collect();
        self.crashes += 1;
        self.begun = None;
        let image = self.read_back();
        self.image = self.read_back();
        assert!(image.ids_from <= ids_from, "an id above all that were given");
        let World { shard, notes, now, .. } = &mut self.world;
        let lost_requests = self.asked - notes.asked.len();
        self.asked -= lost_requests;
        let rules = vec![self.rules, self.rules];
        *shard = Shard::new((0, 1), 7, (ids_from, 0), self.limits.clone(), rules);
        shard.keep_ledger();
        notes.out.clear();
        notes.unsent.clear();
        notes.delivered.clear();
        notes.backlog = 0;
        (self.in_flight, self.doubted) = Default::default();
        image.chosen.into_values().for_each(|chosen| shard.restore_chosen(chosen));
        image.texted.into_values().for_each(|texted| shard.restore_texted(texted));
        for ended in &image.ended {
            shard.restore_ended(*ended);
        }
        shard.restore_heard(image.heard);
        for (wall, memory) in image.whole {
            shard.restore_whole(*now, wall, memory);
        }
        for (number, octets) in &image.parked {
            let receipt = records::read_parked(octets, |_| Notations::default()).unwrap();
            shard.restore_parked(*now, *number, receipt);
        }
        let mut awaiting: Vec<_> = image.awaiting.into_values().collect();
        awaiting.sort_by_key(|was| (was.since_s, was.wait.id));
        awaiting.into_iter().for_each(|was| shard.restore_awaiting(was));
        for (account, delivery) in image.owed.into_values() {
            shard.restore_owed(account, delivery, notes);
        }
        for message in image.held.into_values() {
            let recipient = Recipient::Account { account: 0, segments: MoSegments::Payload };
            shard.restore_held(*now, Some(Owner::of_all(recipient)), message, notes);
        }
        let mut live: Vec<_> = image.live.into_values().collect();
        live.sort_by_key(|was| was.live.id);
        live.into_iter().for_each(|was| shard.restore_live(*now, was, notes));
        // What was sent and is not answered is in doubt.
        if self.rules.in_doubt != InDoubtPolicy::Resend {
            let again = notes.out.iter().flat_map(|(one, _)| {
                (one.segment..one.segment + one.segments).map(|segment| (one.order, segment))
            });
            assert!(again.into_iter().all(|one| !sent.contains(&one)), "a second copy at once");
        }
    }

    fn cancel(&mut self, account: u32, which: Option<usize>) {
        self.asked += 1;
        let known = which.and_then(|at| self.world.notes.accepted.get(at));
        let destination = Address::new(0, 0, HANDSET.as_bytes());
        self.world.cancel(match known {
            Some(&(_, _, id)) => Cancellation { id: Some(id), ..any(account) },
            None => Cancellation { destination, ..any(account) },
        });
    }

    fn replace(&mut self, account: u32, which: usize, octets: usize) {
        let Some(&(_, _, id)) = self.world.notes.accepted.get(which) else { return };
        self.asked += 1;
        self.world.replace(id, replacement(account, &vec![b'z'; octets], ["", ""]));
    }

    fn give_back(&mut self, account: u32, count: usize, pause_s: u64) {
        let World { shard, notes, now, .. } = &mut self.world;
        let own: Vec<usize> =
            (0..notes.delivered.len()).filter(|&at| notes.delivered[at].0 == account).collect();
        let taken = &own[own.len().saturating_sub(count)..];
        let mut deliveries: Vec<Delivery> =
            taken.iter().rev().map(|&at| notes.delivered.remove(at).1).collect();
        deliveries.reverse();
        shard.undelivered(*now, account, deliveries, Duration::from_secs(pause_s), notes);
    }

    fn check(&self) {
        let World { shard, notes, .. } = &self.world;
        // Every submit has one answer, and every id is given once.
        assert_eq!(notes.accepted.len() + notes.refused.len(), self.submitted);
        let ids: HashSet<MessageId> = notes.accepted.iter().map(|accepted| accepted.2).collect();
        assert_eq!(ids.len(), notes.accepted.len());

        // Limits hold.
        assert!(shard.queued() <= 8 && shard.awaiting_receipt() <= 5 && shard.parked.len() <= 3);
        let waiting = |account| {
            let in_turn = shard.waiting.get(&account).map_or(0, VecDeque::len);
            in_turn + shard.put_by.of(account) + shard.apart.of(account)
        };
        assert!(waiting(0) <= 3 && waiting(1) <= 2);
        assert_eq!(notes.backlog, shard.waiting() as isize);

        // Every accepted message is live or has ended, once.
        let ended = notes.counted.iter().filter(|one| matches!(one, Counted::Ended(_))).count();
        let live = shard.queued() + shard.awaiting_receipt();
        assert_eq!(notes.accepted.len(), live + ended);
        assert_eq!(notes.released, self.submitted - shard.queued());

        // Each end is told once, unless there was no room for it.
        let lost = self.world.counts(Counted::DeliveryDropped);
        let deliveries = notes.delivered.len() + shard.waiting() + lost + self.settled;
        let told = self.world.told();
        let finals: Vec<_> = told.iter().map(|told| told.1).collect();
        assert_eq!(deliveries, ended + self.deliveries_of_mo + self.handed_on());
        assert_eq!(finals.len(), finals.iter().collect::<HashSet<_>>().len());

        self.check_opted_out();
        self.check_quiet();
        // Nothing is on its way twice at a time, nor more to one handset than the carrier takes.
        let mut out = HashSet::new();
        for one in notes.out.iter().map(|(one, _)| one).chain(&self.in_flight) {
            for segment in one.segment..one.segment + one.segments {
                assert!(out.insert((one.ticket, segment)), "a second copy");
            }
        }
        let most = usize::from(shard.carriers[0].unanswered_per_destination);
        let mut unanswered = HashMap::new();
        for (_, live) in (0..shard.slots.places()).filter_map(|place| shard.slots.at(place)) {
            let own = live.all().iter().filter(|one| one.place == Place::Out).count();
            let handset = live.message.destination.octets();
            let count = unanswered.entry((live.carrier, handset)).or_insert(0);
            *count += own;
            assert!(most == 0 || *count <= most, "{count} to one handset");
        }
    }

    /// Deliveries that segments of MO became: two of them one, if they were put together.
    fn handed_on(&self) -> usize {
        let together = self.world.counts(Counted::MoReassembled);
        let counted = self.world.notes.counted.iter().map(|one| match one {
            Counted::MoDuplicates(segments) => *segments as usize,
            _ => 0,
        });
        self.segments_of_mo - together - counted.sum::<usize>() - self.world.shard.held_segments()
    }

    /// However it went, nothing stays for ever.
    fn finish(mut self) {
        // Every link answers for what it has, if only by its end.
        for one in std::mem::take(&mut self.in_flight) {
            self.world.done(&one, SegmentResult::InDoubt);
        }
        self.world.pass(Duration::from_secs(2000));
        self.check();
        assert_eq!((self.world.shard.parked.len(), self.world.shard.held_segments()), (0, 0));
        assert_eq!(self.world.notes.asked.len(), self.asked, "each request has one answer");
        self.world.assert_empty();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn every_accepted_message_ends_once_whatever_happens(
        policy in prop_oneof![
            Just(InDoubtPolicy::Hold),
            Just(InDoubtPolicy::Resend),
            Just(InDoubtPolicy::WaitThenResend),
        ],
        unanswered_per_destination in 0_u8..4,
        receipt_segments in prop_oneof![
            Just(ReceiptSegments::Each),
            Just(ReceiptSegments::First),
            Just(ReceiptSegments::Last),
        ],
        is_evening in proptest::bool::ANY,
        steps in prop::collection::vec(step(), 1..150),
    ) {
        let mut run = Run::new(policy, unanswered_per_destination, receipt_segments, is_evening);
        for step in steps {
            run.step(step);
            run.write_down();
            run.go_on_with_checkpoint();
            run.check();
        }
        run.finish();
    }
}
