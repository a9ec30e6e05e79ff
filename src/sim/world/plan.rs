//! A seed to a world: who takes part, how they behave, and what goes wrong when.
//!
//! Each thing that can go wrong is there in some seeds and not in others, so that what one of them
//! hides another shows.

use std::time::Duration;

use super::counts::What;
use crate::message::state::MessageState;
use crate::sim::dice::{Chance, Dice, Weighted, mixed};
use crate::sim::smsc::ids::{IdForm, ReceiptIdForm};
use crate::sim::smsc::{self, MoOrder, MoSettings, ReceiptBind, ReceiptForm};

/// Messages that are accepted in each world, at least.
pub const MESSAGES: u64 = 200;
/// The number that handsets write to.
pub const NUMBER: &str = "12345";

/// A world.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What all of it comes from.
    pub seed: u64,
    /// Owners of live messages.
    pub shards: u16,
    /// Customers.
    pub accounts: Vec<AccountPlan>,
    /// Operators.
    pub carriers: Vec<CarrierPlan>,
    /// Whether lanes go one message at a time.
    pub strict_order: bool,
    /// Octets of the journal after which there is a checkpoint.
    pub checkpoint_bytes: u32,
    /// Octets of the journal that are kept beyond need; 0 is none.
    pub retention: u64,
    /// Octets of texts that may be in memory, 0 is all, and of disk that the others may take.
    pub spill: (u32, u64),
    /// The journal's disk.
    pub disk: DiskPlan,
    /// What is between the engine and the others.
    pub net: NetPlan,
    /// Crashes, one after the other.
    pub kills: Vec<KillPlan>,
    /// When the wall clock jumps, and by how many seconds.
    pub wall_jumps: Vec<(Duration, i64)>,
    /// When everything that goes wrong by the clock ends.
    pub heals_at: Duration,
}

/// A customer.
#[derive(Clone, Debug)]
pub struct AccountPlan {
    /// Messages that it submits at once.
    pub burst: u64,
    /// From one burst to the next.
    pub pace: Duration,
    /// Requests of its own that may be unanswered.
    pub window: usize,
    /// What the engine allows it.
    pub window_max: u32,
    /// Messages of it that may be queued.
    pub queue_max: u32,
    /// Destinations that it writes to; 0 is another one for each message.
    pub lanes: u64,
    /// How often a message has several segments.
    pub long: Chance,
    /// How often it asks for no receipt.
    pub unasked: Chance,
    /// Whether it gets one receipt for all segments.
    pub one_receipt: bool,
    /// Seconds its messages are valid, if it says so.
    pub validity_s: Option<u32>,
    /// How often it leaves a delivery unanswered, refuses it for now, or answers it late.
    pub deaf: Chance,
    /// See `deaf`.
    pub refuses: Chance,
    /// See `deaf`.
    pub late: Chance,
    /// When it vanishes, how, and for how long.
    pub absences: Vec<(Duration, Absence, Duration)>,
}

/// How an account vanishes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Absence {
    /// Its connection is reset.
    Vanishes,
    /// It reads and writes nothing, and nobody is told.
    Mute,
    /// It unbinds.
    Unbinds,
}

/// An operator.
#[derive(Clone, Debug)]
pub struct CarrierPlan {
    /// Its SMSC.
    pub smsc: smsc::Settings,
    /// Binds to it.
    pub binds: u32,
    /// Requests unanswered on each.
    pub window: u32,
    /// Segments a second; 0 is no limit.
    pub rate: u32,
    /// What is done with what is in doubt.
    pub in_doubt: Doubt,
    /// How long it is waited for news.
    pub in_doubt_wait: Duration,
    /// How long a response may take.
    pub response_timeout: Duration,
}

/// What is done with what is in doubt.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Doubt {
    /// It is never sent again.
    Hold,
    /// It is at once.
    Resend,
    /// It is when nothing was heard of it.
    Wait,
}

/// The journal's disk.
#[derive(Clone, Debug, Default)]
pub struct DiskPlan {
    /// Milliseconds a sync takes, at most.
    pub sync_ms: u64,
    /// From when to when syncs are slow, and how long they take.
    pub slow: Option<(Duration, Duration, Duration)>,
    /// From when to when there is no space.
    pub full: Option<(Duration, Duration)>,
    /// Which call to the disk fails, counted from the start of the engine, in which of its lives.
    pub error: Option<(u32, u64)>,
}

/// What is between the engine and the others.
#[derive(Clone, Debug, Default)]
pub struct NetPlan {
    /// Milliseconds that octets take, at most.
    pub delay_ms: u64,
    /// How often a connection is to be reset, after some octets.
    pub resets: Chance,
    /// How often one is to go dead.
    pub stalls: Chance,
    /// How often a connection is refused, or never comes about.
    pub refuses: Chance,
    /// See `refuses`.
    pub hangs: Chance,
    /// How often octets come in pieces.
    pub splits: Chance,
    /// Octets under way in one direction.
    pub buffer: usize,
}

