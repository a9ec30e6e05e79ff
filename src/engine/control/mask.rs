//! What is hidden in a captured PDU: passwords always; texts and the digits of numbers unless they
//! were asked for.

use std::ops::Range;

use crate::wire::{
    COctetString, CommandId, DestAddress, HEADER_LEN, Header, Pdu, Rules, TlvTag, UDHI, Value,
};

/// What stands for an octet that is hidden.
const HIDDEN: u8 = b'*';
/// Digits of a number that may be a short code, which is nobody's.
const SHORT_DIGITS: usize = 8;
/// The bits of esm_class that say that it is a receipt (SMPP 3.4 §5.2.12).
const MESSAGE_TYPE: u8 = 0x3c;
const RECEIPT: u8 = 0x04;
/// TLVs that hold a number or words, besides message_payload and those of no edition.
const TOLD: [TlvTag; 5] = [
    TlvTag::SOURCE_SUBADDRESS,
    TlvTag::DEST_SUBADDRESS,
    TlvTag::CALLBACK_NUM,
    TlvTag::CALLBACK_NUM_ATAG,
    TlvTag::ADDITIONAL_STATUS_INFO_TEXT,
];

/// Hides in one whole PDU what is not to be seen; with `whole` that is its password alone. Its
/// length stays. Of what cannot be read the body is hidden.
pub fn mask(pdu: &mut [u8], whole: bool) {
    let hidden = match Pdu::decode(pdu, &Rules::default()) {
        Ok((header, read)) => {
            let mut look = Look { whole, hidden: Vec::new(), esm_class: 0, base: address(pdu) };
            look.at(header, &read);
            look.hidden
        }
        // A bind that is no bind may have a password all the same.
        Err(_) if whole && !is_bind(pdu) => Vec::new(),
        Err(_) => vec![(HEADER_LEN..pdu.len(), How::All)],
    };
    for (range, how) in hidden {
        let Some(octets) = pdu.get_mut(range) else { continue };
        match how {
            How::All => octets.fill(HIDDEN),
            How::Digits => hide_digits(octets),
        }
    }
}

/// How octets are hidden.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum How {
    /// All of them.
    All,
    /// The digits behind the first few, so that the country can be seen and nobody is.
    Digits,
}

/// What is found in one PDU, as ranges of its octets.
struct Look {
    whole: bool,
    hidden: Vec<(Range<usize>, How)>,
    esm_class: u8,
    base: usize,
}

impl Look {
    fn at(&mut self, header: Header, pdu: &Pdu<'_>) {
        let delivers = matches!(header.command_id, CommandId::DELIVER_SM | CommandId::DATA_SM);
        pdu.visit(&mut |name, value| match (name, value) {
            ("esm_class", Value::Int(octet)) => self.esm_class = octet,
            ("password", Value::CString(string)) => self.hide(string.octets(), How::All),
            ("short_message", Value::Octets(text)) => self.text(delivers, text),
            ("source_addr" | "destination_addr" | "esme_addr", Value::CString(string)) => {
                self.number(string);
            }
            (_, Value::DestAddresses(all)) => {
                for one in all.iter() {
                    match one {
                        DestAddress::Sme { destination_addr, .. } => self.number(destination_addr),
                        DestAddress::DistributionList { .. } => {}
                    }
                }
            }
            (_, Value::UnsuccessSmes(all)) => {
                all.iter().for_each(|one| self.number(one.destination_addr));
            }
            _ => {}
        });
        for tlv in pdu.tlvs().iter() {
            let may_tell = TOLD.contains(&tlv.tag) || tlv.tag.name().is_none();
            if tlv.tag == TlvTag::MESSAGE_PAYLOAD {
                self.text(delivers, tlv.value);
            } else if may_tell && !self.whole {
                self.hide(tlv.value, How::All);
            }
        }
    }

    fn number(&mut self, number: COctetString<'_>) {
        if !self.whole {
            self.hide(number.octets(), How::Digits);
        }
    }

    /// Of a text its header is left, and of a receipt what it reports.
    fn text(&mut self, delivers: bool, text: &[u8]) {
        if self.whole {
            return;
        }
        let shown = match text {
            _ if self.esm_class & UDHI != 0 => header_len(text).unwrap_or_default(),
            _ if delivers && self.esm_class & MESSAGE_TYPE == RECEIPT => {
                let mut words = text.windows(5);
                words.position(|word| word.eq_ignore_ascii_case(b"text:")).map_or(0, |at| at + 5)
            }
            _ => 0,
        };
        self.hide(text.get(shown..).unwrap_or_default(), How::All);
    }

    fn hide(&mut self, octets: &[u8], how: How) {
        let from = address(octets).saturating_sub(self.base);
        self.hidden.push((from..from + octets.len(), how));
    }
}

/// Where octets stand in memory: what was read from a PDU stands inside it.
fn address(octets: &[u8]) -> usize {
    octets.as_ptr() as usize
}

