//! smpp34 1.5: owned strings, and an `encode` that consumes its value and returns a new `Vec`.
//!
//! Because of that signature writing cannot reuse a buffer, and each operation needs a copy of the
//! value. The copies are made off the clock; freeing what was consumed and what was written is on
//! it, as it would be in a program.

use std::hint::black_box;

use smpp34::{CommandHeader, Tlv, TlvTag, deliver_sm, submit_sm, submit_sm_resp};

use super::{Case, see};
use crate::inputs;

const LIBRARY: &str = "smpp34";

/// The operations on all four frames; `stock` is how many values are kept ready for writing.
pub(super) fn cases(stock: usize) -> Vec<Case> {
    vec![
        Case::new(LIBRARY, "decode/submit_sm", || decode(&inputs::SUBMIT_SM)),
        Case::new(LIBRARY, "decode/submit_sm_tlvs", || decode(&inputs::SUBMIT_SM_TLVS)),
        Case::new(LIBRARY, "decode/submit_sm_resp", || decode(&inputs::SUBMIT_SM_RESP)),
        Case::new(LIBRARY, "decode/receipt", || decode(&inputs::RECEIPT)),
        encoding("encode/submit_sm", plain(), stock, submit_sm::encode),
        encoding("encode/submit_sm_tlvs", with_tlvs(), stock, submit_sm::encode),
        encoding("encode/submit_sm_resp", response(), stock, submit_sm_resp::encode),
        encoding("encode/receipt", receipt(), stock, deliver_sm::encode),
    ]
}

#[inline(always)]
fn decode(frame: &[u8]) {
    let frame = black_box(frame);
    let header = CommandHeader::decode(frame).expect("a header");
    match header.command_id {
        0x0000_0004 => see(&submit_sm::decode(header, frame)),
        0x0000_0005 => see(&deliver_sm::decode(header, frame)),
        0x8000_0004 => see(&submit_sm_resp::decode(header, frame)),
        other => panic!("command_id {other:#010x}"),
    }
}

fn encoding<T: Clone + 'static>(
    row: &'static str,
    value: T,
    stock: usize,
    encode: impl Fn(T) -> Vec<u8> + 'static,
) -> Case {
    Case::consuming(LIBRARY, row, value, stock, move |value| _ = black_box(&encode(value)))
}

fn plain() -> submit_sm {
    submit_sm::new(
        inputs::SEQUENCE_NUMBER,
        String::new(),
        5,
        0,
        inputs::SENDER.into(),
        1,
        1,
        inputs::HANDSET.into(),
        0,
        0,
        0,
        String::new(),
        String::new(),
        1,
        0,
        0,
        0,
        inputs::TEXT.into(),
    )
}

fn with_tlvs() -> submit_sm {
    plain().with_tlvs([
        Tlv::from_u16(TlvTag::UserMessageReference, inputs::USER_MESSAGE_REFERENCE),
        Tlv::from_u16(TlvTag::SourcePort, inputs::SOURCE_PORT),
        Tlv::from_u16(TlvTag::SarMsgRefNum, inputs::SAR_MSG_REF_NUM),
    ])
}

fn response() -> submit_sm_resp {
    plain().accept(inputs::MESSAGE_ID.into())
}

fn receipt() -> deliver_sm {
    deliver_sm::new(
        inputs::SEQUENCE_NUMBER,
        String::new(),
        1,
        1,
        inputs::HANDSET.into(),
        5,
        0,
        inputs::SENDER.into(),
        4,
        0,
        0,
        String::new(),
        String::new(),
        0,
        0,
        0,
        0,
        inputs::RECEIPT_TEXT.into(),
    )
    .with_tlvs([
        Tlv::from_c_string(TlvTag::ReceiptedMessageId, inputs::MESSAGE_ID),
        Tlv::from_u8(TlvTag::MessageStateTlv, inputs::MESSAGE_STATE),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_the_frame() {
        assert_eq!(plain().encode(), inputs::SUBMIT_SM);
        assert_eq!(with_tlvs().encode(), inputs::SUBMIT_SM_TLVS);
        assert_eq!(response().encode(), inputs::SUBMIT_SM_RESP);
        assert_eq!(receipt().encode(), inputs::RECEIPT);
    }

    #[test]
    fn the_frames_are_read_with_every_tlv() {
        let frame = &inputs::RECEIPT;
        let header = CommandHeader::decode(frame).expect("a header");
        let read = deliver_sm::decode(header, frame).expect("a deliver_sm");
        assert_eq!(read.short_message, inputs::RECEIPT_TEXT.as_bytes());
        assert_eq!(read.tlvs.len(), 2);
        assert_eq!(read.encode(), frame);
    }
}
