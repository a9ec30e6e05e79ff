//! What a run of load is told.

use std::time::Duration;

use crate::session::BindKind;

/// A run of load.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What the binds call themselves.
    pub system_id: String,
    /// The password that goes with it.
    pub password: String,
    /// Accounts that the binds are spread over, their number behind `system_id`; 0 is one, without
    /// a number.
    pub accounts: u32,
    /// What a bind is.
    pub bind: Bind,
    /// Binds; a pair counts as one.
    pub binds: usize,
    /// submit_sm unanswered at once, per bind.
    pub window_max: usize,
    /// When no more is submitted.
    pub end: End,
    /// Messages a second in all; none: as many as the windows allow.
    pub rate: Option<f64>,
    /// Segments each message makes: above 1 its text goes whole, in message_payload.
    pub segments: u8,
    /// Different destinations, used in turn (1 to 10^8).
    pub destinations: u32,
    /// What destinations begin with; eight digits follow.
    pub prefix: String,
    /// Who messages say they are from.
    pub source: String,
    /// Whether receipts are asked for.
    pub receipts: Receipts,
    /// How long nothing may come before the run gives up what it still waits for.
    pub settle: Duration,
    /// How long an answer may take before its place in the window is given to another.
    pub response_timeout: Duration,
    /// The run's number in serials (24 bits): two runs with the same one are told apart by nobody.
    pub run: u32,
}

/// What a bind is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Bind {
    /// A transmitter and a receiver beside it.
    Pair,
    /// Only hears: what becomes of others' messages, and MO.
    Receiver,
    /// Both on one session.
    Transceiver,
    /// Only submits.
    Transmitter,
}

impl Settings {
    /// Sessions in all.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.binds * if self.bind == Bind::Pair { 2 } else { 1 }
    }

    /// What the session at this place calls itself.
    #[must_use]
    pub fn system_id_of(&self, slot: usize) -> String {
        let sessions_of_bind = if self.bind == Bind::Pair { 2 } else { 1 };
        match (slot / sessions_of_bind).checked_rem(self.accounts as usize) {
            Some(account) => format!("{}{account}", self.system_id),
            None => self.system_id.clone(),
        }
    }

    /// What the session at this place binds as.
    #[must_use]
    pub fn kind_of(&self, slot: usize) -> BindKind {
        match self.bind {
            Bind::Pair if slot.is_multiple_of(2) => BindKind::Transmitter,
            Bind::Pair | Bind::Receiver => BindKind::Receiver,
            Bind::Transceiver => BindKind::Transceiver,
            Bind::Transmitter => BindKind::Transmitter,
        }
    }
}

/// When a run submits no more.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum End {
    /// After so many messages.
    Count(u64),
    /// So long after the first.
    After(Duration),
}

/// Whether receipts are asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Receipts {
    /// registered_delivery is 1, and each accepted message without a receipt is missing.
    Asked,
    /// registered_delivery is 0.
    NotAsked,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            system_id: "load".to_owned(),
            password: "secret".to_owned(),
            accounts: 0,
            bind: Bind::Transceiver,
            binds: 1,
            window_max: 100,
            end: End::Count(100_000),
            rate: None,
            segments: 1,
            destinations: 100_000,
            prefix: "467".to_owned(),
            source: "12345".to_owned(),
            receipts: Receipts::NotAsked,
            settle: Duration::from_secs(30),
            response_timeout: Duration::from_secs(30),
            run: 1,
        }
    }
}
