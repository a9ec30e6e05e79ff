//! A message to the segments a carrier takes: where its user data is cut, and how each says that
//! it belongs to the others.

mod own;
#[cfg(test)]
mod tests;

use own::Marked;
pub use own::{can_be_marked, is_own_segment, own_reference, own_segment};

use super::ingress::{Languages, Recoding};
use crate::message::encodings::Encodings;
use crate::message::envelope::{Cuts, Message, ServiceType};
use crate::message::sar;
use crate::text::plan::{USER_DATA_OCTETS, capacity};
use crate::text::udh::{Concatenation, Header, ReferenceWidth};
use crate::text::{Alphabet, DefaultAlphabet, Layout, Plan, Reference, Shifts, decode};
use crate::wire::address::STANDARD_ADDRESS_OCTETS;
use crate::wire::table::SubmitSm;
use crate::wire::tlv::put_tlv;
use crate::wire::{COctetString, CommandStatus, SHORT_MESSAGE_MAX, TlvTag, Tlvs, UDHI};

/// The bits of `esm_class` that are the messaging mode (SMPP 3.4 §5.2.12).
const MODE: u8 = 0x03;
/// `data_coding` of Latin-1 (SMPP 3.4 §5.2.19).
const LATIN_1: u8 = 3;
/// Octets of a header of one concatenation element with an 8-bit reference.
const CONCATENATION_OCTETS: usize = 6;

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
    /// The national tables that its route allows where it makes GSM-7 of them.
    pub languages: Languages,
    /// The alphabets that its carrier takes.
    pub encodings: Encodings,
}

impl Default for Cutting {
    fn default() -> Self {
        Self {
            zero: DefaultAlphabet::Gsm7,
            reference: Reference::Udh8,
            recoding: None,
            languages: Languages::default(),
            encodings: Encodings::default(),
        }
    }
}

impl Cutting {
    /// Whether every text can go in the alphabet it is in, and is to.
    #[must_use]
    pub fn keeps_all(self) -> bool {
        let any = self.zero == DefaultAlphabet::Gsm7 && self.encodings.is_any();
        any && self.recoding.is_none()
    }
}

/// How a text is measured: as what is written to the carrier is carried by the radio.
fn alphabet(data_coding: u8, zero: DefaultAlphabet) -> Alphabet {
    match (data_coding, zero) {
        // It is written under data_coding 0, and becomes septets.
        (LATIN_1, DefaultAlphabet::Latin1) => Alphabet::Latin1Default,
        _ => Alphabet::of(data_coding, DefaultAlphabet::Gsm7),
    }
}

