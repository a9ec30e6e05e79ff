//! The alphabet that a message is sent in: what its route wants, and what its carrier can be
//! written in.
//!
//! Texts alone are touched: what an account cut itself, binary data, message classes and what is no
//! text of its alphabet go on as they came.

use crate::message::encodings::TextEncoding;
use crate::message::envelope::Cuts;
use crate::mt::segmentation::{Cutting, can_write, cut, is_text};
use crate::text::{
    Alphabet, DefaultAlphabet, Encoding, Language, Shifts, TextOptions, TextPlan, decode,
};
use crate::wire::CommandStatus;

/// What a route makes of texts; without one they stay in the alphabet they were submitted in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Recoding {
    /// GSM-7 when it holds the text, else UCS-2.
    Auto,
    /// GSM-7; a text that needs more is refused.
    Gsm7,
    /// Latin-1; a text that needs more is refused.
    Latin1,
    /// As `Auto`, after look-alikes were put in place of what keeps the text out of GSM-7.
    Smart,
    /// UCS-2 always.
    Ucs2,
}

/// The national tables that a route lets texts be written with (3GPP TS 23.038 §6.2.1.2).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Languages(u16);

impl Languages {
    /// The tables of these languages.
    #[must_use]
    pub fn new(languages: impl IntoIterator<Item = Language>) -> Self {
        let bit = |language: Language| 1_u16.checked_shl(u32::from(language.0)).unwrap_or(0);
        Self(languages.into_iter().fold(0, |bits, language| bits | bit(language)))
    }

    fn iter(self) -> impl Iterator<Item = Language> {
        Language::national().filter(move |language| self.0 >> language.0 & 1 == 1)
    }
}

/// User data in the alphabet that it is sent in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<'a> {
    pub data_coding: u8,
    pub shifts: Shifts,
    pub user_data: &'a [u8],
    is_own_segment: bool,
}

