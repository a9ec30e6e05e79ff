//! `[[carrier]]`: operators.

use crate::engine::settings::{BindKind, Carrier, CarrierTls, Endpoint, Timers};

use super::account::{dialect_timers, lengths};
use super::dialect::Dialects;
use super::reader::Reader;
use super::unique::Names;

/// The carriers and their names. `accounts` are the system_ids there are.
pub(super) fn carriers(
    root: &Reader<'_>,
    dialects: &Dialects,
    timers: Timers,
    accounts: &Names,
) -> (Vec<Carrier>, Names) {
    let (mut carriers, mut names) = (Vec::new(), Names::default());
    for table in root.tables("carrier") {
        let name = table.text_or_none("name");
        if let (Some(name), Some(value)) = (&name, table.value("name")) {
            names.add(&table, &value.spot, name, "name");
        }
        // What is missing has been noted, so the stand-in for it is never handed out; the rest is
        // read for its own faults.
        let address =
            table.endpoint("address").unwrap_or(Endpoint { host: String::new(), port: 0 });
        let system_id = table.text_or_none("system_id").unwrap_or_default();
        let begun = Carrier::new(name.unwrap_or_default(), address, system_id);
        let carrier = carrier(&table, begun, dialects, timers);
        carriers.push(Carrier { accounts: accounts.accounts_of(&table, "account"), ..carrier });
    }
    (carriers, names)
}

fn carrier(
    table: &Reader<'_>,
    mut carrier: Carrier,
    dialects: &Dialects,
    timers: Timers,
) -> Carrier {
    carrier.receiver_address = table.endpoint("receiver_address");
    carrier.tls = table.table("tls").map(|tls| carrier_tls(&tls));
    carrier.password = table.secret("password");
    table.word("bind", &mut carrier.bind);
    table.integer("binds", &mut carrier.binds);
    table.integer("window_max", &mut carrier.window_max);
    table.integer("segments_per_second", &mut carrier.segments_per_second);
    table.integer("bind_segments_per_second", &mut carrier.bind_segments_per_second);
    table.integer("queue_max_messages", &mut carrier.queue_max_messages);
    table.integer("attempts_max", &mut carrier.attempts_max);
    table.integer("connect_timeout_ms", &mut carrier.connect_timeout_ms);
    table.integer("failover_ms", &mut carrier.failover_ms);
    table.integer("ramp_up_ms", &mut carrier.ramp_up_ms);
    table.word("in_doubt", &mut carrier.in_doubt);
    table.integer("in_doubt_wait_ms", &mut carrier.in_doubt_wait_ms);
    table.integer("query_after_ms", &mut carrier.query_after_ms);
    carrier.dialect = dialects.of(table);
    carrier.timers = dialect_timers(timers, &carrier.dialect);
    lengths(table, &carrier.dialect, &carrier.system_id, carrier.password.as_ref());
    if carrier.bind != BindKind::Pair
        && let Some(value) = table.value("receiver_address")
    {
        let found = format!("an address for receivers beside bind = \"{}\"", carrier.bind);
        table.sheet.fault(&value.spot, found, "bind = \"pair\"");
    }
    carrier
}

fn carrier_tls(table: &Reader<'_>) -> CarrierTls {
    let tls = CarrierTls {
        ca_file: table.file("ca_file"),
        server_name: table.text_or_none("server_name"),
        cert_file: table.file("cert_file"),
        key_file: table.file("key_file"),
    };
    for (one, other) in [("cert_file", "key_file"), ("key_file", "cert_file")] {
        if let (Some(value), false) = (table.value(one), table.has(other)) {
            table.sheet.fault(&value.spot, format!("no {other} beside it"), "both or neither");
        }
    }
    tls
}
