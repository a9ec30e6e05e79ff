//! What stands where in a segment, in a file beside it: two or three octets for a key.
//!
//! A segment is divided into [`PARTS`]. Of each key there are 26 bits and the part in which the
//! frame with its batch begins, as a number of four octets; these stand in order, each as the
//! difference to the one before it. So whoever looks for a key reads the parts that have it, and
//! one part more in some two hundred segments that does not. Parts are as large as they are so
//! that most of what befalls a message within a moment stands in one. All of it is sealed under
//! the segment's key, and cannot be read when that is destroyed.

use std::sync::Arc;

use crate::store::error::machine;
use crate::store::history::Digest;
use crate::store::{Error, Position};

use super::Disk;
use super::frame::{self, Draft, HEADER, Header, Items, Key, Kind as FrameKind, Place};
use super::frames::Frames;
use super::layout::{Block, DATA_START, INDEX_NEW, Kind, NUMBERS_END, Name};
use super::segment::Segment;

/// Parts of a segment.
pub(super) const PARTS: u64 = 64;
/// Bits of a part's number in an entry.
const PART_BITS: u32 = 6;
/// Entries above which those that are there twice are taken out while there come more.
const ENTRIES_MANY: usize = 4 << 20;
/// An epoch that frames of no journal have: what is sealed here is sealed under no nonce of theirs.
const EPOCH: u32 = u32::MAX;
/// Octets of an index that no segment has: it is damaged.
const OCTETS_MAX: u64 = 1 << 30;

const _: () = assert!(1 << PART_BITS == PARTS);

/// A part of a segment.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Part {
    /// Where its first frame begins; 0 where none does.
    pub(super) from: u64,
    /// When its first batch came about, in milliseconds since 1970.
    pub(super) first_ms: u64,
}

/// What is known of a segment that has an index.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Summary {
    pub(super) first_ms: u64,
    pub(super) last_ms: u64,
    /// Octets of the index.
    pub(super) octets: u64,
}

/// The part in which a frame is that begins there.
pub(super) fn part_of(segment: &Segment, offset: u64) -> u64 {
    (offset.saturating_mul(PARTS) / segment.octets.max(1)).min(PARTS - 1)
}

/// The upper bits of a key, where an entry has them.
fn upper(key: u64) -> u32 {
    // As many as an entry has beside the part's.
    ((key >> 32) as u32) >> PART_BITS << PART_BITS
}

/// An index in the making.
#[derive(Debug)]
pub(super) struct Making {
    pub(super) segment: Segment,
    /// The position that the next segment begins with.
    behind: Position,
    frames: Frames,
    parts: Vec<Part>,
    entries: Vec<u32>,
    /// When the first and the last batch came about.
    times: Option<(u64, u64)>,
}

impl Making {
    pub(super) fn begin(segment: &Segment, behind: Position) -> Self {
        Self {
            segment: segment.clone(),
            behind,
            frames: Frames::of(segment),
            parts: vec![Part::default(); PARTS as usize],
            entries: Vec::new(),
            times: None,
        }
    }

    /// Reads about so many octets more; whether that was the last of it.
    pub(super) fn go_on(&mut self, digest: &dyn Digest, octets: u64) -> Result<bool, Error> {
        let until = self.frames.offset() + octets;
        while self.frames.is_before(self.behind) {
            let offset = self.frames.offset();
            if offset >= until {
                return Ok(false);
            }
            let number = part_of(&self.segment, offset);
            let Self { frames, entries, times, parts, .. } = self;
            let (_, opened) = frames.next()?;
            for batch in Items::new(opened) {
                let mut enter = |key| {
                    // Below 64.
                    let entry = upper(key) | number as u32;
                    if entries.last() != Some(&entry) {
                        entries.push(entry);
                    }
                };
                if let Some(at) = digest.digest(batch, &mut enter) {
                    let (first, last) = times.unwrap_or((at, at));
                    *times = Some((first.min(at), last.max(at)));
                }
            }
            let part = &mut parts[number as usize];
            if part.from == 0 {
                *part = Part { from: offset, first_ms: times.map_or(0, |(_, last)| last) };
            }
            if entries.len() > ENTRIES_MANY {
                put_in_order(entries);
            }
        }
        Ok(true)
    }

    /// Puts it beside its segment, durable.
    pub(super) fn write(mut self, disk: &dyn Disk) -> Result<Summary, Error> {
        put_in_order(&mut self.entries);
        let name = Name::index(self.segment.generation);
        let doing = |error| machine(format!("writing {name}"), error);
        // Each time another: the same segment may be indexed again.
        let random = Key::random().map_err(doing)?;
        let beyond = random.first_chunk().map_or(0, |octets| u64::from_le_bytes(*octets));
        let beyond = beyond % NUMBERS_END;
        let mut draft = Draft::with_capacity(self.entries.len() * 3);
        let parts = self.parts.iter().flat_map(|part| [part.from, part.first_ms]);
        draft.push(&parts.flat_map(u64::to_le_bytes).collect::<Vec<u8>>());
        draft.push(&differences(&self.entries));
        let place = Place {
            kind: FrameKind::Index,
            generation: self.segment.generation,
            offset: beyond,
            epoch: EPOCH,
            key: &self.segment.key,
        };
        draft.seal(&place, Position::NONE);
        let octets = DATA_START + draft.sealed().len() as u64;
        let (first_ms, last_ms) = self.times.unwrap_or_default();
        let numbers =
            [self.segment.generation, beyond, octets, first_ms, last_ms, self.segment.edition];
        let file = disk.create(INDEX_NEW).map_err(doing)?;
        file.write_at(&Block::new(Kind::Index, &numbers).encode(), 0).map_err(doing)?;
        file.write_at(draft.sealed(), DATA_START).map_err(doing)?;
        file.sync_data().map_err(doing)?;
        disk.rename(INDEX_NEW, &name).map_err(doing)?;
        disk.sync_dir().map_err(doing)?;
        Ok(Summary { first_ms, last_ms, octets })
    }
}

