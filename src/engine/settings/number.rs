//! A number of ours.

use crate::message::class::TrafficClass;
use crate::message::words::words;
use crate::mo::reply::Texts;
use crate::mt::policy::Sender;
use crate::wire::Address;

/// A sender we own: what it may send and who gets what is sent to it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Number {
    /// The digits without `+`, or the name of an alphanumeric sender.
    pub address: String,
    /// What it is.
    pub kind: NumberKind,
    /// Why its messages are sent; `None` leaves it to the account.
    pub class: Option<TrafficClass>,
    /// Millionths of a segment a second from this sender, over all carriers; 0 no limit.
    pub millionths_per_second: u64,
    /// Who gets its MO; `None` answers them and counts them as unowned.
    pub owner: Option<Owner>,
    /// Who gets those that begin with a word of theirs instead; no word twice.
    pub keywords: Vec<Keyword>,
    /// Who handles STOP, how far it reaches, and the brand and service of the number; an empty
    /// brand is the owner's.
    pub sender: Sender,
    /// What it answers to STOP, HELP and START in the place of the usual texts.
    pub texts: Texts,
}

/// Words on a shared number, and who gets what begins with one of them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Keyword {
    /// The words as they were written, at least one.
    pub words: Vec<String>,
    /// Who gets it.
    pub owner: Owner,
}

/// Who gets the MO of a number.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Owner {
    /// The account of this system_id.
    Account(String),
    /// The bot of this name.
    Bot(String),
}

words! {
    /// What a number is.
    pub enum NumberKind {
        /// A name; nobody can answer it.
        Alphanumeric = "alphanumeric",
        /// A subscriber's number in international form.
        LongNumber = "long_number",
        /// A few digits, one country's.
        ShortCode = "short_code",
        /// A number whose calls the owner pays.
        TollFree = "toll_free",
    }
}

impl NumberKind {
    /// The sender of a message from such a number (SMPP 3.4 §5.2.5, §5.2.6).
    #[must_use]
    pub fn sender(self, address: &str) -> Address {
        let (ton, npi) = match self {
            Self::Alphanumeric => (5, 0),
            Self::LongNumber | Self::TollFree => (1, 1),
            // Network specific: what SMSCs take for a short code.
            Self::ShortCode => (3, 0),
        };
        Address::new(ton, npi, address.as_bytes())
    }
}
