//! One message on its way to a carrier, and what its place in the queue goes by.

use std::time::Duration;

use crate::message::class::TrafficClass;
use crate::message::envelope::Message;
use crate::mt::carried::Carried;

/// One message on its way to a carrier.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// The message.
    pub message: Carried,
    /// Its place in the order of acceptance, among those of its lane.
    pub order: u64,
    /// What its shard knows it by.
    pub ticket: u64,
    /// Whose turn it goes out in.
    pub flow: Flow,
    /// What ties its segments together.
    pub reference: u16,
    /// The segment to send next, from 0.
    pub segment: u8,
    /// Segments from there on to send; the others were answered before. One when it is on a bind.
    pub segments: u8,
}

/// Millions of these wait, and each is moved four times.
const _: () = assert!(size_of::<Outgoing>() == 40);

impl Outgoing {
    /// Since when it waits: it was accepted then, or was to be sent first. Wall time since 1970.
    pub(super) fn since(&self) -> Duration {
        self.message.accepted_at.max(self.message.send_at)
    }

    /// Whether the other begins with the segment behind the last of this one, and goes as it does.
    pub(super) fn is_followed_by(&self, other: &Self) -> bool {
        self.ticket == other.ticket
            && self.flow == other.flow
            && self.segment.checked_add(self.segments) == Some(other.segment)
    }
}

/// Whose turn a message goes out in: its account, its class and its priority_flag, in four octets
/// so that the queue need not look into the message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Flow(u32);

/// Bits of the class and of the priority below the account.
const CLASS_BITS: u32 = 2;
const PRIORITY_BITS: u32 = 2;
/// Set while a message goes alone in its lane.
const ALONE: u32 = 1 << (CLASS_BITS + PRIORITY_BITS);
/// Set of a message of which it is written down already that it may have been sent.
const NOTED: u32 = ALONE << 1;
const ACCOUNT_SHIFT: u32 = CLASS_BITS + PRIORITY_BITS + 2;
/// The highest priority_flag (SMPP 3.4 §5.2.14); what is above counts as it.
const PRIORITY_MAX: u8 = 3;

impl Flow {
    /// The flow of this message.
    #[must_use]
    pub fn of<B: ?Sized>(message: &Message<B>) -> Self {
        Self::new(message.account, message.class, message.priority_flag)
    }

    /// The flow of an account's messages of this class and priority_flag.
    #[must_use]
    pub fn new(account: u32, class: TrafficClass, priority_flag: u8) -> Self {
        let class = match class {
            TrafficClass::Transactional => 0,
            TrafficClass::Conversational => 1,
            TrafficClass::Marketing => 2,
        };
        let priority = u32::from(priority_flag.min(PRIORITY_MAX));
        Self(account << ACCOUNT_SHIFT | priority << CLASS_BITS | class)
    }

    /// The same of a message that was throttled, or waits for its turn behind one: nothing else of
    /// its lane goes before it has been answered.
    #[must_use]
    pub fn alone(self) -> Self {
        Self(self.0 | ALONE)
    }

    /// The same of one that does not.
    pub(super) fn not_alone(self) -> Self {
        Self(self.0 & !ALONE)
    }

    /// Whether it goes alone in its lane.
    #[must_use]
    pub fn is_alone(self) -> bool {
        self.0 & ALONE != 0
    }

    /// The same of a message of which it is written down already that it may have been sent.
    #[must_use]
    pub fn noted(self) -> Self {
        Self(self.0 | NOTED)
    }

    /// Whether it is one.
    #[must_use]
    pub fn is_noted(self) -> bool {
        self.0 & NOTED != 0
    }

    /// The class.
    #[must_use]
    pub fn class(self) -> TrafficClass {
        match self.0 & 3 {
            0 => TrafficClass::Transactional,
            1 => TrafficClass::Conversational,
            _ => TrafficClass::Marketing,
        }
    }

    /// Where it stands among [`super::fair::LEVELS`], the first before the others: by
    /// priority_flag, then marketing behind what is not.
    pub(super) fn level(self) -> usize {
        let priority = self.0 >> CLASS_BITS & 3;
        let marketing = self.0 >> 1 & 1;
        ((3 - priority) << 1 | marketing) as usize
    }

    /// Its place within its level: an account's conversations have a turn of their own.
    pub(super) fn place(self) -> usize {
        ((self.0 >> ACCOUNT_SHIFT) << 1 | self.0 & 1) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flow_says_again_what_it_was_made_of() {
        let classes =
            [TrafficClass::Transactional, TrafficClass::Conversational, TrafficClass::Marketing];
        for account in [0, 1, 999_999] {
            for (at, class) in classes.into_iter().enumerate() {
                for priority in 0..=4 {
                    let flow = Flow::new(account, class, priority).alone().noted();
                    assert!(flow.is_alone() && !flow.not_alone().is_alone());
                    assert!(flow.is_noted() && flow.not_alone().is_noted());
                    let (marketing, conversational) = (usize::from(at == 2), usize::from(at == 1));
                    assert_eq!(flow.class(), class);
                    let expected = 2 * (3 - usize::from(priority.min(3))) + marketing;
                    assert_eq!(flow.level(), expected);
                    assert_eq!(flow.place(), 2 * account as usize + conversational);
                }
            }
        }
    }
}
