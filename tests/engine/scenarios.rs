//! Misfortunes in any mix, from a seed: an SMSC that misbehaves in several ways at once, accounts
//! of several kinds, and the audit of what the engine made of it.
//!
//! `CHAPPE_SCENARIOS=100..400` runs other seeds than the usual ones; a seed that fails prints how
//! it is run again.

use std::net::SocketAddr;
use std::ops::Range;
use std::time::Duration;

use chappe::message::state::MessageState;
use chappe::sim::dice::{Chance, Dice, Weighted};
use chappe::sim::load::{self, Bind, End, Receipts};
use chappe::sim::smsc::ids::{IdForm, ReceiptIdForm};
use chappe::sim::smsc::{self, MoOrder, MoSettings, ReceiptBind, ReceiptForm};
use tokio::task::JoinSet;

use crate::misfortunes::{audited, simulated};
use crate::world::{ROUTE, World, carrier, until};

/// Seeds of an ordinary run, a few seconds each.
const SEEDS: Range<u64> = 1..13;
/// Tests that share them, to run side by side.
const LANES: u64 = 3;
/// The number that handsets write to.
const NUMBER: &str = "12345";

/// What a seed makes.
#[derive(Debug)]
struct Mix {
    smsc: smsc::Settings,
    loads: Vec<load::Settings>,
    /// Whether MO come to their owner as one payload.
    payload: bool,
    configuration: String,
}

impl Mix {
    fn of(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let smsc = misbehaviour(seed, &mut dice);
        let accounts = 1 + dice.below(3);
        let loads: Vec<_> = (0..accounts).map(|at| load(seed, at, &mut dice)).collect();
        let payload = dice.below(2) == 0;
        let configuration = configuration(&smsc, &loads, payload, &mut dice);
        Self { smsc, loads, payload, configuration }
    }
}

/// One of these.
fn one<T: Copy>(dice: &mut Dice, of: &[T]) -> T {
    of[dice.below(of.len() as u64) as usize]
}

/// A number of this range, in half of all cases.
fn sometimes(dice: &mut Dice, range: Range<u64>) -> Option<u64> {
    let number = range.start + dice.below(range.end - range.start);
    (dice.below(2) == 0).then_some(number)
}

/// A chance of at most so many in a thousand, in half of all cases.
fn rarely(dice: &mut Dice, of_a_thousand: u64) -> Chance {
    let share = sometimes(dice, 1..of_a_thousand).unwrap_or(0);
    Chance::new(share as f64 / 1000.0).expect("a share")
}

fn misbehaviour(seed: u64, dice: &mut Dice) -> smsc::Settings {
    use IdForm::{Big, Decimal, Hex, Uuid};
    let (id, receipt_id) = one(
        dice,
        &[
            (Decimal, ReceiptIdForm::Same),
            (Decimal, ReceiptIdForm::Hex),
            (Hex, ReceiptIdForm::Same),
            (Hex, ReceiptIdForm::Decimal),
            (Big, ReceiptIdForm::Same),
            (Uuid, ReceiptIdForm::Same),
        ],
    );
    let outcomes = [
        (MessageState::DELIVERED, 90),
        (MessageState::UNDELIVERABLE, 5),
        (MessageState::EXPIRED, 3),
        (MessageState::REJECTED, 1),
        (MessageState::UNKNOWN, 1),
    ];
    smsc::Settings {
        receipts: one(dice, &[ReceiptForm::Text, ReceiptForm::Tlv, ReceiptForm::Both]),
        receipt_delay: Duration::from_millis(dice.below(100)),
        receipt_bind: one(dice, &[ReceiptBind::Same, ReceiptBind::Other]),
        outcomes: Weighted::new(&outcomes).expect("weights"),
        id,
        receipt_id,
        latency: Duration::from_millis(dice.below(20)),
        throttle_above: sometimes(dice, 150..1500),
        late: (rarely(dice, 40), Duration::from_millis(300 + dice.below(900))),
        never: rarely(dice, 30),
        twice: rarely(dice, 40),
        receipt_first: rarely(dice, 300),
        drop_every: sometimes(dice, 100..500),
        mo: MoSettings {
            messages: sometimes(dice, 10..100).unwrap_or(0),
            segments: 1 + dice.below(3) as u8,
            order: one(dice, &[MoOrder::Straight, MoOrder::Shuffled]),
            to: NUMBER.to_owned(),
            ..MoSettings::default()
        },
        window_max: one(dice, &[1, 10, 100]),
        seed,
        ..smsc::Settings::default()
    }
}

