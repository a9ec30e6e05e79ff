//! A whole dialogue, with every octet that travels changed and the link cut before each of them.
//!
//! What an end may rely on is checked by the ends themselves (see `pair`): every ticket ends once,
//! the window holds, there is one close and nothing after it, and no timer is restless.

use super::*;

/// Window of the dialogues: smaller than what is sent at once.
const WINDOW_MAX: usize = 2;

/// Binds, submits, delivers, receipts and unbind, as far as the damage lets them come.
fn dialogue(up: Alter, down: Alter) -> Pair {
    let mut pair = Pair::new(Settings { window_max: WINDOW_MAX, ..Settings::default() });
    (pair.up.alter, pair.down.alter) = (up, down);
    pair.bind(TRX);
    for round in 0..3 {
        // The third finds the window full and is not sent.
        for _ in 0..3 {
            let _ = pair.esme.send_message(pair.now);
            let _ = pair.smsc.send_message(pair.now);
        }
        if round == 1 {
            // One round is answered late.
            pair.smsc.on_request = OnRequest::Hold;
            pair.drive();
            pair.pass(seconds(31));
            pair.smsc.answer_held();
            pair.smsc.on_request = OnRequest::Answer;
        }
        pair.drive();
    }
    pair.esme.session.unbind(pair.now);
    pair.drive();
    // Damage may have left the ends with different ideas of what goes on; both must still end.
    pair.smsc.session.unbind(pair.now);
    pair.drive();
    pair.run_out();
    pair
}

#[test]
fn the_dialogue_undamaged_loses_nothing() {
    let mut pair = dialogue(Alter::Nothing, Alter::Nothing);
    let responses = |seen: &[Seen], late: bool| {
        let is = |one: &&Seen| matches!(one, Seen::Response(_, was, OK, Some(_)) if *was == late);
        seen.iter().filter(is).count()
    };
    assert_eq!(pair.esme.closed, Some(CloseReason::Unbound));
    assert_eq!(pair.smsc.closed, Some(CloseReason::PeerUnbound));
    let (esme, smsc) = (pair.esme.take(), pair.smsc.take());
    assert_eq!((responses(&esme, false), responses(&esme, true)), (4, 2));
    assert_eq!((responses(&smsc, false), responses(&smsc, true)), (6, 0));
}

/// Values that a damaged octet takes: neighbours, single bits, extremes.
fn damaged(octet: u8) -> impl Iterator<Item = u8> {
    let values = [octet ^ 0x01, octet ^ 0x04, octet ^ 0x80, octet.wrapping_sub(1), 0, 0x7f, 0xff];
    values.into_iter().filter(move |value| *value != octet)
}

#[test]
fn every_changed_octet_from_the_esme_costs_no_ticket_and_no_end() {
    let record = dialogue(Alter::Nothing, Alter::Nothing).up.record;
    for (place, octet) in record.into_iter().enumerate() {
        for value in damaged(octet) {
            dialogue(Alter::Octet(place, value), Alter::Nothing);
        }
    }
}

#[test]
fn every_changed_octet_from_the_smsc_costs_no_ticket_and_no_end() {
    let record = dialogue(Alter::Nothing, Alter::Nothing).down.record;
    for (place, octet) in record.into_iter().enumerate() {
        for value in damaged(octet) {
            dialogue(Alter::Nothing, Alter::Octet(place, value));
        }
    }
}

#[test]
fn every_cut_of_either_direction_hands_back_what_was_in_flight() {
    let whole = dialogue(Alter::Nothing, Alter::Nothing);
    for place in 0..whole.up.record.len() {
        let pair = dialogue(Alter::Cut(place), Alter::Nothing);
        assert!(!pair.is_linked && pair.up.record.len() > place);
    }
    for place in 0..whole.down.record.len() {
        let pair = dialogue(Alter::Nothing, Alter::Cut(place));
        assert!(!pair.is_linked && pair.down.record.len() > place);
    }
}

#[test]
fn damage_in_both_directions_at_once_still_ends() {
    let whole = dialogue(Alter::Nothing, Alter::Nothing);
    let (up, down) = (whole.up.record.len(), whole.down.record.len());
    for step in 0..2000 {
        // Steps without a common factor with the lengths walk over all places.
        let (up_at, down_at) = (step * 7919 % up, step * 6007 % down);
        let value = (step * 31 % 256) as u8;
        dialogue(Alter::Octet(up_at, value), Alter::Octet(down_at, value.wrapping_mul(7)));
    }
}