/// A crash.
#[derive(Clone, Copy, Debug)]
pub struct KillPlan {
    /// Where.
    pub point: What,
    /// How often it is passed before.
    pub passes: u32,
    /// How long after the start it comes at the latest, wherever it is.
    pub by: Duration,
    /// Whether what was not synced is lost.
    pub power: bool,
}

/// Where the engine may be killed.
pub const POINTS: &[What] = &[
    What::ReadNotWritten,
    What::WrittenNotSynced,
    What::SyncedNotAnswered,
    What::Answered,
    What::BeforeSegment,
    What::WithinSegment,
    What::AfterSegment,
    What::AnswerRead,
    What::ReceiptAwaited,
    What::ReceiptRead,
    What::BeforeReceiptAnswer,
    What::AfterReceiptAnswer,
    What::Delivered,
    What::DeliveryAnswerRead,
    What::FilesChanged,
    What::Recovering,
    What::AnyTime,
];

/// What may be in memory of texts, and how much disk the others may take: of dice of its own.
fn spill(seed: u64) -> (u32, u64) {
    let mut dice = Dice::new(mixed(seed ^ 11));
    let after = [0, 1, 400, 4_000][dice.below(4) as usize];
    (after, [24 << 10, 256 << 10][dice.below(2) as usize])
}

impl Plan {
    /// The world of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(mixed(seed ^ 0x0051_0051_0051));
        let accounts = 2 + dice.below(2);
        let carriers = 1 + dice.below(2);
        let mut plan = Self {
            seed,
            shards: 1 + dice.below(2) as u16,
            accounts: (0..accounts).map(|_| account(&mut dice)).collect(),
            carriers: (0..carriers).map(|at| carrier(&mut dice, seed, at)).collect(),
            strict_order: one_in(&mut dice, 4),
            checkpoint_bytes: 1 << (14 + dice.below(4)),
            retention: [0, 0, 60_000, 1 << 20][dice.below(4) as usize],
            spill: spill(seed),
            disk: disk(&mut dice),
            net: net(&mut dice),
            kills: kills(&mut dice),
            wall_jumps: Vec::new(),
            heals_at: secs(12 + dice.below(12)),
        };
        if one_in(&mut dice, 4) {
            let by = [3_600, -3_600, 86_400, -40, 40][dice.below(5) as usize];
            plan.wall_jumps.push((millis(500 + dice.below(8_000)), by));
        }
        // What a failed sync did not write shows when the power goes.
        if let Some((life, _)) = plan.disk.error
            && let Some(kill) = plan.kills.get_mut(life as usize - 1)
            && one_in(&mut dice, 2)
        {
            let by = millis(1_500 + dice.below(2_500));
            *kill = KillPlan { point: What::AnyTime, passes: 0, by, power: true };
        }
        // Where receipts say nothing but an id that may not be known, handsets tell messages apart.
        let is_bare = |carrier: &CarrierPlan| carrier.smsc.receipts == ReceiptForm::Tlv;
        if plan.carriers.iter().any(is_bare) {
            plan.accounts.iter_mut().for_each(|account| account.lanes = 0);
        }
        // What is held is told when its validity ends, which is to be soon.
        if plan.carriers.iter().any(|carrier| carrier.in_doubt == Doubt::Hold) {
            for account in &mut plan.accounts {
                account.validity_s = Some(30 + dice.below(20) as u32);
                account.unasked = Chance::NEVER;
            }
        }
        plan
    }
}

fn account(dice: &mut Dice) -> AccountPlan {
    let mut absences = Vec::new();
    if one_in(dice, 2) {
        for _ in 0..=dice.below(2) {
            let how = [Absence::Vanishes, Absence::Mute, Absence::Unbinds];
            let how = how[dice.below(3) as usize];
            absences.push((millis(200 + dice.below(8_000)), how, millis(100 + dice.below(6_000))));
        }
    }
    let validity_s = one_in(dice, 4).then(|| 20 + dice.below(40) as u32);
    AccountPlan {
        burst: 1 + dice.below(12),
        pace: millis(20 + dice.below(150)),
        window: 1 + dice.below(40) as usize,
        window_max: 10 + dice.below(40) as u32,
        queue_max: if one_in(dice, 5) { 20 + dice.below(60) as u32 } else { 10_000 },
        lanes: 1 + dice.below(30),
        long: seldom(dice, 3, 0.3),
        unasked: if validity_s.is_some() { Chance::NEVER } else { seldom(dice, 3, 0.2) },
        one_receipt: one_in(dice, 2),
        validity_s,
        deaf: seldom(dice, 4, 0.05),
        refuses: seldom(dice, 4, 0.1),
        late: seldom(dice, 4, 0.1),
        absences,
    }
}

fn carrier(dice: &mut Dice, seed: u64, at: u64) -> CarrierPlan {
    let doubts = [Doubt::Hold, Doubt::Resend, Doubt::Wait, Doubt::Wait, Doubt::Wait];
    let in_doubt = doubts[dice.below(5) as usize];
    let mut smsc = smsc(dice, mixed(seed ^ mixed(at + 1)));
    let binds = 1 + dice.below(3) as u32;
    let window = 1 + dice.below(30) as u32;
    // A window that is cut before any of it is answered would never come to an end.
    smsc.drop_every = smsc.drop_every.map(|every| every + u64::from(window));
    CarrierPlan {
        smsc,
        binds,
        window,
        rate: if one_in(dice, 4) { 40 + dice.below(200) as u32 } else { 0 },
        in_doubt,
        in_doubt_wait: millis(500 + dice.below(4_000)),
        response_timeout: millis(1_500 + dice.below(2_000)),
    }
}

