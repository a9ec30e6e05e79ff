//! What an account may do beside submit_sm.

use chappe::wire::CommandStatus;

use crate::esme::{Esme, Request, Submit};
use crate::smsc::{Reply, Smsc};
use crate::world::{World, carrier};

const ENROUTE: u8 = 1;
const DELIVERED: u8 = 2;
const DELETED: u8 = 4;
const REJECTED: u8 = 8;

#[tokio::test]
async fn a_data_sm_goes_to_the_carrier_as_a_submit_sm_and_brings_its_receipt() {
    let smsc = Smsc::start().await;
    smsc.script(|_| Reply::Report("DELIVRD"));
    let world = World::before(&smsc, "").await;
    let esme = Esme::bind(world.smpp()).await;
    // source_port: it travels on.
    let port = vec![0x02, 0x0a, 0, 2, 0x15, 0xb3];
    let said = esme.answered(Request::Data(Submit { tlvs: port, ..Submit::new("hello") })).await;
    assert_eq!((said.command, said.status), ("data_sm_resp", CommandStatus::ESME_ROK));
    let submitted = smsc.submitted(1).await;
    assert_eq!(submitted[0].text, b"hello");
    assert_eq!(submitted[0].tlvs, [0x02, 0x0a, 0, 2, 0x15, 0xb3]);
    let receipts = esme.delivered(1).await;
    assert_eq!(receipts[0].receipt(), (said.id, "DELIVRD".to_owned(), 0));

    let long = Request::Data(Submit::new("x".repeat(400)));
    assert_eq!(esme.answered(long).await.status, CommandStatus::ESME_ROK);
    smsc.submitted(4).await;
}

#[tokio::test]
async fn a_data_sm_is_refused_for_what_a_submit_sm_would_be() {
    let smsc = Smsc::start().await;
    let world = World::before(&smsc, "").await;
    let esme = Esme::bind(world.smpp()).await;
    let said = esme.answered(Request::Data(Submit::to("nobody"))).await;
    assert_eq!((said.status, said.id.as_str()), (CommandStatus::ESME_RINVDSTADR, ""));
    let line = "chappe_refused_total{account=\"acct\",reason=\"ESME_RINVDSTADR\"}";
    world.counts(line, 1.0).await;
}

#[tokio::test]
async fn what_a_data_sm_says_of_its_validity_goes_no_further_and_its_segments_do() {
    let smsc = Smsc::start().await;
    let world = World::before(&smsc, "").await;
    let esme = Esme::bind(world.smpp()).await;
    let sar = [2, 0x0c, 0, 2, 0, 7, 2, 0x0e, 0, 1, 2, 2, 0x0f, 0, 1, 1];
    // qos_time_to_live: an hour.
    let tlvs = [&[0, 0x17, 0, 4, 0, 0, 0x0e, 0x10][..], &sar].concat();
    let said = esme.answered(Request::Data(Submit { tlvs, ..Submit::new("hello") })).await;
    assert_eq!(said.status, CommandStatus::ESME_ROK);
    let submitted = smsc.submitted(1).await;
    assert_eq!((&submitted[0].text[..], &submitted[0].tlvs[..]), (&b"hello"[..], &sar[..]));
    let none = vec![0, 0x17, 0, 4, 0, 0, 0, 0];
    let said = esme.answered(Request::Data(Submit { tlvs: none, ..Submit::new("hello") })).await;
    assert_eq!(said.status, CommandStatus::ESME_RINVEXPIRY);
    let counted = "chappe_requests_total{command=\"data_sm\",reason=\"ESME_RINVEXPIRY\"}";
    world.counts(counted, 1.0).await;
}

#[tokio::test]
async fn a_query_finds_the_message_on_whichever_shard_it_is() {
    let smsc = Smsc::start().await;
    smsc.script(|submitted| match submitted.destination.as_str() {
        "33600000001" => Reply::Refuse(CommandStatus::ESME_RINVDSTADR),
        "33600000002" => Reply::Report("DELIVRD"),
        _ => Reply::Take,
    });
    let world = World::before(&smsc, "[node] shards = 5\n").await;
    let esme = Esme::bind(world.smpp()).await;
    let mut ids = Vec::new();
    for handset in 0..40 {
        let to = Submit::to(&format!("33600000{handset:03}"));
        ids.push(esme.accepted(to).await);
    }
    esme.delivered(2).await;
    for (handset, id) in ids.into_iter().enumerate() {
        let said = esme.answered(Request::Query(id.clone())).await;
        assert_eq!((said.command, said.status), ("query_sm_resp", CommandStatus::ESME_ROK));
        let state = match handset {
            1 => (REJECTED, 0x0b),
            2 => (DELIVERED, 0),
            _ => (ENROUTE, 0),
        };
        assert_eq!((said.id, said.state), (id, state), "{handset}");
        assert_eq!(said.final_date.len(), if state.0 == ENROUTE { 0 } else { 16 });
    }
    // What was asked is no message: it is counted neither as accepted nor as refused.
    world.counts("chappe_accepted_total{account=\"acct\"}", 40.0).await;
}

