use super::*;
use crate::wire::table::{
    Body, DeliverSm, EnquireLink, SubmitSm, SubmitSmResp, Unbind, UnbindResp,
};
use crate::wire::{COctetString, SequenceNumber};

fn octets<'a>(number: SequenceNumber, body: &impl Body<'a>) -> Vec<u8> {
    let mut out = Vec::new();
    body.encode(CommandStatus::ESME_ROK, number, &mut out).unwrap();
    out
}

fn at(ms: u64) -> Now {
    let monotonic = Duration::from_millis(ms);
    Now { monotonic, wall: Duration::from_secs(1_780_000_000) + monotonic }
}

fn submit(number: SequenceNumber) -> Vec<u8> {
    let destination_addr = COctetString::from("33612345678");
    octets(number, &SubmitSm { destination_addr, short_message: b"hi", ..SubmitSm::default() })
}

fn answer(number: SequenceNumber, id: &str) -> Vec<u8> {
    octets(number, &SubmitSmResp { message_id: id.into(), ..SubmitSmResp::default() })
}

fn receipt(number: SequenceNumber, id: &str) -> Vec<u8> {
    let text = format!("id:{id} submit date:2605280000 done date:2605280001 stat:DELIVRD err:000");
    octets(
        number,
        &DeliverSm {
            source_addr: "33612345678".into(),
            esm_class: 4,
            short_message: text.as_bytes(),
            ..DeliverSm::default()
        },
    )
}

#[test]
fn a_recording_that_begins_in_the_middle_is_of_a_session_that_stands() {
    for peer in [Peer::Account, Peer::Carrier] {
        let mut exchange = Exchange::new(Dialect::default(), peer);
        let sender = if peer == Peer::Account { Sender::Peer } else { Sender::Us };
        let step = exchange.said(at(0), 1, sender, &submit(77));
        assert!(matches!(step.deeds[0], Deed::Assumed(State::BoundTrx)), "{step:?}");
        assert_eq!(step.state, Some(State::BoundTrx));
    }
}

#[test]
fn a_response_answers_the_request_that_the_recording_numbered_so() {
    let mut exchange = Exchange::new(Dialect::default(), Peer::Carrier);
    exchange.said(at(0), 1, Sender::Us, &submit(700));
    exchange.said(at(0), 2, Sender::Us, &submit(701));
    let step = exchange.said(at(5), 3, Sender::Peer, &answer(701, "b"));
    let Deed::Response(response) = &step.deeds[0] else { panic!("{step:?}") };
    assert_eq!((response.to, response.age_ms), (2, 5));
    // What was answered is answered no second time, and no other number is.
    for number in [701, 1, 2, 0] {
        let step = exchange.said(at(6), 4, Sender::Peer, &answer(number, "b"));
        assert!(matches!(step.deeds[0], Deed::Odd(Odd::Stray { .. })), "{number}: {step:?}");
    }
    assert_eq!(exchange.end().unanswered, 1);
}

#[test]
fn auto_learns_from_receipts_as_they_come() {
    let mut exchange = Exchange::new(Dialect::default(), Peer::Carrier);
    let mut learnt = Vec::new();
    for number in 1..=6_u32 {
        let id = 0x1000 + number;
        exchange.said(at(0), number, Sender::Us, &submit(number));
        exchange.said(at(0), number, Sender::Peer, &answer(number, &format!("{id:x}")));
        let step = exchange.said(at(0), number, Sender::Peer, &receipt(number, &id.to_string()));
        let Deed::Receipt(receipt) = &step.deeds[0] else { panic!("{step:?}") };
        learnt.push(receipt.found.unwrap().learnt);
    }
    assert_eq!(learnt, [false, false, false, true, false, false]);
    let summary = exchange.end();
    assert_eq!(summary.learnt, Some("decimal receipts for hexadecimal ids"));
    assert!(summary.advice.is_empty(), "{summary:?}");
}

#[test]
fn time_runs_by_the_recording_and_never_back() {
    let timeout = Dialect { response_timeout_ms: Some(1_000), ..Dialect::default() };
    let mut exchange = Exchange::new(timeout, Peer::Carrier);
    exchange.said(at(10_000), 1, Sender::Us, &submit(1));
    let early = exchange.said(at(0), 2, Sender::Peer, &octets(9, &EnquireLink::default()));
    assert!(early.deeds.is_empty(), "{early:?}");
    let late = exchange.said(at(11_001), 3, Sender::Peer, &octets(10, &EnquireLink::default()));
    assert!(matches!(late.deeds[0], Deed::Unanswered(1, Unanswered::TimedOut)), "{late:?}");
}

#[test]
fn an_unbind_of_ours_waits_for_what_is_unanswered() {
    let mut exchange = Exchange::new(Dialect::default(), Peer::Carrier);
    exchange.said(at(0), 1, Sender::Us, &submit(1));
    let step = exchange.said(at(0), 2, Sender::Us, &octets(2, &Unbind::default()));
    assert!(step.deeds.is_empty(), "{step:?}");
    let step = exchange.said(at(0), 3, Sender::Peer, &answer(1, "b"));
    assert!(matches!(step.deeds[1], Deed::Sent(_)), "{step:?}");
    let step = exchange.said(at(0), 4, Sender::Peer, &octets(2, &UnbindResp::default()));
    assert!(matches!(step.deeds[0], Deed::Closed(CloseReason::Unbound)), "{step:?}");
}

#[test]
fn a_submit_multi_is_a_message_for_each_that_can_have_one() {
    use crate::wire::table::{DestAddress, DestAddresses, SubmitMulti};
    let sme = |number: &'static str| DestAddress::Sme {
        dest_addr_ton: 1,
        dest_addr_npi: 1,
        destination_addr: number.into(),
    };
    let list = DestAddress::DistributionList { dl_name: "friends".into() };
    let ask = |to: &[DestAddress<'_>]| {
        let mut list = Vec::new();
        to.iter().for_each(|one| one.append(&mut list));
        let dest_addresses = DestAddresses::new(to.len() as u8, &list).unwrap();
        octets(9, &SubmitMulti { dest_addresses, short_message: b"hi", ..SubmitMulti::default() })
    };
    let mut exchange = Exchange::new(Dialect::default(), Peer::Account);
    let step = exchange.said(at(0), 1, Sender::Peer, &ask(&[sme("33612345678"), list, sme("x")]));
    let [Deed::Assumed(_), Deed::Submitted(_), Deed::Refused(of_list), Deed::Refused(of_x)] =
        step.deeds[..]
    else {
        panic!("{step:?}")
    };
    assert_eq!(of_list, CommandStatus::ESME_RINVDLNAME);
    assert_eq!(of_x, CommandStatus::ESME_RINVDSTADR);
    let step = exchange.said(at(1), 2, Sender::Peer, &ask(&[list]));
    assert!(matches!(step.deeds[..], [Deed::Refused(CommandStatus::ESME_RINVDLNAME)]), "{step:?}");
    assert_eq!(exchange.end().submitted, 1);
}