fn put_in_order(entries: &mut Vec<u32>) {
    entries.sort_unstable();
    entries.dedup();
}

/// Numbers in order, each as the difference to the one before it: seven bits an octet.
fn differences(entries: &[u32]) -> Vec<u8> {
    let mut octets = Vec::with_capacity(entries.len() * 3);
    let mut before = 0;
    for entry in entries {
        let mut left = entry - before;
        before = *entry;
        while left >= 0x80 {
            octets.push(left as u8 | 0x80);
            left >>= 7;
        }
        octets.push(left as u8);
    }
    octets
}

/// An index that was read.
#[derive(Debug)]
pub(super) struct Index {
    parts: Vec<Part>,
    differences: Vec<u8>,
}

impl Index {
    /// What the index beside this segment says of all of it; `None` where there is none of it.
    pub(super) fn summary(disk: &dyn Disk, segment: &Segment) -> Option<Summary> {
        let (_, numbers) = begun(disk, segment)?;
        let [_, _, octets, first_ms, last_ms, _] = numbers;
        Some(Summary { first_ms, last_ms, octets })
    }

    /// Reads the index beside this segment; `None` where there is none of it that is whole.
    pub(super) fn read(disk: &dyn Disk, segment: &Segment) -> Option<Self> {
        let (file, [_, beyond, octets, ..]) = begun(disk, segment)?;
        let len = usize::try_from(octets.checked_sub(DATA_START)?).ok()?;
        let mut frame = vec![0; len];
        file.read_at(&mut frame, DATA_START).ok()?;
        let header = Header::decode(frame.first_chunk::<HEADER>()?, segment.generation, beyond)?;
        frame.truncate(usize::try_from(header.octets()).ok()?);
        if header.kind != FrameKind::Index || frame.len() as u64 != header.octets() {
            return None;
        }
        let opened = frame::is_whole(&frame)
            .then(|| frame::unseal(&header, &segment.key, &mut frame))
            .flatten()?;
        let mut items = Items::new(opened);
        let (parts, differences) = (items.next()?, items.next()?);
        let long = |octets: &[u8]| octets.first_chunk().map_or(0, |long| u64::from_le_bytes(*long));
        let parts = parts.chunks_exact(16).map(|part| {
            let (from, first_ms) = part.split_at(8);
            Part { from: long(from), first_ms: long(first_ms) }
        });
        Some(Self { parts: parts.collect(), differences: differences.to_vec() })
    }

    /// The parts that may have one of these keys, in order, each with its number.
    pub(super) fn find(&self, keys: &[u64]) -> Vec<(u64, Part)> {
        let mut wanted: Vec<u32> = keys.iter().map(|key| upper(*key)).collect();
        put_in_order(&mut wanted);
        let mut found = vec![false; PARTS as usize];
        let mask = (1 << PART_BITS) - 1;
        each(&self.differences, |entry| {
            if wanted.binary_search(&(entry & !mask)).is_ok() {
                found[(entry & mask) as usize] = true;
            }
        });
        let numbered = (0..).zip(self.parts.iter().copied()).zip(found);
        numbered.filter(|((_, part), found)| *found && part.from > 0).map(|(one, _)| one).collect()
    }

    /// When the first batch behind this part came about.
    pub(super) fn next_ms(&self, number: u64) -> Option<u64> {
        let behind = self.parts.iter().skip(number as usize + 1);
        behind.filter(|part| part.from > 0).map(|part| part.first_ms).next()
    }
}

/// The file of the index beside a segment, and its numbers.
fn begun(disk: &dyn Disk, segment: &Segment) -> Option<(Arc<dyn super::DiskFile>, [u64; 6])> {
    let name = Name::index(segment.generation);
    let file = disk.open(&name).ok()?;
    let numbers = Block::read(Kind::Index, &name, &*file).ok()?.numbers;
    let [generation, _, octets, _, _, edition] = numbers;
    let is_its = generation == segment.generation && edition == segment.edition;
    (is_its && octets <= OCTETS_MAX).then_some((file, numbers))
}

/// Gives the numbers of [`differences`].
fn each(octets: &[u8], mut give: impl FnMut(u32)) {
    let (mut entry, mut difference, mut shift) = (0_u32, 0_u32, 0);
    for octet in octets {
        difference |= u32::from(octet & 0x7f).checked_shl(shift).unwrap_or(0);
        shift += 7;
        if octet & 0x80 == 0 {
            entry = entry.wrapping_add(difference);
            give(entry);
            (difference, shift) = (0, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_back_as_they_were_in_two_or_three_octets_each() {
        let mut dice = 1_u64;
        let mut entries = vec![0, 1, 0x7f, 0x80, 0x3fff, 0x4000, u32::MAX - 1, u32::MAX];
        for _ in 0..400_000 {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            entries.push((dice >> 32) as u32);
        }
        put_in_order(&mut entries);
        let octets = differences(&entries);
        let mut read = Vec::new();
        each(&octets, |entry| read.push(entry));
        assert_eq!(read, entries);
        assert!(octets.len() < entries.len() * 5 / 2, "{} octets", octets.len());
    }
}
