//! The `message_state` octet and the `stat` word of a receipt to one state, and back.
//!
//! A message is scheduled, then en route (any number of intermediate receipts), then in one final
//! state that it never leaves (`SMPP 3.4 §5.2.28`).

use std::fmt;

/// The longest `stat` spelling that is known, in octets.
const WORD_MAX: usize = 13;

/// The state of a message, as `message_state` numbers it; values without a name survive.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct MessageState(pub u8);

/// What a carrier means by ACCEPTED.
///
/// The specification calls it final (read by customer service on the subscriber's behalf). In the
/// field it mostly says that the next network took the message and comes before DELIVERED.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum AcceptedMeans {
    /// As the specification has it: nothing follows.
    Final,
    /// As the field has it: another receipt follows.
    #[default]
    Intermediate,
}

/// One row a state: constant, number, the `stat` word we write, what it says.
macro_rules! states {
    ($($name:ident = $value:literal, $word:literal, $doc:literal;)*) => {
        impl MessageState {
            $(#[doc = $doc] pub const $name: Self = Self($value);)*

            /// Every state with a name, by number.
            pub const NAMED: &[Self] = &[$(Self::$name),*];

            /// The name in capitals, as the specification spells it; `None` for other numbers.
            #[must_use]
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($value => Some(stringify!($name)),)*
                    _ => None,
                }
            }

            /// The word for `stat:` in a receipt's text (`SMPP 3.4 Appendix B`), at most seven
            /// letters. SCHEDULED, which 3.4 does not have, is ENROUTE to its readers; a number
            /// without a name is UNKNOWN.
            #[must_use]
            pub const fn stat(self) -> &'static str {
                match self.0 {
                    $($value => $word,)*
                    _ => "UNKNOWN",
                }
            }
        }
    };
}

states! {
    SCHEDULED = 0, "ENROUTE", "To be sent later (`SMPP 5.0 §4.7.15`).";
    ENROUTE = 1, "ENROUTE", "On its way.";
    DELIVERED = 2, "DELIVRD", "At its destination.";
    EXPIRED = 3, "EXPIRED", "Its validity ended first.";
    DELETED = 4, "DELETED", "Cancelled.";
    UNDELIVERABLE = 5, "UNDELIV", "Cannot be delivered.";
    ACCEPTED = 6, "ACCEPTD", "Accepted on the subscriber's behalf; see [`AcceptedMeans`].";
    UNKNOWN = 7, "UNKNOWN", "In no state that the SMSC can name; not an end by the book.";
    REJECTED = 8, "REJECTD", "Rejected by the SMSC.";
    SKIPPED = 9, "SKIPPED", "Accepted and on purpose not sent (`SMPP 5.0 §4.7.15`).";
}

impl MessageState {
    /// The state that a receipt's `stat` word means, in any letter case; `None` where nobody can
    /// tell. Words beyond the specification's are those SMSCs are known to write.
    #[must_use]
    pub fn from_stat(word: &[u8]) -> Option<Self> {
        let mut upper = [0; WORD_MAX];
        let upper = upper.get_mut(..word.len())?;
        upper.copy_from_slice(word);
        upper.make_ascii_uppercase();
        Some(match &*upper {
            b"DELIVRD" | b"DELIVERD" | b"DELIVERED" | b"DELIVD" | b"DELIV" => Self::DELIVERED,
            b"ENROUTE" | b"BUFFRED" | b"BUFFERD" | b"BUFFERED" => Self::ENROUTE,
            b"EXPIRED" | b"EXPIRE" | b"EXPIR" | b"EXPIRD" => Self::EXPIRED,
            b"DELETED" | b"DELETE" | b"DELETD" => Self::DELETED,
            b"UNDELIV" | b"UNDELIVERABLE" | b"UNDELIVERED" | b"UNDELIVRD" | b"UNDELI"
            | b"FAILED" => Self::UNDELIVERABLE,
            b"ACCEPTD" | b"ACCEPTED" | b"ACCEPT" | b"ACKED" => Self::ACCEPTED,
            b"UNKNOWN" => Self::UNKNOWN,
            b"REJECTD" | b"REJECTED" | b"REJECT" => Self::REJECTED,
            b"SCHEDULED" | b"SCHEDLD" => Self::SCHEDULED,
            b"SKIPPED" => Self::SKIPPED,
            _ => return None,
        })
    }

    /// Whether the message stays in this state for ever. A number without a name is not an end:
    /// better to wait for another receipt than to close on a word nobody knows.
    #[must_use]
    pub const fn is_final(self, accepted: AcceptedMeans) -> bool {
        match self {
            Self::DELIVERED
            | Self::EXPIRED
            | Self::DELETED
            | Self::UNDELIVERABLE
            | Self::REJECTED
            | Self::SKIPPED => true,
            Self::ACCEPTED => matches!(accepted, AcceptedMeans::Final),
            _ => false,
        }
    }
}

impl fmt::Display for MessageState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "0x{:02X}", self.0),
        }
    }
}

impl fmt::Debug for MessageState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::message::receipt::vectors;

    #[test]
    fn the_rows_are_those_of_the_specification() {
        let table: Value =
            serde_json::from_str(&vectors::shared("facts/smpp34-tables.json")).unwrap();
        let states = table["enums"]["message_state"].as_object().unwrap();
        assert_eq!(states.len(), MessageState::NAMED.len());
        for (number, row) in states {
            let state = MessageState(number.parse().unwrap());
            assert_eq!(state.name(), row["name"].as_str());
            assert_eq!(Some(state.is_final(AcceptedMeans::Final)), row["final"].as_bool());
            if let Some(word) = row["dlr"].as_str() {
                assert_eq!(state.stat(), word);
            }
        }
    }

    #[test]
    fn the_word_we_write_is_read_as_the_same_state() {
        for &state in MessageState::NAMED.iter().filter(|&&s| s != MessageState::SCHEDULED) {
            assert_eq!(MessageState::from_stat(state.stat().as_bytes()), Some(state));
            assert!(state.stat().len() == 7);
            let name = state.name().unwrap().to_lowercase();
            assert_eq!(MessageState::from_stat(name.as_bytes()), Some(state));
        }
    }

    #[test]
    fn intermediate_words_of_the_field_end_nothing() {
        for word in ["ENROUTE", "BUFFRED", "BUFFERD", "ACKED", "ACCEPTD", "UNKNOWN", "SCHEDULED"] {
            let state = MessageState::from_stat(word.as_bytes()).unwrap();
            assert!(!state.is_final(AcceptedMeans::Intermediate), "{word}");
        }
        assert!(MessageState::ACCEPTED.is_final(AcceptedMeans::Final));
    }

    #[test]
    fn a_word_nobody_knows_is_no_state() {
        let long = "DELIVRD".repeat(9);
        for word in ["", "0", "BADSTAT", "DND_REJECTED", "DELIVRD ", "FAILED:Mob.", long.as_str()] {
            assert_eq!(MessageState::from_stat(word.as_bytes()), None, "{word}");
        }
    }

    #[test]
    fn a_number_without_a_name_survives_and_prints() {
        let state = MessageState(0x63);
        assert_eq!(
            (state.name(), state.stat(), state.to_string().as_str()),
            (None, "UNKNOWN", "0x63")
        );
        assert!(!state.is_final(AcceptedMeans::Final));
    }
}
