//! The tables that stand once: node, smpp, http, metrics, log, store, simulator.

use std::net::SocketAddr;

use crate::engine::settings::{
    Http, ListenerTls, Log, Metrics, Node, Settings, Simulator, Smpp, Store, Timers,
};

use super::reader::Reader;

/// `[node]`.
pub(super) fn node(root: &Reader<'_>) -> Node {
    let mut node = Node::default();
    node.data_dir = root.sheet.path(&node.data_dir.to_string_lossy());
    let Some(table) = root.table("node") else { return node };
    table.text("name", &mut node.name);
    table.integer("id", &mut node.id);
    if let Some(path) = table.path("data_dir") {
        node.data_dir = path;
    }
    table.integer("workers", &mut node.workers);
    table.integer("shards", &mut node.shards);
    table.integer("queue_max_messages", &mut node.queue_max_messages);
    table.integer("queue_max_bytes", &mut node.queue_max_bytes);
    table.integer("correlations_max", &mut node.correlations_max);
    table.integer("correlation_hours", &mut node.correlation_hours);
    table.integer("receipts_parked_max", &mut node.receipts_parked_max);
    table.integer("receipt_parked_ms", &mut node.receipt_parked_ms);
    table.integer("ended_max_messages", &mut node.ended_max_messages);
    table.integer("reassembly_max_messages", &mut node.reassembly_max_messages);
    table.integer("reassembly_max_bytes", &mut node.reassembly_max_bytes);
    table.integer("reassembly_max_age_ms", &mut node.reassembly_max_age_ms);
    table.integer("conversations_max", &mut node.conversations_max);
    table.integer("validity_max_hours", &mut node.validity_max_hours);
    table.integer("drain_ms", &mut node.drain_ms);
    if node.correlation_hours < node.validity_max_hours {
        let named = ["correlation_hours", "validity_max_hours"];
        if let Some(value) = named.iter().find_map(|name| table.value(name)) {
            table.sheet.fault(
                &value.spot,
                format!(
                    "{} hours of correlation for {} hours of validity",
                    node.correlation_hours, node.validity_max_hours
                ),
                "correlation_hours of at least validity_max_hours",
            );
        }
    }
    node
}

/// `[smpp]`.
pub(super) fn smpp(root: &Reader<'_>) -> Smpp {
    let mut smpp = Smpp::default();
    let Some(table) = root.table("smpp") else { return smpp };
    table.listen("listen", &mut smpp.listen);
    smpp.tls = table.table("tls").and_then(|tls| listener_tls(&tls));
    table.integer("max_pdu_bytes", &mut smpp.max_pdu_bytes);
    table.integer("sessions_max", &mut smpp.sessions_max);
    table.integer("unbound_sessions_max", &mut smpp.unbound_sessions_max);
    table.integer("unsent_max_bytes", &mut smpp.unsent_max_bytes);
    let timers: &mut Timers = &mut smpp.timers;
    table.integer("session_init_ms", &mut timers.session_init_ms);
    table.integer("enquire_link_ms", &mut timers.enquire_link_ms);
    table.integer("inactivity_ms", &mut timers.inactivity_ms);
    table.integer("response_timeout_ms", &mut timers.response_timeout_ms);
    smpp
}

fn listener_tls(table: &Reader<'_>) -> Option<ListenerTls> {
    let (cert_file, key_file) = (table.file("cert_file"), table.file("key_file"));
    let client_ca_file = table.file("client_ca_file");
    Some(ListenerTls { cert_file: cert_file?, key_file: key_file?, client_ca_file })
}

/// `[http]`.
pub(super) fn http(root: &Reader<'_>) -> Http {
    let mut http = Http::default();
    if let Some(table) = root.table("http") {
        table.listen_or_off("listen", &mut http.listen);
    }
    http
}

/// `[metrics]`.
pub(super) fn metrics(root: &Reader<'_>) -> Metrics {
    let mut metrics = Metrics::default();
    if let Some(table) = root.table("metrics") {
        table.listen_or_off("listen", &mut metrics.listen);
    }
    metrics
}

/// `[log]`.
pub(super) fn log(root: &Reader<'_>) -> Log {
    let mut log = Log::default();
    if let Some(table) = root.table("log") {
        table.word("level", &mut log.level);
        table.word("format", &mut log.format);
    }
    log
}

/// `[store]`.
pub(super) fn store(root: &Reader<'_>) -> Store {
    let mut store = Store::default();
    if let Some(table) = root.table("store") {
        table.word("engine", &mut store.engine);
        table.integer("checkpoint_bytes", &mut store.checkpoint_bytes);
        table.integer("retention_hours", &mut store.retention_hours);
        table.integer("retention_max_bytes", &mut store.retention_max_bytes);
        table.integer("spill_after_bytes", &mut store.spill_after_bytes);
        table.integer("spill_max_bytes", &mut store.spill_max_bytes);
    }
    store
}

/// `[simulator]`.
pub(super) fn simulator(root: &Reader<'_>) -> Option<Simulator> {
    let table = root.table("simulator")?;
    let mut simulator = Simulator::default();
    table.listen("listen", &mut simulator.listen);
    Some(simulator)
}

/// Notes where two listeners would share an address. Port 0 leaves the choice to the system.
pub(super) fn listeners_apart(root: &Reader<'_>, settings: &Settings) {
    let listeners = [
        ("smpp", Some(settings.smpp.listen)),
        ("http", settings.http.listen),
        ("metrics", settings.metrics.listen),
        ("simulator", settings.simulator.as_ref().map(|simulator| simulator.listen)),
    ];
    let mut taken: Vec<(&str, SocketAddr)> = Vec::new();
    for (name, listen) in listeners {
        let Some(listen) = listen else { continue };
        let clash = taken.iter().find(|(_, other)| overlap(listen, *other));
        if let Some((other, address)) = clash {
            // The defaults do not clash, so one of the two stands in the file.
            let here = root.spot_within(name, "listen").map(|spot| (spot, listen, *other));
            let there = || root.spot_within(other, "listen").map(|spot| (spot, *address, name));
            if let Some((spot, own, other)) = here.or_else(there) {
                let found = format!("{own}, where {other} listens too");
                root.sheet.fault(&spot, found, "an address of its own");
            }
        }
        taken.push((name, listen));
    }
}

fn overlap(one: SocketAddr, other: SocketAddr) -> bool {
    let same_host =
        one.ip() == other.ip() || one.ip().is_unspecified() || other.ip().is_unspecified();
    one.port() != 0 && one.port() == other.port() && same_host
}
