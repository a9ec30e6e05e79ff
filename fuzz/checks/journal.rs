//! What must hold for any files as a journal.
//!
//! The input draws a sound journal, and then what is done to its files. Its keys are known here, so
//! that a frame or a block can also be forged: whole, and saying what no journal would.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use chappe::sim::disk::SimDisk;
use chappe::store::{
    Batch, Checkpoints, Error, FileJournal, Journal, Position, Settings, check, repair,
};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

/// What a disk writes at once, where frames begin in a file, and how long a segment is.
const BLOCK: usize = 512;
const DATA_START: usize = 4096;
const SEGMENT: usize = 8192;
/// Most things done to the files of one input.
const CHANGES_MAX: usize = 8;
/// How long a write to memory may take on a machine that has no time for it.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whatever the files are, they are opened or refused in words; what is opened is in order, is
/// what was written, and can be written on.
pub fn journal(octets: &[u8]) {
    let mut input = Input(octets);
    let mut files = Files::sound(&mut input);
    let mut changes = 0;
    while !input.0.is_empty() && changes < CHANGES_MAX {
        files.change(&mut input);
        changes += 1;
    }
    let disk = files.disk();
    let report = told(check(&disk.copy()));
    if let Some(repaired) = told(repair(&disk, SEGMENT as u64)) {
        let left = &repaired.left;
        assert!(left.damage.is_none() && left.checkpoint_damage.is_none(), "{left:?}");
        let opened = opens(&files, &disk);
        assert_eq!(opened, Some(left.last), "repaired, and not opened as it is");
    }
    let opened = opens(&files, &files.disk());
    if let Some(report) = report
        && report.damage.is_none()
        && report.checkpoint_damage.is_none()
    {
        assert_eq!(opened, Some(report.last), "found sound, and not opened as it is");
    }
    match (changes, opened) {
        (0, opened) => assert_eq!(opened, Some(files.last), "nothing was done to it"),
        // What is lost at the end is what a power cut would leave, and closing excludes that.
        (1, Some(opened)) if files.is_one_place && files.is_closed => {
            assert_eq!(opened, files.last, "it was closed");
        }
        (1, Some(opened)) if files.is_one_place => assert!(opened >= files.before_last),
        _ => {}
    }
}

/// What it is, or `None` when it is refused for a reason of one line.
fn told<T>(result: Result<T, Error>) -> Option<T> {
    let spoken = result.map_err(|error| error.to_string());
    spoken.inspect_err(|why| assert!(!why.is_empty() && !why.contains('\n'), "{why:?}")).ok()
}

/// Opens a journal, reads all, writes one batch more, and sees that the next life has it. Says
/// the last position that it was opened with.
fn opens(files: &Files, disk: &SimDisk) -> Option<Position> {
    let settings = Settings {
        segment_octets: SEGMENT as u64,
        waiting_batches_max: 4,
        waiting_octets_max: 4096,
        batch_octets_max: 1024,
        full_retry_ms: 1,
    };
    let journal = told(FileJournal::open_on(Arc::new(disk.clone()), settings.clone()))?;
    let durable = journal.progress().durable();
    let from = told(journal.read(&mut |_| ControlFlow::Continue(())));
    let from = from.or(journal.newest()).unwrap_or(journal.first());
    assert!(journal.first() <= durable.next() && from <= durable.next());
    // What is older than a checkpoint was not looked at.
    let whole = files.replayed(&journal, from.max(journal.first()));
    assert!(files.is_forged || whole == Some(durable.next()), "{whole:?} after {durable}");
    files.replayed(&journal, journal.first());
    let mut batch = numbered(durable.number() + 1, 0);
    let submitted = journal.submit(&mut batch).expect("it has just been opened");
    assert_eq!(submitted, durable.next());
    let watcher = journal.shared_progress().watch().expect("nobody else watches");
    assert!(watcher.wait(submitted, PATIENCE), "{:?}", journal.progress());
    drop(journal);
    let kept = kept(&disk.restart(), settings, submitted);
    let expected = Some(numbered(submitted.number(), 0).octets().to_vec());
    // A forged frame that waits in a file for the file's number to come counts then, and is opened
    // under no key.
    let is_kept = kept.as_ref().is_ok_and(|kept| *kept == (submitted, expected));
    assert!(is_kept || files.is_forged, "it was opened, and what it wrote is not there: {kept:?}");
    Some(durable)
}

