//! What must hold for any octets at all, at the framer and the codec.
//!
//! The fuzz targets and the test that replays their corpora call the same functions. The first
//! octets of an input choose the situation, so that a mutation of them tries another one; the rest
//! is what a peer sent.
#![allow(dead_code)] // Each target calls its own.

use std::fmt::{self, Write};

use chappe::wire::{
    DecodeError, ErrorBody, Framer, HEADER_LEN, Header, Limits, Pdu, Rules, TrailingOctets, Value,
    Version, sample,
};

/// A stream has the same frames in one piece and in pieces, all of lengths the limit allows.
pub fn framer(octets: &[u8]) {
    let Some((&[piece, limit], stream)) = octets.split_first_chunk::<2>() else { return };
    let limits = Limits { max_pdu_bytes: HEADER_LEN + usize::from(limit) * 4 };
    let mut whole = Framer::new(stream, limits);
    let mut at = 0; // Octets of the stream that are in frames already.
    let mut arrived = 0;
    while arrived < stream.len() {
        arrived = (arrived + 1 + usize::from(piece)).min(stream.len());
        let mut pieces = Framer::new(&stream[at..arrived], limits);
        loop {
            match pieces.next_frame() {
                Ok(Some(frame)) => {
                    assert!((HEADER_LEN..=limits.max_pdu_bytes).contains(&frame.len()));
                    assert_eq!(whole.next_frame(), Ok(Some(frame)));
                    at += frame.len();
                }
                Ok(None) => {
                    assert!(pieces.needs() <= limits.max_pdu_bytes.max(HEADER_LEN));
                    break;
                }
                Err(error) => {
                    assert_eq!(whole.next_frame(), Err(error));
                    assert_eq!(whole.rest(), &stream[at..]);
                    return;
                }
            }
        }
        assert_eq!(pieces.rest(), &stream[at..arrived]);
    }
    assert_eq!(whole.next_frame(), Ok(None));
    assert_eq!(whole.rest(), &stream[at..]);
}

/// A frame is read or refused under any rules; either way what comes out can be used.
pub fn decode(octets: &[u8]) {
    let Some((&choice, frame)) = octets.split_first() else { return };
    let rules = rules(choice);
    with_its_length(frame, |frame| match Pdu::decode(frame, &rules) {
        Ok((header, pdu)) => see(&header, &pdu, frame),
        Err(error) => blame(&error, frame),
    });
}

/// What the strict rules take encodes to the same octets, for frames from outside and of our own.
pub fn roundtrip(octets: &[u8]) {
    match octets.split_first() {
        Some((&choice, numbers)) if choice & 1 != 0 => roundtrip_of_a_sample(numbers),
        Some((_, frame)) => with_its_length(frame, |frame| {
            if let Ok((header, pdu)) = Pdu::decode(frame, &Rules::STRICT) {
                same_octets(&header, &pdu, frame);
            }
        }),
        None => {}
    }
}

/// The octets choose a valid PDU instead of being one.
fn roundtrip_of_a_sample(octets: &[u8]) {
    let mut numbers = octets.chunks(2);
    let mut below = |bound: usize| {
        let number = numbers.next().map_or(0, |pair| {
            usize::from(pair[0]) | usize::from(pair.get(1).copied().unwrap_or(0)) << 8
        });
        number % bound
    };
    let mut frame = Vec::new();
    sample::pdu(&mut below, &mut frame);
    let (header, pdu) = Pdu::decode(&frame, &Rules::STRICT).expect("a sample is a valid PDU");
    same_octets(&header, &pdu, &frame);
}

fn rules(choice: u8) -> Rules {
    let flag = |bit: u8| choice & 1 << bit != 0;
    Rules {
        version: if flag(0) { Version::V50 } else { Version::V34 },
        trailing_octets: if flag(1) { TrailingOctets::Refuse } else { TrailingOctets::Ignore },
        error_body: match choice >> 2 & 3 {
            0 => ErrorBody::Auto,
            1 => ErrorBody::MessageId,
            2 => ErrorBody::Tlvs,
            _ => ErrorBody::Absent,
        },
        require_body: flag(4),
        long_c_strings: flag(5),
        missing_nul: flag(6),
    }
}

/// Calls `with` on the frame with a command_length that fits, as every frame of the framer has.
fn with_its_length(frame: &[u8], with: impl FnOnce(&[u8])) {
    // On the stack: an allocation costs a short input more than its decoding.
    let mut room = [0; 1024];
    let frame = &frame[..frame.len().min(room.len())];
    if let Some(copy) = room.get_mut(..frame.len()) {
        copy.copy_from_slice(frame);
        if let Some(length) = copy.first_chunk_mut::<4>() {
            *length = (frame.len() as u32).to_be_bytes();
        }
        with(copy);
    }
}

/// Looks at everything a decoded PDU offers.
fn see(header: &Header, pdu: &Pdu<'_>, frame: &[u8]) {
    assert_eq!(pdu.command_id(), header.command_id);
    let mut seen = 0;
    pdu.visit(&mut |_, value| {
        seen += match value {
            Value::Int(octet) => usize::from(octet & 1),
            Value::CString(string) => string.octets().len(),
            Value::Octets(octets) => octets.len(),
            Value::DestAddresses(list) => {
                assert_eq!(list.iter().count(), usize::from(list.count()));
                list.octets().len()
            }
            Value::UnsuccessSmes(list) => {
                assert_eq!(list.iter().count(), usize::from(list.count()));
                list.octets().len()
            }
        };
    });
    for tlv in pdu.tlvs().iter() {
        if let (Some(row), Some(number)) = (tlv.tag.row(), tlv.int()) {
            assert_eq!(tlv.value.len(), row.min.max(tlv.value.len().min(row.max)));
            seen += (number & 1) as usize;
        }
        seen += tlv.text().map_or(0, <[u8]>::len);
    }
    assert!(seen <= 3 * frame.len() + 32);
    let mut room = [0; 1200];
    // A field that only a lenient rule took is too long to send; everything else fits.
    if let Ok(len) = pdu.encode_to(&mut room, header.command_status, header.sequence_number) {
        assert!(len.is_some_and(|len| len <= frame.len() + 20));
    }
    if is_printed(frame) {
        let _ = write!(Nowhere, "{header:?} {pdu:?}");
    }
}

/// An error points into the frame, and what goes back on the wire because of it is no success.
fn blame(error: &DecodeError, frame: &[u8]) {
    assert!(error.offset <= frame.len().max(HEADER_LEN));
    assert!(!error.status().is_ok());
    let _ = error.reaction();
    if is_printed(frame) {
        let _ = write!(Nowhere, "{error}");
    }
}

/// Printing takes longer than all else: one length in eight.
fn is_printed(frame: &[u8]) -> bool {
    frame.len().is_multiple_of(8)
}

fn same_octets(header: &Header, pdu: &Pdu<'_>, frame: &[u8]) {
    let mut again = Vec::with_capacity(frame.len());
    pdu.encode(header.command_status, header.sequence_number, &mut again).expect("it was read");
    assert_eq!(again, frame);
}

/// Takes what is printed and keeps none of it.
struct Nowhere;

impl Write for Nowhere {
    fn write_str(&mut self, _: &str) -> fmt::Result {
        Ok(())
    }
}
