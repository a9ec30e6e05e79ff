//! What must hold for any user data, any text and any header.
//!
//! The first octets of an input choose the situation, so that a mutation of them tries another
//! one; the rest is the user data, or the text as UTF-8.
#![allow(dead_code)] // Each target calls its own.

use chappe::text::chars::{Chars, Decoded};
use chappe::text::packing::{fill_bits, pack, packed_octets, unpack};
use chappe::text::plan::{SEGMENTS_MAX, USER_DATA_OCTETS};
use chappe::text::udh::{Header, ReferenceWidth, Udh};
use chappe::text::{
    Alphabet, Change, Concatenation, Encoding, GraphemeCuts, Language, Layout, Plan, Reference,
    SegmentRange, Shifts, TextOptions, TextPlan, decode, decode_lossy, smart,
};

const ALPHABETS: [Alphabet; 10] = [
    Alphabet::Gsm7,
    Alphabet::Ucs2,
    Alphabet::Ucs2LowFirst,
    Alphabet::Latin1,
    Alphabet::Latin1Default,
    Alphabet::Utf8,
    Alphabet::Ascii,
    Alphabet::Binary,
    Alphabet::Cyrillic,
    Alphabet::Hebrew,
];

const REFERENCES: [Reference; 4] =
    [Reference::Udh8, Reference::Udh16, Reference::Sar, Reference::Payload];

const ENCODINGS: [Encoding; 4] = [Encoding::Auto, Encoding::Gsm7, Encoding::Latin1, Encoding::Ucs2];

/// How often the rest stands one behind the other where a long message is asked for.
const TIMES: usize = 100;

/// User data and texts are cut where they may be, into segments that the radio can carry.
pub fn text_plan(octets: &[u8]) {
    let Some((&[choice, tables, more], rest)) = octets.split_first_chunk::<3>() else { return };
    let shifts = Shifts { locking: Language(tables & 15), single: Language(tables >> 4) };
    let reference = REFERENCES[usize::from(more & 3)];
    if choice & 1 == 0 {
        let alphabet = ALPHABETS[usize::from(choice >> 1) % ALPHABETS.len()];
        let layout = Layout { alphabet, reference, shifts };
        return match (tables, more) {
            (0xEE, 0xEE) => plan_long(&rest.repeat(TIMES), layout),
            _ => plan_octets(rest, layout, more & 4 != 0),
        };
    }
    // A byte order mark in front is no text.
    let text = valid_part(rest).trim_start_matches(['\u{FEFF}', '\u{FFFE}']);
    let options = TextOptions {
        encoding: ENCODINGS[usize::from(choice >> 1 & 3)],
        reference,
        languages: &[shifts.locking, shifts.single][..usize::from(choice >> 3) % 3],
        smart: more & 8 != 0,
        graphemes: more & 4 != 0,
    };
    plan_text(text, &options);
    rewrite(text, shifts);
}

/// A header is read or refused; what is read is what was written.
pub fn udh(octets: &[u8]) {
    if let Some((&choice, rest)) = octets.split_first() {
        match choice & 1 {
            0 => read_header(rest),
            _ => write_header(rest),
        }
    }
}

fn plan_octets(octets: &[u8], layout: Layout, graphemes: bool) {
    let cuts = match graphemes {
        true => GraphemeCuts::of(octets, layout.alphabet, layout.shifts),
        false => GraphemeCuts::default(),
    };
    let plan = Plan::with_cuts(octets, layout, &cuts).expect("no fuzzer's input is too long");
    let segments: Vec<SegmentRange> = plan.ranges_at(octets, &cuts).collect();
    check_segments(octets, &plan, &segments, !graphemes);
    match decode(octets, layout.alphabet, layout.shifts) {
        Ok(text) => encode_again(&text, octets, layout),
        Err(error) => {
            assert!(error.at < octets.len());
            let _ = decode_lossy(octets, layout.alphabet, layout.shifts);
        }
    }
    if layout.alphabet == Alphabet::Gsm7 {
        for (segment, sequence) in segments.iter().zip(1..=u8::MAX) {
            pack_segment(segment.of(octets), plan.header(7, sequence));
        }
    }
}

/// What octets say, written again, reads the same. The octets may differ: a mark in front is left
/// out, and an escape may stand before what needs none.
fn encode_again(text: &str, octets: &[u8], layout: Layout) {
    let Layout { alphabet, shifts, .. } = layout;
    let text = text.trim_start_matches(['\u{FEFF}', '\u{FFFE}']);
    let mut again = Vec::with_capacity(octets.len());
    alphabet.encode(text, shifts, &mut again).expect("it was read");
    assert!(again.len() <= octets.len());
    assert_eq!(decode(&again, alphabet, shifts).as_deref(), Ok(text));
}

