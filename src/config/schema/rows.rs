//! The rows of the schema, table by table.
//!
//! A row is `name: kind, presence;` under the sentences that say what the key does and why its
//! default is what it is; they are the manual's. A default is written as it would stand in a file.

use super::Presence::{Absent, Default, Required};
use super::{Key, Kind, Presence, Table};
use crate::engine::settings::{
    BindKind, InDoubt, LogFormat, LogLevel, MultipartReceipts, NumberKind,
};
use crate::message::class::TrafficClass;
use crate::message::multipart::MultipartState;
use crate::message::words::Word;
use crate::mt::policy::{Reach, StopBy};

/// Expands rows into [`Key`]s. Each `///` above a row becomes a sentence of its `doc`.
macro_rules! keys {
    ($( $(#[doc = $doc:literal])+ $name:ident: $kind:expr, $presence:expr; )+) => {
        &[$( Key {
            name: stringify!($name),
            kind: $kind,
            presence: $presence,
            doc: concat!($($doc),+),
        } ),+]
    };
}

mod dialect;
mod number;
mod policy;
mod route;
mod store;

pub(super) use dialect::{DIALECT, STATE, STATUS, TLV};
pub(super) use number::{BOT, KEYWORD, OWNER};
pub(super) use policy::POLICY;
pub(super) use route::{POOL, ROUTE, TARGET};
pub(super) use store::STORE;

/// The file itself.
pub(super) const ROOT: &[Key] = keys! {
    /// This process and its limits.
    node: Kind::Table(Table::Node), Absent("its defaults");
    /// The SMPP listener and the timers of every session.
    smpp: Kind::Table(Table::Smpp), Absent("its defaults");
    /// The HTTP listener: /healthz and /readyz.
    http: Kind::Table(Table::Http), Absent("its defaults");
    /// The metrics listener: /metrics.
    metrics: Kind::Table(Table::Metrics), Absent("its defaults");
    /// The log, on standard error.
    log: Kind::Table(Table::Log), Absent("its defaults");
    /// Where accepted messages are kept.
    store: Kind::Table(Table::Store), Absent("its defaults");
    /// Runs the bundled SMSC inside, for trials and tests.
    simulator: Kind::Table(Table::Simulator), Absent("no simulator");
    /// Customers who bind to us.
    account: Kind::TableArray(Table::Account), Absent("nobody may bind");
    /// Operators we bind to.
    carrier: Kind::TableArray(Table::Carrier), Absent("nothing can be sent");
    /// Short codes, long numbers, toll-free numbers and alphanumeric senders of ours.
    number: Kind::TableArray(Table::Number), Absent("no MO has an owner");
    /// What is asked of marketing. The longest prefix wins, then the most filters, then file order.
    policy: Kind::TableArray(Table::Policy), Absent("only that it was not opted out of");
    /// Numbers that are sent from under one name.
    pool: Kind::TableArray(Table::Pool), Absent("every sender is itself");
    /// Which messages go where. The longest prefix wins, then the most filters, then file order.
    route: Kind::TableArray(Table::Route), Absent("every submit is refused");
    /// Named deviations of accounts and carriers. A table here hides a bundled profile of its name.
    dialect: Kind::TableMap(Table::Dialect), Absent("the bundled profiles");
    /// Prices by prefix and segment, for prepaid credit.
    price: Kind::Later, NOT_YET;
    /// Conversations held by the engine itself.
    bot: Kind::TableArray(Table::Bot), Absent("the bundled ones");
};

/// `[node]`.
pub(super) const NODE: &[Key] = keys! {
    /// What it is called in logs, metrics and reports.
    name: Kind::Name, Default(r#""chappe""#);
    /// Ten bits of every message_id; give each of several nodes its own, or two messages may bear
    /// one id.
    id: int(0, 1_023), Default("0");
    /// The directory of everything it writes, the control socket included; one engine at a time. A
    /// relative path begins at the configuration file.
    data_dir: Kind::Path, Default(r#""data""#);
    /// Threads that links, shards and dispatchers run on. 0 is one for every two CPUs the process
    /// may use: the kernel's share of the work needs the others.
    workers: int(0, 256), Default("0");
    /// Among how many owners the live messages are divided. 0 is one for each worker; more gains
    /// nothing.
    shards: int(0, 63), Default("0");
    /// Live messages of all accounts; beyond it a submit is answered ESME_RMSGQFUL. About 1 KiB
    /// each: a million is 1 GiB, half an hour at 500 a second with every carrier down.
    queue_max_messages: count(1_000, 100_000_000, "messages"), Default("1000000");
    /// Octets of user data and TLVs of these, until their carrier has answered; beyond it a submit
    /// is answered ESME_RMSGQFUL. One text of 160 octets is part of its message's KiB, longer ones
    /// are beside it: so this bounds what a queue of message_payload of 64 KiB costs.
    queue_max_bytes: count(8_388_608, 4_294_967_295, "octets"), Default("268435456");
    /// Messages sent whose receipt is awaited; beyond it the oldest ends UNKNOWN 012 and is
    /// counted. About 100 octets each, 200 MB at the default.
    correlations_max: count(1_000, 1_000_000_000, "messages"), Default("2000000");
    /// How long a receipt still finds its message: two days of validity and a week, since receipts
    /// of phones that come back late are the last to arrive. Then it ends UNKNOWN 012.
    correlation_hours: count(1, 8_760, "hours"), Default("216");
    /// Receipts that came before the response they belong to; beyond it the oldest counts as
    /// unknown. Ten seconds of a carrier that sends a thousand a second this way.
    receipts_parked_max: count(0, 10_000_000, "receipts"), Default("10000");
    /// How long such a receipt waits for its response (quirk 10: Adobe waits 30 s, Jasmin 20 s); at
    /// least a second longer than the longest `response_timeout_ms`, since it then settles the
    /// doubt about a message that never got one. With 0 none waits.
    receipt_parked_ms: ms(0, 600_000), Default("30000");
    /// Messages of which query_sm says how they ended; beyond it an older one is unknown to it once
    /// it has ended. 16 octets each; an hour at nearly 300 a second.
    ended_max_messages: count(0, 100_000_000, "messages"), Default("1000000");
    /// Messages from handsets some segments of which are here; beyond it the oldest goes on as it
    /// is. Room for 60 a second that never get whole, at five minutes each.
    reassembly_max_messages: count(1, 10_000_000, "messages"), Default("20000");
    /// Octets of all of that, 256 for each segment beside its own; beyond it the oldest goes on.
    reassembly_max_bytes: count(65_536, 4_294_967_295, "octets"), Default("67108864");
    /// From its first segment until such a message goes on as it is. Segments come within seconds
    /// of each other, or when the phone has a network again; Kannel waits 30 minutes.
    reassembly_max_age_ms: ms(1_000, 86_400_000), Default("300000");
    /// Conversations of bots; beyond it the one whose handset has been silent the longest is
    /// forgotten and counted. About 4 KiB each.
    conversations_max: count(100, 10_000_000, "conversations"), Default("100000");
    /// When a message without a validity_period, or with a longer one, expires. Operators keep 48
    /// to 72 hours; a text that is two days late is rarely wanted.
    validity_max_hours: count(1, 720, "hours"), Default("48");
    /// How long a graceful stop waits for outstanding responses. Service managers kill after 30 s
    /// or more; nearly all responses come within 1 s.
    drain_ms: ms(0, 600_000), Default("10000");
};

/// `[smpp]`.
pub(super) const SMPP: &[Key] = keys! {
    /// Where accounts connect. 2775 is SMPP's registered port; this machine only, until you say
    /// otherwise.
    listen: Kind::Listen, Default(r#""127.0.0.1:2775""#);
    /// TLS from the first octet on that address.
    tls: Kind::Table(Table::ListenerTls), Absent("plain TCP");
    /// Largest command_length of a bound peer; beyond it the stream is lost and closed. Holds a
    /// message_payload of 64 KiB with its TLVs (quirk 37). Before a bind it is 512, whatever is set
    /// here.
    max_pdu_bytes: count(1_024, 1_048_576, "octets"), Default("70000");
    /// Sessions of accounts; beyond it a connection is closed at once and counted. An idle one
    /// costs at most 16 KiB, so 256 MiB in all.
    sessions_max: count(1, 1_000_000, "sessions"), Default("16384");
    /// Connections that have not bound; beyond it the oldest is closed. Bounds what strangers can
    /// hold, and leaves room for every customer to reconnect at once.
    unbound_sessions_max: count(1, 1_000_000, "sessions"), Default("1024");
    /// Octets waiting for a peer that does not read; beyond it its session is closed. Twice a full
    /// window of 100 with the largest messages most peers send.
    unsent_max_bytes: count(65_536, 1_073_741_824, "octets"), Default("1048576");
    /// From the connection to its bind; then it is closed. Peers bind within a round trip; the rest
    /// are scanners.
    session_init_ms: ms(100, 600_000), Default("10000");
    /// Silence after which we probe with enquire_link; 0 never. 30 s is what Kannel and Jasmin use;
    /// many peers close between 60 s and 5 minutes.
    enquire_link_ms: ms(0, 3_600_000), Default("30000");
    /// Silence, enquire_link aside, after which we unbind an account; 0 never. 5 minutes as Jasmin:
    /// customers who leave sessions open use up their binds_max.
    inactivity_ms: ms(0, 86_400_000), Default("300000");
    /// From a request to its response; then a message is in doubt. Kannel waits 60 s, Jasmin 60 to
    /// 120 s: less makes messages doubtful that are only late.
    response_timeout_ms: ms(100, 3_600_000), Default("60000");
};

/// `[smpp] tls`.
pub(super) const LISTENER_TLS: &[Key] = keys! {
    /// Our certificate in PEM, followed by those between it and the root.
    cert_file: Kind::File, Required;
    /// Its private key in PEM.
    key_file: Kind::File, Required;
    /// The CA in PEM that must have signed every client's certificate.
    client_ca_file: Kind::File, Absent("clients need no certificate");
};

/// `[http]`.
pub(super) const HTTP: &[Key] = keys! {
    /// Where /healthz and /readyz answer. This machine only, since nothing here asks who is there.
    listen: Kind::ListenOrOff, Default(r#""127.0.0.1:8080""#);
};

/// `[metrics]`.
pub(super) const METRICS: &[Key] = keys! {
    /// Where /metrics answers Prometheus; 9464 is its usual port for exporters inside a program.
    listen: Kind::ListenOrOff, Default(r#""127.0.0.1:9464""#);
};

/// `[log]`.
pub(super) const LOG: &[Key] = keys! {
    /// The least severe line that is written. `info` speaks of binds, reloads and limits, never of
    /// single messages.
    level: words::<LogLevel>(), Default(r#""info""#);
    /// `text` is for people, `json` one object a line for collectors.
    format: words::<LogFormat>(), Default(r#""text""#);
};

/// `[simulator]`.
pub(super) const SIMULATOR: &[Key] = keys! {
    /// Where carriers of this file connect to the bundled SMSC, which accepts any system_id and
    /// password: never beyond this machine.
    listen: Kind::Listen, Default(r#""127.0.0.1:2776""#);
};

/// `[[account]]`.
pub(super) const ACCOUNT: &[Key] = keys! {
    /// The name it binds with. SMPP 3.4 has room for 15 octets; more needs a client that sends
    /// more, and `long_c_strings`.
    system_id: Kind::Text { octets_max: 64 }, Required;
    /// What it binds with. SMPP 3.4 has room for 8 octets; more needs a client that sends more
    /// (quirk 53).
    password: Kind::Secret, Required;
    /// An argon2id hash in place of the password.
    password_hash: Kind::Later, NOT_YET;
    /// The networks it may connect from, IPv4 or IPv6. A password of 8 octets wants this beside it.
    allow_from: Kind::Networks, Absent("anywhere");
    /// Sessions bound at once; beyond it a bind is answered ESME_RALYBND. Hubs allow 2 to 4; 8
    /// leaves room for a restart before the old sessions have timed out.
    binds_max: count(1, 10_000, "sessions"), Default("8");
    /// Requests of one session unanswered at once, in either direction; beyond it a submit is
    /// answered ESME_RTHROTTLED. Rate is window over round trip: 10, as SMPP 3.4 suggests, allows
    /// 100 a second at 100 ms.
    window_max: count(1, 10_000, "requests"), Default("100");
    /// All its sessions together; beyond it a submit is answered ESME_RTHROTTLED. 0 is no limit:
    /// the rate is a contract's, and no figure of ours would be it.
    segments_per_second: count(0, 1_000_000, "segments a second"), Default("0");
    /// Live messages of this account; beyond it a submit is answered ESME_RMSGQFUL. A tenth of the
    /// node's, so that one account cannot fill it.
    queue_max_messages: count(1, 100_000_000, "messages"), Default("100000");
    /// Octets of user data and TLVs of these, until their carrier has answered; beyond it a submit
    /// is answered ESME_RMSGQFUL. A quarter of the node's: four segments for each of
    /// `queue_max_messages`.
    queue_max_bytes: count(65_536, 4_294_967_295, "octets"), Default("67108864");
    /// Receipts and MO that wait for a session to take them; beyond it the oldest is dropped and
    /// counted. Twice `queue_max_messages`: all that is queued may become receipts before the
    /// account takes one.
    receipts_waiting_max: count(1, 100_000_000, "receipts and MO"), Default("200000");
    /// The senders it may use; others are answered ESME_RINVSRCADR. List them where a country holds
    /// you liable.
    senders: Kind::Patterns, Absent("any sender");
    /// Names of your own that routes may ask for with `tag`, for what many accounts have in common;
    /// at most 16.
    tags: Kind::Names, Absent("none");
    /// Why its messages are sent, unless their number says otherwise.
    class: words::<TrafficClass>(), Default(r#""transactional""#);
    /// The tag of a TLV in which its messages may say why they are sent, whatever account and
    /// number say: an octet 0 (transactional), 1 (conversational) or 2 (marketing), or the word.
    /// Vendors' tags are 0x1400 to 0x3FFF. It goes no further. For an account that you trust with
    /// it, as nothing else tells a code from an offer. 0 is none.
    class_tlv: int(0, 65_535), Default("0");
    /// What its client does differently: a `[dialect.NAME]` or a bundled profile.
    dialect: Kind::Name, Default(r#""default""#);
    /// Receipts for a message that it cut itself (one that we cut always brings one): one for
    /// `each` segment, as an SMSC would, or `one` for all: that of the last segment tells of
    /// success, and a segment that fails is told by its own. An account that asks for the receipt
    /// of one segment alone wants `each` (quirk 15).
    multipart_receipts: words::<MultipartReceipts>(), Default(r#""each""#);
    /// What the one receipt says for a message that we cut: the `worst` state of its segments, once
    /// all are known; `any` is DELIVERED as soon as one is, else the worst; `first` is the first
    /// that is known. `chappe trace` shows that of each. The worst by default: half a text is none.
    multipart_state: words::<MultipartState>(), Default(r#""worst""#);
    /// Prepaid credit.
    credit: Kind::Later, NOT_YET;
};

/// `[[carrier]]`.
pub(super) const CARRIER: &[Key] = keys! {
    /// What routes, metrics and reports call it.
    name: Kind::Name, Required;
    /// Where its SMSC listens. A name is resolved anew at every attempt.
    address: Kind::Endpoint, Required;
    /// Where its receiver binds go, when they have a port of their own (quirk 59).
    receiver_address: Kind::Endpoint, Absent("`address`");
    /// TLS from the first octet. `tls = {}` trusts the system's CAs and checks the host's name.
    tls: Kind::Table(Table::CarrierTls), Absent("plain TCP");
    /// The name we bind with.
    system_id: Kind::Text { octets_max: 64 }, Required;
    /// Its password. Above 8 octets only where the carrier handed out such a one (quirk 53).
    password: Kind::Secret, Absent("binds without a password");
    /// What a bind is for. `pair` is a transmitter and a receiver, for an SMSC without
    /// transceivers.
    bind: words::<BindKind>(), Default(r#""transceiver""#);
    /// How many binds, or pairs. They share the rate; carriers allow 1 to 4 unless asked.
    binds: count(1, 1_000, "binds"), Default("1");
    /// Requests of one bind unanswered at once; at the limit we wait. SMPP 3.4 suggests 10, which
    /// is 100 a second at 100 ms; set what the carrier grants.
    window_max: count(1, 10_000, "requests"), Default("100");
    /// All binds together; we wait. 0 is no limit of ours, for carriers that say ESME_RTHROTTLED
    /// themselves; set the rate of the contract.
    segments_per_second: count(0, 1_000_000, "segments a second"), Default("0");
    /// Segments a second on each bind, beside what all of them share: some SMSCs count by session.
    /// Evenly, with 20 ms worth at once. 0 is no limit.
    bind_segments_per_second: count(0, 1_000_000, "segments a second"), Default("0");
    /// Messages waiting for this carrier; beyond it a submit is answered ESME_RMSGQFUL, unless
    /// another carrier of its route takes it.
    queue_max_messages: count(1, 100_000_000, "messages"), Default("100000");
    /// Times a segment is sent before it is given up; throttled answers do not count. 20 as NowSMS.
    attempts_max: count(1, 1_000, "attempts"), Default("20");
    /// Resolving, connecting, TLS and the bind response together. 10 s as cloudhopper: two lost
    /// packets in each fit.
    connect_timeout_ms: ms(100, 600_000), Default("10000");
    /// system_ids of accounts that are the same peer, a hub that buys from us what it sells to us:
    /// what they submit never goes back to it. SMPP counts no hops, so nothing else would end a
    /// message that two hubs send each other.
    account: Kind::Names, Absent("no account is this peer");
    /// How long it is without a bind before messages that wait for it go to the next carrier of
    /// their route that is up; those of which a segment was sent stay. Long enough for a bind that
    /// drops and comes back at once, short enough for a code that somebody waits for.
    failover_ms: ms(0, 86_400_000), Default("5000");
    /// From the bind until it has all of its window: the part that it has grows evenly, from one
    /// request on. For SMSCs that fall over, or close the bind, when all that waited comes at once;
    /// those that say ESME_RTHROTTLED need none of it. 0 is at once.
    ramp_up_ms: ms(0, 3_600_000), Default("0");
    /// A message sent and never answered: `resend` may deliver twice, `hold` may not deliver at
    /// all, `wait_then_resend` gives a late response or a receipt time to settle it.
    in_doubt: words::<InDoubt>(), Default(r#""wait_then_resend""#);
    /// How long `wait_then_resend` waits, after the response timeout. Most receipts come within a
    /// minute.
    in_doubt_wait_ms: ms(0, 86_400_000), Default("60000");
    /// How long a receipt is awaited before the carrier is asked for the message with query_sm, and
    /// again after twice as long each time, up to six hours; 0 asks never. A final state counts as
    /// its receipt. For carriers that lose receipts; above the time that most of them take, as each
    /// question takes a place in the window.
    query_after_ms: ms(0, 604_800_000), Default("0");
    /// What its SMSC does differently: a `[dialect.NAME]` or a bundled profile.
    dialect: Kind::Name, Default(r#""default""#);
};

/// `[[carrier]] tls`.
pub(super) const CARRIER_TLS: &[Key] = keys! {
    /// The CA in PEM that must have signed the carrier's certificate. There is no switch to accept
    /// any.
    ca_file: Kind::File, Absent("the system's CAs");
    /// The name that must stand in the certificate.
    server_name: Kind::Name, Absent("the host of `address`");
    /// Our certificate in PEM, where the carrier asks for one; together with `key_file`.
    cert_file: Kind::File, Absent("no certificate of ours");
    /// Its private key in PEM; together with `cert_file`.
    key_file: Kind::File, Absent("no certificate of ours");
};

/// `[[number]]`.
pub(super) const NUMBER: &[Key] = keys! {
    /// Digits in international form with or without `+`, or the 1 to 11 characters of an
    /// alphanumeric sender.
    address: Kind::Text { octets_max: 20 }, Required;
    /// What it is; decides what its address may look like and what may be sent from it.
    kind: words::<NumberKind>(), Required;
    /// Why its messages are sent.
    class: words::<TrafficClass>(), Absent("the account's");
    /// From this sender over all carriers and binds; we wait, and others do not wait for it. 0 is
    /// no limit of ours; contracts for long numbers say 0.1 to 1, toll-free 3 to 20, short codes
    /// 100.
    segments_per_second: Kind::Decimal("segments a second"), Default("0");
    /// Who gets what is sent to it. Nobody can answer an alphanumeric sender.
    owner: Kind::Table(Table::Owner), Absent("its MO are answered and counted as unowned");
    /// Others who get what begins with a word of theirs: on a number that several share.
    keyword: Kind::TableArray(Table::Keyword), Absent("all goes to `owner`");
    /// Who handles STOP: the engine, which then refuses marketing to who wrote it; the owner, who
    /// gets it like any message; or the carrier, whose network blocks by itself, as for toll-free
    /// numbers of the United States.
    stop: words::<StopBy>(), Default(r#""engine""#);
    /// Whether the owner gets a STOP that the engine handled, too.
    pass_stop: Kind::Flag, Default("false");
    /// How far a STOP to this number reaches: this sender alone, its `service`, its `brand`, or all
    /// that is sent here. One who stops a brand is not asked by its other numbers.
    opt_out_scope: words::<Reach>(), Default(r#""brand""#);
    /// The brand that it speaks for. What an account sends from senders that are not listed speaks
    /// for the brand of that account's `system_id`.
    brand: Kind::Text { octets_max: 64 }, Absent("the system_id of its owner");
    /// The service that it is of, for `opt_out_scope = "service"`.
    service: Kind::Text { octets_max: 64 }, Absent("none: the sender itself");
    /// What the engine says to a STOP that it heard, once; empty is nothing. `{brand}` is the
    /// brand.
    stop_text: Kind::Said { chars_max: 320 }, Absent("a text in the language of who wrote");
    /// What the engine says to HELP, AIDE, INFO and the like; empty leaves these to the owner.
    /// Carriers of the United States want the name of the program and a way to reach you in it.
    help_text: Kind::Said { chars_max: 320 }, Absent("a text in the language of who wrote");
    /// What the engine says to a START of who had opted out; empty is nothing.
    start_text: Kind::Said { chars_max: 320 }, Absent("a text in the language of who wrote");
};

const NOT_YET: Presence = Absent("not available in this version");

const fn int(min: i64, max: i64) -> Kind {
    Kind::Integer { min, max, unit: "" }
}

const fn count(min: i64, max: i64, unit: &'static str) -> Kind {
    Kind::Integer { min, max, unit }
}

const fn ms(min: i64, max: i64) -> Kind {
    Kind::Integer { min, max, unit: "milliseconds" }
}

const fn words<W: Word>() -> Kind {
    Kind::Word { now: W::WORDS, later: &[] }
}
