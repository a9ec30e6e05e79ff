//! Why a message that an operator would end or move stays where it is.

use crate::message::words::words;

words! {
    /// Why one stays. Of those that tell of other carriers, the last is that of the carrier that
    /// was nearest to taking it.
    #[derive(Ord, PartialOrd)]
    pub enum Stays {
        /// Its carrier has had it, in part or in whole, or may have.
        Sent = "sent",
        /// Its validity has ended, and what is out is waited for.
        Expired = "expired",
        /// It is taken back, changed or moved already.
        Held = "held",
        /// Its carrier takes so much a destination at a time and keeps whose turn it is.
        PerDestination = "unanswered_per_destination",
        /// Its route leads to no other carrier, or not to the one that was asked for.
        NoOther = "no_other",
        /// No bind of another that sends is up.
        Down = "down",
        /// The queues of the others are full.
        Full = "full",
        /// The others cannot be sent it as it was planned and billed, or with its addresses.
        Unfit = "unfit",
    }
}

impl Stays {
    /// The same of several messages, for people; what comes before "because".
    #[must_use]
    pub const fn because(self) -> &'static str {
        match self {
            Self::Sent => "a carrier has had them, or may have",
            Self::Expired => "their validity has ended, and what is out is waited for",
            Self::Held => "they are being taken back, changed or moved already",
            Self::PerDestination => {
                "their carrier has unanswered_per_destination, which keeps them"
            }
            Self::NoOther => "their route leads to no other carrier, or not to that of --to",
            Self::Down => "no other carrier of their route has a bind that sends",
            Self::Full => "the queues of the other carriers of their route are full",
            Self::Unfit => {
                "the other carriers of their route cannot be sent them as they were planned and \
                 billed, or with their addresses"
            }
        }
    }
}
