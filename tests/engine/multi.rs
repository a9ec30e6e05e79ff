//! One submit_multi of an account: a message for each destination, one id for all of them.

use chappe::session::BindKind;
use chappe::wire::CommandStatus;

use crate::esme::{Esme, Request, Said, Submit};
use crate::smsc::{Reply, Smsc};
use crate::world::World;

const OK: CommandStatus = CommandStatus::ESME_ROK;
const ENROUTE: u8 = 1;
const DELETED: u8 = 4;
const LATER: &str = "000000010000000R";

fn to(destinations: &[&str]) -> Request {
    multi(Submit::new("to all"), destinations)
}

fn multi(submit: Submit, destinations: &[&str]) -> Request {
    Request::Multi(submit, destinations.iter().map(|&one| one.to_owned()).collect())
}

/// So many handsets.
fn handsets(count: usize) -> Vec<String> {
    (0..count).map(|at| format!("336000000{at:03}")).collect()
}

fn scheduled() -> Submit {
    Submit { schedule: LATER.to_owned(), ..Submit::new("later") }
}

fn failed(said: &Said) -> Vec<(&str, CommandStatus)> {
    said.failed.iter().map(|(address, status)| (address.as_str(), *status)).collect()
}

#[tokio::test]
async fn each_destination_gets_its_message_and_all_receipts_bear_the_one_id() {
    let smsc = Smsc::start().await;
    smsc.script(|_| Reply::Report("DELIVRD"));
    let world = World::before(&smsc, "[node] shards = 5\n").await;
    let esme = Esme::bind(world.smpp()).await;
    let all = handsets(254);
    let said = esme.answered(Request::Multi(Submit::new("to all"), all.clone())).await;
    assert_eq!((said.command, said.status), ("submit_multi_resp", OK));
    assert_eq!((said.id.len(), said.failed.len()), (16, 0));
    let mut sent: Vec<_> =
        smsc.submitted(254).await.into_iter().map(|one| one.destination).collect();
    sent.sort_unstable();
    assert_eq!(sent, all);
    let receipts = esme.delivered(254).await;
    assert!(receipts.iter().all(|one| one.receipt().0 == said.id));
    let mut from: Vec<_> = receipts.into_iter().map(|one| one.source).collect();
    from.sort_unstable();
    assert_eq!(from, all);
    // The ids of others are others.
    assert_ne!(esme.answered(to(&["33600000001"])).await.id, said.id);
    world.counts("chappe_accepted_total{account=\"acct\"}", 255.0).await;
    world.counts("chappe_submits_total{account=\"acct\"}", 255.0).await;
    let answered = "chappe_requests_total{command=\"submit_multi\",reason=\"ESME_ROK\"}";
    world.counts(answered, 2.0).await;
}

#[tokio::test]
async fn a_destination_that_fails_is_told_with_its_status_and_the_others_are_taken() {
    let smsc = Smsc::start().await;
    let world = World::before(&smsc, "[node] shards = 3\n").await;
    let esme = Esme::bind(world.smpp()).await;
    let mixed = ["33600000001", "nobody", "@friends", "33600000002", "+33600000001", ""];
    let said = esme.answered(to(&mixed)).await;
    assert_eq!(said.status, OK);
    let no_number = CommandStatus::ESME_RINVDSTADR;
    let expected =
        [("nobody", no_number), ("friends", CommandStatus::ESME_RINVDLNAME), ("", no_number)];
    assert_eq!(failed(&said), expected);
    // A number that is there twice is one destination.
    esme.delivered(2).await;
    let mut sent: Vec<_> = smsc.submitted(2).await.into_iter().map(|one| one.destination).collect();
    sent.sort_unstable();
    assert_eq!(sent, ["33600000001", "33600000002"]);
    world.counts("chappe_accepted_total{account=\"acct\"}", 2.0).await;
    let line = "chappe_refused_total{account=\"acct\",reason=\"ESME_RINVDSTADR\"}";
    world.counts(line, 2.0).await;
}

#[tokio::test]
async fn when_all_fail_the_answer_is_their_status_or_that_it_failed() {
    let smsc = Smsc::start().await;
    let world = World::before(
        &smsc,
        "[[account]]\nsystem_id = \"shop\"\npassword = \"p\"\nsenders = [\"Shop\"]\n\
         queue_max_messages = 1\n",
    )
    .await;
    let esme = Esme::bind(world.smpp()).await;
    let status = async |request| {
        let said = esme.answered(request).await;
        assert_eq!(said.id, "", "{said:?}");
        (said.status, said.failed.len())
    };
    assert_eq!(status(to(&["a", "b"])).await, (CommandStatus::ESME_RINVDSTADR, 2));
    assert_eq!(status(to(&["@list"])).await, (CommandStatus::ESME_RINVDLNAME, 1));
    assert_eq!(status(to(&["a", "@list"])).await, (CommandStatus::ESME_RSUBMITFAIL, 2));
    // Where the request itself is refused nobody is named.
    assert_eq!(status(to(&[])).await, (CommandStatus::ESME_RINVNUMDESTS, 0));
    let many = Request::Multi(Submit::new("x"), handsets(255));
    assert_eq!(status(many).await, (CommandStatus::ESME_RINVNUMDESTS, 0));
    let past = Submit { validity_period: "200101000000000+".to_owned(), ..Submit::new("x") };
    assert_eq!(status(multi(past, &["33600000001"])).await, (CommandStatus::ESME_RINVEXPIRY, 1));
    let soon = Submit { schedule: "soon".to_owned(), ..Submit::new("x") };
    assert_eq!(status(multi(soon, &["33600000001"])).await, (CommandStatus::ESME_RINVSCHED, 1));

    let shop = Esme::bind_as(world.smpp(), BindKind::Transceiver, "shop", "p").await.unwrap();
    let bank = Submit { source: "Bank".to_owned(), ..Submit::new("x") };
    let said = shop.answered(multi(bank, &["33600000001", "33600000002"])).await;
    assert_eq!(said.status, CommandStatus::ESME_RINVSRCADR);
    // Its queue has one place.
    let said = shop.answered(multi(scheduled(), &["33600000001", "33600000002"])).await;
    let full = ("33600000002", CommandStatus::ESME_RMSGQFUL);
    assert_eq!((said.status, failed(&said)), (OK, vec![full]));
    let said = shop.answered(multi(scheduled(), &["33600000001", "33600000002"])).await;
    assert_eq!(said.status, CommandStatus::ESME_RMSGQFUL);
}

