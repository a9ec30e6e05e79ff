//! Septets one an octet to septets packed eight in seven octets, and back.
//!
//! ```text
//!   octet 0: septet 0 in bits 0-6, the lowest bit of septet 1 in bit 7; and so on upwards
//!   after a header: fill bits first, so that the first septet begins on a septet boundary
//! ```
//! Source: 3GPP TS 23.038 §6.1.2.1.1, 3GPP TS 23.040 §9.2.3.24 (the fill bits).

/// How many fill bits (0 to 6) follow a header of `header_octets` octets, its length octet counted.
#[must_use]
pub fn fill_bits(header_octets: usize) -> usize {
    (7 - header_octets * 8 % 7) % 7
}

/// How many octets `septets` septets take after `fill` fill bits.
#[must_use]
pub fn packed_octets(septets: usize, fill: usize) -> usize {
    if septets == 0 { 0 } else { (septets * 7 + fill).div_ceil(8) }
}

/// How many septets `octets` packed octets can hold after `fill` fill bits. Where that leaves seven
/// bits over, the last one may be padding: only the length the sender gave in septets can tell.
#[must_use]
pub fn septets_in(octets: usize, fill: usize) -> usize {
    (octets * 8).saturating_sub(fill) / 7
}

/// Appends `septets` to `out`, packed after `fill` (0 to 6) zero bits. The eighth bit of each octet
/// given is ignored. What is left of the last octet is zero.
pub fn pack(septets: &[u8], fill: usize, out: &mut Vec<u8>) {
    out.reserve(packed_octets(septets.len(), fill));
    let (mut bits, mut held) = (0_u32, fill % 7);
    for septet in septets {
        bits |= u32::from(septet & 0x7F) << held;
        held += 7;
        if held >= 8 {
            // The low octet is complete; the cast takes just that.
            out.push(bits as u8);
            bits >>= 8;
            held -= 8;
        }
    }
    if held > 0 && !septets.is_empty() {
        out.push(bits as u8);
    }
}

/// Appends to `out` the first `count` septets packed in `octets` after `fill` (0 to 6) bits; fewer
/// if there are not so many.
pub fn unpack(octets: &[u8], fill: usize, count: usize, out: &mut Vec<u8>) {
    let fill = fill % 7;
    let count = count.min(septets_in(octets.len(), fill));
    out.reserve(count);
    let mut octets = octets.iter();
    // The fill bits are read as if they were already there, then thrown away with the first octet.
    let (mut bits, mut held) = (u32::from(octets.next().copied().unwrap_or(0)) >> fill, 8 - fill);
    for _ in 0..count {
        if held < 7 {
            bits |= u32::from(octets.next().copied().unwrap_or(0)) << held;
            held += 8;
        }
        // Masked to seven bits, so that the cast loses nothing.
        out.push((bits & 0x7F) as u8);
        bits >>= 7;
        held -= 7;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_after_a_header_begins_on_a_septet_boundary() {
        assert_eq!([0, 6, 7, 4, 12, 13].map(fill_bits), [0, 1, 0, 3, 2, 1]);
        // "Hi" behind 05 00 03 01 02 01: one fill bit.
        let mut packed = Vec::new();
        pack(b"Hi", 1, &mut packed);
        assert_eq!(packed, [0x90, 0x69]);
        let mut septets = Vec::new();
        unpack(&packed, 1, 2, &mut septets);
        assert_eq!(septets, b"Hi");
    }

    #[test]
    fn seven_septets_leave_seven_bits_that_only_the_count_can_tell_from_an_at_sign() {
        let mut packed = Vec::new();
        pack(b"1234567", 0, &mut packed);
        assert_eq!(packed.len(), 7);
        assert_eq!(septets_in(packed.len(), 0), 8);
        let mut septets = Vec::new();
        unpack(&packed, 0, 7, &mut septets);
        assert_eq!(septets, b"1234567");
    }

    #[test]
    fn unpacking_more_than_there_is_gives_what_there_is() {
        let mut septets = Vec::new();
        unpack(&[0x31], 0, 200, &mut septets);
        unpack(&[], 3, 1, &mut septets);
        unpack(&[0xFF], 6, 1, &mut septets);
        assert_eq!(septets, [0x31]);
    }
}
