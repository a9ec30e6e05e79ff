//! User data octets to the places between what people see as characters.
//!
//! A flag, a family or a letter with its marks is several code points; cut in two it shows as
//! something else on handsets that display segments as they come. UAX #29 says where clusters end.

use unicode_segmentation::UnicodeSegmentation;

use super::alphabet::Alphabet;
use super::chars::Chars;
use super::gsm7::Shifts;

/// The octets at which a grapheme cluster begins, rising. Four octets of memory a cluster.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct GraphemeCuts(Vec<u32>);

impl GraphemeCuts {
    /// No cluster to spare: a segment may end after any whole character.
    pub const ANYWHERE: &'static Self = &Self(Vec::new());

    /// The cuts of user data; none for binary data.
    #[must_use]
    pub fn of(octets: &[u8], alphabet: Alphabet, shifts: Shifts) -> Self {
        if alphabet == Alphabet::Binary {
            return Self::default();
        }
        let chars = Chars::new(octets, alphabet, shifts);
        let text: String =
            chars.clone().map(|c| c.ch.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
        // Both walks visit the same characters; the clusters skip some of them.
        let mut clusters = text.grapheme_indices(true).map(|(at, _)| at).peekable();
        let cuts = text.char_indices().zip(chars).filter_map(|((at, _), decoded)| {
            clusters.next_if_eq(&at)?;
            u32::try_from(decoded.start).ok()
        });
        Self(cuts.collect())
    }

    /// The last cut above `start` and not above `end`.
    pub(super) fn last_between(&self, start: usize, end: usize) -> Option<usize> {
        let above = self.0.partition_point(|&cut| cut as usize <= end);
        let last = self.0.get(above.checked_sub(1)?).map(|&cut| cut as usize)?;
        (last > start).then_some(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_are_found_in_octets_of_any_alphabet() {
        let mut octets = Vec::new();
        Alphabet::Ucs2.encode("aè🇮🇹b", Shifts::NONE, &mut octets).expect("UCS-2");
        let cuts = GraphemeCuts::of(&octets, Alphabet::Ucs2, Shifts::NONE);
        assert_eq!(cuts.0, [0, 2, 4, 12]);
        let cuts = GraphemeCuts::of(b"a\x1b\x65\r\nb", Alphabet::Gsm7, Shifts::NONE);
        assert_eq!(cuts.0, [0, 1, 3, 5]);
        assert_eq!(
            &GraphemeCuts::of(&[0, 1], Alphabet::Binary, Shifts::NONE),
            GraphemeCuts::ANYWHERE
        );
    }

    #[test]
    fn a_cluster_longer_than_the_segment_gives_no_cut() {
        let cuts = GraphemeCuts(vec![0, 4, 20]);
        assert_eq!(cuts.last_between(0, 10), Some(4));
        assert_eq!(cuts.last_between(4, 19), None);
        assert_eq!(cuts.last_between(4, 20), Some(20));
    }
}