impl<'a> Text<'a> {
    /// What its account wrote, as a `data_coding` and octets, brought into the alphabet that it is
    /// sent in, UCS-2 without the mark that says its order (quirk 64); `room` holds it then. What
    /// its account cut itself stays as it is.
    ///
    /// # Errors
    /// As [`recode`].
    pub fn of(
        is_own_segment: bool,
        (data_coding, user_data): (u8, &'a [u8]),
        cutting: Cutting,
        room: &'a mut Vec<u8>,
    ) -> Result<Self, CommandStatus> {
        let written = Self { data_coding, shifts: Shifts::NONE, user_data, is_own_segment };
        if is_own_segment {
            return Ok(written);
        }
        let unmarked = match user_data {
            [0xfe, 0xff, ..] | [0xff, 0xfe, ..] => without_mark(data_coding, user_data),
            _ => None,
        };
        let recoded = match cutting.keeps_all() {
            true => None,
            false => {
                let text = unmarked.as_deref().unwrap_or(user_data);
                recode(data_coding, text, cutting, room)?
            }
        };
        Ok(match (recoded, unmarked) {
            (Some((data_coding, shifts)), _) => {
                Self { data_coding, shifts, user_data: room, ..written }
            }
            (None, Some(unmarked)) => {
                *room = unmarked;
                Self { user_data: room, ..written }
            }
            (None, None) => written,
        })
    }

    /// Where it is cut.
    ///
    /// # Errors
    /// As [`cut`].
    pub fn cut(&self, cutting: Cutting) -> Result<Cuts, CommandStatus> {
        cut(self.is_own_segment, (self.data_coding, self.shifts), self.user_data, cutting)
    }
}

/// UCS-2 with a byte order mark in front, as everybody has it: without, and the high octet first;
/// `None` for octets that are no UCS-2.
#[cold]
fn without_mark(data_coding: u8, octets: &[u8]) -> Option<Vec<u8>> {
    if Alphabet::of(data_coding, DefaultAlphabet::Gsm7) != Alphabet::Ucs2 {
        return None;
    }
    let (mark, text) = octets.split_first_chunk::<2>()?;
    let mut text = text.to_vec();
    if *mark == [0xff, 0xfe] {
        text.as_chunks_mut::<2>().0.iter_mut().for_each(|unit| unit.reverse());
    }
    Some(text)
}

/// Puts the text in another alphabet into `out` and says which, as a `data_coding` and national
/// tables; `None` when it goes as it came.
///
/// # Errors
/// ESME_RX_R_APPN when the alphabet that is wanted does not hold it, ESME_RINVMSGLEN when it would
/// take more than 255 segments.
#[cold]
#[inline(never)]
fn recode(
    data_coding: u8,
    user_data: &[u8],
    cutting: Cutting,
    out: &mut Vec<u8>,
) -> Result<Option<(u8, Shifts)>, CommandStatus> {
    if !is_text(data_coding) || user_data.is_empty() {
        return Ok(None);
    }
    let writes = |data_coding, octets: &[u8]| data_coding != 0 || can_write(cutting.zero, octets);
    let takes = |data_coding, octets: &[u8]| {
        cutting.encodings.takes(data_coding) && writes(data_coding, octets)
    };
    if cutting.recoding.is_none() && takes(data_coding, user_data) {
        return Ok(None);
    }
    let alphabet = Alphabet::of(data_coding, DefaultAlphabet::Gsm7);
    let Ok(text) = decode(user_data, alphabet, Shifts::NONE) else { return Ok(None) };
    // No alphabet but GSM-7 has them, and none of a carrier's own.
    let languages: Vec<Language> = match cutting.zero {
        DefaultAlphabet::Gsm7 => cutting.languages.iter().collect(),
        _ => Vec::new(),
    };
    let planned = |encoding, smart| {
        let options = TextOptions { encoding, smart, ..TextOptions::default() };
        let options =
            TextOptions { reference: cutting.reference, languages: &languages, ..options };
        TextPlan::of(&text, &options).map_err(|_| CommandStatus::ESME_RINVMSGLEN)
    };
    // The first alphabet that the carrier takes and that holds the text.
    let taken = || {
        if cutting.encodings.is_any() {
            return planned(Encoding::Ucs2, false);
        }
        for encoding in cutting.encodings.iter() {
            let (encoding, alphabet) = match encoding {
                TextEncoding::Gsm7 => (Encoding::Gsm7, Alphabet::Gsm7),
                TextEncoding::Latin1 => (Encoding::Latin1, Alphabet::Latin1),
                TextEncoding::Ucs2 => (Encoding::Ucs2, Alphabet::Ucs2),
            };
            let plan = planned(encoding, false)?;
            if plan.alphabet() == alphabet && writes(alphabet.data_coding(), &plan.user_data) {
                return Ok(plan);
            }
        }
        Err(CommandStatus::ESME_RX_R_APPN)
    };
    let (plan, wanted) = match cutting.recoding {
        None => (taken()?, None),
        Some(Recoding::Ucs2) => (planned(Encoding::Ucs2, false)?, None),
        Some(Recoding::Auto) => (planned(Encoding::Auto, false)?, None),
        Some(Recoding::Smart) => (planned(Encoding::Auto, true)?, None),
        Some(Recoding::Gsm7) => (planned(Encoding::Gsm7, false)?, Some(Alphabet::Gsm7)),
        Some(Recoding::Latin1) => (planned(Encoding::Latin1, false)?, Some(Alphabet::Latin1)),
    };
    let is_taken = takes(plan.alphabet().data_coding(), &plan.user_data);
    let plan = match wanted {
        Some(wanted) if wanted != plan.alphabet() || !is_taken => {
            return Err(CommandStatus::ESME_RX_R_APPN);
        }
        // The carrier's own alphabet lacks something that GSM-7 has, or it takes no such text.
        None if !is_taken => taken()?,
        _ => plan,
    };
    let (data_coding, shifts) = (plan.alphabet().data_coding(), plan.plan.layout().shifts);
    *out = plan.user_data;
    Ok(Some((data_coding, shifts)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::Admission;
    use super::*;
    use crate::message::envelope::Message;
    use crate::text::Reference;
    use crate::wire::COctetString;
    use crate::wire::table::SubmitSm;

    const WALL: Duration = Duration::from_secs(1_780_000_000);

    fn admit(
        (esm_class, data_coding, text): (u8, u8, &[u8]),
        cutting: Cutting,
    ) -> Result<Message, CommandStatus> {
        let submit = SubmitSm {
            destination_addr: COctetString::from("33612345678"),
            esm_class,
            data_coding,
            short_message: text,
            ..SubmitSm::default()
        };
        let validity_max = Duration::from_secs(3600);
        let admission = Admission { validity_max, ..Admission::default() };
        admission.message(admission.address(&submit)?, &submit, cutting, WALL)
    }

    /// The data_coding and the octets that go out, or the status that refuses them.
    type Sent<'a> = Result<(u8, &'a [u8]), CommandStatus>;

    fn by(recoding: Recoding) -> Cutting {
        Cutting { recoding: Some(recoding), ..Cutting::default() }
    }

    #[test]
    fn each_encoding_of_a_route_is_what_is_sent() {
        use Recoding::{Auto, Gsm7, Latin1, Smart, Ucs2};
        let refused = Err(CommandStatus::ESME_RX_R_APPN);
        // What was submitted, and what goes out: data_coding and octets.
        let cases: [(Recoding, u8, &[u8], Sent<'_>); 17] = [
            (Auto, 3, b"d\xe9j\xe0 @", Ok((0, b"d\x05j\x7f \0"))),
            (Auto, 8, b"\0h\0i", Ok((0, b"hi"))),
            (Auto, 3, b"f\xeate", Ok((8, b"\0f\0\xea\0t\0e"))),
            (Auto, 1, b"[x]", Ok((0, b"\x1b<x\x1b>"))),
            (Auto, 0, b"\x1be", Ok((0, b"\x1be"))),
            (Gsm7, 8, b"\0h\0i", Ok((0, b"hi"))),
            (Gsm7, 8, b"\x04\x16", refused),
            (Gsm7, 3, b"f\xeate", refused),
            (Latin1, 0, b"d\x05j\x7f", Ok((3, b"d\xe9j\xe0"))),
            (Latin1, 0, b"\x1be", refused),
            (Smart, 3, b"f\xeate", Ok((0, b"fete"))),
            (Smart, 8, b"\x20\x19\0x", Ok((0, b"'x"))),
            (Smart, 8, b"\x04\x16", Ok((8, b"\x04\x16"))),
            (Ucs2, 0, b"\0\x05", Ok((8, b"\0@\0\xe9"))),
            (Ucs2, 7, b"\xe0", Ok((8, b"\x05\xd0"))),
            (Ucs2, 8, b"\xff\xfe\x16\x04", Ok((8, b"\x04\x16"))),
            (Auto, 0, b"", Ok((0, b""))),
        ];
        for (recoding, data_coding, text, expected) in cases {
            let sent = admit((0, data_coding, text), by(recoding));
            let sent = sent.as_ref().map(|one| (one.data_coding, one.user_data.octets()));
            assert_eq!(sent.map_err(|status| *status), expected, "{recoding:?} {text:?}");
        }
    }

    #[test]
    fn q64_a_byte_order_mark_goes_to_nobody_and_is_obeyed() {
        let cases: [(u8, u8, &[u8], &[u8]); 8] = [
            (0, 8, b"\xfe\xff\x04\x16", b"\x04\x16"),
            (0, 8, b"\xff\xfe\x16\x04", b"\x04\x16"),
            (0, 0x18, b"\xff\xfe\x16\x04", b"\x04\x16"),
            (0, 8, b"\xff\xfe\x16\x04\x01", b"\x04\x16\x01"),
            (0, 8, b"\xfe\xff", b""),
            (0, 8, b"\x04\x16\xfe\xff", b"\x04\x16\xfe\xff"),
            // No UCS-2, and what its account cut itself.
            (0, 4, b"\xff\xfe\x16\x04", b"\xff\xfe\x16\x04"),
            (0x40, 8, b"\x05\0\x03\x07\x02\x01\xfe\xff", b"\x05\0\x03\x07\x02\x01\xfe\xff"),
        ];
        for (esm_class, data_coding, text, kept) in cases {
            let sent = admit((esm_class, data_coding, text), Cutting::default()).unwrap();
            assert_eq!((sent.data_coding, sent.user_data.octets()), (data_coding, kept));
        }
        let seventy = [&[0xff, 0xfe][..], &[b'x', 0].repeat(70)].concat();
        let sent = admit((0, 8, &seventy), Cutting::default()).unwrap();
        assert_eq!(sent.segments(), 1, "nobody pays for it");
        let ascii = Cutting { zero: DefaultAlphabet::Ascii, ..Cutting::default() };
        assert_eq!(
            admit((0, 8, &seventy), ascii).unwrap().user_data.octets(),
            [0, b'x'].repeat(70)
        );
    }

    #[test]
    fn what_is_no_whole_text_goes_as_it_came() {
        let cases: [(u8, u8, &[u8]); 7] = [
            (0x40, 3, b"\x05\0\x03\x07\x02\x01f\xeate"),
            (0, 4, b"\x01\x02"),
            (0, 2, b"\x01\x02"),
            (0, 0x10, b"flash"),
            (0, 0xf5, b"\x01\x02"),
            (0, 0, b"\xe9 is no septet"),
            (0, 8, b"\xd8\x3d"),
        ];
        for recoding in [Recoding::Auto, Recoding::Gsm7, Recoding::Smart, Recoding::Ucs2] {
            for (esm_class, data_coding, text) in cases {
                let sent = admit((esm_class, data_coding, text), by(recoding)).unwrap();
                assert_eq!((sent.data_coding, sent.user_data.octets()), (data_coding, text));
            }
        }
    }

    #[test]
    fn the_plan_is_that_of_what_is_sent() {
        let text: Vec<u8> = [0, b'x'].repeat(100);
        let sent = admit((0, 8, &text), by(Recoding::Auto)).unwrap();
        assert_eq!((sent.data_coding, sent.segments()), (0, 1), "two segments in UCS-2");
        let sent = admit((0, 0, &[b'x'; 100]), by(Recoding::Ucs2)).unwrap();
        assert_eq!((sent.data_coding, sent.segments()), (8, 2));
        let beyond = vec![b'x'; 67 * 255 + 1];
        let status = admit((0, 0, &beyond), by(Recoding::Ucs2)).unwrap_err();
        assert_eq!(status, CommandStatus::ESME_RINVMSGLEN);
        let payload = Cutting { reference: Reference::Payload, ..by(Recoding::Ucs2) };
        assert_eq!(admit((0, 0, &[b'x'; 100]), payload).unwrap().segments(), 1);
    }

    #[test]
    fn what_a_carriers_own_alphabet_lacks_is_planned_in_ucs_2() {
        let to = |zero, recoding| Cutting { zero, recoding, ..Cutting::default() };
        let sent = |text: &[u8], cutting| {
            let sent = admit((0, 0, text), cutting);
            sent.map(|sent| (sent.data_coding, sent.segments()))
        };
        use DefaultAlphabet::{Ascii, Latin1, Utf8};
        assert_eq!(sent(b"caf\x05", to(Latin1, None)), Ok((0, 1)));
        assert_eq!(sent(b"caf\x05", to(Ascii, None)), Ok((8, 1)));
        assert_eq!(sent(b"5 \x1be", to(Latin1, None)), Ok((8, 1)));
        assert_eq!(sent(b"5 \x1be", to(Utf8, None)), Ok((0, 1)));
        assert_eq!(sent(b"5 \x1be", to(Latin1, Some(Recoding::Auto))), Ok((8, 1)));
        let refused = Err(CommandStatus::ESME_RX_R_APPN);
        assert_eq!(sent(b"5 \x1be", to(Latin1, Some(Recoding::Gsm7))), refused);
        // A text that UTF-8 makes longer than a PDU's field.
        assert_eq!(sent(&[5; 150], to(Utf8, None)), Ok((8, 3)));
    }

    #[test]
    fn a_text_goes_in_the_first_alphabet_that_its_carrier_takes_and_that_holds_it() {
        use crate::message::encodings::{Encodings, TextEncoding};
        use TextEncoding::{Gsm7, Latin1, Ucs2};
        let refused = Err(CommandStatus::ESME_RX_R_APPN);
        let cases: [(&[TextEncoding], u8, &[u8], Sent<'_>); 11] = [
            (&[Gsm7, Ucs2], 0, b"caf\x05", Ok((0, b"caf\x05"))),
            (&[Gsm7, Ucs2], 8, b"\0h\0i", Ok((8, b"\0h\0i"))),
            (&[Gsm7, Ucs2], 3, b"caf\xe9", Ok((0, b"caf\x05"))),
            (&[Gsm7, Ucs2], 3, b"f\xeate", Ok((8, b"\0f\0\xea\0t\0e"))),
            (&[Ucs2], 0, b"hi", Ok((8, b"\0h\0i"))),
            (&[Latin1, Ucs2], 0, b"caf\x05", Ok((3, b"caf\xe9"))),
            (&[Latin1, Ucs2], 0, b"\x1be", Ok((8, b"\x20\xac"))),
            (&[Gsm7], 1, b"[x]", Ok((0, b"\x1b<x\x1b>"))),
            (&[Gsm7], 8, b"\x04\x16", refused),
            (&[Latin1, Gsm7], 8, b"\x04\x16", refused),
            (&[Gsm7], 4, b"\x04\x16", Ok((4, b"\x04\x16"))),
        ];
        for (encodings, data_coding, text, expected) in cases {
            let encodings = Encodings::new(encodings.iter().copied());
            let cutting = Cutting { encodings, ..Cutting::default() };
            let sent = admit((0, data_coding, text), cutting);
            let sent = sent.as_ref().map(|one| (one.data_coding, one.user_data.octets()));
            assert_eq!(sent.map_err(|status| *status), expected, "{encodings:?} {text:?}");
        }
        // What the route wants counts too.
        let encodings = Encodings::new([Gsm7]);
        let sent = |recoding, text| {
            let cutting = Cutting { encodings, ..by(recoding) };
            admit((0, 3, text), cutting).map(|sent| sent.data_coding)
        };
        assert_eq!(sent(Recoding::Smart, b"f\xeate"), Ok(0));
        assert_eq!(sent(Recoding::Ucs2, b"hi"), Ok(0), "the carrier's word is the last");
        assert_eq!(sent(Recoding::Latin1, b"hi"), Err(CommandStatus::ESME_RX_R_APPN));
    }
}
