//! Where PDUs begin and end in a stream, and what is no stream of PDUs.

use crate::wire::framer::{LooksLike, MAX_PDU_BYTES, MAX_PDU_BYTES_BEFORE_BIND};
use crate::wire::{Framer, HEADER_LEN, Header, Limits};

fn of_length(command_length: u32) -> Vec<u8> {
    Header { command_length, ..Header::default() }.octets().to_vec()
}

#[test]
fn a_length_of_the_limit_is_taken_and_one_above_it_is_not() {
    let limits = Limits { max_pdu_bytes: 512 };
    let stream = of_length(512);
    assert_eq!(Framer::new(&stream, limits).next_frame(), Ok(None));
    let stream = of_length(513);
    let error = Framer::new(&stream, limits).next_frame().unwrap_err();
    assert_eq!((error.command_length, error.looks_like), (513, LooksLike::TooLong));
}

#[test]
fn a_length_below_the_header_is_lost_framing_and_stays_so() {
    for command_length in 0..HEADER_LEN as u32 {
        let stream = of_length(command_length);
        let mut framer = Framer::new(&stream, Limits::default());
        let first = framer.next_frame().unwrap_err();
        assert_eq!(first.looks_like, LooksLike::TooShort);
        assert_eq!(framer.next_frame(), Err(first));
        assert_eq!(framer.rest(), stream, "nothing was taken from a lost stream");
    }
}

#[test]
fn a_lost_stream_is_named_before_the_frame_is_waited_for() {
    // Four octets are enough to say so: no peer makes us wait for gigabytes.
    let framer = Framer::new(&[0xff, 0xff, 0xff, 0xff], Limits::default());
    assert_eq!(framer.clone().next_frame().unwrap_err().looks_like, LooksLike::TooLong);
    assert_eq!(framer.needs(), MAX_PDU_BYTES, "a buffer is never sized by what a peer says");
}

#[test]
fn whole_frames_are_cut_and_the_rest_is_kept() {
    let mut stream = of_length(16);
    stream.extend(of_length(17));
    stream.push(0xaa);
    stream.extend(&of_length(16)[..15]);
    let mut framer = Framer::new(&stream, Limits::default());
    assert_eq!(framer.next_frame(), Ok(Some(&stream[..16])));
    assert_eq!(framer.next_frame(), Ok(Some(&stream[16..33])));
    assert_eq!(framer.next_frame(), Ok(None));
    assert_eq!(framer.rest(), &stream[33..]);
    assert_eq!(framer.needs(), 16);
}

#[test]
fn a_bind_fits_the_limit_that_holds_before_it() {
    // Header, system_id 16, password 9, system_type 13, three octets, address_range 41.
    const { assert!(HEADER_LEN + 16 + 9 + 13 + 3 + 41 <= MAX_PDU_BYTES_BEFORE_BIND) }
    // Header, 254 octets of fields at most, message_payload with its head, other TLVs.
    const { assert!(HEADER_LEN + 254 + 4 + 65_535 + 1_024 <= MAX_PDU_BYTES) }
}

#[test]
fn limits_change_for_the_frames_that_follow() {
    let mut stream = of_length(16);
    stream.extend(of_length(600));
    let mut framer = Framer::new(&stream, Limits { max_pdu_bytes: MAX_PDU_BYTES_BEFORE_BIND });
    assert!(framer.next_frame().unwrap().is_some());
    framer.set_limits(Limits::default());
    assert_eq!(framer.next_frame(), Ok(None), "600 octets are allowed once bound");
}
