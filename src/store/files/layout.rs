//! Which files there are, and the block that each begins with or consists of.
//!
//! ```text
//!   journal                  which segments count, which checkpoint; how often it was opened
//!   GENERATION.segment       a block, and from DATA_START on frames
//!   GENERATION.key           the key of that segment; overwritten when it is given up. Of one from
//!                            which something was erased it is GENERATION-EDITION.key
//!   GENERATION.index         what stands where in it; it can be made anew at any time
//!   spare-GENERATION         a segment given up, to be used again: its octets are written already,
//!                            so that a frame in it changes nothing but octets of the file
//!   checkpoint-N             a block and frames; checkpoint-N.key as above
//!   *.new                    unfinished, and removed when the journal is opened
//!   *.cut                    what a repair put aside
//! ```
//!
//! A segment or a checkpoint counts from when `journal` says so, after all of it is durable. One
//! that counts and is not there is missing; one that does not count is removed.

use crate::store::Error;
use crate::store::error::machine;

use super::{Disk, DiskFile};

/// The version of all files: of their names, blocks and frames. Each file says its own.
///
/// A version that changes any of them has the next number. It goes on to read those from
/// [`OLDEST_READ`] on, and opening a journal of theirs is all there is to do: `journal` and what
/// is made from then on are of the new version, while segments of before keep theirs until they
/// are given up. There is no way back but a backup, for an older program refuses what is newer.
pub(super) const FORMAT: u32 = 2;
/// The oldest version that is read. It rises only where the changelog says so, and never past one
/// that the release before it wrote. Format 1 is that of builds before the first release, whose
/// records had no times.
pub(super) const OLDEST_READ: u32 = 2;
/// What a disk writes wholly or not at all; frames begin at a multiple of it, so that writing one
/// does not put the one before at risk.
pub(super) const BLOCK: usize = 512;
/// Where frames begin in a file.
pub(super) const DATA_START: u64 = 4096;

/// Positions and numbers of files stay below this, so that more can always be counted: at a million
/// a second it takes 146,000 years.
pub(super) const NUMBERS_END: u64 = 1 << 62;

pub(super) const MANIFEST: &str = "journal";
pub(super) const MANIFEST_NEW: &str = "journal.new";
pub(super) const SEGMENT_NEW: &str = "segment.new";
pub(super) const CHECKPOINT_NEW: &str = "checkpoint.new";
pub(super) const INDEX_NEW: &str = "index.new";
pub(super) const ERASED_NEW: &str = "erased.new";

/// A file of a journal, by its name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Name {
    Manifest,
    Segment(u64),
    /// Of this generation and edition.
    Key(u64, u64),
    Index(u64),
    Spare(u64),
    Checkpoint(u64),
    CheckpointKey(u64),
    Unfinished,
}

impl Name {
    /// The file that this names, if it is one of ours.
    pub(super) fn read(name: &str) -> Option<Self> {
        // One way to write each number, so that two names are two files.
        let number = |digits: &str| {
            let number = digits.parse().ok()?;
            (numbered(number) == digits && number < NUMBERS_END).then_some(number)
        };
        if let Some(rest) = name.strip_prefix("checkpoint-") {
            return match rest.strip_suffix(".key") {
                Some(digits) => number(digits).map(Self::CheckpointKey),
                None => number(rest).map(Self::Checkpoint),
            };
        }
        if let Some(digits) = name.strip_prefix("spare-") {
            return number(digits).map(Self::Spare);
        }
        match name.split_once('.') {
            None => (name == MANIFEST).then_some(Self::Manifest),
            Some((digits, "segment")) => number(digits).map(Self::Segment),
            Some((digits, "index")) => number(digits).map(Self::Index),
            Some((digits, "key")) => match digits.split_once('-') {
                None => Some(Self::Key(number(digits)?, 0)),
                Some((digits, edition)) => {
                    let edition = number(edition).filter(|edition| *edition > 0)?;
                    Some(Self::Key(number(digits)?, edition))
                }
            },
            Some(_) => [MANIFEST_NEW, SEGMENT_NEW, CHECKPOINT_NEW, INDEX_NEW, ERASED_NEW]
                .contains(&name)
                .then_some(Self::Unfinished),
        }
    }

