//! The yardstick: the reader and writer of `hand.rs`.

use std::hint::black_box;

use super::{BUFFER_OCTETS, Case};
use crate::hand::{self, Header, Message, SubmitSmResp, Tlvs};
use crate::inputs;

const LIBRARY: &str = "hand";

/// The operations on all four frames.
pub(super) fn cases() -> Vec<Case> {
    let [submit_sm, submit_sm_tlvs, receipt] = messages();
    vec![
        Case::new(LIBRARY, "decode/submit_sm", || decode(&inputs::SUBMIT_SM)),
        Case::new(LIBRARY, "decode/submit_sm_tlvs", || decode(&inputs::SUBMIT_SM_TLVS)),
        Case::new(LIBRARY, "decode/submit_sm_resp", || decode(&inputs::SUBMIT_SM_RESP)),
        Case::new(LIBRARY, "decode/receipt", || decode(&inputs::RECEIPT)),
        encoding("encode/submit_sm", submit_sm, hand::write_message),
        encoding("encode/submit_sm_tlvs", submit_sm_tlvs, hand::write_message),
        encoding("encode/submit_sm_resp", response(), hand::write_submit_sm_resp),
        encoding("encode/receipt", receipt, hand::write_message),
    ]
}

/// Reads `frame` into the struct of its kind, TLVs taken apart too.
#[inline(always)]
fn decode(frame: &[u8]) {
    let frame = black_box(frame);
    let header = hand::read_header(frame).expect("a header");
    let tlvs = match header.command_id {
        0x0000_0004 | 0x0000_0005 => {
            let message = hand::read_message(frame).expect("a message");
            black_box(&message);
            message.tlvs
        }
        0x8000_0004 => {
            let response = hand::read_submit_sm_resp(frame).expect("a response");
            black_box(&response);
            response.tlvs
        }
        other => panic!("command_id {other:#010x}"),
    };
    for (tag, value) in Tlvs(tlvs) {
        black_box(&(tag, value));
    }
}

fn encoding<T: 'static>(
    row: &'static str,
    value: T,
    write: impl Fn(&T, &mut [u8]) -> Option<usize> + 'static,
) -> Case {
    let mut buffer = vec![0; BUFFER_OCTETS];
    Case::new(LIBRARY, row, move || {
        black_box(write(black_box(&value), &mut buffer));
        black_box(&buffer);
    })
}

/// The plain submission, the one with TLVs, and the receipt.
fn messages() -> [Message<'static>; 3] {
    let submit_sm = Message {
        header: header(0x0000_0004),
        service_type: b"",
        source_addr_ton: 5,
        source_addr_npi: 0,
        source_addr: inputs::SENDER.as_bytes(),
        dest_addr_ton: 1,
        dest_addr_npi: 1,
        destination_addr: inputs::HANDSET.as_bytes(),
        esm_class: 0,
        protocol_id: 0,
        priority_flag: 0,
        schedule_delivery_time: b"",
        validity_period: b"",
        registered_delivery: 1,
        replace_if_present_flag: 0,
        data_coding: 0,
        sm_default_msg_id: 0,
        short_message: inputs::TEXT.as_bytes(),
        tlvs: b"",
    };
    let receipt = Message {
        header: header(0x0000_0005),
        source_addr_ton: 1,
        source_addr_npi: 1,
        source_addr: inputs::HANDSET.as_bytes(),
        dest_addr_ton: 5,
        dest_addr_npi: 0,
        destination_addr: inputs::SENDER.as_bytes(),
        esm_class: 4,
        registered_delivery: 0,
        short_message: inputs::RECEIPT_TEXT.as_bytes(),
        tlvs: &inputs::RECEIPT[181..],
        ..submit_sm
    };
    [submit_sm, Message { tlvs: &inputs::SUBMIT_SM_TLVS[173..], ..submit_sm }, receipt]
}

fn response() -> SubmitSmResp<'static> {
    let message_id = inputs::MESSAGE_ID.as_bytes();
    SubmitSmResp { header: header(0x8000_0004), message_id, tlvs: b"" }
}

fn header(command_id: u32) -> Header {
    let sequence_number = inputs::SEQUENCE_NUMBER;
    Header { command_length: 0, command_id, command_status: 0, sequence_number }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_the_frame_and_reads_back_as_the_value() {
        let frames = [&inputs::SUBMIT_SM[..], &inputs::SUBMIT_SM_TLVS, &inputs::RECEIPT];
        for (mut message, frame) in messages().into_iter().zip(frames) {
            let mut buffer = [0xFF; BUFFER_OCTETS];
            assert_eq!(hand::write_message(&message, &mut buffer), Some(frame.len()));
            assert_eq!(&buffer[..frame.len()], frame);
            message.header.command_length = frame.len() as u32;
            assert_eq!(hand::read_message(frame), Some(message));
        }
        let mut buffer = [0xFF; BUFFER_OCTETS];
        assert_eq!(hand::write_submit_sm_resp(&response(), &mut buffer), Some(33));
        assert_eq!(buffer[..33], inputs::SUBMIT_SM_RESP);
        let read = hand::read_submit_sm_resp(&inputs::SUBMIT_SM_RESP).expect("a response");
        assert_eq!(read.message_id, inputs::MESSAGE_ID.as_bytes());
    }

    #[test]
    fn strings_of_any_length_come_back() {
        let octets = [b'x'; 255];
        for length in 0..=octets.len() {
            let string = &octets[..length];
            let [mut message, ..] = messages();
            (message.source_addr, message.short_message, message.tlvs) = (string, string, string);
            let mut buffer = [0xFF; 1_024];
            let written = hand::write_message(&message, &mut buffer).expect("room for it");
            message.header.command_length = written as u32;
            assert_eq!(hand::read_message(&buffer[..written]), Some(message), "{length} octets");
        }
    }

    #[test]
    fn tlvs_come_in_wire_order() {
        let message = hand::read_message(&inputs::SUBMIT_SM_TLVS).expect("a message");
        let tags: Vec<_> = Tlvs(message.tlvs).map(|(tag, _)| tag).collect();
        assert_eq!(tags, [0x0204, 0x020A, 0x020C]);
    }

    #[test]
    fn a_frame_cut_anywhere_is_read_as_nothing_or_without_its_last_tlvs() {
        for end in 0..inputs::RECEIPT.len() {
            let read = hand::read_message(&inputs::RECEIPT[..end]);
            assert_eq!(read.is_some(), end >= 181, "cut at {end}");
        }
        for end in 0..inputs::SUBMIT_SM_RESP.len() {
            assert_eq!(hand::read_submit_sm_resp(&inputs::SUBMIT_SM_RESP[..end]), None);
        }
    }

    #[test]
    fn a_buffer_too_short_is_left_alone() {
        let mut buffer = [0xFF; 172];
        assert_eq!(hand::write_message(&messages()[0], &mut buffer), None);
        assert_eq!(buffer, [0xFF; 172]);
    }
}
