//! A byte stream to frames: where each PDU begins and ends.
//!
//! There is one framer, and a session uses it from the first octet, binds included. It looks at
//! `command_length` and nothing else, and refuses a length before anything is allocated for it.

use super::header::HEADER_LEN;
use super::kinds::u32_at;

/// The lengths a peer may announce.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Largest `command_length` taken, in octets.
    pub max_pdu_bytes: usize,
}

/// Largest PDU by default: a message_payload of 65,535 octets, its fields and other TLVs.
pub const MAX_PDU_BYTES: usize = 70_000;
/// Largest PDU before a bind: a bind has at most 16 + 96 octets; anything far above is no SMPP.
pub const MAX_PDU_BYTES_BEFORE_BIND: usize = 512;

impl Default for Limits {
    fn default() -> Self {
        Self { max_pdu_bytes: MAX_PDU_BYTES }
    }
}

/// The stream is lost: what stands where a `command_length` belongs cannot be one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FramingError {
    /// What stood there.
    pub command_length: u32,
    /// What it looks like, for the counter: other protocols are told by their first octets.
    pub looks_like: LooksLike,
}

/// What the first four octets of a lost stream are taken for (quirk 36).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LooksLike {
    /// `GET `, `POST`, `HEAD`, `HTTP`, `PUT `, `OPTI`, `CONN`, `PRI `.
    Http,
    /// `AMQP`.
    Amqp,
    /// A TLS handshake record, or the alert of a server that is spoken to without TLS.
    Tls,
    /// TPKT, as remote-desktop scanners send it.
    Tpkt,
    /// `SSH-`.
    Ssh,
    /// A command_id where a length belongs: the stream slipped.
    Misaligned,
    /// A length below the header's sixteen octets.
    TooShort,
    /// A length above the limit.
    TooLong,
}

impl LooksLike {
    /// A short name for labels.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Amqp => "amqp",
            Self::Tls => "tls",
            Self::Tpkt => "tpkt",
            Self::Ssh => "ssh",
            Self::Misaligned => "misaligned",
            Self::TooShort => "too_short",
            Self::TooLong => "too_long",
        }
    }

    fn of(first: [u8; 4]) -> Self {
        match &first {
            b"GET " | b"POST" | b"HEAD" | b"HTTP" | b"PUT " | b"OPTI" | b"CONN" | b"PRI " => {
                Self::Http
            }
            b"AMQP" => Self::Amqp,
            b"SSH-" => Self::Ssh,
            [0x15 | 0x16, 0x03, ..] => Self::Tls,
            [0x03, 0x00, ..] => Self::Tpkt,
            [0x80, 0x00, 0x00 | 0x01, _] => Self::Misaligned,
            [0, 0, 0, 0..=15] => Self::TooShort,
            _ => Self::TooLong,
        }
    }
}

/// Cuts frames from the front of a slice of octets.
#[derive(Clone, Copy, Debug)]
pub struct Framer<'a> {
    octets: &'a [u8],
    limits: Limits,
}

impl<'a> Framer<'a> {
    /// A framer over octets that begin with a PDU.
    #[inline]
    #[must_use]
    pub fn new(octets: &'a [u8], limits: Limits) -> Self {
        Self { octets, limits }
    }

    /// The next whole frame; `Ok(None)` when more octets are needed.
    ///
    /// # Errors
    /// When the length is below 16 or above the limit. The stream cannot be read any further, and
    /// every later call says so again.
    #[inline]
    pub fn next_frame(&mut self) -> Result<Option<&'a [u8]>, FramingError> {
        let Some(head) = self.octets.first_chunk::<4>() else { return Ok(None) };
        let command_length = u32_at(head, 0);
        let len = command_length as usize;
        if len < HEADER_LEN || len > self.limits.max_pdu_bytes {
            return Err(lost(*head, command_length));
        }
        match self.octets.split_at_checked(len) {
            Some((frame, rest)) => {
                self.octets = rest;
                Ok(Some(frame))
            }
            None => Ok(None),
        }
    }

    /// What has not been cut yet.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        self.octets
    }

    /// How many octets the next frame needs in all, as far as it can be told: for sizing a buffer.
    #[must_use]
    pub fn needs(&self) -> usize {
        match self.octets.first_chunk::<4>() {
            Some(head) => (u32_at(head, 0) as usize).clamp(HEADER_LEN, self.limits.max_pdu_bytes),
            None => HEADER_LEN,
        }
    }

    /// Changes the limits for the frames that follow, as a bind does.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }
}

#[cold]
fn lost(head: [u8; 4], command_length: u32) -> FramingError {
    FramingError { command_length, looks_like: LooksLike::of(head) }
}
