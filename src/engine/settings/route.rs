//! A route: which messages, and where they go.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::message::class::TrafficClass;
use crate::message::pattern::AddressPattern;
use crate::message::words::words;
use crate::mt::ingress::Languages;
use crate::mt::routing::{Hours, Prefix};

/// One route. It matches a message when every filter given does; the longest prefix wins, then the
/// most filters, then the first in the file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Route {
    /// What reports call it.
    pub name: String,
    /// Starts of destinations; with `prefix_rows` empty too, every destination.
    pub prefixes: Vec<Prefix>,
    /// Starts of destinations with a carrier of their own, from a file: 40 octets each.
    pub prefix_rows: Vec<PrefixRow>,
    /// Senders; empty is any.
    pub senders: Vec<AddressPattern>,
    /// system_ids; empty is any.
    pub accounts: Vec<String>,
    /// Tags of accounts; empty is any account.
    pub tags: Vec<String>,
    /// The class; `None` is any.
    pub class: Option<TrafficClass>,
    /// When it is open; `None` is always.
    pub hours: Option<Hours>,
    /// How one of several targets is chosen.
    pub order: Order,
    /// What becomes of the message, where no prefix row says it.
    pub action: Action,
    /// The alphabet it is sent in.
    pub encoding: Encoding,
    /// The national tables that GSM-7 may be written with there.
    pub shifts: Languages,
    /// Whether a lane always sends one message at a time, not only while throttled.
    pub strict_order: bool,
}

/// What becomes of a message that a route matches.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Action {
    /// Refused with ESME_RINVDSTADR.
    Reject,
    /// Sent by one of these carriers, in file order. Empty only when every prefix has a row with a
    /// carrier. Prefixes whose rows name carriers go to those, weighted as here or else by 1.
    Send(Vec<Target>),
}

/// A carrier that a route may use.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Target {
    /// Its name.
    pub carrier: String,
    /// Its share under [`Order::Weight`]; 0 only when no other can take a message.
    pub weight: u32,
    /// Its price; there under [`Order::Cost`].
    pub cost: Option<Cost>,
}

/// One line of a prefix file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PrefixRow {
    /// Start of a destination. Several rows may share it, each with a carrier of its own.
    pub prefix: Prefix,
    /// The carrier for it; `None` takes the route's targets.
    pub carrier: Option<Arc<str>>,
    /// Its price; `None` is that of the carrier among the route's targets.
    pub cost: Option<Cost>,
}

/// The price of one segment, exact: millionths of whatever currency the operator counts in.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Cost {
    /// Millionths.
    pub micros: u64,
}

/// The text is no decimal number of at most nine digits before the point and six behind it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct CostError;

words! {
    /// How one of several targets is chosen.
    #[derive(Default)]
    pub enum Order {
        /// The cheapest that is up.
        Cost = "cost",
        /// The first that is up.
        #[default]
        Failover = "failover",
        /// By the weights, the same target for the same sender and destination.
        Weight = "weight",
    }
}

words! {
    /// The alphabet a route sends in.
    #[derive(Default)]
    pub enum Encoding {
        /// GSM-7 when it holds the text, else UCS-2.
        Auto = "auto",
        /// GSM-7; a text that needs more is refused.
        Gsm7 = "gsm7",
        /// As the account submitted it.
        #[default]
        Keep = "keep",
        /// Latin-1; a text that needs more is refused.
        Latin1 = "latin1",
        /// As `auto`, after look-alikes were put in place of what keeps the text out of GSM-7.
        Smart = "smart",
        /// UCS-2 always.
        Ucs2 = "ucs2",
    }
}

impl FromStr for Cost {
    type Err = CostError;

    /// Reads `12`, `0.045` or `.5`.
    fn from_str(text: &str) -> Result<Self, CostError> {
        let (units, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |text: &str| text.bytes().all(|octet| octet.is_ascii_digit());
        let sized = units.len() <= 9 && fraction.len() <= 6 && units.len() + fraction.len() > 0;
        if !sized || !digits(units) || !digits(fraction) {
            return Err(CostError);
        }
        // Zeros behind make six digits of the fraction, so the whole is a count of millionths: at
        // most fifteen digits, which 64 bits hold.
        let millionths = format!("{units}{fraction:0<6}");
        Ok(Self { micros: millionths.parse().map_err(|_| CostError)? })
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.micros / 1_000_000, self.micros % 1_000_000)
    }
}

impl fmt::Display for CostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a decimal number with at most six digits behind the point")
    }
}

impl std::error::Error for CostError {}

#[cfg(test)]
mod tests {
    use super::{Cost, CostError};

    #[test]
    fn a_price_is_exact_to_the_millionth() {
        let cases = [
            ("0", 0),
            ("1", 1_000_000),
            ("0.045", 45_000),
            (".5", 500_000),
            ("7.000001", 7_000_001),
        ];
        for (text, micros) in cases {
            assert_eq!(text.parse(), Ok(Cost { micros }), "{text}");
        }
        assert_eq!(Cost { micros: 45_000 }.to_string(), "0.045000");
        for wrong in ["", ".", "-1", "1e3", "0.0000001", "1234567890", "1,5", "nan"] {
            assert_eq!(wrong.parse::<Cost>(), Err(CostError), "{wrong:?}");
        }
    }
}
