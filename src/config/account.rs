//! `[[account]]`: customers.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::engine::settings::{Account, Secret, Timers};
use crate::message::dialect::{Dialect, Tolerance};
use crate::message::pattern::AddressPattern;

use super::dialect::Dialects;
use super::reader::{Reader, Value, is_name, quoted};
use super::unique::Names;

/// Tags of one account: each is looked up for every message where routes ask for tags.
const TAGS_MAX: usize = 16;

/// The accounts and their system_ids.
pub(super) fn accounts(
    root: &Reader<'_>,
    dialects: &Dialects,
    timers: Timers,
) -> (Vec<Account>, Names) {
    let (mut accounts, mut names) = (Vec::new(), Names::default());
    for table in root.tables("account") {
        let system_id = table.text_or_none("system_id");
        if let (Some(system_id), Some(value)) = (&system_id, table.value("system_id")) {
            names.add(&table, &value.spot, system_id, "system_id");
        }
        // What is missing has been noted, so the stand-in for it is never handed out; the rest is
        // read for its own faults.
        let password = table.secret("password").or_else(|| Secret::new("-"));
        let Some(password) = password else { continue };
        let begun = Account::new(system_id.unwrap_or_default(), password);
        accounts.push(account(&table, begun, dialects, timers));
    }
    (accounts, names)
}

fn account(
    table: &Reader<'_>,
    mut account: Account,
    dialects: &Dialects,
    timers: Timers,
) -> Account {
    account.allow_from = networks(table);
    table.integer("binds_max", &mut account.binds_max);
    table.integer("window_max", &mut account.window_max);
    table.integer("segments_per_second", &mut account.segments_per_second);
    table.integer("queue_max_messages", &mut account.queue_max_messages);
    table.integer("queue_max_bytes", &mut account.queue_max_bytes);
    table.integer("receipts_waiting_max", &mut account.receipts_waiting_max);
    account.senders = patterns(table, "senders");
    account.tags = tags(table);
    table.word("class", &mut account.class);
    table.integer("class_tlv", &mut account.class_tlv);
    account.dialect = dialects.of(table);
    account.timers = dialect_timers(timers, &account.dialect);
    table.word("multipart_receipts", &mut account.multipart_receipts);
    table.word("multipart_state", &mut account.multipart_state);
    lengths(table, &account.dialect, &account.system_id, Some(&account.password));
    account
}

/// The timers of a session: the engine's, where the dialect does not set its own.
pub(super) fn dialect_timers(engine: Timers, dialect: &Dialect) -> Timers {
    Timers {
        enquire_link_ms: dialect.enquire_link_ms.unwrap_or(engine.enquire_link_ms),
        response_timeout_ms: dialect.response_timeout_ms.unwrap_or(engine.response_timeout_ms),
        ..engine
    }
}

/// The patterns of a key, in file order.
pub(super) fn patterns(table: &Reader<'_>, name: &str) -> Vec<AddressPattern> {
    // Numbers are compared without the `+` that may stand before them.
    let bare = |text: &str| match text.strip_prefix('+') {
        Some(rest) if rest.starts_with(|first: char| first.is_ascii_digit()) => rest.to_owned(),
        _ => text.to_owned(),
    };
    let read = |text: &str| AddressPattern::parse(&bare(text)).filter(|_| text.len() <= 21);
    table.several(name, read).into_iter().map(|(_, pattern)| pattern).collect()
}

/// The tags of an account; notes one that stands there twice, and too many.
fn tags(table: &Reader<'_>) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    for (spot, tag) in table.several("tags", |text| Some(text.to_owned())) {
        if !is_name(&tag) {
            let expected = "1 to 64 letters, digits, '.', '_' or '-'";
            table.sheet.fault(&spot, quoted(&tag), expected);
        }
        if tags.contains(&tag) {
            let found = format!("{}, which stands there already", quoted(&tag));
            table.sheet.fault(&spot, found, "each tag once");
        }
        tags.push(tag);
    }
    if tags.len() > TAGS_MAX
        && let Some(value) = table.value("tags")
    {
        let expected = format!("at most {TAGS_MAX}");
        table.sheet.fault(&value.spot, format!("{} tags", tags.len()), expected);
    }
    tags
}

/// Notes a system_id or password that a bind by the letter of SMPP 3.4 §4.1 has no room for, where
/// the dialect insists on the letter.
pub(super) fn lengths(
    table: &Reader<'_>,
    dialect: &Dialect,
    system_id: &str,
    password: Option<&Secret>,
) {
    if dialect.long_c_strings == Tolerance::Accept {
        return;
    }
    let long = |value: Option<Value<'_>>, most: usize| {
        if let Some(value) = value {
            table.sheet.fault(
                &value.spot,
                format!("more than {most} octets"),
                format!("at most {most}, or a dialect with long_c_strings = \"accept\""),
            );
        }
    };
    if system_id.len() > 15 {
        long(table.value("system_id"), 15);
    }
    if password.is_some_and(|password| password.expose().len() > 8) {
        long(table.value("password"), 8);
    }
}

fn networks(table: &Reader<'_>) -> Vec<IpNet> {
    let read = |text: &str| {
        let net: Option<IpNet> = text.parse().ok();
        net.or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
    };
    let mut networks = Vec::new();
    for (spot, net) in table.several("allow_from", read) {
        // 10.1.2.3/8 may be meant as one host or as all of 10.0.0.0/8: a list of who may bind is no
        // place to guess.
        match net == net.trunc() {
            true => networks.push(net),
            false => table.sheet.fault(
                &spot,
                format!("{net}, an address inside a network"),
                format!("the network {} or the address {}", net.trunc(), net.addr()),
            ),
        }
    }
    networks
}
