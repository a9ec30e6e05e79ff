//! The rows of `[[pool]]` and `[[route]]`: where messages go, and from whom.

use super::{Absent, Default, Key, Kind, Required, Table, int, words};
use crate::engine::settings::{Encoding, Order};
use crate::message::class::TrafficClass;

/// `[[pool]]`.
pub(in crate::config::schema) const POOL: &[Key] = keys! {
    /// What an account writes as the sender, letter by letter, to send from one of the numbers; its
    /// `senders` must allow it. At most 11 characters, as a sender with letters has.
    name: Kind::Name, Required;
    /// Addresses of a `[[number]]` each, at most 256. A handset gets the same one each time, so
    /// that its conversation stays in one thread; with another number in the pool, only its share
    /// of handsets changes theirs.
    numbers: Kind::Names, Required;
};

/// `[[route]]`.
pub(in crate::config::schema) const ROUTE: &[Key] = keys! {
    /// What reports call it.
    name: Kind::Name, Required;
    /// Starts of destinations in international form.
    prefix: Kind::Prefixes, Absent("every destination");
    /// The same from a file in CSV, with or without the heading `prefix,carrier,cost`, where cost
    /// or both may be left out; lines that begin with `#` say nothing. Several lines may give one
    /// prefix several carriers. At most 4,000,000 lines and 128 MiB; about 60 octets of memory
    /// each. A relative path begins at the configuration file.
    prefix_file: Kind::File, Absent("no file");
    /// Senders it is for.
    sender: Kind::Patterns, Absent("any sender");
    /// system_ids it is for.
    account: Kind::Names, Absent("any account");
    /// Tags of the accounts it is for: those that carry one of them in their `tags`.
    tag: Kind::Names, Absent("any account");
    /// The class it is for.
    class: words::<TrafficClass>(), Absent("any class");
    /// When it is open, by the clocks of `zone`: from the first of the two times on and before the
    /// second, which is the next day's when it is not the later one. Closed, it matches nothing. A
    /// message is routed when it is submitted, and again when it has to go to another carrier. An
    /// hour that clocks show twice in autumn counts twice.
    hours: Kind::Hours, Absent("always");
    /// The days on which the hours begin.
    days: Kind::Days, Absent("every day");
    /// Whose clocks: a zone of the IANA database, the rules of which are built in, or a fixed
    /// offset from UTC.
    zone: Kind::Zone, Default(r#""UTC""#);
    /// How one of several carriers is chosen among those that are up: the first, by `weight`, or
    /// the one of the least `cost`. The weight picks the same one for the same sender and
    /// destination, so a conversation keeps its carrier.
    order: words::<Order>(), Default(r#""failover""#);
    /// The carriers, in order, each once; at most 64.
    to: Kind::TableArray(Table::Target), Absent("`reject`, or the carriers of `prefix_file`");
    /// Refuses what matches with ESME_RINVDSTADR: for countries you do not serve.
    reject: Kind::Flag, Default("false");
    /// The alphabet texts are sent in, and planned and billed in. `keep` is what the account
    /// submitted: the bill stays what the customer computed. `auto` is GSM-7 where that holds the
    /// text, else UCS-2; `smart` too, after look-alikes were put in place of what keeps it out of
    /// GSM-7. With `gsm7` and `latin1` a text that they do not hold is refused with
    /// ESME_RX_R_APPN; `ucs2` is UCS-2 always. What an account cut itself, binary data and message
    /// classes go as they came. The text of a replace_sm, which does not say its alphabet, is read
    /// as of the data_coding that the message was submitted with.
    encoding: words::<Encoding>(), Default(r#""keep""#);
    /// Languages whose national tables GSM-7 may be written with (3GPP TS 23.038 §6.2.1.2): a text
    /// of which one character lacks in GSM-7 takes 155 septets a segment then instead of 70 in
    /// UCS-2. Each segment's header announces the tables, three octets each; handsets and carriers
    /// must know them. With `encoding` `auto`, `gsm7` or `smart`, where a carrier's
    /// `data_coding_0` is GSM-7.
    shifts: Kind::Languages, Absent("none");
    /// A message goes only when its carrier has taken the one before it, of the same sender to the
    /// same destination, or that has ended: also while that waits to be tried again, or is in
    /// doubt. Otherwise messages are pipelined and one goes at a time only while the carrier
    /// throttles, because this costs a round trip for each.
    strict_order: Kind::Flag, Default("false");
};

/// `[[route]] to`.
pub(in crate::config::schema) const TARGET: &[Key] = keys! {
    /// Its name.
    carrier: Kind::Name, Required;
    /// Its share under `order = "weight"`; 0 is for what no other can take.
    weight: int(0, 1_000_000), Default("1");
    /// Its price, exact to the millionth; `"0.045"` in quotes is the same number. Under
    /// `order = "cost"` it must be there.
    cost: Kind::Decimal("currency a segment"), Absent("no price");
};
