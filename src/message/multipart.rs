//! What becomes of a message of several segments, of which each has a final state of its own.

use super::state::MessageState;
use super::words::words;

/// A final state, and what is said beside it.
pub type Final<C> = (MessageState, C);

words! {
    /// Which state of its segments is that of a message that we cut.
    #[derive(Default)]
    pub enum MultipartState {
        /// DELIVERED as soon as one segment is; the worst if none is.
        Any = "any",
        /// The first that is heard of.
        First = "first",
        /// The worst: the message was delivered when all of it was.
        #[default]
        Worst = "worst",
    }
}

impl MultipartState {
    /// The state of a message whose segments came to `before`, with that of one segment more.
    #[must_use]
    pub fn with<C>(self, before: Option<Final<C>>, now: Final<C>) -> Final<C> {
        let rank = |state| match state {
            MessageState::DELIVERED => 0,
            MessageState::ACCEPTED => 1,
            _ => 2,
        };
        let Some(before) = before else { return now };
        let keeps = match self {
            Self::First => true,
            Self::Any if rank(before.0) == 0 => true,
            Self::Any if rank(now.0) == 0 => false,
            // The earlier of equals.
            Self::Any | Self::Worst => rank(before.0) >= rank(now.0),
        };
        if keeps { before } else { now }
    }

    /// Whether that is the message's, whatever the other segments come to.
    #[must_use]
    pub fn is_decided<C>(self, so_far: Option<&Final<C>>) -> bool {
        match self {
            Self::Any => so_far.is_some_and(|(state, _)| *state == MessageState::DELIVERED),
            Self::First => so_far.is_some(),
            Self::Worst => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_policy_makes_its_own_of_the_states_of_segments() {
        const DELIVERED: Final<u32> = (MessageState::DELIVERED, 0);
        const FAILED: Final<u32> = (MessageState::UNDELIVERABLE, 5);
        const REJECTED: Final<u32> = (MessageState::REJECTED, 8);
        const ACCEPTED: Final<u32> = (MessageState::ACCEPTED, 0);
        let cases = [
            (&[DELIVERED, FAILED, REJECTED][..], DELIVERED, DELIVERED, FAILED),
            (&[FAILED, DELIVERED, REJECTED], DELIVERED, FAILED, FAILED),
            (&[REJECTED, FAILED], REJECTED, REJECTED, REJECTED),
            (&[ACCEPTED, DELIVERED], DELIVERED, ACCEPTED, ACCEPTED),
            (&[DELIVERED, ACCEPTED], DELIVERED, DELIVERED, ACCEPTED),
            (&[DELIVERED, DELIVERED], DELIVERED, DELIVERED, DELIVERED),
        ];
        for (states, any, first, worst) in cases {
            let of = |policy: MultipartState| {
                states.iter().fold(None, |before, now| Some(policy.with(before, *now)))
            };
            assert_eq!(of(MultipartState::Any), Some(any), "{states:?}");
            assert_eq!(of(MultipartState::First), Some(first), "{states:?}");
            assert_eq!(of(MultipartState::Worst), Some(worst), "{states:?}");
        }
        assert!(MultipartState::Any.is_decided(Some(&DELIVERED)));
        assert!(!MultipartState::Any.is_decided(Some(&FAILED)));
        assert!(MultipartState::First.is_decided(Some(&FAILED)));
        assert!(!MultipartState::First.is_decided::<u32>(None));
        assert!(!MultipartState::Worst.is_decided(Some(&FAILED)));
    }
}
