//! A shard alone: what one message costs it from submit to receipt, and what one costs in memory
//! while its receipt is awaited.
//!
//! `cargo bench --bench shard` prints both for each number of messages that await their receipt.
//! Time on a shared machine cannot rank close variants, so each row also runs bare with
//! `--pending N --iterations M`: the instructions that callgrind counts for two values of M differ
//! by those of M messages alone.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chappe::clock::Now;
use chappe::engine::shard::{
    CarrierRules, Counted, Delivery, Effects, Findings, InDoubtPolicy, Limits, Question,
    SegmentResult, Shard, Standing, Stays, Submission, Waits,
};
use chappe::message::dialect::ReceiptSegments;
use chappe::message::envelope::{Message, UserData};
use chappe::message::message_id::MessageId;
use chappe::message::receipt::Cause;
use chappe::message::state::MessageState;
use chappe::mo::reply::Reply;
use chappe::mt::carried::Carried;
use chappe::mt::egress::Outgoing;
use chappe::mt::ingress::Replacement;
use chappe::mt::receipts::{CarrierReceipt, Evidence, Notations, receipt_keys, response_key};
use chappe::mt::segmentation::Cutting;
use chappe::wire::{Address, CommandStatus, SequenceNumber};

/// Messages that await their receipt in each row.
const PENDING: [u64; 4] = [0, 100_000, 1_000_000, 10_000_000];
/// Messages that are measured in a run, and runs of which the median counts.
const MESSAGES: u64 = 200_000;
const RUNS: usize = 5;
/// When the world begins, in wall time.
const START: Duration = Duration::from_secs(1_790_000_000);

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |name: &str| -> Option<u64> {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1)?.parse().ok()
    };
    if let Some(iterations) = number("--iterations") {
        let mut world = World::new(number("--pending").unwrap_or(0));
        return (0..iterations).for_each(|_| world.message_and_receipt());
    }
    println!("{:<36} {:>12} {:>16}", "", "ns a message", "octets pending");
    for pending in PENDING {
        let before = rss_bytes();
        let mut world = World::new(pending);
        let octets = match pending {
            0 => "-".to_owned(),
            _ => format!("{:.1}", (rss_bytes() - before) as f64 / pending as f64),
        };
        let mut runs: Vec<f64> = (0..RUNS)
            .map(|_| {
                let start = Instant::now();
                (0..MESSAGES).for_each(|_| world.message_and_receipt());
                start.elapsed().as_nanos() as f64 / MESSAGES as f64
            })
            .collect();
        runs.sort_by(f64::total_cmp);
        let median = runs.get(RUNS / 2).copied().unwrap_or_default();
        println!("{:<36} {median:>12.0} {octets:>16}", format!("shard/awaiting_{pending}"));
    }
}

/// A shard, and what it wanted.
struct World {
    shard: Shard<()>,
    notes: Notes,
    /// Messages so far.
    messages: u64,
}

#[derive(Default)]
struct Notes {
    out: Vec<Outgoing>,
    receipts: u64,
}

impl Effects for Notes {
    type Link = ();

    fn accepted(&mut self, (): &(), _: SequenceNumber, _: MessageId) {}

    fn stands(&mut self, (): &(), _: SequenceNumber, _: Standing) {}

    fn done(&mut self, (): &(), _: SequenceNumber) {}

    fn refused(&mut self, (): &(), _: SequenceNumber, status: CommandStatus) {
        panic!("{status}: the queue is meant to have room");
    }

    fn charged(&mut self, _: u32, _: u8) {}

    fn released(&mut self, _: u32, _: u32, _: u32) {}

    fn resized(&mut self, _: u32, _: u32, _: u32) -> bool {
        true
    }

    fn dispatch(&mut self, _: u32, outgoing: Outgoing, _: bool) {
        self.out.push(outgoing);
    }

    fn operated(&mut self, _: u64, _: Findings) {}

    fn replaced(
        &self,
        message: &Message,
        _: u32,
        replacement: &Replacement,
        wall: Duration,
    ) -> Result<Message, CommandStatus> {
        replacement.of(message, None, (Cutting::default(), None), wall)
    }

    fn reply(&mut self, _: &Reply<'_>, _: Duration) -> Result<(Message, u32), CommandStatus> {
        Err(CommandStatus::ESME_RINVDSTADR)
    }

