//! What the SMSC sends of its own accord: receipts to their messages, messages to a count.

use super::ledger::{Accepted, Match};
use super::pace::nanos;
use super::parked::{Parked, Says};
use super::{Bind, Load};
use crate::clock::Now;
use crate::message::receipt::{ReceiptText, is_receipt, resolve};
use crate::message::state::{AcceptedMeans, MessageState};
use crate::sim::serial::Serial;
use crate::wire::table::DeliverSm;
use crate::wire::{TlvTag, Tlvs, UDHI};

/// Handsets whose segments' order is watched at once.
const WATCHED_MAX: usize = 10_000;

impl Load {
    /// A deliver_sm came, which its bind has answered.
    #[inline]
    pub fn delivered(&mut self, now: Now, deliver: &DeliverSm<'_>) {
        let text = text(deliver);
        self.last_at = nanos(now.monotonic);
        if is_receipt(deliver.esm_class, text) {
            self.receipt(now, deliver.tlvs, text);
        } else {
            self.handset(deliver, text);
        }
    }

    fn receipt(&mut self, now: Now, tlvs: Tlvs<'_>, text: &[u8]) {
        let tlv_id = tlvs.octets_of(TlvTag::RECEIPTED_MESSAGE_ID);
        let tlv_state = tlvs.int(TlvTag::MESSAGE_STATE).and_then(|state| u8::try_from(state).ok());
        // The TLVs win over the text, which is read only when they leave something open.
        let read = tlv_id.is_none() || tlv_state.is_none();
        let parsed = read.then(|| ReceiptText::parse(text));
        let resolved = resolve(parsed.as_ref(), tlv_id, tlv_state, None);
        match resolved.state {
            Some(state) => *self.report.receipts.entry(state).or_default() += 1,
            None => self.report.unreadable += 1,
        }
        if self.settings.bind == Bind::Receiver {
            // Who hears only, hears of messages it knows nothing of.
            return;
        }
        let (id, says) = (resolved.id.unwrap_or_default(), says(resolved.state));
        match self.ledger.settle(id, says) {
            Match::First(accepted) => self.matched(nanos(now.monotonic), accepted),
            Match::Again => self.report.duplicates += 1,
            Match::Known => {}
            Match::None => self.unmatched(now, id, says, text),
        }
    }

    #[inline]
    fn matched(&mut self, at: u64, accepted: Accepted) {
        self.receipted.enter(Serial::new(self.settings.run, accepted.number));
        self.report.receipt_latency.record(at.saturating_sub(accepted.since));
    }

    /// A response came behind its receipt.
    #[cold]
    pub(super) fn matched_early(&mut self, early: Parked, accepted: Accepted) {
        self.report.duplicates += early.repeated;
        if early.says != Says::Underway {
            self.matched(early.at, accepted);
        }
    }

    /// A receipt with an id that no response gave (yet): the message may be one whose response was
    /// lost, which the text it quotes can tell, or the response is still on its way.
    #[cold]
    fn unmatched(&mut self, now: Now, id: &[u8], says: Says, text: &[u8]) {
        let quoted = ReceiptText::parse(text).text.and_then(Serial::read);
        let number = quoted.filter(|serial| serial.run() == self.settings.run).map(Serial::number);
        let in_doubt = number.filter(|&number| match says {
            Says::Underway => self.is_in_doubt(number),
            Says::Perhaps | Says::End => self.settle_doubt(number),
        });
        if let Some(number) = in_doubt {
            return self.ledger.named(id, number, says);
        }
        if !self.ledger.park(id, Parked::new(nanos(now.monotonic), says, number)) {
            self.report.unknown += 1;
        }
    }

    /// A message from a handset: counted, and its segments' order watched.
    #[cold]
    fn handset(&mut self, deliver: &DeliverSm<'_>, text: &[u8]) {
        self.report.mo_received += 1;
        let [5, 0, 3, reference, total, segment, ..] = *text else { return };
        if deliver.esm_class & UDHI == 0 {
            return;
        }
        let key = (Box::from(deliver.source_addr.octets()), reference);
        let last = self.mo_last.get(&key).copied().unwrap_or_default();
        if segment < last {
            self.report.mo_out_of_order += 1;
        }
        if self.mo_last.len() < WATCHED_MAX || self.mo_last.contains_key(&key) {
            self.mo_last.insert(key, segment.max(last).min(total));
        }
    }
}

/// What a receipt with this state says of the end of its message.
#[inline]
fn says(state: Option<MessageState>) -> Says {
    match state {
        Some(MessageState::ACCEPTED | MessageState::UNKNOWN) => Says::Perhaps,
        Some(state) if state.is_final(AcceptedMeans::Intermediate) => Says::End,
        _ => Says::Underway,
    }
}

/// The text, in short_message or message_payload.
#[inline]
fn text<'a>(deliver: &DeliverSm<'a>) -> &'a [u8] {
    if deliver.short_message.is_empty() {
        deliver.tlvs.octets_of(TlvTag::MESSAGE_PAYLOAD).unwrap_or_default()
    } else {
        deliver.short_message
    }
}
