//! Long messages from handsets, and numbers that several accounts share.

use std::time::Duration;

use chappe::session::{BindKind, BindRequest};
use chappe::wire::{COctetString, CommandStatus};

use crate::esme::{Delivered, Esme, Submit};
use crate::smsc::{Reply, Smsc};
use crate::world::{ROUTE, World, carrier, until};

const HANDSET: &str = "33612345678";

/// An account that wants one payload, and its number.
const PAYLOADS: &str = "[[account]]\nsystem_id = \"whole\"\npassword = \"p\"\ndialect = \"whole\"\n\
                        [dialect.whole]\nmo_segments = \"payload\"\n\
                        [[number]]\naddress = \"36105\"\nkind = \"short_code\"\n\
                        owner = { account = \"whole\" }\n";

/// A segment of a message with an eight-bit reference.
fn segment(total: u8, sequence: u8, text: &[u8]) -> Vec<u8> {
    [&[5, 0, 3, 7, total, sequence], text].concat()
}

async fn bind(world: &World, system_id: &str, password: &str) -> Esme {
    let kind = BindKind::Transceiver;
    Esme::bind_as(world.smpp(), kind, system_id, password).await.unwrap()
}

fn texts(delivered: &[Delivered]) -> Vec<String> {
    delivered.iter().map(|one| String::from_utf8_lossy(&one.text).into_owned()).collect()
}

#[tokio::test]
async fn segments_over_two_binds_out_of_order_are_one_payload() {
    let smsc = Smsc::start().await;
    let table = carrier("smsc", smsc.address);
    let world = World::start(&format!("{table}binds = 2\n{ROUTE}{PAYLOADS}")).await;
    until("both are bound", || smsc.bound() == 2).await;
    let esme = bind(&world, "whole", "p").await;
    let parts = [[b'a'; 153], [b'b'; 153], [b'c'; 153]];
    for (bind, sequence) in [(1, 3), (0, 1), (0, 1), (1, 2)] {
        let octets = segment(3, sequence, &parts[usize::from(sequence) - 1]);
        smsc.deliver_on(bind, HANDSET, "36105", 0x40, &octets);
    }
    let delivered = &esme.delivered(1).await[0];
    assert_eq!(delivered.payload, Some(parts.concat()));
    assert_eq!((delivered.text.len(), delivered.esm_class), (0, 0));
    assert_eq!(smsc.answered(4).await, [CommandStatus::ESME_ROK; 4]);
    world.counts("chappe_mo_reassembled_total", 1.0).await;
    world.counts("chappe_mo_segments_held", 0.0).await;
    // The duplicate came before the whole, or after it and then waits for its time to end.
    smsc.deliver_on(0, HANDSET, "36105", 0x40, &segment(2, 2, b"world"));
    smsc.deliver_on(1, HANDSET, "36105", 0x40, &segment(2, 1, b"hello "));
    let delivered = &esme.delivered(2).await[1];
    assert_eq!((&delivered.text[..], &delivered.payload), (&b"hello world"[..], &None));
    assert_eq!(esme.deliveries().len(), 2);
}

#[tokio::test]
async fn a_segment_without_the_others_goes_on_untouched_after_its_time() {
    let smsc = Smsc::start().await;
    let world =
        World::before(&smsc, &format!("[node] reassembly_max_age_ms = 1000\n{PAYLOADS}")).await;
    let esme = bind(&world, "whole", "p").await;
    smsc.deliver(HANDSET, "36105", 0x40, &segment(2, 2, b"the end"));
    world.counts("chappe_mo_segments_held", 1.0).await;
    let delivered = &esme.delivered(1).await[0];
    assert_eq!((&delivered.text, delivered.esm_class), (&segment(2, 2, b"the end"), 0x40));
    world.counts("chappe_mo_incomplete_total{reason=\"expired\"}", 1.0).await;
    world.counts("chappe_mo_segments_held", 0.0).await;
}

