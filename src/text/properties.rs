//! What must hold for every text and all octets, not only for the examples.

use proptest::collection::vec;
use proptest::prelude::*;

use super::gsm7;
use super::plan::capacity;
use super::*;

const ALPHABETS: [Alphabet; 10] = [
    Alphabet::Ascii,
    Alphabet::Binary,
    Alphabet::Cyrillic,
    Alphabet::Gsm7,
    Alphabet::Hebrew,
    Alphabet::Latin1,
    Alphabet::Latin1Default,
    Alphabet::Ucs2,
    Alphabet::Ucs2LowFirst,
    Alphabet::Utf8,
];

const REFERENCES: [Reference; 4] =
    [Reference::Payload, Reference::Sar, Reference::Udh16, Reference::Udh8];

fn shifts() -> impl Strategy<Value = Shifts> {
    (0..=15_u8, 0..=15_u8).prop_map(|(locking, single)| Shifts {
        locking: Language(locking),
        single: Language(single),
    })
}

/// A text that the tables can write: characters drawn from the tables themselves.
fn writable() -> impl Strategy<Value = (Shifts, String)> {
    (shifts(), vec((any::<bool>(), 0..128_u8), 0..700)).prop_map(|(shifts, places)| {
        let ch = |(escaped, septet)| match escaped {
            true => shifts.escaped(septet),
            false => shifts.plain(septet),
        };
        (shifts, places.into_iter().filter_map(ch).collect())
    })
}

fn reference() -> impl Strategy<Value = Reference> {
    proptest::sample::select(&REFERENCES[..])
}

/// Octets in which escapes and surrogates are frequent.
fn user_data() -> impl Strategy<Value = Vec<u8>> {
    let octet = prop_oneof![Just(0x1B_u8), Just(0xD8), Just(0xDC), Just(0x61), any::<u8>(),];
    vec(octet, 0..700)
}

/// A text in which clusters, surrogate pairs and strangers to GSM-7 are frequent.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("🇮🇹".to_owned()),
        Just("👩\u{200D}👧".to_owned()),
        Just("e\u{301}".to_owned()),
        Just("“ê”…".to_owned()),
        "[a-z\\[€]{0,30}",
        // U+FFFE in front would be a byte order mark the wrong way round.
        any::<char>().prop_filter("no character", |&ch| ch != '\u{FFFE}').prop_map(String::from),
    ];
    vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

/// What every list of segments owes its octets.
fn assert_segments(
    octets: &[u8],
    layout: Layout,
    segments: &[SegmentRange],
) -> Result<(), TestCaseError> {
    let joined: Vec<u8> = segments.iter().flat_map(|s| s.of(octets)).copied().collect();
    prop_assert_eq!(&joined, octets, "segments concatenate to the whole");
    for pair in segments.windows(2) {
        prop_assert_eq!(pair[0].end, pair[1].start);
        let whole = chars::Chars::new(octets, layout.alphabet, layout.shifts);
        let cut = whole.take_while(|c| c.start < pair[0].end).last().expect("a character");
        prop_assert_eq!(cut.end, pair[0].end, "no character is cut");
    }
    Ok(())
}

