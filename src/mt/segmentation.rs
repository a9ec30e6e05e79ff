//! A message to the segments a carrier takes: where its user data is cut, and how each says that
//! it belongs to the others.

use super::ingress::Recoding;
use crate::message::envelope::{Message, ServiceType};
use crate::text::plan::{USER_DATA_OCTETS, capacity};
use crate::text::udh::Udh;
use crate::text::{Alphabet, DefaultAlphabet, Layout, Plan, Reference, Shifts, decode};
use crate::wire::table::SubmitSm;
use crate::wire::tlv::put_tlv;
use crate::wire::{COctetString, CommandStatus, TlvTag, Tlvs};

/// The bit of `esm_class` that says a UDH stands in front (SMPP 3.4 §5.2.12).
const UDHI: u8 = 0x40;
/// The bits of `esm_class` that are the messaging mode (SMPP 3.4 §5.2.12).
const MODE: u8 = 0x03;
/// Octets a short_message may have (SMPP 3.4 §5.2.21).
const SHORT_MESSAGE_MAX: usize = 254;
/// Octets of the longest header: a concatenation element with a 16-bit reference.
const UDH_MAX: usize = 7;

/// How one carrier wants long messages.
#[derive(Clone, Copy, Debug)]
pub struct Cutting {
    /// What data_coding 0 means in what is written to it. In a message it is GSM 7-bit, which is
    /// translated when it is written.
    pub zero: DefaultAlphabet,
    /// How segments are tied together.
    pub reference: Reference,
    /// What the message's route makes of texts.
    pub recoding: Option<Recoding>,
}

impl Default for Cutting {
    fn default() -> Self {
        Self { zero: DefaultAlphabet::Gsm7, reference: Reference::Udh8, recoding: None }
    }
}

impl Cutting {
    /// Whether every text can go in the alphabet it is in, and is to.
    #[must_use]
    pub fn keeps_all(self) -> bool {
        self.zero == DefaultAlphabet::Gsm7 && self.recoding.is_none()
    }

    /// How a text is measured: as what is written to the carrier is carried by the radio.
    fn alphabet(self, data_coding: u8) -> Alphabet {
        match (data_coding, self.zero) {
            // It is written under data_coding 0, and becomes septets.
            (3, DefaultAlphabet::Latin1) => Alphabet::Latin1Default,
            _ => Alphabet::of(data_coding, DefaultAlphabet::Gsm7),
        }
    }
}

/// Whether GSM 7-bit text can be written to a peer that means `zero` by data_coding 0: that
/// alphabet has all of it, and it does not grow beyond a PDU's field. What is no text stays as it
/// is.
#[must_use]
pub fn can_write(zero: DefaultAlphabet, septets: &[u8]) -> bool {
    if zero == DefaultAlphabet::Gsm7 {
        return true;
    }
    let Ok(text) = decode(septets, Alphabet::Gsm7, Shifts::NONE) else { return true };
    let alphabet = Alphabet::of(0, zero);
    match zero {
        DefaultAlphabet::Utf8 => text.is_ascii() || text.len() <= USER_DATA_OCTETS,
        _ => text.chars().all(|ch| alphabet.has(ch, Shifts::NONE)),
    }
}

/// Whether an account cut it itself: a header stands in front, or TLVs say which segment it is.
#[must_use]
pub fn is_own_segment(esm_class: u8, tlvs: Tlvs<'_>) -> bool {
    esm_class & UDHI != 0 || tlvs.find(TlvTag::SAR_MSG_REF_NUM).is_some()
}

