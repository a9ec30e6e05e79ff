//! rusmpp 0.4: its borrowed codec, which is public in its core crate, `rusmpp_core`.
//!
//! `Command::decode` dispatches on the command_id itself and takes the octets behind
//! command_length; command_length is read and written here, in the way of the crate's own framing
//! codecs. The TLVs live in an array inside the value; [`TLVS_MAX`] is its size.

use std::hint::black_box;

use rusmpp_core::CommandStatus;
use rusmpp_core::command::borrowed::Command;
use rusmpp_core::decode::DecodeError;
use rusmpp_core::decode::borrowed::DecodeWithLength;
use rusmpp_core::encode::{Encode, Length};
use rusmpp_core::pdus::borrowed::{DeliverSm, Pdu, SubmitSm, SubmitSmResp};
use rusmpp_core::tlvs::borrowed::{
    MessageDeliveryRequestTlvValue as DeliveryTlv,
    MessageSubmissionRequestTlvValue as SubmissionTlv,
};
use rusmpp_core::types::borrowed::{COctetString, OctetString};
use rusmpp_core::values::{
    EsmClass, MessageState, MessageType, Npi, RegisteredDelivery, Ton, UserMessageReference,
};

use super::{BUFFER_OCTETS, Case, see};
use crate::inputs;

const LIBRARY: &str = "rusmpp";

/// TLVs a value can hold: the fewest these frames need, which is what suits the library best. The
/// value grows with it, and moving the value is a part of what decoding costs.
const TLVS_MAX: usize = 4;

type Frame = Command<'static, TLVS_MAX>;

/// C-octet strings are borrowed with their terminator, so the values come from the frames.
const SENDER: &[u8] = inputs::SUBMIT_SM.split_at(19).1.split_at(10).0;
const HANDSET: &[u8] = inputs::SUBMIT_SM.split_at(31).1.split_at(12).0;
const MESSAGE_ID: &[u8] = inputs::SUBMIT_SM_RESP.split_at(16).1;

/// The operations on all four frames.
pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(LIBRARY, "decode/submit_sm", || decode(&inputs::SUBMIT_SM)),
        Case::new(LIBRARY, "decode/submit_sm_tlvs", || decode(&inputs::SUBMIT_SM_TLVS)),
        Case::new(LIBRARY, "decode/submit_sm_resp", || decode(&inputs::SUBMIT_SM_RESP)),
        Case::new(LIBRARY, "decode/receipt", || decode(&inputs::RECEIPT)),
        encoding("encode/submit_sm", command(submit_sm())),
        encoding("encode/submit_sm_tlvs", command(submit_sm_tlvs())),
        encoding("encode/submit_sm_resp", command(submit_sm_resp())),
        encoding("encode/receipt", command(receipt())),
    ]
}

#[inline(always)]
fn decode(frame: &[u8]) {
    let (command_length, read) = read(black_box(frame));
    black_box(command_length);
    see(&read);
}

#[inline(always)]
fn read(frame: &[u8]) -> (u32, Result<(Command<'_, TLVS_MAX>, usize), DecodeError>) {
    let (command_length, rest) = frame.split_first_chunk().expect("a command_length");
    (u32::from_be_bytes(*command_length), Command::decode(rest, rest.len()))
}

fn encoding(row: &'static str, command: Frame) -> Case {
    let mut buffer = vec![0; BUFFER_OCTETS];
    Case::new(LIBRARY, row, move || {
        black_box(write(black_box(&command), &mut buffer));
        black_box(&buffer);
    })
}

#[inline(always)]
fn write(command: &Frame, buffer: &mut [u8]) -> usize {
    let command_length = 4 + command.length();
    buffer[..4].copy_from_slice(&(command_length as u32).to_be_bytes());
    command.encode(&mut buffer[4..command_length]);
    command_length
}

fn command(pdu: impl Into<Pdu<'static, TLVS_MAX>>) -> Frame {
    Command::new(CommandStatus::EsmeRok, inputs::SEQUENCE_NUMBER, pdu)
}

fn submit_sm() -> SubmitSm<'static, TLVS_MAX> {
    SubmitSm::builder()
        .source_addr_ton(Ton::Alphanumeric)
        .source_addr(COctetString::new(SENDER).expect("an address"))
        .dest_addr_ton(Ton::International)
        .dest_addr_npi(Npi::Isdn)
        .destination_addr(COctetString::new(HANDSET).expect("an address"))
        .esm_class(EsmClass::from(0)) // The crate's default is store and forward.
        .registered_delivery(RegisteredDelivery::from(1))
        .short_message(OctetString::new(inputs::TEXT.as_bytes()).expect("a text"))
        .build()
}

fn submit_sm_tlvs() -> SubmitSm<'static, TLVS_MAX> {
    let reference = UserMessageReference::new(inputs::USER_MESSAGE_REFERENCE);
    let mut pdu = submit_sm();
    for tlv in [
        SubmissionTlv::UserMessageReference(reference),
        SubmissionTlv::SourcePort(inputs::SOURCE_PORT),
        SubmissionTlv::SarMsgRefNum(inputs::SAR_MSG_REF_NUM),
    ] {
        pdu.push_tlv(tlv).expect("room for three");
    }
    pdu
}

fn submit_sm_resp() -> SubmitSmResp<'static, TLVS_MAX> {
    SubmitSmResp::builder().message_id(COctetString::new(MESSAGE_ID).expect("an id")).build()
}

fn receipt() -> DeliverSm<'static, TLVS_MAX> {
    let mut esm_class = EsmClass::from(0);
    esm_class.message_type = MessageType::ShortMessageContainsMCDeliveryReceipt;
    let id = COctetString::new(MESSAGE_ID).expect("an id");
    DeliverSm::builder()
        .source_addr_ton(Ton::International)
        .source_addr_npi(Npi::Isdn)
        .source_addr(COctetString::new(HANDSET).expect("an address"))
        .dest_addr_ton(Ton::Alphanumeric)
        .destination_addr(COctetString::new(SENDER).expect("an address"))
        .esm_class(esm_class)
        .short_message(OctetString::new(inputs::RECEIPT_TEXT.as_bytes()).expect("a text"))
        .push_tlv(DeliveryTlv::ReceiptedMessageId(id))
        .expect("room for two")
        .push_tlv(DeliveryTlv::MessageState(MessageState::from(inputs::MESSAGE_STATE)))
        .expect("room for two")
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_the_frame_and_reads_back_as_the_value() {
        for (command, frame) in [
            (command(submit_sm()), &inputs::SUBMIT_SM[..]),
            (command(submit_sm_tlvs()), &inputs::SUBMIT_SM_TLVS),
            (command(submit_sm_resp()), &inputs::SUBMIT_SM_RESP),
            (command(receipt()), &inputs::RECEIPT),
        ] {
            let mut buffer = [0xFF; BUFFER_OCTETS];
            let length = write(&command, &mut buffer);
            assert_eq!(&buffer[..length], frame);
            let (command_length, read) = read(frame);
            assert_eq!(command_length as usize, frame.len());
            assert_eq!(read.expect("a valid frame"), (command, frame.len() - 4));
        }
    }
}