    fn elsewhere(&self, _: &Carried, _: u32, _: Option<u32>, _: Duration) -> Result<u32, Stays> {
        Err(Stays::NoOther)
    }

    fn change_queue(&mut self, _: u32, _: u32) -> bool {
        false
    }

    fn ask(&mut self, _: u32, _: Question) -> bool {
        false
    }

    fn withdraw(&mut self, _: u32, _: u64) {}

    fn deliver(&mut self, _: u32, delivery: Delivery) -> Result<(), Waits> {
        self.receipts += 1;
        black_box(delivery);
        Ok(())
    }

    fn answer(&mut self, (): &(), _: SequenceNumber, _: CommandStatus) {}

    fn backlog(&mut self, _: u32, _: isize) {}

    fn count(&mut self, _: Counted) {}
}

impl World {
    /// A shard with so many messages whose receipt is still to come.
    fn new(pending: u64) -> Self {
        let limits = Limits { correlations_max: usize::MAX, ..Limits::default() };
        let shard = Shard::new((0, 1), 1, (1, 1), limits, vec![rules()]);
        let mut world = Self { shard, notes: Notes::default(), messages: 0 };
        (0..pending).for_each(|_| world.message());
        assert_eq!(world.shard.awaiting_receipt() as u64, pending);
        world
    }

    fn now(&self) -> Now {
        // A million messages a second.
        let elapsed = Duration::from_micros(self.messages);
        Now { monotonic: elapsed, wall: START + elapsed }
    }

    /// A message that its carrier takes.
    fn message(&mut self) {
        let number = self.messages;
        self.messages += 1;
        let now = self.now();
        let submission = Submission {
            link: (),
            sequence: 1,
            message: Arc::new(message(number, now)),
            carrier: 0,
        };
        self.shard.admit(now, submission, &mut self.notes);
        while let Some(outgoing) = self.notes.out.pop() {
            let key = response_key(0, Notations::default(), &carrier_id(number));
            let result = SegmentResult::Accepted { key, id: None };
            let (ticket, segment) = (outgoing.ticket, outgoing.segment);
            self.shard.segment_done(now, ticket, segment, result, false, &mut self.notes);
        }
        // A shard looks at the time ten times a second.
        if number.is_multiple_of(100_000) {
            self.shard.handle_timeout(now, &mut self.notes);
        }
    }

    /// The same, and its receipt.
    fn message_and_receipt(&mut self) {
        let number = self.messages;
        self.message();
        let receipt = CarrierReceipt {
            carrier: 0,
            keys: receipt_keys(0, Notations::default(), &carrier_id(number)),
            destination: handset(number),
            state: MessageState::DELIVERED,
            cause: Cause::default(),
            done: None,
            is_provisional: false,
            evidence: Evidence::default(),
        };
        let before = self.notes.receipts;
        self.shard.receipt(self.now(), &(), 1, receipt, &mut self.notes);
        assert_eq!(self.notes.receipts, before + 1, "a receipt that found nothing");
    }
}

/// The id that the carrier gives: ten digits, as most do.
fn carrier_id(number: u64) -> [u8; 10] {
    let mut digits = [b'0'; 10];
    let mut rest = number;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    digits
}

fn handset(number: u64) -> Address {
    let number = 33_600_000_000 + number % 100_000_000;
    Address::new(1, 1, number.to_string().as_bytes())
}

fn message(number: u64, now: Now) -> Message {
    let source: &[u8] = if number.is_multiple_of(3) { b"36179" } else { b"CompanyName" };
    Message {
        account: (number % 10) as u32,
        source: Address::new(5, 0, source),
        destination: handset(number),
        registered_delivery: 1,
        user_data: UserData::new(b"Your code is 123456. Do not share it with anybody."),
        accepted_at: now.wall,
        expires_at: now.wall + Duration::from_secs(48 * 3600),
        ..Message::default()
    }
}

fn rules() -> CarrierRules {
    CarrierRules {
        attempts_max: 20,
        in_doubt: InDoubtPolicy::default(),
        in_doubt_wait: Duration::from_secs(60),
        accepted_is_final: false,
        unknown_is_final: true,
        query_after: Duration::ZERO,
        receipt_segments: ReceiptSegments::Each,
        receipt_segments_wait: Duration::from_secs(60),
        reference_max: u16::MAX,
        unanswered_per_destination: 0,
        cutting: Cutting::default(),
    }
}

/// Octets of this process that are in memory.
fn rss_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}
