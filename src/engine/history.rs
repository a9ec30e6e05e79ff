//! What happened lately, for who asks: a few entries, the same thing counted instead of told again.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::session::CloseReason;
use crate::wire::{CommandStatus, State};

/// Entries one history keeps; the oldest gives way.
pub const ENTRIES_MAX: usize = 32;
/// Characters kept of what somebody else says, the operating system or a peer.
const WORDS_MAX: usize = 160;
/// Entries behind the last in which the same thing is looked for: what goes to and fro between a
/// bind and its end, or an error and another, is counted and does not fill the history.
const ALIKE: usize = 4;

/// Something that happened to a bind or an account.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum What {
    /// The operator asked for this.
    Asked(&'static str),
    /// The bind was refused by the peer.
    BindRefused(CommandStatus),
    /// We refused a bind of this peer, for this reason.
    BindRefusedByUs(IpAddr, &'static str),
    /// A session has bound.
    Bound(State),
    /// No connection came about; what the system says.
    CannotConnect(String),
    /// A session ended.
    Closed(CloseReason),
    /// A request was refused with this status.
    Refused(CommandStatus),
    /// Requests were not answered.
    Unanswered,
}

impl What {
    /// No connection came about, for this reason.
    #[must_use]
    pub fn cannot_connect(error: &std::io::Error) -> Self {
        let words = error.to_string();
        let cut = words.char_indices().nth(WORDS_MAX).map_or(words.len(), |(at, _)| at);
        Self::CannotConnect(words.get(..cut).unwrap_or_default().to_owned())
    }

    /// Whether it is a fault: of it the newest is what an operator wants to know first.
    #[must_use]
    pub fn is_fault(&self) -> bool {
        match self {
            Self::Asked(_) | Self::Bound(_) => false,
            Self::Closed(reason) => !matches!(reason, CloseReason::Unbound | CloseReason::Local),
            _ => true,
        }
    }
}

/// One thing, and how often it happened.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Event {
    /// What.
    pub what: What,
    /// When it happened first, and last: wall time since 1970.
    pub first: Duration,
    /// The last time.
    pub last: Duration,
    /// How many times.
    pub times: u64,
}

/// The last things that happened, the newest last.
#[derive(Clone, Debug, Default)]
pub struct History {
    events: VecDeque<Event>,
}

impl History {
    /// Notes that something happened so many times.
    pub fn note(&mut self, wall: Duration, what: What, times: u64) {
        let newest = self.events.len();
        let alike = (newest.saturating_sub(ALIKE)..newest)
            .rev()
            .find(|&at| self.events.get(at).is_some_and(|event| event.what == what));
        let before = alike.and_then(|at| self.events.remove(at));
        if self.events.len() >= ENTRIES_MAX {
            self.events.pop_front();
        }
        self.events.push_back(match before {
            Some(before) => Event { last: wall, times: before.times + times, ..before },
            None => Event { what, first: wall, last: wall, times },
        });
    }

    /// What happened, the oldest first.
    pub fn events(&self) -> impl DoubleEndedIterator<Item = &Event> {
        self.events.iter()
    }
}

/// Refusals of one wake-up, handed on together.
#[derive(Debug, Default)]
pub struct Refusals {
    /// By status, in the order they came.
    counts: Vec<(CommandStatus, u64)>,
}

/// Statuses told apart in one wake-up; what others there are is in the metrics alone.
const STATUSES_MAX: usize = 8;

impl Refusals {
    /// One more.
    pub fn add(&mut self, status: CommandStatus) {
        if let Some((_, times)) = self.counts.iter_mut().find(|(other, _)| *other == status) {
            *times += 1;
        } else if self.counts.len() < STATUSES_MAX {
            self.counts.push((status, 1));
        }
    }

    /// Takes them, as what happened and how often.
    pub fn drain(&mut self) -> impl Iterator<Item = (What, u64)> {
        self.counts.drain(..).map(|(status, times)| (What::Refused(status), times))
    }
}

/// What two owners see of one thing, for the moment that one of them has it. Whoever panicked with
/// it left it whole: what is kept so is set, not built up.
pub fn with<T, R>(shared: &Mutex<T>, look: impl FnOnce(&mut T) -> R) -> R {
    look(&mut shared.lock().unwrap_or_else(PoisonError::into_inner))
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Duration = Duration::from_secs(1_700_000_000);

    fn second(seconds: u64) -> Duration {
        AT + Duration::from_secs(seconds)
    }

    #[test]
    fn the_same_thing_again_is_counted_with_its_first_and_last_time() {
        let mut history = History::default();
        let refused = || What::BindRefused(CommandStatus::ESME_RINVPASWD);
        for at in 0..1000 {
            history.note(second(at), refused(), 1);
        }
        let all: Vec<&Event> = history.events().collect();
        let once = Event { what: refused(), first: AT, last: second(999), times: 1000 };
        assert_eq!(all, [&once]);
    }

    #[test]
    fn what_goes_to_and_fro_fills_no_history_and_the_newest_stands_last() {
        let mut history = History::default();
        history.note(AT, What::Asked("rebind"), 1);
        for at in 0..1000 {
            history.note(second(2 * at), What::Bound(State::BoundTrx), 1);
            history.note(second(2 * at + 1), What::Closed(CloseReason::Disconnected), 1);
        }
        let all: Vec<(&What, u64)> = history.events().map(|one| (&one.what, one.times)).collect();
        let expected = [
            (&What::Asked("rebind"), 1),
            (&What::Bound(State::BoundTrx), 1000),
            (&What::Closed(CloseReason::Disconnected), 1000),
        ];
        assert_eq!(all, expected);
    }

    #[test]
    fn beyond_its_entries_the_oldest_is_forgotten() {
        let mut history = History::default();
        for status in 0..100 {
            history.note(second(u64::from(status)), What::Refused(CommandStatus(status)), 2);
        }
        assert_eq!(history.events().count(), ENTRIES_MAX);
        let oldest = history.events().next().map(|one| one.what.clone());
        assert_eq!(oldest, Some(What::Refused(CommandStatus(68))));
    }

    #[test]
    fn what_the_system_says_is_cut_between_characters() {
        let long = std::io::Error::other("ü".repeat(1000));
        let What::CannotConnect(words) = What::cannot_connect(&long) else { panic!() };
        assert_eq!(words.chars().count(), WORDS_MAX);
    }
}
