//! The rows of `[dialect.NAME]` and of what stands in one.

use super::super::Presence::{Absent, Default, Required};
use super::super::{Key, Kind, Table};
use super::{count, int, ms, words};
use crate::message::dialect::{
    AcceptedState, AddressPrefix, Gsm7Packing, IdFormat, MoSegments, NameAlphabet, OctetOrder,
    ReceiptSegments, ReceiptTlvs, StateName, Surplus, ThrottledSlows, TlvKind, Tolerance,
    UnknownState, UnmarkedReceipt,
};
use crate::message::receipt::ReceiptFormat;
use crate::message::receipt::id::IdNotation;
use crate::text::{DefaultAlphabet, Reference};
use crate::wire::ErrorBody;

/// `[dialect.NAME]`.
pub(in crate::config::schema) const DIALECT: &[Key] = keys! {
    /// The profile that holds what this one does not say.
    base: Kind::Name, Default(r#""default""#);
    /// `interface_version` of the bind we send; below 0x34 we send no TLVs (quirk 52: Route Mobile,
    /// naz #194).
    interface_version: int(0x33, 0x50), Default("0x34");
    /// `system_type` of the bind we send (quirk 54: Jasmin #124, status 0x53 without it).
    system_type: Kind::Text { octets_max: 12 }, Default(r#""""#);
    /// `address_range` of the bind we send; selects which MO come on a shared login (quirk 55:
    /// Adobe).
    address_range: Kind::Text { octets_max: 40 }, Default(r#""""#);
    /// Whether a bind of an account gets the MO, and the alerts, of the numbers alone that its own
    /// `address_range` says: `36105`, several with commas between them, `3610*` for all that begin
    /// so, or a regular expression such as `^3610[1-5]$`; an empty one is all. Where no session is
    /// bound for a number its MO wait for one, and the others go meanwhile. A range that nobody can
    /// read is answered ESME_RBINDFAIL. By default every session of the number's owner gets them:
    /// many clients write a range without meaning it (quirk 55: Adobe).
    honour_address_range: Kind::Flag, Default("false");
    /// `addr_ton` of the bind we send (quirk 54: Kannel).
    addr_ton: int(0, 255), Default("0");
    /// `addr_npi` of the bind we send (quirk 54: Kannel).
    addr_npi: int(0, 255), Default("0");
    /// Silence after which we probe this peer; 0 never (quirk 50: Txtwire closes after 30 s).
    enquire_link_ms: ms(0, 3_600_000), Absent("that of `[smpp]`");
    /// How long we wait for its responses (quirk 50: up to 40 minutes seen).
    response_timeout_ms: ms(100, 3_600_000), Absent("that of `[smpp]`");
    /// Least pause between two attempts to connect to it; jitter comes on top of it (SMPP 5.0
    /// §2.8.1 suggests 5 s; quirk 48: Clickatell wants 30 s).
    reconnect_min_ms: ms(100, 3_600_000), Default("5000");
    /// Longest pause, reached by doubling: a carrier that is back is used within a minute. One that
    /// is not above the least pause is half as long again, at most, for the jitter.
    reconnect_max_ms: ms(100, 3_600_000), Default("60000");
    /// Least pause after a refused bind: the SMSC may hold the dead session or lock the login
    /// (quirk 48: vumi #624; Clickatell wants 30 s).
    reconnect_refused_ms: ms(100, 3_600_000), Default("30000");
    /// Segments sent on a bind before it is given up for a new one, for a carrier that takes so
    /// many a session; what they bring back is waited for (quirk 56: Oracle `MAX_PAGES_PER_BIND`).
    /// 0 is no limit.
    messages_per_bind: count(0, 1_000_000_000, "segments"), Default("0");
    /// Requests in a row without an answer in time after which a bind is made anew, for a carrier
    /// whose link answers enquire_link while nothing behind it lives (quirk 50). What was sent is
    /// in doubt either way. 0 is never: some SMSCs answer after minutes.
    unanswered_max: count(0, 1_000_000, "requests"), Default("0");
    /// Segments to one destination that may be unanswered at a time, whatever the sender: for a
    /// carrier that refuses more. The next goes when one has been answered, so it costs a round
    /// trip for so many (quirk 58: Restcomm #208). 0 is no limit.
    unanswered_per_destination: count(0, 100, "segments"), Default("0");
    /// Addresses, system_id and password above the specification's lengths, read and written
    /// (quirk 53: Infobip, smsfire, Adobe). Before a bind they are always read.
    long_c_strings: words::<Tolerance>(), Default(r#""accept""#);
    /// Octets of the addresses that an account may submit, or a carrier takes: a longer one is
    /// answered ESME_RINVSRCADR or ESME_RINVDSTADR. 20 is what a submit_sm has room for; above it
    /// both sides must allow it (quirk 53: Adobe).
    address_octets_max: count(20, 64, "octets"), Default("20");
    /// A last C-octet string without its NUL (quirk 33: Kannel reads it).
    missing_nul: words::<Tolerance>(), Default(r#""accept""#);
    /// Octets behind the last field that are no TLV (quirk 32: python-smpp PR 7, cloudhopper #64,
    /// Jasmin #218).
    trailing_octets: words::<Surplus>(), Default(r#""ignore""#);
    /// A known TLV of a size its tag forbids (quirk 34: jSMPP #16; Kannel drops the field).
    invalid_tlv: Kind::Word { now: &["ignore"], later: &["refuse"] }, Default(r#""ignore""#);
    /// Times filled in a deliver_sm (quirk 42: Kannel #317).
    times_in_deliver: words::<Tolerance>(), Default(r#""accept""#);
    /// What the body of its error responses holds, when there is one; with `absent` there may be
    /// none (quirks 29 to 31: smppex #6, cloudhopper PR 31).
    error_body: words::<ErrorBody>(), Default(r#""auto""#);
    /// Vendor TLVs by name, beside those of `base`: what `chappe pdu decode --dialect` calls them,
    /// and what is added to messages (quirk 38: India DLT, Jasmin #429).
    tlv: Kind::TableMap(Table::Tlv), Absent("no vendor TLV");
    /// What we write before an international number: `none`, `plus` or `zeros` (`00`). A number of
    /// type 1 is one, and of type 0 one of seven digits or more that begins with no 0. The `+` or
    /// `00` of what we read is always taken away (quirk 60: jSMPP #172, Kannel).
    address_prefix: words::<AddressPrefix>(), Default(r#""none""#);
    /// The alphabet of alphanumeric addresses. A character that it lacks is replaced by a similar
    /// one or by `?`, as `@` always is in `gsm7`, where it would end the address (quirk 61: Kannel
    /// `alt-addr-charset`, whose default this is). Between peers of one alphabet octets pass as
    /// they are. `windows1252` is Latin-1 and some signs more, `latin1` that without them.
    address_alphabet: words::<NameAlphabet>(), Default(r#""windows1252""#);
    /// What data_coding 0 means to it, read and written: texts are translated where a message comes
    /// from a peer that means another alphabet. What the alphabet lacks goes in UCS-2, and what
    /// GSM-7 lacks of it to others as ASCII, Latin-1 or UCS-2 under their numbers (quirk 62: naz
    /// #220, Vibes, jSMPP #83).
    data_coding_0: words::<DefaultAlphabet>(), Default(r#""gsm7""#);
    /// The data_coding that says GSM-7 to it, sent and read in place of 0 (quirk 62: 4 at Vibes).
    /// At 0 it has none of its own: it is 0, in the alphabet of `data_coding_0`.
    data_coding_gsm7: int(0, 255), Default("0");
    /// The alphabets that a carrier takes texts in, the best first. A text in another is brought
    /// into the first that holds it, and planned in that; where none does it is refused with
    /// ESME_RX_R_APPN. What an account cut itself and binary data go as they came.
    encodings: Kind::Encodings, Absent("any");
    /// Septets one an octet, or packed with fill bits behind a UDH, sent and read (quirk 65: gosmpp
    /// PR 136).
    gsm7_packing: words::<Gsm7Packing>(), Default(r#""unpacked""#);
    /// Octet order of its UCS-2 without a byte order mark, sent and read (quirk 64).
    ucs2_order: words::<OctetOrder>(), Default(r#""big""#);
    /// How segments say that they belong together (quirk 66: telenor, gosmpp #46, vumi #623).
    segmentation: words::<Reference>(), Default(r#""udh8""#);
    /// Marks segments that an account cut itself as `segmentation` says too: those with a UDH for a
    /// carrier that wants SAR TLVs, the other way round, or with a reference of another width
    /// (quirk 66). What has no room for a header goes as it came, as does all with `payload`. A
    /// carrier below version 3.4 gets a UDH for SAR TLVs anyway, and where there is no room for it
    /// the segment is refused with ESME_RINVMSGLEN.
    convert_segments: Kind::Flag, Default("false");
    /// Greatest reference of a segmented message; with `udh8` never above 255 (quirk 66: vumi).
    reference_max: int(1, 65_535), Default("65535");
    /// Messaging mode of the esm_class we send; 3 is store and forward (quirk 67: Kannel
    /// `esm-class`).
    esm_class_mode: int(0, 3), Default("0");
    /// Bits that the esm_class of each message to a carrier has beside its own, whatever they mean
    /// there (quirk 67: at cheapglobalsms 6 asks for intermediate receipts). Those of a user data
    /// header and of a reply path are the message's alone.
    esm_class_bits: int(0, 63), Default("0");
    /// priority_flag of each message to a carrier, where it means something else there (quirk 67:
    /// the route at cheapglobalsms). What goes first here is as the account says.
    priority_flag: int(0, 3), Absent("as submitted");
    /// service_type of messages that have none (quirk 67: Kannel, used for billing).
    service_type: Kind::Text { octets_max: 5 }, Default(r#""""#);
    /// Notation of the ids in its responses; `hex_text` are the octets of a text in hexadecimal,
    /// `414243` for `ABC` (quirks 1 to 8: Kannel `msg-id-type`, Jasmin `dlr_msgid`, Adobe).
    message_id_response: words::<IdNotation>(), Default(r#""auto""#);
    /// Notation of the ids in its receipts (quirks 1 to 8).
    message_id_receipt: words::<IdNotation>(), Default(r#""auto""#);
    /// How our ids are written to an account: 16 hexadecimal digits, or decimal for clients that
    /// strip zeros on the left (quirk 5: Jasmin #643).
    message_id_format: words::<IdFormat>(), Default(r#""hex16""#);
    /// Dates of the receipts we send to an account: `standard` is YYMMDDhhmm as in SMPP 3.4
    /// appendix B, `seconds` is YYMMDDhhmmss (quirk 21). The rest of the text is always the form of
    /// appendix B, with nothing left out: that is what clients parse (quirks 19 to 24).
    receipt_format: words::<ReceiptFormat>(), Default(r#""standard""#);
    /// Minutes east of UTC of the dates in receipts, read from a carrier or written to an account
    /// (ksmppd #108).
    receipt_zone: count(-720, 840, "minutes"), Default("0");
    /// A deliver_sm with a receipt's text and an ordinary esm_class (quirk 27: vumi, smppex PR 66).
    /// `receipt` only where the SMSC forgets the bit: anyone can write such a text. A
    /// receipted_message_id tells a receipt as well.
    receipt_without_esm_class: words::<UnmarkedReceipt>(), Default(r#""message""#);
    /// The same with the esm_class of a handset's acknowledgement of delivery, 0x08, which is an MO
    /// by the book (quirk 27: Kannel takes it for a receipt's).
    receipt_as_acknowledgement: words::<UnmarkedReceipt>(), Default(r#""message""#);
    /// Whether ACCEPTED ends a message's life (quirk 18: Kannel says no, vumi and SMPP 5.0 say
    /// yes).
    receipt_accepted: words::<AcceptedState>(), Default(r#""intermediate""#);
    /// Whether UNKNOWN does (quirk 18: SMPP says no; Kannel and most others say yes, since nothing
    /// follows). With `intermediate`, and where the esm_class says that more follows or nobody can
    /// read the state, the message ends UNKNOWN an hour after its validity if nothing better came.
    receipt_unknown: words::<UnknownState>(), Default(r#""final""#);
    /// The segments of a long message whose receipt ends it: `each`, or the `first` or `last` alone
    /// where the carrier sends no others. Segments that an account cut itself end by it too: up to
    /// 65,536 messages a shard are known by their segments until a restart; those of others wait
    /// for receipts of their own, and end UNKNOWN (quirk 15: Jasmin #1123, #663, Adobe).
    receipt_segments: words::<ReceiptSegments>(), Default(r#""each""#);
    /// From the first receipt of a long message to its end in the worst state heard of, if those of
    /// its other segments do not come: some carriers send none. Segments that an account cut itself
    /// end so where `receipt_segments` names one of them. Handsets that take one segment
    /// mostly take all within a minute.
    receipt_segments_wait_ms: ms(0, 604_800_000), Default("300000");
    /// TLVs of a carrier's receipts that go on to the account, beside those that our receipts
    /// have: `none`; `network_error`, the network_error_code, which is the standard's; or `all`, up
    /// to 255 octets of them. A vendor's stay here by default: they tell whose networks a carrier
    /// uses, and to an account the same tag may mean another thing (quirk 38: Jasmin #536, #1223).
    receipt_tlvs: words::<ReceiptTlvs>(), Default(r#""network_error""#);
    /// What a carrier's words behind `stat:` mean, where it has its own (quirk 23: `0` at Yo!).
    receipt_state: Kind::TableMap(Table::State), Absent("the words that SMSCs are known to write");
    /// What an account gets of a long message from a handset: `each` segment untouched, or one
    /// `payload`, in short_message up to 254 octets and else in message_payload, which its client
    /// must read (Jasmin #513, #756).
    mo_segments: words::<MoSegments>(), Default(r#""each""#);
    /// What a carrier's answer to slow down, ESME_RTHROTTLED or ESME_RMSGQFUL, is about: the `bind`
    /// that it came on, or the sender `number` alone, as where US carriers count by the number
    /// (10DLC). Such a number then goes at a pace of its own at that carrier, down to a segment in
    /// ten seconds, and the others as ever. Up to 4,096 are known at a time, each for two minutes
    /// after the last such answer. Where there are more, or eight new ones a second for two
    /// seconds, the carrier is too busy for all, and the binds slow too.
    throttled_slows: words::<ThrottledSlows>(), Default(r#""bind""#);
    /// What to do on a command_status, beside those of `base` (quirks 39, 57: gosmpp #73, vumi
    /// #636).
    status: Kind::TableMap(Table::Status), Absent("the engine's table");
};

/// `[dialect.NAME] tlv.NAME`.
pub(in crate::config::schema) const TLV: &[Key] = keys! {
    /// Its tag; may be a standard one that this peer gives another type (quirk 34: jSMPP #16). The
    /// message_state and network_error_code of a carrier's receipts are read by it.
    tag: int(1, 0xFFFF), Required;
    /// How its value is read.
    type: words::<TlvKind>(), Required;
    /// What it is in a message that lacks it: in every one that an account of this profile submits,
    /// or that is sent to such a carrier. A number in decimal or hexadecimal (`0x`), or a text,
    /// which `c_string` closes with a NUL; `octets` takes hexadecimal (`0x`) too.
    value: Kind::Text { octets_max: 255 }, Absent("a message goes without it");
    /// It is left out of all that goes to this peer or comes from it: to another it may mean
    /// another thing (quirk 38: Jasmin #1223). Not one that holds a text or ties segments together.
    drop: Kind::Flag, Default("false");
};

/// `[dialect.NAME] receipt_state.WORD`.
pub(in crate::config::schema) const STATE: &[Key] = keys! {
    /// The state that it is, in any case of its letters.
    means: words::<StateName>(), Required;
};

/// `[dialect.NAME] status.0xNN`.
pub(in crate::config::schema) const STATUS: &[Key] = keys! {
    /// Send the message again after so long; with `pause_bind`, the length of the pause.
    retry_ms: ms(0, 86_400_000), Absent("one of the others");
    /// Give the message up.
    fail: Kind::Flag, Default("false");
    /// Send nothing on the bind for `retry_ms`, or 1000, then go on with the message.
    pause_bind: Kind::Flag, Default("false");
};
