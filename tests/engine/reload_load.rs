//! A hundred reloads under load: each message has its answer and its receipt, and no bind that they
//! do not touch is lost. `cargo bench --bench engine -- reload` does the same at 50,000 a second.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use chappe::link::listen;
use chappe::sim::load::drive::{Target, drive};
use chappe::sim::load::{self, End, Receipts};
use chappe::sim::smsc::{self, serve};
use tokio::sync::oneshot;

use crate::world::{World, carrier, until};

/// Messages a second, and how many: little enough for a debug build on a busy machine.
const RATE: f64 = 1_000.0;
const COUNT: u64 = 5_000;
const RELOADS: u64 = 100;

/// A simulated SMSC on a thread of its own: it ends, and reports, when it is asked.
struct Simulator {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    report: mpsc::Receiver<smsc::Report>,
}

fn on_its_own<T: Send + 'static>(
    run: impl AsyncFnOnce() -> T + Send + 'static,
) -> mpsc::Receiver<T> {
    let (told, result) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        // Nobody waits for it any more when the test has failed.
        let _ = told.send(runtime.block_on(run()));
    });
    result
}

impl Simulator {
    fn start() -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        let (told, address) = mpsc::channel();
        let report = on_its_own(async move || {
            let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
            told.send(listener.local_addr().unwrap()).unwrap();
            let stopped = async move { drop(stopped.await) };
            serve::serve(listener, None, smsc::Settings::default(), stopped, |_| {}).await
        });
        Self { address: address.recv().unwrap(), stop, report }
    }

    fn stop(self) -> smsc::Report {
        self.stop.send(()).unwrap();
        self.report.recv().unwrap()
    }
}

/// Another route, rate and password each time, a carrier that binds otherwise and an account that
/// comes and goes; the two carriers that have the traffic and the account of the load stay.
fn configuration(carriers: &[Simulator], turn: u64) -> String {
    let at = (turn % 2) as usize;
    let visitor = format!("[[account]]\nsystem_id = \"visitor{turn}\"\npassword = \"p\"\n");
    let binds = "binds = 2\n";
    [
        carrier("one", carriers[0].address) + binds,
        carrier("two", carriers[1].address) + binds,
        carrier("other", carriers[2].address) + ["binds = 2\n", "bind = \"pair\"\n"][at],
        format!(
            "[[account]]\nsystem_id = \"load\"\npassword = \"secret{turn}\"\nbinds_max = 10\n\
             segments_per_second = {}\n",
            if at == 0 { 0 } else { 500_000 + turn }
        ),
        if at == 0 { visitor } else { String::new() },
        format!(
            "[[route]]\nname = \"all\"\norder = \"weight\"\nto = [{{ carrier = \"{}\", weight = 9 \
             }}, {{ carrier = \"other\", weight = 1 }}]\n",
            ["one", "two"][at]
        ),
    ]
    .concat()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_reloads_under_load_lose_no_message_and_no_bind_that_they_do_not_touch() {
    let simulators: Vec<Simulator> = std::iter::repeat_with(Simulator::start).take(3).collect();
    let text = |turn| configuration(&simulators, turn);
    let world = World::start(&text(0)).await;
    for name in ["one", "two", "other"] {
        world.counts(&format!("chappe_carrier_binds{{carrier=\"{name}\"}}"), 2.0).await;
    }
    let settings = load::Settings {
        password: "secret0".to_owned(),
        binds: 4,
        end: End::Count(COUNT),
        rate: Some(RATE),
        destinations: 500,
        receipts: Receipts::Asked,
        ..load::Settings::default()
    };
    let target = Target { address: world.smpp().to_string(), tls: None };
    let over = Arc::new(AtomicBool::new(false));
    let done = Arc::clone(&over);
    let loaded = on_its_own(async move || {
        let report = drive(target, settings, std::future::pending(), |_| {}).await.unwrap();
        done.store(true, Ordering::Relaxed);
        report
    });
    until("load has bound", || world.metric("chappe_account_binds") > 3.5).await;
    for turn in 1..=RELOADS {
        let report = world.reload(&text(turn)).await.unwrap();
        let carriers = (report.carriers.untouched, report.carriers.changed);
        assert_eq!((report.generation, carriers, report.accounts.changed), (turn, (2, 1), 1));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    while !over.load(Ordering::Relaxed) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let report = loaded.recv().unwrap();
    let said = report.to_json();
    assert!(report.is_clean() && report.refused.is_empty(), "{said}");
    assert_eq!((report.accepted, report.duplicates, report.binds_lost), (COUNT, 0, 0), "{said}");
    assert_eq!(report.receipts.values().sum::<u64>(), COUNT, "{said}");
    assert_eq!(world.metric("chappe_reloads_total{reason=\"ok\"}"), RELOADS as f64);
    for name in ["one", "two", "other"] {
        let doubtful = format!("chappe_segments_in_doubt_total{{carrier=\"{name}\"}}");
        assert_eq!(world.metric(&doubtful), 0.0, "{name}");
    }
    let reports: Vec<smsc::Report> = simulators.into_iter().map(Simulator::stop).collect();
    assert_eq!((reports[0].binds, reports[1].binds), (2, 2), "those that stay have bound once");
    assert!(reports[2].binds > 2, "the other one has bound again and again");
    assert_eq!(reports.iter().map(|one| one.accepted).sum::<u64>(), COUNT, "none went twice");
    assert_eq!(reports.iter().map(|one| one.duplicates).sum::<u64>(), 0);
}
