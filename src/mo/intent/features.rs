//! A folded text to what a model knows it by: hashes of its pieces.
//!
//! Letters: runs of three to five within each word, its edges counted as letters. Words: each one,
//! each pair of neighbours, and each one's skeleton, which is what is left when vowels and doubled
//! letters go and letters that sound alike are one. `livraison`, `livrason` and `livrson` share
//! most runs and the whole skeleton.

/// Which kind of piece it is. Each has its own length, so that a long text is no louder than a
/// short one and words count as much as letters do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Block {
    Letters,
    Words,
}

/// The shortest and longest run of letters.
const RUNS: std::ops::RangeInclusive<usize> = 3..=5;

const WORD: u64 = 0x57;
const PAIR: u64 = 0x50;
const SKELETON: u64 = 0x53;

/// Hands every piece of a folded text to `visit`, a piece that stands there twice two times.
#[inline]
pub(super) fn features(folded: &[u8], mut visit: impl FnMut(Block, u64)) {
    let mut before = None;
    let mut from = 0;
    // Every space but the first ends a word; the word and both its spaces are one slice.
    for (at, _) in folded.iter().enumerate().skip(1).filter(|(_, octet)| **octet == b' ') {
        let padded = folded.get(from..=at).unwrap_or_default();
        from = at;
        let Some(word) = padded.get(1..padded.len() - 1).filter(|word| !word.is_empty()) else {
            continue;
        };
        runs(padded, &mut visit);
        let hash = word.iter().fold(WORD, |hash, octet| mixed(hash, *octet));
        visit(Block::Words, ended(hash));
        visit(Block::Words, skeleton(word));
        if let Some(before) = before {
            visit(Block::Words, ended(joined(before, hash)));
        }
        before = Some(hash);
    }
}

#[inline]
fn runs(padded: &[u8], visit: &mut impl FnMut(Block, u64)) {
    let mut rest = padded;
    while !rest.is_empty() {
        let mut hash = 0;
        for (octet, length) in rest.iter().zip(1..=*RUNS.end()) {
            hash = mixed(hash, *octet);
            if RUNS.contains(&length) {
                visit(Block::Letters, ended(hash));
            }
        }
        rest = rest.get(1..).unwrap_or_default();
    }
}

/// The hash of a word's skeleton.
fn skeleton(word: &[u8]) -> u64 {
    let (mut hash, mut last, mut kept) = (SKELETON, 0, 0);
    let mut octets = word.iter().copied().enumerate().peekable();
    while let Some((at, octet)) = octets.next() {
        let octet = match octet {
            b'c' | b'q' => b'k',
            b'z' => b's',
            b'p' if octets.peek().is_some_and(|(_, next)| *next == b'h') => b'f',
            octet => octet,
        };
        let silent = matches!(octet, b'a' | b'e' | b'h' | b'i' | b'o' | b'u' | b'y');
        // What French writes at the end of a word and does not say.
        let mute = octets.peek().is_none() && kept > 1 && matches!(octet, b'r' | b's' | b't');
        if (at > 0 && silent) || octet == last || mute {
            continue;
        }
        (hash, last, kept) = (mixed(hash, octet), octet, kept + 1);
    }
    ended(hash)
}

#[inline]
fn mixed(hash: u64, octet: u8) -> u64 {
    (hash ^ (u64::from(octet) + 1)).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

fn joined(before: u64, hash: u64) -> u64 {
    (before.rotate_left(23) ^ hash ^ PAIR).wrapping_mul(0xD6E8_FEB8_6659_FD93)
}

/// The upper bits of a product depend on all of both, the lower ones only on the lower ones.
#[inline]
fn ended(hash: u64) -> u64 {
    hash ^ (hash >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(folded: &str) -> Vec<(Block, u64)> {
        let mut all = Vec::new();
        features(folded.as_bytes(), |block, hash| all.push((block, hash)));
        all
    }

    #[test]
    fn runs_words_skeletons_and_pairs_are_counted() {
        // " ab ": starts with 2, 1, 0 and 0 runs; a word and its skeleton.
        assert_eq!(pieces(" ab ").len(), 3 + 2);
        assert_eq!(pieces(" ab cd ").len(), 6 + 4 + 1);
        assert!(pieces(" ").is_empty());
        let words = pieces(" ab cd ");
        let words = words.iter().filter(|(block, _)| *block == Block::Words).count();
        assert_eq!(words, 5);
    }

    #[test]
    fn misspelt_words_share_their_skeleton() {
        let same = [
            ("livraison", "livrason"),
            ("quand", "kand"),
            ("commande", "comande"),
            ("telephone", "telefone"),
            ("changer", "change"),
            ("bonjour", "bnjr"),
        ];
        for (one, other) in same {
            assert_eq!(skeleton(one.as_bytes()), skeleton(other.as_bytes()), "{one} {other}");
        }
        assert_ne!(skeleton(b"colis"), skeleton(b"cartes"));
    }
}