#[tokio::test]
async fn a_query_of_anothers_message_is_answered_as_one_of_no_message() {
    let smsc = Smsc::start().await;
    let world = World::before(
        &smsc,
        "[[account]]\nsystem_id = \"other\"\npassword = \"p\"\n\
         dialect = \"d\"\n[dialect.d]\nmessage_id_format = \"decimal\"\n",
    )
    .await;
    let esme = Esme::bind(world.smpp()).await;
    let kind = chappe::session::BindKind::Transceiver;
    let other = Esme::bind_as(world.smpp(), kind, "other", "p").await.unwrap();
    let id = esme.accepted(Submit::new("x")).await;
    let number = u64::from_str_radix(&id, 16).unwrap();
    let decimal = number.to_string();
    for unknown in [decimal.as_str(), "", "1", "no id", "99999999999999999999", &id] {
        let said = other.answered(Request::Query(unknown.to_owned())).await;
        let failed = (CommandStatus::ESME_RQUERYFAIL, String::new());
        assert_eq!((said.status, said.id), failed, "{unknown}");
    }
    // The account's own, in the notation of its dialect.
    let own = other.accepted(Submit::new("x")).await;
    assert_eq!(other.answered(Request::Query(own.clone())).await.id, own);
    let upper = format!("{number:X}");
    assert_eq!(esme.answered(Request::Query(upper)).await.id, id);
}

#[tokio::test]
async fn what_has_not_left_is_taken_back_by_its_account_and_by_nobody_else() {
    let smsc = Smsc::start().await;
    smsc.script(|_| Reply::Take);
    let world = World::before(
        &smsc,
        "[node] shards = 3\n[[account]]\nsystem_id = \"other\"\npassword = \"p\"\n",
    )
    .await;
    let esme = Esme::bind(world.smpp()).await;
    let kind = chappe::session::BindKind::Transceiver;
    let other = Esme::bind_as(world.smpp(), kind, "other", "p").await.unwrap();
    let later = Submit { schedule: "000000010000000R".to_owned(), ..Submit::new("x") };
    let id = esme.accepted(later.clone()).await;
    let one = |id: &str| Request::Cancel { id: id.to_owned(), destination: String::new() };
    let failed = CommandStatus::ESME_RCANCELFAIL;
    assert_eq!(other.answered(one(&id)).await.status, failed);
    assert_eq!(other.answered(one("no id")).await.status, failed);
    let said = esme.answered(one(&id)).await;
    assert_eq!((said.command, said.status), ("cancel_sm_resp", CommandStatus::ESME_ROK));
    let receipts = esme.delivered(1).await;
    assert_eq!(receipts[0].receipt(), (id.clone(), "DELETED".to_owned(), 0));
    assert_eq!(esme.answered(Request::Query(id)).await.state, (DELETED, 0));

    // All for a handset; one of them, without a schedule, has left.
    let left = esme.accepted(Submit::new("x")).await;
    smsc.submitted(1).await;
    let ids = [esme.accepted(later.clone()).await, esme.accepted(later.clone()).await];
    let kept = esme.accepted(Submit { destination: "33687654321".to_owned(), ..later }).await;
    let all = |to: &str| Request::Cancel { id: String::new(), destination: to.to_owned() };
    assert_eq!(esme.answered(all("+33612345678")).await.status, CommandStatus::ESME_ROK);
    assert_eq!(esme.answered(all("+33612345678")).await.status, failed);
    assert_eq!(esme.answered(all("")).await.status, CommandStatus::ESME_RINVDSTADR);
    for (id, state) in [(&ids[0], DELETED), (&ids[1], DELETED), (&kept, ENROUTE), (&left, ENROUTE)]
    {
        assert_eq!(esme.answered(Request::Query(id.clone())).await.state.0, state);
    }
    assert_eq!(esme.answered(one(&left)).await.status, failed);
}