/// Opens a journal again: how far it goes, and the batch at this position.
fn kept(
    disk: &SimDisk,
    settings: Settings,
    position: Position,
) -> Result<(Position, Option<Vec<u8>>), Error> {
    let journal = FileJournal::open_on(Arc::new(disk.clone()), settings)?;
    let mut found = None;
    journal.replay(position, &mut |entry| {
        found = Some(entry.octets.to_vec());
        ControlFlow::Break(())
    })?;
    Ok((journal.progress().durable(), found))
}

/// The files of a journal, and what was written to it.
struct Files {
    files: BTreeMap<String, Vec<u8>>,
    written: BTreeMap<u64, Vec<u8>>,
    /// The last position, and the last one but for those of the last frame.
    last: Position,
    before_last: Position,
    /// It was closed properly.
    is_closed: bool,
    /// Something was made whole that no journal wrote.
    is_forged: bool,
    /// All that was done was to one block of a file.
    is_one_place: bool,
}

impl Files {
    /// A journal as one leaves it: one to three segments with frames, perhaps one that is ready,
    /// perhaps a checkpoint, and octets of an earlier use behind the tail; closed, or left like in
    /// a crash.
    fn sound(input: &mut Input) -> Self {
        let mut files = Self {
            files: BTreeMap::new(),
            written: BTreeMap::new(),
            last: Position::NONE,
            before_last: Position::NONE,
            is_closed: false,
            is_forged: false,
            is_one_place: true,
        };
        let shape = input.octet();
        let first = 1 + u64::from(shape >> 6);
        let segments = u64::from(1 + shape % 3);
        // What stands before the first segment was given up.
        let mut next = if first == 1 { 1 } else { 10 * first };
        let first_position = next;
        for generation in first..first + segments {
            let is_last = generation + 1 == first + segments;
            files.segment(generation);
            let mut at = DATA_START;
            for _ in 0..input.octet() % 4 + u8::from(!is_last) {
                let drawn = input.octet();
                let count = u32::from(1 + drawn % 2);
                let batches: Vec<Batch> =
                    (0..count).map(|more| numbered(next + u64::from(more), drawn >> 1)).collect();
                let header = Header { kind: 1, generation, first: next, count, epoch: 1 };
                let items: Vec<&[u8]> = batches.iter().map(Batch::octets).collect();
                let frame = header.sealed(at as u64, &items);
                if at + frame.len() > SEGMENT {
                    break;
                }
                files.put(&segment(generation), at, &frame);
                at += frame.len();
                files.before_last = Position::new(next).before();
                for batch in batches {
                    files.written.insert(next, batch.octets().to_vec());
                    next += 1;
                }
            }
            if shape & 4 != 0 && at < SEGMENT {
                let header = Header { kind: 1, generation: 77, first: 5, count: 1, epoch: 9 };
                files.put(&segment(generation), at, &header.sealed(at as u64, &[b"old"]));
            }
        }
        files.last = Position::new(next).before();
        let ready = u64::from(shape >> 3 & 1);
        if ready > 0 {
            files.segment(first + segments);
        }
        let checkpoint = u64::from(shape >> 4 & 3);
        if checkpoint > 0 {
            let from = first_position + u64::from(input.octet()) % (next - first_position + 1);
            files.checkpoint(checkpoint, from);
        }
        let last = first + segments - 1 + ready;
        files.is_closed = input.octet() & 1 != 0;
        let closed = if files.is_closed { next } else { 0 };
        let numbers = [1, first, first_position, last, checkpoint, closed];
        files.put("journal", 0, &block(b"CHAPPE-J", &numbers, None));
        files
    }

    fn segment(&mut self, generation: u64) {
        let name = segment(generation);
        self.put(&name, SEGMENT, &[]);
        self.put(&name, 0, &block(b"CHAPPE-S", &[generation, SEGMENT as u64], None));
        let key = block(b"CHAPPE-K", &[generation], Some(generation));
        self.put(&format!("{generation:010}.key"), 0, &key);
    }

