//! Lanes keep their order, from a seed: any number of sessions, handsets and segments.
//! `CHAPPE_LANES=100` runs so many seeds.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use chappe::sim::dice::Dice;

use crate::esme::{Esme, Submit};
use crate::smsc::{Reply, Smsc, Submitted};
use crate::world::{ROUTE, World, carrier, until};

/// User data as the carrier took it, by destination, in the order it took them.
type Lanes = Arc<Mutex<BTreeMap<String, Vec<(u8, Vec<u8>)>>>>;

async fn run_of(seed: u64) {
    let mut dice = Dice::new(seed);
    let window = [1, 7, 100][dice.below(3) as usize];
    let lanes: Lanes = Lanes::default();
    let smsc = Smsc::with(script(lanes.clone())).await;
    let shards = 1 + dice.below(4);
    let table = carrier("smsc", smsc.address);
    let world =
        World::start(&format!("{table}window_max = {window}\n{ROUTE}[node] shards = {shards}\n"))
            .await;
    until("the carrier is bound", || smsc.bound() > 0).await;

    let handsets = 1 + dice.below(8);
    let (mut esmes, mut sent) = (Vec::new(), 0);
    for session in 0..1 + dice.below(3) {
        let esme = Esme::bind(world.smpp()).await;
        let submits: Vec<Submit> = (0..20 + dice.below(30))
            .map(|at| {
                // One segment, two or three.
                let filler = "x".repeat([0, 200, 400][dice.below(3) as usize]);
                Submit {
                    tlvs: payload(format!("{at:04}{filler}").as_bytes()),
                    ..Submit { text: Vec::new(), ..Submit::to(&handset(session, at % handsets)) }
                }
            })
            .collect();
        sent += submits.len();
        for (status, _) in esme.burst(submits).await {
            assert!(status.is_ok(), "seed {seed}: {status:?}");
        }
        esmes.push(esme);
    }
    let told = || esmes.iter().map(|esme| esme.deliveries().len()).sum::<usize>();
    until("every receipt has come", || told() >= sent).await;
    for (lane, taken) in &*lanes.lock().unwrap() {
        assert_order(taken).unwrap_or_else(|fault| panic!("seed {seed}, lane {lane}: {fault}"));
    }
}

fn handset(session: u64, number: u64) -> String {
    format!("3360000{session:02}{number:02}")
}

/// A message_payload.
fn payload(octets: &[u8]) -> Vec<u8> {
    let [high, low] = (octets.len() as u16).to_be_bytes();
    [&[0x04, 0x24, high, low], octets].concat()
}

/// Takes what comes, and keeps it.
fn script(lanes: Lanes) -> impl FnMut(&Submitted) -> Reply {
    move |submitted| {
        let segment = (submitted.esm_class, submitted.text.clone());
        let mut lanes = lanes.lock().unwrap();
        lanes.entry(submitted.destination.clone()).or_default().push(segment);
        Reply::Report("DELIVRD")
    }
}

/// Messages in the order of their numbers, and of each its segments in a row.
fn assert_order(taken: &[(u8, Vec<u8>)]) -> Result<(), String> {
    let (mut numbers, mut open) = (Vec::new(), None);
    for (esm_class, text) in taken {
        let (header, words) = match esm_class & 0x40 {
            0 => ([0, 1, 1], &text[..]),
            _ => ([text[3], text[4], text[5]], &text[6..]),
        };
        let [reference, total, sequence] = header;
        match open.take() {
            None if sequence == 1 => {
                let number = String::from_utf8_lossy(&words[..4]).into_owned();
                numbers.push(number);
            }
            Some(next) if next == header => {}
            other => return Err(format!("{header:?} where {other:?} was due after {numbers:?}")),
        }
        open = (sequence < total).then_some([reference, total, sequence + 1]);
    }
    match (open, numbers.is_sorted()) {
        (None, true) => Ok(()),
        (open, _) => Err(format!("{numbers:?}, {open:?} is missing")),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_lane_has_its_messages_in_order_and_their_segments_in_a_row() {
    let seeds = std::env::var("CHAPPE_LANES").ok().and_then(|text| text.parse().ok());
    for seed in 1..=seeds.unwrap_or(10) {
        run_of(seed).await;
    }
}
