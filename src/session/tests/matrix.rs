//! Who may send what when: the whole matrix, against the tables of the specification.

use std::path::Path;

use serde_json::Value as Json;

use super::*;

const STATES: [State; 7] = [
    State::Open,
    State::Outbound,
    State::BoundTx,
    State::BoundRx,
    State::BoundTrx,
    State::Unbound,
    State::Closed,
];

/// What the tables say of one command.
struct Fact {
    name: String,
    esme: Vec<String>,
    smsc: Vec<String>,
}

fn facts() -> Vec<Fact> {
    let beside = |up: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join(up);
    let shared = match std::env::var_os("CHAPPE_SHARED") {
        Some(shared) => shared.into(),
        None => [beside("../shared"), beside("../../shared")]
            .into_iter()
            .find(|path| path.is_dir())
            .expect("set CHAPPE_SHARED to the directory that holds facts/smpp34-tables.json"),
    };
    let file = shared.join("facts/smpp34-tables.json");
    let text = std::fs::read_to_string(&file).expect("facts/smpp34-tables.json can be read");
    let tables: Json = serde_json::from_str(&text).unwrap();
    tables["pdus"].as_array().unwrap().iter().map(fact).collect()
}

fn fact(pdu: &Json) -> Fact {
    let names = |list: &Json| -> Vec<String> {
        let list = list.as_array().cloned().unwrap_or_default();
        list.iter().map(|name| name.as_str().unwrap().to_owned()).collect()
    };
    let issued_by = names(&pdu["issued_by"]);
    // 5.0 says the states once for whoever may send it, 3.4 for each.
    let of = |role: &str| -> Vec<String> {
        if !issued_by.iter().any(|issuer| issuer == role) {
            return Vec::new();
        }
        [names(&pdu["states_v34"][role]), names(&pdu["states_v50"])].concat()
    };
    let name = pdu["name"].as_str().unwrap().to_owned();
    Fact { esme: of("ESME"), smsc: of("MC"), name }
}

#[test]
fn the_matrix_is_the_tables_of_both_editions_together() {
    let facts = facts();
    assert_eq!(facts.len(), PDUS.len());
    for fact in facts {
        let row = PDUS.iter().find(|row| row.name == fact.name).unwrap();
        for state in STATES {
            let named = |states: &[String]| states.iter().any(|name| name == state.name());
            let may = |role| may_send(role, state, row.command_id);
            assert_eq!(may(Role::Esme), named(&fact.esme), "ESME {} {state}", fact.name);
            assert_eq!(may(Role::Smsc), named(&fact.smsc), "SMSC {} {state}", fact.name);
        }
    }
}

/// A session of this role in this state, with nothing seen or sent.
fn end_in(role: Role, state: State) -> End {
    let settings = Settings {
        rules: crate::wire::Rules { version: crate::wire::Version::V50, ..Default::default() },
        ..Settings::default()
    };
    let kind = [BindKind::Transmitter, BindKind::Receiver, TRX];
    if let Some(kind) = kind.into_iter().find(|kind| kind.state() == state) {
        return bound_end(role, kind, settings);
    }
    let mut end = End::new(role, settings, at(0));
    end.on_bind = OnBind::Hold;
    match (state, role) {
        (State::Outbound, Role::Smsc) => {
            end.session.outbind(at(0), &Outbind::default()).unwrap();
        }
        (State::Outbound, Role::Esme) => end.feed(at(0), &encoded(&Outbind::default(), 1)),
        (State::Unbound, _) => {
            let mut end = bound_end(role, TRX, settings);
            end.feed(at(0), &octets(CommandId::UNBIND, OK, 1, b""));
            end.take();
            end.sent();
            return end;
        }
        (State::Closed, _) => end.disconnect(at(0)),
        _ => {}
    }
    end.take();
    end.sent();
    assert_eq!(end.session.state(), state);
    end
}

#[test]
fn every_command_in_every_state_is_taken_or_refused_as_the_matrix_says() {
    for role in [Role::Esme, Role::Smsc] {
        for state in STATES {
            for row in PDUS {
                check_arrival(role, state, row);
            }
        }
    }
}

fn check_arrival(role: Role, state: State, row: &PduRow) {
    let case = format!("{} to {role:?} in {state}", row.name);
    let mut end = end_in(role, state);
    end.on_request = OnRequest::Hold;
    end.feed(at(0), &empty_pdu(row, 77));
    let (sent, seen, command) = (end.sent_headers(), end.take(), row.command_id);
    if matches!(state, State::Unbound | State::Closed) {
        assert_eq!((sent, seen), (vec![], vec![]), "{case}: nothing is read any more");
    } else if command.is_response() {
        let stray = Odd::Stray { command_id: command, sequence: 77 };
        assert_eq!((sent, seen), (vec![], vec![Seen::Odd(stray)]), "{case}");
    } else if !may_send(role.peer(), state, command) {
        let binds = [BindKind::Transmitter, BindKind::Receiver, TRX];
        let is_bind = binds.iter().any(|kind| kind.command_id() == command);
        let status = match is_bind && state.is_bound() {
            true => CommandStatus::ESME_RALYBND,
            false => CommandStatus::ESME_RINVBNDSTS,
        };
        let answer = row.response.unwrap_or(CommandId::GENERIC_NACK);
        assert_eq!(sent, [(answer, status, 77)], "{case}");
        assert_eq!(seen, [Seen::Odd(Odd::NotPermitted(command))], "{case}");
        assert_eq!(end.session.state(), state, "{case}");
    } else {
        let refused = sent.iter().any(|(_, status, _)| !status.is_ok());
        assert!(!refused, "{case}: {sent:?}");
        let odd = seen.iter().any(|seen| matches!(seen, Seen::Odd(_)));
        assert!(!odd, "{case}: {seen:?}");
    }
}

#[test]
fn an_owner_sends_what_the_matrix_permits_and_nothing_else() {
    for role in [Role::Esme, Role::Smsc] {
        for state in STATES {
            check_departure(role, state, &SubmitSm::default());
            check_departure(role, state, &SubmitMulti::default());
            check_departure(role, state, &DeliverSm::default());
            check_departure(role, state, &DataSm::default());
            check_departure(role, state, &QuerySm::default());
            check_departure(role, state, &CancelSm::default());
            check_departure(role, state, &ReplaceSm::default());
            check_departure(role, state, &BroadcastSm::default());
            check_departure(role, state, &QueryBroadcastSm::default());
            check_departure(role, state, &CancelBroadcastSm::default());
        }
    }
}

fn check_departure<'b, B: Body<'b>>(role: Role, state: State, body: &B) {
    let mut end = end_in(role, state);
    let permitted = state.is_bound() && may_send(role, state, B::COMMAND_ID);
    let sent = end.send(at(0), body);
    let case = format!("{} by {role:?} in {state}", B::COMMAND_ID);
    match permitted {
        true => assert_eq!(sent, Ok(0), "{case}"),
        false => assert_eq!(sent, Err(SubmitError::NotPermitted), "{case}"),
    }
}