proptest! {
    #[test]
    fn what_the_tables_write_they_read((shifts, text) in writable()) {
        let mut septets = Vec::new();
        gsm7::encode(&text, shifts, &mut septets).expect("drawn from the tables");
        prop_assert_eq!(gsm7::measure(&text, shifts), Ok(septets.len()));
        prop_assert_eq!(decode(&septets, Alphabet::Gsm7, shifts), Ok(text));
    }

    #[test]
    fn every_alphabet_reads_what_it_writes(text in any::<String>()) {
        // A byte order mark in front is no text.
        let text = text.trim_start_matches(['\u{FEFF}', '\u{FFFE}']);
        for alphabet in ALPHABETS {
            let fitting: String =
                text.chars().filter(|&ch| alphabet.has(ch, Shifts::NONE)).collect();
            let mut octets = Vec::new();
            prop_assert!(alphabet.encode(&fitting, Shifts::NONE, &mut octets).is_ok());
            if alphabet != Alphabet::Binary {
                prop_assert_eq!(decode(&octets, alphabet, Shifts::NONE), Ok(fitting));
            }
        }
    }

    #[test]
    fn decoding_visits_every_octet_once(octets in user_data(), shifts in shifts()) {
        for alphabet in ALPHABETS {
            let mut at = 0;
            for decoded in chars::Chars::new(&octets, alphabet, shifts) {
                prop_assert_eq!(decoded.start, at);
                prop_assert!(decoded.end > at);
                at = decoded.end;
            }
            prop_assert_eq!(at, octets.len());
            let _ = decode_lossy(&octets, alphabet, shifts);
        }
    }

    #[test]
    fn packed_septets_come_back(septets in vec(0..128_u8, 0..300), header in 0..40_usize) {
        let fill = packing::fill_bits(header);
        prop_assert_eq!((header * 8 + fill) % 7, 0);
        let mut packed = Vec::new();
        packing::pack(&septets, fill, &mut packed);
        prop_assert_eq!(packed.len(), packing::packed_octets(septets.len(), fill));
        prop_assert!(packing::septets_in(packed.len(), fill) >= septets.len());
        let mut unpacked = Vec::new();
        packing::unpack(&packed, fill, septets.len(), &mut unpacked);
        prop_assert_eq!(unpacked, septets);
    }

    #[test]
    fn segments_keep_to_their_capacity_and_cut_nothing(
        octets in user_data(), shifts in shifts(), reference in reference(),
    ) {
        for alphabet in ALPHABETS {
            let layout = Layout { alphabet, reference, shifts };
            let plan = Plan::new(&octets, layout).expect("700 octets are not too long");
            let segments: Vec<_> = plan.ranges(&octets).collect();
            prop_assert_eq!(segments.len(), plan.segments());
            assert_segments(&octets, layout, &segments)?;
            prop_assert_eq!(segments.iter().map(|s| s.units).sum::<usize>(), plan.units());
            for (segment, sequence) in segments.iter().zip(1..) {
                let header = plan.header(0xABCD, sequence).as_octets().len();
                let on_radio = match reference {
                    Reference::Udh8 | Reference::Udh16 => header,
                    Reference::Payload | Reference::Sar if plan.segments() > 1 => header.max(1) + 5,
                    Reference::Payload | Reference::Sar => header,
                };
                // UTF-8 may have become UCS-2, whose units are fewer than septets.
                prop_assert!(segment.units <= capacity(alphabet, on_radio), "{alphabet:?}");
            }
        }
    }

    #[test]
    fn a_text_plan_keeps_the_text_and_its_clusters(text in text(), reference in reference()) {
        let options = TextOptions { graphemes: true, reference, ..TextOptions::default() };
        let plan = TextPlan::of(&text, &options).expect("not too long");
        let segments: Vec<_> = plan.segments().collect();
        prop_assert_eq!(segments.len(), plan.plan.segments());
        assert_segments(&plan.user_data, plan.plan.layout(), &segments)?;
        let parts: Vec<_> = segments
            .iter()
            .map(|&s| {
                let marked = chars::Chars::new(plan.octets(s), plan.alphabet(), Shifts::NONE);
                marked.map(|c| c.ch.expect("whole characters")).collect::<String>()
            })
            .collect();
        prop_assert_eq!(parts.concat(), &text[..]);
        use unicode_segmentation::UnicodeSegmentation;
        let borders: Vec<_> = text.grapheme_indices(true).map(|(at, _)| at).collect();
        let longest = text.graphemes(true).map(|c| c.encode_utf16().count()).max().unwrap_or(0);
        let mut at = 0;
        for part in parts.iter().take(parts.len() - 1).filter(|_| longest < 60) {
            at += part.len();
            prop_assert!(borders.contains(&at), "a cluster cut at {at}");
        }
    }

    #[test]
    fn every_choice_keeps_the_text_or_reports_what_it_changed(
        text in text(), languages in vec((0..=15_u8).prop_map(Language), 0..3),
        encoding in proptest::sample::select(vec![
            Encoding::Auto, Encoding::Gsm7, Encoding::Latin1, Encoding::Ucs2,
        ]),
        smart in any::<bool>(), graphemes in any::<bool>(),
    ) {
        let languages = &languages[..];
        let reference = Reference::Udh8;
        let options = TextOptions { encoding, reference, languages, smart, graphemes };
        let plan = TextPlan::of(&text, &options).expect("not too long");
        let Layout { alphabet, shifts, .. } = plan.plan.layout();
        let decoded = decode_lossy(&plan.user_data, alphabet, shifts);
        if plan.changed.is_empty() {
            prop_assert_eq!(decoded, text.strip_prefix('\u{FEFF}').unwrap_or(&text));
        } else {
            prop_assert!(smart && plan.forced_by.is_none());
        }
        let asked = match encoding {
            Encoding::Auto | Encoding::Gsm7 => Alphabet::Gsm7,
            Encoding::Latin1 => Alphabet::Latin1,
            Encoding::Ucs2 => Alphabet::Ucs2,
        };
        prop_assert_eq!(alphabet == asked, plan.forced_by.is_none());
        if encoding == Encoding::Auto {
            let ucs2 = TextOptions { encoding: Encoding::Ucs2, ..options };
            let ucs2 = TextPlan::of(&text, &ucs2).expect("not too long");
            prop_assert!(plan.plan.segments() <= ucs2.plan.segments());
        }
    }

    #[test]
    fn smart_rewriting_ends_inside_the_alphabet_and_reports_all_it_did(text in text()) {
        let fits = |ch| Shifts::NONE.septets(ch).is_some();
        if let Ok((rewritten, changes)) = smart::rewrite(&text, fits) {
            prop_assert!(rewritten.chars().all(fits));
            // Undoing the changes from the left gives the text that was.
            let (mut was, mut now) = (String::new(), rewritten.as_str());
            for change in changes {
                while was.chars().count() < change.at {
                    let ch = now.chars().next().expect("an unchanged character");
                    was.push(ch);
                    now = &now[ch.len_utf8()..];
                }
                was.push_str(&change.from);
                now = now.strip_prefix(change.to.as_str()).expect("the replacement");
            }
            prop_assert_eq!(was + now, text);
        }
    }

    #[test]
    fn any_octets_are_a_header_or_an_error(octets in vec(any::<u8>(), 0..300)) {
        walk_header(&octets);
    }

    #[test]
    fn a_header_made_is_the_header_read(
        reference in any::<u16>(), total in 1..=255_u8, sequence in 1..=255_u8,
        wide in any::<bool>(), shifts in shifts(),
    ) {
        let (width, reference) = match wide {
            true => (udh::ReferenceWidth::Bits16, reference),
            false => (udh::ReferenceWidth::Bits8, reference & 0xFF),
        };
        let sequence = sequence.min(total);
        let concatenation = Concatenation { reference, width, total, sequence };
        let header = Header::of(Some(concatenation), shifts);
        let (udh, text) = Udh::split(header.as_octets()).expect("our own header");
        prop_assert_eq!((udh.concatenation(), udh.shifts()), (Some(concatenation), shifts));
        prop_assert_eq!((udh.fault(), text), (None, &[][..]));
        prop_assert_eq!(udh.octets(), header.as_octets().len());
    }
}

