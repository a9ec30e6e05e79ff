//! What must hold for any receipt text, and for every receipt that we write.
//!
//! The first octet of an input chooses: read the rest as an SMSC's receipt, or draw the values of
//! one of ours from it.
#![allow(dead_code)] // Each target calls its own.

use std::borrow::Cow;
use std::time::Duration;

use chappe::message::receipt::id::{IdNotation, agree, candidates};
use chappe::message::receipt::{
    ReceiptDate, ReceiptError, ReceiptFormat, ReceiptLine, ReceiptText, is_receipt, plain, resolve,
};
use chappe::message::state::MessageState;

/// Octets of a receipt beyond which nothing new can happen.
const OCTETS_MAX: usize = 1_000;

/// Reads a receipt, or writes one and reads it.
pub fn receipt(octets: &[u8]) {
    match octets.split_first() {
        Some((&choice, numbers)) if choice & 1 != 0 => write(choice, numbers),
        Some((&choice, text)) => read(choice, text.get(..OCTETS_MAX).unwrap_or(text)),
        None => {}
    }
}

fn read(choice: u8, octets: &[u8]) {
    let text = ReceiptText::parse(octets);
    for value in values(&text).into_iter().flatten() {
        assert!(value.is_empty() || is_within(value, octets), "values are borrowed");
    }
    for word in [text.id, text.sub, text.dlvrd, text.stat, text.err].into_iter().flatten() {
        assert!(!word.iter().any(|octet| matches!(octet, 0 | b'\t'..=b'\r' | b' ')));
    }
    if let Some(quoted) = text.text.filter(|quoted| !quoted.is_empty()) {
        let end = quoted.as_ptr_range().end as usize - octets.as_ptr() as usize;
        assert!(octets[end..].iter().all(|octet| matches!(octet, 0 | b'\r' | b'\n')));
    }
    // A blank in front says nothing, but the straight run over the standard layout gives up at it:
    // so the two readers are compared.
    let mut room = [b' '; OCTETS_MAX + 1];
    room[1..=octets.len()].copy_from_slice(octets);
    assert_eq!(values(&ReceiptText::parse(&room[..=octets.len()])), values(&text));
    mean(choice, octets, &text);
    if let Cow::Owned(wide) = plain(octets) {
        let _ = ReceiptText::parse(&wide);
    }
}

/// Asks for all that a receipt can mean.
fn mean(choice: u8, octets: &[u8], text: &ReceiptText<'_>) {
    let _ = (text.state(), text.sub_count(), text.dlvrd_count(), text.err_number());
    for date in [text.submitted(), text.done()].into_iter().flatten() {
        let _ = date.to_wall(i16::from(choice) * 4 - 500);
    }
    if choice & 0x18 == 0 {
        assert_eq!(is_receipt(0x43, octets), text.is_convincing());
    }
    let tlv = (choice & 2 != 0).then_some(octets.get(..3).unwrap_or(octets));
    let state = (choice & 4 != 0).then_some(choice >> 3);
    let resolved = resolve(Some(text), tlv, state, tlv);
    assert!(resolved.id.is_none_or(|id| !id.is_empty()));
    assert!(state.is_none() || resolved.state.is_some());
    if let Some(id) = text.id {
        name(id);
    }
}

/// An id names itself, in every notation it can be read in.
fn name(id: &[u8]) {
    let text = IdNotation::Text.key(id);
    assert_eq!(text.is_some(), (1..=65).contains(&id.len()));
    let named = (IdNotation::Text, IdNotation::Text);
    assert_eq!(agree(id, id), text.is_some().then_some(named));
    let mut keys = [None; 3];
    for (slot, key) in keys.iter_mut().zip(candidates(id)) {
        *slot = Some(key);
    }
    assert_eq!(keys[0], text);
    assert!(keys[1].is_none() || (keys[1] != keys[0] && keys[1] != keys[2]));
    for notation in [IdNotation::Hex, IdNotation::Decimal] {
        let Some(key) = notation.key(id) else { continue };
        // What a key says in hexadecimal is the key: reading it again changes nothing.
        assert_eq!(IdNotation::Hex.key(key.as_bytes()), Some(key));
    }
}