/// Where the user data is cut: the end of each segment; empty when it travels as it is, because
/// it fits, because the account cut it itself, or because the carrier takes it whole.
///
/// # Errors
/// ESME_RINVMSGLEN when it would take more than 255 segments.
pub fn cut(
    esm_class: u8,
    data_coding: u8,
    tlvs: Tlvs<'_>,
    user_data: &[u8],
    cutting: Cutting,
) -> Result<Box<[u16]>, CommandStatus> {
    let own_segments = is_own_segment(esm_class, tlvs);
    // The smallest capacity is a UCS-2 segment's 140 octets. An octet of Latin-1 that becomes two
    // septets is no less: 70 of them do.
    let len = user_data.len();
    let short = len <= 140 && (len <= 70 || cutting.zero != DefaultAlphabet::Latin1);
    if short || own_segments || cutting.reference == Reference::Payload {
        return Ok(Box::default());
    }
    let alphabet = cutting.alphabet(data_coding);
    let layout = Layout { reference: cutting.reference, ..Layout::new(alphabet) };
    let plan = Plan::new(user_data, layout).map_err(|_| CommandStatus::ESME_RINVMSGLEN)?;
    if plan.segments() == 1 {
        return Ok(Box::default());
    }
    let ends = plan.ranges(user_data).map(|range| u16::try_from(range.end));
    ends.collect::<Result<_, _>>().map_err(|_| CommandStatus::ESME_RINVMSGLEN)
}

/// Whether a carrier that wants long messages so can take a message that was planned for another
/// one, as it was planned: its segments are billed already.
#[must_use]
pub fn fits(message: &Message, cutting: Cutting) -> bool {
    let octets = message.user_data.octets();
    if cutting.zero != DefaultAlphabet::Gsm7 && message.data_coding == 0 {
        let own = is_own_segment(message.esm_class, Tlvs::take(&message.tlvs).0);
        if !own && !can_write(cutting.zero, octets) {
            return false;
        }
    }
    if message.cuts.is_empty() {
        let tlvs = Tlvs::take(&message.tlvs).0;
        let cuts = cut(message.esm_class, message.data_coding, tlvs, octets, cutting);
        return cuts.is_ok_and(|cuts| cuts.is_empty());
    }
    let header = match cutting.reference {
        Reference::Udh16 => UDH_MAX,
        // Where payloads are taken, segments are too; with SAR the SMSC makes the header.
        Reference::Payload | Reference::Sar | Reference::Udh8 => UDH_MAX - 1,
    };
    let alphabet = cutting.alphabet(message.data_coding);
    let capacity = capacity(alphabet, header);
    (0..message.segments()).all(|at| {
        let plan = Plan::new(message.segment(at), Layout::new(alphabet));
        plan.is_ok_and(|plan| plan.units() <= capacity)
    })
}

/// The reference that an account gave a segment it cut itself, in its UDH or its TLVs.
#[must_use]
pub fn own_reference(message: &Message) -> Option<u16> {
    if message.esm_class & UDHI != 0 {
        let (udh, _) = Udh::split(message.user_data.octets()).ok()?;
        return Some(udh.concatenation()?.reference);
    }
    if message.tlvs.is_empty() {
        return None;
    }
    let reference = Tlvs::take(&message.tlvs).0.int(TlvTag::SAR_MSG_REF_NUM)?;
    u16::try_from(reference).ok()
}

/// How one carrier wants its segments written.
#[derive(Clone, Copy, Debug)]
pub struct Writing {
    /// How segments are tied together.
    pub reference: Reference,
    /// The greatest reference, at least 1; after it comes 1 again.
    pub reference_max: u16,
    /// Bits 0 and 1 of an `esm_class` that has none of them set (SMPP 3.4 §5.2.12).
    pub esm_class_mode: u8,
    /// `service_type` of messages that have none.
    pub service_type: ServiceType,
    /// Whether it must do without TLVs: we bind to it with an older version (SMPP 3.4 §3.3).
    pub no_tlvs: bool,
}

impl Default for Writing {
    fn default() -> Self {
        Self {
            reference: Reference::Udh8,
            reference_max: u16::MAX,
            esm_class_mode: 0,
            service_type: ServiceType::default(),
            no_tlvs: false,
        }
    }
}

/// Makes segments' PDUs in buffers it reuses.
#[derive(Debug, Default)]
pub struct Renderer {
    user_data: Vec<u8>,
    tlvs: Vec<u8>,
}