    pub(super) fn segment(generation: u64) -> String {
        format!("{}.segment", numbered(generation))
    }

    pub(super) fn key(generation: u64, edition: u64) -> String {
        match edition {
            0 => format!("{}.key", numbered(generation)),
            edition => format!("{}-{}.key", numbered(generation), numbered(edition)),
        }
    }

    pub(super) fn index(generation: u64) -> String {
        format!("{}.index", numbered(generation))
    }

    pub(super) fn spare(generation: u64) -> String {
        format!("spare-{}", numbered(generation))
    }

    pub(super) fn checkpoint(number: u64) -> String {
        format!("checkpoint-{}", numbered(number))
    }

    pub(super) fn checkpoint_key(number: u64) -> String {
        format!("checkpoint-{}.key", numbered(number))
    }
}

/// With zeros before it: a directory's listing is in the order of the numbers for a long time.
fn numbered(number: u64) -> String {
    format!("{number:010}")
}

/// What a block is of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// Numbers: epoch, first generation, first position, last generation, newest checkpoint; where
    /// it ended when it was closed.
    Manifest,
    /// Numbers: generation, octets of the file, edition.
    Segment,
    /// Numbers: generation of a segment, or number of a checkpoint.
    Key,
    /// Numbers: its own, where replay goes on, where its last frame ends.
    Checkpoint,
    /// Numbers: generation of its segment, the offset that it is sealed under, octets of the file,
    /// when the first and when the last batch came about, edition of its segment.
    Index,
}

impl Kind {
    const fn magic(self) -> [u8; 8] {
        match self {
            Self::Manifest => *b"CHAPPE-J",
            Self::Segment => *b"CHAPPE-S",
            Self::Key => *b"CHAPPE-K",
            Self::Checkpoint => *b"CHAPPE-C",
            Self::Index => *b"CHAPPE-I",
        }
    }
}

/// How many octets a key has.
pub(super) const KEY_OCTETS: usize = 32;
/// Where its fields begin: behind magic, version and checksum.
const FIELDS: usize = 16;
/// How many numbers there are.
const NUMBERS: usize = 6;
/// Where the key begins.
const KEY: usize = FIELDS + NUMBERS * 8;

/// A block: what a file is, its numbers, and room for a key.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) struct Block {
    pub(super) kind: Kind,
    pub(super) numbers: [u64; NUMBERS],
    pub(super) key: [u8; KEY_OCTETS],
}

impl Block {
    pub(super) fn new(kind: Kind, first_numbers: &[u64]) -> Self {
        let mut numbers = [0; NUMBERS];
        numbers[..first_numbers.len()].copy_from_slice(first_numbers);
        Self { kind, numbers, key: [0; KEY_OCTETS] }
    }

    pub(super) fn encode(&self) -> [u8; BLOCK] {
        let mut octets = [0; BLOCK];
        octets[..8].copy_from_slice(&self.kind.magic());
        octets[8..12].copy_from_slice(&FORMAT.to_le_bytes());
        for (at, number) in self.numbers.iter().enumerate() {
            octets[FIELDS + at * 8..][..8].copy_from_slice(&number.to_le_bytes());
        }
        octets[KEY..][..KEY_OCTETS].copy_from_slice(&self.key);
        let checksum = crc32fast::hash(&octets[FIELDS..]);
        octets[12..FIELDS].copy_from_slice(&checksum.to_le_bytes());
        octets
    }

