//! Carriers and accounts that write otherwise than each other.

use chappe::session::BindKind;
use chappe::wire::CommandStatus;

use crate::esme::{Esme, Submit};
use crate::smsc::{Smsc, receipt_text};
use crate::world::{World, carrier, until};

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

/// Both mean other alphabets by data_coding 0: the account Latin-1, the carrier UTF-8.
#[tokio::test]
async fn each_side_has_its_own_alphabet_under_data_coding_0() {
    let smsc = Smsc::start().await;
    let latin = "[dialect.quick] data_coding_0 = \"utf8\"\n\
                 \n[[account]]\nsystem_id = \"latin\"\npassword = \"p\"\ndialect = \"latin1\"\n\
                 [[number]]\naddress = \"36105\"\nkind = \"short_code\"\n\
                 owner = { account = \"latin\" }\n";
    let world = World::before(&smsc, latin).await;
    let esme = Esme::bind_as(world.smpp(), BindKind::Transceiver, "latin", "p").await.unwrap();
    esme.accepted(Submit::new(*b"d\xe9j\xe0 @")).await;
    esme.accepted(Submit::new(*b"f\xeate")).await;
    let submits = smsc.submitted(2).await;
    let seen = |at: usize| (submits[at].data_coding, &submits[at].text[..]);
    assert_eq!(seen(0), (0, "déjà @".as_bytes()));
    assert_eq!(seen(1), (3, &b"f\xeate"[..]), "not in GSM 7-bit, so under its own number");

    // The receipt quotes the text in the account's alphabet.
    let receipts = esme.delivered(2).await;
    assert!(receipts.iter().any(|one| one.text.ends_with(b"d\xe9j\xe0 @")));

    smsc.deliver("33612345678", "36105", 0, "déjà €".as_bytes());
    let mo = &esme.delivered(3).await[2];
    let ucs2: Vec<u8> = "déjà €".encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!(mo.text, ucs2, "Latin-1 has no euro sign");
    smsc.deliver("33612345678", "36105", 0, "déjà".as_bytes());
    assert_eq!(esme.delivered(4).await[3].text, b"d\xe9j\xe0");
}

/// The plan at ingress is what is sent: one segment where UCS-2 would have taken two.
#[tokio::test]
async fn a_route_says_in_which_alphabet_texts_are_sent() {
    let smsc = Smsc::start().await;
    let routes = "[[route]]\nname = \"gsm\"\nprefix = \"44\"\nencoding = \"gsm7\"\n\
                  to = [{ carrier = \"smsc\" }]\n\
                  [[route]]\nname = \"smart\"\nprefix = \"49\"\nencoding = \"smart\"\n\
                  to = [{ carrier = \"smsc\" }]\n";
    let world = World::before(&smsc, routes).await;
    let esme = Esme::bind(world.smpp()).await;
    let ucs2 = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_be_bytes).collect() };
    let to = |destination: &str, text: &str| Submit {
        destination: destination.into(),
        data_coding: 8,
        ..Submit::new(ucs2(text))
    };
    let long = "x".repeat(100);
    esme.accepted(to("447700900123", &long)).await;
    esme.accepted(to("491700000000", "L’été")).await;
    esme.accepted(to("33612345678", "été")).await;
    let submits = smsc.submitted(3).await;
    let seen = |at: usize| (submits[at].data_coding, &submits[at].text[..]);
    assert_eq!(seen(0), (0, long.as_bytes()), "one segment");
    assert_eq!(seen(1), (0, &b"L'\x05t\x05"[..]));
    assert_eq!(seen(2), (8, &ucs2("été")[..]), "the route keeps it");
    let (status, _) = esme.submit(to("447700900123", "Жук")).await;
    assert_eq!(status, CommandStatus::ESME_RX_R_APPN);
}

