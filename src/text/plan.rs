//! User data octets to segments: where a message is cut, and what it costs.
//!
//! ```text
//!   octets ......................................|
//!   |<- 153 septets ->|<- 152: an escape ->|<- .. >|     140 octets each on the radio,
//!   UDH 1 of 3          UDH 2 of 3           UDH 3 of 3  header included
//! ```
//! An escape pair, a surrogate pair and a character of several octets are never cut; grapheme
//! clusters are not cut where their [`GraphemeCuts`] are given. A plan is small, holds no octets
//! and allocates nothing: made once at ingress, it later cuts the same octets the same way.
//! Source: 3GPP TS 23.040 §9.2.3.24.1, 3GPP TS 23.038 §6.

mod ruler;

use ruler::Ruler;

use super::alphabet::Alphabet;
use super::graphemes::GraphemeCuts;
use super::gsm7::Shifts;
use super::udh::{Concatenation, Header, ReferenceWidth};

/// What the radio carries as user data in one SMS, header included (3GPP TS 23.040 §9.2.3.24).
pub const USER_DATA_OCTETS: usize = 140;

/// The most segments a concatenation element can number.
pub const SEGMENTS_MAX: usize = 255;

/// How the segments of one message are tied together on the way to the SMSC.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Reference {
    /// One PDU with `message_payload`: the SMSC cuts, with an 8-bit reference.
    Payload,
    /// `sar_*` TLVs: the SMSC makes the header, so its room is left free as with [`Self::Udh8`].
    Sar,
    /// A concatenation element with a 16-bit reference.
    Udh16,
    /// A concatenation element with an 8-bit reference.
    #[default]
    Udh8,
}

/// What a plan depends on beside the octets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Layout {
    /// What the octets mean.
    pub alphabet: Alphabet,
    /// How segments are tied together.
    pub reference: Reference,
    /// The national tables in use; only GSM 7-bit has them.
    pub shifts: Shifts,
}

/// How one message is cut.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Plan {
    layout: Layout,
    ruler: Ruler,
    segments: u8,
    units: u32,
}

/// One segment of the octets planned.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SegmentRange {
    /// Its first octet.
    pub start: usize,
    /// The octet after its last.
    pub end: usize,
    /// Its length in units, without a header: septets, 16-bit units or octets.
    pub units: usize,
}

/// A message that needs more than [`SEGMENTS_MAX`] segments.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TooLong {
    /// Its length in units.
    pub units: usize,
}

impl std::fmt::Display for TooLong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} units need more than {SEGMENTS_MAX} segments", self.units)
    }
}

impl std::error::Error for TooLong {}

/// The segments of `octets` without national tables; the count is known beforehand.
///
/// # Errors
/// [`TooLong`] above [`SEGMENTS_MAX`] segments.
pub fn segment_ranges(
    octets: &[u8],
    alphabet: Alphabet,
    reference: Reference,
) -> Result<SegmentRanges<'_>, TooLong> {
    let layout = Layout { alphabet, reference, shifts: Shifts::NONE };
    Plan::new(octets, layout).map(|plan| plan.ranges(octets))
}

/// How many units fit into one SMS beside a header of `header_octets` octets, its length octet
/// counted. Units are those of [`SegmentRange::units`]; UTF-8 is taken as turning into septets.
#[must_use]
pub fn capacity(alphabet: Alphabet, header_octets: usize) -> usize {
    Ruler::of(alphabet, &[]).capacity(header_octets)
}

impl Layout {
    /// GSM 7-bit and the like without national tables, tied by an 8-bit reference.
    #[must_use]
    pub fn new(alphabet: Alphabet) -> Self {
        Self { alphabet, reference: Reference::Udh8, shifts: Shifts::NONE }
    }

    /// The header's length in a message of one segment: 0 without national tables.
    fn single_header_octets(self) -> usize {
        match self.shifts.elements() {
            0 => 0,
            elements => 1 + 3 * elements,
        }
    }

    /// The header's length, as the handset gets it, in each of several segments.
    fn segment_header_octets(self) -> usize {
        let concatenation = match self.reference {
            Reference::Udh16 => 6,
            Reference::Payload | Reference::Sar | Reference::Udh8 => 5,
        };
        1 + concatenation + 3 * self.shifts.elements()
    }
}

