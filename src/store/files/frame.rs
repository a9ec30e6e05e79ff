//! A frame: what became durable in one write and one sync.
//!
//! ```text
//!   magic, checksum | generation, offset, first position, kind, count, epoch, length | sealed, tag
//!                   \---------------------- authenticated ----------------------------/
//!                   \---------------------- under the checksum ------------------------------/
//! ```
//!
//! The checksum tells a frame from what a power cut left of one; generation and offset are under
//! it, so that no frame counts anywhere but in the place it was written for, however often the
//! file is used again. What it holds is sealed with AES-256-GCM under the file's key. The nonce is
//! the epoch and the offset: a place is written once in each life of the journal, and what a crash
//! left torn is written over in a later one.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, Tag, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};

use crate::planted::{Bug, is_planted};
use crate::store::Position;

use super::layout::{BLOCK, KEY_OCTETS, NUMBERS_END};

const MAGIC: [u8; 4] = *b"CHfr";
pub(super) const HEADER: usize = 48;
const TAG: usize = 16;
/// Octets before each item in a frame: its length.
const LENGTH_OCTETS: usize = 4;
/// Octets that are authenticated begin here, and those under the checksum.
const COVERED: usize = 8;

/// What a frame holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// Batches, from the first position on.
    Batches = 1,
    /// Records of a checkpoint.
    Records = 2,
    /// The index of a segment.
    Index = 3,
}

/// The key of a file.
pub(super) struct Key(LessSafeKey);

impl Key {
    pub(super) fn new(octets: &[u8; KEY_OCTETS]) -> Self {
        let key = UnboundKey::new(&AES_256_GCM, octets).expect("it is as long as such a key is");
        Self(LessSafeKey::new(key))
    }

    /// Octets for a new one.
    pub(super) fn random() -> std::io::Result<[u8; KEY_OCTETS]> {
        let mut octets = [0; KEY_OCTETS];
        let filled = SystemRandom::new().fill(&mut octets);
        filled.map_err(|_| std::io::Error::other("the system gives no random octets"))?;
        Ok(octets)
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key")
    }
}

/// What stands before a frame's contents.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Header {
    pub(super) kind: Kind,
    pub(super) generation: u64,
    pub(super) offset: u64,
    pub(super) first: Position,
    /// How many items it holds.
    pub(super) count: u32,
    /// The life of the journal that wrote it.
    pub(super) epoch: u32,
    /// How many octets are sealed.
    pub(super) sealed: u32,
}

impl Header {
    /// How many octets the frame has.
    pub(super) fn octets(&self) -> u64 {
        (HEADER + TAG) as u64 + u64::from(self.sealed)
    }

    /// Where the next frame begins.
    pub(super) fn end(&self) -> u64 {
        self.offset + self.octets().next_multiple_of(BLOCK as u64)
    }

    /// The position behind its last batch.
    pub(super) fn next(&self) -> Position {
        self.first.plus(u64::from(self.count))
    }

    fn encode(&self) -> [u8; HEADER] {
        let mut octets = [0; HEADER];
        octets[..4].copy_from_slice(&MAGIC);
        octets[8..16].copy_from_slice(&self.generation.to_le_bytes());
        octets[16..24].copy_from_slice(&self.offset.to_le_bytes());
        octets[24..32].copy_from_slice(&self.first.number().to_le_bytes());
        octets[32..36].copy_from_slice(&(self.kind as u32).to_le_bytes());
        octets[36..40].copy_from_slice(&self.count.to_le_bytes());
        octets[40..44].copy_from_slice(&self.epoch.to_le_bytes());
        octets[44..].copy_from_slice(&self.sealed.to_le_bytes());
        octets
    }

    /// The header in these octets, if they begin a frame of this generation at this offset.
    /// Whether it is whole only its checksum says.
    pub(super) fn decode(octets: &[u8; HEADER], generation: u64, offset: u64) -> Option<Self> {
        let word =
            |at: usize| octets[at..].first_chunk().map_or(0, |word| u32::from_le_bytes(*word));
        let long =
            |at: usize| octets[at..].first_chunk().map_or(0, |long| u64::from_le_bytes(*long));
        let is_here = octets[..4] == MAGIC && long(8) == generation && long(16) == offset;
        if !is_here || long(24).saturating_add(word(36).into()) >= NUMBERS_END {
            return None;
        }
        let kind = [Kind::Batches, Kind::Records, Kind::Index];
        let kind = kind.into_iter().find(|kind| *kind as u32 == word(32))?;
        Some(Self {
            kind,
            generation,
            offset,
            first: Position::new(long(24)),
            count: word(36),
            epoch: word(40),
            sealed: word(44),
        })
    }

