//! Order, limits and correlation while many threads work at once.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::esme::{Esme, Submit};
use crate::smsc::{Reply, Smsc};
use crate::world::{ROUTE, World, carrier, until};

/// For how long accounts submit.
const LASTS: Duration = Duration::from_secs(3);
const HANDSETS: usize = 16;
const IN_FLIGHT: &str = "chappe_bind_segments_in_flight{carrier=\"smsc\",bind=\"0\"}";

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn order_limits_and_correlation_hold_under_many_threads() {
    let smsc = Smsc::with(|_| Reply::Report("DELIVRD")).await;
    let window = "window_max = 7\n";
    let more = format!("{}{window}{ROUTE}[node] shards = 7\n", carrier("smsc", smsc.address));
    let world = World::start(&more).await;
    until("the carrier is bound", || smsc.bound() > 0).await;
    let esmes: Vec<Arc<Esme>> = [
        Arc::new(Esme::bind(world.smpp()).await),
        Arc::new(Esme::bind(world.smpp()).await),
        Arc::new(Esme::bind(world.smpp()).await),
    ]
    .into();
    let begun = Instant::now();
    let submitters = esmes.iter().cloned().enumerate().map(|(session, esme)| {
        tokio::spawn(async move {
            let (mut next, mut ids) = (0, Vec::new());
            while begun.elapsed() < LASTS {
                let submits = (next..next + 8).map(|at| Submit {
                    text: format!("{session} {at}").into(),
                    ..Submit::to(&format!("336000{session:02}{:03}", at % HANDSETS))
                });
                for (status, id) in esme.burst(submits.collect()).await {
                    assert!(status.is_ok(), "{status:?}");
                    ids.push(id);
                }
                next += 8;
            }
            ids
        })
    });
    let submitters: Vec<_> = submitters.collect();
    let mut most = 0.0_f64;
    while !submitters.iter().all(tokio::task::JoinHandle::is_finished) {
        most = most.max(world.metric(IN_FLIGHT));
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert!(most > 0.5 && most < 7.5, "{most} in flight at once");
    let mut ids = Vec::new();
    for submitter in submitters {
        ids.extend(submitter.await.expect("it submits"));
    }
    let all: HashSet<&String> = ids.iter().collect();
    assert_eq!(all.len(), ids.len(), "an id given twice");

    let submits = smsc.submitted(ids.len()).await;
    let mut lanes: HashMap<String, Vec<usize>> = HashMap::new();
    for submit in &submits {
        let text = String::from_utf8(submit.text.clone()).expect("digits");
        let (_, at) = text.split_once(' ').expect("two numbers");
        lanes.entry(submit.destination.clone()).or_default().push(at.parse().expect("a number"));
    }
    assert_eq!((submits.len(), lanes.len()), (ids.len(), 3 * HANDSETS));
    assert!(lanes.values().all(|lane| lane.is_sorted()), "a lane out of order");

    let told = || esmes.iter().map(|esme| esme.deliveries().len()).sum::<usize>();
    until("every receipt has come", || told() >= ids.len()).await;
    let receipts: Vec<String> =
        esmes.iter().flat_map(|esme| esme.deliveries()).map(|one| one.receipt().0).collect();
    let about: HashSet<&String> = receipts.iter().collect();
    assert_eq!((receipts.len(), about), (ids.len(), all), "each message has its receipt, once");
    world.counts("chappe_messages_queued", 0.0).await;
    world.counts("chappe_messages_awaiting_receipt", 0.0).await;
}