/// Whether this is the data_coding of text (SMPP 3.4 §5.2.19).
#[must_use]
pub fn is_text(data_coding: u8) -> bool {
    matches!(data_coding, 0 | 1 | 3 | 6 | 7 | 8)
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

/// Where the user data is cut: nowhere when it travels as it is, because it fits, because the
/// account cut it itself, or because the carrier takes it whole.
///
/// # Errors
/// ESME_RINVMSGLEN when it would take more than 255 segments.
pub fn cut(
    is_own_segment: bool,
    (data_coding, shifts): (u8, Shifts),
    user_data: &[u8],
    cutting: Cutting,
) -> Result<Cuts, CommandStatus> {
    // The smallest capacity is a UCS-2 segment's 140 octets. An octet of Latin-1 that becomes two
    // septets is no less: 70 of them do.
    let len = user_data.len();
    let short = len <= 140 && (len <= 70 || cutting.zero != DefaultAlphabet::Latin1);
    if short || is_own_segment || cutting.reference == Reference::Payload {
        return Ok(Cuts::default());
    }
    let too_long = CommandStatus::ESME_RINVMSGLEN;
    let alphabet = alphabet(data_coding, cutting.zero);
    let layout = Layout { alphabet, reference: cutting.reference, shifts };
    let plan = Plan::new(user_data, layout).map_err(|_| too_long)?;
    if plan.segments() == 1 {
        return Ok(Cuts::default());
    }
    let (mut ends, mut cuts) = (Vec::with_capacity(plan.segments()), Cuts::default());
    for range in plan.ranges(user_data) {
        ends.push(u16::try_from(range.end).map_err(|_| too_long)?);
        let longest = |alphabet, before: u16| before.max(units(range.of(user_data), alphabet));
        cuts.longest = longest(Alphabet::of(data_coding, DefaultAlphabet::Gsm7), cuts.longest);
        if data_coding == LATIN_1 {
            cuts.longest_as_septets = longest(Alphabet::Latin1Default, cuts.longest_as_septets);
        }
    }
    Ok(Cuts { ends: ends.into(), ..cuts })
}

/// Units of the text of one segment, as the radio carries it.
fn units(text: &[u8], alphabet: Alphabet) -> u16 {
    let plan = Plan::new(text, Layout::new(alphabet)).ok();
    plan.and_then(|plan| u16::try_from(plan.units()).ok()).unwrap_or(u16::MAX)
}

/// Whether the text of a segment leaves room for a header of so many octets.
fn leaves_room(units: u16, alphabet: Alphabet, header: usize) -> bool {
    usize::from(units) <= capacity(alphabet, header)
}

/// Whether a carrier that wants long messages so can take a message that was planned for another
/// one, as it was planned: its segments are billed already.
#[must_use]
pub fn fits(message: &Message, cutting: Cutting) -> bool {
    let octets = message.user_data.octets();
    let own = || is_own_segment(message.esm_class, Tlvs::take(&message.tlvs).0);
    if !cutting.encodings.takes(message.data_coding) && is_text(message.data_coding) && !own() {
        return false;
    }
    if cutting.zero != DefaultAlphabet::Gsm7 && message.data_coding == 0 {
        let writes = message.shifts.is_default() && can_write(cutting.zero, octets);
        if !writes && !own() {
            return false;
        }
    }
    if message.cuts.ends.is_empty() {
        let cuts = cut(own(), (message.data_coding, message.shifts), octets, cutting);
        return cuts.is_ok_and(|cuts| cuts.ends.is_empty());
    }
    // Where payloads are taken, segments are too; with SAR the SMSC makes the header.
    let wide = cutting.reference == Reference::Udh16;
    has_room(message, cutting.zero, wide)
}

/// Whether each segment of a message leaves room for its header where data_coding 0 is `zero`: with
/// `wide`, one with a reference of 16 bits.
fn has_room(message: &Message, zero: DefaultAlphabet, wide: bool) -> bool {
    let header = CONCATENATION_OCTETS + usize::from(wide) + 3 * message.shifts.elements();
    let alphabet = alphabet(message.data_coding, zero);
    let longest = match alphabet {
        Alphabet::Latin1Default => message.cuts.longest_as_septets,
        _ => message.cuts.longest,
    };
    leaves_room(longest, alphabet, header)
}

/// How one carrier wants its segments written.
#[derive(Clone, Copy, Debug)]
pub struct Writing {
    /// As [`Cutting::zero`].
    pub zero: DefaultAlphabet,
    /// How segments are tied together.
    pub reference: Reference,
    /// Whether those that an account cut itself are tied together so too.
    pub converts: bool,
    /// The greatest reference, at least 1; after it comes 1 again.
    pub reference_max: u16,
    /// Bits 0 and 1 of an `esm_class` that has none of them set (SMPP 3.4 §5.2.12).
    pub esm_class_mode: u8,
    /// Bits that each message's esm_class has beside its own.
    pub esm_class_bits: u8,
    /// The priority_flag that it wants in all messages; `None` is that of each.
    pub priority_flag: Option<u8>,
    /// `service_type` of messages that have none.
    pub service_type: ServiceType,
    /// Octets of the addresses that it takes.
    pub address_octets_max: usize,
    /// Whether it must do without TLVs: we bind to it with an older version (SMPP 3.4 §3.3).
    pub no_tlvs: bool,
}

impl Default for Writing {
    fn default() -> Self {
        Self {
            zero: DefaultAlphabet::Gsm7,
            reference: Reference::Udh8,
            converts: false,
            reference_max: u16::MAX,
            esm_class_mode: 0,
            esm_class_bits: 0,
            priority_flag: None,
            service_type: ServiceType::default(),
            address_octets_max: usize::from(STANDARD_ADDRESS_OCTETS),
            no_tlvs: false,
        }
    }
}

/// Whether a carrier takes addresses of their length (quirk 53).
///
/// # Errors
/// ESME_RINVSRCADR or ESME_RINVDSTADR for the one that is too long.
pub fn addresses_fit(
    source: &[u8],
    destination: &[u8],
    octets_max: usize,
) -> Result<(), CommandStatus> {
    match (source.len() > octets_max, destination.len() > octets_max) {
        (true, _) => Err(CommandStatus::ESME_RINVSRCADR),
        (_, true) => Err(CommandStatus::ESME_RINVDSTADR),
        _ => Ok(()),
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
            let may_be_marked = writing.converts || writing.no_tlvs;
            match may_be_marked.then(|| own::marked(message, writing)).flatten() {
                Some(marked) => self.marked(&marked, tlvs, &mut submit),
                None => self.whole(message, tlvs, &mut submit),
            }
            return submit;
        }
        let reference = within(reference, writing);
        self.tlvs.clear();
        self.tlvs.extend_from_slice(tlvs);
        let (width, sequence) = (width(message, writing), segment + 1);
        let concatenation = Concatenation { reference, width, total: segments, sequence };
        let mut in_header = Some(concatenation);
        if writing.reference == Reference::Sar {
            in_header = None;
            sar::put(&mut self.tlvs, concatenation);
        }
        let header = Header::of(in_header, message.shifts);
        submit.esm_class |= put_user_data(&mut self.user_data, &header, message.segment(segment));
        submit.short_message = &self.user_data;
        submit.tlvs = Tlvs::take(&self.tlvs).0;
        submit
    }

    /// A segment that its account cut itself, in the marks that its carrier wants.
    fn marked<'a>(
        &'a mut self,
        Marked { header, sar, body }: &Marked<'_>,
        tlvs: &[u8],
        submit: &mut SubmitSm<'a>,
    ) {
        self.tlvs.clear();
        for tlv in Tlvs::take(tlvs).0.iter().filter(|tlv| !sar::TAGS.contains(&tlv.tag)) {
            // It was as long when it came.
            let _ = put_tlv(&mut self.tlvs, tlv.tag, tlv.value);
        }
        sar.iter().for_each(|sar| sar::put(&mut self.tlvs, *sar));
        submit.esm_class &= !UDHI;
        submit.esm_class |= put_user_data(&mut self.user_data, header, body);
        submit.short_message = &self.user_data;
        submit.tlvs = Tlvs::take(&self.tlvs).0;
    }

    fn whole<'a>(&'a mut self, message: &'a Message, tlvs: &'a [u8], submit: &mut SubmitSm<'a>) {
        let mut octets = message.user_data.octets();
        if !message.shifts.is_default() {
            let header = Header::of(None, message.shifts);
            submit.esm_class |= put_user_data(&mut self.user_data, &header, octets);
            octets = &self.user_data;
        }
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

/// Puts a text behind its header, and gives the bit of `esm_class` that says that there is one.
fn put_user_data(out: &mut Vec<u8>, header: &Header, text: &[u8]) -> u8 {
    out.clear();
    out.extend_from_slice(header.as_octets());
    out.extend_from_slice(text);
    if header.as_octets().is_empty() { 0 } else { UDHI }
}

/// The width of the reference: that which the carrier wants, if the segments leave room for it. A
/// message that waited while that was changed is planned, and billed, as it was before.
fn width(message: &Message, writing: &Writing) -> ReferenceWidth {
    let wide = writing.reference == Reference::Udh16 && has_room(message, writing.zero, true);
    if wide { ReferenceWidth::Bits16 } else { ReferenceWidth::Bits8 }
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
        esm_class: message.esm_class | mode | writing.esm_class_bits,
        protocol_id: message.protocol_id,
        priority_flag: writing.priority_flag.unwrap_or(message.priority_flag),
        registered_delivery: match message.asks_for_all {
            true => message.registered_delivery & !0x03 | 0x01,
            false => message.registered_delivery,
        },
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
