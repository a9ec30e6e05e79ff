//! The commands that submit a message, to what they have in common: ends, text and serial.

use super::receipt::{Inline, Party};
use crate::sim::serial::{SERIAL_LEN, Serial};
use crate::text::{Alphabet, DefaultAlphabet, Shifts, decode_lossy};
use crate::wire::table::{DataSm, SubmitMulti, SubmitSm};
use crate::wire::{COctetString, TlvTag, Tlvs, UDHI};

/// `data_coding` of UCS-2 (SMPP 3.4 §5.2.19).
const UCS2: u8 = 0x08;

/// What the three commands that submit have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct Submission<'a> {
    pub source: Side<'a>,
    pub destination: Side<'a>,
    esm_class: u8,
    pub registered_delivery: u8,
    data_coding: u8,
    short_message: &'a [u8],
    tlvs: Tlvs<'a>,
}

/// An address in a PDU.
#[derive(Clone, Copy, Debug)]
pub(super) struct Side<'a> {
    ton: u8,
    npi: u8,
    address: COctetString<'a>,
}

impl Side<'_> {
    #[inline]
    pub fn octets(&self) -> &[u8] {
        self.address.octets()
    }

    #[inline]
    pub fn kept(self) -> Party {
        Party { ton: self.ton, npi: self.npi, address: Inline::new(self.address.octets()) }
    }
}

impl<'a> Submission<'a> {
    /// What it says, as far as it can be read.
    pub fn said(&self) -> String {
        let alphabet = Alphabet::of(self.data_coding, DefaultAlphabet::Gsm7);
        decode_lossy(self.text(), alphabet, Shifts::NONE)
    }

    #[inline]
    pub fn of_submit_sm(pdu: &SubmitSm<'a>) -> Self {
        Self {
            source: Side {
                ton: pdu.source_addr_ton,
                npi: pdu.source_addr_npi,
                address: pdu.source_addr,
            },
            destination: Side {
                ton: pdu.dest_addr_ton,
                npi: pdu.dest_addr_npi,
                address: pdu.destination_addr,
            },
            esm_class: pdu.esm_class,
            registered_delivery: pdu.registered_delivery,
            data_coding: pdu.data_coding,
            short_message: pdu.short_message,
            tlvs: pdu.tlvs,
        }
    }

    pub fn of_data_sm(pdu: &DataSm<'a>) -> Self {
        Self {
            source: Side {
                ton: pdu.source_addr_ton,
                npi: pdu.source_addr_npi,
                address: pdu.source_addr,
            },
            destination: Side {
                ton: pdu.dest_addr_ton,
                npi: pdu.dest_addr_npi,
                address: pdu.destination_addr,
            },
            esm_class: pdu.esm_class,
            registered_delivery: pdu.registered_delivery,
            data_coding: pdu.data_coding,
            short_message: &[],
            tlvs: pdu.tlvs,
        }
    }

    /// One message with one id; there are no receipts for its many destinations.
    pub fn of_multi(pdu: &SubmitMulti<'a>) -> Self {
        let source =
            Side { ton: pdu.source_addr_ton, npi: pdu.source_addr_npi, address: pdu.source_addr };
        Self {
            source,
            destination: source,
            esm_class: pdu.esm_class,
            registered_delivery: 0,
            data_coding: pdu.data_coding,
            short_message: pdu.short_message,
            tlvs: pdu.tlvs,
        }
    }

    /// The text without its user data header, in short_message or message_payload.
    #[inline]
    pub fn text(&self) -> &'a [u8] {
        let whole = if self.short_message.is_empty() {
            self.tlvs.octets_of(TlvTag::MESSAGE_PAYLOAD).unwrap_or_default()
        } else {
            self.short_message
        };
        match whole.first() {
            Some(&len) if self.esm_class & UDHI != 0 => {
                whole.get(1 + usize::from(len)..).unwrap_or_default()
            }
            _ => whole,
        }
    }

    #[inline]
    pub fn serial(&self) -> Option<Serial> {
        let text = self.text();
        if self.data_coding != UCS2 {
            return Serial::read(text);
        }
        let mut plain = [0; SERIAL_LEN];
        for (to, from) in plain.iter_mut().zip(text.as_chunks::<2>().0) {
            *to = if from[0] == 0 { from[1] } else { 0 };
        }
        Serial::read(&plain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn submit(esm_class: u8, data_coding: u8, short_message: &[u8]) -> Option<Serial> {
        let pdu = SubmitSm { esm_class, data_coding, short_message, ..SubmitSm::default() };
        Submission::of_submit_sm(&pdu).serial()
    }

    #[test]
    fn the_serial_is_found_behind_a_header_in_ucs2_and_in_a_payload() {
        let serial = Serial::new(7, 42);
        let text = serial.octets();
        assert_eq!(submit(0, 0, &text), Some(serial));
        let with_header = [&[5, 0, 3, 9, 2, 1][..], &text].concat();
        assert_eq!(submit(UDHI, 0, &with_header), Some(serial));
        let wide: Vec<u8> = text.iter().flat_map(|&octet| [0, octet]).collect();
        assert_eq!(submit(0, UCS2, &wide), Some(serial));
        let payload = [&[0x04, 0x24, 0, 17][..], &text].concat();
        let data = DataSm { tlvs: Tlvs::take(&payload).0, ..DataSm::default() };
        assert_eq!(Submission::of_data_sm(&data).serial(), Some(serial));
    }

    #[test]
    fn other_texts_have_none() {
        let second = [&[5, 0, 3, 9, 2, 2][..], b"the rest of it"].concat();
        assert_eq!(submit(UDHI, 0, &second), None);
        assert_eq!(submit(UDHI, 0, &[200, 1]), None);
        assert_eq!(submit(0, 0, b""), None);
    }
}
