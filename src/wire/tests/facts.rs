//! The tables against a second opinion on what SMPP 3.4 and 5.0 say.

use serde_json::Value;

use super::shared;
use crate::wire::kinds::FieldKind;
use crate::wire::status::STATUSES;
use crate::wire::tlv::{TLVS, TlvKind, TlvRow};
use crate::wire::{CommandId, PDUS, PduRow, State, StatusClass, TlvTag, Version};

fn facts() -> Value {
    serde_json::from_str(&shared("facts/smpp34-tables.json")).unwrap()
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} in {value}"))
}

fn number(value: &Value, key: &str) -> u32 {
    u32::from_str_radix(text(value, key).trim_start_matches("0x"), 16).unwrap()
}

fn len(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap()).unwrap()
}

fn list<'v>(value: &'v Value, key: &str) -> &'v Vec<Value> {
    value[key].as_array().unwrap_or_else(|| panic!("{key} in {value}"))
}

fn names(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect()
}

fn row_of(fact: &Value) -> &'static PduRow {
    let row = crate::wire::table::row(CommandId(number(fact, "command_id")));
    row.unwrap_or_else(|| panic!("no row for {}", text(fact, "name")))
}

#[test]
fn every_pdu_of_the_standard_has_its_row_and_no_row_is_invented() {
    let facts = facts();
    let mut ids: Vec<u32> = PDUS.iter().map(|row| row.command_id.0).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), PDUS.len(), "a command_id stands twice");
    assert_eq!(ids.len(), list(&facts, "pdus").len());
    for fact in list(&facts, "pdus") {
        let row = row_of(fact);
        assert_eq!(row.name, text(fact, "name"));
        let since = if text(fact, "since") == "3.4" { Version::V34 } else { Version::V50 };
        assert_eq!(row.since, since, "{}", row.name);
        let response = row.response.and_then(CommandId::name);
        assert_eq!(response, fact["response"].as_str(), "{}", row.name);
        assert_eq!(row.response, row.response.map(|_| row.command_id.response()), "{}", row.name);
    }
}

#[test]
fn fields_stand_in_the_order_and_size_of_the_standard() {
    for fact in list(&facts(), "pdus") {
        let row = row_of(fact);
        // The facts list a length or count before what it counts; here both are one kind.
        let counts = ["sm_length", "number_of_dests", "no_unsuccess"];
        let fields: Vec<&Value> = list(fact, "fields")
            .iter()
            .filter(|field| !counts.contains(&text(field, "name")))
            .collect();
        assert_eq!(row.fields.len(), fields.len(), "{}", row.name);
        for (field, fact) in row.fields.iter().zip(fields) {
            let (name, kind) = match text(fact, "type") {
                "int" => (text(fact, "name"), FieldKind::Int),
                "cstring" => (text(fact, "name"), FieldKind::CString(len(&fact["max"]))),
                "cstring_1_or_17" => (text(fact, "name"), FieldKind::Time),
                "octets" => (text(fact, "name"), FieldKind::ShortMessage),
                _ if text(fact, "name") == "dest_address" => {
                    ("dest_addresses", FieldKind::DestAddresses)
                }
                _ => ("unsuccess_smes", FieldKind::UnsuccessSmes),
            };
            assert_eq!((field.name, field.kind), (name, kind), "{}", row.name);
            if let Some(size) = fact["size"].as_u64() {
                assert_eq!(size, 1, "{} of {}: an int field is one octet", name, row.name);
            }
        }
    }
}

#[test]
fn the_permission_matrix_is_that_of_both_editions() {
    const STATES: [State; 7] = [
        State::Open,
        State::Outbound,
        State::BoundTx,
        State::BoundRx,
        State::BoundTrx,
        State::Unbound,
        State::Closed,
    ];
    for fact in list(&facts(), "pdus") {
        let row = row_of(fact);
        let issued_by = names(&fact["issued_by"]);
        let sides = [("ESME", row.esme, row.esme_v34), ("MC", row.smsc, row.smsc_v34)];
        for (side, both, v34) in sides {
            let issues = issued_by.contains(&side);
            let of_v34 = fact["states_v34"].get(side).map(names).unwrap_or_default();
            let of_v50 = fact.get("states_v50").map(names).unwrap_or_default();
            for state in STATES {
                let in_v34 = of_v34.contains(&state.name());
                let in_either = in_v34 || (issues && of_v50.contains(&state.name()));
                assert_eq!(v34.has(state), in_v34, "{} {side} {state} in 3.4", row.name);
                assert_eq!(both.has(state), in_either, "{} {side} {state}", row.name);
            }
        }
    }
}

