//! Hashes of pieces to rows of weights.

use super::features::{Block, features};

/// Most pieces that a model knows; beyond them, what fewest examples have is not known. At up to
/// 31 intents a row has 64 octets in the model, and twice that while it is trained.
const PIECES_MAX: usize = (1 << ROW_BITS) - 1;
const ROW_BITS: u32 = 18;

/// The row of every piece that no example has.
pub(super) const UNSEEN: u32 = 0;

/// A table of hashes, without what they are hashes of: open addressing, at most a quarter full,
/// so that nearly every look-up is one read. A slot has the row, and above it some bits of the
/// hash; one in sixteen thousand pieces that no example has is taken for one that some have.
#[derive(Clone, Debug)]
pub(super) struct Vocabulary {
    slots: Box<[u32]>,
    /// 64 less the binary logarithm of the number of slots: the upper bits say where to look.
    shift: u32,
}

impl Vocabulary {
    /// The pieces of some texts and, by their rows, how many texts have each. `folded` are the
    /// texts.
    pub(super) fn of<'t>(folded: impl IntoIterator<Item = &'t [u8]>) -> (Self, Vec<u32>) {
        let (mut all, mut own) = (Vec::new(), Vec::new());
        for folded in folded {
            own.clear();
            features(folded, |_, hash| own.push(hash));
            own.sort_unstable();
            own.dedup();
            all.extend_from_slice(&own);
        }
        all.sort_unstable();
        let mut pieces: Vec<(u64, u32)> = all
            .chunk_by(|one, other| one == other)
            .filter_map(|same| Some((*same.first()?, same.len() as u32)))
            .collect();
        // What most texts have stands together, where a cache finds it.
        pieces.sort_by_key(|(_, texts)| std::cmp::Reverse(*texts));
        pieces.truncate(PIECES_MAX);
        let bits = (pieces.len() * 4).next_power_of_two().ilog2().max(4);
        let slots = vec![UNSEEN; 1 << bits].into_boxed_slice();
        let mut vocabulary = Self { slots, shift: 64 - bits };
        for (row, (hash, _)) in (UNSEEN + 1..).zip(&pieces) {
            let at = vocabulary.place(*hash);
            if let Some(slot) = vocabulary.slots.get_mut(at) {
                *slot = tag(*hash) | row;
            }
        }
        let known = pieces.into_iter().map(|(_, texts)| texts);
        (vocabulary, std::iter::once(0).chain(known).collect())
    }

    /// The octets that it takes.
    pub(super) fn octets(&self) -> usize {
        size_of_val(&*self.slots)
    }

    /// The row of a hash.
    #[inline]
    fn row(&self, hash: u64) -> u32 {
        self.slots.get(self.place(hash)).map_or(UNSEEN, |slot| slot & ((1 << ROW_BITS) - 1))
    }

    /// Where the hash stands, or would.
    #[inline]
    fn place(&self, hash: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = (hash >> self.shift) as usize;
        // Most slots are empty, so one is found.
        while let Some(slot) = self.slots.get(at) {
            if *slot == UNSEEN || (*slot ^ tag(hash)) >> ROW_BITS == 0 {
                break;
            }
            at = (at + 1) & mask;
        }
        at
    }
}

/// What a slot has of the hash.
fn tag(hash: u64) -> u32 {
    (hash as u32) << ROW_BITS
}

/// The pieces of one text by their rows.
#[derive(Clone, Debug, Default)]
pub(super) struct Pieces {
    pub(super) letters: Vec<u32>,
    pub(super) words: Vec<u32>,
}

impl Pieces {
    pub(super) fn read(&mut self, folded: &[u8], vocabulary: &Vocabulary) {
        self.letters.clear();
        self.words.clear();
        features(folded, |block, hash| {
            let row = vocabulary.row(hash);
            match block {
                Block::Letters => self.letters.push(row),
                Block::Words => self.words.push(row),
            }
        });
    }

    /// Whether no example has any of them.
    pub(super) fn are_unseen(&self) -> bool {
        self.letters.iter().chain(&self.words).all(|row| *row == UNSEEN)
    }
}
