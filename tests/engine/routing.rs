//! Which carrier a lane goes to: by order, weight and cost, and where it goes when one is lost.

use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime};

use chappe::session::BindKind;
use chappe::wire::CommandStatus;

use crate::carriers::nowhere;
use crate::esme::{Esme, Submit};
use crate::smsc::{Reply, Smsc};
use crate::world::{World, carrier, until};

/// Carriers of these names, each an SMSC that takes everything, and a world that routes to them;
/// once all are bound. `keys` follow in each carrier's table.
async fn carriers(names: &[&str], keys: &str, route: &str) -> (Vec<Smsc>, World) {
    let (mut smscs, mut text) = (Vec::new(), String::new());
    for name in names {
        let smsc = Smsc::with(|_| Reply::Take).await;
        text += &format!("{}{keys}", carrier(name, smsc.address));
        smscs.push(smsc);
    }
    let world = World::start(&format!("{text}[[route]]\nname = \"all\"\n{route}")).await;
    for name in names {
        world.counts(&bound(name), 1.0).await;
    }
    (smscs, world)
}

fn bound(carrier: &str) -> String {
    format!("chappe_carrier_binds{{carrier=\"{carrier}\"}}")
}

/// So many lanes, each with this many messages, sent and accepted.
async fn send(esme: &Esme, lanes: usize, each: usize) {
    for _ in 0..each {
        let submits: Vec<Submit> =
            (0..lanes).map(|lane| Submit::to(&format!("33600{lane:06}"))).collect();
        for burst in submits.chunks(50) {
            let responses = esme.burst(burst.to_vec()).await;
            assert!(responses.iter().all(|response| response.0.is_ok()));
        }
    }
}

fn destinations(smsc: &Smsc) -> Vec<String> {
    smsc.submits().into_iter().map(|one| one.destination).collect()
}

fn count(smscs: &[Smsc]) -> usize {
    smscs.iter().map(|smsc| smsc.submits().len()).sum()
}

#[tokio::test]
async fn weights_divide_the_lanes_and_a_lane_stays_where_it_is() {
    let route = "order = \"weight\"\nto = [{ carrier = \"a\", weight = 70 }, \
                 { carrier = \"b\", weight = 30 }, { carrier = \"spare\", weight = 0 }]\n";
    let (smscs, world) = carriers(&["a", "b", "spare"], "", route).await;
    let esme = Esme::bind(world.smpp()).await;
    send(&esme, 400, 3).await;
    until("all are there", || count(&smscs) == 1200).await;
    let mut carrier_of = HashMap::new();
    for (at, smsc) in smscs.iter().enumerate() {
        for destination in destinations(smsc) {
            assert_eq!(*carrier_of.entry(destination).or_insert(at), at, "a lane has moved");
        }
    }
    let lanes = |at: usize| carrier_of.values().filter(|carrier| **carrier == at).count();
    // Which lanes there are is the same in every run, so this cannot fail by chance.
    assert!((260..=300).contains(&lanes(0)), "{} of 400", lanes(0));
    assert_eq!(lanes(2), 0, "the spare one has only what no other can take");
}

#[tokio::test]
async fn the_cheapest_that_is_up_takes_the_message() {
    let route = "order = \"cost\"\nto = [{ carrier = \"dear\", cost = 0.05 }, \
                 { carrier = \"cheap\", cost = 0.03 }, { carrier = \"other\", cost = 0.04 }]\n";
    let (mut smscs, world) = carriers(&["dear", "cheap", "other"], "", route).await;
    let esme = Esme::bind(world.smpp()).await;
    send(&esme, 10, 1).await;
    smscs[1].submitted(10).await;
    drop(smscs.remove(1));
    world.counts(&bound("cheap"), 0.0).await;
    send(&esme, 10, 1).await;
    smscs[1].submitted(10).await;
    assert_eq!(smscs[0].submits().len(), 0);
}

#[tokio::test]
async fn a_message_never_goes_back_to_the_account_it_came_from() {
    let hub = Smsc::with(|_| Reply::Take).await;
    let other = Smsc::with(|_| Reply::Take).await;
    let world = World::start(&format!(
        "{}account = \"hub\"\n{}[[account]]\nsystem_id = \"hub\"\npassword = \"p\"\n\
         [[route]]\nname = \"all\"\nto = [{{ carrier = \"hub\" }}, {{ carrier = \"other\" }}]\n\
         [[route]]\nname = \"hub-only\"\nprefix = \"44\"\nto = [{{ carrier = \"hub\" }}]\n",
        carrier("hub", hub.address),
        carrier("other", other.address)
    ))
    .await;
    world.counts(&bound("hub"), 1.0).await;
    world.counts(&bound("other"), 1.0).await;
    let esme = Esme::bind_as(world.smpp(), BindKind::Transceiver, "hub", "p").await.unwrap();
    send(&esme, 5, 1).await;
    other.submitted(5).await;
    let refused = esme.submit(Submit::to("447700900123")).await;
    assert_eq!(refused.0, CommandStatus::ESME_RINVDSTADR);
    let customer = Esme::bind(world.smpp()).await;
    send(&customer, 5, 1).await;
    hub.submitted(5).await;
    assert_eq!((hub.submits().len(), other.submits().len()), (5, 5));
}

