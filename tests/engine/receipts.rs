//! What an account hears of what a carrier's receipt says.

use chappe::wire::Tlvs;

use crate::esme::{Delivered, Esme, Submit};
use crate::smsc::{Reply, Smsc};
use crate::world::World;

const RECEIPT: u8 = 0x04;
const HANDSET: &str = "33612345678";

/// The text of the carrier's receipt for the message that it took as the `number`-th.
fn text(number: usize, state_and_error: &str) -> String {
    let id = 0xabc0_0000 + number;
    format!("id:{id:x} submit date:2611201846 done date:2611201847 {state_and_error} text:x")
}

fn said(receipt: &Delivered) -> String {
    String::from_utf8_lossy(&receipt.text).into_owned()
}

/// Interop quirk 22.
#[tokio::test]
async fn an_error_with_letters_reaches_the_account_as_it_is_written() {
    let smsc = Smsc::with(|_| Reply::Take).await;
    let world = World::before(&smsc, "").await;
    let esme = Esme::bind(world.smpp()).await;
    let cases = [
        ("4A6", " err:4A6 "),
        ("00B", " err:00B "),
        ("0032", " err:032 "),
        ("NoCredit-of-the-subscriber", " err:NoCredit-of-the- "),
        ("a:b", " err:ab "),
    ];
    for (at, (written, told)) in cases.into_iter().enumerate() {
        esme.accepted(Submit::new("x")).await;
        world.counts("chappe_messages_awaiting_receipt", 1.0).await;
        let receipt = text(at + 1, &format!("stat:UNDELIV err:{written}"));
        smsc.deliver(HANDSET, "Shop", RECEIPT, receipt.as_bytes());
        let receipts = esme.delivered(at + 1).await;
        let told_of = said(&receipts[at]);
        assert!(told_of.contains(&format!("stat:UNDELIV{told}")), "{written}: {told_of}");
    }
    // The error is that of the segment that failed, whichever receipt comes last.
    esme.accepted(Submit::new("long ".repeat(40))).await;
    world.counts("chappe_messages_awaiting_receipt", 1.0).await;
    let at = cases.len();
    let first = text(at + 1, "stat:UNDELIV err:4A6");
    smsc.deliver(HANDSET, "Shop", RECEIPT, first.as_bytes());
    smsc.deliver(HANDSET, "Shop", RECEIPT, text(at + 2, "stat:DELIVRD err:000").as_bytes());
    let receipts = esme.delivered(at + 1).await;
    let told_of = said(&receipts[at]);
    assert!(told_of.contains("stat:UNDELIV err:4A6 "), "{told_of}");
}

/// Interop quirk 38: the same tags mean other things to others.
#[tokio::test]
async fn tlvs_of_a_carriers_receipt_go_on_as_its_dialect_says() {
    const ERROR: (u16, &[u8]) = (0x0423, &[3, 0, 5]);
    const NAME: (u16, &[u8]) = (0x1402, b"north\0");
    const COUNTRY: (u16, &[u8]) = (0x1411, &[1]);
    let drop = "tlv.country = { tag = 0x1411, type = \"u8\", drop = true }";
    for (keys, told) in [
        ("", vec![0x001e, 0x0427, 0x0423]),
        ("receipt_tlvs = \"none\"", vec![0x001e, 0x0427]),
        ("receipt_tlvs = \"all\"", vec![0x001e, 0x0427, 0x0423, 0x1402, 0x1411]),
        (&format!("receipt_tlvs = \"all\"\n{drop}"), vec![0x001e, 0x0427, 0x0423, 0x1402]),
    ] {
        let smsc = Smsc::with(|_| Reply::Take).await;
        let keys: Vec<String> =
            keys.lines().map(|key| format!("[dialect.quick] {key}\n")).collect();
        let world = World::before(&smsc, &keys.concat()).await;
        let esme = Esme::bind(world.smpp()).await;
        esme.accepted(Submit::new("x")).await;
        world.counts("chappe_messages_awaiting_receipt", 1.0).await;
        let tlvs = [(0x001e, &b"abc00001\0"[..]), (0x0427, &[5]), ERROR, NAME, COUNTRY];
        smsc.report(HANDSET, "Shop", &text(1, "stat:UNDELIV err:005"), &tlvs);
        let receipts = esme.delivered(1).await;
        let found = Tlvs::take(&receipts[0].tlvs).0;
        let tags: Vec<u16> = found.iter().map(|tlv| tlv.tag.0).collect();
        assert_eq!(tags, told, "{keys:?}");
        for (tag, value) in [ERROR, NAME, COUNTRY].into_iter().filter(|(tag, _)| told.contains(tag))
        {
            assert_eq!(found.octets_of(chappe::wire::TlvTag(tag)), Some(value));
        }
    }
}

