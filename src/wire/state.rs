//! Session states and roles as the permission matrix names them (SMPP 3.4 §2.2, §2.3).

use std::fmt;

/// Which side of the dialogue somebody is on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Role {
    /// External Short Messaging Entity: binds and submits.
    Esme,
    /// Short Message Service Centre (5.0: MC): accepts binds and delivers.
    Smsc,
}

impl Role {
    /// The other side.
    #[must_use]
    pub const fn peer(self) -> Self {
        match self {
            Self::Esme => Self::Smsc,
            Self::Smsc => Self::Esme,
        }
    }
}

/// Where a session stands.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[repr(u8)]
pub enum State {
    /// Connected; no bind yet.
    Open = 1,
    /// Connected by the SMSC, which has sent outbind (named by 5.0).
    Outbound = 2,
    /// Bound to submit only.
    BoundTx = 4,
    /// Bound to receive only.
    BoundRx = 8,
    /// Bound for both.
    BoundTrx = 16,
    /// unbind exchanged, the link still open (named by 5.0).
    Unbound = 32,
    /// Over.
    Closed = 64,
}

impl State {
    /// The specification's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Outbound => "OUTBOUND",
            Self::BoundTx => "BOUND_TX",
            Self::BoundRx => "BOUND_RX",
            Self::BoundTrx => "BOUND_TRX",
            Self::Unbound => "UNBOUND",
            Self::Closed => "CLOSED",
        }
    }

    /// Whether a bind has succeeded and no unbind has ended it.
    #[must_use]
    pub const fn is_bound(self) -> bool {
        States::BOUND.has(self)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of states.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct States(u8);

impl States {
    /// The three bound states.
    pub const BOUND: Self = Self::of(&[State::BoundTx, State::BoundRx, State::BoundTrx]);

    /// The set of these.
    #[must_use]
    // A const fn has no iterators, and `at < states.len()` is the loop's condition.
    #[allow(clippy::indexing_slicing)]
    pub const fn of(states: &[State]) -> Self {
        let mut bits = 0;
        let mut at = 0;
        while at < states.len() {
            bits |= states[at] as u8;
            at += 1;
        }
        Self(bits)
    }

    /// Whether `state` is in the set.
    #[must_use]
    pub const fn has(self, state: State) -> bool {
        self.0 & state as u8 != 0
    }
}
