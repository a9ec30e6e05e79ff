//! The words that keys of a dialect take.

use super::super::state::MessageState;
use super::super::words::words;
use crate::text::{DefaultAlphabet, Reference};
use crate::wire::ErrorBody;

words! {
    /// Whether a deviation is read or answered as an error.
    pub enum Tolerance {
        /// Read it.
        Accept = "accept",
        /// Answer it with the status of the fault.
        Refuse = "refuse",
    }
}

words! {
    /// Whether what is too much or malformed is skipped or answered as an error.
    pub enum Surplus {
        /// Leave it out and keep the PDU.
        Ignore = "ignore",
        /// Answer the PDU with the status of the fault.
        Refuse = "refuse",
    }
}

words! {
    /// How the value of a TLV is read.
    pub enum TlvKind {
        /// Text closed by a NUL.
        CString = "c_string",
        /// Octets as they are.
        Octets = "octets",
        /// One octet.
        U8 = "u8",
        /// Two octets, most significant first.
        U16 = "u16",
        /// Four octets, most significant first.
        U32 = "u32",
    }
}

words! {
    /// What stands before an international number that we write.
    pub enum AddressPrefix {
        /// Nothing.
        None = "none",
        /// `+`.
        Plus = "plus",
        /// `00`.
        Zeros = "zeros",
    }
}

words! {
    /// How GSM-7 septets travel.
    pub enum Gsm7Packing {
        /// Eight septets in seven octets, with fill bits behind a UDH.
        Packed = "packed",
        /// One septet an octet.
        Unpacked = "unpacked",
    }
}

words! {
    /// Which octet of a 16-bit unit comes first.
    pub enum OctetOrder {
        /// The most significant.
        Big = "big",
        /// The least significant.
        Little = "little",
    }
}

words! {
    /// How we write our message_id.
    pub enum IdFormat {
        /// In decimal, without zeros on the left.
        Decimal = "decimal",
        /// 16 hexadecimal digits.
        Hex16 = "hex16",
    }
}

words! {
    /// What a deliver_sm with a receipt's text and an ordinary esm_class is.
    pub enum UnmarkedReceipt {
        /// An MO: anyone can write such a text.
        Message = "message",
        /// A receipt: this SMSC forgets the bit.
        Receipt = "receipt",
    }
}

words! {
    /// What the state ACCEPTED says.
    pub enum AcceptedState {
        /// The last word on the message.
        Final = "final",
        /// That another state will follow.
        Intermediate = "intermediate",
    }
}

words! {
    /// What the state UNKNOWN says.
    pub enum UnknownState {
        /// The last word on the message: the SMSC knows no more of it.
        Final = "final",
        /// That another state may follow.
        Intermediate = "intermediate",
    }
}

words! {
    /// Which TLVs of a carrier's receipt go on to the account.
    #[derive(Default)]
    pub enum ReceiptTlvs {
        /// Vendors' too.
        All = "all",
        /// The network_error_code alone.
        #[default]
        NetworkError = "network_error",
        /// None.
        None = "none",
    }
}

words! {
    /// A state, where people write it.
    pub enum StateName {
        /// Accepted on the subscriber's behalf.
        Accepted = "accepted",
        /// Cancelled.
        Deleted = "deleted",
        /// At its destination.
        Delivered = "delivered",
        /// On its way.
        Enroute = "enroute",
        /// Its validity ended first.
        Expired = "expired",
        /// Rejected by the SMSC.
        Rejected = "rejected",
        /// Cannot be delivered.
        Undeliverable = "undeliverable",
        /// In no state that the SMSC can name.
        Unknown = "unknown",
    }
}

impl From<StateName> for MessageState {
    fn from(name: StateName) -> Self {
        match name {
            StateName::Accepted => Self::ACCEPTED,
            StateName::Deleted => Self::DELETED,
            StateName::Delivered => Self::DELIVERED,
            StateName::Enroute => Self::ENROUTE,
            StateName::Expired => Self::EXPIRED,
            StateName::Rejected => Self::REJECTED,
            StateName::Undeliverable => Self::UNDELIVERABLE,
            StateName::Unknown => Self::UNKNOWN,
        }
    }
}

words! {
    /// Which segments of a long message a carrier sends receipts for.
    #[derive(Default)]
    pub enum ReceiptSegments {
        /// Every one, or nobody knows.
        #[default]
        Each = "each",
        /// The first alone counts.
        First = "first",
        /// The last alone counts.
        Last = "last",
    }
}

words! {
    impl ErrorBody {
        Absent = "absent",
        Auto = "auto",
        MessageId = "message_id",
        Tlvs = "tlvs",
    }
}

words! {
    impl DefaultAlphabet {
        Ascii = "ascii",
        Gsm7 = "gsm7",
        Latin1 = "latin1",
        Utf8 = "utf8",
    }
}

words! {
    /// The alphabet that a peer writes names in, in an address.
    #[derive(Default)]
    pub enum NameAlphabet {
        /// US-ASCII.
        Ascii = "ascii",
        /// The GSM 7-bit default alphabet, one septet an octet.
        Gsm7 = "gsm7",
        /// ISO-8859-1.
        Latin1 = "latin1",
        /// UTF-8.
        Utf8 = "utf8",
        /// Windows' code page 1252: Latin-1, and what Windows has where that has control
        /// characters.
        #[default]
        Windows1252 = "windows1252",
    }
}

words! {
    impl Reference {
        Payload = "payload",
        Sar = "sar",
        Udh8 = "udh8",
        Udh16 = "udh16",
    }
}

words! {
    /// What a carrier means by an answer that says to slow down.
    #[derive(Default)]
    pub enum ThrottledSlows {
        /// The bind that it came on.
        #[default]
        Bind = "bind",
        /// The sender number of the message.
        Number = "number",
    }
}

words! {
    /// What an account gets of a message from a handset that has several segments.
    pub enum MoSegments {
        /// Each segment, untouched.
        Each = "each",
        /// The whole: in short_message where it fits, else in message_payload.
        Payload = "payload",
    }
}
