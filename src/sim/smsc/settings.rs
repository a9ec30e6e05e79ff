//! What a simulated SMSC is told, and how it is to misbehave.

use std::time::Duration;

use super::ids::{IdForm, ReceiptIdForm};
use crate::message::state::MessageState;
use crate::sim::dice::{Chance, Weighted};

/// How a simulated SMSC behaves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The system_id that may bind; none: any.
    pub system_id: Option<String>,
    /// The password that must come with it; none: any.
    pub password: Option<String>,
    /// Where receipts say what they say.
    pub receipts: ReceiptForm,
    /// From a message's acceptance to its receipt.
    pub receipt_delay: Duration,
    /// Which bind a receipt goes to.
    pub receipt_bind: ReceiptBind,
    /// The states messages end in, by weight.
    pub outcomes: Weighted<MessageState>,
    /// What ids look like.
    pub id: IdForm,
    /// What they look like in receipts.
    pub receipt_id: ReceiptIdForm,
    /// From a request to its answer.
    pub latency: Duration,
    /// Submits a second (in all) above which ESME_RTHROTTLED is answered.
    pub throttle_above: Option<u64>,
    /// The same of each sender number. It counts for 65,536 numbers a second; further ones are
    /// taken as if they were the first of theirs.
    pub throttle_number_above: Option<u64>,
    /// How often an answer is late, and by how much.
    pub late: (Chance, Duration),
    /// How often a message is accepted and its answer never sent.
    pub never: Chance,
    /// How often the answer and the receipt are sent twice.
    pub twice: Chance,
    /// How often the receipt goes out before the answer.
    pub receipt_first: Chance,
    /// Submits on a link after which it is cut, as by a crash.
    pub drop_every: Option<u64>,
    /// Messages from handsets.
    pub mo: MoSettings,
    /// deliver_sm requests unanswered at once, per bind.
    pub window_max: usize,
    /// Receipts waiting or unanswered at once, in all (about 120 octets each); above it
    /// ESME_RMSGQFUL is answered.
    pub receipts_max: usize,
    /// What decides everything that is left to chance.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            system_id: None,
            password: None,
            receipts: ReceiptForm::Both,
            receipt_delay: Duration::from_millis(50),
            receipt_bind: ReceiptBind::Same,
            outcomes: Weighted::only(MessageState::DELIVERED),
            id: IdForm::Hex,
            receipt_id: ReceiptIdForm::Same,
            latency: Duration::ZERO,
            throttle_above: None,
            throttle_number_above: None,
            late: (Chance::NEVER, Duration::ZERO),
            never: Chance::NEVER,
            twice: Chance::NEVER,
            receipt_first: Chance::NEVER,
            drop_every: None,
            mo: MoSettings::default(),
            window_max: 100,
            receipts_max: 2_000_000,
            seed: 1,
        }
    }
}

/// Where a receipt says what it says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ReceiptForm {
    /// In short_message alone (SMPP 3.4 Appendix B).
    Text,
    /// In receipted_message_id and message_state alone.
    Tlv,
    /// In both.
    Both,
    /// There are no receipts.
    None,
}

/// Which bind a receipt goes to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ReceiptBind {
    /// The one that submitted the message, while it can receive.
    Same,
    /// Another one of the same system_id, while there is one.
    Other,
}

/// Messages from handsets.
#[derive(Clone, Debug)]
pub struct MoSettings {
    /// How many in all.
    pub messages: u64,
    /// Segments of each.
    pub segments: u8,
    /// The order their segments come in.
    pub order: MoOrder,
    /// The number they are sent to.
    pub to: String,
    /// What they say, one behind the other, each in one segment and all from `from`; without any
    /// each says its serial and is from a handset of its own.
    pub texts: Vec<String>,
    /// The handset that texts are from.
    pub from: String,
}

/// The order segments come in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MoOrder {
    /// First to last, message after message.
    Straight,
    /// Any, and those of some messages mixed.
    Shuffled,
}

impl Default for MoSettings {
    fn default() -> Self {
        Self {
            messages: 0,
            segments: 1,
            order: MoOrder::Straight,
            to: "12345".to_owned(),
            texts: Vec::new(),
            from: "33612345678".to_owned(),
        }
    }
}
