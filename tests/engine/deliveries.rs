//! Receipts and MO on their way to accounts.

use chappe::session::BindKind;
use chappe::wire::CommandStatus;

use crate::esme::{Esme, Submit};
use crate::smsc::{Reply, Smsc, receipt_text};
use crate::world::{World, until};

const NUMBER: &str = "[[number]]\naddress = \"36105\"\nkind = \"short_code\"\n\
                      owner = { account = \"acct\" }\n";

#[tokio::test]
async fn an_mo_goes_untouched_to_the_owner_of_its_number() {
    let smsc = Smsc::start().await;
    let world = World::before(&smsc, NUMBER).await;
    let esme = Esme::bind(world.smpp()).await;
    let segment = [&[5, 0, 3, 7, 2, 1][..], b"half a story"].concat();
    smsc.deliver("33612345678", "36105", 0x40, &segment);
    smsc.deliver("33612345678", "+36105", 0, b"HELLO");
    smsc.deliver("33612345678", "99999", 0, b"to nobody");
    let delivered = esme.delivered(2).await;
    assert_eq!(delivered[0].text, segment);
    assert_eq!((delivered[0].esm_class, delivered[0].source.as_str()), (0x40, "33612345678"));
    assert_eq!(
        (delivered[0].destination.as_str(), &delivered[1].text[..]),
        ("36105", &b"HELLO"[..])
    );
    assert_eq!(smsc.answered(3).await, [CommandStatus::ESME_ROK; 3]);
    world.counts("chappe_mo_unowned_total", 1.0).await;
    assert_eq!(esme.deliveries().len(), 2);
}

#[tokio::test]
async fn what_looks_like_a_receipt_is_an_mo_unless_the_carrier_is_known_to_forget_the_bit() {
    for (dialect, told) in [("message", "MO"), ("receipt", "receipt")] {
        let smsc = Smsc::with(|_| Reply::Take).await;
        let key = format!("[dialect.quick] receipt_without_esm_class = \"{dialect}\"\n");
        let world = World::before(&smsc, &format!("{key}{NUMBER}")).await;
        let esme = Esme::bind(world.smpp()).await;
        let id = esme.accepted(Submit::new("x")).await;
        smsc.submitted(1).await;
        world.counts("chappe_messages_awaiting_receipt", 1.0).await;
        let text = receipt_text("abc00001", "DELIVRD");
        smsc.deliver("33612345678", "36105", 0, text.as_bytes());
        let delivered = &esme.delivered(1).await[0];
        match told {
            "MO" => assert_eq!(delivered.text, text.as_bytes()),
            _ => assert_eq!(delivered.receipt().0, id),
        }
    }
}

#[tokio::test]
async fn a_carrier_that_knows_nothing_of_a_message_ends_it() {
    let smsc = Smsc::with(|_| Reply::Take).await;
    let world = World::before(&smsc, "").await;
    let esme = Esme::bind(world.smpp()).await;
    let id = esme.accepted(Submit::new("x")).await;
    smsc.submitted(1).await;
    smsc.deliver("33612345678", "Shop", 0x04, receipt_text("ABC00001", "UNKNOWN").as_bytes());
    assert_eq!(esme.delivered(1).await[0].receipt(), (id, "UNKNOWN".to_owned(), 42));
    world.counts("chappe_messages_ended_total{state=\"UNKNOWN\"}", 1.0).await;
    world.counts("chappe_messages_awaiting_receipt", 0.0).await;
}

#[tokio::test]
async fn a_receipt_in_a_data_sm_is_a_receipt() {
    let smsc = Smsc::with(|_| Reply::Take).await;
    let world = World::before(&smsc, "").await;
    let esme = Esme::bind(world.smpp()).await;
    let id = esme.accepted(Submit::new("x")).await;
    smsc.submitted(1).await;
    let text = receipt_text("ABC00001", "EXPIRED");
    smsc.data_sm("33612345678", "Shop", 0x04, text.as_bytes());
    assert_eq!(esme.delivered(1).await[0].receipt(), (id, "EXPIRED".to_owned(), 42));
    assert_eq!(smsc.answered(1).await, [CommandStatus::ESME_ROK]);
}

#[tokio::test]
async fn a_carrier_may_be_held_to_the_letter_about_times() {
    let smsc = Smsc::start().await;
    let key = "[dialect.quick] times_in_deliver = \"refuse\"\n";
    let world = World::before(&smsc, &format!("{key}{NUMBER}")).await;
    let esme = Esme::bind(world.smpp()).await;
    smsc.deliver_at("33612345678", "36105", 0, b"late", "261120184700000+");
    smsc.deliver("33612345678", "36105", 0, b"plain");
    let answers = smsc.answered(2).await;
    assert!(answers.contains(&CommandStatus::ESME_RINVSCHED), "{answers:?}");
    assert_eq!(esme.delivered(1).await[0].text, b"plain");
}

#[tokio::test]
async fn receipts_and_mo_wait_for_an_account_that_is_not_bound_to_receive() {
    let smsc = Smsc::start().await;
    let world = World::before(&smsc, NUMBER).await;
    let bind = |kind| Esme::bind_as(world.smpp(), kind, "acct", "secret");
    let transmitter = bind(BindKind::Transmitter).await.unwrap();
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(transmitter.accepted(Submit::new("x")).await);
    }
    smsc.answered(5).await;
    smsc.deliver("33612345678", "36105", 0, b"hello?");
    world.counts("chappe_deliveries_waiting", 6.0).await;
    transmitter.unbind().await;
    let receiver = bind(BindKind::Receiver).await.unwrap();
    let delivered = receiver.delivered(6).await;
    let told: Vec<String> = delivered[..5].iter().map(|one| one.receipt().0).collect();
    assert_eq!(told, ids, "in order");
    assert_eq!(delivered[5].text, b"hello?");
    world.counts("chappe_deliveries_waiting", 0.0).await;
}

