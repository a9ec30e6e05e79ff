//! Four frames laid out by hand, octet by octet, for every codec bench to read and to write.
//!
//! Each frame is a constant: its length is in its type, and the compiler checks that this length,
//! the octets listed and the `command_length` they start with agree. The values of the fields stand
//! beside the frames, so that a writer builds its PDU from the same values and its output can be
//! compared with the frame. Nothing is imported, so that any crate can include the file by path.

#![allow(dead_code)] // Each program that includes this file uses its own share of it.

/// `sequence_number` of all four frames.
pub const SEQUENCE_NUMBER: u32 = 0x0001_E240;

/// `source_addr` of the submissions: an alphanumeric sender (TON 5, NPI 0).
pub const SENDER: &str = "Semaphore";

/// `destination_addr` of the submissions: an international number (TON 1, NPI 1).
pub const HANDSET: &str = "33612345678";

/// `short_message` of the submissions: 120 octets of the GSM default alphabet.
pub const TEXT: &str = "Your parcel 7F-20931 leaves our depot tonight and reaches you \
    tomorrow between 09:00 and 12:00. Reply STOP to end these.";

/// `message_id` of the response and of the receipt: 16 characters.
pub const MESSAGE_ID: &str = "0040000000001e2f";

/// `short_message` of the receipt, in the format of SMPP 3.4 Appendix B.
pub const RECEIPT_TEXT: &str = "id:0040000000001e2f sub:001 dlvrd:001 \
    submit date:2611201015 done date:2611201016 stat:DELIVRD err:000 Text:Your parcel 7F-20931";

/// Value of the user_message_reference TLV (0x0204), SMPP 3.4 §5.3.2.17.
pub const USER_MESSAGE_REFERENCE: u16 = 0x1234;

/// Value of the source_port TLV (0x020A), SMPP 3.4 §5.3.2.20.
pub const SOURCE_PORT: u16 = 0x23F0;

/// Value of the sar_msg_ref_num TLV (0x020C), SMPP 3.4 §5.3.2.22.
pub const SAR_MSG_REF_NUM: u16 = 0x00A7;

/// Value of the receipt's message_state TLV (0x0427): DELIVERED, SMPP 3.4 §5.2.28.
pub const MESSAGE_STATE: u8 = 2;

/// A submit_sm with 120 octets of short_message and no TLV, SMPP 3.4 §4.4.1.
pub const SUBMIT_SM: [u8; 173] = frame(&[
    &[0x00, 0x00, 0x00, 0xAD], // command_length: 173
    &[0x00, 0x00, 0x00, 0x04], // command_id: submit_sm
    &[0x00, 0x00, 0x00, 0x00], // command_status: none in a request
    &[0x00, 0x01, 0xE2, 0x40], // sequence_number
    SUBMIT_SM_BODY,
]);

/// The same submit_sm with three TLVs behind it: 18 octets more.
pub const SUBMIT_SM_TLVS: [u8; 191] = frame(&[
    &[0x00, 0x00, 0x00, 0xBF], // command_length: 191
    &[0x00, 0x00, 0x00, 0x04], // command_id: submit_sm
    &[0x00, 0x00, 0x00, 0x00], // command_status
    &[0x00, 0x01, 0xE2, 0x40], // sequence_number
    SUBMIT_SM_BODY,
    &[0x02, 0x04, 0x00, 0x02, 0x12, 0x34], // user_message_reference
    &[0x02, 0x0A, 0x00, 0x02, 0x23, 0xF0], // source_port
    &[0x02, 0x0C, 0x00, 0x02, 0x00, 0xA7], // sar_msg_ref_num
]);

/// The submit_sm_resp that accepts it, SMPP 3.4 §4.4.2.
pub const SUBMIT_SM_RESP: [u8; 33] = frame(&[
    &[0x00, 0x00, 0x00, 0x21], // command_length: 33
    &[0x80, 0x00, 0x00, 0x04], // command_id: submit_sm_resp
    &[0x00, 0x00, 0x00, 0x00], // command_status: ESME_ROK
    &[0x00, 0x01, 0xE2, 0x40], // sequence_number
    MESSAGE_ID.as_bytes(),     // message_id: 16 characters
    &[0x00],                   // and its terminator
]);

/// The deliver_sm that carries its receipt, in text and in TLVs, SMPP 3.4 §4.6.1 and Appendix B.
pub const RECEIPT: [u8; 207] = frame(&[
    &[0x00, 0x00, 0x00, 0xCF], // command_length: 207
    &[0x00, 0x00, 0x00, 0x05], // command_id: deliver_sm
    &[0x00, 0x00, 0x00, 0x00], // command_status
    &[0x00, 0x01, 0xE2, 0x40], // sequence_number
    &[0x00],                   // service_type: default
    &[0x01, 0x01],             // source_addr_ton, source_addr_npi: the handset's
    HANDSET.as_bytes(),
    &[0x00],
    &[0x05, 0x00], // dest_addr_ton, dest_addr_npi: the sender's
    SENDER.as_bytes(),
    &[0x00],
    &[0x04, 0x00, 0x00], // esm_class: an SMSC delivery receipt; protocol_id; priority_flag
    &[0x00, 0x00],       // schedule_delivery_time, validity_period: always empty here
    &[0x00, 0x00, 0x00, 0x00], // registered_delivery, replace_if_present, coding, sm_default_msg_id
    &[0x80],             // sm_length: 128
    RECEIPT_TEXT.as_bytes(),
    &[0x00, 0x1E, 0x00, 0x11], // receipted_message_id, 17 octets: a C-octet string
    MESSAGE_ID.as_bytes(),
    &[0x00],
    &[0x04, 0x27, 0x00, 0x01, MESSAGE_STATE], // message_state
]);

/// The mandatory fields of both submissions.
const SUBMIT_SM_BODY: &[u8] = &join::<157>(&[
    &[0x00],       // service_type: default
    &[0x05, 0x00], // source_addr_ton: alphanumeric; source_addr_npi: unknown
    SENDER.as_bytes(),
    &[0x00],
    &[0x01, 0x01], // dest_addr_ton: international; dest_addr_npi: ISDN
    HANDSET.as_bytes(),
    &[0x00],
    &[0x00, 0x00, 0x00], // esm_class, protocol_id, priority_flag
    &[0x00, 0x00],       // schedule_delivery_time, validity_period: now, and the default
    &[0x01],             // registered_delivery: a receipt, please
    &[0x00, 0x00, 0x00], // replace_if_present_flag, data_coding: default, sm_default_msg_id
    &[0x78],             // sm_length: 120
    TEXT.as_bytes(),
]);

/// Joins the pieces and checks `command_length` against what they add up to.
const fn frame<const N: usize>(pieces: &[&[u8]]) -> [u8; N] {
    let octets = join(pieces);
    let command_length = u32::from_be_bytes([octets[0], octets[1], octets[2], octets[3]]);
    assert!(command_length as usize == N, "command_length and the frame's length differ");
    octets
}

/// Joins the pieces into exactly `N` octets; a miscount does not compile.
const fn join<const N: usize>(pieces: &[&[u8]]) -> [u8; N] {
    let mut octets = [0; N];
    let mut at = 0;
    let mut piece = 0;
    while piece < pieces.len() {
        let mut octet = 0;
        while octet < pieces[piece].len() {
            octets[at] = pieces[piece][octet];
            at += 1;
            octet += 1;
        }
        piece += 1;
    }
    assert!(at == N, "the pieces are shorter than the frame");
    octets
}
