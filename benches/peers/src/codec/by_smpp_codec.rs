//! smpp-codec 0.2: owned strings, written into any `std::io::Write`.
//!
//! Its decoders do not look at command_length, command_id or, in requests, command_status, and
//! keep only the sequence_number: the caller must read the command_id to choose a decoder, so the
//! operation here does. Writing goes to one `Vec` that is cleared and reused.

use std::hint::black_box;

use smpp_codec::common::{Npi, PduError, Ton};
use smpp_codec::pdus::{DeliverSmRequest, SubmitSmRequest, SubmitSmResponse};
use smpp_codec::tlv::{Tlv, tags};

use super::{BUFFER_OCTETS, Case, see};
use crate::inputs;

const LIBRARY: &str = "smpp-codec";

/// The operations on all four frames.
pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(LIBRARY, "decode/submit_sm", || decode(&inputs::SUBMIT_SM)),
        Case::new(LIBRARY, "decode/submit_sm_tlvs", || decode(&inputs::SUBMIT_SM_TLVS)),
        Case::new(LIBRARY, "decode/submit_sm_resp", || decode(&inputs::SUBMIT_SM_RESP)),
        Case::new(LIBRARY, "decode/receipt", || decode(&inputs::RECEIPT)),
        encoding("encode/submit_sm", submit_sm(), SubmitSmRequest::encode),
        encoding("encode/submit_sm_tlvs", submit_sm_tlvs(), SubmitSmRequest::encode),
        encoding("encode/submit_sm_resp", response(), SubmitSmResponse::encode),
        encoding("encode/receipt", receipt(), DeliverSmRequest::encode),
    ]
}

#[inline(always)]
fn decode(frame: &[u8]) {
    let frame = black_box(frame);
    let command_id = frame[4..].first_chunk().map(|octets| u32::from_be_bytes(*octets));
    match command_id {
        Some(0x0000_0004) => see(&SubmitSmRequest::decode(frame)),
        Some(0x0000_0005) => see(&DeliverSmRequest::decode(frame)),
        Some(0x8000_0004) => see(&SubmitSmResponse::decode(frame)),
        other => panic!("command_id {other:?}"),
    }
}

fn encoding<T: 'static>(
    row: &'static str,
    value: T,
    encode: impl Fn(&T, &mut Vec<u8>) -> Result<(), PduError> + 'static,
) -> Case {
    let mut buffer = Vec::with_capacity(BUFFER_OCTETS);
    Case::new(LIBRARY, row, move || {
        buffer.clear();
        encode(black_box(&value), &mut buffer).expect("a valid value");
        black_box(&buffer);
    })
}

fn submit_sm() -> SubmitSmRequest {
    let mut pdu = SubmitSmRequest::new(
        inputs::SEQUENCE_NUMBER,
        inputs::SENDER.into(),
        inputs::HANDSET.into(),
        inputs::TEXT.into(),
    );
    pdu.source_addr_ton = Ton::Alphanumeric;
    pdu.dest_addr_ton = Ton::International;
    pdu.dest_addr_npi = Npi::Isdn;
    pdu.registered_delivery = 1;
    pdu
}

fn submit_sm_tlvs() -> SubmitSmRequest {
    let mut pdu = submit_sm();
    pdu.add_tlv(Tlv::new_u16(tags::USER_MESSAGE_REFERENCE, inputs::USER_MESSAGE_REFERENCE));
    pdu.add_tlv(Tlv::new_u16(tags::SOURCE_PORT, inputs::SOURCE_PORT));
    pdu.add_tlv(Tlv::new_u16(tags::SAR_MSG_REF_NUM, inputs::SAR_MSG_REF_NUM));
    pdu
}

fn response() -> SubmitSmResponse {
    SubmitSmResponse::new(inputs::SEQUENCE_NUMBER, "ESME_ROK", inputs::MESSAGE_ID.into())
}

fn receipt() -> DeliverSmRequest {
    let mut pdu = DeliverSmRequest::new(
        inputs::SEQUENCE_NUMBER,
        inputs::HANDSET.into(),
        inputs::SENDER.into(),
        inputs::RECEIPT_TEXT.into(),
    );
    pdu.source_addr_ton = Ton::International;
    pdu.source_addr_npi = Npi::Isdn;
    pdu.dest_addr_ton = Ton::Alphanumeric;
    pdu.esm_class = 4;
    pdu.optional_params = vec![
        Tlv::new_string(tags::RECEIPTED_MESSAGE_ID, inputs::MESSAGE_ID),
        Tlv::new_u8(tags::MESSAGE_STATE, inputs::MESSAGE_STATE),
    ];
    pdu
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_the_frame_and_reads_back_as_the_value() {
        for (pdu, frame) in
            [(submit_sm(), &inputs::SUBMIT_SM[..]), (submit_sm_tlvs(), &inputs::SUBMIT_SM_TLVS)]
        {
            let mut written = Vec::new();
            pdu.encode(&mut written).expect("a valid value");
            assert_eq!(written, frame);
            assert_eq!(SubmitSmRequest::decode(frame).expect("a submit_sm"), pdu);
        }
        let mut written = Vec::new();
        receipt().encode(&mut written).expect("a valid value");
        assert_eq!(written, inputs::RECEIPT);
        assert_eq!(DeliverSmRequest::decode(&written).expect("a deliver_sm"), receipt());
        written.clear();
        response().encode(&mut written).expect("a valid value");
        assert_eq!(written, inputs::SUBMIT_SM_RESP);
        assert_eq!(SubmitSmResponse::decode(&written).expect("a response"), response());
    }
}
