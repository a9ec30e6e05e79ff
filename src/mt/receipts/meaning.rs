//! What one carrier means by the words and TLVs of its receipts, and which of them go on.

use crate::message::dialect::{Dialect, ReceiptTlvs, TlvKind};
use crate::message::receipt::{Cause, ReceiptError, ReceiptText, Resolved, resolve};
use crate::message::sar;
use crate::message::state::MessageState;
use crate::wire::tlv::put_tlv;
use crate::wire::{TlvTag, Tlvs};

/// TLVs that our own receipt has, or that hold the text of the carrier's.
const OWN: [TlvTag; 4] = [
    TlvTag::MESSAGE_PAYLOAD,
    TlvTag::MESSAGE_STATE,
    TlvTag::NETWORK_ERROR_CODE,
    TlvTag::RECEIPTED_MESSAGE_ID,
];

/// See the module's documentation.
#[derive(Clone, Debug, Default)]
pub struct Meaning {
    /// Words of its `stat`.
    states: Box<[(Box<[u8]>, MessageState)]>,
    /// Types that it gives to message_state and network_error_code (quirk 34).
    state: Option<TlvKind>,
    error: Option<TlvKind>,
    passed: ReceiptTlvs,
    dropped: Box<[TlvTag]>,
}

impl Meaning {
    /// That of a carrier of this dialect.
    #[must_use]
    pub fn of(dialect: &Dialect) -> Self {
        let states = dialect.receipt_states.iter();
        let kind = |tag: TlvTag| dialect.tlv(tag.0).map(|definition| definition.kind);
        Self {
            states: states.map(|(word, state)| (word.as_bytes().into(), *state)).collect(),
            state: kind(TlvTag::MESSAGE_STATE),
            error: kind(TlvTag::NETWORK_ERROR_CODE),
            passed: dialect.receipt_tlvs,
            dropped: dialect.dropped_tlvs().collect(),
        }
    }

    /// What a receipt says.
    pub(super) fn resolve<'a>(&self, text: &ReceiptText<'a>, tlvs: Tlvs<'a>) -> Resolved<'a> {
        let state = self.tlv_state(tlvs);
        let error = tlvs.octets_of(TlvTag::NETWORK_ERROR_CODE);
        let resolved = resolve(
            Some(text),
            tlvs.octets_of(TlvTag::RECEIPTED_MESSAGE_ID),
            state.map(|state| state.0),
            error.filter(|_| self.error.is_none()),
        );
        let named = state.filter(|state| state.name().is_some());
        let own = || text.stat.and_then(|word| self.state_of(word));
        let own_error = || Some(ReceiptError::Number(number(self.error?, error?)?));
        Resolved {
            state: named.or_else(own).or(resolved.state),
            error: own_error().or(resolved.error),
            ..resolved
        }
    }

    /// What goes on to the account beside the state.
    pub(super) fn cause(&self, resolved: &Resolved<'_>, tlvs: Tlvs<'_>) -> Cause {
        let goes = |tag: TlvTag| !self.dropped.contains(&tag);
        let mut network = None;
        let mut others = Vec::new();
        if self.passed != ReceiptTlvs::None && goes(TlvTag::NETWORK_ERROR_CODE) {
            // Of another type it is nothing that an account could read.
            let octets = tlvs.octets_of(TlvTag::NETWORK_ERROR_CODE);
            let octets = octets.filter(|_| self.error.is_none());
            let is_one = |octets: &&[u8]| {
                matches!(ReceiptError::from_tlv(octets), Some(ReceiptError::Network { .. }))
            };
            network = octets.filter(is_one).and_then(|octets| octets.try_into().ok());
        }
        if self.passed == ReceiptTlvs::All {
            // Nor what says how the carrier's was sent.
            let stays = |tag: &TlvTag| OWN.contains(tag) || sar::TAGS.contains(tag);
            for tlv in tlvs.iter().filter(|tlv| goes(tlv.tag) && !stays(&tlv.tag)) {
                let before = others.len();
                if !put_tlv(&mut others, tlv.tag, tlv.value) || others.len() > Cause::TLVS_MAX {
                    others.truncate(before);
                }
            }
        }
        Cause::new(resolved.error, network, &others)
    }

    fn state_of(&self, word: &[u8]) -> Option<MessageState> {
        let known = self.states.iter().find(|(known, _)| known.eq_ignore_ascii_case(word));
        known.map(|(_, state)| *state)
    }

    fn tlv_state(&self, tlvs: Tlvs<'_>) -> Option<MessageState> {
        let number = match self.state {
            None => tlvs.int(TlvTag::MESSAGE_STATE),
            Some(kind) => {
                let octets = tlvs.octets_of(TlvTag::MESSAGE_STATE)?;
                if matches!(kind, TlvKind::CString | TlvKind::Octets) {
                    let word = without_nul(octets);
                    let state = self.state_of(word).or_else(|| MessageState::from_stat(word));
                    if state.is_some() {
                        return state;
                    }
                }
                number(kind, octets)
            }
        };
        number.and_then(|number| u8::try_from(number).ok()).map(MessageState)
    }
}

/// The number that a TLV of this type holds; a text's is in decimal digits.
fn number(kind: TlvKind, octets: &[u8]) -> Option<u32> {
    match (kind, octets) {
        (TlvKind::CString | TlvKind::Octets, text) => {
            std::str::from_utf8(without_nul(text)).ok()?.parse().ok()
        }
        (TlvKind::U8, &[octet]) => Some(octet.into()),
        (TlvKind::U16, &[high, low]) => Some(u16::from_be_bytes([high, low]).into()),
        (TlvKind::U32, &[a, b, c, d]) => Some(u32::from_be_bytes([a, b, c, d])),
        _ => None,
    }
}

fn without_nul(octets: &[u8]) -> &[u8] {
    octets.strip_suffix(&[0]).unwrap_or(octets)
}

#[cfg(test)]
mod tests;
