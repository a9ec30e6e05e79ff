//! Texts that exceed what may be in memory.

use std::path::{Path, PathBuf};

use chappe::wire::tlv::put_tlv;
use chappe::wire::{CommandStatus, TlvTag};

use crate::esme::{Esme, Submit};
use crate::smsc::{Reply, Smsc, Submitted};
use crate::world::{ROUTE, World, carrier, until};

/// Octets of texts that may be in memory.
const HERE: usize = 4_000;
const TEXTS: usize = 600;
/// On disk are chunks of this size, one for each shard at least, where it takes 8 MiB at most.
const CHUNK: f64 = 131_072.0;

fn keys(smsc: &str) -> String {
    let carrier = carrier("smsc", smsc.parse().unwrap());
    format!(
        "[node] shards = 2\n[store]\nengine = \"embedded\"\nspill_after_bytes = {HERE}\n\
         spill_max_bytes = 8388608\n{carrier}{ROUTE}"
    )
}

fn directory(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("chappe-engine-{name}-{}", std::process::id()))
}

/// The number-th message: short, of several segments or of one payload, to one of fifty handsets.
fn numbered(number: usize) -> Submit {
    let submit = Submit::to(&format!("336123456{:02}", number % 50));
    let text = format!("{number:05} {}", "and so on ".repeat(number % 15 * 2));
    match number % 10 {
        // A payload, with a TLV beside it that travels on.
        0 => {
            let mut tlvs = Vec::new();
            assert!(put_tlv(&mut tlvs, TlvTag::USER_MESSAGE_REFERENCE, &[0, 7]));
            assert!(put_tlv(&mut tlvs, TlvTag::MESSAGE_PAYLOAD, text.as_bytes()));
            Submit { text: Vec::new(), tlvs, ..submit }
        }
        _ => Submit { text: text[..text.len().min(254)].into(), ..submit },
    }
}

/// What arrived, its segments put together, by number.
fn arrived(segments: &[Submitted]) -> Vec<String> {
    let mut texts: Vec<(String, u8, String)> = Vec::new();
    for one in segments {
        let text = match one.esm_class & 0x40 {
            0 => (0, one.text.as_slice()),
            _ => (one.text[5], &one.text[6..]),
        };
        let (sequence, text) = (text.0, String::from_utf8(text.1.to_vec()).unwrap());
        match texts.iter_mut().rev().find(|(to, last, _)| {
            *to == one.destination && *last > 0 && last.checked_add(1) == Some(sequence)
        }) {
            Some((_, last, whole)) => {
                *last = sequence;
                whole.push_str(&text);
            }
            None => texts.push((one.destination.clone(), sequence, text)),
        }
    }
    let mut texts: Vec<String> = texts.into_iter().map(|(.., text)| text).collect();
    texts.sort_unstable();
    texts
}

fn expected() -> Vec<String> {
    let text = |number| {
        let whole = format!("{number:05} {}", "and so on ".repeat(number % 15 * 2));
        if number % 10 == 0 { whole } else { whole[..whole.len().min(254)].to_owned() }
    };
    (0..TEXTS).map(text).collect()
}

/// Submits messages, no more at a time than a window holds; their responses.
async fn submit(world: &World, mut submits: Vec<Submit>) -> Vec<(CommandStatus, String)> {
    let (esme, mut responses) = (Esme::bind(world.smpp()).await, Vec::new());
    while !submits.is_empty() {
        let rest = submits.split_off(submits.len().min(50));
        responses.extend(esme.burst(std::mem::replace(&mut submits, rest)).await);
    }
    responses
}

async fn submit_all(world: &World) {
    let responses = submit(world, (0..TEXTS).map(numbered).collect()).await;
    assert!(responses.iter().all(|(status, _)| *status == CommandStatus::ESME_ROK));
}