#[tokio::test]
async fn what_waits_for_a_carrier_that_is_down_is_taken_back() {
    let world = World::start(&format!(
        "{}[[route]]\nname = \"all\"\nto = [{{ carrier = \"gone\" }}]\n",
        crate::world::carrier("gone", std::net::SocketAddr::from(([127, 0, 0, 1], 9)))
    ))
    .await;
    let esme = Esme::bind(world.smpp()).await;
    let id = esme.accepted(Submit::new("x")).await;
    let one = Request::Cancel { id: id.clone(), destination: String::new() };
    assert_eq!(esme.answered(one).await.status, CommandStatus::ESME_ROK);
    assert_eq!(esme.delivered(1).await[0].receipt(), (id, "DELETED".to_owned(), 0));
}

#[tokio::test]
async fn a_message_that_has_not_left_gets_another_text_and_plan() {
    let smsc = Smsc::start().await;
    smsc.script(|_| Reply::Report("DELIVRD"));
    let world = World::before(&smsc, "[node] shards = 3\n").await;
    let esme = Esme::bind(world.smpp()).await;
    let soon = Submit { schedule: "000000000002000R".to_owned(), ..Submit::new("before") };
    let id = esme.accepted(soon.clone()).await;
    let by = |id: &str, text: &str| Request::Replace { id: id.to_owned(), text: text.into() };
    let said = esme.answered(by(&id, &"x".repeat(200))).await;
    assert_eq!((said.command, said.status), ("replace_sm_resp", CommandStatus::ESME_ROK));
    let submitted = smsc.submitted(2).await;
    let text: Vec<u8> = submitted.iter().flat_map(|one| one.text[6..].to_vec()).collect();
    assert_eq!(text, "x".repeat(200).into_bytes());
    assert_eq!(esme.delivered(1).await[0].receipt(), (id.clone(), "DELIVRD".to_owned(), 0));

    let failed = CommandStatus::ESME_RREPLACEFAIL;
    assert_eq!(esme.answered(by(&id, "late")).await.status, failed);
    assert_eq!(esme.answered(by("no id", "x")).await.status, failed);
}

/// A replace_sm has no data_coding (SMPP 3.4 §4.10.1).
#[tokio::test]
async fn another_text_is_read_as_the_first_was_and_sent_as_its_route_wants() {
    let smsc = Smsc::start().await;
    let world = World::start(&format!(
        "{}[[route]]\nname = \"all\"\nto = [{{ carrier = \"smsc\" }}]\nencoding = \"auto\"\n\
         shifts = [\"turkish\"]\n\
         [[account]]\nsystem_id = \"latin\"\npassword = \"p\"\ndialect = \"latin\"\n\
         [dialect.latin]\ndata_coding_0 = \"latin1\"\n",
        carrier("smsc", smsc.address)
    ))
    .await;
    let kind = chappe::session::BindKind::Transceiver;
    let latin = Esme::bind_as(world.smpp(), kind, "latin", "p").await.unwrap();
    let gsm = Esme::bind(world.smpp()).await;
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>();
    // Who, the data_coding of the first, the other text, and what comes of it: esm_class,
    // data_coding and user data.
    let cases = [
        (&latin, 0, b"d\xe9j\xe0".to_vec(), (0, 0, b"d\x05j\x7f".to_vec())),
        (&latin, 0, b"f\xeate".to_vec(), (0, 8, utf16("f\u{ea}te"))),
        (&gsm, 0, b"d\x05j\x7f".to_vec(), (0, 0, b"d\x05j\x7f".to_vec())),
        (&gsm, 8, utf16("hi"), (0, 0, b"hi".to_vec())),
        (&gsm, 8, utf16("\u{131}"), (0x40, 0, b"\x03\x25\x01\x01\x07".to_vec())),
        (&gsm, 8, utf16("\u{416}"), (0, 8, utf16("\u{416}"))),
    ];
    for (at, (esme, data_coding, text, expected)) in cases.into_iter().enumerate() {
        let schedule = "000000000002000R".to_owned();
        let text_before = if data_coding == 8 { utf16("before") } else { b"before".to_vec() };
        let id = esme.accepted(Submit { schedule, data_coding, ..Submit::new(&text_before) }).await;
        let said = esme.answered(Request::Replace { id, text }).await;
        assert_eq!((said.command, said.status), ("replace_sm_resp", CommandStatus::ESME_ROK));
        let sent = smsc.submitted(at + 1).await.pop().unwrap();
        assert_eq!((sent.esm_class, sent.data_coding, sent.text), expected, "{at}");
    }
}
