//! Octets of a socket to whole frames, and frames to one write.

use std::io::{Error, ErrorKind, Read, Result, Write};
use std::net::TcpStream;

/// Octets of a receive or send buffer: some thousand messages.
const BUFFER_OCTETS: usize = 256 * 1_024;

/// Octets a frame may have: any larger is taken for lost framing.
const FRAME_OCTETS_MAX: usize = 64 * 1_024;

/// Octets [`Outbox::room`] has free at least.
pub const ROOM_OCTETS: usize = 1_024;

/// What a socket has sent and nobody has treated yet.
pub struct Inbox {
    buffer: Vec<u8>,
    /// Octets of the buffer that hold something.
    filled: usize,
    /// Octets at its start whose frames have been treated; they make room at the next read.
    treated: usize,
}

impl Inbox {
    pub fn new() -> Self {
        Self { buffer: vec![0; BUFFER_OCTETS], filled: 0, treated: 0 }
    }

    /// Reads once, as much as is there; false at the end of the stream.
    pub fn receive(&mut self, from: &mut TcpStream) -> Result<bool> {
        self.buffer.copy_within(self.treated..self.filled, 0);
        self.filled -= self.treated;
        self.treated = 0;
        match from.read(&mut self.buffer[self.filled..]) {
            Ok(octets) => {
                self.filled += octets;
                Ok(octets > 0)
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Shows each whole frame to `treat`, which may change it, and returns them all.
    pub fn frames(&mut self, mut treat: impl FnMut(&mut [u8]) -> Result<()>) -> Result<&[u8]> {
        let octets = &mut self.buffer[self.treated..self.filled];
        let mut at = 0;
        while let Some(length) = frame_length(&octets[at..])? {
            treat(&mut octets[at..at + length])?;
            at += length;
        }
        self.treated += at;
        Ok(&octets[..at])
    }
}

/// Frames on their way to a socket, sent together.
pub struct Outbox {
    to: TcpStream,
    buffer: Vec<u8>,
    used: usize,
}

impl Outbox {
    pub fn new(to: TcpStream) -> Self {
        Self { to, buffer: vec![0; BUFFER_OCTETS], used: 0 }
    }

    /// Appends `octets`, at most [`ROOM_OCTETS`] of them, and returns them for correction.
    pub fn put(&mut self, octets: &[u8]) -> Result<&mut [u8]> {
        let here = &mut self.room()?[..octets.len()];
        here.copy_from_slice(octets);
        self.used += octets.len();
        Ok(&mut self.buffer[self.used - octets.len()..self.used])
    }

    /// At least [`ROOM_OCTETS`] to write the next frame into; [`Outbox::keep`] says how long it
    /// became. A full buffer is sent first.
    pub fn room(&mut self) -> Result<&mut [u8]> {
        if self.buffer.len() - self.used < ROOM_OCTETS {
            self.send()?;
        }
        Ok(&mut self.buffer[self.used..])
    }

    /// Takes the first `octets` of the last [`Outbox::room`] as written.
    pub fn keep(&mut self, octets: usize) {
        self.used += octets;
    }

    /// Sends everything put since the last time.
    pub fn send(&mut self) -> Result<()> {
        let octets = &self.buffer[..self.used];
        self.used = 0;
        if octets.is_empty() { Ok(()) } else { self.to.write_all(octets) }
    }
}

/// command_id, command_status and sequence_number of a whole frame.
#[inline(always)]
pub fn header(frame: &[u8]) -> (u32, u32, u32) {
    let word =
        |at: usize| frame[at..].first_chunk().map_or(0, |octets| u32::from_be_bytes(*octets));
    (word(4), word(8), word(12))
}

/// Sets the sequence_number of a whole frame.
#[inline(always)]
pub fn set_sequence_number(frame: &mut [u8], sequence_number: u32) {
    frame[12..16].copy_from_slice(&sequence_number.to_be_bytes());
}

/// A frame of a header and `body`.
pub fn frame(command_id: u32, command_status: u32, sequence_number: u32, body: &[u8]) -> Vec<u8> {
    let mut octets = Vec::with_capacity(16 + body.len());
    for word in [16 + body.len() as u32, command_id, command_status, sequence_number] {
        octets.extend_from_slice(&word.to_be_bytes());
    }
    octets.extend_from_slice(body);
    octets
}

/// The length of the frame `octets` start with, or nothing while it is not whole.
#[inline(always)]
fn frame_length(octets: &[u8]) -> Result<Option<usize>> {
    let Some(length) = octets.first_chunk() else {
        return Ok(None);
    };
    let length = u32::from_be_bytes(*length) as usize;
    if !(16..=FRAME_OCTETS_MAX).contains(&length) {
        return Err(Error::new(ErrorKind::InvalidData, format!("command_length {length}")));
    }
    Ok((length <= octets.len()).then_some(length))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn frames_come_out_whole_however_the_octets_arrive() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
        let address = listener.local_addr().expect("its address");
        let mut sender = TcpStream::connect(address).expect("a link");
        let (mut receiver, _) = listener.accept().expect("a link");
        let sent = [frame(4, 0, 1, b"body"), frame(0x15, 0, 2, b"")].concat();
        let mut inbox = Inbox::new();
        let mut seen = Vec::new();
        for octet in &sent {
            sender.write_all(&[*octet]).expect("a link");
            assert!(inbox.receive(&mut receiver).expect("a link"));
            let whole = inbox.frames(|frame| {
                seen.push(header(frame));
                Ok(())
            });
            whole.expect("frames");
        }
        assert_eq!(seen, [(4, 0, 1), (0x15, 0, 2)]);
        drop(sender);
        assert!(!inbox.receive(&mut receiver).expect("an end"));
    }

    #[test]
    fn a_length_no_frame_can_have_is_refused() {
        assert!(frame_length(&[0, 0, 0, 15]).is_err());
        assert!(frame_length(&[0, 1, 0, 1]).is_err());
        assert_eq!(frame_length(&[0, 0, 0]).ok(), Some(None));
        assert_eq!(frame_length(&[0, 0, 0, 16]).ok(), Some(None));
    }
}