/// What we write, whatever its values, reads as those values.
fn write(choice: u8, mut numbers: &[u8]) {
    let [sub, dlvrd, code, offset] =
        [take(&mut numbers), take(&mut numbers), take(&mut numbers), take(&mut numbers)]
            .map(u16::from_be_bytes);
    let offset_minutes = (offset % 1_681) as i16 - 840;
    // From 1973 to 2036: two digits of a year mean 1938 to 2037.
    let [submitted, done] = [take(&mut numbers), take(&mut numbers)].map(|wall| {
        Duration::from_secs(100_000_000 + u64::from(u32::from_be_bytes(wall)) % 2_000_000_000)
    });
    let [state, kind, id_octets, text_octets] = take(&mut numbers);
    let state = MessageState(state);
    let (id_octets, text_octets) = (1 + usize::from(id_octets % 64), usize::from(text_octets % 32));
    let (err, rest) = numbers.split_at(numbers.len().min(usize::from(kind >> 2)));
    let (text, rest) = rest.split_at(rest.len().min(text_octets));
    let mut room = [b'-'; 64];
    let id = &mut room[..id_octets];
    for (octet, number) in id.iter_mut().zip(rest) {
        *octet = b"0123456789ABCDEFabcdefghijklmnopqrstuvwxyzGHIJKLMNOPQRSTUVWXYZ-_"
            [usize::from(number % 64)];
    }
    let error = match kind & 3 {
        0 => ReceiptError::Number(u32::from(code) << (kind >> 4)),
        1 => ReceiptError::Network { network_type: kind, code },
        _ => ReceiptError::Text(err),
    };
    let line = ReceiptLine { id, sub, dlvrd, submitted, done, state, error, text };
    let (format, step) = match choice & 2 {
        0 => (ReceiptFormat::Standard, 60),
        _ => (ReceiptFormat::Seconds, 1),
    };
    let mut out = Vec::new();
    line.write(format, offset_minutes, &mut out);

    let read = ReceiptText::parse(&out);
    assert_eq!(read.id, Some(line.id));
    assert_eq!(read.sub_count(), Some(u32::from(sub.min(999))));
    assert_eq!(read.dlvrd_count(), Some(u32::from(dlvrd.min(999))));
    assert_eq!(read.stat, Some(state.stat().as_bytes()));
    assert!(
        read.err.is_some_and(|err| (1..=ReceiptError::TEXT_MAX).contains(&err.len())),
        "{error:?}"
    );
    if let Some(number) = error.number() {
        assert_eq!(read.err_number(), Some(number));
    }
    for (date, wall) in [(read.submitted(), submitted), (read.done(), done)] {
        let read = date.map(|date: ReceiptDate| date.to_wall(offset_minutes).as_secs());
        assert_eq!(read, Some(wall.as_secs() / step * step));
    }
    let quoted = text.get(..ReceiptLine::TEXT_OCTETS).unwrap_or(text);
    let (kept, cut) = quoted.split_at(read.text.unwrap_or_default().len());
    assert_eq!(read.text, Some(kept));
    assert!(cut.iter().all(|octet| matches!(octet, 0 | b'\r' | b'\n')), "{cut:?}");
}

/// The next octets; zeros where there are none.
fn take<const N: usize>(numbers: &mut &[u8]) -> [u8; N] {
    let (head, rest) = numbers.split_at(numbers.len().min(N));
    *numbers = rest;
    let mut octets = [0; N];
    octets[..head.len()].copy_from_slice(head);
    octets
}

fn values<'a>(text: &ReceiptText<'a>) -> [Option<&'a [u8]>; 8] {
    let ReceiptText { id, sub, dlvrd, submit_date, done_date, stat, err, text } = *text;
    [id, sub, dlvrd, submit_date, done_date, stat, err, text]
}

fn is_within(value: &[u8], octets: &[u8]) -> bool {
    let (value, octets) = (value.as_ptr_range(), octets.as_ptr_range());
    octets.start <= value.start && value.end <= octets.end
}