#[tokio::test]
async fn what_a_session_had_not_answered_goes_to_the_next_one() {
    let smsc = Smsc::start().await;
    let world = World::before(&smsc, "").await;
    let first = Esme::bind(world.smpp()).await;
    // It refuses for now, so the receipt is its account's still.
    first.answer_deliveries(CommandStatus::ESME_RX_T_APPN);
    let id = first.accepted(Submit::new("x")).await;
    first.delivered(1).await;
    let line = "chappe_deliveries_refused_total{account=\"acct\"}";
    world.counts(line, 1.0).await;
    first.unbind().await;
    let second = Esme::bind(world.smpp()).await;
    assert_eq!(second.delivered(1).await[0].receipt().0, id);
    world.counts("chappe_receipts_delivered_total{account=\"acct\"}", 1.0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_session_cut_under_a_load_of_receipts_loses_none() {
    let smsc = Smsc::start().await;
    let world = World::before(&smsc, "").await;
    let bind = |kind| Esme::bind_as(world.smpp(), kind, "acct", "secret");
    let transmitter = bind(BindKind::Transmitter).await.unwrap();
    let mut told = std::collections::HashSet::new();
    let mut ids = std::collections::HashSet::new();
    for round in 0..20 {
        let receiver = bind(BindKind::Receiver).await.unwrap();
        let submits = (0..80).map(|at| Submit::to(&format!("3360000{round:02}{at:02}"))).collect();
        let responses = transmitter.burst(submits).await;
        ids.extend(responses.into_iter().filter(|one| one.0.is_ok()).map(|one| one.1));
        receiver.delivered(10).await;
        receiver.cut();
        world.counts("chappe_account_binds", 1.0).await;
        told.extend(receiver.deliveries().iter().map(|one| one.receipt().0));
    }
    let last = bind(BindKind::Receiver).await.unwrap();
    until("every message is told of", || {
        told.extend(last.deliveries().iter().map(|one| one.receipt().0));
        told.len() >= ids.len()
    })
    .await;
    assert_eq!(told, ids);
}

/// An account of window 2 that takes what waits for it one by one.
async fn slow_taker(keys: &str) -> (World, Smsc, Esme) {
    let smsc = Smsc::start().await;
    let account = format!(
        "[[account]]\nsystem_id = \"slow\"\npassword = \"p\"\nwindow_max = 2\n{keys}\n\
         [[number]]\naddress = \"36105\"\nkind = \"short_code\"\n\
         owner = {{ account = \"slow\" }}\n"
    );
    let world = World::before(&smsc, &account).await;
    let kind = BindKind::Transceiver;
    let esme = Esme::bind_as(world.smpp(), kind, "slow", "p").await.unwrap();
    esme.hold_deliveries();
    (world, smsc, esme)
}

#[tokio::test]
async fn a_backlog_of_deliveries_does_not_delay_answers() {
    let (world, smsc, esme) = slow_taker("").await;
    for _ in 0..300 {
        smsc.deliver("33612345678", "36105", 0, b"hello?");
    }
    esme.delivered(2).await;
    until("they wait", || world.metric("chappe_deliveries_waiting") > 200.0).await;
    let ticket = esme.send(Submit::new("x"));
    let mut taken = 0;
    until("an answer", || {
        esme.answer_one();
        taken += 1;
        esme.response(ticket).is_some()
    })
    .await;
    assert!(taken < 150, "answered after {taken} deliveries");
}

#[tokio::test]
async fn an_account_whose_receipts_are_about_to_be_lost_may_submit_no_more_until_it_takes_some() {
    let (world, smsc, esme) = slow_taker("receipts_waiting_max = 1000").await;
    for _ in 0..900 {
        smsc.deliver("33612345678", "36105", 0, b"hello?");
    }
    until("they wait", || world.metric("chappe_deliveries_waiting") > 800.0).await;
    // One that takes nothing is not waited for.
    esme.accepted(Submit::new("x")).await;
    esme.delivered(2).await;
    esme.answer_one();
    esme.delivered(3).await;
    assert_eq!(esme.submit(Submit::new("x")).await.0, CommandStatus::ESME_RMSGQFUL);
    until("there is room", || {
        esme.answer_one();
        world.metric("chappe_deliveries_waiting") < 700.0
    })
    .await;
    esme.accepted(Submit::new("x")).await;
    assert_eq!(world.metric("chappe_deliveries_dropped_total") as u32, 0);
}

#[tokio::test]
async fn receipts_have_the_form_their_account_reads() {
    let smsc = Smsc::start().await;
    let world = World::before(
        &smsc,
        "[[account]]\nsystem_id = \"own\"\npassword = \"p\"\ndialect = \"own\"\n\
         [dialect.own]\nreceipt_format = \"seconds\"\nmessage_id_format = \"decimal\"\n\
         receipt_zone = 60\n",
    )
    .await;
    let kind = BindKind::Transceiver;
    let esme = Esme::bind_as(world.smpp(), kind, "own", "p").await.unwrap();
    let id = esme.accepted(Submit::new("x")).await;
    assert!(id.parse::<u64>().is_ok(), "{id}");
    let receipt = &esme.delivered(1).await[0];
    assert_eq!(receipt.receipt().0, id);
    let text = String::from_utf8_lossy(&receipt.text);
    assert!(text.contains(" done date:261120194700 "), "{text}");
}
