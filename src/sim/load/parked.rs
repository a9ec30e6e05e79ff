//! Receipts that came before their response, or belong to nothing, to what they say together.

/// Receipts whose message is not known, or not yet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Parked {
    /// When the first of them came that ends the message, or else the first: nanoseconds on the
    /// monotonic clock.
    pub at: u64,
    /// The message's number, when the receipt quotes its text.
    pub number: Option<u64>,
    /// How many came.
    pub times: u64,
    /// The most that one of them says.
    pub says: Says,
    /// How many of them repeat what another one said of the end.
    pub repeated: u64,
}

/// What a receipt says of its message's end.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Says {
    /// Nothing: the message is on its way, or the state cannot be read.
    Underway,
    /// Perhaps all there is: ACCEPTED and UNKNOWN are the last that is heard of some messages, and
    /// come before the end of others.
    Perhaps,
    /// That this is it.
    End,
}

impl Parked {
    /// One receipt.
    pub fn new(at: u64, says: Says, number: Option<u64>) -> Self {
        Self { at, number, times: 1, says, repeated: 0 }
    }

    /// Another one for the same id.
    pub fn join(&mut self, other: Self) {
        self.times += other.times;
        self.number = self.number.or(other.number);
        // An end behind one that was none yet is no repetition, and nor is what ends nothing.
        let repeats = other.says != Says::Underway && other.says <= self.says;
        self.repeated += u64::from(repeats);
        if self.says == Says::Underway && other.says != Says::Underway {
            self.at = other.at;
        }
        self.says = self.says.max(other.says);
    }
}