#[tokio::test]
async fn on_a_shared_number_the_first_word_says_whose_a_message_is() {
    let smsc = Smsc::start().await;
    let more = "[[account]]\nsystem_id = \"votes\"\npassword = \"p\"\n\
                [[number]]\naddress = \"36105\"\nkind = \"short_code\"\n\
                owner = { account = \"acct\" }\n\
                [[number.keyword]]\nwords = [\"Vote\", \"Été\"]\nowner = { account = \"votes\" }\n";
    let world = World::before(&smsc, more).await;
    let (votes, acct) = (bind(&world, "votes", "p").await, Esme::bind(world.smpp()).await);
    smsc.deliver(HANDSET, "36105", 0, b"hello");
    smsc.deliver(HANDSET, "36105", 0, b"VOTE 3");
    smsc.deliver(HANDSET, "36105", 0x40, &segment(2, 2, b"was fine"));
    smsc.deliver(HANDSET, "36105", 0x40, &segment(2, 1, b"\x1f\x74\x05 "));
    let voted = votes.delivered(3).await;
    assert_eq!(voted[0].text, b"VOTE 3");
    let segments = [segment(2, 1, b"\x1f\x74\x05 "), segment(2, 2, b"was fine")];
    assert_eq!([&voted[1].text, &voted[2].text], [&segments[0], &segments[1]], "in sequence");
    assert_eq!(texts(&acct.delivered(1).await), ["hello"]);
    assert_eq!((votes.deliveries().len(), acct.deliveries().len()), (3, 1));
}

#[tokio::test]
async fn what_one_bind_refuses_for_now_another_one_gets_at_once() {
    let smsc = Smsc::start().await;
    let number = "[[number]]\naddress = \"36105\"\nkind = \"short_code\"\n\
                  owner = { account = \"acct\" }\n";
    let world = World::before(&smsc, number).await;
    let refusing = Esme::bind(world.smpp()).await;
    refusing.answer_deliveries(CommandStatus::ESME_RX_T_APPN);
    let taking = Esme::bind(world.smpp()).await;
    let begun = tokio::time::Instant::now();
    for at in 0..100 {
        smsc.deliver(HANDSET, "36105", 0, format!("{at}").as_bytes());
    }
    let mut told: Vec<u32> =
        texts(&taking.delivered(100).await).iter().map(|text| text.parse().unwrap()).collect();
    told.sort_unstable();
    assert!(told.iter().copied().eq(0..100), "each once: {told:?}");
    assert!(!refusing.deliveries().is_empty(), "round robin");
    assert!(begun.elapsed() < Duration::from_secs(4), "no pause: {:?}", begun.elapsed());
    world.counts("chappe_mo_delivered_total{account=\"acct\"}", 100.0).await;
}