    fn nonce(&self) -> Nonce {
        let mut nonce = [0; NONCE_LEN];
        nonce[..4].copy_from_slice(&self.epoch.to_le_bytes());
        nonce[4..].copy_from_slice(&self.offset.to_le_bytes());
        Nonce::assume_unique_for_key(nonce)
    }
}

/// Whether the octets of a frame are those that were written. They are all of it, and nothing else.
pub(super) fn is_whole(frame: &[u8]) -> bool {
    let checksum = frame[4..].first_chunk().map_or(0, |word| u32::from_le_bytes(*word));
    checksum == crc32fast::hash(&frame[COVERED..]) || is_planted(Bug::ChecksumIgnored)
}

/// Opens a frame in its place; `None` when it was not sealed under this key, or was changed since.
pub(super) fn unseal<'a>(header: &Header, key: &Key, frame: &'a mut [u8]) -> Option<&'a [u8]> {
    let (head, sealed) = frame.split_at_mut(HEADER);
    let aad = Aad::from(&head[COVERED..]);
    key.0.open_in_place(header.nonce(), aad, sealed).ok().map(|opened| &*opened)
}

/// The items that a frame holds, one after the other.
pub(super) struct Items<'a>(&'a [u8]);

impl<'a> Items<'a> {
    pub(super) const fn new(opened: &'a [u8]) -> Self {
        Self(opened)
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (len, behind) = self.0.split_first_chunk::<LENGTH_OCTETS>()?;
        let (item, rest) = behind.split_at_checked(u32::from_le_bytes(*len) as usize)?;
        self.0 = rest;
        Some(item)
    }
}

/// A frame in the making, in a buffer that is used for one after the other.
#[derive(Debug)]
pub(super) struct Draft {
    octets: Vec<u8>,
    count: u32,
}

impl Draft {
    pub(super) fn with_capacity(octets: usize) -> Self {
        let mut draft = Self { octets: Vec::with_capacity(octets), count: 0 };
        draft.clear();
        draft
    }

    pub(super) fn clear(&mut self) {
        self.octets.clear();
        self.octets.resize(HEADER, 0);
        self.count = 0;
    }

    /// Adds an item. Its frame stays below 4 GiB: that is for the caller to see to.
    pub(super) fn push(&mut self, item: &[u8]) {
        self.octets.extend_from_slice(&(item.len() as u32).to_le_bytes());
        self.octets.extend_from_slice(item);
        self.count += 1;
    }

    pub(super) const fn count(&self) -> u32 {
        self.count
    }

    /// How many octets of a file it would take as it is.
    pub(super) fn span(&self) -> u64 {
        ((self.octets.len() + TAG) as u64).next_multiple_of(BLOCK as u64)
    }

    /// How many octets it would take with one more item.
    pub(super) fn span_with(&self, item: usize) -> u64 {
        ((self.octets.len() + LENGTH_OCTETS + item + TAG) as u64).next_multiple_of(BLOCK as u64)
    }

    /// Seals it for this place. The octets are those to be written there, up to the next block.
    pub(super) fn seal(&mut self, place: &Place<'_>, first: Position) -> &[u8] {
        let sealed = (self.octets.len() - HEADER) as u32;
        let Place { kind, generation, offset, epoch, key } = *place;
        let header = Header { kind, generation, offset, first, count: self.count, epoch, sealed };
        self.octets[..HEADER].copy_from_slice(&header.encode());
        let (head, body) = self.octets.split_at_mut(HEADER);
        let aad = Aad::from(&head[COVERED..]);
        let tag: Tag = key
            .0
            .seal_in_place_separate_tag(header.nonce(), aad, body)
            .expect("a frame is below 64 GiB");
        self.octets.extend_from_slice(tag.as_ref());
        let checksum = crc32fast::hash(&self.octets[COVERED..]);
        self.octets[4..COVERED].copy_from_slice(&checksum.to_le_bytes());
        self.octets.resize(self.octets.len().next_multiple_of(BLOCK), 0);
        &self.octets
    }

    /// What [`Draft::seal`] gave last.
    pub(super) fn sealed(&self) -> &[u8] {
        &self.octets
    }
}