/// Octets of the user data header before a text; `None` if its elements are not what it says, as
/// where a text has none in truth.
fn header_len(text: &[u8]) -> Option<usize> {
    let length = usize::from(*text.first()?);
    let mut elements = text.get(1..=length)?;
    while let [_, length, rest @ ..] = elements {
        elements = rest.get(usize::from(*length)..)?;
    }
    elements.is_empty().then_some(length + 1)
}

fn is_bind(pdu: &[u8]) -> bool {
    let binds =
        [CommandId::BIND_RECEIVER, CommandId::BIND_TRANSMITTER, CommandId::BIND_TRANSCEIVER];
    let others = [CommandId::OUTBIND];
    Header::read(pdu).is_none_or(|header| {
        binds.contains(&header.command_id) || others.contains(&header.command_id)
    })
}

fn hide_digits(octets: &mut [u8]) {
    let digits = octets.iter().filter(|octet| octet.is_ascii_digit()).count();
    let shown = digits.saturating_sub(6).min(5);
    for digit in octets.iter_mut().filter(|octet| octet.is_ascii_digit()).skip(shown) {
        *digit = HIDDEN;
    }
}

/// A sender of ours as it is shown: of a long number some digits are hidden in the middle, so that
/// it can be told from others of ours.
pub fn sender(octets: &[u8]) -> String {
    let mut shown = octets.to_vec();
    let digits = octets.iter().filter(|octet| octet.is_ascii_digit()).count();
    if digits > SHORT_DIGITS {
        let all = shown.iter_mut().filter(|octet| octet.is_ascii_digit());
        all.skip(digits - 7).take(4).for_each(|digit| *digit = HIDDEN);
    }
    String::from_utf8_lossy(&shown).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::table::{BindTransceiver, DeliverSm, SubmitSm};
    use crate::wire::{Body, CommandStatus, Tlvs};

    fn octets<'a, B: Body<'a>>(body: &B) -> Vec<u8> {
        let mut octets = vec![0; 1024];
        let length = body.encode_to(&mut octets, CommandStatus::ESME_ROK, 7).unwrap().unwrap();
        octets.truncate(length);
        octets
    }

    fn has(pdu: &[u8], what: &[u8]) -> bool {
        pdu.windows(what.len()).any(|window| window == what)
    }

    fn submit() -> Vec<u8> {
        octets(&SubmitSm {
            source_addr: COctetString::from("Shop"),
            destination_addr: COctetString::from("33612345678"),
            esm_class: UDHI,
            short_message: b"\x05\x00\x03\x01\x02\x01your code is 4711",
            tlvs: Tlvs::take(
                b"\x04\x24\x00\x04code\x03\x81\x00\x05\x01\x01\x0147\x14\x01\x00\x04wine",
            )
            .0,
            ..SubmitSm::default()
        })
    }

    #[test]
    fn numbers_and_texts_are_hidden_and_everything_else_stays() {
        let mut pdu = submit();
        let (length, before) = (pdu.len(), pdu.clone());
        mask(&mut pdu, false);
        assert_eq!(pdu.len(), length);
        assert!(has(&pdu, b"Shop\0") && has(&pdu, b"33612******\0"));
        assert!(has(&pdu, b"\x05\x00\x03\x01\x02\x01*****************"), "the header stays");
        for hidden in ["4711", "code", "47", "wine"] {
            assert!(!has(&pdu, hidden.as_bytes()), "{hidden}");
        }
        assert!(Pdu::decode(&pdu, &Rules::default()).is_ok());
        let mut whole = before.clone();
        mask(&mut whole, true);
        assert_eq!(whole, before);
    }

    #[test]
    fn a_password_is_hidden_always_also_in_a_bind_that_cannot_be_read() {
        let bind = octets(&BindTransceiver {
            system_id: COctetString::from("esme"),
            password: COctetString::from("secret"),
            ..BindTransceiver::default()
        });
        for whole in [false, true] {
            let mut pdu = bind.clone();
            mask(&mut pdu, whole);
            assert!(has(&pdu, b"esme\0******\0"));
            let mut torn = bind.clone();
            torn.pop();
            mask(&mut torn, whole);
            assert!(!has(&torn, b"secret"));
            assert_eq!(torn.get(..HEADER_LEN), bind.get(..HEADER_LEN));
        }
    }

    #[test]
    fn a_sender_of_ours_can_be_told_from_another() {
        assert_eq!(sender(b"16505550123"), "1650****123");
        assert_eq!(sender(b"+4915112345678"), "+491511****678");
        assert_eq!([sender(b"36105"), sender(b"Shop24")], ["36105", "Shop24"]);
    }

    #[test]
    fn of_a_receipt_what_it_reports_is_shown() {
        let mut pdu = octets(&DeliverSm {
            source_addr: COctetString::from("33612345678"),
            esm_class: RECEIPT,
            short_message: b"id:0123 stat:DELIVRD err:000 Text:your code",
            ..DeliverSm::default()
        });
        mask(&mut pdu, false);
        assert!(has(&pdu, b"id:0123 stat:DELIVRD err:000 Text:*********"));
    }
}
