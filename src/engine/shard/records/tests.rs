use proptest::prelude::*;

use super::image::Image;
use super::*;
use crate::mt::receipts::Evidence;
use crate::wire::Address;

/// What an image holds, each thing in words, in an order of its own: what was live, what awaited
/// its receipt, and what was owed, parked and held.
pub fn contents_of(image: &Image) -> Vec<String> {
    let mut all = Vec::new();
    for was in image.live.values() {
        let mut octets = Vec::new();
        contents::put_message(&mut Writer(&mut octets), &was.live.message.read());
        let live = &was.live;
        let dynamic = (live.carrier, live.reference, live.wake_at, &live.worst, live.done_s);
        let flags = (live.awaits_receipt, live.expired, live.said_unknown);
        // What is out and was not sent is as good as back.
        let segments = live.all().iter().map(|one| match one.place {
            Place::Out => Segment { place: Place::Back, given: Given::Noted, ..*one },
            _ => Segment { given: Given::Noted, ..*one },
        });
        let segments: Vec<Segment> = segments.collect();
        let of = (was.shared, &was.copies);
        all.push(format!("live {} {octets:?} {dynamic:?} {flags:?} {segments:?} {of:?}", live.id));
    }
    for was in image.awaiting.values() {
        let mut wait = format!("{:?}", was.wait);
        // A record that waits long has whole seconds.
        let expires = was.wait.expires_at;
        wait = wait.replace(&format!("{expires:?}"), &format!("{}s", expires.as_secs()));
        all.push(format!("awaiting {wait} {} {} {:?}", was.shared, was.since_s, was.give_up_at));
    }
    for (number, (account, delivery)) in &image.owed {
        let mut batch = Batch::new();
        owed(&mut batch, *account, delivery);
        all.push(format!("owed {number} {:?}", batch.octets()));
    }
    all.extend(image.parked.iter().map(|(number, octets)| format!("parked {number} {octets:?}")));
    all.extend(image.texted.values().map(|texted| format!("{texted:?}")));
    all.extend(image.chosen.values().map(|chosen| format!("{chosen:?}")));
    all.extend(image.held.iter().map(|(number, message)| format!("held {number} {message:?}")));
    all.sort();
    all
}

/// A batch says when it came about, and is found by all the ids and numbers that its records speak
/// of, and by nothing else.
pub fn found_by_what_it_says(batch: &Batch) {
    use std::collections::BTreeSet;
    let mut said = BTreeSet::new();
    for record in crate::store::Records::new(batch.octets()) {
        let kinds = [
            kind::START,
            kind::SETTLED,
            kind::PARKED,
            kind::UNPARKED,
            kind::RELEASED,
            kind::AT,
            kind::CHOSEN,
            kind::TEXTED,
        ];
        let read = past::read(record);
        assert_eq!(read.is_none(), kinds.contains(&record[0]), "{record:?}");
        if record[0] == kind::PARKED {
            let receipt = read_parked(&record[9..], |_| Notations::default()).unwrap();
            said.insert(past::key_of_number(receipt.destination.octets()));
        }
        if let Some(past) = read {
            past.each_id(|id| said.extend([past::key_of_id(id)]));
            past.each_number(|one| said.extend([past::key_of_number(one.octets())]));
        }
    }
    let mut found = BTreeSet::new();
    let digest = crate::store::history::Digest::digest;
    let at = digest(&past::Backward, batch.octets(), &mut |key| found.extend([key]));
    assert_eq!(found, said);
    assert_eq!(at.map(Duration::from_millis), past::at(batch.octets()));
    assert!(at.is_some());
}

fn receipt(text: &[u8], network: Option<[u8; 3]>) -> CarrierReceipt {
    use crate::message::receipt::ReceiptError;
    CarrierReceipt {
        carrier: 3,
        keys: crate::mt::receipts::receipt_keys(3, Notations::default(), b"00ABCdef"),
        destination: Address::new(1, 1, b"33612345678"),
        state: MessageState::UNDELIVERABLE,
        cause: Cause::new(Some(ReceiptError::Text(text)), network, b"\x14\x00\x00\x01x"),
        done: Some(Duration::from_secs(1_790_000_000)),
        is_provisional: true,
        evidence: Evidence::default(),
    }
}

#[test]
fn a_parked_receipt_is_read_back_as_it_was() {
    for receipt in [receipt(b"4A6", Some([3, 0, 9])), receipt(b"", None)] {
        let mut octets = Vec::new();
        contents::put_receipt(&mut Writer(&mut octets), &receipt);
        let read = read_parked(&octets, |_| Notations::default()).unwrap();
        assert_eq!(format!("{read:?}"), format!("{receipt:?}"));
        for end in 0..octets.len() {
            assert!(read_parked(&octets[..end], |_| Notations::default()).is_none(), "{end}");
        }
    }
}

#[test]
fn places_keep_their_names_and_one_that_was_given_in_vain_is_given_again() {
    let mut batch = Batch::new();
    for (place, name) in [(0, "one"), (1, "vain"), (1, "two"), (2, "three")] {
        account(&mut batch, place, name);
    }
    carrier(&mut batch, 0, "operator");
    start(&mut batch, 77);
    let mut image = Image::new(0);
    image.take_batch(batch.octets()).unwrap();
    assert_eq!(
        (image.accounts, image.carriers, image.ids_from),
        (
            vec!["one".to_owned(), "two".to_owned(), "three".to_owned()],
            vec!["operator".to_owned()],
            78,
        )
    );
}

proptest! {
    #[test]
    fn no_octets_make_reading_fail_otherwise_than_in_words(
        octets in prop::collection::vec(any::<u8>(), 0..200),
        kind in 0..20_u8,
    ) {
        let mut image = Image::new(3);
        let mut record = vec![kind];
        record.extend(octets);
        let _ = image.take(&record);
    }
}