    fn checkpoint(&mut self, number: u64, from: u64) {
        let name = format!("checkpoint-{number:010}");
        let header = Header { kind: 2, generation: number, first: 0, count: 2, epoch: 0 };
        let frame = header.sealed(DATA_START as u64, &[b"one", b"two"]);
        let end = (DATA_START + frame.len()) as u64;
        self.put(&name, DATA_START, &frame);
        self.put(&name, 0, &block(b"CHAPPE-C", &[number, from, end], None));
        self.put(&format!("{name}.key"), 0, &block(b"CHAPPE-K", &[number], Some(number)));
    }

    /// Writes octets into a file, which grows where it must.
    fn put(&mut self, name: &str, at: usize, octets: &[u8]) {
        let file = self.files.entry(name.to_owned()).or_default();
        if file.len() < at + octets.len() {
            file.resize(at + octets.len(), 0);
        }
        file[at..at + octets.len()].copy_from_slice(octets);
    }

    /// One thing more that is done to a file.
    fn change(&mut self, input: &mut Input) {
        let what = input.octet() % 10;
        self.is_one_place &= what < 2;
        let count = self.files.len().max(1);
        let name = self.files.keys().nth(usize::from(input.octet()) % count).cloned();
        let name = name.unwrap_or_else(|| "journal".to_owned());
        let other = usize::from(input.octet());
        let file = self.files.entry(name.clone()).or_default();
        let blocks = file.len().div_ceil(BLOCK).max(1);
        let at = other % blocks * BLOCK;
        match what {
            0 => {
                let at = at + usize::from(input.octet()) % BLOCK;
                file.get_mut(at).into_iter().for_each(|octet| *octet ^= input.octet().max(1));
            }
            1 => file.iter_mut().skip(at).take(BLOCK).for_each(|octet| *octet = 0),
            2 => file.truncate(at + usize::from(input.octet())),
            3 => drop(self.files.remove(&name)),
            4 => {
                let octets: Vec<u8> = file.iter().copied().skip(at).take(BLOCK).collect();
                let to = self.files.keys().nth(usize::from(input.octet()) % count).cloned();
                let place = usize::from(input.octet()) % 16 * BLOCK;
                self.put(&to.unwrap_or(name), place, &octets);
            }
            5 => {
                let octets = file.clone();
                self.files.insert(another(other, input.octet()), octets);
            }
            6 => self.put(&another(other, input.octet()), 0, input.0),
            7 => {
                let number = input.octet() % 6;
                let value = input.number();
                self.renumber(&name, usize::from(number), value);
            }
            _ => {
                let (kind, generation) = (1 + u32::from(what == 9), u64::from(input.octet() % 6));
                let at = DATA_START + usize::from(input.octet()) % 8 * BLOCK;
                let (first, count) = (input.number(), input.number() as u32);
                let header = Header { kind, generation, first, count, epoch: input.octet().into() };
                let items: Vec<&[u8]> = (0..other % 4).map(|_| &b"\x01\0\0\0x"[..]).collect();
                self.put(&name, at, &header.sealed(at as u64, &items));
                self.is_forged = true;
            }
        }
    }

    /// Has the first block of a file say another number.
    fn renumber(&mut self, name: &str, number: usize, value: u64) {
        let Some(file) = self.files.get_mut(name).filter(|file| file.len() >= BLOCK) else {
            return;
        };
        file[16 + 8 * number..][..8].copy_from_slice(&value.to_le_bytes());
        let checksum = crc32fast::hash(&file[16..BLOCK]);
        file[12..16].copy_from_slice(&checksum.to_le_bytes());
        self.is_forged = true;
    }

    fn disk(&self) -> SimDisk {
        let disk = SimDisk::new(0);
        self.files.iter().for_each(|(name, octets)| disk.put(name, octets));
        disk
    }

    /// Where a replay from this position ends; `None` when it comes to what cannot be read.
    fn replayed(&self, journal: &FileJournal, from: Position) -> Option<Position> {
        let mut next = from;
        let end = told(journal.replay(from, &mut |entry| {
            assert_eq!(entry.position, next, "out of order");
            let written = self.written.get(&next.number());
            assert!(self.is_forged || written.is_some_and(|written| written == entry.octets));
            next = next.next();
            ControlFlow::Continue(())
        }))?;
        assert_eq!(end, next);
        Some(end)
    }
}

