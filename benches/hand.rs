//! Octets to fields and fields to octets with the least work safe Rust allows: the yardstick.
//!
//! The reader checks that what it touches lies inside the frame and nothing else: no maximum, no
//! alphabet, no permitted value. It borrows every string. What a complete codec costs above it is
//! what checking, naming and dispatching cost. Nothing is imported, so that any crate can include
//! the file by path.

#![allow(dead_code)] // Each program that includes this file uses its own share of it.

/// The sixteen octets before every body, SMPP 3.4 §3.2.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Header {
    /// Octets of the whole PDU, these four included. A writer computes it and ignores this one.
    pub command_length: u32,
    /// Which PDU it is; bit 31 marks a response.
    pub command_id: u32,
    /// The outcome, in a response.
    pub command_status: u32,
    /// What ties a response to its request.
    pub sequence_number: u32,
}

/// A submit_sm or a deliver_sm: their fields and order are the same, SMPP 3.4 §4.4.1 and §4.6.1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Message<'a> {
    pub header: Header,
    pub service_type: &'a [u8],
    pub source_addr_ton: u8,
    pub source_addr_npi: u8,
    pub source_addr: &'a [u8],
    pub dest_addr_ton: u8,
    pub dest_addr_npi: u8,
    pub destination_addr: &'a [u8],
    pub esm_class: u8,
    pub protocol_id: u8,
    pub priority_flag: u8,
    pub schedule_delivery_time: &'a [u8],
    pub validity_period: &'a [u8],
    pub registered_delivery: u8,
    pub replace_if_present_flag: u8,
    pub data_coding: u8,
    pub sm_default_msg_id: u8,
    pub short_message: &'a [u8],
    /// The octets behind the mandatory fields; [`Tlvs`] takes them apart.
    pub tlvs: &'a [u8],
}

/// A submit_sm_resp, SMPP 3.4 §4.4.2.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SubmitSmResp<'a> {
    pub header: Header,
    pub message_id: &'a [u8],
    pub tlvs: &'a [u8],
}

/// The TLVs in `0`, as tag and value, up to the first that is cut short.
#[derive(Clone, Copy, Debug)]
pub struct Tlvs<'a>(pub &'a [u8]);

impl<'a> Iterator for Tlvs<'a> {
    type Item = (u16, &'a [u8]);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let (&[tag_high, tag_low, length_high, length_low], rest) = self.0.split_first_chunk()?;
        let length = u16::from_be_bytes([length_high, length_low]);
        let (value, rest) = rest.split_at_checked(usize::from(length))?;
        self.0 = rest;
        Some((u16::from_be_bytes([tag_high, tag_low]), value))
    }
}

/// The header of `frame`, or nothing if it is shorter than one.
#[inline(always)]
pub fn read_header(frame: &[u8]) -> Option<Header> {
    let (octets, _) = frame.split_first_chunk::<16>()?;
    let [l0, l1, l2, l3, i0, i1, i2, i3, s0, s1, s2, s3, n0, n1, n2, n3] = *octets;
    Some(Header {
        command_length: u32::from_be_bytes([l0, l1, l2, l3]),
        command_id: u32::from_be_bytes([i0, i1, i2, i3]),
        command_status: u32::from_be_bytes([s0, s1, s2, s3]),
        sequence_number: u32::from_be_bytes([n0, n1, n2, n3]),
    })
}

/// All fields of a submit_sm or deliver_sm, or nothing if it ends before its last field.
#[inline(always)]
pub fn read_message(frame: &[u8]) -> Option<Message<'_>> {
    let header = read_header(frame)?;
    let mut rest = frame.get(16..)?;
    let service_type = take_c_string(&mut rest)?;
    let [source_addr_ton, source_addr_npi] = take_octets(&mut rest)?;
    let source_addr = take_c_string(&mut rest)?;
    let [dest_addr_ton, dest_addr_npi] = take_octets(&mut rest)?;
    let destination_addr = take_c_string(&mut rest)?;
    let [esm_class, protocol_id, priority_flag] = take_octets(&mut rest)?;
    let schedule_delivery_time = take_c_string(&mut rest)?;
    let validity_period = take_c_string(&mut rest)?;
    let [registered_delivery, replace_if_present_flag, data_coding, sm_default_msg_id, sm_length] =
        take_octets(&mut rest)?;
    let (short_message, tlvs) = rest.split_at_checked(usize::from(sm_length))?;
    Some(Message {
        header,
        service_type,
        source_addr_ton,
        source_addr_npi,
        source_addr,
        dest_addr_ton,
        dest_addr_npi,
        destination_addr,
        esm_class,
        protocol_id,
        priority_flag,
        schedule_delivery_time,
        validity_period,
        registered_delivery,
        replace_if_present_flag,
        data_coding,
        sm_default_msg_id,
        short_message,
        tlvs,
    })
}