#[tokio::test]
async fn what_waits_for_a_carrier_that_is_lost_goes_to_the_next_of_its_route() {
    let route = "to = [{ carrier = \"first\" }, { carrier = \"second\" }]\n";
    let keys = "window_max = 10\nfailover_ms = 200\nin_doubt = \"hold\"\n";
    let first = Smsc::with(|_| Reply::Keep).await;
    let second = Smsc::with(|_| Reply::Report("DELIVRD")).await;
    let world = World::start(&format!(
        "{}{keys}{}[[route]]\nname = \"all\"\n{route}",
        carrier("first", first.address),
        carrier("second", second.address)
    ))
    .await;
    world.counts(&bound("first"), 1.0).await;
    world.counts(&bound("second"), 1.0).await;
    let esme = Esme::bind(world.smpp()).await;
    // Ten are sent and never answered; the others wait behind them.
    send(&esme, 50, 1).await;
    first.submitted(10).await;
    let lost = Instant::now();
    drop(first);
    second.submitted(40).await;
    assert!(lost.elapsed() >= Duration::from_millis(200), "{:?}", lost.elapsed());
    assert_eq!(esme.delivered(40).await.len(), 40);
    assert_eq!(second.submits().len(), 40, "what is in doubt stays with the first");
    world.counts("chappe_failed_over_total", 40.0).await;
    world.counts("chappe_messages_queued", 10.0).await;
    assert!(lost.elapsed() < Duration::from_secs(5), "{:?}", lost.elapsed());
}

#[tokio::test]
async fn a_long_message_keeps_its_segments_when_it_goes_to_another_carrier() {
    let (first, second) = (nowhere().await, nowhere().await);
    let world = World::start(&format!(
        "{}failover_ms = 50\n{}[dialect.sar]\nbase = \"quick\"\nsegmentation = \"sar\"\n\
         [[route]]\nname = \"all\"\nto = [{{ carrier = \"first\" }}, {{ carrier = \"second\" }}]\n",
        carrier("first", first),
        carrier("second", second).replace("quick", "sar"),
    ))
    .await;
    let esme = Esme::bind(world.smpp()).await;
    let id = esme.accepted(Submit::new("x".repeat(200))).await;
    // It waits for the first; only now the other comes up.
    let second = Smsc::at(second, |_| Reply::Report("DELIVRD")).await;
    let submits = second.submitted(2).await;
    let lengths: Vec<usize> = submits.iter().map(|one| one.text.len()).collect();
    assert_eq!(lengths, [153, 47]);
    assert!(submits.iter().all(|one| one.esm_class & 0x40 == 0), "in the other's own way");
    let told = esme.delivered(1).await;
    assert!(told.iter().all(|one| one.receipt().0 == id));
    world.counts("chappe_failed_over_total", 1.0).await;
}

/// A span of hours from so many minutes from now on, two hours long.
fn hours(from_now: i64) -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    let minute = |more: i64| (now.as_secs() as i64 / 60 + from_now + more).rem_euclid(1_440);
    let shown = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
    format!("{}-{}", shown(minute(0)), shown(minute(120)))
}

#[tokio::test]
async fn tags_and_the_time_of_day_choose_a_route() {
    let (smscs, world) = carriers(
        &["tagged", "open", "closed"],
        "",
        &format!(
            "hours = \"{}\"\nto = [{{ carrier = \"closed\" }}]\n\
         [[route]]\nname = \"now\"\nhours = \"{}\"\nto = [{{ carrier = \"open\" }}]\n\
         [[route]]\nname = \"any\"\ntag = \"wholesale\"\nprefix = \"44\"\n\
         to = [{{ carrier = \"tagged\" }}]\n\
         [[account]]\nsystem_id = \"hub\"\npassword = \"p\"\ntags = \"wholesale\"\n",
            hours(120),
            hours(-60),
        ),
    )
    .await;
    let esme = Esme::bind(world.smpp()).await;
    esme.accepted(Submit::to("33612345678")).await;
    esme.accepted(Submit::to("447700900123")).await;
    smscs[1].submitted(2).await;
    let hub = Esme::bind_as(world.smpp(), BindKind::Transceiver, "hub", "p").await.unwrap();
    hub.accepted(Submit::to("447700900124")).await;
    hub.accepted(Submit::to("33612345678")).await;
    smscs[0].submitted(1).await;
    smscs[1].submitted(3).await;
    assert_eq!(smscs[2].submits().len(), 0, "a closed route takes nothing");
}
