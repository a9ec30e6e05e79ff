//! An accepted message to the deliver_sm that says what became of it.

use std::time::Duration;

use super::ids::Id;
use super::settings::{ReceiptForm, Settings};
use crate::clock::Now;
use crate::message::receipt::{ReceiptError, ReceiptFormat, ReceiptLine};
use crate::message::state::MessageState;
use crate::wire::table::DeliverSm;
use crate::wire::tlv::put_tlv;
use crate::wire::{COctetString, TlvTag, Tlvs};

/// `esm_class` of an SMSC delivery receipt (SMPP 3.4 §5.2.12).
const ESM_CLASS_RECEIPT: u8 = 0x04;
/// The network type GSM in network_error_code (SMPP 3.4 §5.3.2.31).
const NETWORK_GSM: u8 = 3;

/// Octets kept in place, up to `N` of them: what waits must not cost an allocation each.
#[derive(Clone, Copy, Debug)]
pub struct Inline<const N: usize> {
    len: u8,
    octets: [u8; N],
}

impl<const N: usize> Inline<N> {
    /// The first `N` of these octets.
    #[inline]
    #[must_use]
    pub fn new(from: &[u8]) -> Self {
        let mut octets = [0; N];
        let len = from.len().min(N);
        octets[..len].copy_from_slice(&from[..len]);
        Self { len: len as u8, octets }
    }

    /// The octets.
    #[inline]
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.octets[..usize::from(self.len)]
    }
}

/// One end of a message: its address, cut at the twenty octets that submit_sm allows.
#[derive(Clone, Copy, Debug)]
pub struct Party {
    /// Type of number.
    pub ton: u8,
    /// Numbering plan indicator.
    pub npi: u8,
    /// The address.
    pub address: Inline<20>,
}

/// A receipt that is due, or out and not yet answered.
#[derive(Clone, Copy, Debug)]
pub struct Receipt {
    /// The message's number, which its ids are made of.
    pub number: u64,
    /// When the receipt goes out, on the monotonic clock.
    pub due: Duration,
    /// When the message came: seconds since 1970.
    pub submitted_secs: u32,
    /// Where the message went; the receipt comes from there.
    pub destination: Party,
    /// Where the message came from; the receipt goes there.
    pub source: Party,
    /// How the message begins.
    pub quote: Inline<{ ReceiptLine::TEXT_OCTETS }>,
    /// What became of it.
    pub state: MessageState,
}

/// Makes deliver_sm of receipts, in buffers that are used again.
#[derive(Debug, Default)]
pub struct Press {
    text: Vec<u8>,
    tlvs: Vec<u8>,
    /// What stands between id and quote, by state: it changes once a minute.
    middles: [Middle; STATES],
}

/// A piece of receipt text that many receipts share.
#[derive(Debug, Default)]
struct Middle {
    /// The minutes of the submit date and the done date.
    minutes: (u64, u64),
    text: Vec<u8>,
}

/// States with a number small enough for a middle of their own; the others share the last one's
/// place, where each makes its own anew.
const STATES: usize = 11;
/// What a receipt's text begins with, before its id.
const ID_LABEL: &[u8] = b"id:";

