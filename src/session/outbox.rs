//! Octets that wait to be written: PDUs encoded one behind the other.
//!
//! The buffer stays initialised as it is reused, so that encoding a PDU neither clears nor
//! allocates; only a longer backlog than ever before makes it grow.

use crate::wire::table::{Body, DataSmResp, DeliverSmResp, QuerySmResp, SubmitMultiResp};
use crate::wire::{CommandId, CommandStatus, EncodeError, HEADER_LEN, Header, SequenceNumber};

/// Room a buffer begins with, in octets.
const ROOM_FIRST: usize = 512;
/// UNKNOWN (SMPP 3.4 §5.2.28): none of the standard's states is 0, and peers read no other.
const STATE_UNKNOWN: u8 = 7;

/// The octets a session wants written.
#[derive(Debug, Default)]
pub struct Outbox {
    octets: Vec<u8>,
    start: usize,
    end: usize,
}

impl Outbox {
    /// Appends a PDU.
    #[inline]
    pub fn push<'b, B: Body<'b>>(
        &mut self,
        status: CommandStatus,
        sequence: SequenceNumber,
        body: &B,
    ) -> Result<(), EncodeError> {
        loop {
            let room = self.octets.get_mut(self.end..).unwrap_or_default();
            if let Some(len) = body.encode_to(room, status, sequence)? {
                self.end += len;
                return Ok(());
            }
            self.make_room();
        }
    }

    /// Appends a PDU whose strings are longer than the standard's (quirk 53).
    #[cold]
    pub fn push_long<'b, B: Body<'b>>(
        &mut self,
        status: CommandStatus,
        sequence: SequenceNumber,
        body: &B,
    ) -> Result<(), EncodeError> {
        let mut octets = Vec::new();
        body.encode_long(status, sequence, &mut octets)?;
        self.push_octets(&octets);
        Ok(())
    }

    /// Appends a response that has nothing to say but its status. Some have a body all the same.
    pub fn push_status(
        &mut self,
        response: CommandId,
        status: CommandStatus,
        sequence: SequenceNumber,
    ) {
        // Empty strings are never too long.
        let _ = match response {
            CommandId::DATA_SM_RESP => self.push(status, sequence, &DataSmResp::default()),
            CommandId::DELIVER_SM_RESP => self.push(status, sequence, &DeliverSmResp::default()),
            CommandId::QUERY_SM_RESP => {
                let unknown = QuerySmResp { message_state: STATE_UNKNOWN, ..Default::default() };
                self.push(status, sequence, &unknown)
            }
            CommandId::SUBMIT_MULTI_RESP => {
                self.push(status, sequence, &SubmitMultiResp::default())
            }
            _ => {
                let header = Header {
                    command_length: HEADER_LEN as u32,
                    command_id: response,
                    command_status: status,
                    sequence_number: sequence,
                };
                self.push_octets(&header.octets());
                Ok(())
            }
        };
    }

    /// Appends octets as they are and gives them back where they wait, to be changed in place.
    #[inline]
    pub fn push_octets(&mut self, octets: &[u8]) -> &mut [u8] {
        let start = loop {
            let end = self.end + octets.len();
            if self.octets.len() >= end {
                break std::mem::replace(&mut self.end, end);
            }
            self.make_room();
        };
        // The loop has made sure of this range, which is as long as `octets`.
        let room = self.octets.get_mut(start..self.end).unwrap_or_default();
        room.copy_from_slice(octets);
        room
    }

    /// What waits.
    pub fn pending(&self) -> &[u8] {
        self.octets.get(self.start..self.end).unwrap_or_default()
    }

    /// Takes off what was written.
    pub fn written(&mut self, octets: usize) {
        self.start = self.start.saturating_add(octets).min(self.end);
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
        }
    }

    /// Gives the memory back when nothing waits and more than `keep` octets are held.
    pub fn shrink(&mut self, keep: usize) {
        if self.end == 0 && self.octets.len() > keep {
            self.octets = Vec::new();
        }
    }

    /// Makes the free room at the end larger. While at least half of the buffer was written
    /// already, what waits moves to its front and the buffer keeps its size: a peer that is never
    /// quite done reading must not make it grow with all that is ever sent. Moving at most half
    /// for at least half keeps the cost of an octet constant.
    #[cold]
    fn make_room(&mut self) {
        if self.start > 0 && self.start >= self.octets.len() / 2 {
            self.octets.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
            return;
        }
        let len = (self.octets.len() * 2).max(ROOM_FIRST);
        self.octets.resize(len, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_come_out_in_order_however_they_are_taken() {
        let mut outbox = Outbox::default();
        let mut expected = Vec::new();
        let mut taken = Vec::new();
        for round in 0..2000_usize {
            let octets = vec![(round % 251) as u8; round % 97];
            outbox.push_octets(&octets);
            expected.extend_from_slice(&octets);
            let some = outbox.pending().len().min(round % 61);
            taken.extend_from_slice(&outbox.pending()[..some]);
            outbox.written(some);
        }
        taken.extend_from_slice(outbox.pending());
        assert_eq!(taken, expected);
    }

    #[test]
    fn a_backlog_that_never_empties_does_not_grow_the_buffer() {
        let mut outbox = Outbox::default();
        outbox.push_octets(&[0; 1000]);
        for _ in 0..100_000 {
            outbox.push_octets(&[0; 100]);
            outbox.written(100);
        }
        assert_eq!(outbox.pending().len(), 1000);
        assert!(outbox.octets.len() <= 4096, "{} octets", outbox.octets.len());
    }
}