fn smsc(dice: &mut Dice, seed: u64) -> smsc::Settings {
    let forms = [
        ReceiptForm::Text,
        ReceiptForm::Tlv,
        ReceiptForm::Both,
        ReceiptForm::Both,
        ReceiptForm::None,
    ];
    let ids = [IdForm::Decimal, IdForm::Hex, IdForm::Uuid, IdForm::Big];
    let receipt_ids = [ReceiptIdForm::Same, ReceiptIdForm::Decimal, ReceiptIdForm::Hex];
    let outcomes = match one_in(dice, 2) {
        true => Weighted::only(MessageState::DELIVERED),
        false => Weighted::new(&[
            (MessageState::DELIVERED, 80),
            (MessageState::UNDELIVERABLE, 15),
            (MessageState::EXPIRED, 5),
        ])
        .unwrap_or_else(|| Weighted::only(MessageState::DELIVERED)),
    };
    let mo = match one_in(dice, 2) {
        true => MoSettings::default(),
        false => MoSettings {
            messages: 5 + dice.below(20),
            segments: 1 + dice.below(3) as u8,
            order: if one_in(dice, 2) { MoOrder::Shuffled } else { MoOrder::Straight },
            to: NUMBER.to_owned(),
            ..MoSettings::default()
        },
    };
    let id = ids[dice.below(4) as usize];
    // Nobody reads a UUID as a number.
    let receipt_id = match id {
        IdForm::Uuid => ReceiptIdForm::Same,
        _ => receipt_ids[(dice.below(6) as usize).saturating_sub(3)],
    };
    smsc::Settings {
        receipts: forms[dice.below(5) as usize],
        receipt_delay: millis(dice.below(3) * dice.below(1_500)),
        receipt_bind: if one_in(dice, 3) { ReceiptBind::Other } else { ReceiptBind::Same },
        outcomes,
        id,
        receipt_id,
        latency: millis(dice.below(2) * dice.below(80)),
        throttle_above: one_in(dice, 4).then(|| 10 + dice.below(60)),
        late: (seldom(dice, 3, 0.03), millis(2_000 + dice.below(4_000))),
        never: seldom(dice, 3, 0.02),
        twice: seldom(dice, 3, 0.1),
        receipt_first: seldom(dice, 3, 0.2),
        drop_every: one_in(dice, 4).then(|| 15 + dice.below(80)),
        mo,
        window_max: 1 + dice.below(20) as usize,
        receipts_max: if one_in(dice, 6) { 10 + dice.below(30) as usize } else { 1 << 20 },
        seed,
        ..smsc::Settings::default()
    }
}

fn disk(dice: &mut Dice) -> DiskPlan {
    let from = millis(300 + dice.below(5_000));
    let until = from + millis(500 + dice.below(4_000));
    DiskPlan {
        sync_ms: [0, 0, 3, 12][dice.below(4) as usize],
        slow: one_in(dice, 6).then(|| (from, until, millis(100 + dice.below(1_500)))),
        full: one_in(dice, 6).then_some((from, until)),
        error: one_in(dice, 6).then(|| (dice.below(2) as u32 + 1, 1 + dice.below(120))),
    }
}

fn net(dice: &mut Dice) -> NetPlan {
    NetPlan {
        delay_ms: [0, 1, 5, 40][dice.below(4) as usize],
        resets: seldom(dice, 2, 0.5),
        stalls: seldom(dice, 4, 0.2),
        refuses: seldom(dice, 4, 0.3),
        hangs: seldom(dice, 6, 0.1),
        splits: seldom(dice, 2, 0.3),
        buffer: if one_in(dice, 5) { 300 + dice.below(2_000) as usize } else { 64 << 10 },
    }
}

fn kills(dice: &mut Dice) -> Vec<KillPlan> {
    let count = 1 + dice.below(3);
    let kill = |dice: &mut Dice| KillPlan {
        point: POINTS[dice.below(POINTS.len() as u64) as usize],
        passes: [0, 1, 3, 10, 40][dice.below(5) as usize],
        by: millis(300 + dice.below(4_000)),
        power: one_in(dice, 2),
    };
    (0..count).map(|_| kill(dice)).collect()
}

/// Whether a chance of one in so many hits.
pub fn one_in(dice: &mut Dice, many: u64) -> bool {
    dice.below(many) == 0
}

/// In one seed of so many a chance of up to this share, in others none.
fn seldom(dice: &mut Dice, many: u64, share: f64) -> Chance {
    if !one_in(dice, many) {
        return Chance::NEVER;
    }
    let part = (1 + dice.below(100)) as f64 / 100.0;
    Chance::new(share * part).unwrap_or(Chance::NEVER)
}

pub const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}
