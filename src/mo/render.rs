//! A message from a handset to the deliver_sm that its owner gets.

use super::MoMessage;
use crate::message::sar;
use crate::text::udh::ReferenceWidth;
use crate::text::{Concatenation, Header, Shifts};
use crate::wire::table::DeliverSm;
use crate::wire::tlv::put_tlv;
use crate::wire::{COctetString, SHORT_MESSAGE_MAX, TlvTag, Tlvs, UDHI};

/// Makes PDUs of messages in buffers it reuses.
#[derive(Debug, Default)]
pub struct MoRenderer {
    user_data: Vec<u8>,
    tlvs: Vec<u8>,
}

impl MoRenderer {
    /// The message as it came. A session that knows no TLVs gets the text that stood in one in
    /// short_message, behind a UDH that says which segment it is if TLVs did; of a text that is too
    /// long for that it gets the TLV all the same: without it there is no text at all.
    pub fn render<'a>(&'a mut self, message: &'a MoMessage, no_tlvs: bool) -> DeliverSm<'a> {
        let deliver = DeliverSm {
            service_type: COctetString::new(&message.service_type),
            source_addr_ton: message.source.ton,
            source_addr_npi: message.source.npi,
            source_addr: message.source.as_field(),
            dest_addr_ton: message.destination.ton,
            dest_addr_npi: message.destination.npi,
            destination_addr: message.destination.as_field(),
            esm_class: message.esm_class,
            protocol_id: message.protocol_id,
            priority_flag: message.priority_flag,
            data_coding: message.data_coding,
            short_message: &message.short_message,
            tlvs: Tlvs::take(&message.tlvs).0,
            ..DeliverSm::default()
        };
        match no_tlvs && !message.tlvs.is_empty() {
            true => self.without_tlvs(message, deliver),
            false => deliver,
        }
    }

    fn without_tlvs<'a>(
        &'a mut self,
        message: &'a MoMessage,
        deliver: DeliverSm<'a>,
    ) -> DeliverSm<'a> {
        let in_tlvs = sar::read(deliver.tlvs).filter(|_| message.esm_class & UDHI == 0);
        let concatenation =
            in_tlvs.map(|one| Concatenation { width: ReferenceWidth::Bits8, ..one });
        let header = Header::of(concatenation, Shifts::NONE);
        self.user_data.clear();
        self.user_data.extend_from_slice(header.as_octets());
        self.user_data.extend_from_slice(message.user_data());
        self.tlvs.clear();
        let udhi = if concatenation.is_some() { UDHI } else { 0 };
        if self.user_data.len() > SHORT_MESSAGE_MAX {
            // It had a length in a TLV before.
            let _ = put_tlv(&mut self.tlvs, TlvTag::MESSAGE_PAYLOAD, &self.user_data);
            self.user_data.clear();
        }
        DeliverSm {
            esm_class: message.esm_class | udhi,
            short_message: &self.user_data,
            tlvs: Tlvs::take(&self.tlvs).0,
            ..deliver
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OTHER: &[u8] = &[0x02, 0x04, 0, 2, 0, 9];
    const SAR: &[u8] = &[2, 0x0c, 0, 2, 0x12, 0x34, 2, 0x0e, 0, 1, 3, 2, 0x0f, 0, 1, 2];

    fn message(esm_class: u8, text: &[u8], tlvs: &[&[u8]]) -> MoMessage {
        MoMessage { tlvs: tlvs.concat().into(), ..crate::mo::message(esm_class, text) }
    }

    fn payload(text: &[u8]) -> Vec<u8> {
        let mut tlvs = Vec::new();
        assert!(put_tlv(&mut tlvs, TlvTag::MESSAGE_PAYLOAD, text));
        tlvs
    }

    #[test]
    fn a_session_that_knows_tlvs_gets_it_as_it_came() {
        let message = message(3, b"text", &[OTHER, SAR]);
        let mut renderer = MoRenderer::default();
        let deliver = renderer.render(&message, false);
        assert_eq!((deliver.esm_class, deliver.short_message), (3, &b"text"[..]));
        assert_eq!(deliver.tlvs.octets(), [OTHER, SAR].concat());
    }

    /// SMPP 3.4 §3.3, interop quirk 52.
    #[test]
    fn a_session_that_knows_none_gets_the_text_and_which_segment_it_is() {
        let long = [b'x'; 254];
        let udh = b"\x05\x00\x03\x07\x02\x01text";
        let cases: [(MoMessage, (u8, Vec<u8>)); 5] = [
            (message(0, b"text", &[OTHER]), (0, b"text".to_vec())),
            (message(4, b"text", &[SAR]), (0x44, b"\x05\x00\x03\x34\x03\x02text".to_vec())),
            (message(0x40, udh, &[SAR]), (0x40, udh.to_vec())),
            (message(0, b"", &[&payload(b"text"), OTHER]), (0, b"text".to_vec())),
            (message(0, b"", &[&payload(&long)]), (0, long.to_vec())),
        ];
        let mut renderer = MoRenderer::default();
        for (message, (esm_class, text)) in cases {
            let deliver = renderer.render(&message, true);
            assert_eq!((deliver.esm_class, deliver.short_message), (esm_class, &text[..]));
            assert!(deliver.tlvs.octets().is_empty());
        }
        let message = message(0, b"", &[OTHER, &payload(&[b'x'; 255])]);
        let deliver = renderer.render(&message, true);
        assert!(deliver.short_message.is_empty());
        assert_eq!(deliver.tlvs.octets(), payload(&[b'x'; 255]));
    }
}