/// All fields of a submit_sm_resp, or nothing if its message_id does not end.
#[inline(always)]
pub fn read_submit_sm_resp(frame: &[u8]) -> Option<SubmitSmResp<'_>> {
    let header = read_header(frame)?;
    let mut rest = frame.get(16..)?;
    let message_id = take_c_string(&mut rest)?;
    Some(SubmitSmResp { header, message_id, tlvs: rest })
}

/// Writes `message` at the start of `out` and returns its length, or nothing if it does not fit.
///
/// A `short_message` above 255 octets would be written with a wrong sm_length: nothing is checked.
#[inline(always)]
pub fn write_message(message: &Message<'_>, out: &mut [u8]) -> Option<usize> {
    let length = 33
        + message.service_type.len()
        + message.source_addr.len()
        + message.destination_addr.len()
        + message.schedule_delivery_time.len()
        + message.validity_period.len()
        + message.short_message.len()
        + message.tlvs.len();
    let rest = put_header(out.get_mut(..length)?, &message.header, length)?;
    let rest = put(rest, message.service_type)?;
    let rest = put_octets(rest, [0, message.source_addr_ton, message.source_addr_npi])?;
    let rest = put(rest, message.source_addr)?;
    let rest = put_octets(rest, [0, message.dest_addr_ton, message.dest_addr_npi])?;
    let rest = put(rest, message.destination_addr)?;
    let flags = [0, message.esm_class, message.protocol_id, message.priority_flag];
    let rest = put_octets(rest, flags)?;
    let rest = put(rest, message.schedule_delivery_time)?;
    let rest = put_octets(rest, [0])?;
    let rest = put(rest, message.validity_period)?;
    let flags = [
        0,
        message.registered_delivery,
        message.replace_if_present_flag,
        message.data_coding,
        message.sm_default_msg_id,
        message.short_message.len() as u8,
    ];
    let rest = put_octets(rest, flags)?;
    let rest = put(rest, message.short_message)?;
    put(rest, message.tlvs)?;
    Some(length)
}

/// Writes `response` at the start of `out` and returns its length, or nothing if it does not fit.
#[inline(always)]
pub fn write_submit_sm_resp(response: &SubmitSmResp<'_>, out: &mut [u8]) -> Option<usize> {
    let length = 17 + response.message_id.len() + response.tlvs.len();
    let rest = put_header(out.get_mut(..length)?, &response.header, length)?;
    let rest = put(rest, response.message_id)?;
    put(put_octets(rest, [0])?, response.tlvs)?;
    Some(length)
}

#[inline(always)]
fn take_octets<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (octets, after) = rest.split_first_chunk::<N>()?;
    *rest = after;
    Some(*octets)
}

/// The octets before the next zero octet, which is passed over.
#[inline(always)]
fn take_c_string<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let end = zero_octet(rest)?;
    let (string, after) = rest.split_at_checked(end)?;
    *rest = after.split_first()?.1;
    Some(string)
}

/// Where the first zero octet is. Eight at a time: a word that has one borrows from it when one is
/// taken off every octet.
#[inline(always)]
fn zero_octet(octets: &[u8]) -> Option<usize> {
    if *octets.first()? == 0 {
        return Some(0);
    }
    let mut at = 0;
    let mut rest = octets;
    while let Some((word, after)) = rest.split_first_chunk() {
        let word = u64::from_le_bytes(*word);
        let zeros = word.wrapping_sub(0x0101_0101_0101_0101) & !word & 0x8080_8080_8080_8080;
        if zeros != 0 {
            return Some(at + zeros.trailing_zeros() as usize / 8);
        }
        at += 8;
        rest = after;
    }
    rest.iter().position(|octet| *octet == 0).map(|octet| at + octet)
}

#[inline(always)]
fn put_header<'o>(out: &'o mut [u8], header: &Header, length: usize) -> Option<&'o mut [u8]> {
    let mut octets = [0; 16];
    let (words, _) = octets.as_chunks_mut::<4>();
    let fields = [length as u32, header.command_id, header.command_status, header.sequence_number];
    for (word, field) in words.iter_mut().zip(fields) {
        *word = field.to_be_bytes();
    }
    put_octets(out, octets)
}

#[inline(always)]
fn put<'o>(out: &'o mut [u8], octets: &[u8]) -> Option<&'o mut [u8]> {
    if octets.is_empty() {
        return Some(out);
    }
    let (here, after) = out.split_at_mut_checked(octets.len())?;
    match (octets.first_chunk::<8>(), octets.last_chunk::<8>()) {
        (Some(first), Some(last)) if octets.len() <= 16 => {
            *here.first_chunk_mut()? = *first;
            *here.last_chunk_mut()? = *last;
        }
        _ => here.copy_from_slice(octets),
    }
    Some(after)
}

#[inline(always)]
fn put_octets<const N: usize>(out: &mut [u8], octets: [u8; N]) -> Option<&mut [u8]> {
    let (here, after) = out.split_first_chunk_mut::<N>()?;
    *here = octets;
    Some(after)
}
