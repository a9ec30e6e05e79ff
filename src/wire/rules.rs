//! Which deviations from the standard a decoder takes: each one named, none by accident.

/// The edition whose commands are understood.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum Version {
    /// SMPP 3.4 Issue 1.2. A command that only 5.0 knows is an unknown command.
    #[default]
    V34,
    /// SMPP 5.0: the broadcast commands as well.
    V50,
}

/// What follows the last whole field or TLV and is too short to be a TLV (quirk 32).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum TrailingOctets {
    /// One to three octets are passed over: a NUL after `short_message` that `sm_length` does not
    /// count is the common case (praekelt/python-smpp PR 7, cloudhopper #64, Jasmin #218).
    #[default]
    Ignore,
    /// They make the PDU malformed.
    Refuse,
}

/// How the body of a response with an error status is read (quirks 29 to 31).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ErrorBody {
    /// None, the ordinary body, or TLVs alone: the ordinary body is tried first.
    #[default]
    Auto,
    /// The ordinary body, the first fields of it, or none (Jasmin #124, smppex #6).
    MessageId,
    /// TLVs alone (cloudhopper PR 31, node-smpp #65).
    Tlvs,
    /// None, unless TLVs follow it that say why: what the standard has, and nothing else.
    Absent,
}

/// The rules one peer's octets are read by.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Rules {
    /// The edition whose commands are understood.
    pub version: Version,
    /// What to do with one to three octets after the body.
    pub trailing_octets: TrailingOctets,
    /// How the body of an error response is read.
    pub error_body: ErrorBody,
    /// Refuse a response with status 0 and no body. Off: its fields are taken as empty, because
    /// the answer still frees its place in the window (Kannel; quirk 30).
    pub require_body: bool,
    /// Take C-octet strings longer than the table allows (passwords above 8 octets: Infobip;
    /// addresses above 20: Adobe; quirk 53), and write them to this peer. Off: they are refused
    /// with the field's status.
    pub long_c_strings: bool,
    /// Take a C-octet string whose NUL is missing at the very end of the PDU (quirk 33).
    pub missing_nul: bool,
}

impl Rules {
    /// Nothing but the standard, 5.0's commands included, and of two readings the one this side
    /// writes: whatever is decoded by these rules encodes to the same octets again.
    pub const STRICT: Self = Self {
        version: Version::V50,
        trailing_octets: TrailingOctets::Refuse,
        error_body: ErrorBody::Absent,
        require_body: true,
        long_c_strings: false,
        missing_nul: false,
    };
}