/// Reads all there is to read; what comes out must point into the octets.
fn walk_header(octets: &[u8]) {
    let Ok((udh, text)) = Udh::split(octets) else { return };
    assert_eq!(udh.octets() + text.len(), octets.len());
    let data: usize = udh.elements().map(|element| 2 + element.data.len()).sum();
    assert!(data < udh.octets(), "the length octet comes on top");
    assert!(udh.fault().is_none_or(|error| error.at <= udh.octets()));
    assert!(udh.concatenation().is_none_or(|c| (1..=c.total).contains(&c.sequence)));
    let _ = udh.shifts();
}

#[test]
fn every_truncation_and_single_octet_change_of_a_header_parses_or_errs() {
    let shifts = Shifts { locking: Language::HINDI, single: Language::URDU };
    for width in [udh::ReferenceWidth::Bits8, udh::ReferenceWidth::Bits16] {
        let concatenation = Concatenation { reference: 0x77, width, total: 3, sequence: 2 };
        let header = Header::of(Some(concatenation), shifts);
        let header = header.with(udh::iei::PORTS_16, &[0x15, 0x8A, 0, 0]).expect("room for ports");
        let mut octets = [header.as_octets(), b"text"].concat();
        for end in 0..octets.len() {
            walk_header(&octets[..end]);
        }
        for at in 0..octets.len() {
            let kept = octets[at];
            for changed in 0..=255 {
                octets[at] = changed;
                walk_header(&octets);
            }
            octets[at] = kept;
        }
    }
}