#[test]
fn each_pdu_lists_the_tlvs_of_both_editions() {
    for fact in list(&facts(), "pdus") {
        let row = row_of(fact);
        for (tags, key) in [(row.tlvs, "tlvs_v34"), (row.tlvs_v50, "tlvs_added_v50")] {
            let mut ours: Vec<&str> = tags.iter().map(|tag| tag.name().unwrap()).collect();
            let mut theirs = names(&fact[key]);
            ours.sort_unstable();
            theirs.sort_unstable();
            assert_eq!(ours, theirs, "{key} of {}", row.name);
        }
    }
}

#[test]
fn every_tlv_has_its_tag_name_kind_and_size() {
    let facts = facts();
    let known = list(&facts, "tlvs").iter().chain(list(&facts, "vendor_tlvs"));
    assert_eq!(known.clone().count(), TLVS.len());
    assert!(TLVS.is_sorted_by(|one, next| one.tag < next.tag), "row() searches by halves");
    for fact in known {
        let tag = TlvTag(u16::try_from(number(fact, "tag")).unwrap());
        let row = tag.row().unwrap_or_else(|| panic!("no row for {fact}"));
        assert_eq!(row.name, text(fact, "name"));
        assert_eq!(TlvTag::by_name(row.name), Some(tag));
        assert_eq!(row.kind, kind_of(fact), "{}", row.name);
        assert_eq!((row.min, row.max), sizes_of(fact), "{}", row.name);
        assert_eq!(row.since_v50, fact["since"] == "5.0", "{}", row.name);
        number_sizes_are_those_of_numbers(row);
    }
}

fn kind_of(fact: &Value) -> TlvKind {
    match text(fact, "type") {
        // 3.4 makes it one octet, 5.0 up to four that are a behaviour, a unit and a number.
        "int" if text(fact, "name") == "ms_validity" => TlvKind::Octets,
        "int" | "bits" => TlvKind::Int,
        "cstring" => TlvKind::CString,
        _ => TlvKind::Octets,
    }
}

/// The wider of the two editions; a vendor's tag without a size may have any up to 255.
fn sizes_of(fact: &Value) -> (usize, usize) {
    if fact.get("min_len").is_none() {
        return (0, 255);
    }
    let (min, max) = (len(&fact["min_len"]), len(&fact["max_len"]));
    match fact["len_v50"].as_array() {
        Some(v50) => (min.min(len(&v50[0])), max.max(len(&v50[1]))),
        None => (min, max),
    }
}

fn number_sizes_are_those_of_numbers(row: &TlvRow) {
    if row.kind == TlvKind::Int {
        assert_eq!(row.min, row.max, "{}", row.name);
        assert!([1, 2, 4].contains(&row.min), "{}", row.name);
    }
}

#[test]
fn every_status_has_its_code_name_and_class() {
    let facts = facts();
    assert_eq!(list(&facts, "statuses").len(), STATUSES.len());
    assert!(STATUSES.is_sorted_by(|one, next| one.code < next.code), "row() searches by halves");
    for fact in list(&facts, "statuses") {
        let code = crate::wire::CommandStatus(number(fact, "code"));
        let row = code.row().unwrap_or_else(|| panic!("no row for {fact}"));
        assert_eq!(row.name, text(fact, "name"));
        assert_eq!(crate::wire::CommandStatus::by_name(row.name), Some(code));
        let class = match text(fact, "suggested_class") {
            "ok" => StatusClass::Ok,
            "permanent" => StatusClass::Permanent,
            "temporary" => StatusClass::Temporary,
            "session" => StatusClass::Session,
            "protocol" => StatusClass::Protocol,
            "throttle" => StatusClass::Throttle,
            other => panic!("a class nobody knows: {other}"),
        };
        assert_eq!(row.class, class, "{}", row.name);
        assert_eq!(row.since_v50, text(fact, "since") == "5.0", "{}", row.name);
    }
}
