//! Texts that are not in memory.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;
use crate::message::envelope::{Message, UserData};
use crate::mt::carried::Carried;
use crate::mt::receipts::Subject;
use crate::store::spill::{Lost, Refused, Spill, SpillWriter};

const TLV: [u8; 6] = [0x02, 0x04, 0, 2, 0, 9];
/// Octets of the smallest chunk.
const CHUNK: u64 = 4 << 10;

/// A disk that shows the files that were made there, also when they have no name.
#[derive(Clone, Debug)]
struct Shown(SimDisk, Arc<Mutex<Vec<Arc<dyn DiskFile>>>>);

impl Disk for Shown {
    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let file = self.0.create(name)?;
        self.1.lock().unwrap().push(Arc::clone(&file));
        Ok(file)
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.0.open(name)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.0.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.0.remove(name)
    }

    fn list(&self) -> io::Result<Vec<String>> {
        self.0.list()
    }

    fn sync_dir(&self) -> io::Result<()> {
        self.0.sync_dir()
    }

    fn lock(&self) -> io::Result<Option<Lock>> {
        self.0.lock()
    }
}

impl Shown {
    fn new() -> Self {
        Self(SimDisk::new(1), Arc::default())
    }

    fn spill(&self, octets_max: u64) -> Arc<Spill> {
        Spill::new(Arc::new(self.clone()), octets_max)
    }

    fn files(&self) -> Vec<Arc<dyn DiskFile>> {
        self.1.lock().unwrap().clone()
    }
}

fn message(text: &[u8]) -> Message {
    Message { user_data: UserData::new(text), tlvs: TLV.into(), ..Message::default() }
}

fn put(writer: &mut SpillWriter, text: &[u8]) -> Result<Carried, Refused> {
    let message = message(text);
    let away = writer.put(&message)?;
    Ok(Carried::new(Arc::new(message), Some(away)))
}

fn text(carried: &Carried) -> Vec<u8> {
    let message = carried.read();
    assert_eq!(*message.tlvs, TLV);
    message.user_data.octets().to_vec()
}

/// A text of 1,000 octets: four of them are in a chunk, with their TLVs and tags.
fn long(number: u8) -> Vec<u8> {
    vec![number; 1000]
}

#[test]
fn a_text_comes_back_as_it_was_with_its_tlvs() {
    let spill = Shown::new().spill(64 * CHUNK);
    let mut writer = spill.writer();
    let texts: [&[u8]; 4] = [b"", b"hello", &[0xff; 160], &[7; 3000]];
    let all: Vec<Carried> = texts.iter().map(|text| put(&mut writer, text).unwrap()).collect();
    for (carried, own) in all.iter().zip(texts) {
        assert_eq!(text(carried), own);
        assert_eq!(carried.octets() as usize, own.len() + TLV.len());
        assert_eq!(carried.octets_here(), 0);
        assert_eq!(carried.subject(), Subject::of(&message(own)));
    }
    let figures = spill.figures();
    assert_eq!((figures.written, figures.read, figures.refused), (4, 4, [0; 3]));
    assert_eq!(put(&mut writer, &[0; 4096]).unwrap_err(), Refused::Limit, "none is so large");
}

#[test]
fn the_file_has_no_name_and_holds_no_text() {
    let disk = Shown::new();
    let spill = disk.spill(64 * CHUNK);
    let _kept = put(&mut spill.writer(), &[b'x'; 1000]).unwrap();
    assert!(disk.list().unwrap().is_empty());
    let mut octets = [0; 1000];
    disk.files()[0].read_at(&mut octets, 0).unwrap();
    assert!(!octets.windows(8).any(|eight| eight == b"xxxxxxxx"));
}

#[test]
fn what_a_process_left_that_died_before_it_took_the_name_away_is_taken_away() {
    let disk = Shown::new();
    disk.0.put("spill", b"sealed");
    disk.0.put("1.segment", b"another's");
    let _spill = disk.spill(64 * CHUNK);
    assert_eq!(disk.list().unwrap(), ["1.segment"]);
}

