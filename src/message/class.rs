//! The traffic class of a message: why it is sent, and so which rules bind it.

use super::words::words;

words! {
    /// Why a message is sent. Carriers serve the classes by priority; consent, quiet hours and caps
    /// look at it before anything else.
    #[derive(Default, Ord, PartialOrd)]
    pub enum TrafficClass {
        /// What the recipient asked for or must know: a code, an alert, an appointment. Never held.
        #[default]
        Transactional = "transactional",
        /// An answer within a conversation that the recipient began.
        Conversational = "conversational",
        /// Advertising: needs consent, obeys quiet hours, carries the STOP mention.
        Marketing = "marketing",
    }
}

impl TrafficClass {
    /// Every class.
    pub const ALL: [Self; 3] = [Self::Transactional, Self::Conversational, Self::Marketing];
}