impl Plan {
    /// Plans `octets`. The usual case costs one step a segment, not one an octet.
    ///
    /// # Errors
    /// [`TooLong`] above [`SEGMENTS_MAX`] segments.
    pub fn new(octets: &[u8], layout: Layout) -> Result<Self, TooLong> {
        Self::with_cuts(octets, layout, GraphemeCuts::ANYWHERE)
    }

    /// Plans `octets`, cutting between the grapheme clusters of `cuts` where a cluster fits into a
    /// segment at all.
    ///
    /// # Errors
    /// [`TooLong`] above [`SEGMENTS_MAX`] segments.
    pub fn with_cuts(octets: &[u8], layout: Layout, cuts: &GraphemeCuts) -> Result<Self, TooLong> {
        let ruler = Ruler::of(layout.alphabet, octets);
        let units = ruler.units(octets, 0, octets.len());
        let too_long = TooLong { units };
        let stored = u32::try_from(units).map_err(|_| too_long)?;
        let mut plan = Self { layout, ruler, segments: 1, units: stored };
        if units <= ruler.capacity(layout.single_header_octets()) {
            return Ok(plan);
        }
        // No cut can save a message whose units alone exceed the segments: do not walk it.
        if units / plan.segment_capacity() > SEGMENTS_MAX {
            return Err(too_long);
        }
        plan.segments = u8::MAX;
        let mut ranges = plan.ranges_at(octets, cuts);
        let segments = ranges.by_ref().count();
        if ranges.at < octets.len() {
            return Err(too_long);
        }
        plan.segments = u8::try_from(segments).map_err(|_| too_long)?;
        Ok(plan)
    }

    /// What the plan was made for.
    #[must_use]
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// How many SMS the handset gets and the account is billed: 1 to [`SEGMENTS_MAX`]. With
    /// [`Reference::Payload`] that is what the SMSC will make of the one PDU.
    #[must_use]
    pub fn segments(&self) -> usize {
        usize::from(self.segments)
    }

    /// The message's length in units, without headers: septets, 16-bit units or octets, as the
    /// radio will carry it.
    #[must_use]
    pub fn units(&self) -> usize {
        self.units as usize
    }

    /// How many PDUs go to the SMSC: one a segment, but one for all with [`Reference::Payload`].
    #[must_use]
    pub fn pdus(&self) -> usize {
        if self.layout.reference == Reference::Payload { 1 } else { self.segments() }
    }

    /// The segments, as the handset will get them. `octets` are those the plan was made from.
    #[must_use]
    pub fn ranges<'a>(&self, octets: &'a [u8]) -> SegmentRanges<'a> {
        self.ranges_at(octets, GraphemeCuts::ANYWHERE)
    }

    /// As [`Plan::ranges`], for a plan made by [`Plan::with_cuts`] with the same cuts.
    #[must_use]
    pub fn ranges_at<'a>(&self, octets: &'a [u8], cuts: &'a GraphemeCuts) -> SegmentRanges<'a> {
        SegmentRanges { octets, cuts, plan: *self, at: 0, left: self.segments }
    }

    /// The number and total of one segment (from 1) as a concatenation element has it; `None` for a
    /// message of one segment. With [`Reference::Sar`] the TLVs carry the same numbers.
    #[must_use]
    pub fn concatenation(&self, reference_number: u16, sequence: u8) -> Option<Concatenation> {
        let width = match self.layout.reference {
            Reference::Udh8 => ReferenceWidth::Bits8,
            Reference::Udh16 | Reference::Sar => ReferenceWidth::Bits16,
            Reference::Payload => return None,
        };
        let total = self.segments;
        let reference = match width {
            ReferenceWidth::Bits8 => reference_number & 0xFF,
            ReferenceWidth::Bits16 => reference_number,
        };
        (total > 1).then_some(Concatenation { reference, width, total, sequence })
    }

    /// The header that goes in front of one segment (from 1): empty for a message of one segment
    /// without national tables. SAR TLVs and `message_payload` leave only the tables to announce.
    #[must_use]
    pub fn header(&self, reference_number: u16, sequence: u8) -> Header {
        let concatenation = match self.layout.reference {
            Reference::Udh8 | Reference::Udh16 => self.concatenation(reference_number, sequence),
            Reference::Payload | Reference::Sar => None,
        };
        Header::of(concatenation, self.layout.shifts)
    }

    fn segment_capacity(&self) -> usize {
        self.ruler.capacity(self.layout.segment_header_octets())
    }
}