#[test]
fn a_chunk_is_used_again_when_all_its_messages_are_gone() {
    let spill = Shown::new().spill(2 * CHUNK);
    let mut writer = spill.writer();
    let mut kept: Vec<Carried> = (0..8).map(|at| put(&mut writer, &long(at)).unwrap()).collect();
    assert_eq!(spill.figures().octets, 2 * CHUNK);
    let is_full = |writer: &mut SpillWriter| put(writer, &long(9)).err() == Some(Refused::Limit);
    assert!(is_full(&mut writer));
    // Half of each is not enough.
    kept = kept.into_iter().step_by(2).collect();
    assert!(is_full(&mut writer));
    let shared = kept[1].clone();
    kept.drain(..2);
    assert!(is_full(&mut writer), "somebody else has it");
    drop(shared);
    let again = put(&mut writer, &long(9)).unwrap();
    assert_eq!(text(&again), long(9));
    assert_eq!([text(&kept[0]), text(&kept[1])], [long(4), long(6)]);
    assert_eq!(spill.figures().refused, [3, 0, 0]);
}

#[test]
fn the_file_goes_with_the_last_message() {
    let disk = Shown::new();
    let spill = disk.spill(64 * CHUNK);
    let (mut writer, mut other) = (spill.writer(), spill.writer());
    let kept = [put(&mut writer, &long(1)).unwrap(), put(&mut other, &long(2)).unwrap()];
    drop(kept);
    writer.rest();
    assert_eq!(spill.figures().octets, CHUNK);
    other.rest();
    assert_eq!(spill.figures().octets, 0);
    assert_eq!(Arc::strong_count(&disk.files()[0]), 2, "those of this test alone");
    assert_eq!(text(&put(&mut writer, &long(3)).unwrap()), long(3));
    assert_eq!(disk.files().len(), 2);
}

#[test]
fn a_damaged_octet_is_given_to_nobody_and_who_watches_hears_of_it() {
    let disk = Shown::new();
    let spill = disk.spill(64 * CHUNK);
    let carried = put(&mut spill.writer(), &long(1)).unwrap();
    let file = &disk.files()[0];
    for at in [0, 999, 1005, 1006, 1021] {
        let mut octet = [0];
        file.read_at(&mut octet, at).unwrap();
        file.write_at(&[octet[0] ^ 1], at).unwrap();
        let read = catch_unwind(AssertUnwindSafe(|| text(&carried)));
        assert!(read.unwrap_err().is::<Lost>(), "octet {at}");
        assert!(spill.has_lost());
        file.write_at(&octet, at).unwrap();
    }
    assert_eq!(text(&carried), long(1));
}

#[test]
fn a_full_disk_refuses_and_takes_again() {
    let disk = Shown::new();
    let spill = disk.spill(64 * CHUNK);
    let mut writer = spill.writer();
    let before = put(&mut writer, &long(1)).unwrap();
    disk.0.set_capacity(0);
    assert_eq!(put(&mut writer, &long(2)).unwrap_err(), Refused::Space);
    assert_eq!(text(&before), long(1));
    disk.0.set_capacity(u64::MAX);
    let after = put(&mut writer, &long(3)).unwrap();
    assert_eq!((text(&before), text(&after)), (long(1), long(3)));
    assert_eq!(spill.figures().refused, [0, 1, 0]);
}

#[test]
fn a_write_that_fails_costs_nothing_that_is_there() {
    let disk = Shown::new();
    let spill = disk.spill(64 * CHUNK);
    let mut writer = spill.writer();
    // The file cannot be made, cannot lose its name, cannot be written to.
    for call in 1..=3 {
        disk.0.fault_at(disk.0.calls() + call, Fault::Error);
        assert_eq!(put(&mut writer, &long(2)).unwrap_err(), Refused::Error);
    }
    let after = put(&mut writer, &long(3)).unwrap();
    assert_eq!(text(&after), long(3));
    assert_eq!(spill.figures().refused, [0, 0, 3]);
    assert!(disk.list().unwrap().is_empty());
}

#[test]
fn a_lower_limit_takes_nothing_away() {
    let spill = Shown::new().spill(16 * CHUNK);
    let mut writer = spill.writer();
    let kept: Vec<Carried> = (0..12).map(|at| put(&mut writer, &long(at)).unwrap()).collect();
    spill.set_octets_max(CHUNK);
    assert_eq!(put(&mut writer, &long(20)).unwrap_err(), Refused::Limit);
    assert!((0..12).zip(&kept).all(|(at, one)| text(one) == long(at)));
}
