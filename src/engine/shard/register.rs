//! Our ids to messages: each that is live, and how the newest of the others ended.
//!
//! The ids of a shard are a count, so the newest stand in a ring by it: to enter one costs a write
//! behind the last, and to forget one costs nothing. What is live when its place is taken again is
//! kept in a map, and what awaits its receipt then in stretches of their own ([`Past`]).

mod past;

use std::collections::HashMap;

use crate::message::state::MessageState;
use past::Past;

/// What is known of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Known {
    /// It is live, under this ticket.
    Live(u64),
    /// It awaits its receipt, at this place.
    Awaited(u32),
    /// It has ended.
    Ended(End),
}

/// How a message ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct End {
    /// Whose it was.
    pub account: u32,
    /// When, in seconds of wall time since 1970.
    pub done_s: u32,
    /// In which state.
    pub state: MessageState,
    /// The error beside it, as far as an octet says it.
    pub error: u8,
}

/// Octets that one of the newest costs, as the manual has it.
const _: () = assert!(size_of::<Known>() == 16);

/// The messages of one shard by their number: the first it admitted has 0, the next 1.
#[derive(Debug)]
pub struct Register {
    /// Number n is at n modulo `newest_max`.
    newest: Vec<Known>,
    newest_max: usize,
    /// The number of the next one.
    next: u64,
    /// Tickets of live ones that are not among the newest.
    older: HashMap<u64, u64, foldhash::fast::FixedState>,
    /// Those that await their receipt and are not among the newest.
    past: Past,
}

impl Register {
    /// A register that knows how the newest messages ended, so many of them.
    pub fn new(newest_max: usize) -> Self {
        // The memory is the system's to give when it is written to.
        let newest = Vec::with_capacity(newest_max);
        Self { newest, newest_max, next: 0, older: HashMap::default(), past: Past::default() }
    }

    /// The number of the next message.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// Enters the next message.
    pub fn enter(&mut self, ticket: u64) {
        let number = self.next;
        self.next += 1;
        if self.newest.len() < self.newest_max {
            self.newest.push(Known::Live(ticket));
            return;
        }
        let displaced = match self.place_mut(number) {
            Some(place) => std::mem::replace(place, Known::Live(ticket)),
            None => Known::Live(ticket),
        };
        // Of a ring of no places it is the message itself.
        let number = number - self.newest_max as u64;
        match displaced {
            Known::Live(ticket) => {
                self.older.insert(number, ticket);
            }
            Known::Awaited(place) => self.past.push(number, place),
            Known::Ended(_) => {}
        }
    }

    /// A message awaits its receipt from now on, at this place.
    pub fn awaits(&mut self, number: u64, at: u32) {
        if !self.is_new(number) {
            self.older.remove(&number);
            self.past.enter(number, at);
        } else if let Some(place) = self.place_mut(number) {
            *place = Known::Awaited(at);
        }
    }

    /// A message has ended.
    pub fn end(&mut self, number: u64, end: End) {
        if !self.is_new(number) {
            if self.older.remove(&number).is_none() {
                self.past.remove(number);
            }
        } else if let Some(place) = self.place_mut(number) {
            *place = Known::Ended(end);
        }
    }

    /// What is known of this message.
    pub fn find(&self, number: u64) -> Option<Known> {
        if number >= self.next {
            return None;
        }
        if !self.is_new(number) {
            let live = self.older.get(&number).map(|ticket| Known::Live(*ticket));
            return live.or_else(|| self.past.get(number).map(Known::Awaited));
        }
        self.newest.get((number % self.newest_max as u64) as usize).copied()
    }

    /// How many that are not among the newest are kept.
    #[cfg(test)]
    pub fn older(&self) -> usize {
        self.older.len() + self.past.len()
    }

    fn is_new(&self, number: u64) -> bool {
        number + self.newest_max as u64 >= self.next
    }

    fn place_mut(&mut self, number: u64) -> Option<&mut Known> {
        let place = number.checked_rem(self.newest_max as u64)?;
        self.newest.get_mut(place as usize)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn end(number: u64) -> End {
        let state = MessageState::DELIVERED;
        End { account: number as u32, done_s: 7, state, error: 0 }
    }

    #[derive(Clone, Copy, Debug)]
    enum Step {
        /// Another message.
        Enter,
        /// One awaits its receipt.
        Await(u64),
        /// One ends.
        End(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            Just(Step::Enter),
            (0..40_u64).prop_map(Step::Await),
            (0..40_u64).prop_map(Step::End),
        ]
    }

    /// What became of a message, in the model.
    #[derive(Clone, Copy, Eq, PartialEq)]
    enum Fate {
        Live,
        Awaited,
        Ended,
    }

    proptest! {
        #[test]
        fn what_has_not_ended_is_always_found_and_the_rest_while_it_is_among_the_newest(
            newest_max in 0..6_usize,
            steps in prop::collection::vec(step(), 0..60),
        ) {
            let mut register = Register::new(newest_max);
            let mut fates = Vec::new();
            for step in steps {
                match step {
                    Step::Enter => {
                        register.enter(1000 + fates.len() as u64);
                        fates.push(Fate::Live);
                    }
                    Step::Await(which) if !fates.is_empty() => {
                        let number = which % fates.len() as u64;
                        if fates[number as usize] == Fate::Live {
                            fates[number as usize] = Fate::Awaited;
                            register.awaits(number, number as u32);
                        }
                    }
                    Step::End(which) if !fates.is_empty() => {
                        let number = which % fates.len() as u64;
                        if fates[number as usize] != Fate::Ended {
                            fates[number as usize] = Fate::Ended;
                            register.end(number, end(number));
                        }
                    }
                    Step::Await(_) | Step::End(_) => {}
                }
                let mut older = 0;
                for (number, fate) in (0_u64..).zip(&fates) {
                    let is_new = number + newest_max as u64 >= fates.len() as u64;
                    older += usize::from(!is_new && *fate != Fate::Ended);
                    let known = match fate {
                        Fate::Live => Some(Known::Live(1000 + number)),
                        Fate::Awaited => Some(Known::Awaited(number as u32)),
                        Fate::Ended => is_new.then(|| Known::Ended(end(number))),
                    };
                    prop_assert_eq!(register.find(number), known);
                }
                prop_assert_eq!(register.find(fates.len() as u64), None);
                prop_assert_eq!(register.older(), older);
                prop_assert!(register.newest.len() <= newest_max);
            }
        }
    }
}
