//! Captures in the form that Wireshark reads: PDUs of a dissector, without the packets they came in
//! (LINKTYPE_WIRESHARK_UPPER_PDU), so that no port has to be guessed.

use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};

/// The link type.
const UPPER_PDU: u32 = 252;
/// Tags before a PDU, each with a length of two octets: the dissector's name, addresses, the kind
/// of port (2 is TCP) and ports.
const DISSECTOR: u16 = 12;
const IPV4: [u16; 2] = [20, 21];
const IPV6: [u16; 2] = [22, 23];
const PORT_KIND: u16 = 24;
const PORT: [u16; 2] = [25, 26];

/// Writes what a file begins with.
pub fn begin(file: &mut impl Write) -> io::Result<()> {
    let mut head = 0xa1b2_c3d4_u32.to_le_bytes().to_vec();
    for short in [2_u16, 4] {
        head.extend_from_slice(&short.to_le_bytes());
    }
    for word in [0, 0, 262_144, UPPER_PDU] {
        head.extend_from_slice(&word.to_le_bytes());
    }
    file.write_all(&head)
}

/// Writes one PDU that came from the peer, or went to it.
pub fn pdu(
    file: &mut impl Write,
    at_unix_us: u64,
    (peer, incoming): (Option<SocketAddr>, bool),
    pdu: &[u8],
) -> io::Result<()> {
    let mut packet = Vec::new();
    tag(&mut packet, DISSECTOR, b"smpp");
    if let Some(peer) = peer {
        // Of the two ends the engine's is not told; it is the one without an address.
        let ends = if incoming { [0, 1] } else { [1, 0] };
        for (end, of_peer) in ends.into_iter().zip([true, false]) {
            address(&mut packet, end, peer, of_peer);
        }
        tag(&mut packet, PORT_KIND, &2_u32.to_be_bytes());
        for (end, port) in ends.into_iter().zip([peer.port(), 0]) {
            if let Some(&name) = PORT.get(end) {
                tag(&mut packet, name, &u32::from(port).to_be_bytes());
            }
        }
    }
    packet.extend_from_slice(&[0; 4]);
    packet.extend_from_slice(pdu);
    let length = u32::try_from(packet.len()).unwrap_or(u32::MAX);
    let seconds = u32::try_from(at_unix_us / 1_000_000).unwrap_or(u32::MAX);
    for word in [seconds, (at_unix_us % 1_000_000) as u32, length, length] {
        file.write_all(&word.to_le_bytes())?;
    }
    file.write_all(&packet)
}

/// The address of one end: the peer's, or of the same kind the one that nobody has.
fn address(packet: &mut Vec<u8>, end: usize, peer: SocketAddr, of_peer: bool) {
    let (tags, octets) = match peer.ip() {
        IpAddr::V4(ip) => (IPV4, if of_peer { ip.octets().to_vec() } else { vec![0; 4] }),
        IpAddr::V6(ip) => (IPV6, if of_peer { ip.octets().to_vec() } else { vec![0; 16] }),
    };
    if let Some(&name) = tags.get(end) {
        tag(packet, name, &octets);
    }
}

/// A tag, its value filled up to a multiple of four octets.
fn tag(packet: &mut Vec<u8>, name: u16, value: &[u8]) {
    let length = value.len().next_multiple_of(4);
    packet.extend_from_slice(&name.to_be_bytes());
    packet.extend_from_slice(&u16::try_from(length).unwrap_or_default().to_be_bytes());
    packet.extend_from_slice(value);
    packet.resize(packet.len() + length - value.len(), 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pdu_stands_behind_the_name_of_its_dissector_and_both_addresses() {
        let mut file = Vec::new();
        let peer = "10.1.2.3:2775".parse().ok();
        pdu(&mut file, 7_000_042, (peer, true), b"pdu!").unwrap();
        let expected = [
            &[7, 0, 0, 0, 42, 0, 0, 0, 56, 0, 0, 0, 56, 0, 0, 0][..],
            b"\x00\x0c\x00\x04smpp",
            b"\x00\x14\x00\x04\x0a\x01\x02\x03\x00\x15\x00\x04\0\0\0\0",
            b"\x00\x18\x00\x04\0\0\0\x02",
            b"\x00\x19\x00\x04\0\0\x0a\xd7\x00\x1a\x00\x04\0\0\0\0",
            b"\0\0\0\0pdu!",
        ];
        assert_eq!(file, expected.concat());
    }
}