#[tokio::test]
async fn what_every_bind_refuses_for_now_waits_and_is_tried_again() {
    let smsc = Smsc::start().await;
    let world = World::before(&smsc, PAYLOADS).await;
    let (one, other) = (bind(&world, "whole", "p").await, bind(&world, "whole", "p").await);
    one.answer_deliveries(CommandStatus::ESME_RX_T_APPN);
    other.answer_deliveries(CommandStatus::ESME_RX_T_APPN);
    smsc.deliver(HANDSET, "36105", 0, b"hello");
    until("both refused", || one.deliveries().len() == 1 && other.deliveries().len() == 1).await;
    world.counts("chappe_deliveries_waiting", 1.0).await;
    other.answer_deliveries(CommandStatus::ESME_ROK);
    one.answer_deliveries(CommandStatus::ESME_ROK);
    world.counts("chappe_mo_delivered_total{account=\"whole\"}", 1.0).await;
    assert_eq!(one.deliveries().len() + other.deliveries().len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn what_is_held_at_a_stop_is_delivered_as_it_is() {
    let smsc = Smsc::start().await;
    let world = World::before(&smsc, PAYLOADS).await;
    let esme = bind(&world, "whole", "p").await;
    for sequence in [3, 1] {
        smsc.deliver(HANDSET, "36105", 0x40, &segment(3, sequence, b"x"));
    }
    world.counts("chappe_mo_segments_held", 2.0).await;
    assert_eq!(world.engine.stop().await, 0);
    let delivered = esme.deliveries();
    assert_eq!(delivered.len(), 2, "before the session ended");
    assert_eq!([delivered[0].text[5], delivered[1].text[5]], [1, 3], "in sequence");
}

#[tokio::test]
async fn an_alert_goes_to_the_owner_of_its_number_and_is_counted_whatever_becomes_of_it() {
    let smsc = Smsc::start().await;
    let number =
        "[[number]]\naddress = \"36105\"\nkind = \"short_code\"\nowner = { account = \"acct\" }\n";
    let world = World::before(&smsc, number).await;
    let counted =
        |reason: &str| format!("chappe_alerts_total{{carrier=\"smsc\",reason=\"{reason}\"}}");
    smsc.alert("33612345678", "36105");
    world.counts(&counted("unheard"), 1.0).await;
    let esme = Esme::bind(world.smpp()).await;
    smsc.alert("+33612345678", "36105");
    smsc.alert("33612345678", "36106");
    world.counts(&counted("passed"), 1.0).await;
    world.counts(&counted("unowned"), 1.0).await;
    until("the alert", || !esme.alerts().is_empty()).await;
    assert_eq!(esme.alerts(), [("33612345678".to_owned(), "36105".to_owned())]);
}

/// SMPP 3.4 §3.3: what a session of version 3.3 gets has no TLVs, and no less in it.
#[tokio::test]
async fn an_account_of_version_3_3_gets_the_text_and_its_receipts_without_tlvs() {
    let smsc = Smsc::start().await;
    smsc.script(|_| Reply::Report("DELIVRD"));
    let number =
        "[[number]]\naddress = \"36105\"\nkind = \"short_code\"\nowner = { account = \"acct\" }\n";
    let world = World::before(&smsc, number).await;
    let mut request = BindRequest::new(BindKind::Transceiver, "acct", "secret");
    request.fields.interface_version = 0x33;
    let esme = Esme::bind_with(world.smpp(), request).await.unwrap();
    smsc.data_sm("33612345678", "36105", 0, b"hello");
    let mo = esme.delivered(1).await.remove(0);
    assert_eq!((mo.text, mo.payload), (b"hello".to_vec(), None));
    esme.accepted(Submit::new("x")).await;
    let receipt = esme.delivered(2).await.remove(1);
    assert!(receipt.text.starts_with(b"id:") && receipt.receipted.is_none(), "{receipt:?}");
    assert_eq!(receipt.state, None);
}

/// Interop quirk 55.
#[tokio::test]
async fn q55_messages_from_handsets_go_to_the_bind_whose_range_has_their_number() {
    let smsc = Smsc::start().await;
    let mut more = "[[account]]\nsystem_id = \"codes\"\npassword = \"p\"\n\
                    dialect = \"short-codes\"\n"
        .to_owned();
    for number in ["36105", "36106", "36107"] {
        more += &format!(
            "[[number]]\naddress = \"{number}\"\nkind = \"short_code\"\n\
             owner = {{ account = \"codes\" }}\n"
        );
    }
    let world = World::before(&smsc, &more).await;
    let bind = |range: &'static str| {
        let mut request = BindRequest::new(BindKind::Transceiver, "codes", "p");
        request.fields.address_range = COctetString::from(range);
        Esme::bind_with(world.smpp(), request)
    };
    let (five, six) = (bind("^36105$").await.unwrap(), bind("36106").await.unwrap());
    for at in 0..10 {
        for number in ["36107", "36105", "36106"] {
            smsc.deliver(HANDSET, number, 0, format!("{number} {at}").as_bytes());
        }
    }
    let of = |number: &str| (0..10).map(|at| format!("{number} {at}")).collect::<Vec<_>>();
    assert_eq!(texts(&five.delivered(10).await), of("36105"));
    assert_eq!(texts(&six.delivered(10).await), of("36106"));
    world.counts("chappe_deliveries_waiting", 10.0).await;
    let rest = bind("").await.unwrap();
    assert_eq!(texts(&rest.delivered(10).await), of("36107"));
    world.counts("chappe_deliveries_waiting", 0.0).await;
    assert_eq!((five.deliveries().len(), six.deliveries().len()), (10, 10));
    assert_eq!(bind("^(36").await.unwrap_err(), CommandStatus::ESME_RBINDFAIL);
    world.counts("chappe_binds_refused_total{reason=\"address_range\"}", 1.0).await;
}