/// Interop quirk 38.
#[tokio::test]
async fn a_tlv_that_a_peer_must_not_see_is_left_out() {
    let smsc = Smsc::with(|_| Reply::Take).await;
    let drop = "tlv.own = { tag = 0x1401, type = \"octets\", drop = true }";
    let world = World::before(&smsc, &format!("[dialect.quick] {drop}\n")).await;
    let esme = Esme::bind(world.smpp()).await;
    let tlvs = [0x14, 0x01, 0, 1, b'x', 0x14, 0x02, 0, 1, b'y'].to_vec();
    esme.accepted(Submit { tlvs, ..Submit::new("x") }).await;
    assert_eq!(smsc.submitted(1).await[0].tlvs, [0x14, 0x02, 0, 1, b'y']);
}

/// Interop quirks 23 and 34.
#[tokio::test]
async fn words_and_types_of_a_carriers_own_say_the_state() {
    let smsc = Smsc::with(|_| Reply::Take).await;
    let keys = "[dialect.quick] receipt_state.0 = { means = \"delivered\" }\n\
                [dialect.quick] tlv.state = { tag = 0x0427, type = \"u16\" }\n";
    let world = World::before(&smsc, keys).await;
    let esme = Esme::bind(world.smpp()).await;
    type Tlv<'a> = (u16, &'a [u8]);
    let cases: [(&str, &[Tlv<'_>], &str); 2] =
        [("stat:0 err:000", &[], "DELIVRD"), ("stat:0 err:000", &[(0x0427, &[0, 8])], "REJECTD")];
    for (at, (said, tlvs, told)) in cases.into_iter().enumerate() {
        esme.accepted(Submit::new("x")).await;
        world.counts("chappe_messages_awaiting_receipt", 1.0).await;
        smsc.report(HANDSET, "Shop", &text(at + 1, said), tlvs);
        assert_eq!(esme.delivered(at + 1).await[at].receipt().1, told);
    }
}

/// Interop quirk 15: Adobe asks for a receipt of the first segment alone, and sends that last.
#[tokio::test]
async fn q15_one_receipt_of_a_carrier_tells_of_all_segments_that_an_account_cut() {
    let smsc = Smsc::with(|submit| match submit.text[5] {
        2 if submit.registered_delivery == 1 => Reply::Report("DELIVRD"),
        _ => Reply::Take,
    })
    .await;
    let dialect = "base = \"last-receipt\"\n";
    let world = World::before(&smsc, &format!("[dialect.quick] {dialect}")).await;
    let esme = Esme::bind(world.smpp()).await;
    let segment = |sequence: u8, registered_delivery: u8| Submit {
        esm_class: 0x40,
        registered_delivery,
        ..Submit::new([5, 0, 3, 9, 2, sequence, b'x'])
    };
    let first = esme.accepted(segment(1, 1)).await;
    let last = esme.accepted(segment(2, 0)).await;
    let told = esme.delivered(1).await;
    assert_eq!(told[0].receipt(), (first, "DELIVRD".to_owned(), 0));
    world.counts("chappe_messages_awaiting_receipt", 0.0).await;
    let submits = smsc.submits();
    assert_eq!(submits.iter().map(|one| one.registered_delivery).collect::<Vec<_>>(), [1, 1]);
    let (asked, listed) = (segment(1, 1), segment(2, 1));
    let both = [esme.accepted(asked).await, esme.accepted(listed).await];
    let told = esme.delivered(3).await;
    let mut ids: Vec<String> = told[1..].iter().map(|one| one.receipt().0).collect();
    ids.sort_unstable();
    assert_eq!(ids, both);
    assert!(!told.iter().any(|one| one.receipt().0 == last), "nobody asked for it");
}
