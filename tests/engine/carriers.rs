//! Which carrier a message goes to, on which bind, and at what pace.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::time::Duration;

use chappe::session::BindKind;
use chappe::wire::{CommandStatus, State};
use tokio::net::TcpListener;

use crate::esme::{Esme, Submit};
use crate::smsc::{Reply, Smsc, Submitted};
use crate::world::{ROUTE, World, carrier, until};

/// An address where nobody listens.
pub async fn nowhere() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}

#[tokio::test]
async fn the_longest_prefix_says_which_carrier() {
    let (fr, uk) = (Smsc::start().await, Smsc::start().await);
    let world = World::start(&format!(
        "{}{}{ROUTE}[[route]]\nname = \"uk\"\nprefix = [\"44\", \"447\"]\n\
         to = [{{ carrier = \"uk\" }}]\n",
        carrier("smsc", fr.address),
        carrier("uk", uk.address)
    ))
    .await;
    until("both are bound", || fr.bound() + uk.bound() == 2).await;
    let esme = Esme::bind(world.smpp()).await;
    for destination in ["33612345678", "447700900123", "4420", "41791234567"] {
        esme.accepted(Submit::to(destination)).await;
    }
    let to = |smsc: &Smsc| -> Vec<String> {
        smsc.submits().into_iter().map(|one| one.destination).collect()
    };
    fr.submitted(2).await;
    uk.submitted(2).await;
    assert_eq!(to(&fr), ["33612345678", "41791234567"]);
    assert_eq!(to(&uk), ["447700900123", "4420"]);
    assert_eq!(esme.delivered(4).await.len(), 4);
}

#[tokio::test]
async fn a_carrier_that_is_down_is_passed_over() {
    let smsc = Smsc::start().await;
    let world = World::start(&format!(
        "{}{}[[route]]\nname = \"all\"\n\
         to = [{{ carrier = \"down\" }}, {{ carrier = \"smsc\" }}]\n",
        carrier("down", nowhere().await),
        carrier("smsc", smsc.address)
    ))
    .await;
    until("the other is bound", || smsc.bound() > 0).await;
    let esme = Esme::bind(world.smpp()).await;
    world.counts("chappe_carrier_binds{carrier=\"smsc\"}", 1.0).await;
    esme.accepted(Submit::new("x")).await;
    esme.delivered(1).await;
}

#[tokio::test]
async fn a_carrier_whose_queue_is_full_is_passed_over() {
    let (full, other) = (Smsc::with(|_| Reply::Keep).await, Smsc::start().await);
    let world = World::start(&format!(
        "{}queue_max_messages = 2\n{}[[route]]\nname = \"all\"\n\
         to = [{{ carrier = \"full\" }}, {{ carrier = \"other\" }}]\n",
        carrier("full", full.address),
        carrier("other", other.address)
    ))
    .await;
    world.counts("chappe_carrier_binds{carrier=\"full\"}", 1.0).await;
    world.counts("chappe_carrier_binds{carrier=\"other\"}", 1.0).await;
    let esme = Esme::bind(world.smpp()).await;
    for _ in 0..5 {
        esme.accepted(Submit::new("x")).await;
    }
    other.submitted(3).await;
    assert_eq!((full.submitted(2).await.len(), other.submits().len()), (2, 3));
}

