//! Carriers and accounts that write otherwise than each other.

use chappe::session::BindKind;

use crate::esme::{Esme, Submit};
use crate::smsc::{Smsc, receipt_text};
use crate::world::World;

/// An account that writes little-endian UCS-2 and reads its numbers with `00`.
const ODD: &str = "\n[[account]]\nsystem_id = \"odd\"\npassword = \"p\"\ndialect = \"odd\"\n\
                   [dialect.odd]\nucs2_order = \"little\"\naddress_prefix = \"zeros\"\n\
                   [[number]]\naddress = \"36105\"\nkind = \"short_code\"\n\
                   owner = { account = \"odd\" }\n";

#[tokio::test]
async fn each_side_reads_and_writes_in_its_own_form() {
    let smsc = Smsc::start().await;
    let keys = "[dialect.quick] address_prefix = \"plus\"\n\
                [dialect.quick] address_alphabet = \"gsm7\"\n\
                [dialect.quick] data_coding_gsm7 = 4\n\
                [dialect.quick] gsm7_packing = \"packed\"\n";
    let world = World::before(&smsc, &format!("{keys}{ODD}")).await;
    let bind = || Esme::bind_as(world.smpp(), BindKind::Transceiver, "odd", "p");
    let esme = bind().await.unwrap();

    let id = esme.accepted(Submit { source: "me@home".into(), ..Submit::new("hello") }).await;
    let ucs2 = Submit { data_coding: 8, ..Submit::new([0x16, 0x04]) };
    esme.accepted(Submit { destination: "0033612345678".into(), ..ucs2 }).await;
    let submits = smsc.submitted(2).await;
    let seen = |at: usize| (submits[at].data_coding, &submits[at].text[..]);
    assert_eq!(seen(0), (4, &[0xe8, 0x32, 0x9b, 0xfd, 0x06][..]), "hello, packed");
    assert_eq!(seen(1), (8, &[0x04, 0x16][..]));
    assert_eq!(submits[0].source, "me?home");
    assert!(submits.iter().all(|one| one.destination == "+33612345678"));
    world.counts("chappe_addresses_altered_total{carrier=\"smsc\"}", 1.0).await;

    // Receipts find their message whatever stands before the number.
    let receipts = esme.delivered(2).await;
    assert!(receipts.iter().any(|receipt| receipt.receipt().0 == id));
    assert!(receipts.iter().all(|receipt| receipt.source == "0033612345678"));

    smsc.deliver("+33612345678", "36105", 0, b"hi");
    let mo = &esme.delivered(3).await[2];
    assert_eq!((mo.source.as_str(), mo.destination.as_str()), ("0033612345678", "36105"));
}

#[tokio::test]
async fn what_stands_before_the_numbers_of_an_mo_is_taken_away() {
    let smsc = Smsc::start().await;
    let number = "[[number]]\naddress = \"33700000000\"\nkind = \"long_number\"\n\
                  owner = { account = \"acct\" }\n";
    let world = World::before(&smsc, number).await;
    let esme = Esme::bind(world.smpp()).await;
    smsc.deliver("+33612345678", "+33700000000", 0, b"hi");
    let mo = &esme.delivered(1).await[0];
    assert_eq!((mo.source.as_str(), mo.destination.as_str()), ("33612345678", "33700000000"));
    let id = esme.accepted(Submit::new("x")).await;
    let text = receipt_text("abc00001", "DELIVRD");
    smsc.deliver("+33612345678", "Shop", 0x04, text.as_bytes());
    assert_eq!(esme.delivered(2).await[1].receipt().0, id);
}

#[tokio::test]
async fn a_bind_that_has_sent_its_quota_makes_way_for_a_new_one() {
    let smsc = Smsc::start().await;
    let world = World::before(&smsc, "[dialect.quick] messages_per_bind = 3\n").await;
    let esme = Esme::bind(world.smpp()).await;
    let submits = (0..10).map(|at| Submit::new(format!("number {at}"))).collect();
    assert!(esme.burst(submits).await.iter().all(|response| response.0.is_ok()));
    assert_eq!(esme.delivered(10).await.len(), 10);
    let submits = smsc.submits();
    let texts: Vec<String> =
        submits.iter().map(|one| String::from_utf8_lossy(&one.text).into_owned()).collect();
    let expected: Vec<String> = (0..10).map(|at| format!("number {at}")).collect();
    assert_eq!(texts, expected, "each once, in the order of acceptance");
    let sessions: Vec<usize> = submits.iter().map(|one| one.session).collect();
    assert_eq!(sessions, [0, 0, 0, 1, 1, 1, 2, 2, 2, 3]);
    assert_eq!(world.metric("chappe_segments_in_doubt_total{carrier=\"smsc\"}"), 0.0);
}