/// A batch whose contents depend on these numbers and nothing else.
fn numbered(number: u64, drawn: u8) -> Batch {
    let mut batch = Batch::new();
    for record in 0..=drawn % 3 {
        batch.push_with(|octets| {
            octets.extend_from_slice(&number.to_le_bytes());
            octets.resize(octets.len() + usize::from(drawn), record);
        });
    }
    batch
}

fn segment(generation: u64) -> String {
    format!("{generation:010}.segment")
}

/// A name that a file could have.
fn another(kind: usize, number: u8) -> String {
    let number = u64::from(number % 8);
    match kind % 9 {
        0 => segment(number),
        1 => format!("{number:010}.key"),
        2 => format!("spare-{number:010}"),
        3 => format!("checkpoint-{number:010}"),
        4 => format!("checkpoint-{number:010}.key"),
        5 => "segment.new".to_owned(),
        6 => "journal.new".to_owned(),
        7 => "journal".to_owned(),
        _ => format!("{number:010}.segment.cut"),
    }
}

/// The key of the file with this number.
fn key(number: u64) -> [u8; 32] {
    [1 + number as u8; 32]
}

fn block(magic: &[u8; 8], numbers: &[u64], key_of: Option<u64>) -> [u8; BLOCK] {
    let mut octets = [0; BLOCK];
    octets[..8].copy_from_slice(magic);
    octets[8] = 2;
    for (at, number) in numbers.iter().enumerate() {
        octets[16 + 8 * at..][..8].copy_from_slice(&number.to_le_bytes());
    }
    if let Some(number) = key_of {
        octets[64..96].copy_from_slice(&key(number));
    }
    let checksum = crc32fast::hash(&octets[16..]);
    octets[12..16].copy_from_slice(&checksum.to_le_bytes());
    octets
}

/// What a frame says.
struct Header {
    kind: u32,
    generation: u64,
    first: u64,
    count: u32,
    epoch: u32,
}

impl Header {
    /// The frame with these items, sealed for its place, up to the next block.
    fn sealed(&self, offset: u64, items: &[&[u8]]) -> Vec<u8> {
        let mut body = Vec::new();
        for item in items {
            body.extend_from_slice(&(item.len() as u32).to_le_bytes());
            body.extend_from_slice(item);
        }
        let mut frame = b"CHfr\0\0\0\0".to_vec();
        for number in [self.generation, offset, self.first] {
            frame.extend_from_slice(&number.to_le_bytes());
        }
        for number in [self.kind, self.count, self.epoch, body.len() as u32] {
            frame.extend_from_slice(&number.to_le_bytes());
        }
        let mut nonce = [0; 12];
        nonce[..4].copy_from_slice(&self.epoch.to_le_bytes());
        nonce[4..].copy_from_slice(&offset.to_le_bytes());
        let key = UnboundKey::new(&AES_256_GCM, &key(self.generation)).expect("32 octets");
        let (nonce, aad) = (Nonce::assume_unique_for_key(nonce), Aad::from(&frame[8..]));
        let sealed = LessSafeKey::new(key).seal_in_place_append_tag(nonce, aad, &mut body);
        assert!(sealed.is_ok());
        frame.append(&mut body);
        let checksum = crc32fast::hash(&frame[8..]);
        frame[4..8].copy_from_slice(&checksum.to_le_bytes());
        frame.resize(frame.len().next_multiple_of(BLOCK), 0);
        frame
    }
}

/// What is left of the input; zeros behind its end.
struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn octet(&mut self) -> u8 {
        let Some((octet, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *octet
    }

    /// A small number, or one at the end of what there is.
    fn number(&mut self) -> u64 {
        let octet = self.octet();
        match octet {
            0..=127 => octet.into(),
            128..=191 => u64::MAX - u64::from(octet - 128),
            // None between: a file in memory could be made as long.
            192..=205 => 1 << (octet - 192),
            _ => 1 << (octet - 192).max(33),
        }
    }
}