#[tokio::test]
async fn a_class_has_a_route_of_its_own() {
    let (plain, adverts) = (Smsc::start().await, Smsc::start().await);
    let world = World::start(&format!(
        "{}{}{ROUTE}[[route]]\nname = \"ads\"\nclass = \"marketing\"\n\
         to = [{{ carrier = \"adverts\" }}]\n\
         [[account]]\nsystem_id = \"ads\"\npassword = \"p\"\nclass = \"marketing\"\n\
         [[number]]\naddress = \"Club\"\nkind = \"alphanumeric\"\nclass = \"marketing\"\n\
         [[number]]\naddress = \"36105\"\nkind = \"short_code\"\nclass = \"transactional\"\n",
        carrier("smsc", plain.address),
        carrier("adverts", adverts.address)
    ))
    .await;
    until("both are bound", || plain.bound() + adverts.bound() == 2).await;
    let esme = Esme::bind(world.smpp()).await;
    let from = |source: &str| Submit { source: source.to_owned(), ..Submit::new("x") };
    esme.accepted(from("Shop")).await;
    esme.accepted(from("Club")).await;
    let ads = Esme::bind_as(world.smpp(), BindKind::Transceiver, "ads", "p").await.unwrap();
    ads.accepted(from("Shop")).await;
    ads.accepted(from("36105")).await;
    let senders =
        |smsc: &Smsc| -> Vec<String> { smsc.submits().into_iter().map(|one| one.source).collect() };
    plain.submitted(2).await;
    adverts.submitted(2).await;
    assert_eq!(senders(&plain), ["Shop", "36105"]);
    assert_eq!(senders(&adverts), ["Club", "Shop"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn all_binds_of_a_carrier_carry_and_receipts_come_on_any() {
    let smsc = Smsc::start().await;
    let world = World::start(&format!(
        "{}binds = 3\nwindow_max = 10\n{ROUTE}",
        carrier("smsc", smsc.address)
    ))
    .await;
    until("all are bound", || smsc.bound() == 3).await;
    world.counts("chappe_carrier_binds{carrier=\"smsc\"}", 3.0).await;
    let esme = Esme::bind(world.smpp()).await;
    let submits = (0..300).map(|at| Submit::to(&format!("33600000{at:03}"))).collect();
    let mut ids = HashSet::new();
    for chunk in chunks(submits, 90) {
        ids.extend(esme.burst(chunk).await.into_iter().map(|response| response.1));
    }
    assert_eq!(ids.len(), 300);
    let receipts = esme.delivered(300).await;
    let reported: HashSet<String> = receipts.iter().map(|one| one.receipt().0).collect();
    assert_eq!(reported, ids);
    let used: HashSet<usize> = smsc.submits().iter().map(|one| one.session).collect();
    assert_eq!(used.len(), 3);
}

fn chunks(submits: Vec<Submit>, size: usize) -> Vec<Vec<Submit>> {
    submits.chunks(size).map(<[Submit]>::to_vec).collect()
}

#[tokio::test]
async fn a_pair_sends_on_one_session_and_hears_on_the_other_at_its_own_port() {
    let (sends, hears) = (Smsc::with(|_| Reply::Take).await, Smsc::start().await);
    let table = carrier("smsc", sends.address);
    let receiver = hears.address;
    let pair = format!("{table}bind = \"pair\"\nreceiver_address = \"{receiver}\"\n{ROUTE}");
    let world = World::start(&pair).await;
    until("both are bound", || sends.bound() == 1 && hears.bound() == 1).await;
    assert_eq!(sends.binds()[0].state, State::BoundTx);
    assert_eq!(hears.binds()[0].state, State::BoundRx);
    let esme = Esme::bind(world.smpp()).await;
    let id = esme.accepted(Submit::new("x")).await;
    sends.submitted(1).await;
    let text = crate::smsc::receipt_text("abc00001", "DELIVRD");
    hears.deliver("33612345678", "Shop", 0x04, text.as_bytes());
    assert_eq!(esme.delivered(1).await[0].receipt().0, id);
}

#[tokio::test]
async fn a_bind_says_what_the_carriers_dialect_wants_to_hear() {
    let smsc = Smsc::start().await;
    let keys = "system_type = \"VMA\"\n[dialect.quick] address_range = \"^36\"\n\
                [dialect.quick] addr_ton = 5\n[dialect.quick] addr_npi = 1\n\
                [dialect.quick] interface_version = 0x33\n";
    let _world = World::before(&smsc, &format!("[dialect.quick] {keys}")).await;
    let bind = &smsc.binds()[0];
    assert_eq!((bind.system_id.as_str(), bind.system_type.as_str()), ("engine", "VMA"));
    assert_eq!((bind.address_range.as_str(), bind.ton, bind.npi), ("^36", 5, 1));
    assert_eq!(bind.version, 0x33);
}

#[tokio::test]
async fn a_carriers_rate_is_kept_over_all_its_binds() {
    let smsc = Smsc::start().await;
    let world = World::start(&format!(
        "{}binds = 2\nsegments_per_second = 100\n{ROUTE}",
        carrier("smsc", smsc.address)
    ))
    .await;
    until("both are bound", || smsc.bound() == 2).await;
    let esme = Esme::bind(world.smpp()).await;
    let submits = (0..90).map(|at| Submit::to(&format!("336000000{at:02}"))).collect();
    esme.burst(submits).await;
    let submits = smsc.submitted(90).await;
    let mut at: Vec<_> = submits.iter().map(|one| one.at).collect();
    at.sort();
    // A tenth of a second's worth may go at once, at least ten; from there on the rate holds.
    let took = at[89].duration_since(at[0]);
    assert!(took >= Duration::from_millis(750), "{took:?} for 90 at 100 a second");
}

#[tokio::test]
async fn a_throttled_bind_pauses_and_loses_nothing_of_the_order() {
    let mut refused = 0;
    let smsc = Smsc::with(move |_| {
        refused += 1;
        match refused <= 8 {
            true => Reply::Refuse(CommandStatus::ESME_RTHROTTLED),
            false => Reply::Report("DELIVRD"),
        }
    })
    .await;
    let world =
        World::before(&smsc, "[dialect.quick] status.0x58 = { pause_bind = true, retry_ms = 200 }")
            .await;
    let esme = Esme::bind(world.smpp()).await;
    let submits: Vec<Submit> = (0..8).map(|at| Submit::new(format!("number {at}"))).collect();
    let responses = esme.burst(submits).await;
    assert!(responses.iter().all(|response| response.0.is_ok()));
    esme.delivered(8).await;
    let submits = smsc.submits();
    let paused = submits[8].at.duration_since(submits[7].at);
    assert!(paused >= Duration::from_millis(150), "{paused:?}");
    let again: Vec<Vec<u8>> = submits[8..].iter().map(|one| one.text.clone()).collect();
    let expected: Vec<Vec<u8>> = (0..8).map(|at| format!("number {at}").into_bytes()).collect();
    assert_eq!(again, expected, "once each, in the order of acceptance");
}

#[tokio::test]
async fn a_dialect_says_when_a_refused_message_goes_again() {
    let mut first = true;
    let smsc = Smsc::with(move |_| match std::mem::take(&mut first) {
        true => Reply::Refuse(CommandStatus::ESME_RSYSERR),
        false => Reply::Report("DELIVRD"),
    })
    .await;
    let world = World::before(&smsc, "[dialect.quick] status.0x08 = { retry_ms = 100 }").await;
    let esme = Esme::bind(world.smpp()).await;
    esme.accepted(Submit::new("x")).await;
    esme.delivered(1).await;
    assert_eq!((smsc.submits().len(), world.metric("chappe_retries_total")), (2, 1.0));
}

/// Interop quirk 57: a window that is too full, said as if the message were at fault.
#[tokio::test]
async fn a_status_that_pauses_the_bind_is_no_attempt() {
    const FULL: usize = 5;
    let refused = |count: usize| {
        let mut seen = 0;
        move |_: &Submitted| {
            seen += 1;
            match seen <= count {
                true => Reply::Refuse(CommandStatus::ESME_RSUBMITFAIL),
                false => Reply::Report("DELIVRD"),
            }
        }
    };
    let smsc = Smsc::with(refused(FULL)).await;
    let once = carrier("smsc", smsc.address) + "attempts_max = 1\n" + ROUTE;
    let rule = "status.0x45 = { pause_bind = true, retry_ms = 100 }";
    let world = World::start(&format!("{once}[dialect.quick] {rule}\n")).await;
    let esme = Esme::bind(world.smpp()).await;
    esme.accepted(Submit::new("x")).await;
    let receipts = esme.delivered(1).await;
    assert_eq!(receipts[0].receipt().1, "DELIVRD");
    let submits = smsc.submits();
    assert_eq!((submits.len(), world.metric("chappe_retries_total")), (FULL + 1, 0.0));
    // The pause is none of the message's.
    let took = submits[1].at - submits[0].at;
    assert!(took >= Duration::from_millis(90), "{took:?}");
}

#[tokio::test]
async fn a_status_that_fails_gives_the_message_up_at_once() {
    let smsc = Smsc::with(|_| Reply::Refuse(CommandStatus::ESME_RTHROTTLED)).await;
    let world = World::before(&smsc, "[dialect.quick] status.0x58 = { fail = true }").await;
    let esme = Esme::bind(world.smpp()).await;
    esme.accepted(Submit::new("x")).await;
    let receipts = esme.delivered(1).await;
    assert_eq!(receipts[0].receipt().1, "REJECTD");
    assert_eq!(smsc.submits().len(), 1);
}

#[tokio::test]
async fn a_carrier_that_answers_no_bind_is_given_up_and_tried_again() {
    let smsc = Smsc::start().await;
    smsc.turn_deaf();
    let table = carrier("smsc", smsc.address);
    let _world = World::start(&format!("{table}connect_timeout_ms = 150\n{ROUTE}")).await;
    until("a second attempt", || smsc.connections() >= 2).await;
}

#[tokio::test]
async fn a_bind_that_has_come_up_gets_its_window_in_time() {
    let smsc = Smsc::with(|_| Reply::Keep).await;
    let table = carrier("smsc", smsc.address);
    let keys = "window_max = 10\nramp_up_ms = 1000\n";
    let world = World::start(&format!("{table}{keys}{ROUTE}")).await;
    until("it is bound", || smsc.bound() == 1).await;
    let esme = Esme::bind(world.smpp()).await;
    esme.burst((0..20).map(|number| Submit::new(format!("{number}"))).collect()).await;
    let submitted = smsc.submitted(10).await;
    let took = submitted[9].at - submitted[0].at;
    // The ramp begins with the bind, a moment before the first message.
    assert!(took >= Duration::from_millis(300), "all at once, in {took:?}");
    assert_eq!(smsc.submits().len(), 10, "its window");
}