#[tokio::test]
async fn a_rate_counts_the_segments_of_all_destinations() {
    let smsc = Smsc::start().await;
    let account = "[[account]]\nsystem_id = \"slow\"\npassword = \"p\"\nsegments_per_second = 1\n";
    let world = World::before(&smsc, account).await;
    let esme = Esme::bind_as(world.smpp(), BindKind::Transceiver, "slow", "p").await.unwrap();
    let fifty = || Request::Multi(scheduled(), handsets(50));
    assert_eq!(esme.answered(fifty()).await.status, OK);
    assert_eq!(esme.answered(fifty()).await.status, CommandStatus::ESME_RTHROTTLED);
    let one = esme.submit(Submit::new("x")).await;
    assert_eq!(one.0, CommandStatus::ESME_RTHROTTLED);
}

#[tokio::test]
async fn its_id_stands_for_all_its_messages_and_with_an_address_for_one() {
    let smsc = Smsc::start().await;
    smsc.script(|_| Reply::Take);
    let other = "[node] shards = 5\n[[account]]\nsystem_id = \"other\"\npassword = \"p\"\n";
    let world = World::before(&smsc, other).await;
    let esme = Esme::bind(world.smpp()).await;
    let foreign = Esme::bind_as(world.smpp(), BindKind::Transceiver, "other", "p").await.unwrap();
    let all = handsets(20);
    let id = esme.answered(Request::Multi(scheduled(), all.clone())).await.id;
    let query = || Request::Query(id.clone());
    let cancel = |to: &str| Request::Cancel { id: id.clone(), destination: to.to_owned() };
    let replace = || Request::Replace { id: id.clone(), text: "other".into() };

    for (request, status) in [
        (query(), CommandStatus::ESME_RQUERYFAIL),
        (cancel(""), CommandStatus::ESME_RCANCELFAIL),
        (cancel(&all[3]), CommandStatus::ESME_RCANCELFAIL),
        (replace(), CommandStatus::ESME_RREPLACEFAIL),
    ] {
        assert_eq!(foreign.answered(request).await.status, status);
    }
    let said = esme.answered(query()).await;
    assert_eq!((said.status, said.id, said.state), (OK, id.clone(), (ENROUTE, 0)));
    assert_eq!(esme.answered(replace()).await.status, OK);
    assert_eq!(esme.answered(cancel(&all[3])).await.status, OK);
    assert_eq!(esme.answered(cancel(&all[3])).await.status, CommandStatus::ESME_RCANCELFAIL);
    let receipt = &esme.delivered(1).await[0];
    assert_eq!((receipt.source.as_str(), receipt.receipt().0.as_str()), (&*all[3], &*id));
    assert_eq!(esme.answered(query()).await.state.0, ENROUTE);
    assert_eq!(esme.answered(cancel("")).await.status, OK);
    let receipts = esme.delivered(20).await;
    assert!(receipts.iter().all(|one| one.receipt() == (id.clone(), "DELETED".to_owned(), 0)));
    assert_eq!(esme.answered(query()).await.state.0, DELETED);
    assert_eq!(esme.answered(cancel("")).await.status, CommandStatus::ESME_RCANCELFAIL);
    assert_eq!(esme.answered(replace()).await.status, CommandStatus::ESME_RREPLACEFAIL);
    let counted = "chappe_requests_total{command=\"cancel_sm\",reason=\"ESME_RCANCELFAIL\"}";
    world.counts(counted, 4.0).await;
}

#[tokio::test]
async fn a_text_of_several_segments_is_cut_for_each_destination() {
    let smsc = Smsc::start().await;
    smsc.script(|_| Reply::Report("DELIVRD"));
    let world = World::before(&smsc, "").await;
    let esme = Esme::bind(world.smpp()).await;
    let said = esme.answered(multi(Submit::new("x".repeat(200)), &["33600000001", "33600000002"]));
    let id = said.await.id;
    let submitted = smsc.submitted(4).await;
    assert!(submitted.iter().all(|one| one.text.starts_with(&[5, 0, 3])), "{submitted:?}");
    let receipts = esme.delivered(2).await;
    assert!(receipts.iter().all(|one| one.receipt() == (id.clone(), "DELIVRD".to_owned(), 0)));
}
