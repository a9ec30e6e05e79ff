//! A receipt's TLVs and its text to one answer: TLVs first, text second.

use super::{ReceiptError, ReceiptText};
use crate::message::state::MessageState;

/// What a receipt says, once its TLVs and its text have been heard.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Resolved<'a> {
    /// The SMSC's id of the message, never empty.
    pub id: Option<&'a [u8]>,
    /// The state it reached.
    pub state: Option<MessageState>,
    /// The error beside it.
    pub error: Option<ReceiptError<'a>>,
}

/// Weighs a receipt's text against its TLVs, member by member: `receipted_message_id` (with or
/// without its NUL), `message_state` and `network_error_code` win over id, stat and err; a TLV that
/// is missing, empty or makes no sense leaves the text's word.
#[must_use]
pub fn resolve<'a>(
    text: Option<&ReceiptText<'a>>,
    tlv_id: Option<&'a [u8]>,
    tlv_state: Option<u8>,
    tlv_error: Option<&'a [u8]>,
) -> Resolved<'a> {
    let tlv_id = tlv_id.and_then(|id| id.split(|&octet| octet == 0).next());
    let text_id = text.and_then(|text| text.id);
    let tlv_state = tlv_state.map(MessageState);
    let text_state = text.and_then(ReceiptText::state);
    let text_error = text.and_then(|text| match (text.err_number(), text.err) {
        (Some(number), _) => Some(ReceiptError::Number(number)),
        (None, Some(err)) if !err.is_empty() => Some(ReceiptError::Text(err)),
        _ => None,
    });
    let named = tlv_state.filter(|state| state.name().is_some());
    Resolved {
        id: tlv_id.filter(|id| !id.is_empty()).or(text_id.filter(|id| !id.is_empty())),
        // A number nobody has a name for is still better than nothing.
        state: named.or(text_state).or(tlv_state),
        error: tlv_error.and_then(ReceiptError::from_tlv).or(text_error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: ReceiptText<'_> = ReceiptText {
        id: Some(b"5000"),
        sub: None,
        dlvrd: None,
        submit_date: None,
        done_date: None,
        stat: Some(b"DELIVRD"),
        err: Some(b"00B"),
        text: None,
    };

    #[test]
    fn tlvs_win_over_the_text() {
        let resolved = resolve(Some(&TEXT), Some(b"6000\0"), Some(5), Some(&[3, 0, 1]));
        assert_eq!(resolved.id, Some(&b"6000"[..]));
        assert_eq!(resolved.state, Some(MessageState::UNDELIVERABLE));
        assert_eq!(resolved.error, Some(ReceiptError::Network { network_type: 3, code: 1 }));
    }

    #[test]
    fn what_the_tlvs_leave_open_the_text_says() {
        let resolved = resolve(Some(&TEXT), Some(b"\0"), None, Some(b""));
        assert_eq!(resolved.id, Some(&b"5000"[..]));
        assert_eq!(resolved.state, Some(MessageState::DELIVERED));
        assert_eq!(resolved.error, Some(ReceiptError::Text(b"00B")));
    }

    #[test]
    fn a_state_without_a_name_yields_to_the_text_and_else_survives() {
        assert_eq!(resolve(Some(&TEXT), None, Some(99), None).state, Some(MessageState::DELIVERED));
        assert_eq!(resolve(None, None, Some(99), None).state, Some(MessageState(99)));
        assert_eq!(resolve(None, None, None, None), Resolved::default());
    }
}
