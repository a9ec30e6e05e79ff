//! Our ids to messages: each that is live, and how the newest of the others ended.
//!
//! The ids of a shard are a count, so the newest stand in a ring by it: to enter one costs a write
//! behind the last, and to forget one costs nothing. What is live when its place is taken again is
//! kept in a map.

use std::collections::HashMap;

use crate::message::state::MessageState;

/// What is known of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Known {
    /// It is live, under this ticket.
    Live(u64),
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
}

impl Register {
    /// A register that knows how the newest messages ended, so many of them.
    pub fn new(newest_max: usize) -> Self {
        // The memory is the system's to give when it is written to.
        let newest = Vec::with_capacity(newest_max);
        Self { newest, newest_max, next: 0, older: HashMap::default() }
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
        if let Known::Live(ticket) = displaced {
            // Of a ring of no places it is the message itself.
            self.older.insert(number - self.newest_max as u64, ticket);
        }
    }

    /// A message has ended.
    pub fn end(&mut self, number: u64, end: End) {
        if !self.is_new(number) {
            self.older.remove(&number);
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
            return self.older.get(&number).map(|ticket| Known::Live(*ticket));
        }
        self.newest.get((number % self.newest_max as u64) as usize).copied()
    }

    /// How many live ones are not among the newest.
    #[cfg(test)]
    pub fn older(&self) -> usize {
        self.older.len()
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

    proptest! {
        #[test]
        fn what_is_live_is_always_found_and_what_has_ended_while_it_is_among_the_newest(
            newest_max in 0..6_usize,
            // Another message, or the end of one.
            steps in prop::collection::vec(prop::option::of(0..40_u64), 0..60),
        ) {
            let mut register = Register::new(newest_max);
            let mut ended = Vec::new();
            for step in steps {
                match step {
                    None => {
                        register.enter(1000 + ended.len() as u64);
                        ended.push(false);
                    }
                    Some(which) if !ended.is_empty() => {
                        let number = which % ended.len() as u64;
                        if !std::mem::replace(&mut ended[number as usize], true) {
                            register.end(number, end(number));
                        }
                    }
                    Some(_) => {}
                }
                let mut older = 0;
                for (number, ended_one) in (0_u64..).zip(&ended) {
                    let is_new = number + newest_max as u64 >= ended.len() as u64;
                    older += usize::from(!is_new && !ended_one);
                    let known = match (*ended_one, is_new) {
                        (false, _) => Some(Known::Live(1000 + number)),
                        (true, true) => Some(Known::Ended(end(number))),
                        (true, false) => None,
                    };
                    prop_assert_eq!(register.find(number), known);
                }
                prop_assert_eq!(register.find(ended.len() as u64), None);
                prop_assert_eq!(register.older(), older);
                prop_assert!(register.newest.len() <= newest_max);
            }
        }
    }
}