/// The segments of a plan in order; see [`Plan::ranges`].
#[derive(Clone, Debug)]
pub struct SegmentRanges<'a> {
    octets: &'a [u8],
    cuts: &'a GraphemeCuts,
    plan: Plan,
    at: usize,
    left: u8,
}

impl Iterator for SegmentRanges<'_> {
    type Item = SegmentRange;

    fn next(&mut self) -> Option<SegmentRange> {
        let start = self.at;
        let len = self.octets.len();
        // An empty message is one empty segment; otherwise the last octet ends the last segment.
        if self.left == 0 || (start >= len && len > 0) {
            return None;
        }
        self.left -= 1;
        let ruler = self.plan.ruler;
        if self.plan.segments == 1 {
            self.at = len;
            return Some(SegmentRange { start, end: len, units: self.plan.units() });
        }
        let end = ruler.reach(self.octets, start, self.plan.segment_capacity());
        self.at = if end < len { self.cuts.last_between(start, end).unwrap_or(end) } else { end };
        let units = ruler.units(self.octets, start, self.at);
        Some(SegmentRange { start, end: self.at, units })
    }
}

impl SegmentRange {
    /// Its octets out of those that were planned.
    #[must_use]
    pub fn of<'a>(&self, octets: &'a [u8]) -> &'a [u8] {
        octets.get(self.start..self.end).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(octets: &[u8], alphabet: Alphabet, reference: Reference) -> Vec<usize> {
        let ranges = segment_ranges(octets, alphabet, reference).expect("not too long");
        ranges.map(|range| range.units).collect()
    }

    /// 3GPP TS 23.040 §9.2.3.24.1: what is left beside each kind of header.
    #[test]
    fn a_segment_holds_what_its_header_leaves() {
        for (header, septets, units16, octets) in [
            (0, 160, 70, 140),
            (4, 155, 68, 136),
            (6, 153, 67, 134),
            (7, 152, 66, 133),
            (9, 149, 65, 131),
            (10, 148, 65, 130),
            (12, 146, 64, 128),
            (13, 145, 63, 127),
        ] {
            assert_eq!(capacity(Alphabet::Gsm7, header), septets, "{header}");
            assert_eq!(capacity(Alphabet::Ucs2, header), units16, "{header}");
            assert_eq!(capacity(Alphabet::Latin1, header), octets, "{header}");
        }
    }

    #[test]
    fn each_reference_leaves_room_for_the_header_the_handset_gets() {
        for (reference, septets, units16, octets) in [
            (Reference::Udh8, 153, 67, 134),
            (Reference::Udh16, 152, 66, 133),
            (Reference::Sar, 153, 67, 134),
            (Reference::Payload, 153, 67, 134),
        ] {
            let first = |alphabet| plan(&[0x61; 600], alphabet, reference)[0];
            assert_eq!(first(Alphabet::Gsm7), septets, "{reference:?}");
            assert_eq!(first(Alphabet::Ucs2), units16, "{reference:?}");
            assert_eq!(first(Alphabet::Binary), octets, "{reference:?}");
        }
        assert_eq!(plan(&[0x61; 160], Alphabet::Gsm7, Reference::Udh16), [160]);
        assert_eq!(plan(&[], Alphabet::Gsm7, Reference::Udh8), [0], "an empty SMS is one SMS");
    }

    /// Interop quirk 65.
    #[test]
    fn an_escape_pair_is_never_cut() {
        let mut octets = [0x61; 200];
        octets[152] = 0x1B;
        assert_eq!(plan(&octets, Alphabet::Gsm7, Reference::Udh8), [152, 48]);
        // The escape at the border is the second of a pair here.
        octets[151] = 0x1B;
        assert_eq!(plan(&octets, Alphabet::Gsm7, Reference::Udh8), [153, 47]);
        assert_eq!(plan(&[0x1B; 307], Alphabet::Gsm7, Reference::Udh8), [152, 152, 3]);
    }

    /// Interop quirk 64.
    #[test]
    fn a_surrogate_pair_is_never_cut_nor_a_unit() {
        let mut octets = vec![0x4E; 142];
        octets[132..136].copy_from_slice(&[0xD8, 0x3D, 0xDC, 0x33]);
        assert_eq!(plan(&octets, Alphabet::Ucs2, Reference::Udh8), [66, 5]);
        octets[132..136].copy_from_slice(&[0x3D, 0xD8, 0x33, 0xDC]);
        assert_eq!(plan(&octets, Alphabet::Ucs2LowFirst, Reference::Udh8), [66, 5]);
        assert_eq!(plan(&octets, Alphabet::Ucs2, Reference::Udh8), [67, 4]);
        assert_eq!(plan(&[0x4E; 141], Alphabet::Ucs2, Reference::Udh8), [67, 4], "odd length");
    }

    /// Interop quirk 62: what the SMSC turns into septets is measured in septets.
    #[test]
    fn converted_alphabets_are_measured_as_the_radio_will_carry_them() {
        assert_eq!(plan(&[b'a'; 160], Alphabet::Ascii, Reference::Udh8), [160]);
        assert_eq!(plan(&[b'['; 81], Alphabet::Ascii, Reference::Udh8), [152, 10]);
        assert_eq!(plan(&[0xE9; 160], Alphabet::Latin1Default, Reference::Udh8), [160]);
        let utf8 = "é".repeat(160);
        assert_eq!(plan(utf8.as_bytes(), Alphabet::Utf8, Reference::Udh8), [160]);
        let utf8 = "ê".repeat(71);
        let ranges = segment_ranges(utf8.as_bytes(), Alphabet::Utf8, Reference::Udh8);
        let ranges: Vec<_> = ranges.expect("two segments").collect();
        assert_eq!(ranges[0], SegmentRange { start: 0, end: 134, units: 67 });
        assert_eq!(ranges[1], SegmentRange { start: 134, end: 142, units: 4 });
    }

    #[test]
    fn more_segments_than_can_be_numbered_are_refused() {
        let octets = vec![0x61; 255 * 153 + 1];
        let gsm7 = Layout::new(Alphabet::Gsm7);
        assert_eq!(Plan::new(&octets[1..], gsm7).map(|plan| plan.segments()), Ok(255));
        assert_eq!(Plan::new(&octets, gsm7), Err(TooLong { units: 255 * 153 + 1 }));
        // The last segment need not end before a pair, so that it holds one septet more.
        let escapes = vec![0x1B; 255 * 152 + 2];
        assert!(Plan::new(&escapes[1..], gsm7).is_ok());
        assert!(Plan::new(&escapes, gsm7).is_err());
        assert!(Plan::new(&vec![0; 1 << 20], gsm7).is_err());
    }

    #[test]
    fn one_payload_is_billed_as_the_segments_the_smsc_will_make() {
        let layout = Layout { reference: Reference::Payload, ..Layout::new(Alphabet::Gsm7) };
        let plan = Plan::new(&[0x61; 400], layout).expect("three segments");
        assert_eq!((plan.pdus(), plan.segments(), plan.units()), (1, 3, 400));
        assert!(plan.header(7, 1).as_octets().is_empty());
    }

    #[test]
    fn headers_number_the_segments_and_announce_the_tables() {
        let shifts = Shifts { single: crate::text::Language::TURKISH, ..Shifts::NONE };
        let layout = Layout { shifts, ..Layout::new(Alphabet::Gsm7) };
        let plan = Plan::new(&[0x61; 156], layout).expect("two segments");
        let units: Vec<_> = plan.ranges(&[0x61; 156]).map(|range| range.units).collect();
        assert_eq!(units, [149, 7]);
        let header = plan.header(0x1FF, 2);
        assert_eq!(header.as_octets(), [8, 0, 3, 0xFF, 2, 2, 0x24, 1, 1]);
        let sar = Plan::new(&[0x61; 161], Layout { reference: Reference::Sar, ..layout });
        let sar = sar.expect("two segments");
        assert_eq!(sar.header(1, 1).as_octets(), [3, 0x24, 1, 1]);
        assert_eq!(sar.concatenation(0x1FF, 1).map(|c| (c.reference, c.total)), Some((0x1FF, 2)));
        assert_eq!(Layout::new(Alphabet::Gsm7).single_header_octets(), 0);
    }
}