/// Most texts are on disk, and no more in memory than may be.
async fn are_on_disk(world: &World, written_min: f64) {
    until("it says what it holds", || world.metric("chappe_messages_queued") == TEXTS as f64).await;
    assert!(world.metric("chappe_queued_text_bytes") <= HERE as f64);
    assert!(world.metric("chappe_queued_text_bytes") > 0.0);
    let written = world.metric("chappe_spilled_messages_total");
    assert!((written_min..TEXTS as f64).contains(&written), "{written}");
    assert!(world.metric("chappe_spilled_bytes_total") > 40_000.0);
    let octets = world.metric("chappe_spill_bytes");
    assert!((CHUNK..=5.0 * CHUNK).contains(&octets), "{octets}");
}

fn files(directory: &Path) -> Vec<String> {
    let journal = directory.join("data").join("journal");
    let journal = if journal.is_dir() { journal } else { find(directory) };
    let names = std::fs::read_dir(journal).unwrap();
    names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// The journal's directory.
fn find(directory: &Path) -> PathBuf {
    let mut left = vec![directory.to_owned()];
    while let Some(one) = left.pop() {
        if one.file_name().is_some_and(|name| name == "journal") {
            return one;
        }
        let inside = std::fs::read_dir(one).unwrap().map(|entry| entry.unwrap().path());
        left.extend(inside.filter(|path| path.is_dir()));
    }
    panic!("no journal in {}", directory.display())
}

#[tokio::test]
async fn what_exceeds_memory_while_a_carrier_is_down_arrives_whole_when_it_comes_back() {
    // An address where nobody listens yet.
    let address = Smsc::start().await.address;
    let world = World::start(&keys(&address.to_string())).await;
    submit_all(&world).await;
    are_on_disk(&world, TEXTS as f64 / 2.0).await;
    assert!(!files(world.directory()).iter().any(|name| name == "spill"), "it has no name");
    let smsc = Smsc::at(address, |_| Reply::Report("DELIVRD")).await;
    world.counts("chappe_messages_ended_total{state=\"DELIVERED\"}", TEXTS as f64).await;
    assert_eq!(arrived(&smsc.submits()), expected());
    assert!(world.metric("chappe_spill_reads_total") >= TEXTS as f64 / 2.0);
    // Nothing of it is left.
    world.counts("chappe_queued_text_bytes", 0.0).await;
    world.counts("chappe_spill_bytes", 0.0).await;
}

#[tokio::test]
async fn a_start_with_more_than_memory_may_hold_reads_it_to_disk_and_sends_it_all() {
    let directory = directory("spill-again");
    let address = Smsc::start().await.address;
    let keys = keys(&address.to_string());
    let world = World::try_start(&keys, Some(directory.clone())).unwrap();
    submit_all(&world).await;
    assert_eq!(world.stop_and_keep().await, TEXTS);
    let world = World::try_start(&keys, Some(directory)).unwrap();
    are_on_disk(&world, TEXTS as f64 / 2.0).await;
    let smsc = Smsc::at(address, |_| Reply::Report("DELIVRD")).await;
    world.counts("chappe_messages_ended_total{state=\"DELIVERED\"}", TEXTS as f64).await;
    assert_eq!(arrived(&smsc.submits()), expected());
    world.counts("chappe_spill_bytes", 0.0).await;
}

#[tokio::test]
async fn what_finds_no_room_on_disk_either_is_refused() {
    let address = Smsc::start().await.address;
    let world = World::start(&keys(&address.to_string())).await;
    let mut tlvs = Vec::new();
    assert!(put_tlv(&mut tlvs, TlvTag::MESSAGE_PAYLOAD, &[b'x'; 35_000]));
    let payload = |number: usize| {
        let submit = Submit::to(&format!("3361234{number:04}"));
        Submit { text: Vec::new(), tlvs: tlvs.clone(), ..submit }
    };
    let responses = submit(&world, (0..400).map(payload).collect()).await;
    let taken = responses.iter().filter(|(status, _)| *status == CommandStatus::ESME_ROK).count();
    let others = responses.iter().filter(|(status, _)| *status != CommandStatus::ESME_ROK);
    // Three of them are in each of 64 chunks.
    assert_eq!(taken, 192);
    others.for_each(|(status, _)| assert_eq!(*status, CommandStatus::ESME_RMSGQFUL));
    world.counts("chappe_spill_refused_total{reason=\"limit\"}", 208.0).await;
    world.counts("chappe_spill_bytes", 8_388_608.0).await;
}
