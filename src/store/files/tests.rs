//! The journal on the machine's own disk.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::store::conformance::{self, Fixture};

/// A directory of its own, removed afterwards.
pub(super) struct OnDisk(PathBuf);

impl OnDisk {
    pub(super) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("chappe-journal-{}-{number}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for OnDisk {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Small files and few places, so that all limits are met.
pub(super) fn small() -> Settings {
    Settings {
        segment_octets: 32 << 10,
        waiting_batches_max: 128,
        waiting_octets_max: 1 << 20,
        batch_octets_max: 16 << 10,
        full_retry_ms: 1,
    }
}

impl Fixture for OnDisk {
    type Journal = FileJournal;

    fn open(&mut self) -> Result<FileJournal, Error> {
        FileJournal::open(&self.0, small())
    }

    fn settle(&mut self, journal: &FileJournal) {
        let watcher = journal.progress.watch().unwrap();
        assert!(watcher.wait(journal.submitted(), std::time::Duration::from_secs(60)));
    }

    fn crash(&mut self, journal: FileJournal) {
        drop(journal);
    }

    fn progress(journal: &FileJournal) -> &Arc<Progress> {
        journal.shared_progress()
    }
}

/// All that anybody can read on this disk, with all keys that are there, of every file.
pub(crate) fn readable(disk: &dyn Disk) -> Vec<u8> {
    let contents = |name: &String| {
        let file = disk.open(name).unwrap();
        let mut octets = vec![0; usize::try_from(file.octets().unwrap()).unwrap()];
        file.read_at(&mut octets, 0).unwrap();
        octets
    };
    let names = disk.list().unwrap();
    let files: Vec<Vec<u8>> = names.iter().map(contents).collect();
    let key = |octets: &Vec<u8>| {
        let block = layout::Block::decode(layout::Kind::Key, "", octets.first_chunk()?).ok()?;
        Some(block.key)
    };
    let keys: Vec<_> = files.iter().filter_map(key).collect();
    files.iter().flat_map(|file| frame::readable(file, &keys)).collect()
}

conformance::suite!(OnDisk::new());

#[test]
fn a_backup_in_a_directory_is_opened_like_any_journal() {
    let (mut place, copy) = (OnDisk::new(), OnDisk::new());
    let journal = place.open().unwrap();
    conformance::submit(&journal, 1, 100);
    place.settle(&journal);
    assert_eq!(journal.backup(&copy.0).unwrap(), Position::new(100));
    let again = journal.backup(&copy.0).unwrap_err().to_string();
    assert_eq!(again, "there is a journal already; expected a directory without one");
    let restored = FileJournal::open(&copy.0, small()).unwrap();
    assert_eq!(conformance::replayed(&restored, 1), 100);
    conformance::submit(&restored, 101, 110);
    restored.close().unwrap();
}

#[test]
fn nothing_is_given_up_while_it_is_held_and_who_wants_it_does_not_wait() {
    let mut place = OnDisk::new();
    let journal = place.open().unwrap();
    for round in 0..10 {
        conformance::submit(&journal, round * 30 + 1, round * 30 + 30);
        place.settle(&journal);
    }
    let held = journal.shared.catalogue.hold();
    journal.truncate_before(Position::new(300)).unwrap();
    assert_eq!((journal.first(), conformance::replayed(&journal, 1)), (Position::FIRST, 300));
    drop(held);
    journal.truncate_before(Position::new(300)).unwrap();
    assert!(journal.first() > Position::FIRST);
}

#[test]
fn what_waits_is_written_in_frames_that_take_no_long_time() {
    const BATCH: usize = 300 << 10;
    let place = OnDisk::new();
    let settings =
        Settings { batch_octets_max: 4 << 20, segment_octets: 8 << 20, ..Settings::default() };
    let journal = FileJournal::open(&place.0, settings).unwrap();
    let submitted = |octets: usize| {
        let mut batch = Batch::new();
        batch.push(&vec![7; octets]);
        journal.submit(&mut batch).unwrap()
    };
    // While the first one is written, which is larger than any frame of several, the others come.
    submitted(3 << 20);
    for _ in 0..12 {
        submitted(BATCH);
    }
    let last = journal.submitted();
    let watcher = journal.progress.watch().unwrap();
    assert!(watcher.wait(last, std::time::Duration::from_secs(60)));
    assert!(journal.written().frames() > 12 / (writer::FRAME_OCTETS / BATCH) as u64);
    assert_eq!(
        journal.replay(Position::FIRST, &mut |_| ControlFlow::Continue(())).unwrap(),
        last.next()
    );
}
