//! One submit_sm, encoded once, to every message of a run: destination and serial are filled in.

use super::settings::{Receipts, Settings};
use crate::sim::digits::decimal8;
use crate::sim::serial::{SERIAL_LEN, Serial};
use crate::wire::table::{Body, SubmitSm};
use crate::wire::tlv::put_tlv;
use crate::wire::{COctetString, CommandStatus, EncodeError, HEADER_LEN, TlvTag, Tlvs};

/// Octets of the text of a message of one segment: with its addresses a submit_sm of about 110.
const TEXT_LEN: usize = 64;
/// Septets of a segment beside the longer of the two concatenation headers (3GPP TS 23.040
/// §9.2.3.24.8). So long a text makes the same number of segments with either header.
const SEGMENT_TEXT: usize = 152;
/// Segments above which that is no longer so.
pub const SEGMENTS_MAX: u8 = 150;
const _: () = assert!(SEGMENT_TEXT * SEGMENTS_MAX as usize > 153 * (SEGMENTS_MAX as usize - 1));

/// The destination's digits that change.
const DIGITS: usize = 8;

/// The submit_sm all messages of a run are made from.
#[derive(Clone, Debug)]
pub struct Template {
    frame: Vec<u8>,
    /// Where the changing digits of the destination stand, behind the header.
    digits_at: usize,
    /// Where the serial stands, behind the header.
    serial_at: usize,
}

impl Template {
    /// The template of these settings.
    ///
    /// # Errors
    /// When an address is too long.
    pub fn new(settings: &Settings) -> Result<Self, EncodeError> {
        let mut text = Serial(0).octets().to_vec();
        let long = settings.segments > 1;
        let len = if long { SEGMENT_TEXT * usize::from(settings.segments) } else { TEXT_LEN };
        text.extend(b" load from chappe".iter().cycle().take(len - SERIAL_LEN));
        let mut payload = Vec::new();
        if long {
            // At most 150 segments of 152 octets, far below what a length can say.
            let _ = put_tlv(&mut payload, TlvTag::MESSAGE_PAYLOAD, &text);
        }
        let destination = [settings.prefix.as_bytes(), &[b'0'; DIGITS]].concat();
        let source = numbering(&settings.source);
        let submit = SubmitSm {
            source_addr_ton: source.0,
            source_addr_npi: source.1,
            source_addr: COctetString::from(settings.source.as_str()),
            dest_addr_ton: INTERNATIONAL.0,
            dest_addr_npi: INTERNATIONAL.1,
            destination_addr: COctetString::new(&destination),
            registered_delivery: u8::from(settings.receipts == Receipts::Asked),
            short_message: if long { &[] } else { &text },
            tlvs: Tlvs::take(&payload).0,
            ..SubmitSm::default()
        };
        let mut frame = Vec::new();
        submit.encode(CommandStatus::ESME_ROK, 0, &mut frame)?;
        let body = &frame[HEADER_LEN..];
        let find = |octets: &[u8]| body.windows(octets.len()).position(|window| window == octets);
        let serial_at = find(&Serial(0).octets()).unwrap_or_default();
        let digits_at = find(&destination).unwrap_or_default() + settings.prefix.len();
        Ok(Self { frame, digits_at, serial_at })
    }

    /// The whole PDU, its sequence number, destination and serial still to be filled in.
    #[inline]
    #[must_use]
    pub fn frame(&self) -> &[u8] {
        &self.frame
    }

    /// Fills a copy's body in.
    #[inline]
    pub fn fill(&self, body: &mut [u8], destination: u32, serial: Serial) {
        if let Some(digits) = body.get_mut(self.digits_at..self.digits_at + DIGITS) {
            digits.copy_from_slice(&decimal8(destination));
        }
        if let Some(text) = body.get_mut(self.serial_at..self.serial_at + SERIAL_LEN) {
            text.copy_from_slice(&serial.octets());
        }
    }
}

/// TON and NPI of an international number (SMPP 3.4 §5.2.5, §5.2.6).
const INTERNATIONAL: (u8, u8) = (1, 1);

/// TON and NPI of a sender: alphanumeric, short code or number.
fn numbering(source: &str) -> (u8, u8) {
    match source {
        _ if !source.bytes().all(|octet| octet.is_ascii_digit()) => (5, 0),
        _ if source.len() <= 6 => (3, 0),
        _ => INTERNATIONAL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Rules;

    fn filled(settings: &Settings, destination: u32, serial: Serial) -> Vec<u8> {
        let template = Template::new(settings).unwrap();
        let mut frame = template.frame().to_vec();
        template.fill(&mut frame[HEADER_LEN..], destination, serial);
        frame
    }

    #[test]
    fn a_filled_template_is_the_message() {
        let serial = Serial::new(9, 42);
        let settings = Settings { receipts: Receipts::Asked, ..Settings::default() };
        let frame = filled(&settings, 1234, serial);
        let (_, submit) = SubmitSm::decode(&frame, &Rules::STRICT).unwrap();
        assert_eq!(submit.destination_addr.octets(), b"46700001234");
        assert_eq!(submit.source_addr.octets(), b"12345");
        assert_eq!((submit.source_addr_ton, submit.registered_delivery), (3, 1));
        assert_eq!(submit.short_message.len(), TEXT_LEN);
        assert_eq!(Serial::read(submit.short_message), Some(serial));
    }

    #[test]
    fn a_prefix_of_noughts_does_not_mislead_the_digits() {
        let settings = Settings { prefix: "0000".into(), ..Settings::default() };
        let frame = filled(&settings, 87_654_321, Serial(0));
        let (_, submit) = SubmitSm::decode(&frame, &Rules::STRICT).unwrap();
        assert_eq!(submit.destination_addr.octets(), b"000087654321");
    }

    #[test]
    fn a_long_text_travels_whole_in_message_payload() {
        let serial = Serial::new(9, 42);
        for segments in [2, 3, SEGMENTS_MAX] {
            let frame = filled(&Settings { segments, ..Settings::default() }, 0, serial);
            let (_, submit) = SubmitSm::decode(&frame, &Rules::STRICT).unwrap();
            let payload = submit.tlvs.octets_of(TlvTag::MESSAGE_PAYLOAD).unwrap();
            assert_eq!(Serial::read(payload), Some(serial));
            assert!(submit.short_message.is_empty());
            for per_segment in [152, 153] {
                assert_eq!(payload.len().div_ceil(per_segment), usize::from(segments));
            }
        }
    }
}