impl Renderer {
    /// The submit_sm of one segment, counted from 0. `reference` ties the segments of a message
    /// together and is the same for all of them.
    pub fn render<'a>(
        &'a mut self,
        message: &'a Message,
        segment: u8,
        reference: u16,
        writing: &'a Writing,
    ) -> SubmitSm<'a> {
        let mut submit = frame(message, writing);
        let tlvs = if writing.no_tlvs { &[] } else { &message.tlvs[..] };
        let segments = message.segments();
        if segments == 1 {
            self.whole(message, tlvs, &mut submit);
            return submit;
        }
        let how = writing.reference;
        let reference = within(reference, writing);
        let octets = message.segment(segment);
        self.user_data.clear();
        self.tlvs.clear();
        self.tlvs.extend_from_slice(tlvs);
        match how {
            Reference::Sar => {
                let tags = [
                    (TlvTag::SAR_MSG_REF_NUM, &reference.to_be_bytes()[..]),
                    (TlvTag::SAR_TOTAL_SEGMENTS, &[segments]),
                    (TlvTag::SAR_SEGMENT_SEQNUM, &[segment + 1]),
                ];
                for (tag, value) in tags {
                    // Two octets at most.
                    let _ = put_tlv(&mut self.tlvs, tag, value);
                }
            }
            _ => {
                let (udh, len) = concatenation(how, reference, segments, segment + 1);
                self.user_data.extend_from_slice(udh.get(..len).unwrap_or(&udh));
                submit.esm_class |= UDHI;
            }
        }
        self.user_data.extend_from_slice(octets);
        submit.short_message = &self.user_data;
        submit.tlvs = Tlvs::take(&self.tlvs).0;
        submit
    }

    fn whole<'a>(&'a mut self, message: &'a Message, tlvs: &'a [u8], submit: &mut SubmitSm<'a>) {
        let octets = message.user_data.octets();
        if octets.len() <= SHORT_MESSAGE_MAX {
            submit.short_message = octets;
            submit.tlvs = Tlvs::take(tlvs).0;
            return;
        }
        self.tlvs.clear();
        self.tlvs.extend_from_slice(tlvs);
        // It came in one PDU, so a length can say it.
        let _ = put_tlv(&mut self.tlvs, TlvTag::MESSAGE_PAYLOAD, octets);
        submit.tlvs = Tlvs::take(&self.tlvs).0;
    }
}

/// Everything of a submit_sm but its text and TLVs. Times stay with us: the message is sent when it
/// is due, and its validity is ours to keep.
fn frame<'a>(message: &'a Message, writing: &'a Writing) -> SubmitSm<'a> {
    let service_type = match message.service_type.is_empty() {
        true => &writing.service_type,
        false => &message.service_type,
    };
    let mode = if message.esm_class & MODE == 0 { writing.esm_class_mode & MODE } else { 0 };
    SubmitSm {
        service_type: COctetString::new(service_type.octets()),
        source_addr_ton: message.source.ton,
        source_addr_npi: message.source.npi,
        source_addr: message.source.as_field(),
        dest_addr_ton: message.destination.ton,
        dest_addr_npi: message.destination.npi,
        destination_addr: message.destination.as_field(),
        esm_class: message.esm_class | mode,
        protocol_id: message.protocol_id,
        priority_flag: message.priority_flag,
        registered_delivery: message.registered_delivery,
        replace_if_present_flag: message.replace_if_present_flag,
        data_coding: message.data_coding,
        sm_default_msg_id: message.sm_default_msg_id,
        ..SubmitSm::default()
    }
}

/// The reference as the header takes it: 8 bits are the low ones. Who gives references out keeps to
/// [`Writing::reference_max`]; one beyond it is brought within it all the same, and is never 0.
fn within(reference: u16, writing: &Writing) -> u16 {
    let (reference, max) = match writing.reference {
        Reference::Udh8 => (reference & 0xff, writing.reference_max.min(0xff)),
        _ => (reference, writing.reference_max),
    };
    reference.wrapping_sub(1) % max.max(1) + 1
}