    /// The block of this kind in `octets`, which stand at the beginning of `file`.
    pub(super) fn decode(kind: Kind, file: &str, octets: &[u8; BLOCK]) -> Result<Self, Error> {
        let damaged = |offset, what: &str| Error::Damaged {
            file: file.to_owned(),
            offset,
            what: what.to_owned(),
        };
        if octets[..8] != kind.magic() {
            return Err(damaged(0, "it does not begin as such a file does"));
        }
        let word =
            |at: usize| octets[at..].first_chunk().map_or(0, |word| u32::from_le_bytes(*word));
        let version = word(8);
        if !(OLDEST_READ..=FORMAT).contains(&version) {
            return Err(Error::Foreign { file: file.to_owned(), version, known: FORMAT });
        }
        if word(12) != crc32fast::hash(&octets[FIELDS..]) {
            return Err(damaged(0, "its first block is not what was written"));
        }
        let mut block = Self::new(kind, &[]);
        for (number, octets) in block.numbers.iter_mut().zip(octets[FIELDS..].chunks(8)) {
            *number = octets.first_chunk().map_or(0, |octets| u64::from_le_bytes(*octets));
        }
        block.key.copy_from_slice(&octets[KEY..][..KEY_OCTETS]);
        Ok(block)
    }

    /// Reads the block at the beginning of an open file.
    pub(super) fn read(kind: Kind, name: &str, file: &dyn DiskFile) -> Result<Self, Error> {
        let mut octets = [0; BLOCK];
        match file.read_at(&mut octets, 0) {
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                let what = "it ends before its first block does".to_owned();
                Err(Error::Damaged { file: name.to_owned(), offset: 0, what })
            }
            Err(error) => Err(machine(format!("reading {name}"), error)),
            Ok(()) => Self::decode(kind, name, &octets),
        }
    }
}

/// Opens a file that has to be there.
pub(super) fn open(disk: &dyn Disk, name: &str) -> Result<std::sync::Arc<dyn DiskFile>, Error> {
    disk.open(name).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Error::Missing { file: name.to_owned() },
        _ => machine(format!("opening {name}"), error),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_was_written_and_no_other_is_ours() {
        for number in [0, 1, 9_999_999_999, 10_000_000_000, NUMBERS_END - 1] {
            assert_eq!(Name::read(&Name::segment(number)), Some(Name::Segment(number)));
            assert_eq!(Name::read(&Name::key(number, 0)), Some(Name::Key(number, 0)));
            assert_eq!(Name::read(&Name::key(7, number)), Some(Name::Key(7, number)));
            assert_eq!(Name::read(&Name::index(number)), Some(Name::Index(number)));
            assert_eq!(Name::read(&Name::spare(number)), Some(Name::Spare(number)));
            assert_eq!(Name::read(&Name::checkpoint(number)), Some(Name::Checkpoint(number)));
            let key = Name::checkpoint_key(number);
            assert_eq!(Name::read(&key), Some(Name::CheckpointKey(number)));
        }
        assert_eq!(Name::read(MANIFEST), Some(Name::Manifest));
        for name in [MANIFEST_NEW, SEGMENT_NEW, CHECKPOINT_NEW, INDEX_NEW, ERASED_NEW] {
            assert_eq!(Name::read(name), Some(Name::Unfinished));
        }
        let others = ["1.segment", "00000000001.key", "0000000001.segment.cut", "lock", "", "."];
        assert!(others.iter().all(|name| Name::read(name).is_none()));
        assert_eq!(Name::read(&Name::segment(NUMBERS_END)), None);
    }

    #[test]
    fn a_block_with_any_bit_changed_is_none() {
        let block = Block { kind: Kind::Key, numbers: [7, 8, 9, 10, 11, 12], key: [3; KEY_OCTETS] };
        let octets = block.encode();
        assert!(Block::decode(Kind::Key, "k", &octets).is_ok_and(|read| read == block));
        assert!(Block::decode(Kind::Segment, "k", &octets).is_err());
        for bit in 0..BLOCK * 8 {
            let mut changed = octets;
            changed[bit / 8] ^= 1 << (bit % 8);
            match Block::decode(Kind::Key, "k", &changed).err() {
                Some(Error::Foreign { version, known: FORMAT, .. }) => {
                    assert!(version != FORMAT && (8..12).contains(&(bit / 8)));
                }
                Some(Error::Damaged { offset: 0, .. }) => {}
                other => panic!("bit {bit}: {other:?}"),
            }
        }
    }
}
