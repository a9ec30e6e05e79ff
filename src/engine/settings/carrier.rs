//! An operator, or a hub before one.

use std::sync::Arc;

use crate::message::dialect::Dialect;
use crate::message::words::words;

use super::{CarrierTls, Endpoint, Secret, Timers};

/// An operator we bind to, with one or more binds that share a rate.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Carrier {
    /// What routes, metrics and reports call it.
    pub name: String,
    /// Where it listens.
    pub address: Endpoint,
    /// Where its receiver binds go, when they have a port of their own (quirk 59); `None` is
    /// `address`.
    pub receiver_address: Option<Endpoint>,
    /// TLS from the first octet; `None` is plain TCP.
    pub tls: Option<CarrierTls>,
    /// The name we bind with.
    pub system_id: String,
    /// Its password; `None` binds without one.
    pub password: Option<Secret>,
    /// What a bind is for.
    pub bind: BindKind,
    /// How many binds; of [`BindKind::Pair`], how many pairs.
    pub binds: u32,
    /// Requests of one bind unanswered at once. At the limit the dispatcher waits.
    pub window_max: u32,
    /// Segments a second, all binds together; 0 no limit. The dispatcher waits.
    pub segments_per_second: u32,
    /// Segments a second on each bind; 0 no limit.
    pub bind_segments_per_second: u32,
    /// Messages waiting for this carrier. At the limit a submit is answered ESME_RMSGQFUL, unless
    /// another route takes it.
    pub queue_max_messages: u32,
    /// Times a segment is sent before it is given up; a throttled answer counts for none.
    pub attempts_max: u32,
    /// Milliseconds for resolving, connecting, TLS and the bind response together.
    pub connect_timeout_ms: u32,
    /// system_ids of the accounts that the same peer binds to us with: what they submit never goes
    /// back to it.
    pub accounts: Vec<String>,
    /// Milliseconds without a bind after which what waits for it goes to other carriers.
    pub failover_ms: u32,
    /// Milliseconds until a bind that has come up has its whole window; 0 at once.
    pub ramp_up_ms: u32,
    /// What becomes of a message that was sent and never answered.
    pub in_doubt: InDoubt,
    /// Milliseconds that [`InDoubt::WaitThenResend`] waits for news.
    pub in_doubt_wait_ms: u32,
    /// Milliseconds that a receipt is awaited before its carrier is asked for the message with
    /// query_sm; 0 is never.
    pub query_after_ms: u32,
    /// What its SMSC does differently.
    pub dialect: Arc<Dialect>,
    /// Its sessions' timers, the dialect's already among them.
    pub timers: Timers,
}

words! {
    /// What a bind is for (SMPP 3.4 §4.1).
    #[derive(Default)]
    pub enum BindKind {
        /// A transmitter and a receiver, two sessions that belong together.
        Pair = "pair",
        /// MO and receipts only.
        Receiver = "receiver",
        /// MT, MO and receipts on one session.
        #[default]
        Transceiver = "transceiver",
        /// MT only.
        Transmitter = "transmitter",
    }
}

words! {
    /// What becomes of a message in doubt: sent, and the link died or the response never came.
    #[derive(Default)]
    pub enum InDoubt {
        /// Nothing until news or expiry: never twice, perhaps not at all.
        Hold = "hold",
        /// Sent again at once: perhaps twice.
        Resend = "resend",
        /// Sent again when no late response and no receipt settled it in time.
        #[default]
        WaitThenResend = "wait_then_resend",
    }
}

impl Carrier {
    /// A carrier with the default limits.
    #[must_use]
    pub fn new(name: impl Into<String>, address: Endpoint, system_id: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            address,
            receiver_address: None,
            tls: None,
            system_id: system_id.into(),
            password: None,
            bind: BindKind::default(),
            binds: 1,
            window_max: 100,
            segments_per_second: 0,
            bind_segments_per_second: 0,
            queue_max_messages: 100_000,
            attempts_max: 20,
            connect_timeout_ms: 10_000,
            accounts: Vec::new(),
            failover_ms: 5_000,
            ramp_up_ms: 0,
            in_doubt: InDoubt::default(),
            in_doubt_wait_ms: 60_000,
            query_after_ms: 0,
            dialect: Arc::default(),
            timers: Timers::default(),
        }
    }
}