/// A message may need more segments than can be numbered. Its characters are not looked at here:
/// that would take a thousand times as long as any other input.
fn plan_long(octets: &[u8], layout: Layout) {
    if matches!(layout.alphabet, Alphabet::Ascii | Alphabet::Latin1Default | Alphabet::Utf8) {
        return; // What the SMSC converts is measured character by character.
    }
    match Plan::new(octets, layout) {
        Ok(plan) => {
            let segments = plan.ranges(octets);
            let last = segments.clone().last().map(|segment| segment.end);
            assert_eq!((segments.count(), last), (plan.segments(), Some(octets.len())));
            assert!(plan.segments() <= SEGMENTS_MAX);
        }
        // No header leaves less than 60 units.
        Err(too_long) => assert!(too_long.units > SEGMENTS_MAX * 60, "{too_long}"),
    }
}

/// What every list of segments owes its octets.
fn check_segments(octets: &[u8], plan: &Plan, segments: &[SegmentRange], anywhere: bool) {
    assert_eq!(segments.len(), plan.segments());
    assert_eq!(segments.iter().map(|segment| segment.units).sum::<usize>(), plan.units());
    let Layout { alphabet, shifts, .. } = plan.layout();
    let is_wide = is_wide(octets, alphabet);
    let mut chars = Chars::new(octets, alphabet, shifts).peekable();
    let mut at = 0;
    for (segment, sequence) in segments.iter().zip(1..=u8::MAX) {
        assert_eq!(segment.start, at, "segments concatenate to the whole");
        assert!(segment.end > at || octets.is_empty());
        let mut units = 0;
        while let Some(decoded) = chars.next_if(|decoded| decoded.start < segment.end) {
            assert!(decoded.end <= segment.end, "a character is cut");
            units += units_of(&decoded, alphabet, is_wide);
        }
        assert_eq!(segment.units, units);
        let header = header_on_radio(plan, sequence);
        assert!(on_radio(units, header, alphabet, is_wide) <= USER_DATA_OCTETS);
        if let Some(next) = chars.peek().filter(|_| anywhere) {
            let longer = units + units_of(next, alphabet, is_wide);
            let needed = on_radio(longer, header, alphabet, is_wide);
            assert!(needed > USER_DATA_OCTETS, "a segment ends early");
        }
        at = segment.end;
    }
    assert_eq!(at, octets.len());
}

/// The octets of the header that the handset gets, whoever makes it.
fn header_on_radio(plan: &Plan, sequence: u8) -> usize {
    let header = plan.header(0xABCD, sequence).as_octets().len();
    match plan.layout().reference {
        Reference::Payload | Reference::Sar if plan.segments() > 1 => header.max(1) + 5,
        _ => header,
    }
}

fn on_radio(units: usize, header: usize, alphabet: Alphabet, is_wide: bool) -> usize {
    header
        + match alphabet {
            _ if is_wide => units * 2,
            Alphabet::Gsm7 | Alphabet::Ascii | Alphabet::Latin1Default | Alphabet::Utf8 => {
                packed_octets(units, fill_bits(header))
            }
            _ => units,
        }
}

fn units_of(decoded: &Decoded, alphabet: Alphabet, is_wide: bool) -> usize {
    let octets = decoded.end - decoded.start;
    match (alphabet, decoded.ch) {
        (Alphabet::Utf8, Ok(ch)) if is_wide => ch.len_utf16(),
        (Alphabet::Ascii | Alphabet::Latin1Default | Alphabet::Utf8, Ok(ch)) => {
            Shifts::NONE.septets(ch).map_or(1, |septets| septets.units())
        }
        (Alphabet::Ucs2 | Alphabet::Ucs2LowFirst, _) => octets.div_ceil(2),
        _ => octets,
    }
}

/// Whether the radio carries 16-bit units.
fn is_wide(octets: &[u8], alphabet: Alphabet) -> bool {
    let is_septets =
        |decoded: Decoded| decoded.ch.is_ok_and(|ch| Alphabet::Gsm7.has(ch, Shifts::NONE));
    match alphabet {
        Alphabet::Ucs2 | Alphabet::Ucs2LowFirst => true,
        Alphabet::Utf8 => !Chars::new(octets, alphabet, Shifts::NONE).all(is_septets),
        _ => false,
    }
}

fn pack_segment(septets: &[u8], header: Header) {
    let fill = fill_bits(header.as_octets().len());
    let (mut packed, mut unpacked) = (Vec::new(), Vec::new());
    pack(septets, fill, &mut packed);
    assert_eq!(packed.len(), packed_octets(septets.len(), fill));
    unpack(&packed, fill, septets.len(), &mut unpacked);
    assert!(septets.iter().map(|octet| octet & 0x7F).eq(unpacked));
}