fn load(seed: u64, account: u64, dice: &mut Dice) -> load::Settings {
    load::Settings {
        system_id: format!("s{account}"),
        bind: one(dice, &[Bind::Transceiver, Bind::Pair]),
        binds: one(dice, &[1, 2, 3]),
        window_max: one(dice, &[1, 10, 100]),
        end: End::Count(100 + dice.below(400)),
        segments: one(dice, &[1, 1, 1, 2, 3]),
        destinations: one(dice, &[1, 20, 500]),
        prefix: format!("46{account}"),
        source: NUMBER.to_owned(),
        receipts: Receipts::Asked,
        settle: Duration::from_secs(20),
        run: (seed * LANES_OF_RUNS + account) as u32 & 0xff_ffff,
        ..load::Settings::default()
    }
}

/// Runs of one seed have numbers of their own.
const LANES_OF_RUNS: u64 = 8;

fn configuration(
    smsc: &smsc::Settings,
    loads: &[load::Settings],
    payload: bool,
    dice: &mut Dice,
) -> String {
    // What a crash kept from the SMSC is never heard of, and a receipt that quotes nothing does not
    // tell two doubts of a handset apart: held, such messages would wait for their validity.
    let in_doubt = match (smsc.drop_every, smsc.receipts) {
        (None, ReceiptForm::Text | ReceiptForm::Both) => {
            one(dice, &["wait_then_resend", "resend", "hold"])
        }
        _ => one(dice, &["wait_then_resend", "resend"]),
    };
    let mut text = format!(
        "[node]\nreceipt_parked_ms = 100\nshards = {}\n\
         [dialect.quick] response_timeout_ms = 500\n[dialect.quick] segmentation = \"{}\"\n\
         [dialect.whole]\nmo_segments = \"payload\"\n",
        one(dice, &[1, 2, 5]),
        one(dice, &["udh8", "udh16", "sar", "payload"]),
    );
    for load in loads {
        let class = one(dice, &["transactional", "conversational", "marketing"]);
        let dialect = if payload { "dialect = \"whole\"\n" } else { "" };
        text += &format!(
            "[[account]]\nsystem_id = \"{}\"\npassword = \"secret\"\nclass = \"{class}\"\n\
             {dialect}",
            load.system_id
        );
    }
    text += &format!(
        "[[number]]\naddress = \"{NUMBER}\"\nkind = \"short_code\"\n\
         owner = {{ account = \"s0\" }}\n"
    );
    let keys = format!(
        "binds = {}\nwindow_max = {}\nin_doubt = \"{in_doubt}\"\nin_doubt_wait_ms = 1000\n\
         attempts_max = 100\n",
        one(dice, &[1, 2, 4]),
        one(dice, &[1, 10, 100]),
    );
    format!("{text}{{carrier}}{keys}{ROUTE}")
}

impl World {
    /// The sum of a metric over its labels.
    fn sum(&self, name: &str) -> u64 {
        let text = self.engine.metrics_text();
        let value = |line: &str| {
            let rest = line.strip_prefix(name)?;
            let (_, value) = rest.starts_with(['{', ' ']).then(|| rest.rsplit_once(' '))??;
            value.parse::<f64>().ok()
        };
        text.lines().filter_map(value).sum::<f64>() as u64
    }
}

async fn run_of(seed: u64) {
    let mix = Mix::of(seed);
    println!("CHAPPE_SCENARIOS={seed}..{} cargo test --test engine scenarios\n{mix:#?}", seed + 1);
    let (address, stop, smsc) = simulated(mix.smsc.clone());
    let table = carrier("smsc", address);
    let world = World::start(&mix.configuration.replace("{carrier}", &table)).await;
    until("bound", || world.metric("chappe_carrier_binds{carrier=\"smsc\"}") > 0.0).await;
    let heard = heard_of(&world, world.smpp(), &mix).await;
    drop(stop);
    let seen = smsc.await.expect("a report");
    println!("{seen:#?}");
    assert_eq!(seen.missing, 0, "the carrier had every segment");
    let twice = world.sum("chappe_maybe_twice_total");
    assert!(seen.duplicates <= twice, "{} duplicates, {twice} may be", seen.duplicates);
    let doubts = world.sum("chappe_segments_in_doubt_total");
    assert!(twice <= doubts, "{doubts} in doubt, {twice} sent again");
    // A copy whose response was lost may bring its receipts when the message has ended by another.
    let unknown = world.sum("chappe_receipts_unknown_total");
    assert!(unknown <= 2 * doubts + seen.resent, "{unknown} receipts are nobody's");
    // Segments cut off on the way are sent again: those are two of the carrier's, if it saw both.
    assert!(world.sum("chappe_mo_received_total") >= seen.mo_acked);
    if mix.smsc.drop_every.is_none() && !mix.payload {
        assert_eq!(heard, seen.mo_acked, "MO that came and that were acknowledged");
    }
}