impl Press {
    /// The deliver_sm of a receipt.
    pub fn print<'a>(
        &'a mut self,
        settings: &Settings,
        receipt: &'a Receipt,
        now: Now,
    ) -> DeliverSm<'a> {
        let id = Id::in_receipt(settings.id, settings.receipt_id, receipt.number);
        self.text.clear();
        self.tlvs.clear();
        if settings.receipts != ReceiptForm::Tlv {
            self.write_text(receipt, &id, now);
        }
        if settings.receipts != ReceiptForm::Text {
            self.write_tlvs(receipt, &id);
        }
        DeliverSm {
            source_addr_ton: receipt.destination.ton,
            source_addr_npi: receipt.destination.npi,
            source_addr: COctetString::new(receipt.destination.address.octets()),
            dest_addr_ton: receipt.source.ton,
            dest_addr_npi: receipt.source.npi,
            destination_addr: COctetString::new(receipt.source.address.octets()),
            esm_class: ESM_CLASS_RECEIPT,
            short_message: &self.text,
            tlvs: Tlvs::take(&self.tlvs).0,
            ..DeliverSm::default()
        }
    }

    fn write_text(&mut self, receipt: &Receipt, id: &Id, now: Now) {
        let submitted = Duration::from_secs(u64::from(receipt.submitted_secs));
        let minutes = (submitted.as_secs() / 60, now.wall.as_secs() / 60);
        let at = usize::from(receipt.state.0).min(STATES - 1);
        if let Some(middle) = self.middles.get_mut(at) {
            if middle.minutes != minutes || middle.text.is_empty() || at == STATES - 1 {
                middle.minutes = minutes;
                middle.write(receipt.state, submitted, now.wall);
            }
            self.text.extend_from_slice(ID_LABEL);
            self.text.extend_from_slice(id.octets());
            self.text.extend_from_slice(&middle.text);
        }
        self.text.extend_from_slice(receipt.quote.octets());
    }

    fn write_tlvs(&mut self, receipt: &Receipt, id: &Id) {
        // All of these are far below what a length can say.
        let mut text = [0; 40];
        let len = id.octets().len();
        text[..len].copy_from_slice(id.octets());
        let _ = put_tlv(&mut self.tlvs, TlvTag::RECEIPTED_MESSAGE_ID, &text[..=len]);
        let _ = put_tlv(&mut self.tlvs, TlvTag::MESSAGE_STATE, &[receipt.state.0]);
        if is_failure(receipt.state) {
            let error = [NETWORK_GSM, 0, 1];
            let _ = put_tlv(&mut self.tlvs, TlvTag::NETWORK_ERROR_CODE, &error);
        }
    }
}

impl Middle {
    fn write(&mut self, state: MessageState, submitted: Duration, done: Duration) {
        let delivered = state == MessageState::DELIVERED;
        let line = ReceiptLine {
            id: b"",
            sub: 1,
            dlvrd: u16::from(delivered),
            submitted,
            done,
            state,
            error: ReceiptError::Number(u32::from(is_failure(state))),
            text: b"",
        };
        self.text.clear();
        line.write(ReceiptFormat::Standard, 0, &mut self.text);
        self.text.drain(..ID_LABEL.len());
    }
}

/// Whether something went wrong for a message to be in this state.
fn is_failure(state: MessageState) -> bool {
    !matches!(
        state,
        MessageState::SCHEDULED
            | MessageState::ENROUTE
            | MessageState::DELIVERED
            | MessageState::ACCEPTED
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::receipt::ReceiptText;

    fn receipt(number: u64, state: MessageState, submitted_secs: u32) -> Receipt {
        let address = Inline::new(b"46700000001");
        let party = Party { ton: 1, npi: 1, address };
        Receipt {
            number,
            due: Duration::ZERO,
            submitted_secs,
            destination: party,
            source: party,
            quote: Inline::new(b"#0000000000000001 hello and more"),
            state,
        }
    }

    #[test]
    fn a_printed_receipt_says_what_the_message_became() {
        let mut press = Press::default();
        let settings = Settings::default();
        // 2026-11-20T18:46:05Z.
        let mut now = Now { monotonic: Duration::ZERO, wall: Duration::from_secs(1_795_200_365) };
        for step in 0..50_u32 {
            now = now.plus(Duration::from_secs(20));
            let submitted = 1_795_200_000 + step * 7;
            let state = MessageState([2, 5, 6, 8, 200, 201][step as usize % 6]);
            let receipt = receipt(u64::from(step), state, submitted);
            let deliver = press.print(&settings, &receipt, now);
            let text = ReceiptText::parse(deliver.short_message);
            let id = format!("{step:016x}");
            assert_eq!(text.id, Some(id.as_bytes()));
            assert_eq!(text.stat, Some(state.stat().as_bytes()));
            assert_eq!(text.text, Some(&b"#0000000000000001 he"[..]));
            let minute = |secs: u64| Duration::from_secs(secs / 60 * 60);
            assert_eq!(text.submitted().unwrap().to_wall(0), minute(u64::from(submitted)));
            assert_eq!(text.done().unwrap().to_wall(0), minute(now.wall.as_secs()));
            let tlvs = deliver.tlvs;
            assert_eq!(tlvs.find(TlvTag::RECEIPTED_MESSAGE_ID).unwrap().text(), text.id);
            assert_eq!(tlvs.int(TlvTag::MESSAGE_STATE), Some(u32::from(state.0)));
            let failed = ![2, 6].contains(&state.0);
            assert_eq!(text.err_number(), Some(u32::from(failed)), "{state}");
            assert_eq!(tlvs.find(TlvTag::NETWORK_ERROR_CODE).is_some(), failed, "{state}");
        }
    }
}
