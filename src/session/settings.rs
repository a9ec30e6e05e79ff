//! What a session is told when it begins.

use std::time::Duration;

use crate::wire::Rules;
use crate::wire::framer::{MAX_PDU_BYTES, MAX_PDU_BYTES_BEFORE_BIND};

/// Limits and timers of one session. The timers are those of SMPP 3.4 §7.2.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Settings {
    /// Largest PDU taken once bound, in octets. 70,000 holds a message_payload of 65,535.
    pub max_pdu_bytes: usize,
    /// Largest PDU taken before a bind, in octets: nothing but a bind is due, and it is short.
    pub max_pdu_bytes_before_bind: usize,
    /// How the peer's octets are read.
    pub rules: Rules,
    /// Requests this side may have unanswered at once.
    pub window_max: usize,
    /// How long a peer may stay unbound (session_init_timer).
    pub session_init: Duration,
    /// Silence after which enquire_link is sent (enquire_link_timer).
    pub enquire_link: Duration,
    /// Time without a message after which the session unbinds (inactivity_timer); none: never.
    pub inactivity: Option<Duration>,
    /// How long an answer may take (response_timer).
    pub response_timeout: Duration,
    /// How long a drain waits for what is unanswered before it unbinds all the same.
    pub drain: Duration,
    /// The `interface_version` this side says it speaks.
    pub interface_version: u8,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_pdu_bytes: MAX_PDU_BYTES,
            max_pdu_bytes_before_bind: MAX_PDU_BYTES_BEFORE_BIND,
            rules: Rules::default(),
            window_max: 100,
            session_init: Duration::from_secs(10),
            enquire_link: Duration::from_secs(30),
            inactivity: None,
            response_timeout: Duration::from_secs(30),
            drain: Duration::from_secs(10),
            interface_version: 0x34,
        }
    }
}