/// Has the accounts submit, and audits what each of them heard. Gives the MO that came.
async fn heard_of(world: &World, smpp: SocketAddr, mix: &Mix) -> u64 {
    let mut runs = JoinSet::new();
    for load in &mix.loads {
        runs.spawn(audited(smpp, load.clone()));
    }
    let (mut asked, mut mo) = (0, 0);
    while let Some(audit) = runs.join_next().await {
        let audit = audit.expect("a run");
        println!("{:#}\n{}", audit.to_json(), world.engine.metrics_text());
        assert!(audit.is_clean(), "an account misses something");
        assert_eq!((audit.duplicates, audit.unreadable), (0, 0), "told once of each");
        asked += audit.accepted;
        mo += audit.mo_received;
    }
    let all: u64 = mix.loads.iter().map(|load| messages(load.end)).sum();
    assert_eq!(asked, all, "all are accepted in the end");
    assert_sums(world, asked).await;
    mo
}

fn messages(end: End) -> u64 {
    match end {
        End::Count(count) => count,
        End::After(_) => unreachable!("runs have a count here"),
    }
}

/// What the engine counted agrees with itself.
async fn assert_sums(world: &World, accepted: u64) {
    for gauge in [
        "chappe_messages_queued",
        "chappe_messages_awaiting_receipt",
        "chappe_carrier_waiting{carrier=\"smsc\"}",
    ] {
        world.counts(gauge, 0.0).await;
    }
    let sum = |name: &str| world.sum(name);
    let refused = sum("chappe_refused_total");
    assert_eq!(sum("chappe_submits_total"), sum("chappe_accepted_total") + refused);
    assert_eq!(sum("chappe_accepted_total"), accepted);
    assert_eq!(sum("chappe_messages_ended_total"), accepted, "all have ended");
    assert_eq!(sum("chappe_receipts_delivered_total"), accepted, "and were told once");
    assert_eq!(sum("chappe_deliveries_dropped_total"), 0);
    let (sent, taken) = (sum("chappe_segments_sent_total"), sum("chappe_segments_accepted_total"));
    let rejected = sum("chappe_segments_rejected_total");
    let doubts = sum("chappe_segments_in_doubt_total");
    assert!(taken + rejected <= sent + doubts, "{sent} sent, {taken} taken, {rejected} rejected");
    // The doubt about a second copy is none when the first one's receipt was heard meanwhile.
    let heard = taken + rejected + doubts + sum("chappe_maybe_twice_total");
    assert!(sent <= heard, "{sent} sent, {taken} taken, {rejected} rejected, {doubts} in doubt");
}

/// A lane's seeds, one after the other.
fn run_lane(lane: u64) {
    let seeds = match std::env::var("CHAPPE_SCENARIOS") {
        Err(_) => SEEDS,
        Ok(text) => {
            let (first, end) = text.split_once("..").expect("CHAPPE_SCENARIOS=FIRST..END");
            first.parse().expect("a number")..end.parse().expect("a number")
        }
    };
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    for seed in seeds.filter(|seed| seed % LANES == lane) {
        let runtime = builder.worker_threads(2).enable_all().build().expect("a runtime");
        runtime.block_on(run_of(seed));
    }
}

#[test]
fn any_mix_of_misfortunes_loses_nothing() {
    run_lane(0);
}

#[test]
fn another_mix_of_misfortunes_loses_nothing() {
    run_lane(1);
}

#[test]
fn a_third_mix_of_misfortunes_loses_nothing() {
    run_lane(2);
}