#[tokio::test]
async fn a_carrier_gets_texts_in_the_alphabets_that_it_takes() {
    let smsc = Smsc::start().await;
    let world = World::before(&smsc, "[dialect.quick] encodings = \"gsm7\"").await;
    let esme = Esme::bind(world.smpp()).await;
    let latin1 = |text: &[u8]| Submit { data_coding: 3, ..Submit::new(text) };
    esme.accepted(latin1(b"caf\xe9")).await;
    let submitted = &smsc.submitted(1).await[0];
    assert_eq!((submitted.data_coding, &submitted.text[..]), (0, &b"caf\x05"[..]));
    let refused = esme.submit(latin1(b"f\xeate")).await.0;
    assert_eq!(refused, CommandStatus::ESME_RX_R_APPN);
}

/// Interop quirk 53.
#[tokio::test]
async fn q53_an_address_of_forty_octets_goes_where_both_sides_allow_it() {
    let account = "[[account]]\nsystem_id = \"long\"\npassword = \"p\"\ndialect = \"long\"\n\
                   [dialect.long]\naddress_octets_max = 64\n";
    let long = Submit { source: "7".repeat(40), ..Submit::to(&"9".repeat(40)) };
    for (allows, to, from) in [
        ("", CommandStatus::ESME_RINVDSTADR, CommandStatus::ESME_RINVSRCADR),
        ("address_octets_max = 40", CommandStatus::ESME_ROK, CommandStatus::ESME_ROK),
    ] {
        let smsc = Smsc::start().await;
        let keys = format!("[dialect.quick] base = \"default\"\n[dialect.quick] {allows}\n");
        let world = World::before(&smsc, &format!("{keys}{account}")).await;
        let bind =
            |name, password| Esme::bind_as(world.smpp(), BindKind::Transceiver, name, password);
        let esme = bind("long", "p").await.unwrap();
        let source = Submit { source: long.source.clone(), ..Submit::new("x") };
        assert_eq!(esme.submit(source).await.0, from);
        let destination = Submit { source: "Shop".into(), ..long.clone() };
        assert_eq!(esme.submit(destination).await.0, to);
        if to == CommandStatus::ESME_ROK {
            let submits = smsc.submitted(2).await;
            assert_eq!(submits[0].source, long.source);
            assert_eq!(submits[1].destination, long.destination);
            let receipt = &esme.delivered(2).await[1];
            assert_eq!(receipt.source, long.destination, "the receipt is matched and written");
        }
        let standard = Esme::bind(world.smpp()).await;
        assert_eq!(standard.submit(long.clone()).await.0, CommandStatus::ESME_RINVSRCADR);
    }
}

#[tokio::test]
async fn q53_a_carrier_that_an_address_is_too_long_for_is_passed_over() {
    let (narrow, wide) = (Smsc::start().await, Smsc::start().await);
    let of_wide = carrier("wide", wide.address).replace("\"quick\"", "\"long\"");
    let more = format!(
        "{}{of_wide}[[route]]\nname = \"all\"\n\
         to = [{{ carrier = \"narrow\" }}, {{ carrier = \"wide\" }}]\n\
         [[account]]\nsystem_id = \"long\"\npassword = \"p\"\ndialect = \"long\"\n\
         [dialect.long]\nbase = \"quick\"\naddress_octets_max = 40\n",
        carrier("narrow", narrow.address),
    );
    let world = World::start(&more).await;
    until("both are bound", || narrow.bound() > 0 && wide.bound() > 0).await;
    let esme = Esme::bind_as(world.smpp(), BindKind::Transceiver, "long", "p").await.unwrap();
    for destination in ["9".repeat(40), "33612345678".to_owned()] {
        assert_eq!(esme.submit(Submit::to(&destination)).await.0, CommandStatus::ESME_ROK);
    }
    assert_eq!(wide.submitted(1).await[0].destination, "9".repeat(40));
    assert_eq!(narrow.submitted(1).await[0].destination, "33612345678");
}
