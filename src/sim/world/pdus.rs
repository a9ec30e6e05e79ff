//! A stream's octets to the PDUs that begin and end in them: their headers are all that is read.

use crate::wire::{CommandId, HEADER_LEN, Header};

/// Where in a stream of PDUs one is.
#[derive(Debug, Default)]
pub struct Watch {
    header: Vec<u8>,
    /// Octets that the PDU under way has left.
    left: usize,
}

impl Watch {
    /// Goes on by these octets; `each` is told of every PDU that is whole now.
    pub fn feed(&mut self, mut octets: &[u8], mut each: impl FnMut(Header)) {
        while !octets.is_empty() {
            if self.left == 0 {
                let taken = (HEADER_LEN - self.header.len()).min(octets.len());
                self.header.extend_from_slice(&octets[..taken]);
                octets = &octets[taken..];
                let Some(header) = Header::read(&self.header) else { return };
                self.left = (header.command_length as usize).saturating_sub(HEADER_LEN);
            }
            let taken = self.left.min(octets.len());
            self.left -= taken;
            octets = &octets[taken..];
            if self.left == 0
                && let Some(header) = Header::read(&self.header)
            {
                each(header);
                self.header.clear();
            }
        }
    }

    /// Whether a PDU has begun and not ended.
    pub fn is_within(&self) -> bool {
        !self.header.is_empty()
    }

    /// Where in these octets, which come next, the first PDU of this kind begins, and how long it
    /// is.
    pub fn find(&self, octets: &[u8], wanted: CommandId) -> Option<(usize, usize)> {
        if self.is_within() && self.left == 0 {
            return None;
        }
        let mut at = self.left;
        loop {
            let header = Header::read(octets.get(at..)?)?;
            let octets = (header.command_length as usize).max(HEADER_LEN);
            if header.command_id == wanted {
                return Some((at, octets));
            }
            at += octets;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pdu(command: CommandId, sequence: u8, body: usize) -> Vec<u8> {
        let length = (HEADER_LEN + body) as u32;
        let mut octets = length.to_be_bytes().to_vec();
        octets.extend_from_slice(&command.0.to_be_bytes());
        octets.extend_from_slice(&[0, 0, 0, 0, 0, 0, 0, sequence]);
        octets.resize(HEADER_LEN + body, 7);
        octets
    }

    #[test]
    fn every_pdu_is_told_of_once_however_it_comes() {
        let all = [
            pdu(CommandId::ENQUIRE_LINK, 1, 0),
            pdu(CommandId::SUBMIT_SM, 2, 40),
            pdu(CommandId::DELIVER_SM, 3, 5),
        ]
        .concat();
        for size in 1..all.len() {
            let (mut watch, mut seen) = (Watch::default(), Vec::new());
            for piece in all.chunks(size) {
                watch.feed(piece, |header| seen.push(header.sequence_number));
            }
            assert_eq!((seen, watch.is_within()), (vec![1, 2, 3], false));
        }
        let mut watch = Watch::default();
        assert_eq!(watch.find(&all, CommandId::SUBMIT_SM), Some((16, 56)));
        watch.feed(&all[..20], |_| {});
        assert_eq!(watch.find(&all[20..], CommandId::SUBMIT_SM), None);
        watch.feed(&all[20..40], |_| {});
        assert_eq!(watch.find(&all[40..], CommandId::DELIVER_SM), Some((32, 21)));
    }
}