fn plan_text(text: &str, options: &TextOptions<'_>) {
    let plan = TextPlan::of(text, options).expect("no fuzzer's input is too long");
    let Layout { alphabet, shifts, .. } = plan.plan.layout();
    let segments: Vec<SegmentRange> = plan.segments().collect();
    check_segments(&plan.user_data, &plan.plan, &segments, !options.graphemes);
    if alphabet == Alphabet::Gsm7 {
        assert!(plan.user_data.is_ascii(), "septets only");
    }
    let read = decode(&plan.user_data, alphabet, shifts).expect("we wrote it");
    assert!(plan.changed.is_empty() || (options.smart && plan.forced_by.is_none()));
    undo(text, &read, &plan.changed);
    let asked = match options.encoding {
        Encoding::Auto | Encoding::Gsm7 => Alphabet::Gsm7,
        Encoding::Latin1 => Alphabet::Latin1,
        Encoding::Ucs2 => Alphabet::Ucs2,
    };
    assert_eq!(alphabet == asked, plan.forced_by.is_none());
}

/// What is rewritten fits, and the report of it is complete.
fn rewrite(text: &str, shifts: Shifts) {
    let fits = |ch| shifts.septets(ch).is_some();
    match smart::rewrite(text, fits) {
        Ok((rewritten, changes)) => {
            assert!(rewritten.chars().all(fits));
            undo(text, &rewritten, &changes);
        }
        Err(stranger) => {
            assert!(text.get(stranger.at..).is_some_and(|rest| rest.starts_with(stranger.ch)));
            assert!(!fits(stranger.ch));
        }
    }
}

/// Undoing the changes from the left gives the text that was.
fn undo(text: &str, rewritten: &str, changes: &[Change]) {
    let (mut was, mut now) = (text.chars(), rewritten);
    let mut at = 0;
    for change in changes {
        while at < change.at {
            let ch = was.next().expect("a change within the text");
            now = now.strip_prefix(ch).expect("an unchanged character");
            at += 1;
        }
        for ch in change.from.chars() {
            assert_eq!(was.next(), Some(ch));
            at += 1;
        }
        now = now.strip_prefix(change.to.as_str()).expect("the replacement");
    }
    assert_eq!(was.as_str(), now);
}

fn valid_part(octets: &[u8]) -> &str {
    match str::from_utf8(octets) {
        Ok(text) => text,
        Err(error) => str::from_utf8(&octets[..error.valid_up_to()]).unwrap_or_default(),
    }
}

fn read_header(octets: &[u8]) {
    let Ok((udh, text)) = Udh::split(octets) else {
        return assert!(octets.first().is_none_or(|&length| usize::from(length) >= octets.len()));
    };
    assert_eq!(udh.octets() + text.len(), octets.len());
    let mut at = 1;
    for element in udh.elements() {
        assert_eq!(element.at, at);
        assert_eq!(octets[at..at + 2], [element.iei, element.data.len() as u8]);
        at += 2 + element.data.len();
    }
    assert!(at <= udh.octets());
    assert!(at == udh.octets() || udh.fault().is_some(), "octets that are no element are told");
    assert!(udh.fault().is_none_or(|error| (1..=udh.octets()).contains(&error.at)));
    let Some(concatenation) = udh.concatenation() else { return };
    assert!((1..=concatenation.total).contains(&concatenation.sequence));
    let header = Header::of(Some(concatenation), udh.shifts());
    let (again, _) = Udh::split(header.as_octets()).expect("our own header");
    assert_eq!((again.concatenation(), again.shifts()), (udh.concatenation(), udh.shifts()));
}

fn write_header(octets: &[u8]) {
    let Some((&[width, high, low, total, sequence, locking, single], rest)) =
        octets.split_first_chunk::<7>()
    else {
        return;
    };
    let (width, reference) = match width & 1 {
        0 => (ReferenceWidth::Bits8, u16::from(low)),
        _ => (ReferenceWidth::Bits16, u16::from_be_bytes([high, low])),
    };
    let total = total.max(1);
    let sequence = sequence.clamp(1, total);
    let concatenation = Concatenation { reference, width, total, sequence };
    let shifts = Shifts { locking: Language(locking), single: Language(single) };
    let mut header = Header::of(Some(concatenation), shifts);
    if let Some((&[iei, length], data)) = rest.split_first_chunk() {
        // An identifier that neither concatenates nor shifts.
        let data = data.get(..usize::from(length)).unwrap_or(data);
        let longer = header.with(iei | 0x40, data);
        let needed = header.as_octets().len() + 2 + data.len();
        assert_eq!(longer.is_some(), needed <= Header::OCTETS_MAX);
        header = longer.unwrap_or(header);
    }
    let (udh, text) = Udh::split(header.as_octets()).expect("our own header");
    assert_eq!((udh.concatenation(), udh.shifts()), (Some(concatenation), shifts));
    assert_eq!((udh.fault(), text), (None, &[][..]));
}