/// All that anybody can read in this file who has these keys: its octets, and what each frame in it
/// that opens under one of them holds, wherever it stands and whatever it is of.
#[cfg(test)]
pub(super) fn readable(file: &[u8], keys: &[[u8; KEY_OCTETS]]) -> Vec<u8> {
    let mut all = file.to_vec();
    for at in (0..file.len()).step_by(BLOCK) {
        let Some(octets) = file[at..].first_chunk::<HEADER>() else { break };
        let long =
            |at: usize| octets[at..].first_chunk().map_or(0, |long| u64::from_le_bytes(*long));
        let Some(header) = Header::decode(octets, long(8), long(16)) else { continue };
        let len = usize::try_from(header.octets()).unwrap_or(usize::MAX);
        let Some(frame) = file[at..].get(..len) else { continue };
        for key in keys {
            let mut frame = frame.to_vec();
            if let Some(opened) = unseal(&header, &Key::new(key), &mut frame) {
                all.extend_from_slice(opened);
            }
        }
    }
    all
}

/// Where a frame goes, and what makes it that place's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) kind: Kind,
    pub(super) generation: u64,
    pub(super) offset: u64,
    pub(super) epoch: u32,
    pub(super) key: &'a Key,
}

/// Most octets that a frame of items with these octets in all takes: to compare with room.
pub(super) const fn span_of_one(item: usize) -> u64 {
    ((HEADER + LENGTH_OCTETS + item + TAG) as u64).next_multiple_of(BLOCK as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(key: &Key, offset: u64, items: &[&[u8]]) -> Vec<u8> {
        let mut draft = Draft::with_capacity(4096);
        items.iter().for_each(|item| draft.push(item));
        let span = draft.span();
        let place = Place { kind: Kind::Batches, generation: 7, offset, epoch: 3, key };
        let octets = draft.seal(&place, Position::new(11)).to_vec();
        assert_eq!(octets.len() as u64, span);
        octets
    }

    fn opened(key: &Key, octets: &[u8], generation: u64, offset: u64) -> Option<Vec<Vec<u8>>> {
        let header = Header::decode(octets.first_chunk()?, generation, offset)?;
        let mut frame = octets.get(..usize::try_from(header.octets()).ok()?)?.to_vec();
        let opened = is_whole(&frame).then(|| unseal(&header, key, &mut frame))??;
        Some(Items::new(opened).map(<[u8]>::to_vec).collect())
    }

    #[test]
    fn a_frame_is_read_in_its_place_under_its_key_and_nowhere_else() {
        let key = Key::new(&[1; KEY_OCTETS]);
        let items: [&[u8]; 3] = [b"one", b"", &[5; 700]];
        let octets = sealed(&key, 4096, &items);
        assert_eq!(opened(&key, &octets, 7, 4096).unwrap(), items);
        assert!(opened(&key, &octets, 8, 4096).is_none());
        assert!(opened(&key, &octets, 7, 4608).is_none());
        assert!(opened(&Key::new(&[2; KEY_OCTETS]), &octets, 7, 4096).is_none());
        let text = octets.windows(3).any(|window| window == b"one");
        assert!(!text, "what it holds can be read");
    }

    #[test]
    fn a_frame_from_a_position_that_no_journal_comes_to_is_none() {
        let header = |first| Header {
            kind: Kind::Batches,
            generation: 7,
            offset: 512,
            first: Position::new(first),
            count: u32::MAX,
            epoch: 3,
            sealed: 0,
        };
        let decoded = |first| Header::decode(&header(first).encode(), 7, 512);
        let highest = NUMBERS_END - 1 - u64::from(u32::MAX);
        assert_eq!(decoded(highest), Some(header(highest)));
        assert_eq!([highest + 1, u64::MAX].map(decoded), [None, None]);
    }

    #[test]
    fn a_frame_with_any_octet_changed_or_missing_is_none() {
        let key = Key::new(&[1; KEY_OCTETS]);
        let octets = sealed(&key, 512, &[b"one", &[5; 300]]);
        let header = Header::decode(octets.first_chunk().unwrap(), 7, 512).unwrap();
        for at in 0..header.octets() as usize {
            for bit in 0..8 {
                let mut changed = octets.clone();
                changed[at] ^= 1 << bit;
                assert!(opened(&key, &changed, 7, 512).is_none(), "octet {at}");
            }
            assert!(opened(&key, &octets[..at], 7, 512).is_none());
        }
    }
}