/// A UDH with one concatenation element (3GPP TS 23.040 §9.2.3.24.1 and §9.2.3.24.8), and its
/// length.
fn concatenation(
    how: Reference,
    reference: u16,
    total: u8,
    sequence: u8,
) -> ([u8; UDH_MAX], usize) {
    let [high, low] = reference.to_be_bytes();
    if how == Reference::Udh16 {
        ([6, 0x08, 4, high, low, total, sequence], 7)
    } else {
        ([5, 0x00, 3, low, total, sequence, 0], 6)
    }
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::message::envelope::UserData;
    use crate::wire::Address;

    fn message(text: &[u8], how: Reference) -> Message {
        let cutting = Cutting { reference: how, ..Cutting::default() };
        Message {
            source: Address::new(5, 0, b"Shop"),
            destination: Address::new(1, 1, b"33612345678"),
            service_type: ServiceType::new(b"CMT"),
            esm_class: 3,
            registered_delivery: 1,
            user_data: UserData::new(text),
            tlvs: Box::from([0x02, 0x04, 0, 2, 0, 9]),
            cuts: cut(3, 0, Tlvs::NONE, text, cutting).unwrap(),
            ..Message::default()
        }
    }

    #[test]
    fn segments_put_together_are_the_text() {
        let text: Vec<u8> = (0..400).map(|at| b'a' + (at % 26) as u8).collect();
        for (how, header) in [(Reference::Udh8, 6), (Reference::Udh16, 7), (Reference::Sar, 0)] {
            let message = message(&text, how);
            let writing = Writing { reference: how, ..Writing::default() };
            assert_eq!(message.segments(), 3);
            let mut renderer = Renderer::default();
            let mut joined = Vec::new();
            for segment in 0..3 {
                let submit = renderer.render(&message, segment, 0x34, &writing);
                assert_eq!(submit.esm_class & UDHI != 0, header > 0);
                joined.extend_from_slice(&submit.short_message[header..]);
                match how {
                    Reference::Udh8 => {
                        assert_eq!(submit.short_message[..6], [5, 0, 3, 0x34, 3, segment + 1]);
                    }
                    Reference::Udh16 => {
                        assert_eq!(submit.short_message[..7], [6, 8, 4, 0, 0x34, 3, segment + 1])
                    }
                    _ => assert_eq!(
                        submit.tlvs.int(TlvTag::SAR_SEGMENT_SEQNUM),
                        Some(u32::from(segment) + 1)
                    ),
                }
                assert_eq!(submit.tlvs.int(TlvTag::USER_MESSAGE_REFERENCE), Some(9));
            }
            assert_eq!(joined, text);
        }
    }

    #[test]
    fn what_the_account_cut_itself_is_not_cut_again() {
        let text = [b'x'; 200];
        assert!(cut(UDHI, 0, Tlvs::NONE, &text, Cutting::default()).unwrap().is_empty());
        let sar = [0x02, 0x0c, 0, 2, 0, 1];
        assert!(cut(0, 0, Tlvs::take(&sar).0, &text, Cutting::default()).unwrap().is_empty());
    }

    #[test]
    fn a_carrier_that_takes_payloads_gets_one() {
        let message = message(&[b'x'; 400], Reference::Payload);
        let mut renderer = Renderer::default();
        let writing = Writing { reference: Reference::Payload, ..Writing::default() };
        let submit = renderer.render(&message, 0, 0, &writing);
        assert!(submit.short_message.is_empty());
        assert_eq!(submit.tlvs.octets_of(TlvTag::MESSAGE_PAYLOAD).unwrap().len(), 400);
    }

    #[test]
    fn a_segment_bears_no_reference_above_the_greatest_a_carrier_takes() {
        let text = [b'x'; 200];
        let cases = [
            (Reference::Udh8, 65_535, 0x1234, 0x34),
            (Reference::Udh8, 65_535, 255, 255),
            (Reference::Udh8, 100, 100, 100),
            (Reference::Udh8, 100, 101, 1),
            (Reference::Udh16, 100, 100, 100),
            (Reference::Udh16, 100, 101, 1),
            (Reference::Udh16, 65_535, 65_535, 65_535),
            (Reference::Sar, 65_535, 0x1234, 0x1234),
            (Reference::Sar, 1, 77, 1),
        ];
        for (how, reference_max, given, sent) in cases {
            let message = message(&text, how);
            let writing = Writing { reference: how, reference_max, ..Writing::default() };
            let mut renderer = Renderer::default();
            let submit = renderer.render(&message, 0, given, &writing);
            let found = match how {
                Reference::Udh8 => u32::from(submit.short_message[3]),
                Reference::Udh16 => {
                    u32::from(submit.short_message[3]) << 8 | u32::from(submit.short_message[4])
                }
                _ => submit.tlvs.int(TlvTag::SAR_MSG_REF_NUM).unwrap(),
            };
            assert_eq!(found, sent, "{how:?} {reference_max} {given}");
        }
    }

    #[test]
    fn the_reference_of_a_segment_that_an_account_cut_is_found() {
        let whole = message(b"hi", Reference::Udh8);
        let cut = |esm_class, text: &[u8], tlvs: &[u8]| {
            own_reference(&Message {
                esm_class,
                user_data: UserData::new(text),
                tlvs: tlvs.into(),
                ..whole.clone()
            })
        };
        assert_eq!(own_reference(&whole), None);
        assert_eq!(cut(0x40, &[5, 0, 3, 0x34, 2, 1, b'a'], &[]), Some(0x34));
        assert_eq!(cut(0x43, &[6, 8, 4, 0x12, 0x34, 2, 1, b'a'], &[]), Some(0x1234));
        assert_eq!(cut(0x40, &[6, 5, 4, 0x15, 0x8a, 0, 0, b'a'], &[]), None, "ports");
        assert_eq!(cut(0x40, &[200], &[]), None, "a header that is none");
        assert_eq!(cut(0, b"a", &[0x02, 0x0c, 0, 2, 0x12, 0x34]), Some(0x1234));
    }

    #[test]
    fn what_a_message_leaves_open_the_carriers_dialect_says() {
        let mut message = message(b"hi", Reference::Udh8);
        let service_type = ServiceType::new(b"BILL");
        let writing = Writing { esm_class_mode: 2, service_type, ..Writing::default() };
        let mut renderer = Renderer::default();
        let own = renderer.render(&message, 0, 0, &writing);
        assert_eq!((own.esm_class, own.service_type.octets()), (3, &b"CMT"[..]));
        message.esm_class = 0x40;
        message.service_type = ServiceType::new(b"");
        let filled = renderer.render(&message, 0, 0, &writing);
        assert_eq!((filled.esm_class, filled.service_type.octets()), (0x42, &b"BILL"[..]));
    }

    #[test]
    fn a_carrier_of_version_3_3_gets_no_tlvs() {
        for text in [&b"hi"[..], &[b'x'; 200]] {
            let message = message(text, Reference::Udh8);
            let writing = Writing { no_tlvs: true, ..Writing::default() };
            let mut renderer = Renderer::default();
            assert!(renderer.render(&message, 0, 1, &writing).tlvs.octets().is_empty());
        }
    }

    #[test]
    fn a_plan_goes_to_another_carrier_only_where_its_segments_have_room() {
        use Reference::{Payload, Sar, Udh8, Udh16};
        let to = |message: &Message, reference| {
            fits(message, Cutting { reference, ..Cutting::default() })
        };
        let all = [Payload, Sar, Udh8, Udh16];
        let cases = [
            (message(&[b'x'; 400], Udh8), [true, true, true, false]),
            (message(&[b'x'; 400], Udh16), [true, true, true, true]),
            (message(&[b'x'; 400], Sar), [true, true, true, false]),
            (message(&[b'x'; 400], Payload), [true, false, false, false]),
            (message(&[b'x'; 160], Payload), [true; 4]),
            (message(b"hi", Sar), [true; 4]),
        ];
        for (message, expected) in cases {
            assert_eq!(
                all.map(|how| to(&message, how)),
                expected,
                "{} segments",
                message.segments()
            );
        }
    }

    #[test]
    fn more_than_255_segments_are_refused() {
        let text = vec![b'x'; 153 * 255 + 1];
        let refused = cut(0, 0, Tlvs::NONE, &text, Cutting::default());
        assert_eq!(refused.unwrap_err(), CommandStatus::ESME_RINVMSGLEN);
    }
}
